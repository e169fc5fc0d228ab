//! Outbox messages: what a transaction decided and a job does later.
//!
//! Owns how a message is encrypted in its row. [`crate::flows::outbox`] sends them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::keys::Keyring;
use crate::mail::Mail;
use crate::sandbox::SandboxAction;
use ambient::{Clock, Rng, Timestamp};
use store::domain::submission::Sealed;
use store::{OutboxItem, StoreError, Tx};

/// Work that must happen outside of the transaction that decided it. Nodes of different versions
/// share the table, so the serialized names must not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxMessage {
    /// Send the mail with a sign-in code.
    Code(Mail),
    /// Send another mail.
    Mail(Mail),
    /// Destroy the key of a deleted account, in the key ring's own database.
    DestroyHolderKey(Uuid),
    /// Perform an action of a sandbox user.
    #[serde(rename = "play")]
    SandboxAction(SandboxAction),
    /// Update a share to the newer versions of its credentials.
    FollowShare {
        /// The owner of the share.
        holder: Uuid,
        /// The id of the share.
        share: Uuid,
    },
}

/// Independent queues of messages, so that none waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Sign-in codes.
    Code,
    /// Other mails: links, and notices.
    Mail,
    /// Actions of sandbox users.
    Sandbox,
    /// Keys to destroy.
    Key,
    /// Shares to update to newer versions.
    Share,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 5] = [Self::Code, Self::Mail, Self::Sandbox, Self::Key, Self::Share];

    /// Returns the stored name. Lanes of the previous release keep the names of its message kinds.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Mail => "mail",
            Self::Sandbox => "play",
            Self::Key => "destroy_holder_key",
            Self::Share => "share",
        }
    }
}

impl OutboxMessage {
    fn lane(&self) -> Lane {
        match self {
            Self::Code(_) => Lane::Code,
            Self::Mail(_) => Lane::Mail,
            Self::SandboxAction(_) => Lane::Sandbox,
            Self::DestroyHolderKey(_) => Lane::Key,
            Self::FollowShare { .. } => Lane::Share,
        }
    }

    /// Returns how long to wait before the first attempt.
    fn delay(&self) -> Duration {
        match self {
            Self::SandboxAction(action) => action.user.delay,
            Self::Code(_) | Self::Mail(_) | Self::DestroyHolderKey(_) | Self::FollowShare { .. } => Duration::ZERO,
        }
    }
}

/// On whose behalf a message is sent, and until when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Routing {
    /// The partner that caused it. The lane takes messages of different partners in turn.
    pub partner: Option<Uuid>,
    /// The request whose link the mail contains. Its partner is notified if the mail cannot be
    /// sent.
    pub request: Option<Uuid>,
    /// When the message becomes useless and is dropped.
    pub expires_at: Option<Timestamp>,
}

/// Marks rows that are encrypted with the root key, in the column for the period of an epoch key.
const PERMANENT: Timestamp = Timestamp::from_micros(0);

/// Encrypts messages for the outbox, and wakes the job that sends them.
#[derive(Debug)]
pub struct Outbox {
    keyring: Keyring,
    clock: Clock,
    rng: Rng,
    filled: [Notify; Lane::ALL.len()],
}

impl Outbox {
    /// Creates an outbox whose messages are encrypted by `keyring`.
    pub fn new(keyring: Keyring, clock: Clock, rng: Rng) -> Self {
        Self { keyring, clock, rng, filled: Lane::ALL.map(|_| Notify::new()) }
    }

    /// Adds `message` within `tx`. The caller calls [`Outbox::wake`] after the commit.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn add(&self, tx: &mut Tx, message: &OutboxMessage, routing: Routing) -> Result<(), StoreError> {
        tx.add_to_outbox(&self.seal(message, routing).await?).await
    }

    /// Encrypts `message` into a row that is due immediately, or after the delay of a sandbox user.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn seal(&self, message: &OutboxMessage, routing: Routing) -> Result<OutboxItem, StoreError> {
        let now = self.clock.now();
        let id = self.rng.id(now);
        let plain = serde_json::to_vec(message).map_err(|error| StoreError::Broken(error.to_string()))?;
        let sealed = match message {
            // Retries of these messages may outlive an epoch key, and they contain no personal
            // data.
            OutboxMessage::DestroyHolderKey(_) | OutboxMessage::FollowShare { .. } => {
                Sealed { period: PERMANENT, bytes: self.keyring.seal_permanent(&label(&id), &plain) }
            }
            OutboxMessage::Code(_) | OutboxMessage::Mail(_) | OutboxMessage::SandboxAction(_) => {
                self.keyring.seal(now, &label(&id), &plain).await?
            }
        };
        Ok(OutboxItem {
            id,
            lane: message.lane().name().to_owned(),
            partner_id: routing.partner.unwrap_or_default(),
            request_id: routing.request,
            due_at: now + message.delay(),
            expires_at: routing.expires_at,
            attempts: 0,
            ring_period: sealed.period,
            sealed: sealed.bytes,
        })
    }

    /// Decrypts the message of a row; `None` if its key has been destroyed.
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

    /// Wakes the jobs that send messages.
    pub fn wake(&self) {
        self.filled.iter().for_each(Notify::notify_one);
    }

    /// Waits for [`Outbox::wake`].
    pub async fn filled(&self, lane: Lane) {
        self.filled[lane as usize].notified().await;
    }
}

/// Associated data that binds an encrypted message to its row.
fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"outbox", id.as_bytes()]
}
