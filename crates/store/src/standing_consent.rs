//! Standing consents: which credentials their partners may update without asking.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// A holder's consent that the partner of a credential updates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingConsent {
    /// The version that it holds for now, or held for when it ended.
    pub submission_id: Uuid,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
}
from_row!(StandingConsent { submission_id, given_at, ended_at });

impl Tx {
    /// Gives the consent `id` for a credential that stands in `holder`'s wallet. False if it does not stand there, or has a consent.
    pub async fn give_standing_consent(
        &mut self,
        id: Uuid,
        holder: Uuid,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "INSERT INTO standing_consent (id, holder_id, submission_id, given_at)
             SELECT $1, holder_id, id, $4 FROM submission
              WHERE id = $3 AND holder_id = $2 AND state = 'accepted' AND superseded_at IS NULL
             ON CONFLICT (submission_id) WHERE ended_at IS NULL DO NOTHING",
        ).bind(id).bind(holder).bind(submission).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Ends the consent of `holder` for a credential. False if there is none.
    pub async fn end_standing_consent(
        &mut self,
        holder: Uuid,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE standing_consent SET ended_at = $3 WHERE submission_id = $2 AND holder_id = $1 AND ended_at IS NULL",
        ).bind(holder).bind(submission).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Moves the consent of `holder` from a version to the one that took its place. False if there is none. The caller holds the
    /// wallet, so that it cannot end meanwhile.
    pub async fn move_standing_consent(&mut self, holder: Uuid, older: Uuid, newer: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE standing_consent SET submission_id = $3 WHERE submission_id = $2 AND holder_id = $1 AND ended_at IS NULL",
        ).bind(holder).bind(older).bind(newer).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// The consents for a credential, in the order in which they were given; at most the last one has not ended.
    pub async fn standing_consents(&mut self, submission: Uuid) -> Result<Vec<StandingConsent>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as(
            "SELECT submission_id, given_at, ended_at FROM standing_consent WHERE submission_id = $1 ORDER BY given_at, id",
        ).bind(submission).fetch_all(connection).await)?)
    }

    /// All consents of `holder`, in the order in which they were given.
    pub async fn standing_consents_of(&mut self, holder: Uuid) -> Result<Vec<StandingConsent>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as(
            "SELECT submission_id, given_at, ended_at FROM standing_consent WHERE holder_id = $1 ORDER BY given_at, id",
        ).bind(holder).fetch_all(connection).await)?)
    }
}
