//! Submissions as they come in: many rows at once, each with what was pushed.

use std::collections::HashSet;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, QueryBuilder, Row as _, SqliteConnection};
use uuid::Uuid;

use super::event::EventKind;
use super::pools::Pools;
use super::tally::{AND_COUNT_ON, Counts};
use super::{AnnouncementKind, NewSubmission, Store, StoreError, Tx, push_list, rows_at_once};

const INSERT: &str = "INSERT INTO submission (id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, state, created_at, expires_at, ring_period, sealed) ";

const UNLESS_THERE: &str = " ON CONFLICT (partner_id, credential_id) WHERE replaced_at IS NULL DO NOTHING";

async fn insert_by_values(connection: &mut SqliteConnection, new: &[&NewSubmission]) -> Result<u64, StoreError> {
    let (mut rest, mut count) = (new, 0);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rows_at_once(rest.len()));
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

/// The columns of new submissions, of which each is one array, `$1` to `$10`: one statement for any number of rows, planned
/// once.
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

/// Stores new submissions with what was pushed (`$11`) and counts them (`$14` to `$17`), if all of their partners (`$12`) are
/// active, and none of them wants to be told (`$18`). What stands first here is done last, so that tallies are counted where the
/// careful way counts them: after everything that others may wait for. Rows go in by their ids, as most indexes are sorted; two
/// nodes with the same credential ids could wait for each other in a circle then, so this gives up a lock that it does not get
/// soon: before PostgreSQL looks for circles (`deadlock_timeout`, a second), which might end the other one. That is set in here,
/// where it costs no trip: it is known before the first row goes in, and forgotten with this transaction.
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

/// Why PostgreSQL undoes [`AT_ONCE`] in the course of things: something is there already ([`ALL_OR_NONE`]), or another node is
/// pushing the same and a lock was not free in time, or both waited for each other.
const UNDONE: [&str; 4] = ["22P02", "23505", "55P03", "40P01"];

/// What follows [`AT_ONCE`] once it has said how it counts on.
const KEPT: &str = "
    ), kept AS (
        INSERT INTO payload (ring_period, submission_id, sealed)
        SELECT * FROM unnest($10::bigint[], $1::uuid[], $11::bytea[]) WHERE (SELECT are_all FROM quiet)
    ), stored AS (";

/// Ends [`AT_ONCE`]: whether the rows are stored. One that is there already undoes the whole statement by a text that is no
/// number. The unique index would do so too, but PostgreSQL writes the ids that it rejects into its log.
const ALL_OR_NONE: &str = " RETURNING 1
    ) SELECT (SELECT are_all FROM quiet),
             (CASE WHEN (SELECT are_all FROM quiet) AND (SELECT count(*) FROM stored) < cardinality($1::uuid[])
                   THEN 'undone, since some of the pushes are there already' ELSE '1' END)::integer";

impl Store {
    /// Stores all of `new` and counts them, in one statement that is a transaction of its own: on PostgreSQL, where each
    /// statement of a transaction would be another trip. False, and nothing is stored, if one of them is there, or another
    /// node is at the same, or a partner is disabled or wants to be told of pushes; and always on SQLite, which gains nothing.
    /// False, although all may be stored, if the database could not answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if no connection came free, [`StoreError::Broken`] if the statement is refused.
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
                        "pushes could not be stored at once, or it is not known; they are looked for one by one"
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
    // All rows, although there is one: what stands first in the statement is done after its row is sent, and can still fail.
    let rows = query.fetch_all(&mut *connection).await?;
    rows.first().map_or(Ok(false), |row| row.try_get(0))
}

fn column<'a, T>(new: &[&'a NewSubmission], value: impl Fn(&'a NewSubmission) -> T) -> Vec<T> {
    new.iter().map(|new| value(new)).collect()
}

/// In the order of their ids, which is that of most indexes: they grow at one end.
fn by_id<'a>(new: &[&'a NewSubmission]) -> Vec<&'a NewSubmission> {
    let mut new = new.to_vec();
    new.sort_unstable_by_key(|new| new.id);
    new
}

/// In the order of the index that keeps them apart, so that two nodes with the same ids never wait for each other in a circle
/// when both write them so.
fn in_order<'a>(new: &[&'a NewSubmission]) -> Vec<&'a NewSubmission> {
    let mut new = new.to_vec();
    new.sort_unstable_by_key(|new| (new.partner_id, &new.credential_id));
    new
}

impl Tx {
    /// Inserts those of `new` whose credential id its partner does not have yet, with what was pushed; returns the ids that
    /// went in.
    pub async fn insert_submissions(&mut self, new: &[&NewSubmission]) -> Result<Vec<Uuid>, StoreError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let mut new = in_order(new);
        let inserted = match self {
            Self::Sqlite(transaction) => {
                let all: Vec<Uuid> = new.iter().map(|new| new.id).collect();
                // Nearly always all go in, and a count says so; only otherwise is it asked which.
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

/// Those of `ids` that are there.
async fn known_submissions(connection: &mut SqliteConnection, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT id FROM submission WHERE id IN ");
    push_list(&mut query, ids.iter().copied());
    query.build_query_scalar().fetch_all(connection).await
}
