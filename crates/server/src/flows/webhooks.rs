//! Webhooks: what a partner does with its own, by API or in the console.
//!
//! Owns the rules about addresses, secrets and how many there may be. Every function takes the partner, and finds only what is
//! this partner's.

use std::time::Duration;

use credential::{Code, Fault, Replay, WebhookFields};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::webhook_message::Secret;
use ambient::Timestamp;
use store::domain::webhook::{DEFAULT_EVENTS, Delivery, DeliveryState, MOST, Webhook};
use store::{Announcement, AnnouncementKind, Attempt};

/// How long the previous secret signs too after a rotation.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// How many deliveries are changed or deleted in one transaction, so that pushes never wait long behind it.
const BATCH: i64 = 500;

/// Registers a webhook. The secret is returned this once.
///
/// # Errors
/// 422 for an address that may not be sent to, 409 if the partner has as many as it may.
pub async fn create(app: &App, partner: Uuid, fields: WebhookFields) -> Result<(Webhook, Secret), Error> {
    let url = fields.url.unwrap_or_default();
    check_address(app, &url)?;
    let (id, now, secret) = (app.id(), app.now(), Secret::random(app.rng()));
    let webhook = Webhook {
        id,
        partner_id: partner,
        url,
        name: fields.name.flatten(),
        description: fields.description.flatten(),
        events: fields.events.map_or_else(|| DEFAULT_EVENTS.to_owned(), |events| events.join(" ")),
        secret_sealed: secret.seal(app.keyring(), id),
        previous_secret_sealed: None,
        previous_until: None,
        created_at: now,
        updated_at: now,
        failures: 0,
        paused_until: None,
    };
    let mut tx = app.store().write().await?;
    if tx.webhooks(partner).await?.len() >= MOST {
        return Err(Error::new(
            Kind::Conflict,
            format!("You have {MOST} webhooks, which is as many as there may be. Delete one first, or change it."),
        ));
    }
    tx.add_webhook(&webhook).await?;
    tx.commit().await?;
    Ok((webhook, secret))
}

/// Changes a webhook: what `fields` leaves out stays as it is. A pause ends, and what waits is sent.
///
/// # Errors
/// 404 if there is none of the partner's, 422 for an address that may not be sent to.
pub async fn update(app: &App, partner: Uuid, id: Uuid, fields: WebhookFields) -> Result<Webhook, Error> {
    if let Some(url) = &fields.url {
        check_address(app, url)?;
    }
    let now = app.now();
    let mut tx = app.store().write().await?;
    // Locked, so that of two changes at once none is lost.
    let earlier = tx.hold_webhook(id).await?.filter(|webhook| webhook.partner_id == partner);
    let earlier = earlier.ok_or_else(Error::not_found)?;
    let webhook = Webhook {
        url: fields.url.unwrap_or(earlier.url),
        name: fields.name.unwrap_or(earlier.name),
        description: fields.description.unwrap_or(earlier.description),
        events: fields.events.map_or(earlier.events, |events| events.join(" ")),
        updated_at: now,
        failures: 0,
        paused_until: None,
        ..earlier
    };
    tx.change_webhook(&webhook, now).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(webhook)
}

/// The partner's webhooks.
///
/// # Errors
/// The store cannot be used.
pub async fn list(app: &App, partner: Uuid) -> Result<Vec<Webhook>, Error> {
    Ok(app.store().read().await?.webhooks(partner).await?)
}

/// One webhook.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn find(app: &App, partner: Uuid, id: Uuid) -> Result<Webhook, Error> {
    app.store().read().await?.webhook(id, partner).await?.ok_or_else(Error::not_found)
}

/// A page of a webhook's log.
#[derive(Debug)]
pub struct DeliveryLog {
    /// The deliveries with their attempts, newest first.
    pub deliveries: Vec<(Delivery, Vec<Attempt>)>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<i64>,
}

/// Which deliveries of a log are read.
#[derive(Clone, Copy, Debug)]
pub struct LogPage {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those before this one.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: i64,
}

/// A page of a webhook's log: its deliveries with every attempt.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn log(app: &App, partner: Uuid, id: Uuid, page: LogPage) -> Result<(Webhook, DeliveryLog), Error> {
    let mut tx = app.store().read().await?;
    let webhook = tx.webhook(id, partner).await?.ok_or_else(Error::not_found)?;
    let mut found = tx.deliveries(id, partner, page.state, page.before, page.limit + 1).await?;
    let has_more = found.len() as u64 > page.limit.unsigned_abs();
    found.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    let events: Vec<Uuid> = found.iter().map(|delivery| delivery.event_id).collect();
    let attempts = tx.delivery_attempts(id, partner, &events).await?;
    drop(tx);
    let next = found.last().map(|last| last.sequence).filter(|_| has_more);
    let with_attempts = |delivery: Delivery| {
        let own = attempts.iter().filter(|attempt| attempt.event_id == delivery.event_id).cloned().collect();
        (delivery, own)
    };
    Ok((webhook, DeliveryLog { deliveries: found.into_iter().map(with_attempts).collect(), next }))
}

/// Deletes a webhook with its deliveries.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn remove(app: &App, partner: Uuid, id: Uuid) -> Result<(), Error> {
    loop {
        let mut tx = app.store().write().await?;
        let held = tx.hold_webhook(id).await?.filter(|webhook| webhook.partner_id == partner);
        held.ok_or_else(Error::not_found)?;
        // The log first: a canceled request leaves a webhook that can be deleted again, not a log without one.
        let is_empty = tx.delete_deliveries(id, BATCH).await? < BATCH.unsigned_abs();
        if is_empty {
            tx.delete_webhook(id, partner).await?;
        }
        tx.commit().await?;
        if is_empty {
            return Ok(());
        }
    }
}

/// Gives a webhook another secret, which is returned this once. The previous one signs too for a day.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn rotate(app: &App, partner: Uuid, id: Uuid) -> Result<(Webhook, Secret), Error> {
    let (secret, now) = (Secret::random(app.rng()), app.now());
    let mut tx = app.store().write().await?;
    if !tx.rotate_webhook(id, partner, &secret.seal(app.keyring(), id), now + OVERLAP, now).await? {
        return Err(Error::not_found());
    }
    let webhook = tx.webhook(id, partner).await?.ok_or_else(Error::not_found)?;
    tx.commit().await?;
    Ok((webhook, secret))
}

/// Sends a webhook an event of the type `tenure.test`, whatever it wants; returns the event's id.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn test(app: &App, partner: Uuid, id: Uuid) -> Result<Uuid, Error> {
    let (request_id, now) = (app.id().to_string(), app.now());
    let announcement = Announcement {
        partner,
        kind: AnnouncementKind::Test,
        request_id: &request_id,
        credential_id: None,
        at: now,
        told_at: now,
    };
    let mut tx = app.store().write().await?;
    tx.webhook(id, partner).await?.ok_or_else(Error::not_found)?;
    tx.announce_to(id, &announcement).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(announcement.event_id())
}

/// Sends one event of a webhook's log again.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn replay(app: &App, partner: Uuid, id: Uuid, event: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    // Sending changes the same rows.
    tx.hold_webhook(id).await?;
    if !tx.replay_delivery(id, partner, event, app.now()).await? {
        return Err(Error::not_found());
    }
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(())
}

/// Sends the events of a time again that do not wait; returns how many.
///
/// # Errors
/// 404 if there is none of the partner's.
pub async fn replay_range(app: &App, partner: Uuid, id: Uuid, which: &Replay) -> Result<u64, Error> {
    app.store().read().await?.webhook(id, partner).await?.ok_or_else(Error::not_found)?;
    let range =
        (Timestamp::from_micros(which.from.as_microsecond()), Timestamp::from_micros(which.to.as_microsecond()));
    let state = which.state.as_deref().and_then(DeliveryState::from_name);
    let (now, mut after, mut count) = (app.now(), 0, 0);
    loop {
        let mut tx = app.store().write().await?;
        tx.hold_webhook(id).await?;
        let replayed = tx.replay_deliveries(id, partner, range, state, after, now, BATCH).await?;
        tx.commit().await?;
        count += replayed.len() as u64;
        app.deliveries_due().notify_one();
        match replayed.last() {
            Some(last) if replayed.len() as u64 == BATCH.unsigned_abs() => after = *last,
            _ => return Ok(count),
        }
    }
}

/// Checks the address of a webhook: https, public, and without credentials. Its name is resolved and checked again at every
/// delivery.
fn check_address(app: &App, text: &str) -> Result<(), Error> {
    let local = if app.config().webhooks.allow_loopback { " (or http://localhost, here)" } else { "" };
    let (code, message) = match Url::parse(text) {
        Err(_) => (Code::UrlFormat, format!("This is no URL; one looks like https://hooks.example.com/tenure{local}.")),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            (Code::UrlFormat, "A URL with a user or a password is not taken: the signature says who sends.".to_owned())
        }
        Ok(url) if url.fragment().is_some() => {
            (Code::UrlFormat, "A fragment is never sent; leave out what stands behind #.".to_owned())
        }
        Ok(url) if url.scheme() != "https" && !app.receivers().may_ask(&url) => {
            (Code::UrlFormat, format!("Events are sent by https alone{local}."))
        }
        Ok(url) if !app.receivers().may_ask(&url) && !app.receivers().may_ask_port(&url) => {
            (Code::UrlAddress, "Events are sent to port 443 alone, unless the operator allows others.".to_owned())
        }
        Ok(url) if is_local(&url) && !app.config().webhooks.allow_loopback || !app.receivers().may_ask(&url) => {
            (Code::UrlAddress, "Nothing is sent to this address: it is not public.".to_owned())
        }
        Ok(_) => return Ok(()),
    };
    let received = Some(text.chars().take(64).collect());
    Err(Error::invalid(vec![Fault { pointer: "/url".to_owned(), code, message, received, suggestion: None }]))
}

/// Whether a name means the machine that resolves it (RFC 6761, section 6.3).
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}
