//! The reference servers that Tenure is compared with: the floor and the echo.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use clap::Args;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use sqlx::QueryBuilder;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use tokio::sync::{mpsc, oneshot};
use tower::Service as _;
use uuid::Uuid;

/// The address and the data of a reference server.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    data: PathBuf,
    /// Use this PostgreSQL database instead of SQLite in the folder.
    #[arg(long)]
    database_url: Option<String>,
}

/// Most pushes in one transaction; the same as in Tenure.
const BATCH: usize = 256;

/// Serves until the process is killed.
fn serve(listen: SocketAddr, router: impl Future<Output = Result<Router, String>>) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let router = router.await?.route("/readyz", get(|| async { "ready\n" }));
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| error.to_string())?;
        // Accepts connections as Tenure does: without the per-request layers of `axum::serve`,
        // which are not part of a floor.
        loop {
            let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
            let router = router.clone();
            let service = service_fn(move |request| router.clone().call(request));
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move { drop(serving.await) });
        }
    })
}

fn created(body: String) -> Response {
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Returns a response with the shape and size of a push response.
fn answer(credential_id: &str, id: u64) -> String {
    let content = format!("00000000-0000-7000-8000-{id:012x}");
    format!(
        r#"{{"redirect_uri":"http://127.0.0.1:0000/partner/add/careerHistory#clientId=00000000-0000-4000-8000-000000000000&documentType=none&content={content}","credential_id":"{credential_id}","request_id":"{content}"}}"#
    )
}

/// Serves the echo: reads the body, returns a response of the size of a push response, stores
/// nothing.
pub fn echo(serve_at: &Serve) -> Result<(), String> {
    let push = |body: Bytes| async move { created(answer("00000000-0000-4000-8000-000000000000", body.len() as u64)) };
    serve(serve_at.listen, async move { Ok(Router::new().route("/push", post(push))) })
}

#[derive(Deserialize)]
struct Body {
    credential_id: String,
    fields: serde_json::Value,
}

struct Row {
    id: u64,
    credential_id: String,
    body: Vec<u8>,
    done: oneshot::Sender<bool>,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Serves the floor, the least that a durable push must do: parse, insert a row and an event row
/// with group commit, respond.
pub fn floor(serve_at: &Serve) -> Result<(), String> {
    let (data, url) = (serve_at.data.clone(), serve_at.database_url.clone());
    serve(serve_at.listen, async move {
        let (queue, requests) = mpsc::channel(4096);
        match url {
            None => tokio::spawn(commit_all(Sqlite::open(&data).await.map_err(|error| error.to_string())?, requests)),
            Some(url) => {
                tokio::spawn(commit_all(Postgres::open(&url).await.map_err(|error| error.to_string())?, requests))
            }
        };
        Ok(Router::new().route("/push", post(push)).with_state(queue))
    })
}

async fn push(State(queue): State<mpsc::Sender<Row>>, body: Bytes) -> Response {
    let Ok(parsed) = serde_json::from_slice::<Body>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let (id, (done, committed)) = (NEXT.fetch_add(1, Ordering::Relaxed), oneshot::channel());
    let response = answer(&parsed.credential_id, id);
    let body = serde_json::to_vec(&parsed.fields).unwrap_or_default();
    if queue.try_send(Row { id, credential_id: parsed.credential_id, body, done }).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if committed.await == Ok(true) { created(response) } else { StatusCode::SERVICE_UNAVAILABLE.into_response() }
}

async fn commit_all(database: impl Writes, mut requests: mpsc::Receiver<Row>) {
    let mut batch = Vec::with_capacity(BATCH);
    while requests.recv_many(&mut batch, BATCH).await > 0 {
        let written = database.write(&batch).await;
        if let Err(error) = &written {
            complain(error);
        }
        for row in batch.drain(..) {
            let _ = row.done.send(written.is_ok());
        }
    }
}

#[expect(clippy::print_stderr, reason = "goes to the log of the place")]
fn complain(error: &sqlx::Error) {
    eprintln!("floor: {error}");
}

/// Commits all pushes that arrived together in one transaction.
trait Writes: Send + Sync + 'static {
    fn write(&self, batch: &[Row]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

struct Sqlite(SqlitePool);

impl Sqlite {
    async fn open(data: &std::path::Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(data.join("floor.sqlite"))
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
    async fn write(&self, batch: &[Row]) -> Result<(), sqlx::Error> {
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
    async fn write(&self, batch: &[Row]) -> Result<(), sqlx::Error> {
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
