//! Questions to outside wallets: asked, answered once, counted once.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use crate::domain::presentation::{Flow, MOST_REFUSED, MOST_TRIES, Mode, Presentation, State};
use crate::domain::submission::Sealed;
use ambient::Timestamp;

struct Row {
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
from_row!(Row {
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

impl TryFrom<Row> for Presentation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let nonsense = |what: &str| StoreError::nonsense("presentation", format!("{} {what}", row.id));
        let sealed = row.sealed.map(|bytes| Sealed { period: row.ring_period, bytes });
        let state = match (row.state.as_str(), row.response_hash, sealed) {
            ("waiting", None, Some(key)) => State::Waiting { key },
            ("answered", Some(response_hash), Some(shown)) => State::Answered { response_hash, shown },
            ("finished", _, None) => State::Finished,
            ("declined", _, None) => State::Declined,
            ("rejected", _, None) => State::Rejected,
            (state, ..) => return Err(nonsense(&format!("in state {state}"))),
        };
        Ok(Self {
            id: row.id,
            verification: row.verification_id,
            holder: row.holder_id,
            flow: Flow::from_name(&row.flow).ok_or_else(|| nonsense("its flow"))?,
            mode: Mode::from_name(&row.mode).ok_or_else(|| nonsense("its mode"))?,
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

fn read(row: Option<Row>, now: Timestamp) -> Result<Option<Presentation>, StoreError> {
    row.map(|row| Presentation::try_from(row).map(|found| found.as_of(now))).transpose()
}

impl Tx {
    /// Adds a question that waits for `key`'s answer.
    pub async fn add_presentation(&mut self, new: &Presentation, key: &Sealed) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO presentation (id, verification_id, holder_id, flow, mode, client_id, nonce, binding_hash, state, created_at, expires_at, ring_period, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10, $11, $12)",
        ).bind(new.id).bind(new.verification).bind(new.holder).bind(new.flow.name()).bind(new.mode.name()).bind(&new.client_id)
            .bind(&new.nonce).bind(&new.binding_hash).bind(new.created_at).bind(new.expires_at).bind(key.period)
            .bind(&key.bytes).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// A question by its id, whoever's, as it stands at `now`: a wallet may read it as often as it likes. What may be done
    /// with its answer is for the caller, who compares the browser's secret and the wallet's.
    pub async fn presentation(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Presentation>, StoreError> {
        let row: Option<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM presentation WHERE id = $1")
            .bind(id).fetch_optional(connection).await)?;
        read(row, now)
    }

    /// The question of the browser whose secret has this hash, as it stands at `now`.
    pub async fn bound_presentation(
        &mut self,
        id: Uuid,
        binding_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<Presentation>, StoreError> {
        let row: Option<Row> = on!(self, connection => sqlx::query_as(
            "SELECT * FROM presentation WHERE id = $1 AND binding_hash = $2",
        ).bind(id).bind(binding_hash).fetch_optional(connection).await)?;
        read(row, now)
    }

    /// Notes a good answer: the first counts, and with it the key goes. False if it does not wait any more.
    pub async fn answer_presentation(
        &mut self,
        id: Uuid,
        response_hash: &[u8],
        shown: &Sealed,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'answered', response_hash = $2, ring_period = $3, sealed = $4, refusal = NULL
              WHERE id = $1 AND state = 'waiting' AND expires_at > $5",
        ).bind(id).bind(response_hash).bind(shown.period).bind(&shown.bytes).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Notes an answer that was not taken, and why; after too many the question ends.
    pub async fn refuse_answer(&mut self, id: Uuid, why: &str) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "UPDATE presentation SET refused = refused + 1, refusal = $2 WHERE id = $1 AND state = 'waiting'",
        ).bind(id).bind(why).execute(connection).await.map(drop))?;
        on!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'rejected', sealed = NULL WHERE id = $1 AND state = 'waiting' AND refused >= $2",
        ).bind(id).bind(MOST_REFUSED).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Ends a question whose wallet said no. False if it does not wait any more.
    pub async fn decline_presentation(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'declined', sealed = NULL WHERE id = $1 AND state = 'waiting'",
        ).bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Counts a code that is tried for an answer, before it is looked at. False if no more may be tried; the answer is
    /// ended then.
    pub async fn take_presentation_try(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE presentation SET tries = tries + 1 WHERE id = $1 AND state = 'answered' AND tries < $2",
        ).bind(id).bind(MOST_TRIES).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 0 {
            self.reject_presentation(id).await?;
        }
        Ok(changed == 1)
    }

    /// Ends an answer that must not count. False if there is none.
    pub async fn reject_presentation(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'rejected', sealed = NULL WHERE id = $1 AND state = 'answered'",
        ).bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Ends an answer that counts, once. False if there is none.
    pub async fn finish_presentation(&mut self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE presentation SET state = 'finished', sealed = NULL WHERE id = $1 AND state = 'answered' AND expires_at > $2",
        ).bind(id).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Forgets up to `limit` questions whose time was over before `before`.
    pub async fn forget_presentations(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        Ok(on!(self, connection => sqlx::query(
            "DELETE FROM presentation WHERE id IN
                (SELECT id FROM presentation WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        ).bind(before).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
