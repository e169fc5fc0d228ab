//! Listeners: their end, their deliveries, and what ordinary webhooks do not have to know of them.

use std::time::Duration;

use ambient::Timestamp;
use store::domain::webhook::Webhook;
use store::{Announcement, AnnouncementKind, Attempt, Settled, Store};
use uuid::Uuid;

use super::support::{LATER, NOW, add_partner, id};
use super::webhooks::webhook;
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const EVENTS: &str = "vwsp_request.verified";

fn listener(number: u128, partner: Uuid, until: Timestamp) -> Webhook {
    let never = LATER + Duration::from_secs(86_400 * 365);
    let row = Webhook { name: Some("Listener".to_owned()), ..webhook(number, partner, EVENTS) };
    Webhook { listens_until: Some(until), paused_until: Some(never), ..row }
}

async fn add(store: &Store, listener: &Webhook) -> Uuid {
    let mut tx = store.write().await.expect("a transaction");
    tx.add_listener(listener).await.expect("added");
    tx.commit().await.expect("committed");
    listener.id
}

fn told(partner: Uuid, request_id: &str) -> Announcement<'_> {
    let kind = AnnouncementKind::RequestVerified;
    Announcement { partner, kind, request_id, credential_id: None, at: NOW, told_at: NOW }
}

contract! {
    async fn listeners_are_no_webhooks_to_manage(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let row = listener(10, partner, LATER);
        let found = add(store, &row).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.webhook(found, partner).await.expect("read"), Some(row.clone()), "for its log");
        assert_eq!(tx.webhooks(partner).await.expect("read"), []);
        assert!(!tx.change_webhook(&row, LATER).await.expect("nothing to change"));
        assert!(!tx.rotate_webhook(found, partner, &[2], LATER, NOW).await.expect("nothing to rotate"));
        assert_eq!(tx.lock_webhook(found).await.expect("read"), Some(row));
    }

    async fn listeners_end_unless_they_are_extended(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let found = add(store, &listener(10, one, LATER)).await;
        let mut tx = store.write().await.expect("a transaction");
        let counts = (tx.count_listeners(one, NOW).await.expect("read"), tx.count_listeners(other, NOW).await.expect("read"));
        assert_eq!(counts, (1, 0));
        assert_eq!(tx.count_listeners(one, LATER).await.expect("read"), 0, "it ends then");
        assert_eq!(tx.ended_listeners(NOW).await.expect("read"), Vec::<Uuid>::new());
        assert_eq!(tx.ended_listeners(LATER).await.expect("read"), [found]);
        let later = LATER + Duration::from_secs(60);
        tx.extend_listener(found, later).await.expect("extended");
        assert_eq!(tx.ended_listeners(LATER).await.expect("read"), Vec::<Uuid>::new());
        assert_eq!(tx.listener_state(found, one, LATER).await.expect("read"), Some((later, false)));
        assert_eq!(tx.listener_state(found, one, later).await.expect("read"), None);
        assert_eq!(tx.listener_state(found, other, NOW).await.expect("not theirs"), None);
        tx.add_webhook(&webhook(11, one, EVENTS)).await.expect("added");
        tx.extend_listener(id(11), later).await.expect("no listener");
        assert_eq!(tx.webhook(id(11), one).await.expect("read").and_then(|found| found.listens_until), None);
        assert_eq!(tx.listener_state(id(11), one, NOW).await.expect("read"), None);
        tx.announce(&[told(one, "a")]).await.expect("told");
        assert_eq!(tx.listener_state(found, one, NOW).await.expect("read"), Some((later, true)));
        assert!(tx.disable_partner(one, NOW).await.expect("disabled"));
        assert_eq!(tx.listener_state(found, one, NOW).await.expect("read"), None);
    }

    async fn events_of_listeners_are_recorded_and_never_sent(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let found = add(store, &listener(10, partner, LATER)).await;
        let mut tx = store.write().await.expect("a transaction");
        let events = ["a", "b", "c"].map(|request| told(partner, request));
        tx.announce(&events).await.expect("told");
        let ids = events.map(|event| event.event_id());
        let never = NOW + Duration::from_secs(86_400 * 10_000);
        assert_eq!(tx.due_webhooks(NOW).await.expect("read"), Vec::<Uuid>::new());
        assert_eq!(tx.due_webhooks(never).await.expect("read"), Vec::<Uuid>::new(), "even when the pause for earlier releases is over");
        let attempt = Attempt { event_id: ids[1], number: 1, at: NOW, status: Some(204), error: None, duration_ms: 1, response: None };
        tx.settle_deliveries(found, &[Settled::Delivered(attempt)], NOW).await.expect("settled");
        let waiting = tx.undelivered_events(found, &[ids[2], ids[1], id(99), ids[0]]).await.expect("read");
        assert_eq!(waiting.iter().map(|waiting| waiting.event_id).collect::<Vec<_>>(), [ids[0], ids[2]]);
        assert_eq!(tx.undelivered_events(found, &[]).await.expect("read"), []);
        assert_eq!(tx.undelivered_events(id(99), &ids).await.expect("read"), []);
    }
}
