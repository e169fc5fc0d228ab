//! Group commit and batches.

use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use sqlx::{Connection as _, Executor as _, PgConnection};
use store::domain::asset::AssetState;
use store::domain::submission::Status;
use store::{Alongside, NewBatch, NewRequest, NewSubmission, PushWriter, Pushed, StoreError, Tx};
use uuid::Uuid;

use super::support::{LATER, NOW, add_holder, add_partner, asset, id, message, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn group_commit_reports_each_push_separately(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let disabled = add_partner(store, 2).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.disable_partner(disabled, NOW).await.expect("disabled");
        tx.commit().await.expect("committed");
        let clock = Clock::manual(NOW.to_jiff());
        let committer = PushWriter::start(store.clone(), clock.clone());
        let mut pushes = tokio::task::JoinSet::new();
        for number in 0..600u128 {
            // Every id is pushed twice; one in ten is of a disabled partner.
            let owner = if number % 10 == 0 { disabled } else { partner };
            let new = new_submission(1000 + number, owner, &format!("c{}", number % 300));
            let committer = committer.clone();
            pushes.spawn(async move { committer.push(NewRequest::One(Arc::new(new))).await.expect("an outcome") });
        }
        let outcomes = pushes.join_all().await;
        let count = |wanted: fn(&Pushed) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
        assert_eq!(count(|outcome| *outcome == Pushed::Created), 270);
        assert_eq!(count(|outcome| matches!(outcome, Pushed::Existing(_))), 270);
        assert_eq!(count(|outcome| *outcome == Pushed::PartnerDisabled), 60);
        clock.advance(LATER.since(NOW));
        let again = NewSubmission { expires_at: LATER + Duration::from_secs(60), ..new_submission(9000, partner, "c1") };
        assert_eq!(committer.push(NewRequest::One(Arc::new(again))).await.expect("an outcome"), Pushed::Created, "after its time the id starts anew");
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.events(id(9000), LATER).await.expect("read").len(), 1);
        assert_eq!(tx.current_submission(partner, "c1", LATER).await.expect("read").expect("there").id, id(9000));
    }

    async fn full_queue_rejects_pushes_at_once(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        // Prepared, so that they are queued faster than groups are written.
        let new = |number: u128| Arc::new(new_submission(10_000 + number, partner, &format!("c{number}")));
        let prepared: Vec<Arc<NewSubmission>> = (0..20_000).map(new).collect();
        let mut pushes = tokio::task::JoinSet::new();
        for new in prepared {
            let committer = committer.clone();
            pushes.spawn(async move { committer.push(NewRequest::One(new)).await });
        }
        let (mut stored, mut refused) = (0, 0);
        for outcome in pushes.join_all().await {
            match outcome {
                Ok(outcome) => {
                    assert_eq!(outcome, Pushed::Created);
                    stored += 1;
                }
                Err(error) => {
                    assert!(matches!(&error, StoreError::Unavailable(cause) if cause.contains("queue is full")), "{error}");
                    refused += 1;
                }
            }
        }
        assert!(stored >= 4_096 && refused > 0, "{stored} were stored, {refused} refused");
    }

    async fn outbox_mail_is_stored_atomically_with_its_push(databases: Databases) {
        let store = &databases.data;
        let (partner, disabled) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        tx.disable_partner(disabled, NOW).await.expect("disabled");
        tx.commit().await.expect("committed");
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let mail = |number: u128| Some(message(number, 0));
        let one = |number: u128, partner, name: &str| NewRequest::One(Arc::new(new_submission(number, partner, name)));
        let push = async |new: NewRequest, mail| committer.push_with(new, Alongside { outgoing: mail, ..Alongside::default() }).await.expect("an outcome");
        assert_eq!(push(one(10, partner, "a"), mail(20)).await, Pushed::Created);
        assert!(matches!(push(one(11, partner, "a"), mail(21)).await, Pushed::Existing(_)));
        assert_eq!(push(one(12, disabled, "b"), mail(22)).await, Pushed::PartnerDisabled);
        let item = NewSubmission { batch_id: Some(id(50)), ..new_submission(51, partner, "c1") };
        let batch = NewBatch { id: id(50), credential_id: "c".to_owned(), items: vec![item] };
        assert_eq!(push(NewRequest::Batch(batch), mail(23)).await, Pushed::Created);
        assert_eq!(push(one(13, partner, "c"), mail(24)).await, Pushed::Taken(vec!["c".to_owned()]));
        let mut tx = store.write().await.expect("a transaction");
        let mut sent = Vec::new();
        while let Some(item) = tx.take_from_outbox("mail", Uuid::nil(), NOW, LATER).await.expect("taken") {
            sent.push(item.id);
        }
        assert_eq!(sent.len(), 2);
        assert!(sent.contains(&id(20)) && sent.contains(&id(23)));
    }

    async fn batch_is_inserted_bound_and_replaced_as_a_whole(databases: Databases) {
        let store = &databases.data;
        let (partner, holder) = (add_partner(store, 1).await, add_holder(store, 5).await);
        let item = |number: u128, name: &str| NewSubmission { batch_id: Some(id(50)), ..new_submission(number, partner, name) };
        let batch = NewBatch { id: id(50), credential_id: "b".to_owned(), items: vec![item(51, "b1"), item(52, "b2")] };
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_batch(&batch).await.expect("inserted"));
        let same = NewBatch { id: id(60), credential_id: "b".to_owned(), items: vec![item(61, "c1")] };
        assert!(!tx.insert_batch(&same).await.expect("its id is taken"));
        let clash = NewBatch { id: id(70), credential_id: "d".to_owned(), items: vec![item(71, "d1"), item(72, "b2")] };
        assert!(!tx.insert_batch(&clash).await.expect("an item's id is taken"));
        let mut taken = tx.taken_ids(partner, &["b", "b1", "d", "d1", "c1"]).await.expect("read");
        taken.sort();
        assert_eq!(taken, ["b", "b1"], "nothing stays of what did not go in whole");
        assert!(tx.taken_ids(partner, &[]).await.expect("read").is_empty());
        assert!(tx.linked_submission(id(50), NOW).await.expect("read").is_none(), "a batch is no submission");
        assert!(tx.current_submission(partner, "b", NOW).await.expect("read").is_none());
        let found = tx.linked_batch(id(50), NOW).await.expect("read").expect("there");
        assert_eq!((found.partner_id, found.expires_at, found.items.len()), (partner, LATER, 2));
        assert_eq!(found.items[0].batch_id, Some(id(50)));
        assert!(tx.linked_batch(id(51), NOW).await.expect("read").is_none(), "a submission is no batch");
        let mut bound = tx.bind_batch(id(50), holder, NOW).await.expect("bound");
        bound.sort();
        assert_eq!(bound, [id(51), id(52)]);
        assert!(tx.bind_batch(id(50), id(99), NOW).await.expect("it is bound").is_empty());
        assert!(tx.accept_submission(id(51), holder, &[4], NOW).await.expect("accepted"));
        let mut told = async |now| tx.credential_statuses(&[(partner, "b")], now).await.expect("read").remove(0).expect("known");
        let status = told(NOW).await;
        assert_eq!((status.status, status.items.len()), (Status::Incomplete, 2));
        assert_eq!(told(LATER).await.status, Status::Verified(LATER));
        let current = tx.current_batch(partner, "b", LATER).await.expect("read").expect("there");
        tx.replace_batch(current.id, id(99), LATER).await.expect("not theirs");
        assert!(tx.current_batch(partner, "b", LATER).await.expect("read").is_some());
        tx.replace_batch(current.id, partner, LATER).await.expect("replaced");
        assert!(tx.current_batch(partner, "b", LATER).await.expect("read").is_none());
        let mut taken = tx.taken_ids(partner, &["b", "b1", "b2"]).await.expect("read");
        taken.sort();
        assert_eq!(taken, ["b1", "b2"], "the items' statuses stay");
        tx.commit().await.expect("committed");
    }

    async fn group_commit_stores_a_batch_atomically(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let batch = |number: u128, name: &str, items: &[&str]| {
            let item = |(at, name): (usize, &&str)| NewSubmission {
                batch_id: Some(id(number)),
                assets: vec![asset(number + 500 + at as u128, id(number + 1 + at as u128), AssetState::Awaited)],
                ..new_submission(number + 1 + at as u128, partner, name)
            };
            let items = items.iter().enumerate().map(item).collect();
            NewRequest::Batch(NewBatch { id: id(number), credential_id: name.to_owned(), items })
        };
        let push = async |new: NewRequest| committer.push(new).await.expect("an outcome");
        assert_eq!(push(batch(100, "b", &["b1", "b2"])).await, Pushed::Created);
        let Pushed::ExistingBatch(existing) = push(batch(200, "b", &["x"])).await else { panic!("it stands") };
        assert_eq!(existing.id, id(100));
        assert_eq!(push(batch(300, "c", &["c1", "b2", "b"])).await, Pushed::Taken(vec!["b".to_owned(), "b2".to_owned()]));
        let single = |number: u128, name: &str| NewRequest::One(Arc::new(new_submission(number, partner, name)));
        assert_eq!(push(single(400, "b")).await, Pushed::Taken(vec!["b".to_owned()]));
        let Pushed::Existing(item) = push(single(401, "b1")).await else { panic!("it stands") };
        assert_eq!(item.batch_id, Some(id(100)));
        assert_eq!(push(single(402, "c1")).await, Pushed::Created, "nothing stayed of the batch that was refused");
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.assets(&[id(101), id(102)]).await.expect("read").len(), 2);
        assert!(tx.assets(&[id(301)]).await.expect("read").is_empty());
        assert_eq!(tx.events(id(101), NOW).await.expect("read").len(), 1);
    }
}

/// The writing connection of other pushes refuses writes with the code of a file that was opened
/// read-only; the one of plain pushes can be used.
#[tokio::test(flavor = "multi_thread")]
async fn plain_pushes_do_not_hide_that_others_fail() {
    let databases = database::sqlite().await;
    let store::Store::Sqlite { writer, .. } = &databases.data else { panic!("on SQLite") };
    let partner = add_partner(&databases.data, 1).await;
    let committer = PushWriter::start(databases.data.clone(), Clock::manual(NOW.to_jiff()));
    let push = async |number| committer.push(NewRequest::One(Arc::new(new_submission(number, partner, "a")))).await;
    assert_eq!(push(10).await.expect("stored"), Pushed::Created);
    assert!(!committer.failed_within(Duration::from_secs(60)));
    sqlx::query("PRAGMA query_only = ON").execute(writer).await.expect("set");
    push(11).await.expect_err("a repeat needs the other connection");
    assert!(committer.failed_within(Duration::from_secs(60)));
}

/// A full disk fails an attempt and the groups that are passed on after it. Once there is space, no
/// group is passed on any more.
#[tokio::test(flavor = "multi_thread")]
async fn plain_push_ends_the_failure_of_others_on_postgres() {
    let databases = database::postgres().await;
    let partner = add_partner(&databases.data, 1).await;
    let committer = PushWriter::start(databases.data.clone(), Clock::manual(NOW.to_jiff()));
    let push = async |number: u128| {
        let new = new_submission(number, partner, &number.to_string());
        committer.push(NewRequest::One(Arc::new(new))).await
    };
    let mut connection = PgConnection::connect(&databases.url).await.expect("connected");
    let full = "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$;
                CREATE TRIGGER no_space BEFORE INSERT ON submission EXECUTE FUNCTION no_space()";
    connection.execute(full).await.expect("created");
    for number in 10..27 {
        push(number).await.expect_err("no space");
        assert!(committer.failed_within(Duration::from_secs(60)));
    }
    connection.execute("DROP TRIGGER no_space ON submission").await.expect("dropped");
    assert_eq!(push(27).await.expect("stored"), Pushed::Created);
    assert!(!committer.failed_within(Duration::from_secs(60)));
}

/// Only a transaction with an id waits for standbys when it is committed.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_earlier_commits_is_a_write_on_postgres() {
    let databases = database::postgres().await;
    for waits in [false, true] {
        let mut tx = databases.data.write().await.expect("a transaction");
        if waits {
            tx.wait_for_earlier_commits().await.expect("written");
        }
        let Tx::Postgres(connection) = &mut tx else { panic!("on PostgreSQL") };
        let id: Option<String> = sqlx::query_scalar("SELECT pg_current_xact_id_if_assigned()::text")
            .fetch_one(&mut **connection)
            .await
            .expect("read");
        assert_eq!(id.is_some(), waits);
        tx.commit().await.expect("committed");
    }
    let sqlite = database::sqlite().await;
    let mut tx = sqlite.data.write().await.expect("a transaction");
    tx.wait_for_earlier_commits().await.expect("nothing to wait for");
}
