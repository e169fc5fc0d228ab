//! Prepares databases with millions of submissions: Tenure creates the schema, then SQL inserts
//! rows like those that Tenure writes. The databases stay in the bench's folder and are used again
//! until they are too old.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::place::{Database, Place, block_on};
use crate::postgres::Postgres;
use crate::process::{Client, add_partner, free_address, start, wait_until_ready};

/// Number of rows per set of statements.
const PORTION: u64 = 100_000;
/// Number of partners that own the stored submissions; the load uses the first one.
const PARTNERS: usize = 8;
/// Age of the oldest submission. With 48 hours of lifetime, 2 % of the submissions are undecided.
const SPAN: Duration = Duration::from_secs(100 * 86_400);
/// Lifetime of an undecided submission, the default of Tenure's settings.
const LIFETIME: Duration = Duration::from_secs(48 * 3600);
/// Bytes of an encrypted career history like the sample.
const SEALED: u64 = 424;
/// Age at which a database is filled again, because too many undecided submissions would expire.
const FRESH: Duration = Duration::from_secs(12 * 3600);
/// Number of ids kept for status requests.
const KNOWN: u64 = 50_000;

/// A description of a filled database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Filled {
    /// Number of inserted submissions.
    pub rows: u64,
    /// When the rows were inserted, in microseconds since 1970.
    made_at: u64,
    /// The schema version.
    schema: i64,
    /// Seconds that inserting took.
    pub seconds: f64,
    /// Size on disk in bytes.
    pub bytes: u64,
    /// The partner that the load uses.
    pub client: Client,
    /// Some of that partner's ids.
    pub known: Vec<String>,
}

/// Creation and expiry times of the rows; `due` is a SQL expression over `created_at`.
struct Times {
    now: u64,
    oldest: u64,
    step: u64,
    due: String,
}

/// Returns the schema version that `tenure` creates, to compare with that of a kept database.
pub fn schema(tenure: &Path, folder: &Path) -> Result<i64, String> {
    let place = Place::Sqlite { data: fresh_folder(folder)? };
    make_schema(tenure, &place)?;
    place.number("tenure", "SELECT max(version) FROM _sqlx_migrations")
}

/// The name of the file with the [`Filled`] of a folder.
const NOTE: &str = "filled.json";

fn folder_of(folder: &Path, database: Database, rows: u64) -> PathBuf {
    folder.join(format!("stored-{}-{rows}", database.name()))
}

/// Returns the description of a kept database, if its schema matches and it is recent enough.
pub fn filled(folder: &Path, database: Database, rows: u64, schema: i64) -> Option<Filled> {
    let text = std::fs::read(folder_of(folder, database, rows).join(NOTE)).ok()?;
    let filled: Filled = serde_json::from_slice(&text).ok()?;
    let age = now().ok()?.saturating_sub(filled.made_at);
    (filled.schema == schema && age < micros(FRESH)).then_some(filled)
}

/// Returns the data with `rows` stored submissions in `folder` (and on `postgres`); fills a new
/// database if none is kept or it is too old.
pub fn stored(
    tenure: &Path,
    folder: &Path,
    postgres: Option<&Postgres>,
    rows: u64,
    schema: i64,
) -> Result<(Place, Filled), String> {
    let database = if postgres.is_some() { Database::Postgres } else { Database::Sqlite };
    let (data, name) = (folder_of(folder, database, rows), format!("stored_{rows}"));
    let place = |data| match postgres {
        Some(postgres) => Place::Postgres { data, url: postgres.url(&name) },
        None => Place::Sqlite { data },
    };
    if let Some(filled) = filled(folder, database, rows, schema) {
        return Ok((place(data), filled));
    }
    let data = fresh_folder(&data)?;
    if let Some(postgres) = postgres {
        postgres.create(&name)?;
    }
    let (place, now) = (place(data), now()?);
    let times = Times {
        now,
        oldest: now - micros(SPAN),
        step: micros(SPAN) / rows.max(1),
        due: format!("created_at + {}", micros(LIFETIME)),
    };
    let filled = fill(tenure, &place, rows, schema, &times)?;
    let text = serde_json::to_string(&filled).map_err(|error| error.to_string())?;
    std::fs::write(place.data().join(NOTE), text).map_err(|error| error.to_string())?;
    Ok((place, filled))
}

/// A database whose `rows` submissions were created in one hour two days ago and all expire in the
/// second before `due`.
#[derive(Debug)]
pub struct Due {
    /// The description of the database.
    pub filled: Filled,
    /// Lifetime of submissions in seconds with which the epoch key of that hour expires at `due`
    /// too.
    pub lifetime: u64,
    /// The start of the hour, in microseconds since 1970.
    pub hour: u64,
}

/// Fills a database whose rows all expire in the second before `due`.
pub fn due_at(tenure: &Path, place: &Place, rows: u64, schema: i64, due: u64) -> Result<Due, String> {
    const HOUR: u64 = 3_600_000_000;
    let now = now()?;
    let hour = (now - micros(LIFETIME)) / HOUR * HOUR;
    let over = format!("{due} + (created_at - {hour}) / 3600 - 1000000");
    let times = Times { now, oldest: hour, step: HOUR / rows.max(1), due: over };
    let filled = fill(tenure, place, rows, schema, &times)?;
    Ok(Due { filled, lifetime: (due - hour - HOUR) / 1_000_000, hour })
}

/// Returns the current time in microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "rows are as old as the server's clock will find them")]
pub fn now() -> Result<u64, String> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(micros).map_err(|error| error.to_string())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Creates an empty folder, and deletes an existing one.
pub fn fresh_folder(folder: &Path) -> Result<PathBuf, String> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder.to_owned())
}

fn make_schema(tenure: &Path, place: &Place) -> Result<(), String> {
    let address = free_address()?;
    let _running = start(tenure, "tenure", place, (&address, &address), &[])?;
    wait_until_ready(&address)
}

#[expect(clippy::print_stderr, reason = "progress, for the person who waits")]
fn fill(tenure: &Path, place: &Place, rows: u64, schema: i64, times: &Times) -> Result<Filled, String> {
    let began = Instant::now();
    make_schema(tenure, place)?;
    let mut clients = Vec::with_capacity(PARTNERS);
    for number in 0..PARTNERS {
        clients.push(add_partner(tenure, place, &format!("Bench {number}"))?);
    }
    let client = clients.swap_remove(0);
    if rows > 0 {
        eprintln!("  filling {} with {rows} submissions", place.database().title());
        block_on(async {
            match place.database() {
                Database::Sqlite => fill_sqlite(place, rows, times).await,
                Database::Postgres => fill_postgres(place, rows, times).await,
            }
        })?;
    }
    let known = block_on(known(place, &client))?;
    let (seconds, bytes) = (began.elapsed().as_secs_f64(), place.bytes("tenure")?);
    eprintln!("  {rows} submissions in {seconds:.0} s, {:.0} MiB", bytes as f64 / f64::from(1 << 20));
    Ok(Filled { rows, made_at: times.now, schema, seconds, bytes, client, known })
}

/// Returns the statements that insert one portion.
fn portion(text: &str, from: u64, rows: u64, times: &Times) -> String {
    let numbers = [
        ("{from}", from),
        ("{to}", (from + PORTION).min(rows)),
        ("{now}", times.now),
        ("{oldest}", times.oldest),
        ("{step}", times.step),
        ("{holders}", rows / 10 + 1),
        ("{sealed}", SEALED),
    ];
    let text = text.replace("{due}", &format!("({})", times.due));
    numbers.iter().fold(text, |text, (name, number)| text.replace(name, &number.to_string()))
}

#[expect(clippy::print_stderr, reason = "progress, for the person who waits")]
fn progress(began: Instant, done: u64, rows: u64) {
    if done.is_multiple_of(1_000_000) && done < rows {
        let left = began.elapsed().as_secs_f64() / done as f64 * (rows - done) as f64;
        eprintln!("    {done} of {rows}, about {left:.0} s left");
    }
}

/// Keeps all indexes while inserting, so that their pages are filled as by single inserts.
async fn fill_sqlite(place: &Place, rows: u64, times: &Times) -> Result<(), sqlx::Error> {
    let options = place.sqlite("tenure").map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let mut connection = SqliteConnection::connect_with(&options.foreign_keys(false)).await?;
    for pragma in [
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -2000000",
        "PRAGMA locking_mode = EXCLUSIVE",
    ] {
        sqlx::raw_sql(pragma).execute(&mut connection).await?;
    }
    let began = Instant::now();
    for from in (0..rows).step_by(usize::try_from(PORTION).unwrap_or(usize::MAX)) {
        let statements = portion(include_str!("../prefill/sqlite.sql"), from, rows, times);
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
        progress(began, from + PORTION, rows);
    }
    sqlx::raw_sql("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL").execute(&mut connection).await?;
    connection.close().await
}

/// Drops the index of the partners' ids while inserting, because they come in random order. It is
/// rebuilt at the end with the fill factor that single inserts would have produced.
async fn fill_postgres(place: &Place, rows: u64, times: &Times) -> Result<(), sqlx::Error> {
    let Place::Postgres { url, .. } = place else { return Ok(()) };
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(
        "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '1GB'",
    )
    .execute(&mut connection)
    .await?;
    let index: String = sqlx::query_scalar(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'submission_current' AND schemaname = 'public'",
    )
    .fetch_one(&mut connection)
    .await?;
    sqlx::raw_sql("DROP INDEX submission_current").execute(&mut connection).await?;
    let began = Instant::now();
    for from in (0..rows).step_by(usize::try_from(PORTION).unwrap_or(usize::MAX)) {
        let statements = portion(include_str!("../prefill/postgres.sql"), from, rows, times);
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
        progress(began, from + PORTION, rows);
    }
    let index = index.replace(" WHERE ", " WITH (fillfactor = 70) WHERE ");
    sqlx::raw_sql(AssertSqlSafe(index)).execute(&mut connection).await?;
    sqlx::raw_sql("ALTER INDEX submission_current RESET (fillfactor)").execute(&mut connection).await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut connection).await?;
    connection.close().await
}

/// Selects some of the client's ids from the whole table.
async fn known(place: &Place, client: &Client) -> Result<Vec<String>, sqlx::Error> {
    let partner = uuid::Uuid::parse_str(&client.id).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let question = "SELECT credential_id FROM submission WHERE partner_id = $1 ORDER BY random() LIMIT $2";
    let limit = i64::try_from(KNOWN).unwrap_or(i64::MAX);
    match place {
        Place::Sqlite { .. } => {
            let options = place.sqlite("tenure").map_err(|error| sqlx::Error::Configuration(error.into()))?;
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let ids = sqlx::query_scalar(question).bind(partner).bind(limit).fetch_all(&mut connection).await?;
            connection.close().await?;
            Ok(ids)
        }
        Place::Postgres { url, .. } => {
            let mut connection = PgConnection::connect(url).await?;
            sqlx::query_scalar(question).bind(partner).bind(limit).fetch_all(&mut connection).await
        }
    }
}
