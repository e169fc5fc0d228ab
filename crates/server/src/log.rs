//! Logging: JSON or text lines on standard error. Personal data is never logged: no body, path
//! parameter, address or header.
//!
//! A dedicated thread writes the lines, so that a stalled reader of standard error blocks no
//! request. Once [`BUFFERED_LINES`] lines are waiting, further lines are dropped and counted.
//!
//! The lines of a request contain its id. It is a local of the request's task and not a span,
//! because most requests log nothing and a span is allocated and formatted in advance (D-281).

use std::fmt;
use std::future::Future;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::{FmtSpan, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
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
            .with_current_span(false)
            .with_span_list(false)
            .map_event_format(|inner| WithRequest { inner, format: LogFormat::Json })
            .finish()
            .with(filter)
            .with(ours)
            .try_init(),
        LogFormat::Text => builder
            .with_target(false)
            .map_event_format(|inner| WithRequest { inner, format: LogFormat::Text })
            .finish()
            .with(filter)
            .with(ours)
            .try_init(),
    };
    started.map_err(|error: TryInitError| error.to_string())?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(Logging { _writer: guard, dropped })
}

tokio::task_local! {
    /// The id of the request that the task handles.
    static REQUEST: Arc<str>;
}

/// Runs `work` with the id of its request in every line that it logs.
pub async fn with_request<T>(id: Arc<str>, work: impl Future<Output = T>) -> T {
    REQUEST.scope(id, work).await
}

/// Returns a function that runs work of the current request after its task has ended, with the
/// request's id in every line.
pub fn after_request() -> impl Fn(&dyn Fn()) {
    let id = REQUEST.try_with(Arc::clone).ok();
    move |work| match &id {
        Some(id) => REQUEST.sync_scope(id.clone(), work),
        None => work(),
    }
}

/// Adds the id of the request to a line.
struct WithRequest<F> {
    inner: F,
    format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithRequest<F>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Ok(id) = REQUEST.try_with(Arc::clone) else { return self.inner.format_event(context, writer, event) };
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        write_with_request(&mut writer, &line, &id, self.format)
    }
}

/// Writes `line` with the id of its request. An id needs no escaping: it is a UUID, or text of the
/// caller without quotes and control characters.
fn write_with_request(writer: &mut impl fmt::Write, line: &str, id: &str, format: LogFormat) -> fmt::Result {
    let line = line.trim_end();
    match (format, line.strip_suffix('}')) {
        (LogFormat::Json, Some(open)) => writeln!(writer, r#"{open},"span":{{"id":"{id}","name":"request"}}}}"#),
        _ => writeln!(writer, "{line} request={id}"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &str, format: LogFormat) -> String {
        let mut written = String::new();
        write_with_request(&mut written, line, "chosen:7", format).expect("written");
        written
    }

    #[test]
    fn lines_of_a_request_have_its_id() {
        let json = written("{\"level\":\"INFO\",\"message\":\"answered\"}\n", LogFormat::Json);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["span"], serde_json::json!({ "id": "chosen:7", "name": "request" }));
        assert_eq!(json["message"], "answered");
        assert_eq!(written("INFO answered {}\n", LogFormat::Text), "INFO answered {} request=chosen:7\n");
    }

    #[tokio::test]
    async fn work_after_a_request_has_its_id() {
        let id = || REQUEST.try_with(Arc::clone).ok();
        let run = with_request("a".into(), async { after_request() }).await;
        assert_eq!(id(), None);
        run(&|| assert_eq!(id().as_deref(), Some("a")));
        after_request()(&|| assert_eq!(id(), None));
    }
}
