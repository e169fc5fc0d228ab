//! Inspects documents in processes of their own, a few at a time and fairly between partners.
//!
//! Owns what the end of such a process means. A document that kills it, or takes too long or too much, is refused; only a
//! process that cannot be started is a failure of ours.

use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use credential::AssetKind;
use credential::opencerts::Summary;
use futures::{Stream, TryStreamExt as _};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use uuid::Uuid;

use super::confine::PROCESSOR_SECONDS;
use super::inspect::{InspectError, MOST_WRITTEN, Verdict};
use super::upload_error::UploadError;
use crate::fair_queue::{FairQueue, Turn};
use store::StoreError;

/// Processes at once, and of one partner. Each may take [`MEMORY`](super::confine::MEMORY).
const PROCESSES: usize = 4;
const OF_ONE_PARTNER: usize = 2;
/// Longest wait for one of them.
const TURN_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time between the last byte and the verdict; more than the limit on processor time, for a busy machine.
const VERDICT_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// Starts the processes.
#[derive(Debug)]
pub struct Inspector {
    program: PathBuf,
    queue: FairQueue,
}

/// A document that was inspected and is taken.
#[derive(Debug)]
pub enum Inspected {
    /// It is delivered as it came.
    Unchanged,
    /// It is delivered as it came, since it is digitally signed.
    Signed,
    /// It is delivered as it came; an OpenCerts document with these values.
    OpenCert(Summary),
    /// It is delivered as these bytes.
    Rewritten(Box<Rewritten>),
}

/// A document that the process has written anew, and that is read from it.
#[derive(Debug)]
pub struct Rewritten {
    child: Child,
    out: BufReader<ChildStdout>,
    left: u64,
    _turn: Turn,
}

impl Inspector {
    /// Inspects with `program`, which is this one or of the same release.
    pub fn new(program: PathBuf) -> Self {
        Self { program, queue: FairQueue::new(PROCESSES, OF_ONE_PARTNER) }
    }

    /// Inspects the document in `source`, which is read when it is its turn.
    ///
    /// # Errors
    /// [`UploadError::Refused`] by the inspection, [`UploadError::Store`] if `source` cannot be read or nothing can be
    /// inspected now.
    pub async fn inspect(
        &self,
        partner: Uuid,
        kind: AssetKind,
        source: impl Stream<Item = Result<Bytes, StoreError>>,
    ) -> Result<Inspected, UploadError> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.queue.turn(partner)).await.ok().flatten();
        let turn = turn.ok_or_else(|| StoreError::Unavailable("too many documents wait for inspection".to_owned()))?;
        let mut child = self.start(kind)?;
        let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).ok_or_else(ended)?;
        feed(stdin, source).await?;
        let mut out = BufReader::with_capacity(PIECE, stdout);
        let mut line = Vec::new();
        let mut verdict = (&mut out).take(Verdict::MOST as u64);
        match tokio::time::timeout(VERDICT_TIMEOUT, verdict.read_until(b'\n', &mut line)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(StoreError::Unavailable(format!("inspecting documents: {error}")).into()),
            Err(_) => return Err(refused("takes too long to read")),
        }
        match serde_json::from_slice(&line) {
            Ok(Verdict::Unchanged) => Ok(Inspected::Unchanged),
            Ok(Verdict::Signed) => Ok(Inspected::Signed),
            Ok(Verdict::OpenCert { summary }) => Ok(Inspected::OpenCert(summary)),
            Ok(Verdict::Refused { reason }) => Err(InspectError(reason).into()),
            Ok(Verdict::Rewritten { size }) if size <= MOST_WRITTEN as u64 => {
                Ok(Inspected::Rewritten(Box::new(Rewritten { child, out, left: size, _turn: turn })))
            }
            Ok(Verdict::Rewritten { .. }) | Err(_) => Err(end(&mut child).await),
        }
    }

    /// Starts a process, which is killed when it is dropped.
    fn start(&self, kind: AssetKind) -> Result<Child, StoreError> {
        let started = Command::new(&self.program)
            .arg0("tenure")
            .args(["inspect-document", kind.name()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        started.map_err(|error| StoreError::Unavailable(format!("the process that inspects documents: {error}")))
    }
}

/// Writes the document. A process that does not read to its end says why by its own end.
async fn feed(mut stdin: ChildStdin, source: impl Stream<Item = Result<Bytes, StoreError>>) -> Result<(), StoreError> {
    let mut source = pin!(source);
    while let Some(piece) = source.try_next().await? {
        if stdin.write_all(&piece).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn refused(what: &str) -> UploadError {
    InspectError(format!("The document {what}; save it again with another program, or as an image.")).into()
}

fn ended() -> StoreError {
    StoreError::Unavailable("the process that inspects documents has ended".to_owned())
}

/// Why a process has ended without a verdict.
async fn end(child: &mut Child) -> UploadError {
    let status = tokio::time::timeout(VERDICT_TIMEOUT, child.wait()).await;
    match status {
        Ok(Ok(status)) => meaning(status),
        _ => refused("takes too long to read"),
    }
}

fn meaning(status: ExitStatus) -> UploadError {
    use std::os::unix::process::ExitStatusExt as _;

    /// How Rust ends after a panic.
    const PANICKED: i32 = 101;
    tracing::warn!(%status, "a process that inspected a document has died");
    let signal = status.signal();
    if signal == Some(rustix::process::Signal::XCPU.as_raw()) {
        return refused(&format!("takes more than {PROCESSOR_SECONDS} seconds to read"));
    }
    match (signal, status.code()) {
        // Rust ends so when memory is used up.
        (Some(signal), _) if signal == rustix::process::Signal::ABORT.as_raw() => {
            refused("takes more memory to read than is allowed")
        }
        (Some(_), _) | (None, Some(PANICKED)) => refused("cannot be read"),
        _ => ended().into(),
    }
}

impl Rewritten {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The process has died before.
    pub async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut piece = Vec::with_capacity(PIECE);
        let most = self.left.min(PIECE as u64);
        let read = tokio::time::timeout(VERDICT_TIMEOUT, (&mut self.out).take(most).read_buf(&mut piece)).await;
        match read {
            Ok(Ok(read)) if read > 0 => {
                self.left -= read as u64;
                Ok(Some(Bytes::from(piece)))
            }
            _ => Err(end(&mut self.child).await),
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn whole(mut self) -> Result<Bytes, UploadError> {
        let mut whole = Vec::with_capacity(usize::try_from(self.left).unwrap_or_default());
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }
}
