//! Adding, changing and disabling partners.

use store::Partner;

use super::support::{LATER, add_partner, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn partner_can_be_added_rotated_and_disabled(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.rotate_partner(one, &[8; 32], LATER).await.expect("rotated"));
        assert!(!tx.rotate_partner(id(99), &[8; 32], LATER).await.expect("nobody there"));
        assert!(!tx.exchange_partner_secret(one, &[7; 32], &[9; 32], LATER).await.expect("not its secret"));
        assert!(tx.exchange_partner_secret(one, &[8; 32], &[9; 32], LATER).await.expect("exchanged"));
        assert!(!tx.exchange_partner_secret(one, &[8; 32], &[10; 32], LATER).await.expect("no more"));
        assert!(tx.disable_partner(other, LATER).await.expect("disabled"));
        assert!(!tx.disable_partner(id(99), LATER).await.expect("nobody there"));
        tx.commit().await.expect("committed");
        let mut tx = store.read().await.expect("a transaction");
        let partner = tx.partner(one).await.expect("read").expect("there");
        assert_eq!((partner.secret_hash, partner.rotated_at, partner.disabled_at), (vec![9; 32], Some(LATER), None));
        assert_eq!(tx.partners().await.expect("read").len(), 2);
        assert_eq!(tx.partner(id(99)).await.expect("read"), None);
        let active = tx.active_partners(&[one, other, id(99)]).await.expect("read");
        assert_eq!([one, other, id(99)].map(|partner| active.has(partner)), [true, false, false]);
    }

    async fn document_hosts_belong_to_their_partner(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        let stored = tx.partner(partner).await.expect("read").expect("there");
        assert!(stored.may_fetch_from("anywhere.example") && !stored.sandbox);
        tx.add_partner(&Partner { id: id(2), sandbox: true, ..stored }).await.expect("added");
        assert!(tx.partner(id(2)).await.expect("read").expect("there").sandbox, "it is read as it was added");
        assert!(tx.set_document_hosts(partner, "example.edu documents.example.org").await.expect("set"));
        assert!(!tx.set_document_hosts(id(99), "x").await.expect("nobody there"));
        let found = tx.partner(partner).await.expect("read").expect("there");
        for (host, allowed) in [
            ("example.edu", true),
            ("a.b.example.edu", true),
            ("notexample.edu", false),
            ("example.org", false),
            ("documents.example.org", true),
        ] {
            assert_eq!(found.may_fetch_from(host), allowed, "{host}");
        }
    }
}
