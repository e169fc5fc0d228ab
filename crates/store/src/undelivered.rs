//! Links that could not be emailed.

use uuid::Uuid;

use super::{Announcement, AnnouncementKind, StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// Why a link could not be emailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The mail server permanently rejected the recipient's address.
    RecipientRejected,
    /// The link expired before the mail server accepted the email.
    Expired,
}

impl Undelivered {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::RecipientRejected, Self::Expired];

    /// Returns the stored name, which partners see.
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
            .ok_or_else(|| StoreError::corrupt_row("undelivered_link", name))
    }
}

/// The columns of a request that the announcement needs.
struct Request {
    partner_id: Uuid,
    credential_id: String,
}
from_row!(Request { partner_id, credential_id });

impl Tx {
    /// Records that the link of `request`, a submission or a batch, could not be emailed, and
    /// announces it to its partner. Returns false if there is no such request.
    pub async fn note_undelivered(
        &mut self,
        request: Uuid,
        reason: Undelivered,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let known: Option<Request> = dispatch!(self, connection => sqlx::query_as("SELECT partner_id, credential_id FROM submission WHERE id = $1")
            .bind(request).fetch_optional(connection).await)?;
        let Some(known) = known else { return Ok(false) };
        dispatch!(self, connection => sqlx::query(
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

    /// Deletes the record that the link of `request` could not be emailed, before it is emailed
    /// again. Returns false if there is none.
    pub async fn forget_undelivered(&mut self, request: Uuid) -> Result<bool, StoreError> {
        let forgotten = dispatch!(self, connection => sqlx::query("DELETE FROM undelivered_link WHERE request_id = $1")
            .bind(request).execute(connection).await.map(|done| done.rows_affected()))?;
        self.note_changed(&[request]);
        Ok(forgotten == 1)
    }

    /// Returns why the link of `request` could not be emailed; `None` if that is not recorded.
    pub async fn undelivered(&mut self, request: Uuid) -> Result<Option<Undelivered>, StoreError> {
        let reason: Option<String> = dispatch!(self, connection => sqlx::query_scalar("SELECT reason FROM undelivered_link WHERE request_id = $1")
            .bind(request).fetch_optional(connection).await)?;
        reason.as_deref().map(Undelivered::from_name).transpose()
    }
}
