//! Allowances: how far callers have used up what they may do, counted by all nodes together.
//!
//! A row is a bucket of the generic cell rate algorithm: the time at which nothing of it is used any more. What is used moves
//! that time on, by as much for whichever node, in whatever order, so that nodes need to know nothing of each other.

use std::time::Duration;

use sqlx::QueryBuilder;

use super::{StoreError, Tx, on};
use ambient::Timestamp;

/// What becomes of a bucket that is there already when it is charged.
const CHARGED: &str = "CASE WHEN allowance.full_at + excluded.cost > excluded.full_at
                            THEN allowance.full_at + excluded.cost ELSE excluded.full_at END";

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

impl Charge {
    fn micros(&self) -> i64 {
        i64::try_from(self.cost.as_micros()).unwrap_or(i64::MAX / 4)
    }
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
                row.push_bind(charge.id.to_vec()).push_bind(charge.since + charge.cost).push_bind(charge.micros());
            });
            query.push(" ON CONFLICT (id) DO UPDATE SET cost = excluded.cost, full_at = ").push(CHARGED);
            query.push(" RETURNING id, full_at");
            query.build_query_as().fetch_all(connection).await
        })?;
        rows.into_iter()
            .map(|(id, full_at)| {
                let id = id.try_into().map_err(|_| StoreError::nonsense("allowance", "the length of an id"))?;
                Ok((id, full_at))
            })
            .collect()
    }

    /// Charges what is to be used now, if the bucket is full again by `latest` then; and when it will be. Otherwise nothing is
    /// charged, and it says when the bucket will be full as it is.
    pub async fn charge_within(
        &mut self,
        charge: &Charge,
        latest: Timestamp,
    ) -> Result<Result<Timestamp, Timestamp>, StoreError> {
        let statement = format!(
            "INSERT INTO allowance (id, full_at, cost) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET cost = excluded.cost, full_at = {CHARGED} WHERE {CHARGED} <= $4 RETURNING full_at"
        );
        let charged: Option<Timestamp> = on!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(charge.id.to_vec()).bind(charge.since + charge.cost).bind(charge.micros()).bind(latest)
            .fetch_optional(connection).await)?;
        if let Some(full_at) = charged {
            return Ok(Ok(full_at));
        }
        let as_it_is: Option<Timestamp> = on!(self, connection => sqlx::query_scalar("SELECT full_at FROM allowance WHERE id = $1")
            .bind(charge.id.to_vec()).fetch_optional(connection).await)?;
        Ok(Err(as_it_is.unwrap_or(charge.since)))
    }

    /// Forgets buckets that are full at `now`: they are as good as new. Returns how many. It waits for nobody who charges them,
    /// in whatever order: what is being charged is not full anyhow.
    pub async fn forget_allowances(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let skip_taken = self.skip_taken();
        let statement = format!(
            "WITH idle AS MATERIALIZED (SELECT id FROM allowance WHERE full_at <= $1 {skip_taken})
             DELETE FROM allowance WHERE id IN (SELECT id FROM idle)"
        );
        Ok(on!(self, connection => sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(now).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
