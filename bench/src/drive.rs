//! The load: a closed loop over keep-alive connections, one request under way on each.
//!
//! One thread, prebuilt bytes: the driver shares the machine with the server and must be cheap.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where to push.
#[derive(Clone, Debug)]
pub struct Target {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// The path.
    pub path: &'static str,
    /// A bearer token, if one is needed.
    pub token: Option<String>,
}

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Answers 201 while it was measured.
    pub pushes: u64,
    /// Answers 201 in all, the warm-up included.
    pub created: u64,
    /// Other answers.
    pub errors: u64,
    /// One of those, to show.
    pub example: Option<String>,
    /// Time of each measured push, in microseconds, sorted.
    pub micros: Vec<u32>,
}

impl Outcome {
    /// The time that `share` (0 to 1) of the pushes did not exceed, in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a list that is not empty"
        )]
        let index = ((self.micros.len() as f64 - 1.0).max(0.0) * share) as usize;
        self.micros.get(index).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Pushes to `target` over `connections`, measuring for `measured` after `warm_up`. `prefix` makes ids new in each round.
pub fn drive(
    target: &Target,
    connections: usize,
    warm_up: Duration,
    measured: Duration,
    prefix: &str,
) -> Result<Outcome, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let start = Instant::now() + warm_up;
        let target = Arc::new(target.clone());
        let mut workers = tokio::task::JoinSet::new();
        for number in 0..connections {
            let (target, prefix) = (target.clone(), format!("{prefix}-{number}"));
            workers.spawn(async move { connection(&target, &prefix, start, start + measured).await });
        }
        let mut total = Outcome::default();
        while let Some(joined) = workers.join_next().await {
            let one = joined.map_err(|error| error.to_string())??;
            total.pushes += one.pushes;
            total.created += one.created;
            total.errors += one.errors;
            total.example = total.example.or(one.example);
            total.micros.extend(one.micros);
        }
        total.micros.sort_unstable();
        Ok(total)
    })
}

async fn connection(target: &Target, prefix: &str, start: Instant, end: Instant) -> Result<Outcome, String> {
    let stream = TcpStream::connect(&target.address).await.map_err(|error| error.to_string())?;
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let mut outcome = Outcome::default();
    for number in 0_u64.. {
        let began = Instant::now();
        if began >= end {
            break;
        }
        let (status, body) = push(&mut sender, target, &format!("{prefix}-{number}")).await?;
        if status == StatusCode::CREATED {
            outcome.created += 1;
            if began >= start {
                outcome.pushes += 1;
                outcome.micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
        } else {
            outcome.errors += 1;
            outcome.example.get_or_insert_with(|| format!("{status}: {}", String::from_utf8_lossy(&body)));
        }
    }
    Ok(outcome)
}

async fn push(sender: &mut SendRequest<Full<Bytes>>, target: &Target, id: &str) -> Result<(StatusCode, Bytes), String> {
    let body = body(id);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(target.path)
        .header("host", "localhost")
        .header("content-type", "application/json");
    if let Some(token) = &target.token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
    Ok((status, body.to_bytes()))
}

/// A body with the mission's sample under `id`.
pub fn body(id: &str) -> String {
    [HEAD, id, TAIL].concat()
}

/// The mission's sample, around a fresh id.
const HEAD: &str = r#"{"credential_id":""#;
const TAIL: &str = r#"","fields":{"full_name":"John Doe","employment":[{"organisation":"Company A","role_classification":"Software Engineer","role_title":"Associate Software Engineer","start_date":"2020-01","end_date":"2022-12","last_processed_month":"2023-01"},{"organisation":"Company B","role_classification":"Software Engineer","role_title":"Senior Software Engineer","start_date":"2023-02","last_processed_month":"2024-05"}]}}"#;
