//! PostgreSQL backups: reads rows from one snapshot, and writes rows with COPY.

use credential::encoding::hex;
use futures::TryStreamExt as _;
use indicatif::ProgressBar;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, QueryBuilder, Row as _, Sqlite, SqliteConnection,
    TypeInfo as _, ValueRef as _,
};
use uuid::Uuid;

use super::container;
use super::plan::Planned;
use ambient::{Clock, Timestamp};
use store::StoreError;

/// Rows per insert. SQLite accepts about 32,000 values in a statement.
const CHUNK: usize = 256;

/// Bytes per COPY message.
const SENT: usize = 1 << 20;

/// A value that both databases can represent.
enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Copies the planned tables into the backup, from one snapshot.
pub(super) async fn copy(
    pool: &PgPool,
    file: &mut SqliteConnection,
    plan: &[Planned],
    clock: &Clock,
    bar: &ProgressBar,
) -> Result<(Timestamp, Vec<(String, i64)>), StoreError> {
    let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    // The transaction's snapshot is taken by the first query, which follows.
    let moment = clock.now();
    for planned in plan {
        // The planner's estimate. Counting would take as long as copying.
        let rows: Option<i64> =
            sqlx::query_scalar("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass($1)")
                .bind(planned.table)
                .fetch_optional(&mut *tx)
                .await?;
        bar.inc_length(rows.unwrap_or_default().unsigned_abs());
    }
    let mut writing = file.begin().await?;
    let mut counts = Vec::with_capacity(plan.len());
    for planned in plan {
        sqlx::query(container::table(planned, "main")).execute(&mut *writing).await?;
        let mut count = 0;
        let mut rows = sqlx::query(AssertSqlSafe(planned.select())).fetch(&mut *tx).try_chunks(CHUNK);
        while let Some(chunk) = rows.try_next().await.map_err(|error| error.1)? {
            write(&mut writing, planned, &chunk).await?;
            count += i64::try_from(chunk.len()).unwrap_or_default();
            bar.inc(chunk.len() as u64);
        }
        drop(rows);
        counts.push((planned.table.to_owned(), count));
    }
    writing.commit().await?;
    Ok((moment, counts))
}

async fn write(file: &mut SqliteConnection, planned: &Planned, rows: &[PgRow]) -> Result<(), StoreError> {
    let mut query: QueryBuilder<Sqlite> =
        QueryBuilder::new(format!("INSERT INTO {} ({}) ", planned.table, planned.list()));
    let values = rows.iter().map(|row| (0..row.len()).map(|at| read(row, at)).collect::<Result<Vec<_>, _>>());
    query.push_values(values.collect::<Result<Vec<_>, _>>()?, |mut row, values| {
        for value in values {
            match value {
                Value::Null => row.push_bind(None::<i64>),
                Value::Integer(number) => row.push_bind(number),
                Value::Text(text) => row.push_bind(text),
                Value::Bytes(bytes) => row.push_bind(bytes),
            };
        }
    });
    query.build().execute(file).await?;
    Ok(())
}

/// Reads a PostgreSQL value. Few types are in use; support for a new one has to be added here.
fn read(row: &PgRow, at: usize) -> Result<Value, StoreError> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    Ok(match raw.type_info().name() {
        "INT8" => Value::Integer(row.try_get(at)?),
        "INT4" => Value::Integer(row.try_get::<i32, _>(at)?.into()),
        "BOOL" => Value::Integer(row.try_get::<bool, _>(at)?.into()),
        "TEXT" | "VARCHAR" => Value::Text(row.try_get(at)?),
        "UUID" => Value::Bytes(row.try_get::<Uuid, _>(at)?.as_bytes().to_vec()),
        "BYTEA" => Value::Bytes(row.try_get(at)?),
        other => return Err(StoreError::Broken(format!("backups do not support the type {other}"))),
    })
}

/// Replaces the rows of `schema` (or of the connection's default schema) with those of a SQLite
/// database, within the connection's transaction. Identity columns continue after the last number.
pub(super) async fn fill(
    to: &mut PgConnection,
    schema: Option<&str>,
    from: &mut SqliteConnection,
    plan: &[Planned],
    bar: &ProgressBar,
) -> Result<(), StoreError> {
    let name = |planned: &Planned| match schema {
        Some(schema) => format!("{schema}.{}", planned.table),
        None => planned.table.to_owned(),
    };
    for planned in plan.iter().rev() {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {}", name(planned)))).execute(&mut *to).await?;
    }
    for planned in plan {
        let kinds = kinds(to, schema, planned).await?;
        let statement = format!("COPY {} ({}) FROM STDIN", name(planned), planned.list());
        let mut copy = to.copy_in_raw(&statement).await?;
        let mut rows = sqlx::query(AssertSqlSafe(planned.select())).fetch(&mut *from);
        let mut text = Vec::with_capacity(SENT + SENT / 4);
        while let Some(row) = rows.try_next().await? {
            write_line(&mut text, &row, &kinds)?;
            bar.inc(1);
            if text.len() >= SENT {
                copy.send(std::mem::take(&mut text)).await?;
            }
        }
        copy.send(text).await?;
        copy.finish().await?;
        count_on(to, schema, planned).await?;
    }
    Ok(())
}

/// Returns the types of a table's columns.
async fn kinds(to: &mut PgConnection, schema: Option<&str>, planned: &Planned) -> Result<Vec<String>, StoreError> {
    let known: Vec<(String, String)> = sqlx::query_as(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
          WHERE table_schema = coalesce($1, current_schema()) AND table_name = $2",
    )
    .bind(schema)
    .bind(planned.table)
    .fetch_all(to)
    .await?;
    let kind = |column: &String| {
        let found = known.iter().find(|(name, _)| name == column.trim_matches('"'));
        let missing = || StoreError::Broken(format!("{} has no column {column} here", planned.table));
        found.map(|(_, kind)| kind.clone()).ok_or_else(missing)
    };
    planned.columns.iter().map(kind).collect()
}

/// Makes identity columns continue after the highest restored number.
async fn count_on(to: &mut PgConnection, schema: Option<&str>, planned: &Planned) -> Result<(), StoreError> {
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns
          WHERE table_schema = coalesce($1, current_schema()) AND table_name = $2 AND is_identity = 'YES'",
    )
    .bind(schema)
    .bind(planned.table)
    .fetch_all(&mut *to)
    .await?;
    for column in columns {
        let statement = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT coalesce(max({column}), 0) + 1 FROM {table}), false)",
            table = planned.table
        );
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *to).await?;
    }
    Ok(())
}

/// Writes a row in COPY's text format (PostgreSQL documentation of COPY, "Text Format").
fn write_line(text: &mut Vec<u8>, row: &SqliteRow, kinds: &[String]) -> Result<(), StoreError> {
    for (at, kind) in kinds.iter().enumerate() {
        if at > 0 {
            text.push(b'\t');
        }
        let raw = row.try_get_raw(at)?;
        match (raw.type_info().name(), kind.as_str()) {
            _ if raw.is_null() => text.extend_from_slice(br"\N"),
            ("INTEGER", "boolean") => text.push(if row.try_get_unchecked::<i64, _>(at)? == 0 { b'f' } else { b't' }),
            ("INTEGER", _) => text.extend_from_slice(row.try_get_unchecked::<i64, _>(at)?.to_string().as_bytes()),
            ("BLOB", "uuid") => hexadecimal(text, row.try_get_unchecked(at)?),
            ("BLOB", _) => {
                text.extend_from_slice(br"\\x");
                hexadecimal(text, row.try_get_unchecked(at)?);
            }
            ("TEXT", _) => escaped(text, row.try_get_unchecked(at)?),
            (other, kind) => return Err(StoreError::Broken(format!("cannot convert {other} to {kind}"))),
        }
    }
    text.push(b'\n');
    Ok(())
}

fn hexadecimal(text: &mut Vec<u8>, bytes: &[u8]) {
    text.extend_from_slice(hex(bytes).as_bytes());
}

fn escaped(text: &mut Vec<u8>, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'\\' => text.extend_from_slice(br"\\"),
            b'\n' => text.extend_from_slice(br"\n"),
            b'\r' => text.extend_from_slice(br"\r"),
            b'\t' => text.extend_from_slice(br"\t"),
            other => text.push(other),
        }
    }
}
