//! Submissions: insertion, binding, decisions and events.

use std::time::Duration;

use credential::Type;
use store::domain::submission::SubmissionState;
use store::{EventKind, NewSubmission};

use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn submission_is_inserted_once_per_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let (first, same, theirs) = (new_submission(10, one, "a"), new_submission(11, one, "a"), new_submission(12, other, "a"));
        assert_eq!(insert(store, &[&first, &same, &theirs]).await, [id(10), id(12)]);
        assert!(insert(store, &[&same]).await.is_empty());
        // Two rows were inserted, on PostgreSQL with one payload each.
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.drop_payloads(LATER + Duration::from_secs(86_400), 3).await.expect("dropped"));
        drop(tx);
        let mut tx = store.read().await.expect("a transaction");
        let found = tx.current_submission(one, "a", NOW).await.expect("read").expect("there");
        assert_eq!((found.id, found.partner_id, found.created_at, found.expires_at), (id(10), one, NOW, LATER));
        assert_eq!(found.state, SubmissionState::Incomplete { holder: None, sealed: first.sealed });
        assert_eq!(tx.linked_submission(id(12), NOW).await.expect("read").expect("there").partner_id, other);
        assert_eq!(tx.linked_submission(id(11), NOW).await.expect("read"), None);
        assert_eq!(tx.current_submission(one, "b", NOW).await.expect("read"), None);
    }

    async fn insert_accepts_any_number_of_rows(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let new: Vec<NewSubmission> = (0..237).map(|number| new_submission(100 + number, partner, &format!("c{number}"))).collect();
        assert_eq!(insert(store, &new.iter().collect::<Vec<_>>()).await.len(), 237);
    }

    async fn replaced_submission_loses_its_data(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.replace_submission(id(10), id(99), LATER).await.expect("not theirs: nothing happens"));
        assert!(tx.current_submission(partner, "a", NOW).await.expect("read").is_some());
        assert!(tx.replace_submission(id(10), partner, LATER).await.expect("replaced"));
        assert_eq!(tx.current_submission(partner, "a", NOW).await.expect("read"), None);
        let old = tx.linked_submission(id(10), LATER).await.expect("read").expect("still known");
        assert_eq!(old.state, SubmissionState::Expired { holder: None, at: LATER });
        tx.commit().await.expect("committed");
        assert_eq!(insert(store, &[&new_submission(11, partner, "a")]).await, [id(11)]);
    }

    async fn submission_is_bound_to_the_first_account(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.bind_submission(id(10), ada, LATER).await.expect("too late"));
        assert!(tx.bind_submission(id(10), ada, NOW).await.expect("bound"));
        assert!(tx.bind_submission(id(10), ada, NOW).await.expect("still theirs"));
        assert!(!tx.bind_submission(id(10), eve, NOW).await.expect("not theirs"));
        assert!(!tx.bind_submission(id(99), ada, NOW).await.expect("not there"));
        assert_eq!(tx.waiting_submissions(ada, NOW).await.expect("read").len(), 1);
        assert_eq!(tx.waiting_submissions(ada, LATER).await.expect("read").len(), 0);
        assert_eq!(tx.waiting_submissions(eve, NOW).await.expect("read").len(), 0);
    }

    async fn only_the_holder_accepts_declines_and_deletes(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        insert(store, &[&new_submission(10, partner, "a"), &new_submission(11, partner, "b")]).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [id(10), id(11)] {
            assert!(!tx.accept_submission(submission, ada, &[4], NOW).await.expect("not bound yet"));
            assert!(tx.bind_submission(submission, ada, NOW).await.expect("bound"));
        }
        assert!(!tx.accept_submission(id(10), eve, &[4], NOW).await.expect("not theirs"));
        assert!(!tx.accept_submission(id(10), ada, &[4], LATER).await.expect("too late"));
        assert!(tx.accept_submission(id(10), ada, &[4], NOW).await.expect("accepted"));
        assert!(!tx.accept_submission(id(10), ada, &[5], NOW).await.expect("once"));
        assert!(!tx.decline_submission(id(10), ada, NOW).await.expect("decided"));
        assert!(!tx.decline_submission(id(11), eve, NOW).await.expect("not theirs"));
        assert!(tx.decline_submission(id(11), ada, NOW).await.expect("declined"));
        let held = tx.held_submissions(ada).await.expect("read");
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].state, SubmissionState::Accepted { holder: ada, at: NOW, sealed: vec![4] });
        assert_eq!(tx.held_submissions(eve).await.expect("read"), []);
        assert_eq!(tx.held_submission(id(10), ada).await.expect("read").as_ref(), held.first());
        assert_eq!(tx.held_submission(id(10), eve).await.expect("read"), None);
        assert_eq!(tx.held_submission(id(11), ada).await.expect("read"), None, "declined");
        assert_eq!(tx.linked_submission(id(11), NOW).await.expect("read").expect("known").state, SubmissionState::Declined { holder: Some(ada), at: NOW });
        assert!(!tx.remove_submission(id(10), eve, NOW).await.expect("not theirs"));
        let (known, other) = (Type::default(), "digital_identity".parse::<Type>().expect("a type"));
        assert!(!tx.has_removed(ada, known).await.expect("one is held, one was declined"));
        assert!(tx.remove_submission(id(10), ada, NOW).await.expect("removed"));
        for (holder, known, expected) in [(ada, known, true), (ada, other, false), (eve, known, false)] {
            assert_eq!(tx.has_removed(holder, known).await.expect("read"), expected, "{holder} {known:?}");
        }
        assert!(!tx.remove_submission(id(10), ada, NOW).await.expect("once"));
        assert_eq!(tx.held_submission(id(10), ada).await.expect("read"), None, "removed");
        assert_eq!(tx.linked_submission(id(10), NOW).await.expect("read").expect("known").state, SubmissionState::Removed { holder: Some(ada), at: NOW, withdrawn_at: None });
    }

    async fn released_account_leaves_anonymous_statuses(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let rows = [new_submission(10, partner, "a"), new_submission(11, partner, "b"), new_submission(12, partner, "c")];
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [id(10), id(11), id(12)] {
            tx.bind_submission(submission, ada, NOW).await.expect("bound");
        }
        tx.accept_submission(id(10), ada, &[4], NOW).await.expect("accepted");
        tx.decline_submission(id(11), ada, NOW).await.expect("declined");
        tx.release_submissions(ada, NOW).await.expect("released");
        tx.delete_holder(ada).await.expect("deleted");
        for (submission, expected) in [
            (id(10), SubmissionState::Removed { holder: None, at: NOW, withdrawn_at: None }),
            (id(11), SubmissionState::Declined { holder: None, at: NOW }),
            (id(12), SubmissionState::Declined { holder: None, at: NOW }),
        ] {
            assert_eq!(tx.linked_submission(submission, NOW).await.expect("read").expect("known").state, expected);
        }
        assert_eq!(tx.holder(ada).await.expect("read"), None);
    }

    async fn events_are_returned_in_order(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&new_submission(10, partner, "a"), &new_submission(11, partner, "b")]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.record_events(&[], EventKind::Opened, NOW).await.expect("nothing to do");
        for kind in [EventKind::Opened, EventKind::Accepted, EventKind::Removed, EventKind::Withdrawn, EventKind::Superseded, EventKind::Declined] {
            tx.record_events(&[id(10)], kind, LATER).await.expect("recorded");
        }
        // Older releases stored it like this.
        tx.record_events(&[id(11)], EventKind::Pushed, NOW).await.expect("recorded");
        let mut kinds = async |submission, now| tx.events(submission, now).await.expect("read").into_iter().map(|event| event.kind).collect::<Vec<_>>();
        assert_eq!(kinds(id(10), NOW).await, [EventKind::Pushed, EventKind::Opened, EventKind::Accepted, EventKind::Removed, EventKind::Withdrawn, EventKind::Superseded, EventKind::Declined]);
        assert_eq!(kinds(id(11), NOW).await, [EventKind::Pushed]);
        assert_eq!(kinds(id(11), LATER).await, [EventKind::Pushed, EventKind::Expired]);
        assert_eq!(kinds(id(99), LATER).await, []);
    }

    async fn replacement_and_decision_exclude_each_other(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let rows = [10, 11, 12].map(|number| new_submission(number, partner, &format!("c{number}")));
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [10, 11, 12] {
            assert!(tx.bind_submission(id(submission), ada, NOW).await.expect("bound"));
        }
        // A decision may have read the clock just before the new push.
        assert!(tx.replace_submission(id(10), partner, LATER).await.expect("replaced"));
        assert!(!tx.accept_submission(id(10), ada, &[4], NOW).await.expect("replaced"));
        assert!(!tx.decline_submission(id(10), ada, NOW).await.expect("replaced"));
        assert!(!tx.withdraw_pending_submission(id(10), partner, None, NOW).await.expect("replaced"));
        assert!(tx.accept_submission(id(11), ada, &[4], NOW).await.expect("accepted"));
        assert!(!tx.replace_submission(id(11), partner, LATER).await.expect("accepted meanwhile"));
        assert_eq!(tx.held_submissions(ada).await.expect("read").len(), 1, "with all of its data");
        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert!(!tx.replace_submission(id(11), partner, LATER).await.expect("it was accepted"));
        tx.commit().await.expect("committed");
    }
}
