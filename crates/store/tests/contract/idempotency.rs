//! Idempotency keys.

use store::domain::submission::Sealed;

use super::support::{LATER, NOW, add_partner};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn idempotency_key_is_claimed_once_per_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.claim_idempotency_key(one, "k", &[1], NOW).await.expect("claimed"));
        assert!(!tx.claim_idempotency_key(one, "k", &[2], NOW).await.expect("taken"));
        assert!(tx.claim_idempotency_key(other, "k", &[3], NOW).await.expect("theirs"));
        let claimed = tx.stored_answer(one, "k").await.expect("read").expect("there");
        assert_eq!((claimed.request_hash, claimed.status), (vec![1], 0));
        tx.store_answer((one, "k", NOW), 201, "application/json", &Sealed { period: NOW, bytes: b"{}".to_vec() }).await.expect("kept");
        let kept = tx.stored_answer(one, "k").await.expect("read").expect("there");
        assert_eq!((kept.status, kept.content_type.as_str(), kept.body.as_slice()), (201, "application/json", b"{}".as_slice()));
        assert_eq!(tx.stored_answer(other, "k").await.expect("read").expect("there").status, 0);
        // A request whose claim has expired finishes after another request has claimed its key.
        tx.store_answer((other, "k", LATER), 201, "application/json", &Sealed { period: NOW, bytes: b"{}".to_vec() }).await.expect("nobody's");
        assert_eq!(tx.stored_answer(other, "k").await.expect("read").expect("there").status, 0);
        tx.forget_answer(other, "k", NOW).await.expect("let go");
        assert_eq!(tx.stored_answer(other, "k").await.expect("read"), None);
        assert_eq!(tx.forget_answers(NOW).await.expect("too early"), 0);
        assert_eq!(tx.forget_answers(LATER).await.expect("over"), 1);
    }
}
