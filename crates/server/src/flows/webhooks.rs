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
use store::{Announcement, AnnouncementKind, Attempt, Tx};

/// How long the previous secret signs too after a rotation.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// How many deliveries are changed or deleted in one transaction, so that pushes never wait long behind it.
const BATCH: i64 = 500;

/// Registers a webhook with this id. The secret is returned this once, and again if the same request is repeated before the
/// webhook is changed.
///
/// # Errors
/// 422 for an address that may not be sent to, 409 if the partner has as many as it may, or another webhook with this id.
pub async fn create(app: &App, partner: Uuid, id: Uuid, fields: WebhookFields) -> Result<(Webhook, Secret), Error> {
    let url = checked_address(app, &fields.url.unwrap_or_default())?;
    let (now, secret) = (app.now(), Secret::random(app.rng()));
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
        disabled_at: None,
    };
    let mut tx = app.store().write().await?;
    if let Some(existing) = tx.webhook(id, partner).await? {
        return repeated(app, existing, &webhook);
    }
    if tx.webhooks(partner).await?.len() >= MOST {
        return Err(Error::new(
            Kind::Conflict,
            format!("You have {MOST} webhooks, which is as many as there may be. Delete one first, or change it."),
        ));
    }
    if !tx.add_webhook(&webhook).await? {
        // The same request came on another connection, and was first.
        let existing = tx.webhook(id, partner).await?.ok_or_else(Error::not_found)?;
        return repeated(app, existing, &webhook);
    }
    tx.commit().await?;
    Ok((webhook, secret))
}

/// The response to a request that was made before, unless the webhook or the request has changed since.
fn repeated(app: &App, existing: Webhook, wanted: &Webhook) -> Result<(Webhook, Secret), Error> {
    let fields = |webhook: &Webhook| {
        (webhook.url.clone(), webhook.name.clone(), webhook.description.clone(), webhook.events.clone())
    };
    if existing.updated_at != existing.created_at || fields(&existing) != fields(wanted) {
        let detail = "This form has created a webhook before. Send it again to create another one.";
        return Err(Error::new(Kind::Conflict, detail));
    }
    let secret = Secret::open(app.keyring(), existing.id, &existing.secret_sealed)?;
    Ok((existing, secret))
}

/// Changes a webhook: what `fields` leaves out stays as it is. A pause ends, and what waits is sent. A disabled webhook is enabled
/// again; what failed meanwhile is for its partner to replay.
///
/// # Errors
/// 404 if there is none of the partner's, 422 for an address that may not be sent to.
pub async fn update(app: &App, partner: Uuid, id: Uuid, fields: WebhookFields) -> Result<Webhook, Error> {
    let url = fields.url.as_deref().map(|url| checked_address(app, url)).transpose()?;
    let now = app.now();
    let mut tx = app.store().write().await?;
    // Locked, so that of two changes at once none is lost.
    let earlier = tx.hold_webhook(id).await?.filter(|webhook| webhook.partner_id == partner);
    let earlier = earlier.ok_or_else(Error::not_found)?;
    let webhook = Webhook {
        url: url.unwrap_or(earlier.url),
        name: fields.name.unwrap_or(earlier.name),
        description: fields.description.unwrap_or(earlier.description),
        events: fields.events.map_or(earlier.events, |events| events.join(" ")),
        updated_at: now,
        failures: 0,
        paused_until: None,
        disabled_at: None,
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

/// Locks a webhook of the partner's to send through it.
///
/// # Errors
/// 404 if there is none of the partner's, 409 if it is disabled: what is sent would fail at once.
async fn hold_enabled(tx: &mut Tx, partner: Uuid, id: Uuid) -> Result<(), Error> {
    let held = tx.hold_webhook(id).await?.filter(|webhook| webhook.partner_id == partner);
    match held.ok_or_else(Error::not_found)?.disabled_at {
        None => Ok(()),
        Some(at) => {
            let reason = format!("This webhook is disabled since {at}, because its receiver answered 410 (Gone).");
            Err(Error::new(Kind::Conflict, format!("{reason} Update it to enable it, then send again.")))
        }
    }
}

/// Sends a webhook an event of the type `tenure.test`, whatever it wants; returns the event's id.
///
/// # Errors
/// 404 if there is none of the partner's, 409 if it is disabled.
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
    hold_enabled(&mut tx, partner, id).await?;
    tx.announce_to(id, &announcement).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(announcement.event_id())
}

/// Sends one event of a webhook's log again.
///
/// # Errors
/// 404 if there is none of the partner's, 409 if the webhook is disabled.
pub async fn replay(app: &App, partner: Uuid, id: Uuid, event: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    // Sending changes the same rows.
    hold_enabled(&mut tx, partner, id).await?;
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
/// 404 if there is none of the partner's, 409 if it is disabled.
pub async fn replay_range(app: &App, partner: Uuid, id: Uuid, which: &Replay) -> Result<u64, Error> {
    let range =
        (Timestamp::from_micros(which.from.as_microsecond()), Timestamp::from_micros(which.to.as_microsecond()));
    let state = which.state.as_deref().and_then(DeliveryState::from_name);
    let (now, mut after, mut count) = (app.now(), 0, 0);
    loop {
        let mut tx = app.store().write().await?;
        hold_enabled(&mut tx, partner, id).await?;
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

/// Checks the address of a webhook: https, public, and without credentials. Returns it in the canonical form of the URL
/// standard, which is what is connected to. Its name is resolved and checked again at every delivery.
fn checked_address(app: &App, text: &str) -> Result<String, Error> {
    let local = if app.config().webhooks.allow_loopback { " (or http://localhost, here)" } else { "" };
    let receivers = app.receivers();
    let (code, message) = match Url::parse(text) {
        _ if !is_plain(text) => {
            let message = "Write the whole URL with https:// and its host, without spaces and backslashes";
            (Code::UrlFormat, format!("{message}: https://hooks.example.com/tenure{local}."))
        }
        Err(_) => (Code::UrlFormat, format!("This is no URL; one looks like https://hooks.example.com/tenure{local}.")),
        Ok(_) if authority(text).contains('@') => {
            (Code::UrlFormat, "A URL with a user or a password is not taken: the signature says who sends.".to_owned())
        }
        Ok(url) if url.fragment().is_some() => {
            (Code::UrlFormat, "A fragment is never sent; leave out what stands behind #.".to_owned())
        }
        Ok(url) if url.scheme() != "https" && !receivers.may_ask(&url) => {
            (Code::UrlFormat, format!("Events are sent by https alone{local}."))
        }
        Ok(url) if !receivers.may_ask(&url) && !receivers.may_ask_port(&url) => {
            (Code::UrlAddress, "Events are sent to port 443 alone, unless the operator allows others.".to_owned())
        }
        Ok(url) if !receivers.may_ask(&url) => {
            (Code::UrlAddress, "Nothing is sent to this address: it is not public. Name a public host.".to_owned())
        }
        Ok(url) if url.host_str().is_some_and(|host| host.ends_with('.')) => {
            (Code::UrlFormat, "Leave out the full stop behind the host name.".to_owned())
        }
        Ok(url) => return Ok(url.into()),
    };
    let received = Some(text.chars().take(64).collect());
    Err(Error::invalid(vec![Fault { pointer: "/url".to_owned(), code, message, received, suggestion: None }]))
}

/// Whether a URL reads as it is parsed. The URL standard takes `https:\\host` and `https:host` for `https://host`, and drops
/// spaces around a URL and line breaks within.
fn is_plain(text: &str) -> bool {
    let is_odd = |character: char| character == '\\' || character.is_whitespace() || character.is_control();
    let after_scheme = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    after_scheme.is_some_and(|rest| !rest.starts_with('/')) && !text.contains(is_odd)
}

/// Host and port of a plain URL, with user and password if it has any, even empty ones.
fn authority(text: &str) -> &str {
    let (_, rest) = text.split_once("//").unwrap_or_default();
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
