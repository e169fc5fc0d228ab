//! Inspects documents in separate processes. Limits their number, and is fair between partners.
//!
//! Owns the meaning of such a process's exit. A document that crashes it, or exceeds the time or
//! memory limit, is refused. Only a process that cannot be started is a server error.

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
use tokio::time::Instant;
use uuid::Uuid;

use super::confine::{MEMORY, PROCESSOR_SECONDS};
use super::inspect::{InspectError, MAX_WRITTEN, Verdict};
use super::upload_error::UploadError;
use crate::fair_queue::{FairQueue, Turn};
use store::StoreError;

/// Maximum number of processes, in total and for one partner. Each may use
/// [`MEMORY`].
const PROCESSES: usize = 4;
const OF_ONE_PARTNER: usize = 2;
/// Processes that are kept for partners without one that have used little time lately.
const RESERVED: usize = 1;
/// Timeout of waiting for a process.
const TURN_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum time that a process may keep the server waiting while it reads its document. It reads
/// the whole document before it parses anything.
const FEED_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout from the last byte to the verdict. Longer than the limit on CPU time, because the
/// machine may be busy.
const VERDICT_TIMEOUT: Duration = Duration::from_secs(60);
/// Size of one read, in bytes.
const PIECE: usize = 64 * 1024;

/// Starts inspecting processes.
#[derive(Debug)]
pub struct Inspector {
    program: PathBuf,
    queue: FairQueue,
}

/// The result of inspecting an accepted document.
#[derive(Debug)]
pub enum Inspected {
    /// It is delivered unchanged.
    Unchanged,
    /// It is delivered unchanged because it is digitally signed.
    Signed,
    /// It is an OpenCerts document with these values, delivered unchanged.
    OpenCert(Summary),
    /// It is delivered in this rewritten form.
    Rewritten(Box<Rewritten>),
}

/// A rewritten document, which is read from the process.
#[derive(Debug)]
pub struct Rewritten {
    child: Child,
    out: BufReader<ChildStdout>,
    left: u64,
    _turn: Turn,
}

impl Inspector {
    /// Creates an inspector that runs `program`: this program, or one of the same release.
    pub fn new(program: PathBuf) -> Self {
        Self { program, queue: FairQueue::with_reserve(PROCESSES, OF_ONE_PARTNER, RESERVED) }
    }

    /// Inspects the document in `source`, which is read when a process is available.
    ///
    /// # Errors
    /// [`UploadError::Refused`] by the inspection; [`UploadError::Store`] if `source` cannot be
    /// read or no process is available.
    pub async fn inspect(
        &self,
        partner: Uuid,
        kind: AssetKind,
        source: impl Stream<Item = Result<Bytes, StoreError>>,
    ) -> Result<Inspected, UploadError> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.queue.turn(partner)).await.ok().flatten();
        let turn =
            turn.ok_or_else(|| StoreError::Unavailable("too many documents are waiting for inspection".to_owned()))?;
        let mut child = self.start(kind)?;
        let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).ok_or_else(ended)?;
        feed(stdin, source).await?;
        let mut out = BufReader::with_capacity(PIECE, stdout);
        let mut line = Vec::new();
        let mut verdict = (&mut out).take(Verdict::MAX as u64);
        match tokio::time::timeout(VERDICT_TIMEOUT, verdict.read_until(b'\n', &mut line)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                return Err(StoreError::Unavailable(format!("error while inspecting a document: {error}")).into());
            }
            Err(_) => return Err(too_slow(VERDICT_TIMEOUT)),
        }
        match serde_json::from_slice(&line) {
            Ok(Verdict::Unchanged) => Ok(Inspected::Unchanged),
            Ok(Verdict::Signed) => Ok(Inspected::Signed),
            Ok(Verdict::OpenCert { summary }) => Ok(Inspected::OpenCert(summary)),
            Ok(Verdict::Refused { reason }) => Err(InspectError(reason).into()),
            Ok(Verdict::Rewritten { size }) if size <= MAX_WRITTEN as u64 => {
                Ok(Inspected::Rewritten(Box::new(Rewritten { child, out, left: size, _turn: turn })))
            }
            Ok(Verdict::Rewritten { .. }) | Err(_) => Err(end(&mut child).await),
        }
    }

    /// Starts a process, which is killed when dropped.
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
        started.map_err(|error| StoreError::Unavailable(format!("the inspection process cannot be started: {error}")))
    }
}

/// Writes the document to the process. Ignores a process that stops reading: its exit says why.
///
/// # Errors
/// The document cannot be read, or the process reads too slowly.
async fn feed(mut stdin: ChildStdin, source: impl Stream<Item = Result<Bytes, StoreError>>) -> Result<(), UploadError> {
    let mut source = pin!(source);
    // Waiting for the source does not count.
    let mut left = FEED_TIMEOUT;
    while let Some(piece) = source.try_next().await? {
        let began = Instant::now();
        match tokio::time::timeout(left, stdin.write_all(&piece)).await {
            Ok(Ok(())) => left = left.saturating_sub(began.elapsed()),
            Ok(Err(_)) => break,
            Err(_) => return Err(too_slow(FEED_TIMEOUT)),
        }
    }
    Ok(())
}

fn too_slow(limit: Duration) -> UploadError {
    refused(&format!("takes too long to parse: more than {} seconds", limit.as_secs()))
}

fn refused(what: &str) -> UploadError {
    InspectError(format!("The document {what}. Save it again with another program, or as an image.")).into()
}

fn ended() -> StoreError {
    StoreError::Unavailable("the inspection process has exited".to_owned())
}

/// Determines why a process has exited without a verdict.
async fn end(child: &mut Child) -> UploadError {
    let status = tokio::time::timeout(VERDICT_TIMEOUT, child.wait()).await;
    match status {
        Ok(Ok(status)) => meaning(status),
        _ => too_slow(VERDICT_TIMEOUT),
    }
}

fn meaning(status: ExitStatus) -> UploadError {
    use std::os::unix::process::ExitStatusExt as _;

    /// Exit code of a Rust program after a panic.
    const PANICKED: i32 = 101;
    tracing::warn!(%status, "an inspection process has crashed");
    let signal = status.signal();
    if signal == Some(rustix::process::Signal::XCPU.as_raw()) {
        return refused(&format!("takes more than {PROCESSOR_SECONDS} seconds to parse"));
    }
    match (signal, status.code()) {
        // Rust aborts when an allocation fails.
        (Some(signal), _) if signal == rustix::process::Signal::ABORT.as_raw() => {
            refused(&format!("needs more memory to parse than is allowed, {} MiB", MEMORY >> 20))
        }
        (Some(_), _) | (None, Some(PANICKED)) => refused("cannot be parsed"),
        _ => ended().into(),
    }
}

impl Rewritten {
    /// Returns the next bytes, or `None` at the end.
    ///
    /// # Errors
    /// The process has exited early.
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

    /// Returns the whole document.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use futures::stream;

    use super::*;

    /// Inspects a document of `size` bytes with a shell script; returns the error. The clock is
    /// paused, and advances when the server waits for the process.
    async fn inspect_with(script: &str, size: usize) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("inspector");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("executable");
        let pieces = stream::iter((0..size / 1024).map(|_| Ok(Bytes::from_static(&[0; 1024]))));
        let inspector = Inspector::new(program);
        let inspected = inspector.inspect(Uuid::nil(), AssetKind::Pdf, pieces).await;
        assert_eq!(inspector.queue.turn(Uuid::max()).await.map(drop), Some(()), "its turn has ended");
        inspected.expect_err("it stalls").to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn stalling_inspection_is_refused_in_time() {
        let began = Instant::now();
        // The pipe holds 64 KiB.
        let unread = inspect_with("exec sleep 60", 1024 * 1024).await;
        assert!(unread.contains("takes too long to parse: more than 30 seconds"), "{unread}");
        assert!(began.elapsed() <= FEED_TIMEOUT + Duration::from_secs(1), "{:?}", began.elapsed());
        for size in [1024, 1024 * 1024] {
            let silent = inspect_with("cat >/dev/null; exec sleep 60", size).await;
            assert!(silent.contains("takes too long to parse: more than "), "{silent}");
        }
    }
}
