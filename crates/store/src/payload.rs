//! Payloads: data that was pushed and not yet accepted, encrypted under the epoch key of its
//! period.
//!
//! On PostgreSQL, payloads are in a table of their own, partitioned by period, so that expired ones
//! are dropped by partition and not deleted row by row. On SQLite they are in the submission's row,
//! because inserting into a second B-tree costs a push more than the cheaper deletion saves. There
//! the expiry job clears them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{NewSubmission, StoreError, Tx, push_list};
use crate::domain::submission::Sealed;
use ambient::Timestamp;

/// Shortest period that gets a partition of its own. Shorter ones are for testing and share the
/// default partition.
const PARTITIONED_FROM: Duration = Duration::from_secs(60);

/// Advisory lock that keeps two nodes from changing partitions at once.
const PARTITIONS: i64 = 0x7465_6e75_7265_0001;

/// Maximum number of ids in one `IN` list.
const CHUNK: usize = 256;

impl Tx {
    /// Inserts the payloads of `new`, whose rows are already inserted.
    pub(super) async fn insert_payloads(&mut self, mut new: Vec<&NewSubmission>) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        if new.is_empty() {
            return Ok(());
        }
        new.sort_unstable_by_key(|new| (new.sealed.period, new.id));
        let periods: Vec<i64> = new.iter().map(|new| new.sealed.period.micros()).collect();
        let ids: Vec<Uuid> = new.iter().map(|new| new.id).collect();
        let sealed: Vec<&[u8]> = new.iter().map(|new| new.sealed.bytes.as_slice()).collect();
        sqlx::query("INSERT INTO payload (ring_period, submission_id, sealed) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[])")
            .bind(periods).bind(ids).bind(sealed).execute(&mut **transaction).await?;
        Ok(())
    }

    /// Returns the payloads from the separate table, given each submission's period and id.
    pub(super) async fn payloads(
        &mut self,
        submissions: &[(Timestamp, Uuid)],
    ) -> Result<HashMap<Uuid, Sealed>, StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(HashMap::new()) };
        // One query a period, so that each reads a single partition.
        let mut periods: BTreeMap<Timestamp, Vec<Uuid>> = BTreeMap::new();
        for (period, id) in submissions {
            periods.entry(*period).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(submissions.len());
        for (period, ids) in periods {
            let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
                "SELECT submission_id, sealed FROM payload WHERE ring_period = $1 AND submission_id = ANY($2)",
            )
            .bind(period)
            .bind(ids)
            .fetch_all(&mut **transaction)
            .await?;
            found.extend(rows.into_iter().map(|(id, bytes)| (id, Sealed { period, bytes })));
        }
        Ok(found)
    }

    /// Deletes the payload of a submission that was accepted, declined or withdrawn.
    pub(super) async fn delete_payload(&mut self, submission: Uuid) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        sqlx::query("DELETE FROM payload WHERE submission_id = $1 AND ring_period = (SELECT ring_period FROM submission WHERE id = $1)")
            .bind(submission).execute(&mut **transaction).await?;
        Ok(())
    }

    /// Clears the payloads in the rows of expired submissions. On PostgreSQL they are dropped with
    /// their period.
    pub(super) async fn empty_rows(&mut self, submissions: &[Uuid]) -> Result<(), StoreError> {
        let Self::Sqlite(transaction) = self else { return Ok(()) };
        for chunk in submissions.chunks(CHUNK) {
            let mut query =
                QueryBuilder::new("UPDATE submission SET sealed = NULL WHERE state = 'incomplete' AND id IN ");
            push_list(&mut query, chunk.iter().copied());
            query.build().execute(&mut **transaction).await?;
        }
        Ok(())
    }

    /// Drops the payloads of periods before `first`, but at most `limit` rows of the default
    /// partition. Returns whether none are left.
    pub async fn drop_payloads(&mut self, first: Timestamp, limit: i64) -> Result<bool, StoreError> {
        let over: Vec<Partition> = self.partitions().await?.into_iter().filter(|known| known.to <= first).collect();
        if !over.is_empty() {
            self.lock_partitions().await?;
        }
        for partition in over {
            self.change_partitions(format!("DROP TABLE IF EXISTS {}", partition.name())).await?;
        }
        let Self::Postgres(transaction) = self else { return Ok(true) };
        let deleted = sqlx::query(
            "DELETE FROM payload_default WHERE (ring_period, submission_id) IN
                (SELECT ring_period, submission_id FROM payload_default WHERE ring_period < $1
                  ORDER BY ring_period, submission_id LIMIT $2)",
        )
        .bind(first)
        .bind(limit)
        .execute(&mut **transaction)
        .await?;
        Ok(deleted.rows_affected() < limit.unsigned_abs())
    }

    /// Creates the partition of the period that starts at `from`, for which nothing has been stored
    /// yet. Does nothing on SQLite.
    pub async fn add_payload_partition(&mut self, from: Timestamp, period: Duration) -> Result<(), StoreError> {
        let wanted = Partition { from, to: from + period };
        if matches!(self, Self::Sqlite(_)) || period < PARTITIONED_FROM || self.is_covered(wanted).await? {
            return Ok(());
        }
        self.lock_partitions().await?;
        // Checked again under the lock: another node may have created it.
        if self.is_covered(wanted).await? {
            return Ok(());
        }
        let (name, from, to) = (wanted.name(), wanted.from.micros(), wanted.to.micros());
        // `CREATE TABLE ... PARTITION OF` would lock `payload` against all pushes. Attaching a
        // table blocks only pushes into the default partition, while it is scanned.
        self.change_partitions(format!("CREATE TABLE {name} (LIKE payload INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
            .await?;
        self.change_partitions(format!(
            "ALTER TABLE payload ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"
        ))
        .await
    }

    /// Waits until no other node changes partitions. Waits only briefly for table locks, because
    /// pushes queue behind a waiting lock; the next run of the job tries again.
    async fn lock_partitions(&mut self) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(PARTITIONS).execute(&mut **transaction).await?;
        sqlx::query("SET LOCAL lock_timeout = '200ms'").execute(&mut **transaction).await?;
        Ok(())
    }

    async fn change_partitions(&mut self, statement: String) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **transaction).await?;
        Ok(())
    }

    /// Returns whether a partition overlaps `wanted`.
    async fn is_covered(&mut self, wanted: Partition) -> Result<bool, StoreError> {
        let known = self.partitions().await?;
        Ok(known.iter().any(|known| wanted.from < known.to && known.from < wanted.to))
    }

    /// Returns all partitions except the default one.
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

/// A partition for periods from `from` (inclusive) to `to` (exclusive).
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
    fn partition_names_encode_their_periods() {
        let hour = Partition { from: Timestamp::from_micros(3_600_000_000), to: Timestamp::from_micros(7_200_000_000) };
        assert_eq!(Partition::from_name(&hour.name()), Some(hour));
        assert_eq!(Partition::from_name("payload_default"), None);
    }
}
