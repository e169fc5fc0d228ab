//! Changes to a restored database.

use std::num::NonZeroU32;
use std::time::Duration;

use ambient::{Rng, Timestamp};
use store::domain::submission::{CancelReason, Status};
use store::{NewBatch, NewSubmission};

use super::status_lists::{accepted, wanted};
use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use super::verifications::{add, asked};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const PUT_BACK: Timestamp = Timestamp::from_micros(1_700_000_300_000_000);

contract! {
    async fn restore_expires_pending_submissions_only(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..11).await;
        let early = NewSubmission { expires_at: NOW, ..new_submission(12, partner, "over before") };
        insert(store, &[&new_submission(11, partner, "waiting"), &early]).await;
        let batch = NewBatch {
            id: id(20),
            credential_id: "batch".to_owned(),
            items: vec![NewSubmission { batch_id: Some(id(20)), ..new_submission(21, partner, "item") }],
        };
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_batch(&batch).await.expect("inserted"));
        tx.commit().await.expect("committed");
        assert!(add(store, &asked(30, partner)).await);
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.end_pending(PUT_BACK).await.expect("ended"), 2, "the one that waits and the item");
        assert_eq!(tx.end_pending(PUT_BACK).await.expect("ended"), 0);
        let asked = ["c10", "waiting", "over before", "batch"].map(|id| (partner, id));
        let statuses = tx.credential_statuses(&asked, PUT_BACK).await.expect("read");
        let of = |id: &str| statuses.iter().flatten().find(|status| status.credential_id == id).map(|status| status.status);
        assert_eq!(of("c10"), Some(Status::Verified(NOW)));
        assert_eq!(of("waiting"), Some(Status::Canceled(PUT_BACK, CancelReason::Expired)));
        assert_eq!(of("over before"), Some(Status::Canceled(NOW, CancelReason::Expired)));
        assert_eq!(of("batch"), Some(Status::Canceled(PUT_BACK, CancelReason::Expired)));
        let batch = tx.linked_batch(id(20), PUT_BACK).await.expect("read").expect("a batch");
        assert_eq!(batch.expires_at, PUT_BACK);
        assert_eq!(tx.count_due_verifications(PUT_BACK).await.expect("counted"), 1);
        tx.commit().await.expect("committed");
    }

    async fn restore_closes_open_status_lists(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..11).await;
        let capacity = NonZeroU32::new(100).expect("not zero");
        let rng = Rng::seeded(1);
        let mut tx = store.write().await.expect("a transaction");
        let before = tx.give_status_entries(&[wanted(10, ada)], capacity, &rng, NOW).await.expect("given")[0];
        assert_eq!(tx.close_status_lists(LATER).await.expect("closed"), 1);
        assert_eq!(tx.close_status_lists(LATER).await.expect("closed"), 0);
        let list = before.expect("a place").list;
        assert_eq!(tx.status_list(list).await.expect("read").map(|list| list.given), Some(50), "as if half were given");
        let after = tx.give_status_entries(&[wanted(10, ada)], capacity, &rng, NOW).await.expect("given")[0];
        assert_ne!(after.expect("a place").list, list);
        let day = Duration::from_secs(86_400);
        assert_eq!(tx.close_status_lists(LATER + day).await.expect("closed"), 1, "the new one");
        assert_eq!(tx.drop_status_lists(LATER + day, NOW, 10).await.expect("dropped"), 2, "the first, with its entry");
        let left = tx.status_lists().await.expect("read");
        assert_eq!(left.len(), 1, "the second may have given something that lives a day longer");
        tx.commit().await.expect("committed");
    }

    async fn instance_id_can_be_replaced(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        tx.rename_instance(id(2)).await.expect("it has none yet");
        assert_eq!(tx.instance(id(1)).await.expect("named"), id(1));
        tx.rename_instance(id(2)).await.expect("renamed");
        assert_eq!(tx.instance(id(3)).await.expect("named"), id(2));
    }

    async fn accounts_and_their_keys_can_be_compared(databases: Databases) {
        let (ada, bob) = (add_holder(&databases.data, 2).await, add_holder(&databases.data, 3).await);
        let mut tx = databases.data.read().await.expect("a transaction");
        assert_eq!(tx.holder_ids().await.expect("read"), [ada, bob]);
        let mut keys = databases.keyring.write().await.expect("a transaction");
        keys.add_holder_key(bob, &[1]).await.expect("added");
        assert_eq!(keys.holders_with_keys().await.expect("read"), [bob]);
    }
}
