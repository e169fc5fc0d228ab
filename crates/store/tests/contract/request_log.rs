//! The request log of partners: failed requests, counts by minute, and their deletion; the health
//! of webhooks.

use std::time::Duration;

use ambient::Timestamp;
use store::{
    Announcement, AnnouncementKind, Attempt, CountedRequests, LoggedRequest, RequestFilter, RequestTotal, Settled,
    Store, WebhookHealth,
};
use uuid::Uuid;

use super::support::{LATER, NOW, add_partner, id};
use super::webhooks::webhook;
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const MINUTE: Duration = Duration::from_secs(60);
const PUSH: &str = "/api/partner/v2/add/requests/{type}";
const STATUS: &str = "/api/partner/v2/submissions/{credential_id}/status";

/// A failed request of a minute counted from [`NOW`].
fn failed(minute: u32, partner: Uuid, route: &str, status: i64) -> LoggedRequest {
    let at = NOW + MINUTE * minute;
    LoggedRequest {
        id: at.lowest_id(),
        partner_id: partner,
        at,
        method: "POST".to_owned(),
        route: route.to_owned(),
        status,
        codes: "invalid date.format".to_owned(),
        request_id: format!("r{minute}"),
        duration_us: 1500,
    }
}

fn counted(minute: u32, partner: Uuid, status: i64, count: i64) -> CountedRequests {
    CountedRequests {
        partner_id: partner,
        minute: (NOW + MINUTE * minute).floor(MINUTE),
        method: "POST".to_owned(),
        route: PUSH.to_owned(),
        status,
        count,
        duration_us: count * 10,
    }
}

async fn log(store: &Store, failed: &[LoggedRequest], counts: &[CountedRequests]) {
    let mut tx = store.write().await.expect("a transaction");
    tx.log_requests(failed).await.expect("logged");
    tx.count_requests(counts).await.expect("counted");
    tx.commit().await.expect("committed");
}

async fn found(store: &Store, partner: Uuid, filter: &RequestFilter) -> Vec<String> {
    let mut tx = store.read().await.expect("a transaction");
    let page = tx.failed_requests(partner, filter, None, 10).await.expect("read");
    page.rows.into_iter().map(|row| row.request_id).collect()
}

async fn totals(store: &Store, partner: Uuid, from: Timestamp, to: Timestamp) -> Vec<(i64, i64, i64)> {
    let mut tx = store.read().await.expect("a transaction");
    let totals = tx.request_totals(partner, from, to).await.expect("read");
    totals.into_iter().map(|RequestTotal { status, count, duration_us, .. }| (status, count, duration_us)).collect()
}

contract! {
    async fn failed_requests_are_listed_per_partner_and_filtered(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut rows: Vec<LoggedRequest> = [(0, PUSH, 422), (1, STATUS, 404), (2, PUSH, 503), (3, PUSH, 409)]
            .map(|(minute, route, status)| failed(minute, one, route, status))
            .into();
        rows[2].codes = "unavailable".to_owned();
        log(store, &rows, &[]).await;
        log(store, &rows[..1], &[]).await;
        log(store, &[failed(10, other, PUSH, 500)], &[]).await;
        assert_eq!(found(store, one, &RequestFilter::default()).await, ["r3", "r2", "r1", "r0"], "each once");
        assert_eq!(found(store, other, &RequestFilter::default()).await, ["r10"]);
        let all = RequestFilter::default;
        let at = |minute| Some(NOW + MINUTE * minute);
        for (filter, expected) in [
            (RequestFilter { class: Some(4), ..all() }, vec!["r3", "r1", "r0"]),
            (RequestFilter { class: Some(5), ..all() }, vec!["r2"]),
            (RequestFilter { route: Some(STATUS.to_owned()), ..all() }, vec!["r1"]),
            (RequestFilter { class: Some(5), route: Some(STATUS.to_owned()), ..all() }, vec![]),
            (RequestFilter { from: at(1), to: at(3), ..all() }, vec!["r2", "r1"]),
            (RequestFilter { request_id: Some("r2".to_owned()), ..all() }, vec!["r2"]),
            (RequestFilter { request_id: Some("r10".to_owned()), ..all() }, vec![]),
            (RequestFilter { code: Some("invalid".to_owned()), ..all() }, vec!["r3", "r1", "r0"]),
            (RequestFilter { code: Some("date.format".to_owned()), class: Some(5), ..all() }, vec![]),
            (RequestFilter { code: Some("date".to_owned()), ..all() }, vec![]),
            (RequestFilter { code: Some("%".to_owned()), ..all() }, vec![]),
        ] {
            assert_eq!(found(store, one, &filter).await, expected, "{filter:?}");
        }
        let mut tx = store.read().await.expect("a transaction");
        let first = tx.failed_requests(one, &all(), None, 3).await.expect("read");
        assert_eq!((first.rows[0].clone(), first.next), (rows[3].clone(), Some(rows[1].id)));
        let second = tx.failed_requests(one, &all(), first.next, 3).await.expect("read");
        assert_eq!((second.rows, second.next), (rows[..1].to_vec(), None));
    }

    async fn request_counts_of_several_nodes_are_added(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        log(store, &[], &[counted(0, one, 201, 20_000), counted(0, one, 422, 1), counted(0, other, 201, 7)]).await;
        log(store, &[], &[counted(0, one, 201, 5), counted(1, one, 201, 1)]).await;
        let (start, second) = (NOW.floor(MINUTE), NOW.floor(MINUTE) + MINUTE);
        assert_eq!(totals(store, one, start, LATER).await, [(201, 20_006, 200_060), (422, 1, 10)]);
        assert_eq!(totals(store, one, start, second).await, [(201, 20_005, 200_050), (422, 1, 10)]);
        assert_eq!(totals(store, one, second, LATER).await, [(201, 1, 10)]);
        assert_eq!(totals(store, other, start, LATER).await, [(201, 7, 70)]);
    }

    async fn old_requests_are_deleted_in_batches(databases: Databases) {
        let store = &databases.data;
        let one = add_partner(store, 1).await;
        let rows: Vec<LoggedRequest> = (0..5).map(|minute| failed(minute, one, PUSH, 500)).collect();
        let counts: Vec<CountedRequests> = (0..5).map(|minute| counted(minute, one, 500, 1)).collect();
        log(store, &rows, &counts).await;
        let before = NOW.floor(MINUTE) + MINUTE * 4;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.forget_requests(before, 2).await.expect("deleted"), 2);
        while tx.forget_requests(before, 2).await.expect("deleted") >= 2 {}
        tx.commit().await.expect("committed");
        assert_eq!(found(store, one, &RequestFilter::default()).await, ["r4"]);
        assert_eq!(totals(store, one, NOW - MINUTE, LATER).await, [(500, 1, 10)]);
    }

    async fn webhook_health_counts_recent_attempts(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let hook = id(10);
        let mut tx = store.write().await.expect("a transaction");
        tx.add_webhook(&webhook(10, partner, "vwsp_request.verified")).await.expect("added");
        let health = tx.webhook_health(hook, partner, NOW).await.expect("read");
        assert_eq!(health, Some(WebhookHealth::default()));
        assert_eq!(tx.webhook_health(hook, id(99), NOW).await.expect("read"), None, "not theirs");
        let events = ["a", "b", "c"].map(|request_id| Announcement {
            partner, kind: AnnouncementKind::RequestVerified, request_id, credential_id: None, at: NOW, told_at: NOW,
        });
        tx.announce(&events).await.expect("told");
        let ids = events.map(|event| event.event_id());
        let attempt = |event_id, number, at, status| Attempt {
            event_id, number, at, status, error: None, duration_ms: 5, response: Some("ok".to_owned()),
        };
        let settled = [
            Settled::Retried(attempt(ids[0], 1, NOW - MINUTE, Some(500)), NOW),
            Settled::Delivered(attempt(ids[0], 2, NOW, Some(204))),
            Settled::Retried(attempt(ids[1], 1, NOW, None), LATER),
            Settled::GivenUp(attempt(ids[1], 2, NOW, Some(302))),
        ];
        tx.settle_deliveries(hook, &settled, NOW).await.expect("settled");
        tx.note_webhook_attempts(hook, Some(NOW), Some(NOW - MINUTE)).await.expect("noted");
        tx.note_webhook_attempts(hook, None, Some(NOW)).await.expect("noted");
        let health = tx.webhook_health(hook, partner, NOW).await.expect("read").expect("there");
        let expected = WebhookHealth {
            last_success_at: Some(NOW), last_failure_at: Some(NOW), attempts: 3, failed: 2, waiting: 1,
        };
        assert_eq!(health, expected);
        let older = tx.webhook_health(hook, partner, NOW - MINUTE).await.expect("read").expect("there");
        assert_eq!((older.attempts, older.failed), (4, 3));
    }
}
