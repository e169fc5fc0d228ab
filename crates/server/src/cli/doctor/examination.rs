//! Inputs of every check.

use std::path::Path;
use std::time::Duration;

use ambient::{Clock, Rng, Timestamp};

use crate::config::Config;
use crate::outbound::Outbound;

/// Timeout of one request.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Inputs of every check.
pub(super) struct Examination {
    pub(super) config: Config,
    pub(super) outbound: Outbound,
    pub(super) clock: Clock,
    pub(super) rng: Rng,
}

impl Examination {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn data(&self) -> &Path {
        &self.config.storage.data_dir
    }
}

/// Formats a duration in a readable unit.
pub(super) fn render(duration: Duration) -> String {
    let (seconds, days) = (duration.as_secs_f64(), duration.as_secs() / 86_400);
    match duration.as_secs() {
        0 => format!("{:.1} ms", seconds * 1000.0),
        1..120 => format!("{seconds:.1} s"),
        120..7200 => format!("{:.0} min", seconds / 60.0),
        7200..172_800 => format!("{:.0} h", seconds / 3600.0),
        _ => format!("{days} days"),
    }
}
