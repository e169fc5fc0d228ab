//! Bulk inserts of new submissions with their payloads.

use std::collections::HashSet;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, QueryBuilder, Row as _, SqliteConnection};
use uuid::Uuid;

use super::daily_counts::{AND_COUNT_ON, Counts};
use super::event::EventKind;
use super::insert_sql::{INSERT, UNLESS_THERE};
use super::pools::Pools;
use super::{AnnouncementKind, NewSubmission, Store, StoreError, Tx, chunk_size, push_list};

async fn insert_by_values(connection: &mut SqliteConnection, new: &[&NewSubmission]) -> Result<u64, StoreError> {
    let (mut rest, mut count) = (new, 0);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chunk_size(rest.len()));
        rest = after;
        let mut query = QueryBuilder::new(INSERT);
        query.push_values(chunk, |mut row, new| {
            row.push_bind(new.id)
                .push_bind(new.partner_id)
                .push_bind(new.credential_id.as_str())
                .push_bind(new.credential_type.name())
                .push_bind(new.document_type)
                .push_bind(new.batch_id)
                .push_bind(new.partner_chain.as_deref())
                .push("'incomplete'")
                .push_bind(new.created_at)
                .push_bind(new.expires_at)
                .push_bind(new.sealed.period)
                .push_bind(new.sealed.bytes.as_slice());
        });
        query.push(UNLESS_THERE);
        count += query.build().execute(&mut *connection).await?.rows_affected();
    }
    Ok(count)
}

/// Selects new submissions from one array per column (`$1` to `$10`). The statement is the same for
/// any number of rows, so it is planned once.
const FROM_COLUMNS: &str = "
    SELECT id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, 'incomplete', created_at, expires_at, ring_period, NULL
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
        AS new (id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, created_at, expires_at, ring_period)";

type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

fn bind_columns<'q>(query: PgQuery<'q>, new: &[&NewSubmission]) -> PgQuery<'q> {
    query
        .bind(column(new, |new| new.id))
        .bind(column(new, |new| new.partner_id))
        .bind(column(new, |new| new.credential_id.as_str()))
        .bind(column(new, |new| new.credential_type.name()))
        .bind(column(new, |new| new.document_type))
        .bind(column(new, |new| new.batch_id))
        .bind(column(new, |new| new.partner_chain.as_deref()))
        .bind(column(new, |new| new.created_at.micros()))
        .bind(column(new, |new| new.expires_at.micros()))
        .bind(column(new, |new| new.sealed.period.micros()))
}

/// Starts the statement that stores new submissions with their payloads (`$11`) and counts them
/// (`$14` to `$17`). It stores nothing if one of their partners (`$12`) is disabled or has a
/// webhook for pushes (`$18`).
///
/// Lock order: data-modifying parts that the main query does not read run after it, the first one
/// last. Counting therefore comes last, as on the slow path: after everything that other
/// transactions may wait for.
///
/// Rows are inserted by id, the order of most indexes. Two nodes that push the same credential ids
/// could deadlock, so this statement waits for a lock for only 200 ms. That is less than
/// `deadlock_timeout` (1 s), after which PostgreSQL might abort the other transaction. `set_config`
/// applies to this transaction only, and takes effect before the first insert without another round
/// trip.
const AT_ONCE: &str = "
    WITH quiet AS MATERIALIZED (
        SELECT count(*) = cardinality($12::uuid[]) AND set_config('lock_timeout', '200ms', true) IS NOT NULL AS are_all FROM partner
         WHERE id = ANY($12) AND disabled_at IS NULL
           AND NOT EXISTS (SELECT FROM webhook WHERE webhook.partner_id = partner.id AND $18 = ANY(string_to_array(events, ' ')))
    ), counted AS (
        INSERT INTO tally (partner_id, day, chain, kind, count)
        SELECT partner_id, day, chain, $13, count
          FROM unnest($14::uuid[], $15::bigint[], $16::text[], $17::bigint[]) AS counted (partner_id, day, chain, count)
         WHERE (SELECT are_all FROM quiet)";

/// SQLSTATEs that are expected from [`AT_ONCE`]: a row exists already (see [`ALL_OR_NONE`]), a lock
/// timed out because another node pushes the same ids, or a deadlock.
const UNDONE: [&str; 4] = ["22P02", "23505", "55P03", "40P01"];

/// Inserts the payloads. Follows [`AT_ONCE`] and [`AND_COUNT_ON`].
const KEPT: &str = "
    ), kept AS (
        INSERT INTO payload (ring_period, submission_id, sealed)
        SELECT * FROM unnest($10::bigint[], $1::uuid[], $11::bytea[]) WHERE (SELECT are_all FROM quiet)
    ), stored AS (";

/// Returns whether the rows were stored. If a row exists already, casting a text to an integer
/// fails and rolls back the whole statement. A violated unique index would roll back too, but
/// PostgreSQL would write the conflicting ids to its log.
const ALL_OR_NONE: &str = " RETURNING 1
    ) SELECT (SELECT are_all FROM quiet),
             (CASE WHEN (SELECT are_all FROM quiet) AND (SELECT count(*) FROM stored) < cardinality($1::uuid[])
                   THEN 'undone, since some of the pushes are there already' ELSE '1' END)::integer";

impl Store {
    /// Stores all of `new` and counts them in a single statement, which is its own transaction. On
    /// PostgreSQL this saves a round trip per statement.
    ///
    /// Returns false if nothing was stored: a row exists already, another node pushes the same ids,
    /// a partner is disabled or has a webhook for pushes, or the database is SQLite, which would
    /// gain nothing. Also returns false if the database failed with a transient error. The rows may
    /// be stored then, so the caller must look for each.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the pool timed out, [`StoreError::Broken`] if the statement
    /// is invalid.
    pub async fn insert_at_once(&self, new: &[&NewSubmission]) -> Result<bool, StoreError> {
        let Self::Postgres { pools, .. } = self else { return Ok(false) };
        match insert_at_once(pools, &by_id(new)).await {
            Ok(stored) => Ok(stored),
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| UNDONE.contains(&&*code)) => Ok(false),
            Err(error @ sqlx::Error::PoolTimedOut) => Err(error.into()),
            Err(error) => match error.into() {
                StoreError::Unavailable(why) => {
                    tracing::warn!(
                        why,
                        "inserting pushes in bulk failed or has an unknown outcome; each is checked individually"
                    );
                    Ok(false)
                }
                broken => Err(broken),
            },
        }
    }
}

async fn insert_at_once(pools: &Pools, new: &[&NewSubmission]) -> Result<bool, sqlx::Error> {
    let partners: HashSet<Uuid> = new.iter().map(|new| new.partner_id).collect();
    let counts = Counts::of(new.iter().map(|new| (new.partner_id, new.created_at, new.partner_chain.as_deref())));
    let mut query = QueryBuilder::new(AT_ONCE);
    query.push(AND_COUNT_ON).push(KEPT).push(INSERT).push(FROM_COLUMNS).push(" WHERE (SELECT are_all FROM quiet)");
    query.push(UNLESS_THERE).push(ALL_OR_NONE);
    let query = bind_columns(query.build(), new)
        .bind(column(new, |new| new.sealed.bytes.as_slice()))
        .bind(partners.into_iter().collect::<Vec<_>>())
        .bind(EventKind::Pushed.name())
        .bind(counts.column(|(partner, ..), _| partner))
        .bind(counts.column(|(_, day, _), _| day))
        .bind(counts.column(|(_, _, chain), _| chain))
        .bind(counts.column(|_, count| count))
        .bind(AnnouncementKind::AddPushed.name());
    let mut connection = pools.current().acquire().await?;
    // Fetch all rows, although there is only one: the parts that run last can still fail after it
    // is sent.
    let rows = query.fetch_all(&mut *connection).await?;
    rows.first().map_or(Ok(false), |row| row.try_get(0))
}

fn column<'a, T>(new: &[&'a NewSubmission], value: impl Fn(&'a NewSubmission) -> T) -> Vec<T> {
    new.iter().map(|new| value(new)).collect()
}

/// Sorts by id, the order of most indexes, so that inserts go to the end of each.
fn by_id<'a>(new: &[&'a NewSubmission]) -> Vec<&'a NewSubmission> {
    let mut new = new.to_vec();
    new.sort_unstable_by_key(|new| new.id);
    new
}

/// Sorts by the columns of the unique index, so that two nodes that insert the same ids on this
/// path cannot deadlock.
fn in_order<'a>(new: &[&'a NewSubmission]) -> Vec<&'a NewSubmission> {
    let mut new = new.to_vec();
    new.sort_unstable_by_key(|new| (new.partner_id, &new.credential_id));
    new
}

impl Tx {
    /// Inserts those of `new` whose credential id is not in use, with their payloads. Returns the
    /// ids of the inserted submissions.
    pub async fn insert_submissions(&mut self, new: &[&NewSubmission]) -> Result<Vec<Uuid>, StoreError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let mut new = in_order(new);
        let inserted = match self {
            Self::Sqlite(transaction) => {
                let all: Vec<Uuid> = new.iter().map(|new| new.id).collect();
                // Usually all rows are inserted, and the count proves it. Only otherwise are the
                // ids read back.
                let count = insert_by_values(transaction, &new).await?;
                if count == all.len() as u64 { all } else { known_submissions(transaction, &all).await? }
            }
            Self::Postgres(transaction) => {
                let mut query = QueryBuilder::new(INSERT);
                query.push(FROM_COLUMNS).push(UNLESS_THERE).push(" RETURNING id");
                let query = bind_columns(query.build(), &new);
                query.try_map(|row: PgRow| row.try_get(0)).fetch_all(&mut **transaction).await?
            }
        };
        if inserted.len() < new.len() {
            let inserted: HashSet<&Uuid> = inserted.iter().collect();
            new.retain(|new| inserted.contains(&new.id));
        }
        self.insert_payloads(new).await?;
        Ok(inserted)
    }
}

/// Returns those of `ids` that exist.
async fn known_submissions(connection: &mut SqliteConnection, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT id FROM submission WHERE id IN ");
    push_list(&mut query, ids.iter().copied());
    query.build_query_scalar().fetch_all(connection).await
}
