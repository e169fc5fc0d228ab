//! The outbox: what must leave the server, written in the transaction that decided it.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// One thing to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its id.
    pub id: Uuid,
    /// What it is: `mail`.
    pub kind: String,
    /// When to try (again).
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// The ring key's period.
    pub ring_period: Timestamp,
    /// What to send, sealed.
    pub sealed: Vec<u8>,
}
from_row!(OutboxItem { id, kind, due_at, attempts, ring_period, sealed });

impl Tx {
    /// Puts something into the outbox.
    pub async fn add_to_outbox(&mut self, item: &OutboxItem) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("INSERT INTO outbox (id, kind, due_at, ring_period, sealed) VALUES ($1, $2, $3, $4, $5)")
            .bind(item.id).bind(&item.kind).bind(item.due_at).bind(item.ring_period).bind(&item.sealed)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Takes up to `limit` items that are due at `now`, and puts each off until `again`: a node that dies while
    /// sending leaves them to be sent by the next.
    pub async fn take_from_outbox(
        &mut self,
        now: Timestamp,
        again: Timestamp,
        limit: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let skip_taken = self.skip_taken();
        let statement = format!(
            "WITH due AS MATERIALIZED (SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at, id LIMIT $3 {skip_taken})
             UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM due) RETURNING *"
        );
        Ok(on!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(now).bind(again).bind(limit).fetch_all(connection).await)?)
    }

    /// Gives an item back that was taken and not tried: it is due at once, and this does not count as an attempt.
    pub async fn give_back(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE outbox SET due_at = $2, attempts = attempts - 1 WHERE id = $1")
            .bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Puts an item off until `due_at`.
    pub async fn put_off(&mut self, id: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE outbox SET due_at = $2 WHERE id = $1").bind(id).bind(due_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Removes an item: it was sent, or is given up.
    pub async fn remove_from_outbox(&mut self, id: Uuid) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("DELETE FROM outbox WHERE id = $1").bind(id).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// How many items wait.
    pub async fn outbox_length(&mut self) -> Result<i64, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar("SELECT count(*) FROM outbox").fetch_one(connection).await)?)
    }
}
