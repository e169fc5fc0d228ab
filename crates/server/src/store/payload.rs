//! Payloads: what was pushed and nobody has accepted yet, sealed under the ring key of its period.
//!
//! Kept apart from what is known of a submission, so that it goes with its period: on PostgreSQL each period is a
//! partition, and what is over is dropped, not deleted row by row.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{NewSubmission, StoreError, Tx, on};
use crate::domain::submission::Sealed;
use crate::time::Timestamp;

/// Periods that get a partition each; shorter ones are for trying out, and share the default partition.
const PARTITIONED_FROM: Duration = Duration::from_secs(60);

/// How many periods ahead have their partition: a node that was away for an hour finds one all the same.
const AHEAD: u32 = 3;

/// What holds partitions against two nodes that change them at once (PostgreSQL's advisory locks have numbers).
const PARTITIONS: i64 = 0x7465_6e75_7265_0001;

/// Most ids in one list.
const CHUNK: usize = 256;

impl Tx {
    /// Stores what was pushed with each of `new`.
    pub(super) async fn insert_payloads(&mut self, new: &[&NewSubmission]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => {
                let mut rest = new;
                while !rest.is_empty() {
                    let (chunk, after) = rest.split_at(1 << rest.len().ilog2());
                    rest = after;
                    let mut query = QueryBuilder::new("INSERT INTO payload (ring_period, submission_id, sealed) ");
                    query.push_values(chunk, |mut row, new| {
                        row.push_bind(new.sealed.period).push_bind(new.id).push_bind(new.sealed.bytes.as_slice());
                    });
                    query.build().execute(&mut **transaction).await?;
                }
            }
            Self::Postgres(transaction) => {
                let periods: Vec<i64> = new.iter().map(|new| new.sealed.period.micros()).collect();
                let ids: Vec<Uuid> = new.iter().map(|new| new.id).collect();
                let sealed: Vec<&[u8]> = new.iter().map(|new| new.sealed.bytes.as_slice()).collect();
                sqlx::query("INSERT INTO payload (ring_period, submission_id, sealed) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[])")
                    .bind(periods).bind(ids).bind(sealed).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    /// What is there of submissions, each named with the period that it was sealed in.
    pub(super) async fn payloads(
        &mut self,
        submissions: &[(Timestamp, Uuid)],
    ) -> Result<HashMap<Uuid, Sealed>, StoreError> {
        // A period at a time, so that PostgreSQL looks into one partition.
        let mut periods: BTreeMap<Timestamp, Vec<Uuid>> = BTreeMap::new();
        for (period, id) in submissions {
            periods.entry(*period).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(submissions.len());
        for (period, ids) in periods {
            for chunk in ids.chunks(CHUNK) {
                let rows: Vec<(Uuid, Vec<u8>)> = on!(self, connection => {
                    let mut query = QueryBuilder::new("SELECT submission_id, sealed FROM payload WHERE ring_period = ");
                    query.push_bind(period).push(" AND submission_id IN (");
                    let mut list = query.separated(", ");
                    for id in chunk {
                        list.push_bind(*id);
                    }
                    query.push(")");
                    query.build_query_as().fetch_all(connection).await
                })?;
                found.extend(rows.into_iter().map(|(id, bytes)| (id, Sealed { period, bytes })));
            }
        }
        Ok(found)
    }

    /// Deletes what was pushed with a submission that has been answered.
    pub(super) async fn delete_payload(&mut self, submission: Uuid) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "DELETE FROM payload WHERE submission_id = $1 AND ring_period = (SELECT ring_period FROM submission WHERE id = $1)",
        ).bind(submission).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Lets go of what was pushed in periods before `first`, up to `limit` rows of what has no partition. True if nothing
    /// of it is left.
    pub async fn drop_payloads(&mut self, first: Timestamp, limit: i64) -> Result<bool, StoreError> {
        if matches!(self, Self::Postgres(_)) {
            let over: Vec<Partition> = self.partitions().await?.into_iter().filter(|known| known.to <= first).collect();
            if !over.is_empty() {
                self.hold_partitions().await?;
            }
            for partition in over {
                self.change_partitions(format!("DROP TABLE IF EXISTS {}", partition.name())).await?;
            }
        }
        // On PostgreSQL only the default partition has such rows still.
        let table = match self {
            Self::Sqlite(_) => "payload",
            Self::Postgres(_) => "payload_default",
        };
        let delete = format!(
            "DELETE FROM {table} WHERE (ring_period, submission_id) IN
                (SELECT ring_period, submission_id FROM {table} WHERE ring_period < $1 ORDER BY ring_period, submission_id LIMIT $2)"
        );
        let deleted = on!(self, connection => sqlx::query(sqlx::AssertSqlSafe(delete)).bind(first).bind(limit)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(deleted < limit.unsigned_abs())
    }

    /// Makes the partitions of the periods that come after `now`. SQLite has none.
    pub async fn add_payload_partitions(&mut self, now: Timestamp, period: Duration) -> Result<(), StoreError> {
        if matches!(self, Self::Sqlite(_)) || period < PARTITIONED_FROM {
            return Ok(());
        }
        let wanted = (1..=AHEAD).map(|ahead| {
            let from = (now + period * ahead).floor(period);
            Partition { from, to: from + period }
        });
        let wanted: Vec<Partition> = wanted.collect();
        if self.missing(&wanted).await?.is_empty() {
            return Ok(());
        }
        self.hold_partitions().await?;
        // Asked again, since another node may have been quicker.
        let missing = self.missing(&wanted).await?;
        for partition in missing {
            let (name, from, to) = (partition.name(), partition.from.micros(), partition.to.micros());
            // Attaching lets others go on inserting; making it a partition at once would not.
            self.change_partitions(format!(
                "CREATE TABLE {name} (LIKE payload INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            ))
            .await?;
            self.change_partitions(format!(
                "ALTER TABLE payload ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"
            ))
            .await?;
        }
        Ok(())
    }

    /// Waits until no other node changes partitions, and for the tables themselves only briefly: pushes queue behind who
    /// waits for them, and the next run tries again.
    async fn hold_partitions(&mut self) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(PARTITIONS).execute(&mut **transaction).await?;
        sqlx::query("SET LOCAL lock_timeout = '500ms'").execute(&mut **transaction).await?;
        Ok(())
    }

    async fn change_partitions(&mut self, statement: String) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **transaction).await?;
        Ok(())
    }

    /// Those of `wanted` that nothing is there for.
    async fn missing(&mut self, wanted: &[Partition]) -> Result<Vec<Partition>, StoreError> {
        let known = self.partitions().await?;
        let overlaps = |one: &Partition| known.iter().any(|other| one.from < other.to && other.from < one.to);
        Ok(wanted.iter().filter(|wanted| !overlaps(wanted)).copied().collect())
    }

    /// The partitions that are there, but for the default one.
    async fn partitions(&mut self) -> Result<Vec<Partition>, StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(Vec::new()) };
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT child.relname::text FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
              WHERE inhparent = 'payload'::regclass",
        )
        .fetch_all(&mut **transaction)
        .await?;
        Ok(names.iter().filter_map(|name| Partition::from_name(name)).collect())
    }
}

/// The periods from `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Partition {
    from: Timestamp,
    to: Timestamp,
}

impl Partition {
    fn name(self) -> String {
        format!("payload_{}_{}", self.from.micros(), self.to.micros())
    }

    fn from_name(name: &str) -> Option<Self> {
        let (from, to) = name.strip_prefix("payload_")?.split_once('_')?;
        Some(Self { from: Timestamp::from_micros(from.parse().ok()?), to: Timestamp::from_micros(to.parse().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_s_name_says_its_periods() {
        let hour = Partition { from: Timestamp::from_micros(3_600_000_000), to: Timestamp::from_micros(7_200_000_000) };
        assert_eq!(Partition::from_name(&hour.name()), Some(hour));
        assert_eq!(Partition::from_name("payload_default"), None);
    }
}
