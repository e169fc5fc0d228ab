//! Submissions as they come in: many rows at once, each with what was pushed.

use std::collections::HashSet;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, QueryBuilder, SqliteConnection};
use uuid::Uuid;

use super::event::EventKind;
use super::tally::Counts;
use super::{AnnouncementKind, NewSubmission, Store, StoreError, Tx, on, rows_at_once};

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

/// Which columns of [`Columns`] are which of a new submission's.
const FROM_COLUMNS: &str = "
    SELECT id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, 'incomplete', created_at, expires_at, ring_period, NULL
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
        AS new (id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, created_at, expires_at, ring_period)";

/// On PostgreSQL a column is one array: one statement for any number of rows, planned once.
async fn insert_by_arrays(connection: &mut PgConnection, new: &[&NewSubmission]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(INSERT);
    query.push(FROM_COLUMNS).push(UNLESS_THERE);
    Ok(bind_columns(query.build(), new).execute(connection).await?.rows_affected())
}

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

/// All that pushes come to where nobody is told of them, after the ten columns: what was pushed, whose pushes they are, and
/// what is counted.
const AT_ONCE: &str = "
    WITH quiet AS MATERIALIZED (
        SELECT count(*) = cardinality($12::uuid[]) AS are_all FROM partner
         WHERE id = ANY($12) AND disabled_at IS NULL
           AND NOT EXISTS (SELECT FROM webhook WHERE webhook.partner_id = partner.id AND $18 = ANY(string_to_array(events, ' ')))
    ), kept AS (
        INSERT INTO payload (ring_period, submission_id, sealed)
        SELECT * FROM unnest($10::bigint[], $1::uuid[], $11::bytea[]) WHERE (SELECT are_all FROM quiet)
    ), counted AS (
        INSERT INTO tally (partner_id, day, chain, kind, count)
        SELECT partner_id, day, chain, $13, count
          FROM unnest($14::uuid[], $15::bigint[], $16::text[], $17::bigint[]) AS counted (partner_id, day, chain, count)
         WHERE (SELECT are_all FROM quiet)
            ON CONFLICT (partner_id, day, chain, kind, slot) DO UPDATE SET count = tally.count + excluded.count
    ) ";

impl Store {
    /// Stores all of `new` and counts them, in one statement that is a transaction of its own: on PostgreSQL, where each
    /// statement of a transaction would be another trip and no row need be looked for first. False, and nothing is stored,
    /// if one of them is there, or its partner is disabled or wants to be told of pushes; and always on SQLite, which gains
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is no connection. If one is lost while it waits for the answer, that is false,
    /// although all may have been stored.
    pub async fn insert_at_once(&self, new: &[&NewSubmission]) -> Result<bool, StoreError> {
        let Self::Postgres { pools, .. } = self else { return Ok(false) };
        let new = in_order(new);
        let partners: HashSet<Uuid> = new.iter().map(|new| new.partner_id).collect();
        let counts = Counts::of(new.iter().map(|new| (new.partner_id, new.created_at, new.partner_chain.as_deref())));
        let mut query = QueryBuilder::new(AT_ONCE);
        query.push(INSERT).push(FROM_COLUMNS).push(" WHERE (SELECT are_all FROM quiet)");
        let query = bind_columns(query.build(), &new)
            .bind(column(&new, |new| new.sealed.bytes.as_slice()))
            .bind(partners.into_iter().collect::<Vec<_>>())
            .bind(EventKind::Pushed.name())
            .bind(counts.column(|(partner, ..), _| partner))
            .bind(counts.column(|(_, day, _), _| day))
            .bind(counts.column(|(_, _, chain), _| chain))
            .bind(counts.column(|_, count| count))
            .bind(AnnouncementKind::AddPushed.name());
        let mut connection = pools.acquire().await?;
        match query.execute(&mut *connection).await {
            Ok(done) => Ok(done.rows_affected() > 0),
            Err(sqlx::Error::Database(error)) if error.constraint() == Some("submission_current") => Ok(false),
            Err(error) => match error.into() {
                StoreError::Unavailable(_) => Ok(false),
                broken => Err(broken),
            },
        }
    }
}

fn column<'a, T>(new: &[&'a NewSubmission], value: impl Fn(&'a NewSubmission) -> T) -> Vec<T> {
    new.iter().map(|new| value(new)).collect()
}

/// In the order of the index that keeps them apart, so that two nodes with the same ids never wait for each other in a circle.
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
        let count = match self {
            Self::Sqlite(transaction) => insert_by_values(transaction, &new).await?,
            Self::Postgres(transaction) => insert_by_arrays(transaction, &new).await?,
        };
        // Nearly always all go in, and a count says so; only otherwise is it asked which.
        let mut inserted: Vec<Uuid> = new.iter().map(|new| new.id).collect();
        if count < inserted.len() as u64 {
            let known: HashSet<Uuid> = self.known_submissions(&inserted).await?.into_iter().collect();
            new.retain(|new| known.contains(&new.id));
            inserted.retain(|id| known.contains(id));
        }
        self.insert_payloads(new).await?;
        Ok(inserted)
    }

    /// Those of `ids` that are there.
    async fn known_submissions(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        Ok(on!(self, connection => {
            let mut query = QueryBuilder::new("SELECT id FROM submission WHERE id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push(")");
            query.build_query_scalar().fetch_all(connection).await
        })?)
    }
}
