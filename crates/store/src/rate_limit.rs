//! Rate limits: what callers have used, counted by all nodes together.
//!
//! A row is a bucket of the generic cell rate algorithm: the time at which the bucket is full
//! again. Each debit moves that time forward by its cost, on any node and in any order, so that
//! nodes need not coordinate.

use std::time::Duration;

use sqlx::QueryBuilder;

use super::{StoreError, Tx, dispatch};
use ambient::{Timestamp, micros};

/// New `full_at` of an existing bucket: the later of its old value and the debit's start, plus the
/// cost.
const CHARGED: &str = "CASE WHEN allowance.full_at + excluded.cost > excluded.full_at
                            THEN allowance.full_at + excluded.cost ELSE excluded.full_at END";

/// The requests of one caller that a node admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debit {
    /// Keyed hash of the caller and the limit.
    pub id: [u8; 32],
    /// When the first of them was admitted.
    pub since: Timestamp,
    /// Time after which the bucket has refilled what they used.
    pub cost: Duration,
}

impl Tx {
    /// Debits each bucket and returns when it will be full again, including the debits of other
    /// nodes. The caller passes each id once, in ascending order, so that two nodes cannot
    /// deadlock.
    pub async fn charge(&mut self, charges: &[Debit]) -> Result<Vec<([u8; 32], Timestamp)>, StoreError> {
        if charges.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(Vec<u8>, Timestamp)> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("INSERT INTO allowance (id, full_at, cost) ");
            query.push_values(charges, |mut row, charge| {
                row.push_bind(charge.id.to_vec()).push_bind(charge.since + charge.cost).push_bind(micros(charge.cost));
            });
            query.push(" ON CONFLICT (id) DO UPDATE SET cost = excluded.cost, full_at = ").push(CHARGED);
            query.push(" RETURNING id, full_at");
            query.build_query_as().fetch_all(connection).await
        })?;
        rows.into_iter()
            .map(|(id, full_at)| {
                let id =
                    id.try_into().map_err(|_| StoreError::corrupt_row("allowance", "an id of the wrong length"))?;
                Ok((id, full_at))
            })
            .collect()
    }

    /// Debits the bucket if it will be full again by `latest` after that, and returns the new time
    /// at which it is full. Otherwise debits nothing and returns the current time as `Err`.
    pub async fn charge_within(
        &mut self,
        charge: &Debit,
        latest: Timestamp,
    ) -> Result<Result<Timestamp, Timestamp>, StoreError> {
        let statement = format!(
            "INSERT INTO allowance (id, full_at, cost) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET cost = excluded.cost, full_at = {CHARGED} WHERE {CHARGED} <= $4 RETURNING full_at"
        );
        let charged: Option<Timestamp> = dispatch!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(charge.id.to_vec()).bind(charge.since + charge.cost).bind(micros(charge.cost)).bind(latest)
            .fetch_optional(connection).await)?;
        if let Some(full_at) = charged {
            return Ok(Ok(full_at));
        }
        let as_it_is: Option<Timestamp> = dispatch!(self, connection => sqlx::query_scalar("SELECT full_at FROM allowance WHERE id = $1")
            .bind(charge.id.to_vec()).fetch_optional(connection).await)?;
        Ok(Err(as_it_is.unwrap_or(charge.since)))
    }

    /// Moves the time at which a bucket is full again back to `latest` if it is later. That is left
    /// of a node whose clock was ahead.
    pub async fn cap_allowance(&mut self, id: &[u8; 32], latest: Timestamp) -> Result<(), StoreError> {
        let statement = "UPDATE allowance SET full_at = $2 WHERE id = $1 AND full_at > $2";
        dispatch!(self, connection => sqlx::query(statement)
            .bind(id.to_vec()).bind(latest).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes buckets that are full at `now`, since they equal new ones. Returns their number. It
    /// skips rows that a concurrent debit has locked and so cannot deadlock; those are not full any
    /// more anyway.
    pub async fn forget_allowances(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let skip_taken = self.skip_taken();
        let statement = format!(
            "WITH idle AS MATERIALIZED (SELECT id FROM allowance WHERE full_at <= $1 {skip_taken})
             DELETE FROM allowance WHERE id IN (SELECT id FROM idle)"
        );
        Ok(dispatch!(self, connection => sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(now).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
