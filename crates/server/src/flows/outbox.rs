//! Sends what the outbox holds: at least once, with backoff, and not after it makes sense no more. Destroying a key always
//! makes sense: only then is what a person deleted gone.

use std::time::Duration;

use crate::app::App;
use crate::flows;
use crate::mail::SendError;
use crate::outbox::{DESTROY_HOLDER_KEY, OutboxMessage};
use crate::sandbox;
use ambient::Backoff;
use store::{OutboxItem, StoreError};

/// How many messages are taken at once.
const BATCH: i64 = 20;
/// A message that was taken is due again after this time, unless its outcome was written.
const LEASE: Duration = Duration::from_secs(60);
/// Attempts to send a mail, in about a quarter of an hour: longer than a code lives.
const MAX_ATTEMPTS: i64 = 8;
const RETRIES: Backoff = Backoff { first: Duration::from_secs(4), longest: Duration::from_secs(512) };

/// Sends what is due; returns how many messages were taken.
///
/// # Errors
/// The store or the key ring cannot be used; what was taken stays in the outbox.
pub async fn send_due(app: &App) -> Result<usize, StoreError> {
    let now = app.now();
    if app.store().read().await?.outbox_length().await? == 0 {
        app.metrics().outbox.set(0);
        return Ok(0);
    }
    let mut tx = app.store().write().await?;
    let items = tx.take_from_outbox(now, now + LEASE, BATCH).await?;
    let length = tx.outbox_length().await?;
    tx.commit().await?;
    app.metrics().outbox.set(length);
    let count = items.len();
    for item in items {
        if app.now().since(now) < LEASE / 2 {
            send(app, item).await?;
        } else {
            // The mail server is so slow that another node would soon take what is left while it is being sent.
            let mut tx = app.store().write().await?;
            tx.give_back(item.id, app.now()).await?;
            tx.commit().await?;
        }
    }
    Ok(count)
}

async fn send(app: &App, item: OutboxItem) -> Result<(), StoreError> {
    let outcome = match app.outbox().open(&item).await? {
        // Nobody reads the sandbox's mail, so nobody can sign in as one of its users.
        Some(OutboxMessage::Mail(mail)) if sandbox::is_address(&mail.to) => Ok(()),
        Some(OutboxMessage::Mail(mail)) => app.mailer().send(item.id, &mail).await,
        Some(OutboxMessage::DestroyHolderKey(holder)) => {
            app.keyring().destroy_holder_key(holder).await.map_err(|error| SendError::NotNow(error.to_string()))
        }
        Some(OutboxMessage::SandboxAction(action)) => {
            flows::sandbox::act(app, &action).await.map_err(|error| SendError::NotNow(error.detail))
        }
        None if item.kind == DESTROY_HOLDER_KEY => Err(SendError::NotNow("it cannot be decrypted".to_owned())),
        None => Err(SendError::Refused("its key is destroyed".to_owned())),
    };
    let mut tx = app.store().write().await?;
    match outcome {
        Ok(()) => {
            app.metrics().outgoing("sent");
            tx.remove_from_outbox(item.id).await?;
        }
        Err(error) if is_final(&item, &error) => {
            tracing::error!(id = %item.id, kind = item.kind, attempts = item.attempts, %error, "given up");
            app.metrics().outgoing("given_up");
            tx.remove_from_outbox(item.id).await?;
        }
        Err(error) => {
            if item.attempts < MAX_ATTEMPTS {
                tracing::warn!(id = %item.id, kind = item.kind, attempts = item.attempts, %error, "tried again later");
            } else {
                tracing::error!(id = %item.id, kind = item.kind, attempts = item.attempts, %error, "still tried");
            }
            app.metrics().outgoing("failed");
            tx.put_off(item.id, app.now() + RETRIES.wait(item.attempts)).await?;
        }
    }
    tx.commit().await
}

/// Whether a failed message is given up.
fn is_final(item: &OutboxItem, error: &SendError) -> bool {
    match error {
        SendError::Refused(_) => true,
        SendError::NotNow(_) => item.attempts >= MAX_ATTEMPTS && item.kind != DESTROY_HOLDER_KEY,
    }
}
