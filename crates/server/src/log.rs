//! Logging: JSON or text lines on standard error. Personal data never gets this far: nothing logs a
//! body, a path parameter, an address or a header.
//!
//! A thread of its own writes the lines, so that a reader of standard error that stops reading blocks no request. While it
//! is behind by [`BUFFERED_LINES`], further lines are dropped and counted.

use std::panic::PanicHookInfo;

use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::{Log, LogFormat};

/// Most lines that wait to be written: at most a few MiB.
const BUFFERED_LINES: usize = 16_384;

/// Keeps the writer running. The lines that wait are written when this is dropped, for up to a second.
#[derive(Debug)]
pub struct Logging {
    _writer: WorkerGuard,
    /// Counts the lines that were dropped.
    pub dropped: ErrorCounter,
}

/// Starts logging as `log` says.
///
/// # Errors
/// The filter cannot be read, or logging has started already.
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

/// Whether an event is of our own code. The libraries' events below `info` are never logged: they hold URLs, headers and
/// statements, and so secrets of links.
fn is_ours(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or_default();
    ["ambient", "bulk_push", "credential", "store", "tenure", "transport"].contains(&root)
}

/// The default hook writes to standard error itself, and waits while nobody reads it. A message that was formatted may hold
/// data of a request, so only a literal one is logged.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&str>().copied().unwrap_or("a formatted message");
    tracing::error!(location, message, "panic");
}
