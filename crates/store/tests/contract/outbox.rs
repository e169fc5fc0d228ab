//! The outbox, and links that could not be emailed.

use std::time::Duration;

use ambient::Clock;
use store::{StatusCache, Tx, Undelivered};
use uuid::Uuid;

use super::support::{LATER, NOW, add_partner, id, insert, message, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

/// Takes all due messages, in order.
async fn take_all(tx: &mut Tx, lane: &str) -> Vec<Uuid> {
    let (mut taken, mut after) = (Vec::new(), Uuid::nil());
    while let Some(item) = tx.take_from_outbox(lane, after, NOW, LATER).await.expect("taken") {
        after = item.partner_id;
        taken.push(item.id);
    }
    taken
}

contract! {
    async fn outbox_item_is_leased_to_one_worker(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        for number in 1..=2 {
            tx.add_to_outbox(&message(number, 0)).await.expect("added");
        }
        let early = NOW - Duration::from_secs(1);
        assert_eq!(tx.take_from_outbox("mail", Uuid::nil(), early, LATER).await.expect("not due"), None);
        assert!(!tx.is_outbox_due("mail", early).await.expect("read"));
        assert!(tx.is_outbox_due("mail", NOW).await.expect("read"));
        assert!(!tx.is_outbox_due("code", NOW).await.expect("read"), "another lane");
        let taken = tx.take_from_outbox("mail", Uuid::nil(), NOW, LATER).await.expect("taken").expect("due");
        assert_eq!((taken.id, taken.attempts, taken.due_at), (id(1), 1, LATER));
        assert_eq!(take_all(&mut tx, "mail").await, [id(2)]);
        tx.put_off(id(1), NOW).await.expect("due again");
        let taken = tx.take_from_outbox("mail", Uuid::nil(), NOW, LATER).await.expect("taken").expect("due");
        assert_eq!((taken.id, taken.attempts), (id(1), 2));
        tx.remove_from_outbox(id(1)).await.expect("done");
        assert_eq!(tx.outbox_length().await.expect("counted"), 1);
    }

    async fn message_that_is_put_back_has_no_attempt_more(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        tx.add_to_outbox(&message(1, 0)).await.expect("added");
        assert_eq!(take_all(&mut tx, "mail").await, [id(1)]);
        let soon = NOW + Duration::from_secs(1);
        tx.put_back(id(1), soon).await.expect("put back");
        assert!(!tx.is_outbox_due("mail", NOW).await.expect("read"));
        let taken = tx.take_from_outbox("mail", Uuid::nil(), soon, LATER).await.expect("taken").expect("due");
        assert_eq!((taken.id, taken.attempts, taken.due_at), (id(1), 1, LATER));
        tx.put_off(id(1), NOW).await.expect("due again");
        let taken = tx.take_from_outbox("mail", Uuid::nil(), NOW, LATER).await.expect("taken").expect("due");
        assert_eq!((taken.id, taken.attempts), (id(1), 2), "one that was tried");
    }

    async fn partners_take_turns_in_a_lane(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        for (number, partner) in [(1, 7), (2, 7), (3, 7), (4, 5), (5, 9), (6, 9)] {
            tx.add_to_outbox(&message(number, partner)).await.expect("added");
        }
        let order = take_all(&mut tx, "mail").await;
        assert_eq!(order, [4, 1, 5, 2, 6, 3].map(id));
    }

    async fn messages_of_the_previous_release_are_adopted(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let sealed = [7_u8].as_slice();
        const INSERT: &str = "INSERT INTO outbox (id, kind, due_at, attempts, ring_period, sealed) VALUES ($1, $2, $3, 3, $3, $4)";
        for (number, kind, due_at) in [(1, "mail", NOW), (2, "play", NOW), (3, "mail", LATER)] {
            match &mut tx {
                Tx::Sqlite(connection) => {
                    sqlx::query(INSERT).bind(id(number)).bind(kind).bind(due_at).bind(sealed).execute(&mut **connection).await.map(drop)
                }
                Tx::Postgres(connection) => {
                    sqlx::query(INSERT).bind(id(number)).bind(kind).bind(due_at).bind(sealed).execute(&mut **connection).await.map(drop)
                }
            }.expect("inserted");
        }
        assert!(tx.is_old_outbox_due(NOW).await.expect("read"));
        assert_eq!(tx.outbox_length().await.expect("counted"), 3);
        assert_eq!(tx.take_over_outbox(NOW).await.expect("taken over"), 2, "the third may be under way");
        assert!(!tx.is_old_outbox_due(NOW).await.expect("read"));
        let taken = tx.take_from_outbox("mail", Uuid::nil(), NOW, LATER).await.expect("taken").expect("due");
        assert_eq!((taken.id, taken.attempts, taken.expires_at, taken.sealed), (id(1), 4, None, vec![7]));
        assert_eq!(take_all(&mut tx, "play").await, [id(2)]);
        assert_eq!(tx.outbox_length().await.expect("counted"), 3);
    }

    async fn undelivered_link_is_part_of_the_status(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let statuses = StatusCache::start(store.clone(), Clock::manual(NOW.to_jiff()));
        store.changes().follow();
        let told = async || {
            let told = statuses.of(partner, &["a".to_owned()]).await.expect("read").pop().flatten();
            told.expect("known").undelivered
        };
        assert_eq!((told().await, told().await), (None, None), "asked, and remembered");
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.note_undelivered(id(11), Undelivered::Expired, NOW).await.expect("no such request"));
        assert!(tx.note_undelivered(id(10), Undelivered::RecipientRejected, NOW).await.expect("noted"));
        tx.commit().await.expect("committed");
        assert_eq!(told().await, Some(Undelivered::RecipientRejected));
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.undelivered(id(10)).await.expect("read"), Some(Undelivered::RecipientRejected));
        assert!(tx.forget_undelivered(id(10)).await.expect("forgotten"));
        assert!(!tx.forget_undelivered(id(10)).await.expect("not there"));
        tx.commit().await.expect("committed");
        assert_eq!(told().await, None);
    }
}
