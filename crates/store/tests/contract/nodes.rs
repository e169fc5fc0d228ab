//! Nodes on one database: shared rate limits and notifications.

use std::time::Duration;

use ambient::Timestamp;
use sqlx::{Connection as _, PgConnection};
use store::{Debit, NewSubmission, Notice, WrappedSigningKey};
use tokio::time::timeout;
use uuid::Uuid;

use super::support::{LATER, NOW, add_partner, id, insert, message, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const SECOND: Duration = Duration::from_secs(1);

contract! {
    async fn shared_bucket_is_debited_by_each_node(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let charge = |number: u8, since: Timestamp, seconds: u64| Debit {
            id: [number; 32], since, cost: Duration::from_secs(seconds),
        };
        assert_eq!(tx.charge(&[]).await.expect("nothing"), []);
        let charged = tx.charge(&[charge(1, NOW, 3), charge(2, NOW, 1)]).await.expect("charged");
        assert_eq!(charged, [([1; 32], NOW + 3 * SECOND), ([2; 32], NOW + SECOND)]);
        let charged = tx.charge(&[charge(1, NOW + SECOND, 2)]).await.expect("charged");
        assert_eq!(charged, [([1; 32], NOW + 5 * SECOND)], "on top of what was used before");
        let charged = tx.charge(&[charge(1, NOW + 60 * SECOND, 2)]).await.expect("charged");
        assert_eq!(charged, [([1; 32], NOW + 62 * SECOND)], "it was full again meanwhile");
        let within = tx.charge_within(&charge(1, NOW + 60 * SECOND, 2), NOW + 64 * SECOND).await.expect("asked");
        assert_eq!(within, Ok(NOW + 64 * SECOND), "just");
        let within = tx.charge_within(&charge(1, NOW + 60 * SECOND, 2), NOW + 65 * SECOND).await.expect("asked");
        assert_eq!(within, Err(NOW + 64 * SECOND), "too much, and not charged");
        let within = tx.charge_within(&charge(3, NOW, 2), NOW + 2 * SECOND).await.expect("asked");
        assert_eq!(within, Ok(NOW + 2 * SECOND), "the first");
        assert_eq!(tx.forget_allowances(NOW + SECOND).await.expect("forgotten"), 1);
        assert_eq!(tx.charge(&[charge(2, NOW, 1)]).await.expect("charged"), [([2; 32], NOW + SECOND)], "as new");
        for (latest, full_at) in [(9, 1), (0, 0)] {
            tx.cap_allowance(&[2; 32], NOW + latest * SECOND).await.expect("capped");
            let charged = tx.charge(&[charge(2, NOW, 0)]).await.expect("charged");
            assert_eq!(charged, [([2; 32], NOW + full_at * SECOND)], "at most {latest} s");
        }
    }

    async fn base_url_of_the_last_start_is_stored(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        assert_eq!(tx.note_base_url("https://a").await.expect("no instance yet"), None);
        tx.instance(id(1)).await.expect("named");
        assert_eq!(tx.note_base_url("https://a").await.expect("the first"), None);
        assert_eq!(tx.note_base_url("https://a").await.expect("the same"), None);
        assert_eq!(tx.note_base_url("https://b").await.expect("another"), Some("https://a".to_owned()));
        assert_eq!(tx.note_base_url("https://b").await.expect("the same"), None);
    }

    async fn only_the_matching_idempotency_claim_is_deleted(databases: Databases) {
        let partner = add_partner(&databases.data, 1).await;
        let mut tx = databases.data.write().await.expect("a transaction");
        assert!(tx.claim_idempotency_key(partner, "k", &[1], LATER).await.expect("claimed"));
        tx.forget_answer(partner, "k", NOW).await.expect("another one's");
        assert!(tx.stored_answer(partner, "k").await.expect("read").is_some());
        tx.forget_answer(partner, "k", LATER).await.expect("this one");
        assert_eq!(tx.stored_answer(partner, "k").await.expect("read"), None);
    }
}

/// Two nodes take outbox items at the same time without waiting for each other.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_take_disjoint_outbox_items() {
    let databases = database::postgres().await;
    let store = &databases.data;
    let mut tx = store.write().await.expect("a transaction");
    for number in 0..20 {
        tx.add_to_outbox(&message(number, 0)).await.expect("added");
    }
    tx.commit().await.expect("committed");
    let (mut one, mut other) = (store.write().await.expect("a node"), store.write().await.expect("another"));
    let mut taken = Vec::new();
    // The first has not committed, so waiting for it would never end.
    for (node, number) in [(&mut one, 12), (&mut other, 12)] {
        for _ in 0..number {
            taken.extend(node.take_from_outbox("mail", Uuid::nil(), NOW, LATER).await.expect("taken"));
        }
    }
    let mut ids: Vec<Uuid> = taken.iter().map(|item| item.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((taken.len(), ids.len()), (20, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_cleanup_does_not_wait_for_debits() {
    let databases = database::postgres().await;
    let store = &databases.data;
    let charge = |number| Debit { id: [number; 32], since: NOW, cost: SECOND };
    let mut tx = store.write().await.expect("a transaction");
    tx.charge(&[charge(1), charge(2), charge(3)]).await.expect("charged");
    tx.commit().await.expect("committed");
    let (mut one, mut other) = (store.write().await.expect("a node"), store.write().await.expect("another"));
    one.charge(&[charge(2)]).await.expect("charged");
    // The first has not committed, so waiting for its rows would be a deadlock.
    let forgotten = timeout(10 * SECOND, other.forget_allowances(LATER)).await.expect("it does not wait for the lock");
    assert_eq!(forgotten.expect("forgotten"), 2);
    other.commit().await.expect("committed");
    one.commit().await.expect("committed");
    let mut tx = store.write().await.expect("a transaction");
    assert_eq!(tx.forget_allowances(LATER).await.expect("forgotten"), 1, "in its turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_sent_on_commit() {
    let databases = database::postgres().await;
    let store = &databases.data;
    let mut notices = store.notices().expect("PostgreSQL has them");
    let mut next = async || timeout(10 * SECOND, notices.next()).await.expect("a notice");
    assert_eq!(next().await, Notice::Connected);
    let partner = add_partner(store, 1).await;
    assert_eq!(next().await, Notice::Partners);
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.rotate_partner(partner, &[8; 32], LATER).await.expect("rotated"));
    drop(tx);
    let mut tx = databases.keyring.write().await.expect("a transaction");
    let key = WrappedSigningKey {
        id: "new".to_owned(),
        purpose: "token".to_owned(),
        created_at: NOW,
        wrapped: vec![5],
        certificate: None,
    };
    tx.add_signing_key(&key).await.expect("added");
    tx.commit().await.expect("committed");
    assert_eq!(next().await, Notice::Keys, "and nothing of what was undone");
    let mut tx = store.write().await.expect("a transaction");
    let stored = tx.lock_partner(partner).await.expect("read").expect("there");
    assert!(tx.update_partner(&stored).await.expect("updated"));
    tx.commit().await.expect("committed");
    assert_eq!(next().await, Notice::Partners, "once, although the row was locked too");
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.disable_partner(partner, LATER).await.expect("disabled"));
    tx.commit().await.expect("committed");
    assert_eq!(next().await, Notice::Partners);
    let rows: Vec<NewSubmission> =
        (100..350).map(|number| new_submission(number, partner, &number.to_string())).collect();
    insert(store, &rows.iter().collect::<Vec<_>>()).await;
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.withdraw_pending_submission(id(100), partner, None, NOW).await.expect("taken back"));
    drop(tx);
    let mut tx = store.write().await.expect("a transaction");
    for number in 101..350 {
        assert!(tx.withdraw_pending_submission(id(number), partner, None, NOW).await.expect("taken back"));
    }
    tx.commit().await.expect("committed");
    for number in 101..350 {
        assert_eq!(next().await, Notice::Submission(id(number)), "a push tells nothing");
    }
    let mut tx = store.write().await.expect("a transaction");
    assert_eq!(tx.forget_submissions(LATER, 1).await.expect("forgotten"), 1);
    tx.commit().await.expect("committed");
    assert!(matches!(next().await, Notice::Submission(_)), "one that is forgotten");
    let sqlite = database::sqlite().await;
    assert!(sqlite.data.notices().is_none(), "nobody tells anything there");
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_connections_fail_waiting_queries() {
    let databases = database::postgres().await;
    let store = databases.data.clone();
    let before = store.read().await.expect("a transaction");
    let waiting = tokio::spawn(async move {
        store.cancel_on_disconnect(std::future::pending::<Result<(), store::StoreError>>()).await
    });
    tokio::task::yield_now().await;
    while !waiting.is_finished() {
        databases.data.give_up();
        tokio::task::yield_now().await;
    }
    assert!(waiting.await.expect("no panic").is_err());
    databases.data.renew();
    databases.data.read().await.expect("fresh connections").clock_mark().await.expect("an answer");
    let mut before = before;
    before.clock_mark().await.expect("what is under way goes on");
    drop(before);
    databases.data.close().await;
    databases.data.renew();
    assert!(databases.data.read().await.is_err(), "what is closed stays closed");
}

/// Pushes are single statements, which such a connection would never commit.
#[tokio::test(flavor = "multi_thread")]
async fn dropped_begin_leaves_no_transaction_open() {
    let databases = database::postgres().await;
    let store = &databases.data;
    drop(store.write().await.expect("a connection for the pool"));
    // Dropped earlier each time, because a transaction that begins completely ends one left open.
    for yields in (0..400).rev() {
        let mut begin = store.write();
        // It is polled at its wake-ups between the yields, as in a task that is aborted.
        let yielding = async {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            begun = &mut begin => drop(begun),
            () = yielding => {}
        }
    }
    let mut connection = PgConnection::connect(&databases.url).await.expect("connected");
    let count = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let mut open = i64::MAX;
    for _ in 0..50 {
        open = sqlx::query_scalar(count).fetch_one(&mut connection).await.expect("read");
        if open == 0 {
            break;
        }
        tokio::time::sleep(SECOND / 10).await;
    }
    assert_eq!(open, 0, "connections in the pool are in a transaction");
}
