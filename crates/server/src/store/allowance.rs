//! Allowances: how far callers have used up what they may do, counted by all nodes together.
//!
//! A row is a bucket of the generic cell rate algorithm: the time at which nothing of it is used any more. What is used moves
//! that time on, by as much for whichever node, in whatever order, so that nodes need to know nothing of each other.

use std::time::Duration;

use sqlx::QueryBuilder;

use super::{StoreError, Tx, on};
use crate::time::Timestamp;

/// What one node has let a caller do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Whom, and by which limit: a keyed hash.
    pub id: [u8; 32],
    /// When the first of it was done.
    pub since: Timestamp,
    /// After how long it is made up for.
    pub cost: Duration,
}

impl Tx {
    /// Charges what was used, and returns when each caller's bucket will be full again, whoever it was that used it. The
    /// caller gives each id once, in their order: two nodes then wait for each other, but never in a circle.
    pub async fn charge(&mut self, charges: &[Charge]) -> Result<Vec<([u8; 32], Timestamp)>, StoreError> {
        if charges.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(Vec<u8>, Timestamp)> = on!(self, connection => {
            let mut query = QueryBuilder::new("INSERT INTO allowance (id, full_at, cost) ");
            query.push_values(charges, |mut row, charge| {
                let cost = i64::try_from(charge.cost.as_micros()).unwrap_or(i64::MAX / 4);
                row.push_bind(charge.id.to_vec()).push_bind(charge.since + charge.cost).push_bind(cost);
            });
            query.push(
                " ON CONFLICT (id) DO UPDATE SET cost = excluded.cost,
                  full_at = CASE WHEN allowance.full_at + excluded.cost > excluded.full_at
                                 THEN allowance.full_at + excluded.cost ELSE excluded.full_at END
                  RETURNING id, full_at",
            );
            query.build_query_as().fetch_all(connection).await
        })?;
        rows.into_iter()
            .map(|(id, full_at)| {
                let id = id.try_into().map_err(|_| StoreError::nonsense("allowance", "the length of an id"))?;
                Ok((id, full_at))
            })
            .collect()
    }

    /// Forgets buckets that are full at `now`: they are as good as new. Returns how many.
    pub async fn forget_allowances(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(on!(self, connection => sqlx::query("DELETE FROM allowance WHERE full_at <= $1")
            .bind(now).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
