//! A clock that follows a jump ahead only after [`SteadyClock::believe`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::{Clock, Stopwatch, Timestamp};

/// How far the clock may be ahead of the stopwatch. Allows for corrections by time servers between
/// two observations.
pub const LEAP: Duration = Duration::from_secs(600);

/// The current time in two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The clock's time, which is recorded.
    pub now: Timestamp,
    /// The time by which things expire. It is earlier while the clock has jumped ahead.
    pub trusted: Timestamp,
}

impl From<Timestamp> for Moment {
    fn from(now: Timestamp) -> Self {
        Self { now, trusted: now }
    }
}

/// A clock, and a stopwatch that shows its jumps; cheap to clone.
#[derive(Clone, Debug)]
pub struct SteadyClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    stopwatch: Stopwatch,
    /// The last believed time, and the stopwatch reading at that moment.
    believed: Mutex<Option<(Timestamp, Duration)>>,
}

impl From<Clock> for SteadyClock {
    /// Starts the stopwatch. Every time is believed until the first call of [`Self::believe`].
    fn from(clock: Clock) -> Self {
        Self(Arc::new(Inner { stopwatch: clock.stopwatch(), clock, believed: Mutex::default() }))
    }
}

impl SteadyClock {
    /// Returns the clock's time and the stopwatch reading.
    pub fn read(&self) -> (Timestamp, Duration) {
        (self.0.clock.now(), self.0.stopwatch.elapsed())
    }

    /// Sets the time that is believed at a stopwatch reading.
    pub fn believe(&self, time: Timestamp, at: Duration) {
        *self.0.believed.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, at));
    }

    /// Returns the clock's time, and the time by which things expire.
    pub fn moment(&self) -> Moment {
        let now = self.0.clock.now();
        let believed = *self.0.believed.lock().unwrap_or_else(PoisonError::into_inner);
        let trusted = match believed {
            // The stopwatch is slower to read than the clock, and rarely needed.
            Some((time, at)) if now > time + LEAP => {
                let expected = time + self.0.stopwatch.elapsed().saturating_sub(at);
                if now > expected + LEAP { expected } else { now }
            }
            _ => now,
        };
        Moment { now, trusted }
    }

    /// Returns the time by which things expire: the clock's, unless it has jumped ahead.
    pub fn trusted(&self) -> Timestamp {
        self.moment().trusted
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::HOUR;
    use super::*;

    #[test]
    fn jumps_are_followed_once_they_are_believed() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let steady = SteadyClock::from(clock.clone());
        clock.set(Timestamp::from_micros(0) + 50 * HOUR);
        assert_eq!(steady.moment(), clock.now().into(), "nothing is known yet");
        let (begun, at) = steady.read();
        steady.believe(begun, at);
        clock.advance(HOUR);
        assert_eq!(steady.moment(), clock.now().into());
        clock.set(begun + 72 * HOUR);
        assert_eq!(steady.moment(), Moment { now: begun + 72 * HOUR, trusted: begun + HOUR });
        let (now, at) = steady.read();
        steady.believe(now, at);
        assert_eq!(steady.moment(), clock.now().into());
        clock.set(begun);
        assert_eq!(steady.trusted(), begun, "steps back are followed");
    }
}
