//! Links that could not be mailed.

use uuid::Uuid;

use super::{Announcement, AnnouncementKind, StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// Why a link could not be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The mail server refused the recipient's address for good.
    RecipientRejected,
    /// The link expired before the mail server accepted the mail.
    Expired,
}

impl Undelivered {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::RecipientRejected, Self::Expired];

    /// The stored name, which partners see.
    pub fn name(self) -> &'static str {
        match self {
            Self::RecipientRejected => "recipient_rejected",
            Self::Expired => "expired",
        }
    }

    pub(super) fn from_name(name: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.name() == name)
            .ok_or_else(|| StoreError::nonsense("undelivered_link", name))
    }
}

/// A request as its partner knows it.
struct Request {
    partner_id: Uuid,
    credential_id: String,
}
from_row!(Request { partner_id, credential_id });

impl Tx {
    /// Notes at `now` that the link of `request`, a submission or a batch, could not be mailed, and tells its partner. False if
    /// there is no such request.
    pub async fn note_undelivered(
        &mut self,
        request: Uuid,
        reason: Undelivered,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let known: Option<Request> = on!(self, connection => sqlx::query_as("SELECT partner_id, credential_id FROM submission WHERE id = $1")
            .bind(request).fetch_optional(connection).await)?;
        let Some(known) = known else { return Ok(false) };
        on!(self, connection => sqlx::query(
            "INSERT INTO undelivered_link (request_id, reason, at) VALUES ($1, $2, $3)
             ON CONFLICT (request_id) DO UPDATE SET reason = excluded.reason, at = excluded.at",
        ).bind(request).bind(reason.name()).bind(now).execute(connection).await.map(drop))?;
        self.note_changed(&[request]);
        let request_id = request.to_string();
        let announcement = Announcement {
            partner: known.partner_id,
            kind: AnnouncementKind::AddUndelivered,
            request_id: &request_id,
            credential_id: Some(&known.credential_id),
            at: now,
            told_at: now,
        };
        self.announce(&[announcement]).await?;
        Ok(true)
    }

    /// Forgets that the link of `request` could not be mailed, because it is mailed again. False if it was not so.
    pub async fn forget_undelivered(&mut self, request: Uuid) -> Result<bool, StoreError> {
        let forgotten = on!(self, connection => sqlx::query("DELETE FROM undelivered_link WHERE request_id = $1")
            .bind(request).execute(connection).await.map(|done| done.rows_affected()))?;
        self.note_changed(&[request]);
        Ok(forgotten == 1)
    }

    /// Why the link of `request` could not be mailed; `None` if that is not so.
    pub async fn undelivered(&mut self, request: Uuid) -> Result<Option<Undelivered>, StoreError> {
        let reason: Option<String> = on!(self, connection => sqlx::query_scalar("SELECT reason FROM undelivered_link WHERE request_id = $1")
            .bind(request).fetch_optional(connection).await)?;
        reason.as_deref().map(Undelivered::from_name).transpose()
    }
}
