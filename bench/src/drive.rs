//! The load generator: a closed loop over keep-alive connections, one request in flight on each.
//!
//! It is single-threaded and sends prebuilt bytes, because it shares the machine with the server.
//! Its share of a core is measured, so that a limit of the driver is not mistaken for one of the
//! server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::load::{Load, Random, RequestKind, Requests};
use crate::process::own_processor_time;

/// The parameters of a load.
#[derive(Clone, Debug)]
pub struct Drive {
    /// `127.0.0.1:PORT` of each node; connections are distributed round-robin.
    pub addresses: Vec<String>,
    /// The kind of load.
    pub load: Load,
    /// Number of keep-alive connections.
    pub connections: usize,
    /// Time before the measurement begins.
    pub warm_up: Duration,
    /// Duration of the measurement, after the warm-up.
    pub measured: Duration,
    /// Stops the load early when set.
    pub stop: Arc<AtomicBool>,
}

/// One measured response.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The kind of the request.
    pub kind: RequestKind,
    /// When the request was sent, in milliseconds since the measurement began.
    pub at: u32,
    /// The response time in microseconds.
    pub micros: u32,
}

/// The result of a load.
#[derive(Debug, Default)]
pub struct LoadResult {
    /// The measured responses.
    pub samples: Vec<Sample>,
    /// Number of responses with the expected status, including the warm-up.
    pub answers: u64,
    /// Number of pushes stored, including the warm-up.
    pub created: u64,
    /// Number of responses with another status.
    pub errors: u64,
    /// An example of such a response, for the error message.
    pub example: Option<String>,
    /// Some of the pushed ids.
    pub ids: Vec<String>,
    /// The driver's share of one core.
    pub driver: f64,
}

/// Sorted response times in milliseconds.
#[derive(Debug)]
pub struct Times(Vec<u32>);

impl Times {
    /// Collects the response times of the samples that `which` selects.
    pub fn of(samples: &[Sample], which: impl Fn(&Sample) -> bool) -> Self {
        let mut micros: Vec<u32> = samples.iter().filter(|sample| which(sample)).map(|sample| sample.micros).collect();
        micros.sort_unstable();
        Self(micros)
    }

    /// Returns the number of samples.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the percentile `share` (0 to 1) in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a list that is not empty"
        )]
        let index = ((self.0.len() as f64 - 1.0).max(0.0) * share) as usize;
        self.0.get(index).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Runs a load.
///
/// # Errors
/// A connection breaks.
pub fn drive(drive: &Drive, requests: &Requests) -> Result<LoadResult, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (began, used) = (Instant::now(), own_processor_time());
    let mut outcome = runtime.block_on(all(drive, requests))?;
    outcome.driver = (own_processor_time() - used) / began.elapsed().as_secs_f64();
    Ok(outcome)
}

async fn all(drive: &Drive, requests: &Requests) -> Result<LoadResult, String> {
    let start = Instant::now() + drive.warm_up;
    let (drive, requests) = (Arc::new(drive.clone()), Arc::new(requests.clone()));
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..drive.connections {
        let (drive, requests) = (drive.clone(), requests.clone());
        workers.spawn(async move {
            let mut connection = Connection::open(&drive.addresses[number % drive.addresses.len()]).await?;
            connection.ask(&drive, &requests, start).await
        });
    }
    let mut total = LoadResult::default();
    while let Some(joined) = workers.join_next().await {
        let one = joined.map_err(|error| error.to_string())??;
        total.answers += one.answers;
        total.created += one.created;
        total.errors += one.errors;
        total.example = total.example.or(one.example);
        total.samples.extend(one.samples);
        total.ids.extend(one.ids);
    }
    Ok(total)
}

/// Number of pushed ids that a connection remembers for its status requests.
const REMEMBERED: usize = 256;

struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    async fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    async fn ask(&mut self, drive: &Drive, requests: &Requests, start: Instant) -> Result<LoadResult, String> {
        let (mut outcome, mut random) = (LoadResult::default(), Random::new()?);
        for number in 0_u64.. {
            let began = Instant::now();
            if began >= start + drive.measured || drive.stop.load(Ordering::Relaxed) {
                break;
            }
            let (kind, id) = (drive.load.kind(number), random.id());
            let own = (drive.load == Load::Mixed).then(|| outcome.ids.get(random.below(outcome.ids.len()))).flatten();
            let request = requests.build(kind, &id, own.map(String::as_str), &mut random)?;
            let (status, body) = self.send(request).await?;
            if status != kind.expected() {
                outcome.errors += 1;
                outcome.example.get_or_insert_with(|| format!("{status}: {}", String::from_utf8_lossy(&body)));
                continue;
            }
            outcome.answers += 1;
            if kind == RequestKind::Push {
                outcome.created += 1;
                if outcome.ids.len() < REMEMBERED {
                    outcome.ids.push(id);
                }
            }
            if began >= start {
                let at = u32::try_from((began - start).as_millis()).unwrap_or(u32::MAX);
                let micros = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
                outcome.samples.push(Sample { kind, at, micros });
            }
        }
        Ok(outcome)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        let response = self.0.send_request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }
}
