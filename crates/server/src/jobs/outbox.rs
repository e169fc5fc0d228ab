//! Sends what the outbox holds: at least once, with growing pauses, and not after it makes sense no more. Destroying a key
//! always makes sense: what a person deleted is deleted only then.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::mail::{Mail, SendError};
use crate::sandbox::{self, Play};
use ambient::Timestamp;
use store::domain::submission::Sealed;
use store::{OutboxItem, StoreError, Tx};

/// Something that must happen outside of the transaction that decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outgoing {
    /// A mail is sent.
    Mail(Mail),
    /// The key of a deleted account is destroyed, in the key ring's own database.
    DestroyHolderKey(Uuid),
    /// A sandbox person answers.
    Play(Play),
}

impl Outgoing {
    fn kind(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::DestroyHolderKey(_) => DESTROY_HOLDER_KEY,
            Self::Play(_) => "play",
        }
    }

    /// Puts it into the outbox within `tx`; the caller wakes the outbox after the commit.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn enqueue(&self, app: &App, tx: &mut Tx) -> Result<(), StoreError> {
        tx.add_to_outbox(&self.sealed(app).await?).await
    }

    /// What stands for it in the outbox.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn sealed(&self, app: &App) -> Result<OutboxItem, StoreError> {
        let (id, now) = (app.id(), app.now());
        let plain = serde_json::to_vec(self).map_err(|error| StoreError::Broken(error.to_string()))?;
        let sealed = match self {
            // It may take longer than a ring key lives, and says nothing of a person.
            Self::DestroyHolderKey(_) => {
                Sealed { period: PERMANENT, bytes: app.keyring().seal_permanent(&label(&id), &plain) }
            }
            Self::Mail(_) | Self::Play(_) => app.keyring().seal(now, &label(&id), &plain).await?,
        };
        Ok(OutboxItem {
            id,
            kind: self.kind().to_owned(),
            due_at: now,
            attempts: 0,
            ring_period: sealed.period,
            sealed: sealed.bytes,
        })
    }

    /// What `item` stands for; `None` if it opens no more.
    async fn of(app: &App, item: &OutboxItem) -> Result<Option<Self>, StoreError> {
        let plain = if item.ring_period == PERMANENT {
            app.keyring().open_permanent(&label(&item.id), &item.sealed).ok()
        } else {
            let sealed = Sealed { period: item.ring_period, bytes: item.sealed.clone() };
            app.keyring().open_sealed(&sealed, &label(&item.id)).await?
        };
        Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }
}

/// Which item is meant, when it is sealed.
fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"outbox", id.as_bytes()]
}

const DESTROY_HOLDER_KEY: &str = "destroy_holder_key";

/// Stands for the root key where the period of a ring key stands.
const PERMANENT: Timestamp = Timestamp::from_micros(0);

/// How many items are taken at once.
const BATCH: i64 = 20;
/// An item that was taken is taken again after this time if nobody has said what became of it.
const LEASE: Duration = Duration::from_secs(60);
/// A mail is given up after this many tries: with the pauses below about a quarter of an hour, longer than a code lives.
const TRIES: i64 = 8;

/// Sends what is due; returns how many items were taken.
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
            // A mail server so slow that another node would soon take what is left while it is being sent.
            let mut tx = app.store().write().await?;
            tx.give_back(item.id, app.now()).await?;
            tx.commit().await?;
        }
    }
    Ok(count)
}

async fn send(app: &App, item: OutboxItem) -> Result<(), StoreError> {
    let outcome = match Outgoing::of(app, &item).await? {
        // Nobody reads what is sent there, so nobody signs in as one of them.
        Some(Outgoing::Mail(mail)) if sandbox::is_address(&mail.to) => Ok(()),
        Some(Outgoing::Mail(mail)) => app.mailer().send(item.id, &mail).await,
        Some(Outgoing::DestroyHolderKey(holder)) => {
            app.keyring().destroy_holder_key(holder).await.map_err(|error| SendError::NotNow(error.to_string()))
        }
        Some(Outgoing::Play(play)) => play.act(app).await.map_err(|error| SendError::NotNow(error.detail)),
        None if item.kind == DESTROY_HOLDER_KEY => Err(SendError::NotNow("it does not open".to_owned())),
        None => Err(SendError::Refused("its key is gone".to_owned())),
    };
    let mut tx = app.store().write().await?;
    match outcome {
        Ok(()) => {
            app.metrics().outgoing("sent");
            tx.remove_from_outbox(item.id).await?;
        }
        Err(error) if is_over(&item, &error) => {
            tracing::error!(id = %item.id, kind = item.kind, attempts = item.attempts, %error, "given up");
            app.metrics().outgoing("given_up");
            tx.remove_from_outbox(item.id).await?;
        }
        Err(error) => {
            if item.attempts < TRIES {
                tracing::warn!(id = %item.id, kind = item.kind, attempts = item.attempts, %error, "tried again later");
            } else {
                tracing::error!(id = %item.id, kind = item.kind, attempts = item.attempts, %error, "still tried");
            }
            app.metrics().outgoing("failed");
            let pause = Duration::from_secs(2_u64.saturating_pow(u32::try_from(item.attempts).unwrap_or(8).min(8) + 1));
            tx.put_off(item.id, app.now() + pause).await?;
        }
    }
    tx.commit().await
}

/// Whether it makes no sense to try again.
fn is_over(item: &OutboxItem, error: &SendError) -> bool {
    match error {
        SendError::Refused(_) => true,
        SendError::NotNow(_) => item.attempts >= TRIES && item.kind != DESTROY_HOLDER_KEY,
    }
}
