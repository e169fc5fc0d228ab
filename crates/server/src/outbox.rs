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
    /// The mail with a sign-in code is sent.
    Code(Mail),
    /// Another mail is sent.
    Mail(Mail),
    /// The key of a deleted account is destroyed, in the key ring's own database.
    DestroyHolderKey(Uuid),
    /// A sandbox user acts.
    #[serde(rename = "play")]
    SandboxAction(SandboxAction),
    /// A share goes on to the newer versions of what it shows.
    FollowShare {
        /// Whose.
        holder: Uuid,
        /// Which.
        share: Uuid,
    },
}

/// What is worked on by itself, so that no lane waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Sign-in codes.
    Code,
    /// Other mails: links, and notices.
    Mail,
    /// Actions of sandbox users.
    Sandbox,
    /// Keys that are destroyed.
    Key,
    /// Shares that go on to newer versions.
    Share,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 5] = [Self::Code, Self::Mail, Self::Sandbox, Self::Key, Self::Share];

    /// The stored name. Those that the release before knew are the kinds of its messages.
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
}

/// On whose behalf a message is sent, and how long.
#[derive(Clone, Copy, Debug, Default)]
pub struct Routing {
    /// The partner that caused it: partners take turns.
    pub partner: Option<Uuid>,
    /// The request whose link it carries: its partner is told if it cannot be mailed.
    pub request: Option<Uuid>,
    /// When it is of no use any more.
    pub expires_at: Option<Timestamp>,
}

/// Stands for the root key where a row names the period of its ring key.
const PERMANENT: Timestamp = Timestamp::from_micros(0);

/// Seals messages for the outbox, and wakes the job that sends them.
#[derive(Debug)]
pub struct Outbox {
    keyring: Keyring,
    clock: Clock,
    rng: Rng,
    filled: [Notify; Lane::ALL.len()],
}

impl Outbox {
    /// An outbox whose messages are sealed by `keyring`.
    pub fn new(keyring: Keyring, clock: Clock, rng: Rng) -> Self {
        Self { keyring, clock, rng, filled: Lane::ALL.map(|_| Notify::new()) }
    }

    /// Adds `message` within `tx`; the caller calls [`Outbox::wake`] after the commit.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn add(&self, tx: &mut Tx, message: &OutboxMessage, routing: Routing) -> Result<(), StoreError> {
        tx.add_to_outbox(&self.seal(message, routing).await?).await
    }

    /// The row of `message`, which is due at once.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn seal(&self, message: &OutboxMessage, routing: Routing) -> Result<OutboxItem, StoreError> {
        let now = self.clock.now();
        let id = self.rng.id(now);
        let plain = serde_json::to_vec(message).map_err(|error| StoreError::Broken(error.to_string()))?;
        let sealed = match message {
            // They may be retried for longer than a ring key lives, and hold no personal data.
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
            due_at: now,
            expires_at: routing.expires_at,
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

    /// Wakes the jobs that send messages.
    pub fn wake(&self) {
        self.filled.iter().for_each(Notify::notify_one);
    }

    /// Waits for [`Outbox::wake`].
    pub async fn filled(&self, lane: Lane) {
        self.filled[lane as usize].notified().await;
    }
}

/// Binds a sealed message to its row.
fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"outbox", id.as_bytes()]
}
