//! Account keys, epoch keys and signing keys in the key ring.

use store::WrappedSigningKey;

use super::support::{LATER, NOW, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn key_ring_keeps_the_first_key_and_destroys_keys(databases: Databases) {
        let mut tx = databases.keyring.write().await.expect("a transaction");
        assert!(!tx.has_keys().await.expect("read"));
        tx.add_ring_key(NOW, &[1]).await.expect("added");
        tx.add_ring_key(NOW, &[2]).await.expect("the first stays");
        assert_eq!(tx.ring_key(NOW).await.expect("read"), Some(vec![1]));
        assert!(tx.has_keys().await.expect("read"));
        assert_eq!(tx.oldest_epoch_key().await.expect("read"), Some(NOW));
        assert_eq!(tx.destroy_ring_keys(NOW, &[]).await.expect("not before"), 0);
        assert_eq!(tx.destroy_ring_keys(LATER, &[LATER, NOW]).await.expect("kept"), 0);
        assert_eq!(tx.destroy_ring_keys(LATER, &[LATER]).await.expect("destroyed"), 1);
        assert_eq!(tx.oldest_epoch_key().await.expect("read"), None);
        assert_eq!(tx.ring_key(NOW).await.expect("read"), None);
        tx.add_holder_key(id(1), &[1]).await.expect("added");
        tx.add_holder_key(id(1), &[2]).await.expect("the first stays");
        assert_eq!(tx.holder_key(id(1)).await.expect("read"), Some(vec![1]));
        tx.destroy_holder_key(id(1)).await.expect("destroyed");
        assert_eq!(tx.holder_key(id(1)).await.expect("read"), None);
        let key = |name: &str, created_at| WrappedSigningKey {
            id: name.to_owned(),
            purpose: "token".to_owned(),
            created_at,
            wrapped: vec![5],
            certificate: None,
        };
        tx.add_signing_key(&key("old", NOW)).await.expect("added");
        tx.add_signing_key(&key("new", LATER)).await.expect("added");
        let other = WrappedSigningKey { purpose: "authority".to_owned(), certificate: Some(vec![6]), ..key("other", NOW) };
        tx.add_signing_key(&other).await.expect("added");
        assert_eq!(tx.signing_keys("token").await.expect("read"), [key("new", LATER), key("old", NOW)]);
        assert_eq!(tx.signing_keys("authority").await.expect("read"), [other]);
        assert_eq!(tx.remove_signing_keys("token", LATER).await.expect("removed"), 1);
        assert_eq!(tx.signing_keys("token").await.expect("read").len(), 1);
        tx.renew_signing_key("new", NOW).await.expect("not earlier");
        tx.renew_signing_key("other", LATER).await.expect("renewed");
        assert_eq!(tx.signing_keys("token").await.expect("read"), [key("new", LATER)]);
        assert_eq!(tx.signing_keys("authority").await.expect("read")[0].created_at, LATER);
        assert_eq!(tx.signing_keys("authority").await.expect("read").len(), 1, "a key of another purpose stays");
        assert!(tx.any_signing_key().await.expect("read").is_some_and(|(id, wrapped)| !id.is_empty() && !wrapped.is_empty()));
    }
}
