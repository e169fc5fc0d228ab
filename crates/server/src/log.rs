//! Logging: JSON or text lines on standard error. Personal data never gets this far: nothing logs a
//! body, a path parameter, an address or a header.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::{Log, LogFormat};

/// Starts logging as `log` says.
///
/// # Errors
/// The filter cannot be read, or logging has started already.
pub fn start(log: &Log) -> Result<(), String> {
    let filter = log.filter.parse::<Targets>().map_err(|error| format!("log.filter: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .finish()
            .with(filter)
            .try_init(),
        LogFormat::Text => builder.with_target(false).finish().with(filter).try_init(),
    };
    started.map_err(|error: TryInitError| error.to_string())
}
