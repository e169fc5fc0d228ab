//! The contract of the store: every method of `Tx`, on SQLite and on PostgreSQL, with the same expectations.

#[path = "../support/contract.rs"]
mod both;
#[path = "../support/database.rs"]
mod database;

use std::time::Duration;

use ambient::{Clock, Timestamp};
use both::contract;
use credential::{AssetKind, Type};
use database::Databases;
use store::domain::asset::{Asset, AssetState, Failure, Object};
use store::domain::submission::{Sealed, State, Status};
use store::{
    Ceremony, Committer, EventKind, Holder, Migrations, NewBatch, NewRequest, NewSubmission, OutboxItem, Part, Partner,
    Pushed, Session, SignIn, Store, StoredPasskey, Tx, WrappedSigningKey,
};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
/// How long an answered challenge is remembered.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);
const LATER: Timestamp = Timestamp::from_micros(1_700_000_900_000_000);

mod at_once;
mod console;
mod issuances;
mod nodes;
mod presentations;
mod restored;
mod shares;
mod status_lists;
mod statuses;
mod verifications;
mod versions;
mod webhooks;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn new_submission(number: u128, partner: Uuid, credential_id: &str) -> NewSubmission {
    NewSubmission {
        id: id(number),
        partner_id: partner,
        credential_id: credential_id.to_owned(),
        credential_type: Type::default(),
        document_type: None,
        batch_id: None,
        partner_chain: None,
        assets: Vec::new(),
        created_at: NOW,
        expires_at: LATER,
        sealed: Sealed { period: NOW, bytes: vec![1, 2, 3] },
    }
}

fn asset(number: u128, submission: Uuid, state: AssetState) -> Asset {
    Asset {
        id: id(number),
        submission_id: submission,
        position: 0,
        asset_id: format!("a{number}"),
        kind: AssetKind::Pdf,
        state,
    }
}

fn stored(object: u128) -> AssetState {
    AssetState::Stored(Object { name: id(object), size: 7, sealed_key: vec![7] })
}

async fn add_partner(store: &Store, number: u128) -> Uuid {
    let partner = Partner {
        id: id(number),
        name: format!("Partner {number}"),
        scopes: "write.career_history".to_owned(),
        secret_hash: vec![7; 32],
        created_at: NOW,
        rotated_at: None,
        disabled_at: None,
        document_hosts: String::new(),
        sandbox: false,
        callback_urls: String::new(),
    };
    let mut tx = store.write().await.expect("a transaction");
    tx.add_partner(&partner).await.expect("added");
    tx.commit().await.expect("committed");
    partner.id
}

async fn add_holder(store: &Store, number: u128) -> Uuid {
    let holder = holder(number);
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.add_holder(&holder).await.expect("added"));
    tx.commit().await.expect("committed");
    holder.id
}

fn holder(number: u128) -> Holder {
    Holder {
        id: id(number),
        email_fingerprint: number.to_be_bytes().to_vec(),
        email_sealed: vec![9],
        created_at: NOW,
        sign_ins: 0,
        passkey_offer_declined_at: None,
    }
}

async fn insert(store: &Store, new: &[&NewSubmission]) -> Vec<Uuid> {
    let mut tx = store.write().await.expect("a transaction");
    let mut inserted = tx.insert_submissions(new).await.expect("inserted");
    tx.commit().await.expect("committed");
    inserted.sort();
    inserted
}

contract! {
    async fn a_transaction_that_is_dropped_is_undone(databases: Databases) {
        let store = &databases.data;
        let mut tx = store.write().await.expect("a transaction");
        tx.add_holder(&holder(1)).await.expect("added");
        drop(tx);
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.holder(id(1)).await.expect("read"), None);
        tx.ping().await.expect("the database answers");
    }

    async fn partners_are_added_found_rotated_and_disabled(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.rotate_partner(one, &[8; 32], LATER).await.expect("rotated"));
        assert!(!tx.rotate_partner(id(99), &[8; 32], LATER).await.expect("nobody there"));
        assert!(!tx.exchange_partner_secret(one, &[7; 32], &[9; 32], LATER).await.expect("not its secret"));
        assert!(tx.exchange_partner_secret(one, &[8; 32], &[9; 32], LATER).await.expect("exchanged"));
        assert!(!tx.exchange_partner_secret(one, &[8; 32], &[10; 32], LATER).await.expect("no more"));
        assert!(tx.disable_partner(other, LATER).await.expect("disabled"));
        assert!(!tx.disable_partner(id(99), LATER).await.expect("nobody there"));
        tx.commit().await.expect("committed");
        let mut tx = store.read().await.expect("a transaction");
        let partner = tx.partner(one).await.expect("read").expect("there");
        assert_eq!((partner.secret_hash, partner.rotated_at, partner.disabled_at), (vec![9; 32], Some(LATER), None));
        assert_eq!(tx.partners().await.expect("read").len(), 2);
        assert_eq!(tx.partner(id(99)).await.expect("read"), None);
        let active = tx.active_partners(&[one, other, id(99)]).await.expect("read");
        assert_eq!([one, other, id(99)].map(|partner| active.has(partner)), [true, false, false]);
    }

    async fn a_submission_goes_in_once_for_its_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let (first, same, theirs) = (new_submission(10, one, "a"), new_submission(11, one, "a"), new_submission(12, other, "a"));
        assert_eq!(insert(store, &[&first, &same, &theirs]).await, [id(10), id(12)]);
        assert!(insert(store, &[&same]).await.is_empty());
        // Two rows went in, and on PostgreSQL with each what was pushed, and nothing else.
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.drop_payloads(LATER + Duration::from_secs(86_400), 3).await.expect("dropped"));
        drop(tx);
        let mut tx = store.read().await.expect("a transaction");
        let found = tx.current_submission(one, "a", NOW).await.expect("read").expect("there");
        assert_eq!((found.id, found.partner_id, found.created_at, found.expires_at), (id(10), one, NOW, LATER));
        assert_eq!(found.state, State::Incomplete { holder: None, sealed: first.sealed });
        assert_eq!(tx.linked_submission(id(12), NOW).await.expect("read").expect("there").partner_id, other);
        assert_eq!(tx.linked_submission(id(11), NOW).await.expect("read"), None);
        assert_eq!(tx.current_submission(one, "b", NOW).await.expect("read"), None);
    }

    async fn a_batch_of_any_size_goes_in_whole(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let new: Vec<NewSubmission> = (0..237).map(|number| new_submission(100 + number, partner, &format!("c{number}"))).collect();
        assert_eq!(insert(store, &new.iter().collect::<Vec<_>>()).await.len(), 237);
    }

    async fn a_replaced_submission_makes_room_and_loses_its_data(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.replace_submission(id(10), id(99), LATER).await.expect("not theirs: nothing happens"));
        assert!(tx.current_submission(partner, "a", NOW).await.expect("read").is_some());
        assert!(tx.replace_submission(id(10), partner, LATER).await.expect("replaced"));
        assert_eq!(tx.current_submission(partner, "a", NOW).await.expect("read"), None);
        let old = tx.linked_submission(id(10), LATER).await.expect("read").expect("still known");
        assert_eq!(old.state, State::Expired { holder: None, at: LATER });
        tx.commit().await.expect("committed");
        assert_eq!(insert(store, &[&new_submission(11, partner, "a")]).await, [id(11)]);
    }

    async fn the_first_account_binds_and_another_cannot(databases: Databases) {
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

    async fn only_its_holder_accepts_declines_and_removes(databases: Databases) {
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
        assert_eq!(held[0].state, State::Accepted { holder: ada, at: NOW, sealed: vec![4] });
        assert_eq!(tx.held_submissions(eve).await.expect("read"), []);
        assert_eq!(tx.linked_submission(id(11), NOW).await.expect("read").expect("known").state, State::Declined { holder: Some(ada), at: NOW });
        assert!(!tx.remove_submission(id(10), eve, NOW).await.expect("not theirs"));
        assert!(tx.remove_submission(id(10), ada, NOW).await.expect("removed"));
        assert!(!tx.remove_submission(id(10), ada, NOW).await.expect("once"));
        assert_eq!(tx.linked_submission(id(10), NOW).await.expect("read").expect("known").state, State::Removed { holder: Some(ada), at: NOW, withdrawn_at: None });
    }

    async fn what_is_over_is_expired_in_batches_and_forgotten_later(databases: Databases) {
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
        assert_eq!(tx.linked_submission(id(10), LATER).await.expect("read").expect("known").state, State::Expired { holder: None, at: LATER });
        assert_eq!(tx.forget_submissions(LATER, 10).await.expect("too early"), 0);
        assert_eq!(tx.forget_submissions(LATER + Duration::from_secs(1), 4).await.expect("four of them"), 4);
        assert_eq!(tx.forget_submissions(LATER + Duration::from_secs(1), 4).await.expect("the rest"), 1);
        assert_eq!(tx.events(id(10), LATER).await.expect("read"), []);
        tx.commit().await.expect("committed");
    }

    async fn time_is_cut_short_by_whose_request_it_is_alone(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        insert(store, &[&new_submission(10, one, "a"), &new_submission(11, one, "b")]).await;
        let mut tx = store.write().await.expect("a transaction");
        let items = vec![new_submission(21, one, "c"), new_submission(22, one, "d")];
        let items = items.into_iter().map(|item| NewSubmission { batch_id: Some(id(20)), ..item }).collect();
        assert!(tx.insert_batch(&NewBatch { id: id(20), credential_id: "batch".to_owned(), items }).await.expect("in"));
        let soon = NOW + Duration::from_secs(1);
        assert!(!tx.cut_short(id(10), other, soon).await.expect("not theirs"));
        assert!(tx.cut_short(id(10), one, soon).await.expect("cut short"));
        assert!(!tx.cut_short(id(10), one, soon + Duration::from_secs(1)).await.expect("never longer again"));
        assert!(tx.cut_short(id(20), one, soon).await.expect("the batch with its items"));
        assert_eq!(tx.expire_submissions(soon, 10).await.expect("expired").len(), 3);
        let waiting = tx.linked_submission(id(11), soon).await.expect("read").expect("there");
        assert!(matches!(waiting.state, State::Incomplete { .. }), "nothing else is over");
        tx.commit().await.expect("committed");
    }

    async fn releasing_an_account_leaves_statuses_and_no_name(databases: Databases) {
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
            (id(10), State::Removed { holder: None, at: NOW, withdrawn_at: None }),
            (id(11), State::Declined { holder: None, at: NOW }),
            (id(12), State::Declined { holder: None, at: NOW }),
        ] {
            assert_eq!(tx.linked_submission(submission, NOW).await.expect("read").expect("known").state, expected);
        }
        assert_eq!(tx.holder(ada).await.expect("read"), None);
    }

    async fn events_come_back_in_order(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&new_submission(10, partner, "a"), &new_submission(11, partner, "b")]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.record_events(&[], EventKind::Opened, NOW).await.expect("nothing to do");
        for kind in [EventKind::Opened, EventKind::Accepted, EventKind::Removed, EventKind::Withdrawn, EventKind::Superseded, EventKind::Declined] {
            tx.record_events(&[id(10)], kind, LATER).await.expect("recorded");
        }
        // As older releases wrote it.
        tx.record_events(&[id(11)], EventKind::Pushed, NOW).await.expect("recorded");
        let mut kinds = async |submission, now| tx.events(submission, now).await.expect("read").into_iter().map(|event| event.kind).collect::<Vec<_>>();
        assert_eq!(kinds(id(10), NOW).await, [EventKind::Pushed, EventKind::Opened, EventKind::Accepted, EventKind::Removed, EventKind::Withdrawn, EventKind::Superseded, EventKind::Declined]);
        assert_eq!(kinds(id(11), NOW).await, [EventKind::Pushed]);
        assert_eq!(kinds(id(11), LATER).await, [EventKind::Pushed, EventKind::Expired]);
        assert_eq!(kinds(id(99), LATER).await, []);
    }

    async fn what_was_told_to_be_over_is_not_answered_any_more(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let rows = [10, 11, 12, 13].map(|number| new_submission(number, partner, &format!("c{number}")));
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [10, 11, 12, 13] {
            assert!(tx.bind_submission(id(submission), ada, NOW).await.expect("bound"));
        }
        // Another node's clock is ahead, and this one's is not.
        assert_eq!(tx.expire_submissions(LATER, 10).await.expect("told").len(), 4);
        assert!(!tx.accept_submission(id(10), ada, &[4], NOW).await.expect("over"));
        assert!(!tx.decline_submission(id(11), ada, NOW).await.expect("over"));
        assert!(!tx.take_back_submission(id(12), partner, None, NOW).await.expect("over"));
        tx.release_submissions(ada, NOW).await.expect("released");
        assert_eq!(tx.linked_submission(id(13), LATER).await.expect("read").expect("known").state, State::Expired { holder: None, at: LATER });
        let later = NewSubmission { expires_at: LATER + Duration::from_secs(60), ..new_submission(14, partner, "later") };
        assert_eq!(tx.insert_submissions(&[&later]).await.expect("in"), [id(14)]);
        assert!(tx.cut_short(id(14), partner, NOW).await.expect("cut short"));
        assert_eq!(tx.expire_submissions(LATER + Duration::from_secs(1), 10).await.expect("told"), [id(14)], "its turn still comes");
        tx.commit().await.expect("committed");
    }

    async fn what_was_replaced_is_not_answered_and_what_was_accepted_is_not_replaced(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let rows = [10, 11, 12].map(|number| new_submission(number, partner, &format!("c{number}")));
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [10, 11, 12] {
            assert!(tx.bind_submission(id(submission), ada, NOW).await.expect("bound"));
        }
        // Whoever answers may have looked at the clock just before the new push.
        assert!(tx.replace_submission(id(10), partner, LATER).await.expect("replaced"));
        assert!(!tx.accept_submission(id(10), ada, &[4], NOW).await.expect("replaced"));
        assert!(!tx.decline_submission(id(10), ada, NOW).await.expect("replaced"));
        assert!(!tx.take_back_submission(id(10), partner, None, NOW).await.expect("replaced"));
        assert!(tx.accept_submission(id(11), ada, &[4], NOW).await.expect("accepted"));
        assert!(!tx.replace_submission(id(11), partner, LATER).await.expect("accepted meanwhile"));
        assert_eq!(tx.held_submissions(ada).await.expect("read").len(), 1, "with all of its data");
        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert!(!tx.replace_submission(id(11), partner, LATER).await.expect("it was accepted"));
        tx.commit().await.expect("committed");
    }

    async fn a_period_is_known_for_as_long_as_something_of_it_waits(databases: Databases) {
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

    async fn an_answer_and_its_expiry_exclude_each_other(databases: Databases) {
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
                // It waits for who answers.
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

    async fn what_waits_goes_with_its_period(databases: Databases) {
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
        // The first hour has no partition of its own, the others have.
        let rows = [pushed(10, 0), pushed(11, 0), pushed(12, 1), pushed(13, 2)];
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let waits = async |submission| {
            let found = store.read().await.expect("a transaction").linked_submission(id(submission), NOW).await.expect("read");
            matches!(found.expect("known").state, State::Incomplete { .. })
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

    async fn an_address_has_one_account(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        let again = Holder { id: id(2), ..holder(1) };
        assert!(!tx.add_holder(&again).await.expect("taken"));
        tx.count_sign_in(ada).await.expect("counted");
        tx.decline_passkey_offer(ada, LATER).await.expect("noted");
        let found = tx.holder_by_email(&1u128.to_be_bytes()).await.expect("read").expect("there");
        assert_eq!((found.id, found.sign_ins, found.passkey_offer_declined_at), (ada, 1, Some(LATER)));
        assert_eq!(tx.holder_by_email(b"nobody").await.expect("read"), None);
    }

    async fn a_code_has_so_many_tries_and_ends_once(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let sign_in = |number| SignIn {
            id: id(number), email_fingerprint: vec![1], code_fingerprint: vec![2], attempts: 0, created_at: NOW, expires_at: LATER,
            ring_period: NOW, sealed: vec![3],
        };
        tx.add_sign_in(&sign_in(1)).await.expect("added");
        assert_eq!(tx.sign_in(id(1)).await.expect("read"), Some(sign_in(1)));
        for _ in 0..3 {
            assert!(tx.take_sign_in_try(id(1), 3).await.expect("a try"));
        }
        assert!(!tx.take_sign_in_try(id(1), 3).await.expect("none left"));
        tx.add_sign_in(&sign_in(2)).await.expect("a new code ends the old one");
        assert_eq!(tx.sign_in(id(1)).await.expect("read"), None);
        assert!(tx.end_sign_in(id(2)).await.expect("ended"));
        assert!(!tx.end_sign_in(id(2)).await.expect("once"));
        tx.add_sign_in(&sign_in(3)).await.expect("added");
        assert_eq!(tx.forget_sign_ins(LATER).await.expect("not over"), 0);
        assert_eq!(tx.forget_sign_ins(LATER + Duration::from_secs(1)).await.expect("over"), 1);
    }

    async fn sessions_begin_live_on_and_end(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 1).await;
        let session = |number: u8| Session { token_hash: vec![number], holder_id: ada, created_at: NOW, expires_at: LATER };
        let mut tx = store.write().await.expect("a transaction");
        for number in 1..=3 {
            tx.add_session(&session(number)).await.expect("begun");
        }
        assert_eq!(tx.session(&[1], NOW).await.expect("read"), Some(session(1)));
        assert_eq!(tx.session(&[1], LATER).await.expect("over"), None);
        tx.extend_session(&[1], LATER + Duration::from_secs(1)).await.expect("extended");
        assert!(tx.session(&[1], LATER).await.expect("read").is_some());
        assert_eq!(tx.count_sessions(ada, NOW).await.expect("counted"), 3);
        tx.end_session(&[1]).await.expect("ended");
        assert_eq!(tx.count_sessions(ada, NOW).await.expect("counted"), 2);
        assert_eq!(tx.forget_sessions(LATER).await.expect("not over"), 0);
        tx.end_sessions(ada).await.expect("all ended");
        assert_eq!(tx.count_sessions(ada, NOW).await.expect("counted"), 0);
        tx.add_session(&session(4)).await.expect("begun");
        assert_eq!(tx.forget_sessions(LATER + Duration::from_secs(1)).await.expect("over"), 1);
    }

    async fn passkeys_are_their_holders_own(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 1).await, add_holder(store, 2).await);
        let passkey = StoredPasskey { id: vec![1, 2], holder_id: ada, sealed: vec![3], created_at: NOW, used_at: None };
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.add_passkey(&passkey).await.expect("added"));
        assert!(!tx.add_passkey(&StoredPasskey { holder_id: eve, ..passkey.clone() }).await.expect("known"));
        tx.use_passkey(&[1, 2], eve, &[9], LATER).await.expect("not theirs: nothing happens");
        assert_eq!(tx.passkeys(ada).await.expect("read"), std::slice::from_ref(&passkey));
        tx.use_passkey(&[1, 2], ada, &[4], LATER).await.expect("used");
        assert_eq!(tx.passkeys(ada).await.expect("read"), [StoredPasskey { sealed: vec![4], used_at: Some(LATER), ..passkey }]);
        assert!(!tx.remove_passkey(&[1, 2], eve).await.expect("not theirs"));
        assert!(tx.remove_passkey(&[1, 2], ada).await.expect("removed"));
        assert_eq!(tx.passkeys(ada).await.expect("read"), []);
    }

    async fn a_ceremony_is_finished_once(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let ceremony = Ceremony { token_hash: vec![1], expires_at: LATER, ring_period: NOW, sealed: vec![2] };
        tx.add_ceremony(&ceremony).await.expect("begun");
        assert_eq!(tx.take_ceremony(&[1], LATER).await.expect("over"), None);
        assert_eq!(tx.take_ceremony(&[1], NOW).await.expect("taken"), Some(ceremony.clone()));
        assert_eq!(tx.take_ceremony(&[1], NOW).await.expect("once"), None);
        tx.add_ceremony(&ceremony).await.expect("begun");
        assert_eq!(tx.forget_ceremonies(LATER).await.expect("not over"), 0);
        assert_eq!(tx.forget_ceremonies(LATER + Duration::from_secs(1)).await.expect("over"), 1);
    }

    async fn an_idempotency_key_is_claimed_once_a_partner(databases: Databases) {
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
        // A request that was taken for dead is answered after another has claimed its key.
        tx.store_answer((other, "k", LATER), 201, "application/json", &Sealed { period: NOW, bytes: b"{}".to_vec() }).await.expect("nobody's");
        assert_eq!(tx.stored_answer(other, "k").await.expect("read").expect("there").status, 0);
        tx.forget_answer(other, "k", NOW).await.expect("let go");
        assert_eq!(tx.stored_answer(other, "k").await.expect("read"), None);
        assert_eq!(tx.forget_answers(NOW).await.expect("too early"), 0);
        assert_eq!(tx.forget_answers(LATER).await.expect("over"), 1);
    }

    async fn the_outbox_hands_an_item_to_one_taker_at_a_time(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let item = |number| OutboxItem { id: id(number), kind: "mail".to_owned(), due_at: NOW, attempts: 0, ring_period: NOW, sealed: vec![1] };
        for number in 1..=3 {
            tx.add_to_outbox(&item(number)).await.expect("added");
        }
        assert_eq!(tx.take_from_outbox(NOW - Duration::from_secs(1), LATER, 10).await.expect("not due"), []);
        let taken = tx.take_from_outbox(NOW, LATER, 2).await.expect("taken");
        assert_eq!(taken.len(), 2);
        assert!(taken.iter().all(|item| item.attempts == 1 && item.due_at == LATER));
        assert_eq!(tx.take_from_outbox(NOW, LATER, 10).await.expect("the rest").len(), 1);
        assert_eq!(tx.take_from_outbox(NOW, LATER, 10).await.expect("all are taken"), []);
        tx.put_off(id(1), NOW).await.expect("due again");
        assert_eq!(tx.take_from_outbox(NOW, LATER, 10).await.expect("again")[0].attempts, 2);
        tx.remove_from_outbox(id(1)).await.expect("done");
        assert_eq!(tx.outbox_length().await.expect("counted"), 2);
    }

    async fn the_key_ring_keeps_the_first_key_and_destroys_for_good(databases: Databases) {
        let mut tx = databases.keyring.write().await.expect("a transaction");
        assert!(!tx.has_keys().await.expect("read"));
        tx.add_ring_key(NOW, &[1]).await.expect("added");
        tx.add_ring_key(NOW, &[2]).await.expect("the first stays");
        assert_eq!(tx.ring_key(NOW).await.expect("read"), Some(vec![1]));
        assert!(tx.has_keys().await.expect("read"));
        assert_eq!(tx.oldest_ring_key().await.expect("read"), Some(NOW));
        assert_eq!(tx.destroy_ring_keys(NOW, &[]).await.expect("not before"), 0);
        assert_eq!(tx.destroy_ring_keys(LATER, &[LATER, NOW]).await.expect("kept"), 0);
        assert_eq!(tx.destroy_ring_keys(LATER, &[LATER]).await.expect("destroyed"), 1);
        assert_eq!(tx.oldest_ring_key().await.expect("read"), None);
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
        assert_eq!(tx.signing_keys("authority").await.expect("read").len(), 1, "a key of another purpose stays");
        assert!(tx.any_signing_key().await.expect("read").is_some_and(|(id, wrapped)| !id.is_empty() && !wrapped.is_empty()));
    }

    async fn group_commit_answers_each_push_for_itself(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let disabled = add_partner(store, 2).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.disable_partner(disabled, NOW).await.expect("disabled");
        tx.commit().await.expect("committed");
        let clock = Clock::manual(NOW.to_jiff());
        let committer = Committer::start(store.clone(), clock.clone());
        let mut pushes = tokio::task::JoinSet::new();
        for number in 0..600u128 {
            // Every id comes twice; one in ten is of a partner that is disabled.
            let owner = if number % 10 == 0 { disabled } else { partner };
            let new = new_submission(1000 + number, owner, &format!("c{}", number % 300));
            let committer = committer.clone();
            pushes.spawn(async move { committer.push(NewRequest::One(Box::new(new))).await.expect("an outcome") });
        }
        let outcomes = pushes.join_all().await;
        let count = |wanted: fn(&Pushed) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
        assert_eq!(count(|outcome| *outcome == Pushed::Created), 270);
        assert_eq!(count(|outcome| matches!(outcome, Pushed::Existing(_))), 270);
        assert_eq!(count(|outcome| *outcome == Pushed::PartnerDisabled), 60);
        clock.advance(LATER.since(NOW));
        let again = NewSubmission { expires_at: LATER + Duration::from_secs(60), ..new_submission(9000, partner, "c1") };
        assert_eq!(committer.push(NewRequest::One(Box::new(again))).await.expect("an outcome"), Pushed::Created, "after its time the id starts anew");
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.events(id(9000), LATER).await.expect("read").len(), 1);
        assert_eq!(tx.current_submission(partner, "c1", LATER).await.expect("read").expect("there").id, id(9000));
    }

    async fn what_a_push_has_to_send_is_stored_with_it_or_not_at_all(databases: Databases) {
        let store = &databases.data;
        let (partner, disabled) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        tx.disable_partner(disabled, NOW).await.expect("disabled");
        tx.commit().await.expect("committed");
        let committer = Committer::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let mail = |number: u128| {
            Some(OutboxItem { id: id(number), kind: "mail".to_owned(), due_at: NOW, attempts: 0, ring_period: NOW, sealed: vec![1] })
        };
        let one = |number: u128, partner, name: &str| NewRequest::One(Box::new(new_submission(number, partner, name)));
        let push = async |new: NewRequest, mail| committer.push_and_send(new, mail).await.expect("an outcome");
        assert_eq!(push(one(10, partner, "a"), mail(20)).await, Pushed::Created);
        assert!(matches!(push(one(11, partner, "a"), mail(21)).await, Pushed::Existing(_)));
        assert_eq!(push(one(12, disabled, "b"), mail(22)).await, Pushed::PartnerDisabled);
        let item = NewSubmission { batch_id: Some(id(50)), ..new_submission(51, partner, "c1") };
        let batch = NewBatch { id: id(50), credential_id: "c".to_owned(), items: vec![item] };
        assert_eq!(push(NewRequest::Batch(batch), mail(23)).await, Pushed::Created);
        assert_eq!(push(one(13, partner, "c"), mail(24)).await, Pushed::Taken(vec!["c".to_owned()]));
        let mut tx = store.write().await.expect("a transaction");
        let sent: Vec<Uuid> = tx.take_from_outbox(NOW, LATER, 10).await.expect("taken").into_iter().map(|item| item.id).collect();
        assert_eq!(sent.len(), 2);
        assert!(sent.contains(&id(20)) && sent.contains(&id(23)));
    }

    async fn a_batch_goes_in_whole_is_bound_and_replaced_whole(databases: Databases) {
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

    async fn the_committer_takes_a_batch_whole_or_not_at_all(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let committer = Committer::start(store.clone(), Clock::manual(NOW.to_jiff()));
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
        let single = |number: u128, name: &str| NewRequest::One(Box::new(new_submission(number, partner, name)));
        assert_eq!(push(single(400, "b")).await, Pushed::Taken(vec!["b".to_owned()]));
        let Pushed::Existing(item) = push(single(401, "b1")).await else { panic!("it stands") };
        assert_eq!(item.batch_id, Some(id(100)));
        assert_eq!(push(single(402, "c1")).await, Pushed::Created, "nothing stayed of the batch that was refused");
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.assets(&[id(101), id(102)]).await.expect("read").len(), 2);
        assert!(tx.assets(&[id(301)]).await.expect("read").is_empty());
        assert_eq!(tx.events(id(101), NOW).await.expect("read").len(), 1);
    }

    async fn assets_change_while_their_submission_waits_and_go_with_it(databases: Databases) {
        let store = &databases.data;
        let (partner, holder) = (add_partner(store, 1).await, add_holder(store, 5).await);
        insert(store, &[&new_submission(10, partner, "a"), &new_submission(11, partner, "b")]).await;
        let states = [AssetState::Awaited, AssetState::Fetching { sealed: vec![1] }, stored(900), AssetState::Failed(Failure::TooLarge)];
        let all: Vec<Asset> = states.iter().enumerate().map(|(at, state)| Asset { position: at as i64, ..asset(20 + at as u128, id(10), state.clone()) }).collect();
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_assets(&all.iter().collect::<Vec<_>>(), NOW).await.expect("inserted");
        tx.insert_assets(&[&asset(30, id(11), stored(901))], NOW).await.expect("inserted");
        assert_eq!(tx.assets(&[id(10)]).await.expect("read"), all);
        assert_eq!(tx.asset(id(20)).await.expect("read").as_ref(), Some(&all[0]));
        assert_eq!(tx.asset(id(99)).await.expect("read"), None);
        assert!(tx.assets(&[]).await.expect("read").is_empty());
        assert!(tx.is_object_known(id(900)).await.expect("read") && !tx.is_object_known(id(999)).await.expect("read"));

        assert!(tx.change_asset(id(20), &stored(910), NOW).await.expect("changed"));
        assert!(tx.change_asset(id(20), &stored(911), NOW).await.expect("changed again"));
        assert_eq!(tx.dropped_objects(10).await.expect("read"), [id(910)], "the last one stays");
        assert!(tx.is_object_known(id(910)).await.expect("read"), "it is known until it is deleted");
        assert!(!tx.change_asset(id(20), &stored(912), LATER).await.expect("its time is over"));
        assert!(!tx.change_asset(id(99), &stored(912), NOW).await.expect("nobody there"));
        tx.forget_dropped_object(id(910)).await.expect("forgotten");
        tx.drop_object(id(920)).await.expect("dropped");
        tx.drop_object(id(920)).await.expect("dropped twice");
        assert_eq!(tx.dropped_objects(10).await.expect("read"), [id(920)]);
        tx.forget_dropped_object(id(920)).await.expect("forgotten");

        assert_eq!(tx.count_assets_to_fetch(NOW).await.expect("counted"), 1);
        let taken = tx.take_assets_to_fetch(NOW, LATER, 10).await.expect("taken");
        assert_eq!(tx.count_assets_to_fetch(NOW).await.expect("counted"), 0);
        assert_eq!(taken, [(all[1].clone(), 1)]);
        assert!(tx.take_assets_to_fetch(NOW, LATER, 10).await.expect("read").is_empty(), "nobody else takes it");
        assert_eq!(tx.take_assets_to_fetch(LATER, LATER + Duration::from_secs(9), 10).await.expect("taken")[0].1, 2);
        tx.put_off_asset(id(21), NOW).await.expect("put off");
        assert_eq!(tx.take_assets_to_fetch(NOW, LATER, 10).await.expect("taken").len(), 1);
        tx.end_fetching(id(10)).await.expect("ended");
        assert_eq!(tx.asset(id(21)).await.expect("read").expect("there").state, AssetState::Failed(Failure::Late));

        assert!(tx.bind_submission(id(10), holder, NOW).await.expect("bound"));
        assert!(tx.accept_submission(id(10), holder, &[4], NOW).await.expect("accepted"));
        assert!(!tx.change_asset(id(20), &stored(913), NOW).await.expect("the person has answered"));
        assert!(tx.hand_over_asset(id(20), id(911), &[8], LATER).await.expect("handed over"));
        assert!(!tx.hand_over_asset(id(20), id(910), &[8], LATER).await.expect("another object"));
        let AssetState::Stored(object) = tx.asset(id(20)).await.expect("read").expect("there").state else { panic!("stored") };
        assert_eq!((object.name, object.sealed_key), (id(911), vec![8]));
        assert!(tx.remove_submission(id(10), holder, NOW).await.expect("removed"));
        assert!(tx.assets(&[id(10)]).await.expect("read").is_empty());
        let mut dropped = tx.dropped_objects(10).await.expect("read");
        dropped.sort();
        assert_eq!(dropped, [id(900), id(911)]);
        assert_eq!(tx.expire_submissions(LATER, 10).await.expect("expired"), [id(11)]);
        assert_eq!(tx.dropped_objects(10).await.expect("read").len(), 3);
        tx.commit().await.expect("committed");
    }

    async fn documents_of_wallets_that_are_not_kept_are_deleted_in_time(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in 0..6_u128 {
            let holder = holder(10 + number);
            assert!(tx.add_holder(&holder).await.expect("added"));
            // Two have signed in twice, one has a passkey, three have done neither.
            for _ in 0..if number < 2 { 2 } else { 1 } {
                tx.count_sign_in(holder.id).await.expect("counted");
            }
            if number == 2 {
                let passkey = StoredPasskey { id: vec![1], holder_id: holder.id, sealed: vec![1], created_at: NOW, used_at: None };
                tx.add_passkey(&passkey).await.expect("added");
            }
            let submission = new_submission(20 + number, partner, &format!("c{number}"));
            tx.insert_submissions(&[&submission]).await.expect("inserted");
            tx.insert_assets(&[&asset(30 + number, submission.id, stored(40 + number))], NOW).await.expect("inserted");
            assert!(tx.bind_submission(submission.id, holder.id, NOW).await.expect("bound"));
            assert!(tx.accept_submission(submission.id, holder.id, &[1], NOW).await.expect("accepted"));
            assert!(tx.hand_over_asset(id(30 + number), id(40 + number), &[2], LATER).await.expect("handed over"));
        }
        assert_eq!(tx.end_waits_for_keeping(NOW, 10).await.expect("not yet"), (0, 0));
        let (mut ended, mut deleted) = (0, 0);
        for _ in 0..3 {
            let (some, gone) = tx.end_waits_for_keeping(LATER, 2).await.expect("ended");
            ended += some;
            deleted += gone;
        }
        assert_eq!((ended, deleted), (6, 3), "a few at a time, and none is missed");
        assert_eq!(tx.end_waits_for_keeping(LATER, 10).await.expect("nothing left"), (0, 0));
        let states: Vec<bool> = tx.assets(&(20..26).map(id).collect::<Vec<_>>()).await.expect("read").iter()
            .map(|asset| asset.state == AssetState::Deleted).collect();
        assert_eq!(states, [false, false, false, true, true, true]);
        assert_eq!(tx.dropped_objects(10).await.expect("read").len(), 3);
        tx.commit().await.expect("committed");
    }

    async fn a_database_is_looked_at_as_it_stands(databases: Databases) {
        for (part, store) in [(Part::Data, &databases.data), (Part::Keyring, &databases.keyring)] {
            let found = store.migrations(part).await.expect("read");
            let expected = Migrations { applied: found.applied, ..Migrations::default() };
            assert!(found.applied > 0 && found == expected, "{found:?}");
            let applied = store.read().await.expect("a transaction").applied_migrations().await.expect("read");
            assert!(applied.iter().all(|(_, whole)| *whole));
        }
        assert_ne!(databases.data.migrations(Part::Keyring).await.ok(), databases.keyring.migrations(Part::Keyring).await.ok());
        let mut tx = databases.data.write().await.expect("a transaction");
        assert!(!tx.rewrite_instance().await.expect("nothing there yet"));
        tx.instance(id(1)).await.expect("named");
        assert!(tx.rewrite_instance().await.expect("written"));
        assert_eq!(tx.instance(id(2)).await.expect("read"), id(1), "as it was");
        let settings = tx.durability().await.expect("read");
        assert!(settings.iter().any(|(name, value)| name.starts_with("synchronous") && value != "off"), "{settings:?}");
        let time = tx.server_time().await.expect("read");
        assert_eq!(time.is_some(), matches!(tx, Tx::Postgres(_)), "SQLite has no clock of its own");
        assert_eq!(tx.oldest_in_outbox().await.expect("read"), None);
        for number in [2, 1] {
            let due_at = NOW + Duration::from_secs(number);
            let item = OutboxItem {
                id: id(number.into()), kind: "mail".to_owned(), due_at, attempts: 0, ring_period: NOW, sealed: vec![7],
            };
            tx.add_to_outbox(&item).await.expect("added");
        }
        assert_eq!(tx.oldest_in_outbox().await.expect("read"), Some(NOW + Duration::from_secs(1)));
    }

    async fn a_database_has_one_name(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        assert_eq!(tx.instance(id(1)).await.expect("named"), id(1));
        assert_eq!(tx.instance(id(2)).await.expect("named before"), id(1));
    }

    async fn a_partner_s_hosts_are_set_and_kept_to(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        let stored = tx.partner(partner).await.expect("read").expect("there");
        assert!(stored.may_fetch_from("anywhere.example") && !stored.sandbox);
        tx.add_partner(&Partner { id: id(2), sandbox: true, ..stored }).await.expect("added");
        assert!(tx.partner(id(2)).await.expect("read").expect("there").sandbox, "it is read as it was added");
        assert!(tx.set_document_hosts(partner, "example.edu documents.example.org").await.expect("set"));
        assert!(!tx.set_document_hosts(id(99), "x").await.expect("nobody there"));
        let found = tx.partner(partner).await.expect("read").expect("there");
        for (host, allowed) in [
            ("example.edu", true),
            ("a.b.example.edu", true),
            ("notexample.edu", false),
            ("example.org", false),
            ("documents.example.org", true),
        ] {
            assert_eq!(found.may_fetch_from(host), allowed, "{host}");
        }
    }
}
