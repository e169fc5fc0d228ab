//! Delivers events to webhooks: at least once, in order for each request, and independently for
//! each receiver. A failed delivery is retried with backoff and jitter ([`RETRIES`]).
//!
//! A round claims deliveries, sends them, and records their outcomes in the transaction that claims
//! the next ones. Claimed deliveries have a lease, so that they are sent again after a crash. A
//! circuit breaker pauses a receiver that fails often, and then tries it with one delivery. A
//! receiver that responds with 410 wants no more events: its webhook is disabled, and its
//! deliveries fail until the partner changes it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::outbound::Received;
use crate::webhook_message::{Signer, body};
use ambient::Timestamp;
use store::domain::webhook::{Delivery, DeliveryError, RETRIES, TRIP, Webhook, pause_after};
use store::{Attempt, Settled, StoreError, day};

/// Maximum number of deliveries that one round claims.
const ROUND: i64 = 64;

/// Maximum number of deliveries of a disabled webhook that fail in one transaction. Limits how long
/// pushes wait for it.
const FAILED_AT_ONCE: i64 = 500;

/// The status of a receiver that wants no more events (RFC 9110, section 15.5.11).
const GONE: u16 = 410;

/// Maximum number of retries to record the outcomes of a round while the store is unavailable, and
/// the pause between them.
const WRITE_ATTEMPTS: u32 = 10;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// Minimum wait before a retry; the jittered backoff is added to it.
const SHORTEST_RETRY: Duration = Duration::from_millis(500);

/// Returns the lease of a round's deliveries: they are due again after this time unless their
/// outcomes were recorded.
fn lease(app: &App) -> Duration {
    2 * app.config().webhooks.timeout + Duration::from_secs(10)
}

/// Sends all due deliveries once. Returns the number of attempts.
///
/// # Errors
/// The store cannot be used. Claimed deliveries are due again when their leases expire.
pub async fn deliver_due(app: &App) -> Result<usize, StoreError> {
    let stop = CancellationToken::new();
    let webhooks = due(app).await?.into_iter().map(|webhook| {
        let (app, stop) = (app.clone(), stop.clone());
        async move { deliver(&app, webhook, &stop).await }
    });
    let mut attempts = 0;
    let mut ended = stream::iter(webhooks).buffer_unordered(usize::MAX);
    while let Some(made) = ended.next().await {
        attempts += made?;
    }
    Ok(attempts)
}

/// Returns the webhooks with due deliveries.
///
/// # Errors
/// The store cannot be used.
pub async fn due(app: &App) -> Result<Vec<Uuid>, StoreError> {
    app.store().cancel_on_disconnect(async { app.store().read().await?.due_webhooks(app.now()).await }).await
}

/// Sends the due deliveries of a webhook, round by round, until none is due. Returns the number of
/// attempts.
///
/// # Errors
/// The store cannot be used. Claimed deliveries are due again when their leases expire.
pub async fn deliver(app: &App, webhook: Uuid, stop: &CancellationToken) -> Result<usize, StoreError> {
    let (mut attempts, mut sent, mut writes) = (0, Sent::default(), 0);
    loop {
        let taken = match app.store().cancel_on_disconnect(turn(app, webhook, &sent, stop)).await {
            // Deliveries without a recorded outcome are sent again, so recording is retried first.
            Err(StoreError::Unavailable(_)) if writes < WRITE_ATTEMPTS && !sent.settled.is_empty() => {
                writes += 1;
                tokio::time::sleep(BETWEEN_WRITES).await;
                continue;
            }
            taken => taken?,
        };
        let Some((held, taken)) = taken else { return Ok(attempts) };
        writes = 0;
        let settled = send_all(app, &held, taken, stop).await?;
        sent = Sent { settled, changed_at: Some(held.updated_at) };
        attempts += sent.settled.iter().filter(|settled| !matches!(settled, Settled::Released(..))).count();
    }
}

/// Result of a round.
#[derive(Debug, Default)]
struct Sent {
    settled: Vec<Settled>,
    /// When the webhook was last changed, as read by the round.
    changed_at: Option<Timestamp>,
}

impl Sent {
    /// Returns whether the receiver of `webhook` responded that it wants no more events. If the
    /// partner has changed the webhook since then, the response does not apply to it.
    fn is_refused_for_good(&self, webhook: &Webhook) -> bool {
        let is_gone =
            |settled: &Settled| matches!(settled, Settled::GivenUp(attempt) if attempt.status == Some(i64::from(GONE)));
        self.changed_at == Some(webhook.updated_at) && self.settled.iter().any(is_gone)
    }
}

/// Records the outcomes of a round and claims the next one. Returns `None` if no delivery is due.
async fn turn(
    app: &App,
    webhook: Uuid,
    sent: &Sent,
    stop: &CancellationToken,
) -> Result<Option<(Webhook, Vec<Delivery>)>, StoreError> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    // The webhook may have been deleted meanwhile.
    let Some(mut held) = tx.lock_webhook(webhook).await? else { return Ok(None) };
    tx.settle_deliveries(webhook, &sent.settled, now).await?;
    if let Some(failures) = failures_after(held.failures, &sent.settled) {
        held.failures = failures;
        held.paused_until = pause_after(failures).map(|pause| now + pause);
        tx.note_webhook_health(webhook, failures, held.paused_until).await?;
        let (succeeded_at, failed_at) = last_attempts(&sent.settled);
        tx.note_webhook_attempts(webhook, succeeded_at, failed_at).await?;
    }
    if sent.is_refused_for_good(&held) {
        tracing::info!(%webhook, "the receiver answered 410 (Gone); the webhook is disabled until it is changed");
        tx.disable_webhook(webhook, now).await?;
        held.disabled_at = Some(now);
    }
    if held.disabled_at.is_some() {
        let failed = tx.fail_deliveries(webhook, FAILED_AT_ONCE).await?;
        tx.commit().await?;
        for _ in 0..failed {
            app.metrics().webhook_deliveries("given_up");
        }
        let has_more = failed == FAILED_AT_ONCE.unsigned_abs() && !stop.is_cancelled();
        return Ok(has_more.then_some((held, Vec::new())));
    }
    let is_active = tx.partner(held.partner_id).await?.is_some_and(|partner| partner.is_active());
    let limit = if stop.is_cancelled() || held.is_paused(now) || !is_active {
        0
    } else if held.is_on_probation() {
        1
    } else {
        ROUND
    };
    let taken = match limit {
        0 => Vec::new(),
        limit => tx.take_deliveries(webhook, now, now + lease(app), limit).await?,
    };
    tx.commit().await?;
    Ok((!taken.is_empty()).then_some((held, taken)))
}

/// Returns the number of consecutive failures after these deliveries; `None` if none was attempted.
fn failures_after(before: i64, settled: &[Settled]) -> Option<i64> {
    let tried = settled.iter().filter(|settled| !matches!(settled, Settled::Released(..)));
    tried.fold(None, |failures, settled| match settled {
        Settled::Delivered(_) => Some(0),
        _ => Some(failures.unwrap_or(before) + 1),
    })
}

/// Returns when the last attempt of these deliveries succeeded, and when one failed.
fn last_attempts(settled: &[Settled]) -> (Option<Timestamp>, Option<Timestamp>) {
    let none: (Option<Timestamp>, Option<Timestamp>) = (None, None);
    settled.iter().fold(none, |(succeeded, failed), settled| match settled {
        Settled::Delivered(attempt) => (succeeded.max(Some(attempt.at)), failed),
        Settled::Retried(attempt, _) | Settled::GivenUp(attempt) => (succeeded, failed.max(Some(attempt.at))),
        Settled::Released(..) => (succeeded, failed),
    })
}

/// Sends a round's deliveries concurrently, but those of one request in order. Returns the outcomes
/// in order of completion.
async fn send_all(
    app: &App,
    webhook: &Webhook,
    taken: Vec<Delivery>,
    stop: &CancellationToken,
) -> Result<Vec<Settled>, StoreError> {
    let round = Round {
        app,
        address: Url::parse(&webhook.url).map_err(|error| StoreError::corrupt_row("webhook", error))?,
        signer: Signer::new(app.keyring(), webhook, app.now())?,
        failures: AtomicI64::new(webhook.failures),
        is_gone: AtomicBool::new(false),
        is_probe: webhook.is_on_probation(),
        // Attempts that start before this time end before the lease expires.
        last_start: Instant::now() + app.config().webhooks.timeout,
        stop,
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut requests: Vec<Vec<Delivery>> = Vec::new();
    for delivery in taken {
        let place = *places.entry(delivery.request_id.clone()).or_insert(requests.len());
        match requests.get_mut(place) {
            Some(request) => request.push(delivery),
            None => requests.push(vec![delivery]),
        }
    }
    let at_once = usize::try_from(app.config().webhooks.concurrency).unwrap_or(1).max(1);
    let sent = stream::iter(requests).map(|request| round.send_in_order(request)).buffer_unordered(at_once);
    let settled: Vec<Result<Vec<Settled>, StoreError>> = sent.collect().await;
    Ok(settled.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// State shared by the deliveries of one round.
struct Round<'a> {
    app: &'a App,
    address: Url,
    signer: Signer,
    failures: AtomicI64,
    /// Whether the receiver wants no more events.
    is_gone: AtomicBool,
    is_probe: bool,
    last_start: Instant,
    stop: &'a CancellationToken,
}

impl Round<'_> {
    async fn send_in_order(&self, request: Vec<Delivery>) -> Result<Vec<Settled>, StoreError> {
        let mut settled = Vec::with_capacity(request.len());
        for delivery in request {
            let is_tripped = !self.is_probe && self.failures.load(Ordering::Relaxed) >= TRIP;
            let is_closed = is_tripped || self.is_gone.load(Ordering::Relaxed);
            settled.push(if is_closed || self.stop.is_cancelled() || Instant::now() > self.last_start {
                Settled::Released(delivery.event_id, self.app.now())
            } else {
                self.send(&delivery).await?
            });
        }
        Ok(settled)
    }

    async fn send(&self, delivery: &Delivery) -> Result<Settled, StoreError> {
        let (app, at, started) = (self.app, self.app.now(), Instant::now());
        let body = body(delivery);
        let headers = self.signer.headers(delivery.event_id, &body, at)?;
        let answer = app.receivers().post(&self.address, headers, body.into()).await;
        let attempt = Attempt {
            event_id: delivery.event_id,
            number: delivery.attempts + 1,
            at,
            status: answer.as_ref().ok().map(|received| i64::from(received.status)),
            error: answer.as_ref().err().map(|reason| reason.name().to_owned()),
            duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
            response: answer.as_ref().ok().and_then(Received::text),
        };
        let answer = answer.map(|received| received.status);
        if matches!(answer, Ok(200..=299)) {
            self.failures.store(0, Ordering::Relaxed);
            app.metrics().webhook_deliveries("delivered");
            return Ok(Settled::Delivered(attempt));
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        let is_gone = answer == Ok(GONE);
        self.is_gone.fetch_or(is_gone, Ordering::Relaxed);
        let wait = SHORTEST_RETRY + RETRIES.jittered(delivery.tries + 1, app.rng());
        // Giving up is final, so a clock that has jumped ahead must not decide.
        if is_gone || app.trusted_time().now() + wait >= delivery.give_up_at {
            app.metrics().webhook_deliveries("given_up");
            return Ok(Settled::GivenUp(attempt));
        }
        app.metrics().webhook_deliveries(if answer == Err(DeliveryError::AddressRefused) {
            "refused"
        } else {
            "failed"
        });
        Ok(Settled::Retried(attempt, app.now() + wait))
    }
}

/// Gives up deliveries that are too old, and deletes old logs and daily counts.
///
/// # Errors
/// The store cannot be used. The next run continues.
pub async fn expire(app: &App, limit: i64) -> Result<(), StoreError> {
    let (now, retention) = (app.trusted_time().now(), &app.config().retention);
    loop {
        let mut tx = app.store().write().await?;
        let given_up = tx.give_up_deliveries(now, limit).await?;
        let forgotten = tx.forget_deliveries(now - retention.deliveries, limit).await?;
        tx.forget_tallies(day(now - retention.status)).await?;
        tx.commit().await?;
        for _ in 0..given_up {
            app.metrics().webhook_deliveries("given_up");
        }
        if given_up.max(forgotten) < limit.unsigned_abs() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(outcomes: &str) -> Vec<Settled> {
        let attempt = Attempt {
            event_id: Uuid::nil(),
            number: 1,
            at: Timestamp::from_micros(0),
            status: None,
            error: None,
            duration_ms: 0,
            response: None,
        };
        let settle = |outcome| match outcome {
            '+' => Settled::Delivered(attempt.clone()),
            '-' => Settled::Retried(attempt.clone(), attempt.at),
            '!' => Settled::GivenUp(Attempt { status: Some(410), ..attempt.clone() }),
            '5' => Settled::GivenUp(Attempt { status: Some(500), ..attempt.clone() }),
            _ => Settled::Released(Uuid::nil(), attempt.at),
        };
        outcomes.chars().map(settle).collect()
    }

    #[test]
    fn consecutive_failures_are_counted() {
        for (before, outcomes, after) in [
            (3, "", None),
            (3, ".", None),
            (3, "-", Some(4)),
            (3, "-+", Some(0)),
            (3, "+--.", Some(2)),
            (0, "---", Some(3)),
        ] {
            assert_eq!(failures_after(before, &settled(outcomes)), after, "{before} {outcomes}");
        }
    }

    #[test]
    fn last_success_and_failure_are_found_in_any_order() {
        let at = |micros| Timestamp::from_micros(micros);
        let mut round = settled("+-+!.");
        for (number, settled) in (1..).zip(&mut round) {
            match settled {
                Settled::Delivered(attempt) | Settled::Retried(attempt, _) | Settled::GivenUp(attempt) => {
                    attempt.at = at(10 - number);
                }
                Settled::Released(..) => {}
            }
        }
        assert_eq!(last_attempts(&round), (Some(at(9)), Some(at(8))));
        assert_eq!(last_attempts(&settled(".")), (None, None));
    }

    #[test]
    fn response_410_counts_for_the_webhook_it_was_sent_to() {
        let at = Timestamp::from_micros(7);
        let webhook = Webhook {
            id: Uuid::nil(),
            partner_id: Uuid::nil(),
            url: String::new(),
            name: None,
            description: None,
            events: String::new(),
            secret_sealed: Vec::new(),
            previous_secret_sealed: None,
            previous_until: None,
            created_at: at,
            updated_at: at,
            failures: 0,
            paused_until: None,
            disabled_at: None,
            listens_until: None,
        };
        let is_refused = |outcomes: &str, webhook: &Webhook| {
            Sent { settled: settled(outcomes), changed_at: Some(at) }.is_refused_for_good(webhook)
        };
        assert!(is_refused("+!-", &webhook));
        assert!(!is_refused("+-5.", &webhook), "other failures are temporary");
        assert!(!Sent::default().is_refused_for_good(&webhook));
        let changed = Webhook { updated_at: Timestamp::from_micros(8), ..webhook };
        assert!(!is_refused("!", &changed), "the response is to the webhook as it was before");
    }
}
