//! The outbox: what must leave the server, written in the transaction that decided it.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// One message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its id.
    pub id: Uuid,
    /// The lane that it is sent in.
    pub lane: String,
    /// The partner that caused it; nil if none did. Partners take turns within a lane.
    pub partner_id: Uuid,
    /// The request whose link it carries.
    pub request_id: Option<Uuid>,
    /// When to try (again).
    pub due_at: Timestamp,
    /// When it is of no use any more; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: i64,
    /// The ring key's period.
    pub ring_period: Timestamp,
    /// What to send, sealed.
    pub sealed: Vec<u8>,
}
from_row!(OutboxItem { id, lane, partner_id, request_id, due_at, expires_at, attempts, ring_period, sealed });

/// Most rows that are taken over from the table of the release before in one transaction.
const TAKEN_OVER: i64 = 100;

impl Tx {
    /// Puts something into the outbox.
    pub async fn add_to_outbox(&mut self, item: &OutboxItem) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO outbox_message (id, lane, partner_id, request_id, due_at, expires_at, ring_period, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ).bind(item.id).bind(&item.lane).bind(item.partner_id).bind(item.request_id).bind(item.due_at).bind(item.expires_at)
            .bind(item.ring_period).bind(&item.sealed).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Whether something in `lane` is due at `now`.
    pub async fn is_outbox_due(&mut self, lane: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox_message WHERE lane = $1 AND due_at <= $2)")
            .bind(lane).bind(now).fetch_one(connection).await)?,
        )
    }

    /// Takes an item of `lane` that is due at `now`, and puts it off until `again`: a node that dies while sending leaves it to
    /// the next. It is the oldest of the partner that comes after `after` in the order of their ids, so that partners take turns.
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
            let taken: Option<OutboxItem> = on!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(statement))
                .bind(lane).bind(after).bind(now).bind(again).fetch_optional(connection).await)?;
            if taken.is_some() {
                return Ok(taken);
            }
        }
        Ok(None)
    }

    /// Puts an item off until `due_at`.
    pub async fn put_off(&mut self, id: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE outbox_message SET due_at = $2 WHERE id = $1").bind(id).bind(due_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Removes an item: it was sent, or is given up.
    pub async fn remove_from_outbox(&mut self, id: Uuid) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("DELETE FROM outbox_message WHERE id = $1").bind(id).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// How many items wait.
    pub async fn outbox_length(&mut self) -> Result<i64, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM outbox_message) + (SELECT count(*) FROM outbox)",
        ).fetch_one(connection).await)?)
    }

    /// Whether the release before left something in its own table that is due at `now`.
    pub async fn is_old_outbox_due(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= $1)").bind(now).fetch_one(connection).await)?,
        )
    }

    /// Takes over what the release before left due in its own table; returns how many rows. Their kind becomes their lane.
    pub async fn take_over_outbox(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let skip_taken = self.skip_taken();
        let due = format!("SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT $2 {skip_taken}");
        let due: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(due))
            .bind(now).bind(TAKEN_OVER).fetch_all(connection).await)?;
        for id in &due {
            on!(self, connection => {
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
