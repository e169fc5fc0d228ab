//! When submissions and their payloads expire.

use std::time::Duration;

use store::domain::submission::{Sealed, SubmissionState};
use store::{EventKind, NewBatch, NewSubmission};

use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn submissions_expire_in_chunks_and_are_deleted_later(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let rows: Vec<NewSubmission> = (0..5).map(|number| new_submission(10 + number, partner, &format!("c{number}"))).collect();
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.is_anything_over(NOW).await.expect("read"));
        assert!(tx.is_anything_over(LATER).await.expect("read"));
        assert!(tx.expire_submissions(NOW, 10).await.expect("none yet").is_empty());
        assert_eq!(tx.expire_submissions(LATER, 3).await.expect("three of them").len(), 3);
        assert_eq!(tx.expire_submissions(LATER, 3).await.expect("the rest").len(), 2);
        assert!(!tx.is_anything_over(LATER).await.expect("read"), "all were told");
        assert_eq!(tx.events(id(10), LATER).await.expect("read").iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Pushed, EventKind::Expired]);
        assert_eq!(tx.linked_submission(id(10), LATER).await.expect("read").expect("known").state, SubmissionState::Expired { holder: None, at: LATER });
        assert_eq!(tx.forget_submissions(LATER, 10).await.expect("too early"), 0);
        assert_eq!(tx.forget_submissions(LATER + Duration::from_secs(1), 4).await.expect("four of them"), 4);
        assert_eq!(tx.forget_submissions(LATER + Duration::from_secs(1), 4).await.expect("the rest"), 1);
        assert_eq!(tx.events(id(10), LATER).await.expect("read"), []);
        tx.commit().await.expect("committed");
    }

    async fn only_the_owner_may_expire_a_submission_early(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        insert(store, &[&new_submission(10, one, "a"), &new_submission(11, one, "b")]).await;
        let mut tx = store.write().await.expect("a transaction");
        let items = vec![new_submission(21, one, "c"), new_submission(22, one, "d")];
        let items = items.into_iter().map(|item| NewSubmission { batch_id: Some(id(20)), ..item }).collect();
        assert!(tx.insert_batch(&NewBatch { id: id(20), credential_id: "batch".to_owned(), items }).await.expect("in"));
        let soon = NOW + Duration::from_secs(1);
        assert!(!tx.expire_now(id(10), other, soon).await.expect("not theirs"));
        assert!(tx.expire_now(id(10), one, soon).await.expect("cut short"));
        assert!(!tx.expire_now(id(10), one, soon + Duration::from_secs(1)).await.expect("never longer again"));
        assert!(tx.expire_now(id(20), one, soon).await.expect("the batch with its items"));
        assert_eq!(tx.expire_submissions(soon, 10).await.expect("expired").len(), 3);
        let waiting = tx.linked_submission(id(11), soon).await.expect("read").expect("there");
        assert!(matches!(waiting.state, SubmissionState::Incomplete { .. }), "no other submission has expired");
        tx.commit().await.expect("committed");
    }

    async fn announced_expiry_is_final(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let rows = [10, 11, 12, 13].map(|number| new_submission(number, partner, &format!("c{number}")));
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [10, 11, 12, 13] {
            assert!(tx.bind_submission(id(submission), ada, NOW).await.expect("bound"));
        }
        // Another node's clock is ahead of this one's.
        assert_eq!(tx.expire_submissions(LATER, 10).await.expect("told").len(), 4);
        assert!(!tx.accept_submission(id(10), ada, &[4], NOW).await.expect("over"));
        assert!(!tx.decline_submission(id(11), ada, NOW).await.expect("over"));
        assert!(!tx.withdraw_pending_submission(id(12), partner, None, NOW).await.expect("over"));
        tx.release_submissions(ada, NOW).await.expect("released");
        assert_eq!(tx.linked_submission(id(13), LATER).await.expect("read").expect("known").state, SubmissionState::Expired { holder: None, at: LATER });
        let later = NewSubmission { expires_at: LATER + Duration::from_secs(60), ..new_submission(14, partner, "later") };
        assert_eq!(tx.insert_submissions(&[&later]).await.expect("in"), [id(14)]);
        assert!(tx.expire_now(id(14), partner, NOW).await.expect("cut short"));
        assert_eq!(tx.expire_submissions(LATER + Duration::from_secs(1), 10).await.expect("told"), [id(14)], "its turn still comes");
        tx.commit().await.expect("committed");
    }

    async fn period_is_listed_while_submissions_are_pending(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        let sealed = |number, seconds: u64, expires_at| NewSubmission {
            sealed: Sealed { period: NOW + Duration::from_secs(seconds), bytes: vec![1] },
            expires_at,
            ..new_submission(number, partner, &format!("c{number}"))
        };
        let later = LATER + Duration::from_secs(1);
        let (over, accepted) = (sealed(10, 0, LATER), sealed(11, 1, later));
        let since = NewSubmission { id: (NOW + Duration::from_secs(7200)).lowest_id(), ..sealed(14, 4, later) };
        // Near the end of a period that was an hour long.
        let late = NewSubmission { id: (NOW + Duration::from_secs(3500)).lowest_id(), ..sealed(15, 3, later) };
        insert(store, &[&over, &accepted, &sealed(12, 2, later), &sealed(13, 2, later), &since, &late]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.bind_submission(id(11), ada, NOW).await.expect("bound"));
        assert!(tx.accept_submission(id(11), ada, &[4], NOW).await.expect("accepted"));
        let at = |seconds| NOW + Duration::from_secs(seconds);
        assert_eq!(tx.waiting_periods(at(5), NOW).await.expect("read"), [at(0), at(2), at(3)], "an id says when it was made");
        assert_eq!(tx.waiting_periods(at(5), LATER).await.expect("read"), [at(2), at(3)]);
        assert_eq!(tx.waiting_periods(at(2), LATER).await.expect("read"), []);
        assert_eq!(tx.waiting_periods(at(5), later).await.expect("read"), []);
    }

    async fn decision_and_expiry_exclude_each_other(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let mut answering = store.write().await.expect("a transaction");
        assert!(answering.bind_submission(id(10), ada, NOW).await.expect("bound"));
        assert!(answering.accept_submission(id(10), ada, &[4], NOW).await.expect("accepted"));
        let telling = tokio::spawn({
            let store = store.clone();
            async move {
                // Waits for the decision's transaction.
                let mut tx = store.write().await.expect("a transaction");
                let told = tx.expire_submissions(LATER, 10).await.expect("told");
                tx.commit().await.expect("committed");
                told
            }
        });
        tokio::task::yield_now().await;
        answering.commit().await.expect("committed");
        assert!(telling.await.expect("no panic").is_empty());
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.expire_submissions(LATER, 10).await.expect("told").is_empty(), "it was accepted");
    }

    async fn payloads_are_dropped_with_their_period(databases: Databases) {
        let hour = Duration::from_secs(3600);
        let (store, first) = (&databases.data, NOW.floor(hour));
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        for from in [first + hour, first + hour * 2, first + hour] {
            tx.add_payload_partition(from, hour).await.expect("added once");
        }
        tx.commit().await.expect("committed");
        let pushed = |number: u128, hours: u32| NewSubmission {
            sealed: Sealed { period: first + hour * hours, bytes: vec![1, 2, 3] },
            expires_at: first + hour * (hours + 3),
            ..new_submission(number, partner, &format!("c{number}"))
        };
        // The first hour has no partition; the others have one.
        let rows = [pushed(10, 0), pushed(11, 0), pushed(12, 1), pushed(13, 2)];
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let waits = async |submission| {
            let found = store.read().await.expect("a transaction").linked_submission(id(submission), NOW).await.expect("read");
            matches!(found.expect("known").state, SubmissionState::Incomplete { .. })
        };
        let over = first + hour * 4;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.expire_submissions(over, 10).await.expect("told").len(), 3);
        assert!(tx.drop_payloads(first, 10).await.expect("no period is over"));
        while !tx.drop_payloads(first + hour * 2, 1).await.expect("dropped") {}
        tx.commit().await.expect("committed");
        for (submission, expected) in [(10, false), (11, false), (12, false), (13, true)] {
            assert_eq!(waits(submission).await, expected, "{submission}");
        }
    }
}
