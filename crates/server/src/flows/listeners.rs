//! Listeners: webhooks of a few minutes, whose events a partner fetches for a receiver on its own
//! machine.
//!
//! A listener is a row of the table of webhooks, so that events are recorded, signed and logged for
//! it as for any other webhook, on every node. Nothing is sent to it. Each poll extends it; without
//! polls it ends, and a job deletes it with its deliveries (D-232).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use credential::{EVENT_TYPES, ListenerResult};
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::{BATCH, webhooks};
use crate::webhook_message::{Secret, Signer, body};
use ambient::Timestamp;
use store::domain::webhook::{Delivery, Webhook};
use store::{Attempt, Settled, StoreError, Tx};

/// Maximum number of listeners of a partner. Each event is stored once for each.
const MAX: i64 = 5;

/// How long a listener lasts after its last poll.
const LIFETIME: Duration = Duration::from_secs(300);

/// Maximum time that a poll waits for events. It is below the grace period of a shutdown.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How often a poll looks for events. Other nodes record events too, so no local signal suffices.
const LOOK: Duration = Duration::from_millis(500);

/// Maximum number of events of one poll. The partner's receiver gets them one after the other.
const AT_ONCE: i64 = 16;

/// How long the events of a poll are reserved: until their results are expected.
const LEASE: Duration = Duration::from_secs(180);

/// The URL in the row, which no name server resolves (RFC 2606, section 2).
const URL: &str = "https://listener.invalid/";

/// How long nodes of the previous release, which know no listeners, take the webhook for paused.
const PAUSE: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The events of a poll.
#[derive(Debug)]
pub struct Polled {
    /// The events, each as the request that a webhook would get.
    pub events: Vec<SignedEvent>,
    /// When the listener ends without another poll.
    pub expires_at: Timestamp,
}

/// An event as the request that a webhook would get.
#[derive(Debug)]
pub struct SignedEvent {
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub kind: String,
    /// The headers, by name.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// Creates a listener for `events`, or for all types. The secret is returned only once.
///
/// # Errors
/// 409 if the partner has reached its limit.
pub async fn create(app: &App, partner: Uuid, events: Option<Vec<String>>) -> Result<(Webhook, Secret), Error> {
    let (id, now, secret) = (app.id(), app.now(), Secret::random(app.rng()));
    let listener = Webhook {
        id,
        partner_id: partner,
        url: URL.to_owned(),
        name: Some("Listener".to_owned()),
        description: None,
        events: events.map_or_else(|| EVENT_TYPES.values.join(" "), |events| events.join(" ")),
        secret_sealed: secret.seal(app.keyring(), id),
        previous_secret_sealed: None,
        previous_until: None,
        created_at: now,
        updated_at: now,
        failures: 0,
        paused_until: Some(now + PAUSE),
        disabled_at: None,
        listens_until: Some(now + LIFETIME),
    };
    let mut tx = app.store().write().await?;
    // Locked, so that listeners that start at the same moment cannot exceed the limit.
    let active = tx.lock_partner(partner).await?.filter(store::Partner::is_active);
    active.ok_or_else(Error::disabled_client)?;
    if tx.count_listeners(partner, now).await? >= MAX {
        let detail = format!(
            "You have {MAX} listeners, the maximum. Stop one of them; one that is not polled ends after 5 minutes."
        );
        return Err(Error::new(Kind::Conflict, detail));
    }
    tx.add_listener(&listener).await?;
    tx.commit().await?;
    Ok((listener, secret))
}

/// Records the results of earlier events, and returns new ones. If there are none, waits up to
/// `wait` for them. A newer poll of the same listener ends the wait.
///
/// # Errors
/// 404 if the partner has no such listener, or it has ended.
pub async fn poll(
    app: &App,
    partner: Uuid,
    id: Uuid,
    results: &[ListenerResult],
    wait: Duration,
) -> Result<Polled, Error> {
    let ends = Instant::now() + wait.min(LONGEST_WAIT).min(app.config().server.timeout / 2);
    let mut tx = app.store().write().await?;
    let listener = hold(&mut tx, partner, id, app.now()).await?;
    settle(&mut tx, id, results, app.now()).await?;
    let expires_at = app.now() + LIFETIME;
    tx.extend_listener(id, expires_at).await?;
    let mut taken = take(&mut tx, id, app.now()).await?;
    tx.commit().await?;
    while taken.is_empty() && Instant::now() < ends {
        tokio::time::sleep(LOOK.min(ends.saturating_duration_since(Instant::now()))).await;
        let mut tx = app.store().read().await?;
        let state = tx.listener_state(id, partner, app.now()).await?;
        drop(tx);
        match state {
            // Every poll extends the listener, so another end means that there is a newer poll.
            Some((until, is_due)) if until == expires_at => {
                if is_due {
                    let mut tx = app.store().write().await?;
                    hold(&mut tx, partner, id, app.now()).await?;
                    taken = take(&mut tx, id, app.now()).await?;
                    tx.commit().await?;
                }
            }
            _ => break,
        }
    }
    let signer = Signer::new(app.keyring(), &listener, app.now())?;
    let events = taken.iter().map(|delivery| signed(&signer, delivery, app.now()));
    Ok(Polled { events: events.collect::<Result<_, _>>()?, expires_at })
}

/// Ends a listener, and deletes it with its deliveries.
///
/// # Errors
/// 404 if the partner has no such listener.
pub async fn stop(app: &App, partner: Uuid, id: Uuid) -> Result<(), Error> {
    let found = app.store().read().await?.webhook(id, partner).await?.filter(Webhook::is_listener);
    found.ok_or_else(missing)?;
    webhooks::remove(app, partner, id).await
}

/// Deletes all listeners that have ended, with their deliveries.
///
/// # Errors
/// The store cannot be used. The next run continues.
pub async fn delete_ended(app: &App) -> Result<(), StoreError> {
    let ended = app.store().read().await?.ended_listeners(app.now()).await?;
    for id in ended {
        while delete_some(app, id).await? {}
    }
    Ok(())
}

/// Deletes deliveries of a listener that has ended, and after them the listener. Returns whether
/// there are more.
async fn delete_some(app: &App, id: Uuid) -> Result<bool, StoreError> {
    let mut tx = app.store().write().await?;
    // The partner may have deleted it, or polled it at the last moment.
    let ended = |listener: &Webhook| listener.is_listener() && !listener.is_listening(app.now());
    let Some(listener) = tx.lock_webhook(id).await?.filter(ended) else { return Ok(false) };
    let is_empty = tx.delete_deliveries(id, BATCH).await? < BATCH.unsigned_abs();
    if is_empty {
        tx.delete_webhook(id, listener.partner_id).await?;
    }
    tx.commit().await?;
    Ok(!is_empty)
}

fn missing() -> Error {
    Error::missing("listener")
}

/// Locks a listener that has not ended.
async fn hold(tx: &mut Tx, partner: Uuid, id: Uuid, now: Timestamp) -> Result<Webhook, Error> {
    let held = tx.lock_webhook(id).await?;
    held.filter(|listener| listener.partner_id == partner && listener.is_listening(now)).ok_or_else(missing)
}

/// Records the results of events that the listener waits to deliver, and ignores others: a poll may
/// be repeated. A failure is not retried; the partner can replay it.
async fn settle(tx: &mut Tx, id: Uuid, results: &[ListenerResult], now: Timestamp) -> Result<(), StoreError> {
    let by_event: BTreeMap<Uuid, &ListenerResult> =
        results.iter().filter_map(|result| Some((result.event_id.parse().ok()?, result))).collect();
    let events: Vec<Uuid> = by_event.keys().copied().collect();
    let waiting = tx.undelivered_events(id, &events).await?;
    let settled = waiting.iter().filter_map(|delivery| {
        let result = by_event.get(&delivery.event_id)?;
        let attempt = Attempt {
            event_id: delivery.event_id,
            number: delivery.attempts + 1,
            at: now - Duration::from_millis(result.duration_ms.into()),
            status: result.outcome.as_ref().ok().map(|status| i64::from(*status)),
            error: result.outcome.as_ref().err().cloned(),
            duration_ms: result.duration_ms.into(),
            response: None,
        };
        Some(match result.outcome {
            Ok(200..=299) => Settled::Delivered(attempt),
            _ => Settled::GivenUp(attempt),
        })
    });
    tx.settle_deliveries(id, &settled.collect::<Vec<_>>(), now).await
}

async fn take(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
    tx.take_deliveries(id, now, now + LEASE, AT_ONCE).await
}

fn signed(signer: &Signer, delivery: &Delivery, now: Timestamp) -> Result<SignedEvent, StoreError> {
    let body = body(delivery);
    let headers = signer.headers(delivery.event_id, &body, now)?;
    let readable = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Ok(SignedEvent {
        event_id: delivery.event_id,
        kind: delivery.kind.clone(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), readable(value.as_bytes()))).collect(),
        body: readable(&body),
    })
}
