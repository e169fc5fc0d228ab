//! Webhooks: how a partner manages its own, in the API or the console.
//!
//! Owns the rules for addresses, secrets and limits. Every function takes the partner, and finds
//! only this partner's webhooks.

use std::time::Duration;

use credential::{Code, FieldError, Replay, WebhookFields, is_plain_url, url_authority};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::BATCH;
use crate::webhook_message::Secret;
use ambient::Timestamp;
use store::domain::webhook::{DEFAULT_EVENTS, Delivery, DeliveryState, MAX, Webhook};
use store::{Announcement, AnnouncementKind, Attempt, Tx, WebhookHealth};

/// How long the previous secret still signs after a rotation.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// Registers a webhook with this id. The secret is returned only once, or again if the same request
/// is repeated before the webhook is changed.
///
/// # Errors
/// 422 for an address that events may not be sent to, 409 if the partner has reached its limit or
/// has another webhook with this id.
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
        listens_until: None,
    };
    let mut tx = app.store().write().await?;
    if let Some(existing) = tx.webhook(id, partner).await? {
        return repeated(app, existing, &webhook);
    }
    if tx.webhooks(partner).await?.len() >= MAX {
        return Err(Error::new(
            Kind::Conflict,
            format!("You have {MAX} webhooks, the maximum. Update or delete one of them."),
        ));
    }
    if !tx.add_webhook(&webhook).await? {
        // The same request was faster on another connection.
        let existing = tx.webhook(id, partner).await?.ok_or_else(|| Error::missing("webhook"))?;
        return repeated(app, existing, &webhook);
    }
    tx.commit().await?;
    Ok((webhook, secret))
}

/// Returns the response to a repeated request, unless the webhook or the request has changed since.
fn repeated(app: &App, existing: Webhook, wanted: &Webhook) -> Result<(Webhook, Secret), Error> {
    let fields = |webhook: &Webhook| {
        (webhook.url.clone(), webhook.name.clone(), webhook.description.clone(), webhook.events.clone())
    };
    if existing.updated_at != existing.created_at || fields(&existing) != fields(wanted) {
        let detail = "This form has already created a webhook. Send it again to create another one.";
        return Err(Error::new(Kind::Conflict, detail));
    }
    let secret = Secret::open(app.keyring(), existing.id, &existing.secret_sealed)?;
    Ok((existing, secret))
}

/// Changes a webhook: fields that are missing in `fields` stay unchanged. Ends a pause, so that
/// waiting deliveries are sent. Enables a disabled webhook; its partner can replay deliveries that
/// failed meanwhile.
///
/// # Errors
/// 404 if the partner has no such webhook, 422 for an address that events may not be sent to.
pub async fn update(app: &App, partner: Uuid, id: Uuid, fields: WebhookFields) -> Result<Webhook, Error> {
    let url = fields.url.as_deref().map(|url| checked_address(app, url)).transpose()?;
    let now = app.now();
    let mut tx = app.store().write().await?;
    // Locked, so that concurrent changes do not overwrite each other.
    let is_own = |webhook: &Webhook| webhook.partner_id == partner && !webhook.is_listener();
    let earlier = tx.lock_webhook(id).await?.filter(is_own);
    let earlier = earlier.ok_or_else(|| Error::missing("webhook"))?;
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

/// Returns the partner's webhooks.
///
/// # Errors
/// The store cannot be used.
pub async fn list(app: &App, partner: Uuid) -> Result<Vec<Webhook>, Error> {
    Ok(app.store().read().await?.webhooks(partner).await?)
}

/// Returns the partner's webhooks, each with how well its deliveries have worked since `since`.
///
/// # Errors
/// The store cannot be used.
pub async fn list_with_health(
    app: &App,
    partner: Uuid,
    since: Timestamp,
) -> Result<Vec<(Webhook, WebhookHealth)>, Error> {
    let mut tx = app.store().read().await?;
    let mut listed = Vec::new();
    for webhook in tx.webhooks(partner).await? {
        let health = tx.webhook_health(webhook.id, partner, since).await?;
        listed.push((webhook, health.unwrap_or_default()));
    }
    Ok(listed)
}

/// Returns a webhook.
///
/// # Errors
/// 404 if the partner has no such webhook.
pub async fn find(app: &App, partner: Uuid, id: Uuid) -> Result<Webhook, Error> {
    let found = app.store().read().await?.webhook(id, partner).await?;
    found.filter(|webhook| !webhook.is_listener()).ok_or_else(|| Error::missing("webhook"))
}

/// A page of a webhook's log.
#[derive(Debug)]
pub struct DeliveryLog {
    /// The deliveries with their attempts, newest first.
    pub deliveries: Vec<(Delivery, Vec<Attempt>)>,
    /// Cursor of the next page; `None` on the last page.
    pub next: Option<i64>,
}

/// Selects the deliveries of a log page.
#[derive(Clone, Copy, Debug)]
pub struct LogPage {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those before this sequence number.
    pub before: Option<i64>,
    /// Maximum number.
    pub limit: i64,
}

/// Returns a page of a webhook's log: its deliveries with every attempt.
///
/// # Errors
/// 404 if the partner has no such webhook.
pub async fn log(app: &App, partner: Uuid, id: Uuid, page: LogPage) -> Result<(Webhook, DeliveryLog), Error> {
    let mut tx = app.store().read().await?;
    let webhook = tx.webhook(id, partner).await?.ok_or_else(|| Error::missing("webhook"))?;
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
/// 404 if the partner has no such webhook.
pub async fn remove(app: &App, partner: Uuid, id: Uuid) -> Result<(), Error> {
    loop {
        let mut tx = app.store().write().await?;
        let held = tx.lock_webhook(id).await?.filter(|webhook| webhook.partner_id == partner);
        held.ok_or_else(|| Error::missing("webhook"))?;
        // The log first: if the request is cancelled, the webhook remains and can be deleted again.
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

/// Replaces the secret of a webhook, and returns the new one only once. The previous secret still
/// signs for a day.
///
/// # Errors
/// 404 if the partner has no such webhook.
pub async fn rotate(app: &App, partner: Uuid, id: Uuid) -> Result<(Webhook, Secret), Error> {
    let (secret, now) = (Secret::random(app.rng()), app.now());
    let mut tx = app.store().write().await?;
    if !tx.rotate_webhook(id, partner, &secret.seal(app.keyring(), id), now + OVERLAP, now).await? {
        return Err(Error::missing("webhook"));
    }
    let webhook = tx.webhook(id, partner).await?.ok_or_else(|| Error::missing("webhook"))?;
    tx.commit().await?;
    Ok((webhook, secret))
}

/// Locks a webhook of the partner, to send events through it.
///
/// # Errors
/// 404 if the partner has no such webhook, 409 if it is disabled, since every delivery would fail.
async fn hold_enabled(tx: &mut Tx, partner: Uuid, id: Uuid) -> Result<(), Error> {
    let held = tx.lock_webhook(id).await?.filter(|webhook| webhook.partner_id == partner);
    match held.ok_or_else(|| Error::missing("webhook"))?.disabled_at {
        None => Ok(()),
        Some(at) => {
            let reason =
                format!("This webhook has been disabled since {at}, because its receiver answered 410 (Gone).");
            Err(Error::new(Kind::Conflict, format!("{reason} Update the webhook to enable it, then send again.")))
        }
    }
}

/// Sends an event of type `tenure.test` to a webhook, regardless of its event types. Returns the
/// event's id.
///
/// # Errors
/// 404 if the partner has no such webhook, 409 if it is disabled.
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
/// 404 if the partner has no such webhook, 409 if it is disabled.
pub async fn replay(app: &App, partner: Uuid, id: Uuid, event: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    // The lock comes first, because sending changes the same rows.
    hold_enabled(&mut tx, partner, id).await?;
    if !tx.replay_delivery(id, partner, event, app.now()).await? {
        return Err(Error::missing("event of this webhook"));
    }
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(())
}

/// Sends the events of a time range again, except those that are still waiting. Returns their
/// number.
///
/// # Errors
/// 404 if the partner has no such webhook, 409 if it is disabled.
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

/// Checks the address of a webhook: https, public, and without credentials. Returns the canonical
/// form of the URL standard, which deliveries connect to. Every delivery resolves and checks the
/// host name again.
fn checked_address(app: &App, text: &str) -> Result<String, Error> {
    let local = if app.config().webhooks.allow_loopback { " (or http://localhost on this server)" } else { "" };
    let receivers = app.receivers();
    let (code, message) = match Url::parse(text) {
        _ if !is_plain_url(text) => {
            let message = "Must be a full URL with https:// and a host, without spaces and backslashes";
            (Code::UrlFormat, format!("{message}, such as https://hooks.example.com/tenure{local}."))
        }
        Err(_) => (Code::UrlFormat, format!("Must be a URL, such as https://hooks.example.com/tenure{local}.")),
        Ok(_) if url_authority(text).contains('@') => (
            Code::UrlFormat,
            "The URL must not have a user name or password. Use the signature to authenticate deliveries.".to_owned(),
        ),
        Ok(url) if url.fragment().is_some() => {
            (Code::UrlFormat, "The URL must not have a fragment. Remove everything from the # on.".to_owned())
        }
        Ok(url) if url.scheme() != "https" && !receivers.is_allowed(&url) => {
            (Code::UrlFormat, format!("The URL must start with https://{local}."))
        }
        Ok(url) if !receivers.is_allowed(&url) && !receivers.may_ask_port(&url) => {
            (Code::UrlAddress, "The URL must use port 443, unless the operator allows other ports.".to_owned())
        }
        Ok(url) if !receivers.is_allowed(&url) => {
            (Code::UrlAddress, "The URL must have a public host: its address is not public.".to_owned())
        }
        Ok(url) if url.host_str().is_some_and(|host| host.ends_with('.')) => {
            (Code::UrlFormat, "The host name must not end with a full stop.".to_owned())
        }
        Ok(url) => return Ok(url.into()),
    };
    let received = Some(text.chars().take(64).collect());
    Err(Error::invalid(vec![FieldError { pointer: "/url".to_owned(), code, message, received, suggestion: None }]))
}
