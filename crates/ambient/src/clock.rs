//! The server's time: the type for instants, and the clock that is injected.
//!
//! Only this module reads the system clock. Everything else calls `app.now()`, so that a test can
//! set the time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// One minute.
pub const MINUTE: Duration = Duration::from_secs(60);
/// One hour.
pub const HOUR: Duration = Duration::from_secs(3600);
/// One day of 24 hours.
pub const DAY: Duration = Duration::from_secs(86_400);

/// An instant in microseconds since the Unix epoch, UTC.
///
/// Both databases store it as a 64-bit integer, so that one SQL text serves both and no driver
/// rounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates the instant `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since the Unix epoch, as in a NumericDate (RFC 7519, section 2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the duration since `earlier`, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// Rounds down to a multiple of `period` since the Unix epoch.
    pub fn floor(self, period: Duration) -> Self {
        let period = micros(period).max(1);
        Self(self.0.div_euclid(period) * period)
    }

    /// Returns the smallest UUIDv7 with this timestamp, for range queries over ids.
    pub fn lowest_id(self) -> Uuid {
        let millis = u64::try_from(self.0 / 1000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }

    /// Converts to jiff's type, for calendar arithmetic and formatting. Times beyond its range
    /// become its first or last one.
    pub fn to_jiff(self) -> jiff::Timestamp {
        let limit = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(limit)
    }
}

/// Returns a duration in whole microseconds, as databases store it. The maximum is a quarter of the
/// largest value, so that a sum with a timestamp does not overflow.
pub fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

/// Formats as RFC 3339 in UTC with whole seconds, as in the status endpoint's `finalized_at`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
        let seconds = jiff::Timestamp::from_second(self.seconds().clamp(first, last));
        seconds.unwrap_or(jiff::Timestamp::UNIX_EPOCH).fmt(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The source of the current time: the system clock, or a manual clock for tests.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// A clock that moves only when a test moves it.
    Manual(Arc<Manual>),
}

/// The state of a manual clock.
#[derive(Debug)]
pub struct Manual {
    now: AtomicI64,
    /// Monotonic time in microseconds. Setting the clock does not change it.
    elapsed: AtomicI64,
}

impl Clock {
    /// Creates a manual clock that is set to `start`.
    pub fn manual(start: jiff::Timestamp) -> Self {
        Self::Manual(Arc::new(Manual { now: AtomicI64::new(start.as_microsecond()), elapsed: AtomicI64::new(0) }))
    }

    /// Returns the current time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the ambient clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(jiff::Timestamp::now().as_microsecond()),
            Self::Manual(hands) => Timestamp(hands.now.load(Ordering::SeqCst)),
        }
    }

    /// Advances a manual clock and its monotonic time. Does nothing to the system clock.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(hands) = self {
            hands.now.fetch_add(micros(by), Ordering::SeqCst);
            hands.elapsed.fetch_add(micros(by), Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, as an operator or a broken time server would. Monotonic time does not
    /// advance.
    pub fn set(&self, now: Timestamp) {
        if let Self::Manual(hands) = self {
            hands.now.store(now.0, Ordering::SeqCst);
        }
    }

    /// Starts a stopwatch.
    pub fn stopwatch(&self) -> Stopwatch {
        match self {
            Self::System => Stopwatch::System { uptime: uptime(), instant: Instant::now() },
            Self::Manual(hands) => {
                Stopwatch::Manual { hands: hands.clone(), begun: hands.elapsed.load(Ordering::SeqCst) }
            }
        }
    }
}

/// Measures elapsed time, independent of clock changes.
#[derive(Clone, Debug)]
pub enum Stopwatch {
    /// Measures the machine's time.
    System {
        /// The uptime at the start. It advances while the machine is suspended, which [`Instant`]
        /// does not.
        uptime: Option<Duration>,
        /// Fallback where the uptime cannot be read.
        instant: Instant,
    },
    /// Measures the monotonic time of a manual clock.
    Manual {
        /// The manual clock.
        hands: Arc<Manual>,
        /// Its monotonic time at the start, in microseconds.
        begun: i64,
    },
}

impl Stopwatch {
    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        match self {
            Self::System { uptime: begun, instant } => match (begun, uptime()) {
                (Some(begun), Some(now)) => now.saturating_sub(*begun),
                _ => instant.elapsed(),
            },
            Self::Manual { hands, begun } => {
                let elapsed = hands.elapsed.load(Ordering::SeqCst) - begun;
                Duration::from_micros(u64::try_from(elapsed).unwrap_or(0))
            }
        }
    }
}

/// Returns how long the machine has been up. Linux only.
fn uptime() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_print_as_rfc_3339_with_whole_seconds() {
        let instant = Timestamp::from_micros(1_706_000_000_987_654);
        assert_eq!(instant.to_string(), "2024-01-23T08:53:20Z");
        assert_eq!(instant.seconds(), 1_706_000_000);
    }

    #[test]
    fn floor_rounds_down_to_the_start_of_the_period() {
        let hour = Duration::from_secs(3600);
        let instant = Timestamp::from_micros(7_200_000_001);
        assert_eq!(instant.floor(hour), Timestamp::from_micros(7_200_000_000));
        assert_eq!(instant.floor(hour).floor(hour), instant.floor(hour));
    }

    #[test]
    fn manual_clock_moves_only_when_advanced() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now().since(before), Duration::from_secs(5));
    }

    #[test]
    fn stopwatch_ignores_how_the_clock_is_set() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let stopwatch = clock.stopwatch();
        clock.set(clock.now() + Duration::from_secs(3600));
        assert_eq!((stopwatch.elapsed(), clock.now().seconds()), (Duration::ZERO, 3600));
        clock.advance(Duration::from_secs(5));
        clock.set(Timestamp::from_micros(0));
        assert_eq!((stopwatch.elapsed(), clock.now().seconds()), (Duration::from_secs(5), 0));
    }

    #[test]
    fn system_stopwatch_advances() {
        let stopwatch = Clock::System.stopwatch();
        std::thread::sleep(Duration::from_millis(30));
        let elapsed = stopwatch.elapsed();
        assert!((Duration::from_millis(10)..Duration::from_secs(600)).contains(&elapsed), "{elapsed:?}");
    }

    #[test]
    fn times_beyond_the_calendar_are_its_limits() {
        for (seconds, shown) in
            [(253_402_300_800, "9999-12-30T22:00:00Z"), (-400_000_000_000, "-009999-01-02T01:59:59Z")]
        {
            let time = Timestamp::from_micros(seconds * 1_000_000);
            assert_eq!(time.to_string(), shown);
            assert_eq!(time.to_jiff().as_second() < 0, seconds < 0);
        }
    }
}
