//! The fast path of group commit, which assumes that all rows are new, and its fallback.

use std::path::Path;
use std::sync::Arc;

use ambient::Clock;
use sqlx::{Connection as _, PgConnection};
use store::domain::asset::AssetState;
use store::domain::submission::{Sealed, SubmissionState};
use store::domain::webhook::Webhook;
use store::{NewBatch, NewRequest, NewSubmission, PushWriter, Pushed, Store};
use uuid::Uuid;

use super::support::{NOW, add_partner, asset, id, insert, new_submission};
use super::webhooks;
use crate::both::contract;
use crate::database;
use crate::database::Databases;

async fn counted(store: &Store, partner: Uuid) -> Vec<i64> {
    let mut tx = store.read().await.expect("a transaction");
    tx.tallies(partner, 0, 10).await.expect("read").iter().map(|tally| tally.count).collect()
}

async fn disable(store: &Store, partner: Uuid) {
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.disable_partner(partner, NOW).await.expect("disabled"));
    tx.commit().await.expect("committed");
}

async fn listen(store: &Store, webhook: &Webhook) {
    let mut tx = store.write().await.expect("a transaction");
    tx.add_webhook(webhook).await.expect("added");
    tx.commit().await.expect("committed");
}

contract! {
    async fn multi_row_insert_is_atomic(databases: Databases) {
        let store = &databases.data;
        let (partner, heard, disabled) = (add_partner(store, 1).await, add_partner(store, 2).await, add_partner(store, 3).await);
        listen(store, &webhooks::webhook(20, heard, "atsp_request.created atsp_request.accepted")).await;
        listen(store, &webhooks::webhook(21, partner, "atsp_request.accepted")).await;
        disable(store, disabled).await;
        let at_once = async |new: &[NewSubmission]| {
            store.insert_at_once(&new.iter().collect::<Vec<_>>()).await.expect("an answer")
        };
        let through = |chain: &str, new: NewSubmission| NewSubmission { partner_chain: Some(chain.to_owned()), ..new };
        let first = [new_submission(11, partner, "b"), through("agency", new_submission(10, partner, "a")), new_submission(12, partner, "c")];
        // Only PostgreSQL does.
        let (done, counts) = if matches!(store, Store::Postgres { .. }) { (true, vec![2, 1]) } else { (false, vec![]) };
        assert_eq!(at_once(&first).await, done);
        assert_eq!(counted(store, partner).await, counts);
        if !done {
            assert_eq!(insert(store, &first.iter().collect::<Vec<_>>()).await.len(), 3);
        }
        let fresh = || new_submission(30, partner, "fresh");
        for (vain, why) in [
            ([fresh(), new_submission(31, partner, "a")], "a repeat"),
            ([fresh(), new_submission(31, partner, "fresh")], "the same twice"),
            ([fresh(), new_submission(31, heard, "fresh")], "somebody is told"),
            ([fresh(), new_submission(31, disabled, "fresh")], "disabled"),
            ([fresh(), new_submission(31, id(404), "fresh")], "nobody's"),
        ] {
            assert!(!at_once(&vain).await, "{why}");
        }
        let mut tx = store.write().await.expect("a transaction");
        let waiting = tx.linked_submission(id(11), NOW).await.expect("read").expect("stored");
        assert_eq!(waiting.state, SubmissionState::Incomplete { holder: None, sealed: Sealed { period: NOW, bytes: vec![1, 2, 3] } });
        assert_eq!(tx.linked_submission(id(30), NOW).await.expect("read"), None, "not without the other");
        assert_eq!(tx.current_submission(heard, "fresh", NOW).await.expect("read"), None);
        assert_eq!(tx.current_submission(disabled, "fresh", NOW).await.expect("read"), None);
        drop(tx);
        assert_eq!(counted(store, partner).await, counts, "nor counted");
    }

    async fn concurrent_pushes_are_stored_and_counted_once(databases: Databases) {
        let store = &databases.data;
        let (partner, heard, disabled) = (add_partner(store, 1).await, add_partner(store, 2).await, add_partner(store, 3).await);
        listen(store, &webhooks::webhook(20, heard, "atsp_request.created atsp_request.accepted")).await;
        disable(store, disabled).await;
        let new = |number: u128, credential_id: &str| new_submission(number, partner, credential_id);
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let push = |new: NewSubmission| committer.push(NewRequest::One(Arc::new(new)));
        assert_eq!(push(new(10, "a")).await.expect("answered"), Pushed::Created);
        // New rows are stored and counted once, in many combinations. A batch sends its group to
        // the slow path, so only every second round includes one.
        for round in 0..40 {
            let (fresh, base) = (format!("fresh {round}"), 1_000 + 10 * round);
            let item = NewSubmission { batch_id: Some(id(base + 4)), ..new(base + 5, &format!("item {round}")) };
            let batch = NewBatch { id: id(base + 4), credential_id: format!("batch {round}"), items: vec![item] };
            let batch = async {
                if round % 2 == 0 { committer.push(NewRequest::Batch(batch)).await } else { Ok(Pushed::Created) }
            };
            let (again, stored, twice, batch, refused, told) = tokio::join!(
                push(new(base, "a")),
                push(new(base + 1, &fresh)),
                push(new(base + 2, &fresh)),
                batch,
                push(new_submission(base + 3, disabled, &fresh)),
                push(new_submission(base + 6, heard, &fresh)),
            );
            let Pushed::Existing(existing) = again.expect("answered") else { panic!("stored again") };
            assert_eq!(existing.id, id(10));
            let created = [stored.expect("answered"), batch.expect("answered"), told.expect("answered")];
            assert_eq!(created, [Pushed::Created, Pushed::Created, Pushed::Created]);
            assert!(matches!(twice.expect("answered"), Pushed::Existing(existing) if existing.id == id(base + 1)));
            assert_eq!(refused.expect("answered"), Pushed::PartnerDisabled);
        }
        // Long enough for the fast path to be used again.
        for number in 0..40 {
            assert_eq!(push(new(5_000 + number, &format!("alone {number}"))).await.expect("answered"), Pushed::Created);
        }
        assert_eq!(counted(store, partner).await, [1 + 60 + 40]);
        assert_eq!(counted(store, heard).await, [40]);
        assert_eq!(counted(store, disabled).await, [0; 0]);
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.deliveries(id(20), heard, None, None, 100).await.expect("read").len(), 40);
    }

    async fn opposite_insert_orders_store_each_id_once(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let nodes = [0, 1].map(|_| PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff())));
        for round in 1..=4 {
            let push = |node: u8, place: u128| {
                let number = 1_000 * (2 * round + u128::from(node)) + place;
                let credential = if node == 0 { place } else { 199 - place };
                let new = new_submission(number, partner, &format!("{round} {credential}"));
                nodes[usize::from(node)].push(NewRequest::One(Arc::new(new)))
            };
            let one = futures::future::join_all((0..200).map(|place| push(0, place)));
            let other = futures::future::join_all((0..200).map(|place| push(1, place)));
            let (one, other) = tokio::join!(one, other);
            for (one, other) in one.into_iter().zip(other.into_iter().rev()) {
                match (one.expect("answered"), other.expect("answered")) {
                    (Pushed::Created, Pushed::Existing(_)) | (Pushed::Existing(_), Pushed::Created) => {}
                    outcomes => panic!("{outcomes:?}"),
                }
            }
        }
        assert_eq!(counted(store, partner).await, [800]);
    }

    async fn document_is_stored_with_its_push(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let document = asset(20, id(10), AssetState::Awaited);
        let new = NewSubmission { assets: vec![document.clone()], ..new_submission(10, partner, "a") };
        assert_eq!(committer.push(NewRequest::One(Arc::new(new))).await.expect("answered"), Pushed::Created);
        assert_eq!(store.read().await.expect("a transaction").assets(&[id(10)]).await.expect("read"), [document]);
    }

    /// If a connection breaks before the response, the outcome of the commit is unknown.
    async fn commit_with_unknown_outcome_is_counted_once(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let push = async |new: &NewSubmission| committer.push(NewRequest::One(Arc::new(new.clone()))).await.expect("answered");
        let [one, other] = [new_submission(10, partner, "a"), new_submission(11, partner, "b")];
        let new = [&one, &other];
        if !store.insert_at_once(&new).await.expect("an answer") {
            // SQLite always responds.
            return;
        }
        // The first uses the fast path and fails; the second uses the slow path at once.
        for new in new {
            assert!(matches!(push(new).await, Pushed::Existing(existing) if existing.id == new.id));
        }
        assert_eq!(counted(store, partner).await, [2]);
    }
}

/// PostgreSQL's own log. `scripts/postgres` keeps it beside the data.
async fn server_log(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("connected");
    let data: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.expect("a superuser");
    let log = Path::new(&data).with_file_name("log");
    String::from_utf8_lossy(&std::fs::read(log).expect("run by scripts/postgres")).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_pushes_write_no_ids_into_the_log() {
    let databases = database::postgres().await;
    let store = &databases.data;
    // Ids that no other test on this server has.
    let mark = format!("credential-{}", databases.url.rsplit_once('/').expect("a database").1);
    let partner = add_partner(store, 1).await;
    let credential = |number: u128| new_submission(number, partner, &format!("{mark} {}", number % 10));
    let at_once =
        async |new: &[NewSubmission]| store.insert_at_once(&new.iter().collect::<Vec<_>>()).await.expect("an answer");
    assert!(at_once(&[credential(10), credential(11)]).await);
    assert!(!at_once(&[credential(20), credential(22)]).await, "a repeat");
    assert!(!at_once(&[credential(33), credential(43)]).await, "the same twice");
    assert!(at_once(&[credential(34), credential(35)]).await);
    // Nodes that are given the same pushes at one moment.
    let nodes = [0, 1, 2, 3].map(|_| PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff())));
    for round in 1..=20 {
        let pushes = nodes.iter().zip(1_u128..).map(|(node, place)| {
            let new = new_submission(1_000 * place + round, partner, &format!("{mark} race {round}"));
            node.push(NewRequest::One(Arc::new(new)))
        });
        let outcomes = futures::future::join_all(pushes).await;
        let created = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Pushed::Created))).count();
        assert_eq!(created, 1);
    }
    // Other tests write into the same log; what this one caused to fail is known by its ids.
    let log = server_log(&databases.url).await;
    assert!(log.contains("undone, since some of the pushes are there already"), "the log is the server's");
    let told: Vec<&str> = log.lines().filter(|line| line.contains(&mark)).collect();
    assert_eq!(told, Vec::<&str>::new());
}
