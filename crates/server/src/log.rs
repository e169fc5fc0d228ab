//! Logging: JSON or text lines on standard error. Personal data is never logged: no body, path
//! parameter, address or header.
//!
//! A dedicated thread writes the lines, so that a stalled reader of standard error blocks no
//! request. Once [`BUFFERED_LINES`] lines are waiting, further lines are dropped and counted.

use std::panic::PanicHookInfo;

use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::{Log, LogFormat};

/// Maximum number of lines waiting to be written; a few MiB at most.
const BUFFERED_LINES: usize = 16_384;

/// Keeps the writer thread running. On drop, waiting lines are written for up to a second.
#[derive(Debug)]
pub struct Logging {
    _writer: WorkerGuard,
    /// Number of dropped lines.
    pub dropped: ErrorCounter,
}

/// Starts logging with the settings `log`.
///
/// # Errors
/// The filter is invalid, or logging has already started.
pub fn start(log: &Log) -> Result<Logging, String> {
    let filter = log.filter.parse::<Targets>().map_err(|error| format!("log.filter: {error}"))?;
    let ours = filter_fn(|event| *event.level() <= Level::INFO || is_ours(event.target()));
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(BUFFERED_LINES)
        .thread_name("log")
        .finish(std::io::stderr());
    let dropped = writer.error_counter();
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::NONE)
        .with_writer(writer);
    let started = match log.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .finish()
            .with(filter)
            .with(ours)
            .try_init(),
        LogFormat::Text => builder.with_target(false).finish().with(filter).with(ours).try_init(),
    };
    started.map_err(|error: TryInitError| error.to_string())?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(Logging { _writer: guard, dropped })
}

/// Whether an event comes from our own code. Libraries' events below `info` are never logged: they
/// contain URLs, headers and statements, and so the secrets of links.
fn is_ours(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or_default();
    ["ambient", "bulk_push", "credential", "store", "tenure", "transport"].contains(&root)
}

/// Logs a panic. The default hook writes to standard error itself and would block if the reader has
/// stalled. A formatted message may contain data of a request, so only a literal one is logged.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&str>().copied().unwrap_or("a formatted message");
    tracing::error!(location, message, "panic");
}
