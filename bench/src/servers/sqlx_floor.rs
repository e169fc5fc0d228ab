//! The floor on sqlx: the same work as the floor's, on the library that Tenure uses.
//!
//! The distance between the two floors is what sqlx costs. Until 2026-11 this was the only floor.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use serde_json::Value;
use sqlx::QueryBuilder;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{BATCH, QUEUE, QueuedPush, Serve, finish, push, serve};

/// Serves the floor on sqlx.
///
/// # Errors
/// The database cannot be opened, or the address is in use.
pub fn run(serve_at: &Serve) -> Result<(), String> {
    let (data, url) = (serve_at.data.clone(), serve_at.database_url.clone());
    serve(serve_at.listen, async move {
        let (queue, rows) = mpsc::channel(QUEUE);
        match url {
            None => tokio::spawn(commit_all(Sqlite::open(&data).await.map_err(|error| error.to_string())?, rows)),
            Some(url) => tokio::spawn(commit_all(Postgres::open(&url).await.map_err(|error| error.to_string())?, rows)),
        };
        Ok(Router::new().route("/push", post(push::<Value>)).with_state(queue))
    })
}

async fn commit_all(database: impl Writes, mut queue: mpsc::Receiver<QueuedPush>) {
    let mut rows = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut rows, BATCH).await > 0 {
        let written = database.write(&rows).await;
        finish(&mut rows, &written);
    }
}

/// Commits all pushes that arrived together in one transaction.
trait Writes: Send + Sync + 'static {
    fn write(&self, batch: &[QueuedPush]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

struct Sqlite(SqlitePool);

impl Sqlite {
    async fn open(data: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(data.join("sqlx-floor.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let pool = PoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(options).await?;
        for statement in [
            "CREATE TABLE submission (id BLOB PRIMARY KEY NOT NULL, partner BLOB NOT NULL, credential_id TEXT NOT NULL,
                                      created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, body BLOB NOT NULL)",
            "CREATE UNIQUE INDEX submission_id ON submission (partner, credential_id)",
            "CREATE TABLE event (sequence INTEGER PRIMARY KEY, submission_id BLOB NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL)",
        ] {
            sqlx::query(statement).execute(&pool).await?;
        }
        Ok(Self(pool))
    }
}

/// Returns the id as sixteen bytes that sort by arrival, like Tenure's ids.
fn key(id: u64) -> Vec<u8> {
    u128::from(id).to_be_bytes().to_vec()
}

impl Writes for Sqlite {
    async fn write(&self, batch: &[QueuedPush]) -> Result<(), sqlx::Error> {
        let mut transaction = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let mut rest = batch;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(1 << rest.len().ilog2());
            rest = after;
            let mut query =
                QueryBuilder::new("INSERT INTO submission (id, partner, credential_id, created_at, expires_at, body) ");
            query.push_values(chunk, |mut values, row| {
                values.push_bind(key(row.id)).push_bind(vec![0_u8; 16]).push_bind(&row.credential_id);
                values.push_bind(1_i64).push_bind(2_i64).push_bind(row.body.as_slice());
            });
            query.build().execute(&mut *transaction).await?;
            let mut query = QueryBuilder::new("INSERT INTO event (submission_id, kind, at) ");
            query.push_values(chunk, |mut values, row| {
                values.push_bind(key(row.id)).push_bind("pushed").push_bind(1_i64);
            });
            query.build().execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

struct Postgres(PgPool);

impl Postgres {
    async fn open(url: &str) -> Result<Self, sqlx::Error> {
        let pool = PoolOptions::new().max_connections(1).test_before_acquire(false).connect(url).await?;
        for statement in [
            "CREATE TABLE submission (id UUID PRIMARY KEY NOT NULL, partner UUID NOT NULL, credential_id TEXT NOT NULL,
                                      created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, body BYTEA NOT NULL)",
            "CREATE UNIQUE INDEX submission_id ON submission (partner, credential_id)",
            "CREATE TABLE event (sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, submission_id UUID NOT NULL,
                                 kind TEXT NOT NULL, at BIGINT NOT NULL)",
        ] {
            sqlx::query(statement).execute(&pool).await?;
        }
        Ok(Self(pool))
    }
}

impl Writes for Postgres {
    async fn write(&self, batch: &[QueuedPush]) -> Result<(), sqlx::Error> {
        let ids: Vec<Uuid> = batch.iter().map(|row| Uuid::from_u128(u128::from(row.id))).collect();
        let credentials: Vec<&str> = batch.iter().map(|row| row.credential_id.as_str()).collect();
        let bodies: Vec<&[u8]> = batch.iter().map(|row| row.body.as_slice()).collect();
        let mut transaction = self.0.begin().await?;
        sqlx::query(
            "INSERT INTO submission (id, partner, credential_id, created_at, expires_at, body)
             SELECT id, $1, credential_id, 1, 2, body
               FROM unnest($2::uuid[], $3::text[], $4::bytea[]) AS row (id, credential_id, body)",
        )
        .bind(Uuid::nil())
        .bind(&ids)
        .bind(&credentials)
        .bind(&bodies)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("INSERT INTO event (submission_id, kind, at) SELECT id, 'pushed', 1 FROM unnest($1::uuid[]) AS id")
            .bind(&ids)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}
