//! Webhooks, their deliveries and daily counts.

use std::sync::Arc;
use std::time::Duration;

use ambient::{Clock, Timestamp};
use store::domain::webhook::{DeliveryState, Webhook};
use store::{
    Announcement, AnnouncementKind, Attempt, EventKind, NewBatch, NewRequest, NewSubmission, PushWriter, Pushed,
    Settled, Store, Subject, TRIED_FOR, day, joined_chain,
};
use uuid::Uuid;

use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const AGAIN: Timestamp = Timestamp::from_micros(1_700_000_030_000_000);

pub(crate) fn webhook(number: u128, partner: Uuid, events: &str) -> Webhook {
    Webhook {
        id: id(number),
        partner_id: partner,
        url: format!("https://hooks.example/{number}"),
        name: Some("Production".to_owned()),
        description: None,
        events: events.to_owned(),
        secret_sealed: vec![1],
        previous_secret_sealed: None,
        previous_until: None,
        created_at: NOW,
        updated_at: NOW,
        failures: 0,
        paused_until: None,
        disabled_at: None,
        listens_until: None,
    }
}

async fn add_webhook(store: &Store, number: u128, partner: Uuid, events: &str) -> Uuid {
    let mut tx = store.write().await.expect("a transaction");
    tx.add_webhook(&webhook(number, partner, events)).await.expect("added");
    tx.commit().await.expect("committed");
    id(number)
}

fn told(partner: Uuid, request_id: &str, at: Timestamp) -> Announcement<'_> {
    Announcement { partner, kind: AnnouncementKind::RequestVerified, request_id, credential_id: None, at, told_at: at }
}

fn attempt(event_id: Uuid, number: i64, status: Option<i64>) -> Attempt {
    let error = status.is_none().then(|| "timed_out".to_owned());
    let response = status.map(|status| format!("<b>{status}</b>"));
    Attempt { event_id, number, at: NOW, status, error, duration_ms: 5, response }
}

contract! {
    async fn webhooks_belong_to_their_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let hook = add_webhook(store, 10, one, "a b").await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.webhook(hook, one).await.expect("read"), Some(webhook(10, one, "a b")));
        assert_eq!(tx.webhook(hook, other).await.expect("read"), None);
        assert_eq!((tx.webhooks(one).await.expect("read").len(), tx.webhooks(other).await.expect("read").len()), (1, 0));
        let changed = Webhook { url: "https://elsewhere.example".to_owned(), name: None, ..webhook(10, one, "c") };
        assert!(!tx.change_webhook(&Webhook { partner_id: other, ..changed.clone() }, LATER).await.expect("not theirs"));
        tx.note_webhook_health(hook, 7, Some(LATER)).await.expect("noted");
        assert_eq!(tx.lock_webhook(hook).await.expect("read").map(|found| (found.failures, found.paused_until)), Some((7, Some(LATER))));
        assert_eq!(tx.lock_webhook(id(99)).await.expect("read"), None);
        assert!(tx.change_webhook(&changed, LATER).await.expect("changed"));
        let found = tx.webhook(hook, one).await.expect("read").expect("there");
        assert_eq!(found, Webhook { updated_at: LATER, ..changed }, "and what failed before is forgiven");
        assert!(!tx.rotate_webhook(hook, other, &[2], LATER, NOW).await.expect("not theirs"));
        assert!(tx.rotate_webhook(hook, one, &[2], LATER, NOW).await.expect("rotated"));
        let found = tx.webhook(hook, one).await.expect("read").expect("there");
        assert_eq!((found.secret_sealed.as_slice(), found.previous_secret(NOW), found.previous_secret(LATER)), (&[2][..], Some(&[1][..]), None));
        assert!(!tx.delete_webhook(hook, other).await.expect("not theirs"));
        assert!(tx.delete_webhook(hook, one).await.expect("deleted"));
        assert!(!tx.delete_webhook(hook, one).await.expect("gone"));
    }

    async fn event_is_queued_once_per_subscribed_webhook(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let wants = add_webhook(store, 10, one, "vwsp_request.verified vwsp_request.canceled").await;
        let wants_not = add_webhook(store, 11, one, "atsp_request.created").await;
        let theirs = add_webhook(store, 12, other, "vwsp_request.verified").await;
        let mut tx = store.write().await.expect("a transaction");
        let event = told(one, "r1", NOW);
        tx.announce(&[]).await.expect("nothing to tell");
        tx.announce(&[event, told(one, "r2", NOW)]).await.expect("told");
        tx.announce(&[event]).await.expect("told before");
        let log = tx.deliveries(wants, one, None, None, 10).await.expect("read");
        assert_eq!(log.iter().map(|found| found.request_id.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
        assert_eq!((log[1].event_id, log[1].kind.as_str(), log[1].created_at), (event.event_id(), "vwsp_request.verified", NOW));
        assert_eq!((log[1].state, log[1].due_at, log[1].give_up_at), (DeliveryState::Waiting, NOW, NOW + TRIED_FOR));
        assert_eq!(log[1].reason, None);
        let expired = Announcement { kind: AnnouncementKind::RequestExpired, ..told(other, "r3", NOW) };
        tx.announce_to(theirs, &expired).await.expect("told");
        assert_eq!(tx.deliveries(theirs, other, None, None, 1).await.expect("read")[0].reason.as_deref(), Some("expired"));
        assert_eq!(tx.deliveries(wants, one, None, Some(log[0].sequence), 10).await.expect("read"), log[1..]);
        assert_eq!(tx.deliveries(wants, one, Some(DeliveryState::Failed), None, 10).await.expect("read"), []);
        assert_eq!(tx.deliveries(wants, other, None, None, 10).await.expect("not theirs"), []);
        assert_eq!(tx.deliveries(wants_not, one, None, None, 10).await.expect("read"), []);
        assert_eq!(tx.deliveries(theirs, other, None, None, 10).await.expect("read").len(), 1, "what it was told alone");
        tx.announce_to(wants_not, &event).await.expect("told");
        assert_eq!(tx.deliveries(wants_not, one, None, None, 10).await.expect("read").len(), 1);
        assert_eq!(tx.due_webhooks(NOW).await.expect("read"), [wants, wants_not, theirs]);
        tx.note_webhook_health(wants, 5, Some(LATER)).await.expect("paused");
        assert_eq!(tx.due_webhooks(NOW).await.expect("read"), [wants_not, theirs]);
        assert_eq!(tx.due_webhooks(LATER).await.expect("read"), [wants, wants_not, theirs]);
        assert!(tx.disable_partner(one, NOW).await.expect("disabled"));
        assert_eq!(tx.due_webhooks(LATER).await.expect("read"), [theirs]);
    }

    async fn deliveries_are_leased_finished_and_replayed(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = add_webhook(store, 10, partner, "vwsp_request.verified").await;
        let mut tx = store.write().await.expect("a transaction");
        let events: Vec<Announcement<'_>> = ["a", "b", "c", "d"].map(|request| told(partner, request, NOW)).to_vec();
        tx.announce(&events).await.expect("told");
        let ids: Vec<Uuid> = events.iter().map(Announcement::event_id).collect();
        assert_eq!(tx.take_deliveries(hook, NOW - Duration::from_secs(1), AGAIN, 10).await.expect("taken"), [], "not yet");
        let taken = tx.take_deliveries(hook, NOW, AGAIN, 3).await.expect("taken");
        assert_eq!(taken.iter().map(|taken| taken.event_id).collect::<Vec<_>>(), ids[..3]);
        assert_eq!(tx.take_deliveries(hook, NOW, AGAIN, 10).await.expect("taken").len(), 1, "the others are somebody's");
        let settled = [
            Settled::Delivered(attempt(ids[0], 1, Some(204))),
            Settled::Retried(attempt(ids[1], 1, None), LATER),
            Settled::GivenUp(attempt(ids[2], 1, Some(500))),
            Settled::Released(ids[3], NOW),
        ];
        tx.settle_deliveries(hook, &settled, NOW).await.expect("settled");
        tx.settle_deliveries(hook, &settled[..1], NOW).await.expect("twice, by two nodes");
        let mut log = tx.deliveries(hook, partner, None, None, 10).await.expect("read");
        log.reverse();
        let states: Vec<(DeliveryState, i64, Timestamp)> = log.iter().map(|found| (found.state, found.tries, found.due_at)).collect();
        assert_eq!(states[1..], [(DeliveryState::Waiting, 1, LATER), (DeliveryState::Failed, 1, NOW), (DeliveryState::Waiting, 0, NOW)]);
        assert_eq!((states[0].0, log[0].delivered_at), (DeliveryState::Delivered, Some(NOW)));
        let attempts = tx.delivery_attempts(hook, partner, &ids[..3]).await.expect("read");
        assert_eq!(attempts.len(), 3);
        assert!(attempts.contains(&attempt(ids[1], 1, None)));
        assert_eq!(tx.delivery_attempts(hook, id(99), &ids).await.expect("not theirs"), []);
        assert_eq!(tx.delivery_attempts(hook, partner, &[]).await.expect("read"), []);
        assert!(!tx.replay_delivery(hook, id(99), ids[0], LATER).await.expect("not theirs"));
        assert!(!tx.replay_delivery(hook, partner, id(99), LATER).await.expect("not there"));
        assert!(tx.replay_delivery(hook, partner, ids[0], LATER).await.expect("queued"));
        let again = tx.deliveries(hook, partner, None, Some(log[1].sequence), 10).await.expect("read").remove(0);
        assert_eq!((again.event_id, again.state, again.tries, again.delivered_at), (ids[0], DeliveryState::Waiting, 0, None));
        assert_eq!(again.give_up_at, LATER + TRIED_FOR);
        let range = (NOW, LATER);
        let failed = tx.replay_deliveries(hook, partner, range, Some(DeliveryState::Failed), 0, LATER, 10).await.expect("queued");
        assert_eq!(failed, [log[2].sequence]);
        assert!(tx.replay_deliveries(hook, partner, range, None, 0, LATER, 10).await.expect("all wait").is_empty());
        assert!(tx.replay_deliveries(hook, id(99), range, None, 0, LATER, 10).await.expect("not theirs").is_empty());
    }

    async fn event_waits_for_the_first_attempt_of_its_predecessor(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = add_webhook(store, 10, partner, "vwsp_request.verified").await;
        let second = Duration::from_secs(1);
        let events = [told(partner, "r", NOW), told(partner, "other", NOW), told(partner, "r", NOW + second)];
        let ids = events.map(|event| event.event_id());
        let mut tx = store.write().await.expect("a transaction");
        tx.announce(&events).await.expect("told");
        let take = async |tx: &mut store::Tx, now, limit| -> Vec<Uuid> {
            let taken = tx.take_deliveries(hook, now, AGAIN, limit).await.expect("taken");
            taken.iter().map(|taken| taken.event_id).collect()
        };
        assert_eq!(take(&mut tx, NOW + second, 1).await, ids[..1]);
        assert_eq!(take(&mut tx, NOW + second, 10).await, ids[1..2], "the first is under way");
        tx.settle_deliveries(hook, &[Settled::Retried(attempt(ids[0], 1, None), LATER)], NOW).await.expect("settled");
        assert_eq!(take(&mut tx, NOW + second, 10).await, ids[2..], "it was tried once");
        tx.settle_deliveries(hook, &[Settled::Released(ids[1], NOW)], NOW).await.expect("settled");
        for event in [ids[0], ids[2]] {
            assert!(tx.replay_delivery(hook, partner, event, NOW).await.expect("queued"));
        }
        assert_eq!(take(&mut tx, NOW, 10).await, ids, "together, and in order");
    }

    async fn deliveries_are_abandoned_and_deleted(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = add_webhook(store, 10, partner, "vwsp_request.verified").await;
        let mut tx = store.write().await.expect("a transaction");
        let events = ["a", "b", "c"].map(|request| told(partner, request, NOW));
        tx.announce(&events).await.expect("told");
        let ids = events.map(|event| event.event_id());
        tx.settle_deliveries(hook, &[Settled::Delivered(attempt(ids[0], 1, Some(200)))], NOW).await.expect("settled");
        let end = NOW + TRIED_FOR;
        assert_eq!(tx.give_up_deliveries(end - Duration::from_secs(1), 10).await.expect("none"), 0);
        assert_eq!(tx.give_up_deliveries(end, 1).await.expect("one"), 1);
        assert_eq!(tx.forget_deliveries(NOW, 10).await.expect("too early"), 0);
        assert_eq!(tx.forget_deliveries(LATER, 10).await.expect("two"), 2, "what waits stays");
        assert_eq!(tx.deliveries(hook, partner, None, None, 10).await.expect("read").len(), 1);
        assert!(tx.delivery_attempts(hook, partner, &ids).await.expect("read").is_empty());
        assert_eq!(tx.delete_deliveries(hook, 10).await.expect("deleted"), 1);
        assert!(tx.deliveries(hook, partner, None, None, 10).await.expect("read").is_empty());
    }

    async fn disabled_webhook_is_enabled_by_a_change(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = add_webhook(store, 10, partner, "a").await;
        let other = add_webhook(store, 11, partner, "a").await;
        let mut tx = store.write().await.expect("a transaction");
        tx.note_webhook_health(hook, 7, Some(LATER)).await.expect("noted");
        tx.disable_webhook(hook, NOW).await.expect("disabled");
        tx.disable_webhook(hook, LATER).await.expect("again");
        let found = tx.lock_webhook(hook).await.expect("read").expect("there");
        assert_eq!((found.disabled_at, found.failures, found.paused_until), (Some(NOW), 0, None));
        let untouched = tx.webhook(other, partner).await.expect("read").expect("there");
        assert_eq!(untouched.disabled_at, None);
        assert!(tx.rotate_webhook(hook, partner, &[2], LATER, NOW).await.expect("rotated"));
        assert_eq!(tx.webhook(hook, partner).await.expect("read").and_then(|found| found.disabled_at), Some(NOW), "a new secret changes nothing");
        assert!(tx.change_webhook(&webhook(10, partner, "a"), LATER).await.expect("changed"));
        assert_eq!(tx.webhook(hook, partner).await.expect("read").map(|found| found.disabled_at), Some(None));
    }

    async fn pending_deliveries_of_one_webhook_fail_and_can_be_replayed(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = add_webhook(store, 10, partner, "vwsp_request.verified").await;
        let other = add_webhook(store, 11, partner, "vwsp_request.verified").await;
        let mut tx = store.write().await.expect("a transaction");
        let events = ["a", "b", "c"].map(|request| told(partner, request, NOW));
        tx.announce(&events).await.expect("told");
        let ids = events.map(|event| event.event_id());
        tx.settle_deliveries(hook, &[Settled::Delivered(attempt(ids[0], 1, Some(204)))], NOW).await.expect("settled");
        tx.settle_deliveries(hook, &[Settled::Retried(attempt(ids[1], 1, None), LATER)], NOW).await.expect("settled");
        tx.disable_webhook(hook, NOW).await.expect("disabled");
        assert_eq!(tx.due_webhooks(NOW).await.expect("read"), [hook, other], "its deliveries are to fail");
        assert_eq!(tx.fail_deliveries(hook, 1).await.expect("one"), 1);
        assert_eq!(tx.fail_deliveries(hook, 10).await.expect("the other, which is not due"), 1);
        assert_eq!(tx.fail_deliveries(hook, 10).await.expect("none"), 0);
        let mut log = tx.deliveries(hook, partner, None, None, 10).await.expect("read");
        log.reverse();
        let states = log.iter().map(|found| found.state).collect::<Vec<_>>();
        assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Failed, DeliveryState::Failed]);
        assert_eq!(tx.waiting_deliveries(other, partner).await.expect("read").0, 3);
        let failed = tx.replay_deliveries(hook, partner, (NOW, LATER), Some(DeliveryState::Failed), 0, LATER, 10).await.expect("queued");
        assert_eq!(failed, [log[1].sequence, log[2].sequence]);
    }

    async fn push_events_are_counted_per_day_and_queued(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let ada = add_holder(store, 3).await;
        let hook = add_webhook(store, 20, one, "atsp_request.created atsp_request.canceled").await;
        let chain = joined_chain(&["Umbrella".to_owned(), "Branch".to_owned()]);
        assert_eq!((chain.as_deref(), joined_chain(&[])), (Some("Umbrella > Branch"), None));
        let committer = PushWriter::start(store.clone(), Clock::manual(NOW.to_jiff()));
        for new in [
            NewSubmission { partner_chain: chain, ..new_submission(10, one, "a") },
            new_submission(11, one, "b"),
            new_submission(12, one, "c"),
            NewSubmission { created_at: NOW + Duration::from_secs(86_400), ..new_submission(13, one, "d") },
            new_submission(14, other, "e"),
        ] {
            assert_eq!(committer.push(NewRequest::One(Arc::new(new))).await.expect("pushed"), Pushed::Created);
        }
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.count_unopened(id(10), NOW).await.expect("read"), 1);
        assert_eq!(tx.note_link_opened(id(10), NOW).await.expect("noted"), [id(10)]);
        assert!(tx.note_link_opened(id(10), NOW).await.expect("once").is_empty());
        assert_eq!((tx.count_unopened(id(10), NOW).await.expect("read"), tx.count_unopened(id(11), LATER).await.expect("over")), (0, 0));
        tx.record_events(&[id(10)], EventKind::LinkOpened, NOW).await.expect("recorded");
        for submission in [id(10), id(11), id(12)] {
            assert!(tx.bind_submission(submission, ada, NOW).await.expect("bound"));
        }
        assert!(tx.is_waiting(id(10), NOW).await.expect("read"), "it is opened, and not answered");
        assert!(!tx.is_waiting(id(12), LATER).await.expect("read"), "it has expired");
        assert!(tx.accept_submission(id(10), ada, &[4], NOW).await.expect("accepted"));
        assert!(tx.decline_submission(id(11), ada, NOW).await.expect("declined"));
        for answered in [id(10), id(11)] {
            assert!(!tx.is_waiting(answered, NOW).await.expect("read"));
        }
        tx.record_events(&[id(11)], EventKind::Declined, NOW).await.expect("recorded");
        tx.release_submissions(ada, NOW).await.expect("released");
        let today = day(NOW);
        let tally = |day, chain: &str, kind, count| store::DailyCount { day, chain: chain.to_owned(), kind, count };
        assert_eq!(
            tx.tallies(one, today, 10).await.expect("read"),
            [
                tally(today, "", EventKind::Declined, 2),
                tally(today, "", EventKind::Pushed, 2),
                tally(today, "Umbrella > Branch", EventKind::LinkOpened, 1),
                tally(today, "Umbrella > Branch", EventKind::Pushed, 1),
                tally(today, "Umbrella > Branch", EventKind::Removed, 1),
                tally(today + 1, "", EventKind::Pushed, 1),
            ]
        );
        assert_eq!(tx.tallies(one, today + 1, 10).await.expect("read").len(), 1);
        // Includes the other partner's; more if two connections have counted, each in its own slot.
        assert!(tx.forget_tallies(today + 1).await.expect("forgotten") >= 6);
        assert_eq!(tx.tallies(one, 0, 10).await.expect("read").len(), 1);
        let log = tx.deliveries(hook, one, None, None, 10).await.expect("read");
        let told: Vec<(&str, Option<&str>)> = log.iter().rev().map(|found| (found.kind.as_str(), found.credential_id.as_deref())).collect();
        let (created, canceled) = ("atsp_request.created", "atsp_request.canceled");
        assert_eq!(told, [(created, Some("a")), (created, Some("b")), (created, Some("c")), (created, Some("d")), (canceled, Some("b")), (canceled, Some("c"))]);
        assert_eq!(log[5].request_id, id(10).to_string());
    }

    async fn batch_item_event_names_the_batch_request(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = add_webhook(store, 20, partner, "atsp_request.opened").await;
        let item = |number, name: &str| NewSubmission { batch_id: Some(id(50)), ..new_submission(number, partner, name) };
        let batch = NewBatch { id: id(50), credential_id: "all".to_owned(), items: vec![item(51, "one"), item(52, "two")] };
        assert_eq!(Subject::from(&batch.items[0]).batch_id, Some(id(50)));
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.insert_batch(&batch).await.expect("inserted"));
        assert!(tx.is_waiting(id(50), NOW).await.expect("read"), "a batch waits for its items");
        assert_eq!(tx.count_unopened(id(50), NOW).await.expect("read"), 2);
        let opened = tx.note_link_opened(id(50), NOW).await.expect("noted");
        assert_eq!(opened, [id(51), id(52)]);
        tx.record_events(&opened, EventKind::LinkOpened, NOW).await.expect("recorded");
        let log = tx.deliveries(hook, partner, None, None, 10).await.expect("read");
        assert!(log.len() == 2 && log.iter().all(|found| found.request_id == id(50).to_string()));
    }

    async fn push_replacing_an_expired_one_records_its_expiry(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let clock = Clock::manual(NOW.to_jiff());
        let committer = PushWriter::start(store.clone(), clock.clone());
        let push = async |number| committer.push(NewRequest::One(Arc::new(new_submission(number, partner, "a")))).await.expect("pushed");
        assert_eq!(push(10).await, Pushed::Created);
        clock.advance(LATER.since(NOW));
        assert_eq!(push(11).await, Pushed::Created);
        let mut tx = store.write().await.expect("a transaction");
        let kinds: Vec<EventKind> = tx.events(id(10), LATER).await.expect("read").into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Pushed, EventKind::Expired]);
        assert_eq!(tx.expire_submissions(LATER, 1).await.expect("told in its turn"), [id(10)]);
        assert_eq!(tx.tallies(partner, 0, 10).await.expect("read").iter().map(|tally| tally.count).collect::<Vec<_>>(), [1, 2]);
    }

    async fn repeated_expiry_is_the_same_event(databases: Databases) {
        // Recorded in time, and by a server that was offline for a week, as after a restore.
        let (restored, week) = (database::sqlite().await, Duration::from_secs(7 * 86_400));
        let mut told = Vec::new();
        for (store, now) in [(&databases.data, LATER + Duration::from_secs(1)), (&restored.data, LATER + week)] {
            let partner = add_partner(store, 1).await;
            let hook = add_webhook(store, 20, partner, "atsp_request.canceled").await;
            insert(store, &[&new_submission(10, partner, "a")]).await;
            let mut tx = store.write().await.expect("a transaction");
            assert_eq!(tx.expire_submissions(now, 10).await.expect("told"), [id(10)]);
            assert_eq!(tx.give_up_deliveries(now, 10).await.expect("given up"), 0, "it has its three days from now on");
            let log = tx.deliveries(hook, partner, None, None, 10).await.expect("read");
            told.push((log[0].event_id, log[0].created_at));
        }
        assert_eq!((told[0], told[0].1), (told[1], LATER), "its time was over then");
    }

    async fn pending_deliveries_are_counted_per_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let hook = add_webhook(store, 10, one, "vwsp_request.verified").await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.waiting_deliveries(hook, one).await.expect("read"), (0, None));
        tx.announce(&[told(one, "1", NOW), told(one, "2", LATER)]).await.expect("announced");
        assert_eq!(tx.waiting_deliveries(hook, one).await.expect("read"), (2, Some(NOW)));
        assert_eq!(tx.waiting_deliveries(hook, other).await.expect("read"), (0, None), "not theirs");
    }
}
