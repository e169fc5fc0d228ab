//! The outbox: messages to send, written in the transaction that causes them.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// The message id.
    pub id: Uuid,
    /// The queue that it is sent from.
    pub lane: String,
    /// The partner that caused it, or the nil UUID. Partners take turns within a lane.
    pub partner_id: Uuid,
    /// The request whose link it carries.
    pub request_id: Option<Uuid>,
    /// When the next attempt is due.
    pub due_at: Timestamp,
    /// When it expires; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Number of attempts so far.
    pub attempts: i64,
    /// Start of the period whose epoch key encrypts it.
    pub ring_period: Timestamp,
    /// The encrypted message.
    pub sealed: Vec<u8>,
}
from_row!(OutboxItem { id, lane, partner_id, request_id, due_at, expires_at, attempts, ring_period, sealed });

/// Maximum number of rows to move from the previous release's table in one transaction.
const TAKEN_OVER: i64 = 100;

impl Tx {
    /// Adds a message.
    pub async fn add_to_outbox(&mut self, item: &OutboxItem) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO outbox_message (id, lane, partner_id, request_id, due_at, expires_at, ring_period, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ).bind(item.id).bind(&item.lane).bind(item.partner_id).bind(item.request_id).bind(item.due_at).bind(item.expires_at)
            .bind(item.ring_period).bind(&item.sealed).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns whether a message of `lane` is due at `now`.
    pub async fn is_outbox_due(&mut self, lane: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox_message WHERE lane = $1 AND due_at <= $2)")
            .bind(lane).bind(now).fetch_one(connection).await)?,
        )
    }

    /// Leases a message of `lane` that is due at `now` until `again`, when another node retries it
    /// if this one crashed. Takes the oldest message of the next partner after `after` in id order,
    /// so that partners take turns.
    pub async fn take_from_outbox(
        &mut self,
        lane: &str,
        after: Uuid,
        now: Timestamp,
        again: Timestamp,
    ) -> Result<Option<OutboxItem>, StoreError> {
        let skip_taken = self.skip_taken();
        for partners in ["partner_id > $2", "partner_id <= $2"] {
            let statement = format!(
                "WITH due AS MATERIALIZED (SELECT id FROM outbox_message WHERE lane = $1 AND {partners} AND due_at <= $3
                                            ORDER BY partner_id, due_at LIMIT 1 {skip_taken})
                 UPDATE outbox_message SET due_at = $4, attempts = attempts + 1 WHERE id IN (SELECT id FROM due) RETURNING *"
            );
            let taken: Option<OutboxItem> = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(statement))
                .bind(lane).bind(after).bind(now).bind(again).fetch_optional(connection).await)?;
            if taken.is_some() {
                return Ok(taken);
            }
        }
        Ok(None)
    }

    /// Postpones a message until `due_at`.
    pub async fn put_off(&mut self, id: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE outbox_message SET due_at = $2 WHERE id = $1").bind(id).bind(due_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Gives back a claimed message that was not tried, and postpones it until `due_at`. The claim
    /// does not count as an attempt.
    pub async fn put_back(&mut self, id: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE outbox_message SET due_at = $2, attempts = attempts - 1 WHERE id = $1 AND attempts > 0",
        ).bind(id).bind(due_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes a message that was sent or given up.
    pub async fn remove_from_outbox(&mut self, id: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM outbox_message WHERE id = $1").bind(id).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the number of queued messages.
    pub async fn outbox_length(&mut self) -> Result<i64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM outbox_message) + (SELECT count(*) FROM outbox)",
        ).fetch_one(connection).await)?)
    }

    /// Returns whether the previous release's table has a message that is due at `now`.
    pub async fn is_old_outbox_due(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= $1)").bind(now).fetch_one(connection).await)?,
        )
    }

    /// Moves due messages from the previous release's table and returns their number. Their kind
    /// becomes their lane.
    pub async fn take_over_outbox(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let skip_taken = self.skip_taken();
        let due = format!("SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT $2 {skip_taken}");
        let due: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(due))
            .bind(now).bind(TAKEN_OVER).fetch_all(connection).await)?;
        for id in &due {
            dispatch!(self, connection => {
                sqlx::query(
                    "INSERT INTO outbox_message (id, lane, partner_id, due_at, attempts, ring_period, sealed)
                     SELECT id, kind, $2, due_at, attempts, ring_period, sealed FROM outbox WHERE id = $1",
                ).bind(id).bind(Uuid::nil()).execute(&mut *connection).await?;
                sqlx::query("DELETE FROM outbox WHERE id = $1").bind(id).execute(connection).await.map(drop)
            })?;
        }
        Ok(due.len() as u64)
    }
}
