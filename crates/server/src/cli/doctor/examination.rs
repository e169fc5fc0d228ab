//! What every check may use.

use std::path::Path;
use std::time::Duration;

use ambient::{Clock, Rng, Timestamp};

use crate::config::Config;
use crate::outbound::Outbound;

/// Longest wait for one answer from elsewhere.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What every check may use.
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
        &self.config.storage.data
    }
}

/// How long something took, or is away, in the unit that a person would use.
pub(super) fn told(duration: Duration) -> String {
    let (seconds, days) = (duration.as_secs_f64(), duration.as_secs() / 86_400);
    match duration.as_secs() {
        0 => format!("{:.1} ms", seconds * 1000.0),
        1..120 => format!("{seconds:.1} s"),
        120..7200 => format!("{:.0} min", seconds / 60.0),
        7200..172_800 => format!("{:.0} h", seconds / 3600.0),
        _ => format!("{days} days"),
    }
}
