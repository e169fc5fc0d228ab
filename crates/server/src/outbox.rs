//! Outbox messages: what a transaction decided and a job does later.
//!
//! Owns how a message is sealed in its row. [`crate::flows::outbox`] sends them.

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::keys::Keyring;
use crate::mail::Mail;
use crate::sandbox::SandboxAction;
use ambient::{Clock, Rng, Timestamp};
use store::domain::submission::Sealed;
use store::{OutboxItem, StoreError, Tx};

/// Something that must happen outside of the transaction that decided it. Other nodes may run another version, so the
/// serialized names stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxMessage {
    /// A mail is sent.
    Mail(Mail),
    /// The key of a deleted account is destroyed, in the key ring's own database.
    DestroyHolderKey(Uuid),
    /// A sandbox user acts.
    #[serde(rename = "play")]
    SandboxAction(SandboxAction),
}

/// The kind of [`OutboxMessage::DestroyHolderKey`].
pub const DESTROY_HOLDER_KEY: &str = "destroy_holder_key";

impl OutboxMessage {
    fn kind(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::DestroyHolderKey(_) => DESTROY_HOLDER_KEY,
            Self::SandboxAction(_) => "play",
        }
    }
}

/// Stands for the root key where a row names the period of its ring key.
const PERMANENT: Timestamp = Timestamp::from_micros(0);

/// Seals messages for the outbox, and wakes the job that sends them.
#[derive(Debug)]
pub struct Outbox {
    keyring: Keyring,
    clock: Clock,
    rng: Rng,
    filled: Notify,
}

impl Outbox {
    /// An outbox whose messages are sealed by `keyring`.
    pub fn new(keyring: Keyring, clock: Clock, rng: Rng) -> Self {
        Self { keyring, clock, rng, filled: Notify::new() }
    }

    /// Adds `message` within `tx`; the caller calls [`Outbox::wake`] after the commit.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn add(&self, tx: &mut Tx, message: &OutboxMessage) -> Result<(), StoreError> {
        tx.add_to_outbox(&self.seal(message).await?).await
    }

    /// The row of `message`, which is due at once.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn seal(&self, message: &OutboxMessage) -> Result<OutboxItem, StoreError> {
        let now = self.clock.now();
        let id = self.rng.id(now);
        let plain = serde_json::to_vec(message).map_err(|error| StoreError::Broken(error.to_string()))?;
        let sealed = match message {
            // It may be retried for longer than a ring key lives, and holds no personal data.
            OutboxMessage::DestroyHolderKey(_) => {
                Sealed { period: PERMANENT, bytes: self.keyring.seal_permanent(&label(&id), &plain) }
            }
            OutboxMessage::Mail(_) | OutboxMessage::SandboxAction(_) => {
                self.keyring.seal(now, &label(&id), &plain).await?
            }
        };
        Ok(OutboxItem {
            id,
            kind: message.kind().to_owned(),
            due_at: now,
            attempts: 0,
            ring_period: sealed.period,
            sealed: sealed.bytes,
        })
    }

    /// The message of a row; `None` if it cannot be decrypted any more.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn open(&self, item: &OutboxItem) -> Result<Option<OutboxMessage>, StoreError> {
        let plain = if item.ring_period == PERMANENT {
            self.keyring.open_permanent(&label(&item.id), &item.sealed).ok()
        } else {
            let sealed = Sealed { period: item.ring_period, bytes: item.sealed.clone() };
            self.keyring.open_sealed(&sealed, &label(&item.id)).await?
        };
        Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }

    /// Wakes the job that sends messages.
    pub fn wake(&self) {
        self.filled.notify_one();
    }

    /// Waits for [`Outbox::wake`].
    pub async fn filled(&self) {
        self.filled.notified().await;
    }
}

/// Binds a sealed message to its row.
fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"outbox", id.as_bytes()]
}
