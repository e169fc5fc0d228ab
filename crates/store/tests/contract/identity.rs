//! Instance ids of the data and the key ring.

use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn data_and_key_ring_are_named_once(databases: Databases) {
        let mut tx = databases.keyring.write().await.expect("a transaction");
        assert_eq!(tx.keyring_identity().await.expect("read"), None);
        assert_eq!(tx.name_keyring(id(1)).await.expect("named"), id(1));
        assert_eq!(tx.name_keyring(id(2)).await.expect("the first stays"), id(1));
        assert_eq!(tx.keyring_identity().await.expect("read"), Some(id(1)));
        assert!(!tx.has_holder_keys().await.expect("read"));
        tx.add_holder_key(id(3), &[1]).await.expect("added");
        assert!(tx.has_holder_keys().await.expect("read"));
        drop(tx);
        let mut tx = databases.data.write().await.expect("a transaction");
        assert_eq!(tx.keyring_of_data().await.expect("read"), None, "no server was started");
        assert_eq!(tx.bind_keyring(id(1)).await.expect("nothing to name"), None);
        tx.instance(id(9)).await.expect("an instance");
        assert_eq!(tx.keyring_of_data().await.expect("read"), Some(None));
        assert_eq!(tx.bind_keyring(id(1)).await.expect("named"), Some(id(1)));
        assert_eq!(tx.bind_keyring(id(2)).await.expect("the first stays"), Some(id(1)));
        tx.unbind_keyring().await.expect("forgotten");
        assert_eq!(tx.keyring_of_data().await.expect("read"), Some(None));
        assert_eq!(tx.delete_root_sealed().await.expect("deleted"), 0);
    }

    async fn data_refers_to_keys_of_accounts_and_pending_data(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        insert(store, &[&new_submission(11, partner, "waiting")]).await;
        let mut tx = store.read().await.expect("a transaction");
        let found = tx.key_references(5, NOW).await.expect("read");
        assert_eq!((found.holders, found.period), (vec![ada], Some(NOW)));
        assert_eq!(tx.key_references(0, LATER).await.expect("read"), store::KeyReferences::default());
    }
}
