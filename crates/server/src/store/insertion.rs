//! Submissions as they come in: many rows at once, each with what was pushed.

use std::collections::HashSet;

use sqlx::{PgConnection, QueryBuilder, SqliteConnection};
use uuid::Uuid;

use super::{NewSubmission, StoreError, Tx, on, rows_at_once};

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

/// On PostgreSQL a column is one array: one statement for any number of rows, planned once.
/// `unless`: SQL that says what becomes of those that are there.
async fn insert_by_arrays(
    connection: &mut PgConnection,
    new: &[&NewSubmission],
    unless: &'static str,
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(INSERT);
    query.push(
        "SELECT id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, 'incomplete', created_at, expires_at, ring_period, NULL
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
             AS new (id, partner_id, credential_id, credential_type, document_type, batch_id, partner_chain, created_at, expires_at, ring_period)",
    );
    query.push(unless);
    let query = query
        .build()
        .bind(column(new, |new| new.id))
        .bind(column(new, |new| new.partner_id))
        .bind(column(new, |new| new.credential_id.as_str()))
        .bind(column(new, |new| new.credential_type.name()))
        .bind(column(new, |new| new.document_type))
        .bind(column(new, |new| new.batch_id))
        .bind(column(new, |new| new.partner_chain.as_deref()))
        .bind(column(new, |new| new.created_at.micros()))
        .bind(column(new, |new| new.expires_at.micros()))
        .bind(column(new, |new| new.sealed.period.micros()));
    Ok(query.execute(connection).await?.rows_affected())
}

fn column<'a, T>(new: &[&'a NewSubmission], value: impl Fn(&'a NewSubmission) -> T) -> Vec<T> {
    new.iter().map(|new| value(new)).collect()
}

/// In the order of the index that keeps them apart, so that two nodes with the same ids never wait for each other in a circle.
fn in_order<'a>(new: &[&'a NewSubmission]) -> Vec<&'a NewSubmission> {
    let mut new = new.to_vec();
    new.sort_unstable_by_key(|new| key(new));
    new
}

/// What keeps them apart.
fn key(new: &NewSubmission) -> (Uuid, &str) {
    (new.partner_id, &new.credential_id)
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
            Self::Postgres(transaction) => insert_by_arrays(transaction, &new, UNLESS_THERE).await?,
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

    /// Inserts all of `new` with what was pushed, if none of their credential ids is there. Otherwise false, and the
    /// transaction is of no use any more. PostgreSQL need not look for each first, as with [`Tx::insert_submissions`].
    pub async fn insert_new_submissions(&mut self, new: &[&NewSubmission]) -> Result<bool, StoreError> {
        if new.is_empty() {
            return Ok(true);
        }
        let Self::Postgres(transaction) = self else {
            return Ok(self.insert_submissions(new).await?.len() == new.len());
        };
        let new = in_order(new);
        // One that stands twice is there by the time of the second.
        if new.windows(2).any(|pair| key(pair[0]) == key(pair[1])) {
            return Ok(false);
        }
        match insert_by_arrays(transaction, &new, "").await {
            Ok(_) => self.insert_payloads(new).await.map(|()| true),
            Err(sqlx::Error::Database(error)) if error.constraint() == Some("submission_current") => Ok(false),
            Err(error) => Err(error.into()),
        }
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
