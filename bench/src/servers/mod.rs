//! The reference servers that Tenure is compared with: the floor, the floor on sqlx, and the echo.
//!
//! A floor does the least that a durable push must do: parse the body, store one row and one outbox
//! row with group commit, and respond after the commit.

pub mod echo;
pub mod floor;
mod floor_postgres;
mod floor_sqlite;
pub mod sqlx_floor;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use clap::Args;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tower::Service as _;

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
/// Most pushes that wait for a transaction; more get a 503 response.
const QUEUE: usize = 4096;

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

/// The body of a push with fields of type `F`.
#[derive(Deserialize)]
struct Push<F> {
    credential_id: String,
    fields: F,
}

/// A push on its way to the database.
struct QueuedPush {
    id: u64,
    credential_id: String,
    body: Vec<u8>,
    /// Receives whether the row was committed.
    done: oneshot::Sender<bool>,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl QueuedPush {
    /// Parses a push with fields of type `F`, and serialises the fields for storage.
    fn parse<F: DeserializeOwned + Serialize>(body: &[u8], done: oneshot::Sender<bool>) -> serde_json::Result<Self> {
        let push: Push<F> = serde_json::from_slice(body)?;
        let body = serde_json::to_vec(&push.fields)?;
        Ok(Self { id: NEXT.fetch_add(1, Ordering::Relaxed), credential_id: push.credential_id, body, done })
    }
}

/// Handles a push with fields of type `F`.
async fn push<F>(State(queue): State<mpsc::Sender<QueuedPush>>, body: Bytes) -> Response
where
    F: DeserializeOwned + Serialize + 'static,
{
    let (done, committed) = oneshot::channel();
    let Ok(row) = QueuedPush::parse::<F>(&body, done) else { return StatusCode::BAD_REQUEST.into_response() };
    // Freed while it is in the processor's cache, not after the commit.
    drop(body);
    let response = answer(&row.credential_id, row.id);
    if queue.try_send(row).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if committed.await == Ok(true) { created(response) } else { StatusCode::SERVICE_UNAVAILABLE.into_response() }
}

/// Reports to the handlers of `rows` whether their transaction was committed.
fn finish(rows: &mut Vec<QueuedPush>, written: &Result<(), impl Display>) {
    if let Err(error) = written {
        complain(error);
    }
    for row in rows.drain(..) {
        let _ = row.done.send(written.is_ok());
    }
}

#[expect(clippy::print_stderr, reason = "goes to the log of the place")]
fn complain(error: &impl Display) {
    eprintln!("floor: {error}");
}
