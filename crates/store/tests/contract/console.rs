//! The partner's console: sessions, passkeys and the list of submissions.

use ambient::Timestamp;
use store::{ConsolePasskey, ConsoleSession, ListedState, Listing, NewBatch, NewSubmission, SearchResult};
use uuid::Uuid;

use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

/// A session under the secret of [`add_partner`].
fn session(number: u8, partner: Uuid) -> ConsoleSession {
    ConsoleSession {
        token_hash: vec![number; 32],
        partner_id: partner,
        secret_hash: vec![7; 32],
        created_at: NOW,
        expires_at: LATER,
    }
}

fn passkey(number: u8, partner: Uuid) -> ConsolePasskey {
    ConsolePasskey {
        id: vec![number],
        partner_id: partner,
        secret_hash: vec![7; 32],
        sealed: vec![1],
        created_at: NOW,
        used_at: None,
    }
}

fn ids(listing: &Listing) -> Vec<Uuid> {
    listing.rows.iter().map(|row| row.id).collect()
}

contract! {
    async fn console_session_depends_on_secret_and_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        for session in [session(1, one), session(2, one), session(3, other)] {
            tx.add_console_session(&session).await.expect("added");
        }
        assert_eq!(tx.console_session(&[1; 32], NOW).await.expect("read"), Some(session(1, one)));
        assert_eq!(tx.console_session(&[1; 32], LATER).await.expect("read"), None, "its time is over");
        assert_eq!(tx.console_session(&[9; 32], NOW).await.expect("read"), None);
        assert_eq!(tx.count_console_sessions(one, NOW).await.expect("read"), 2);
        tx.end_other_console_sessions(one, &[1; 32]).await.expect("ended");
        assert_eq!(tx.console_session(&[2; 32], NOW).await.expect("read"), None);
        assert!(tx.console_session(&[3; 32], NOW).await.expect("read").is_some(), "another partner's goes on");
        assert!(tx.rotate_partner(one, &[8; 32], NOW).await.expect("rotated"));
        assert_eq!(tx.console_session(&[1; 32], NOW).await.expect("read"), None, "the secret is another one");
        assert_eq!(tx.count_console_sessions(one, NOW).await.expect("read"), 0);
        assert!(tx.disable_partner(other, NOW).await.expect("disabled"));
        assert_eq!(tx.console_session(&[3; 32], NOW).await.expect("read"), None, "the partner is disabled");
        tx.add_console_session(&ConsoleSession { secret_hash: vec![8; 32], ..session(4, one) }).await.expect("added");
        assert!(tx.console_session(&[4; 32], NOW).await.expect("read").is_some());
        tx.end_console_session(&[4; 32]).await.expect("ended");
        assert_eq!(tx.console_session(&[4; 32], NOW).await.expect("read"), None);
        assert_eq!(tx.forget_console_sessions(NOW).await.expect("forgotten"), 0);
        assert_eq!(tx.forget_console_sessions(Timestamp::from_micros(LATER.micros() + 1)).await.expect("forgotten"), 2);
    }

    async fn secret_rotation_removes_console_passkeys_unless_kept(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.add_console_passkey(&passkey(1, one)).await.expect("added"));
        assert!(!tx.add_console_passkey(&passkey(1, other)).await.expect("an id is enrolled once"));
        assert!(tx.add_console_passkey(&passkey(2, other)).await.expect("added"));
        tx.use_console_passkey(&[1], other, &[2], LATER).await.expect("not theirs: nothing happens");
        assert_eq!(tx.console_passkeys(one).await.expect("read"), [passkey(1, one)]);
        tx.use_console_passkey(&[1], one, &[2], LATER).await.expect("noted");
        let used = ConsolePasskey { sealed: vec![2], used_at: Some(LATER), ..passkey(1, one) };
        assert_eq!(tx.console_passkeys(one).await.expect("read"), [used]);
        for (partner, kept) in [(one, 1), (other, 0)] {
            assert!(tx.rotate_partner(partner, &[8; 32], NOW).await.expect("rotated"));
            if partner == one {
                tx.keep_console_passkeys(one, &[7; 32], &[8; 32]).await.expect("kept");
            }
            assert_eq!(tx.console_passkeys(partner).await.expect("read").len(), kept);
        }
        tx.forget_console_sessions(NOW).await.expect("forgotten");
        assert!(tx.add_console_passkey(&ConsolePasskey { secret_hash: vec![8; 32], ..passkey(2, other) }).await.expect("the one that ended is gone"));
        assert!(!tx.remove_console_passkey(&[1], other).await.expect("not theirs"));
        assert!(tx.remove_console_passkey(&[1], one).await.expect("removed"));
        assert!(tx.console_passkeys(one).await.expect("read").is_empty());
    }

    async fn submission_list_is_per_partner_newest_first(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let ada = add_holder(store, 3).await;
        let new: Vec<NewSubmission> = (10..17).map(|number| new_submission(number, one, &format!("c{number}"))).collect();
        insert(store, &new.iter().collect::<Vec<_>>()).await;
        insert(store, &[&new_submission(20, other, "c10")]).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in [11, 12, 13, 14] {
            assert!(tx.bind_submission(id(number), ada, NOW).await.expect("bound"));
        }
        for number in [11, 12, 13] {
            assert!(tx.accept_submission(id(number), ada, &[4], NOW).await.expect("accepted"));
        }
        assert!(tx.remove_submission(id(12), ada, NOW).await.expect("removed"));
        assert!(tx.withdraw_submission(id(13), one, &[5], NOW).await.expect("withdrawn"));
        assert!(tx.decline_submission(id(14), ada, NOW).await.expect("declined"));
        assert!(tx.withdraw_pending_submission(id(15), one, None, NOW).await.expect("taken back"));
        let all = tx.list_submissions(one, None, None, NOW, 3).await.expect("read");
        assert_eq!((ids(&all), all.next), (vec![id(16), id(15), id(14)], Some(id(14))));
        let rest = tx.list_submissions(one, None, all.next, NOW, 10).await.expect("read");
        assert_eq!((ids(&rest), rest.next), (vec![id(13), id(12), id(11), id(10)], None));
        assert_eq!(ids(&tx.list_submissions(other, None, None, NOW, 10).await.expect("read")), [id(20)]);
        for (state, expected) in [
            (ListedState::Waiting, vec![id(16), id(10)]),
            (ListedState::Accepted, vec![id(12), id(11)]),
            (ListedState::Declined, vec![id(14)]),
            (ListedState::Expired, vec![]),
            (ListedState::Withdrawn, vec![id(15), id(13)]),
        ] {
            let found = tx.list_submissions(one, Some(state), None, NOW, 10).await.expect("read");
            assert_eq!((ids(&found), found.next), (expected, None), "{state:?}");
            assert!(found.rows.iter().all(|row| row.state == state), "{state:?}");
        }
        let late = tx.list_submissions(one, Some(ListedState::Expired), None, LATER, 10).await.expect("read");
        assert_eq!(ids(&late), [id(16), id(10)], "their time is over, whether or not the job has come by");
        let removed = tx.listed_submission(one, id(12), NOW).await.expect("read").expect("there");
        assert_eq!((removed.state, removed.credential_id.as_str()), (ListedState::Accepted, "c12"), "what became of it then is the person's own affair");
        assert_eq!(tx.listed_submission(other, id(12), NOW).await.expect("read"), None);
        assert_eq!(tx.count_waiting(one, id(10), NOW, 10).await.expect("read"), 2);
        assert_eq!(tx.count_waiting(one, id(11), NOW, 10).await.expect("read"), 1, "no older than was asked");
        assert_eq!(tx.count_waiting(one, id(10), NOW, 1).await.expect("read"), 1, "no further than was asked");
        assert_eq!(tx.count_waiting(one, id(10), LATER, 10).await.expect("read"), 0);
    }

    async fn submission_is_found_by_either_id(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let items = [new_submission(11, one, "i1"), new_submission(12, one, "i2")]
            .map(|item| NewSubmission { batch_id: Some(id(10)), ..item });
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_batch(&NewBatch { id: id(10), credential_id: "b".to_owned(), items: items.to_vec() }).await.expect("inserted"));
        for (words, found) in [
            ("b", Some(SearchResult::Batch(id(10)))),
            ("i1", Some(SearchResult::Submission(id(11)))),
            (&*id(12).to_string(), Some(SearchResult::Submission(id(12)))),
            (&*id(10).to_string(), Some(SearchResult::Batch(id(10)))),
            ("i", None),
            ("", None),
        ] {
            assert_eq!(tx.find_submission(one, words).await.expect("read"), found, "{words}");
            assert_eq!(tx.find_submission(other, words).await.expect("read"), None, "{words}");
        }
        let listed = tx.listed_batch(one, id(10), NOW).await.expect("read");
        assert_eq!(listed.iter().map(|row| (row.id, row.batch_id)).collect::<Vec<_>>(), [(id(11), Some(id(10))), (id(12), Some(id(10)))]);
        assert!(tx.listed_batch(other, id(10), NOW).await.expect("read").is_empty());
        assert_eq!(tx.listed_submission(one, id(10), NOW).await.expect("read"), None, "a batch is no submission");
        assert_eq!(ids(&tx.list_submissions(one, None, None, NOW, 10).await.expect("read")), [id(12), id(11)]);
    }

    async fn rare_state_is_searched_in_chunks(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let new: Vec<NewSubmission> = (0..5100).map(|number| new_submission(1000 + number, partner, &format!("c{number}"))).collect();
        for some in new.chunks(256) {
            insert(store, &some.iter().collect::<Vec<_>>()).await;
        }
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.bind_submission(id(1000), ada, NOW).await.expect("bound"));
        assert!(tx.accept_submission(id(1000), ada, &[4], NOW).await.expect("accepted"));
        let first = tx.list_submissions(partner, Some(ListedState::Accepted), None, NOW, 10).await.expect("read");
        assert_eq!((ids(&first), first.next), (vec![], Some(id(1100))));
        let second = tx.list_submissions(partner, Some(ListedState::Accepted), first.next, NOW, 10).await.expect("read");
        assert_eq!((ids(&second), second.next), (vec![id(1000)], None));
    }
}
