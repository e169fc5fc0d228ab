//! Presentations from outside wallets: requested, responded to once, finished once.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::presentation::{Flow, MAX_CODE_ATTEMPTS, MAX_REFUSED, Mode, Presentation, PresentationState};
use crate::domain::submission::Sealed;
use ambient::Timestamp;

struct PresentationRow {
    id: Uuid,
    verification_id: Uuid,
    holder_id: Option<Uuid>,
    flow: String,
    mode: String,
    client_id: String,
    nonce: String,
    binding_hash: Vec<u8>,
    state: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    refusal: Option<String>,
    response_hash: Option<Vec<u8>>,
    ring_period: Timestamp,
    sealed: Option<Vec<u8>>,
}
from_row!(PresentationRow {
    id,
    verification_id,
    holder_id,
    flow,
    mode,
    client_id,
    nonce,
    binding_hash,
    state,
    created_at,
    expires_at,
    refusal,
    response_hash,
    ring_period,
    sealed,
});

impl TryFrom<PresentationRow> for Presentation {
    type Error = StoreError;

    fn try_from(row: PresentationRow) -> Result<Self, StoreError> {
        let corrupt_row = |what: &str| StoreError::corrupt_row("presentation", format!("{} {what}", row.id));
        let sealed = row.sealed.map(|bytes| Sealed { period: row.ring_period, bytes });
        let state = match (row.state.as_str(), row.response_hash, sealed) {
            ("waiting", None, Some(key)) => PresentationState::Waiting { key },
            ("answered", Some(response_hash), Some(shown)) => PresentationState::Answered { response_hash, shown },
            ("finished", Some(response_hash), None) => PresentationState::Finished { response_hash },
            ("declined", response_hash, None) => PresentationState::Declined { response_hash },
            ("rejected", _, None) => PresentationState::Rejected,
            (state, ..) => return Err(corrupt_row(&format!("in state {state}"))),
        };
        Ok(Self {
            id: row.id,
            verification: row.verification_id,
            holder: row.holder_id,
            flow: Flow::from_name(&row.flow).ok_or_else(|| corrupt_row("its flow"))?,
            mode: Mode::from_name(&row.mode).ok_or_else(|| corrupt_row("its mode"))?,
            client_id: row.client_id,
            nonce: row.nonce,
            binding_hash: row.binding_hash,
            created_at: row.created_at,
            expires_at: row.expires_at,
            refusal: row.refusal,
            state,
        })
    }
}

fn read(row: Option<PresentationRow>, now: Timestamp) -> Result<Option<Presentation>, StoreError> {
    row.map(|row| Presentation::try_from(row).map(|found| found.as_of(now))).transpose()
}

impl Tx {
    /// Adds a presentation that waits for a response, with the encrypted private key for that
    /// response.
    pub async fn add_presentation(&mut self, new: &Presentation, key: &Sealed) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO presentation (id, verification_id, holder_id, flow, mode, client_id, nonce, binding_hash, state, created_at, expires_at, ring_period, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10, $11, $12)",
        ).bind(new.id).bind(new.verification).bind(new.holder).bind(new.flow.name()).bind(new.mode.name()).bind(&new.client_id)
            .bind(&new.nonce).bind(&new.binding_hash).bind(new.created_at).bind(new.expires_at).bind(key.period)
            .bind(&key.bytes).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns a presentation with its state at `now`. A wallet may read it any number of times.
    /// Does not check the owner: before the response is used, the caller compares the browser's
    /// secret and the wallet's.
    pub async fn presentation(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Presentation>, StoreError> {
        let row: Option<PresentationRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM presentation WHERE id = $1")
            .bind(id).fetch_optional(connection).await)?;
        read(row, now)
    }

    /// Returns the presentation of the browser whose secret has this hash, with its state at `now`.
    pub async fn bound_presentation(
        &mut self,
        id: Uuid,
        binding_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<Presentation>, StoreError> {
        let row: Option<PresentationRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM presentation WHERE id = $1 AND binding_hash = $2",
        ).bind(id).bind(binding_hash).fetch_optional(connection).await)?;
        read(row, now)
    }

    /// Stores a valid response in place of the decryption key, so only the first one is accepted.
    /// Returns false if the presentation is no longer waiting.
    pub async fn answer_presentation(
        &mut self,
        id: Uuid,
        response_hash: &[u8],
        shown: &Sealed,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'answered', response_hash = $2, ring_period = $3, sealed = $4, refusal = NULL
              WHERE id = $1 AND state = 'waiting' AND expires_at > $5",
        ).bind(id).bind(response_hash).bind(shown.period).bind(&shown.bytes).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Records why a response was rejected. After [`MAX_REFUSED`] rejections the presentation ends.
    pub async fn refuse_answer(&mut self, id: Uuid, why: &str) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET refused = refused + 1, refusal = $2 WHERE id = $1 AND state = 'waiting'",
        ).bind(id).bind(why).execute(connection).await.map(drop))?;
        dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'rejected', sealed = NULL WHERE id = $1 AND state = 'waiting' AND refused >= $2",
        ).bind(id).bind(MAX_REFUSED).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Ends a presentation that the wallet declined, with the hash of the response's secret.
    /// Returns false if it is no longer waiting.
    pub async fn decline_presentation(&mut self, id: Uuid, response_hash: &[u8]) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'declined', response_hash = $2, sealed = NULL WHERE id = $1 AND state = 'waiting'",
        ).bind(id).bind(response_hash).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Counts an attempt to enter the code, before the code is compared. After
    /// [`MAX_CODE_ATTEMPTS`] it rejects the response and returns false.
    pub async fn take_presentation_try(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET tries = tries + 1 WHERE id = $1 AND state = 'answered' AND tries < $2",
        ).bind(id).bind(MAX_CODE_ATTEMPTS).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 0 {
            self.reject_presentation(id).await?;
        }
        Ok(changed == 1)
    }

    /// Rejects a response that is not finished. Returns false if there is none.
    pub async fn reject_presentation(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'rejected', sealed = NULL WHERE id = $1 AND state = 'answered'",
        ).bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Rejects a response that became invalid before it was finished, and records why. Returns
    /// false if there is none.
    pub async fn refuse_presentation(&mut self, id: Uuid, why: &str) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'rejected', sealed = NULL, refusal = $2 WHERE id = $1 AND state = 'answered'",
        ).bind(id).bind(why).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Finishes a presentation whose response is used, at most once. Returns false if there is no
    /// unexpired response.
    pub async fn finish_presentation(&mut self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'finished', sealed = NULL WHERE id = $1 AND state = 'answered' AND expires_at > $2",
        ).bind(id).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Deletes up to `limit` presentations that expired before `before`.
    pub async fn forget_presentations(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query(
            "DELETE FROM presentation WHERE id IN
                (SELECT id FROM presentation WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        ).bind(before).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
