//! Standing consents: permissions for a partner to update a credential without asking again.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A holder's consent to updates of a credential by its partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingConsent {
    /// The version that it applies to, or applied to when it ended.
    pub submission_id: Uuid,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}
from_row!(StandingConsent { submission_id, given_at, ended_at });

impl Tx {
    /// Adds the consent `id` for a current credential in `holder`'s wallet. Returns false if it is
    /// not current or already has a consent.
    pub async fn give_standing_consent(
        &mut self,
        id: Uuid,
        holder: Uuid,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "INSERT INTO standing_consent (id, holder_id, submission_id, given_at)
             SELECT $1, holder_id, id, $4 FROM submission
              WHERE id = $3 AND holder_id = $2 AND state = 'accepted' AND superseded_at IS NULL
             ON CONFLICT (submission_id) WHERE ended_at IS NULL DO NOTHING",
        ).bind(id).bind(holder).bind(submission).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Ends the consent of `holder` for a credential. Returns false if there is none.
    pub async fn end_standing_consent(
        &mut self,
        holder: Uuid,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE standing_consent SET ended_at = $3 WHERE submission_id = $2 AND holder_id = $1 AND ended_at IS NULL",
        ).bind(holder).bind(submission).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Moves the consent of `holder` from a version to the one that superseded it. Returns false if
    /// there is none. The caller holds the wallet lock, so the consent cannot end concurrently.
    pub async fn move_standing_consent(&mut self, holder: Uuid, older: Uuid, newer: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE standing_consent SET submission_id = $3 WHERE submission_id = $2 AND holder_id = $1 AND ended_at IS NULL",
        ).bind(holder).bind(older).bind(newer).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the consents for a credential, oldest first. Only the last one can be active.
    pub async fn standing_consents(&mut self, submission: Uuid) -> Result<Vec<StandingConsent>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT submission_id, given_at, ended_at FROM standing_consent WHERE submission_id = $1 ORDER BY given_at, id",
        ).bind(submission).fetch_all(connection).await)?)
    }

    /// Returns all consents of `holder`, oldest first.
    pub async fn standing_consents_of(&mut self, holder: Uuid) -> Result<Vec<StandingConsent>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT submission_id, given_at, ended_at FROM standing_consent WHERE holder_id = $1 ORDER BY given_at, id",
        ).bind(holder).fetch_all(connection).await)?)
    }
}
