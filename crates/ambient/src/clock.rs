//! The server's time: one type for instants, and the clock that is passed along.
//!
//! Owns the only place where the ambient clock is read. Everything else asks `app.now()`, so that a test can
//! stand at any hour it likes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// An instant in microseconds since the Unix epoch, UTC.
///
/// Both databases store it as a 64-bit integer: one SQL text serves them, and no driver rounds it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as RFC 7519's NumericDate wants them.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// The start of the period of length `period` that this instant falls into.
    pub fn floor(self, period: Duration) -> Self {
        let period = micros(period).max(1);
        Self(self.0.div_euclid(period) * period)
    }

    /// The lowest id that can be made at this instant (a UUIDv7).
    pub fn lowest_id(self) -> Uuid {
        let millis = u64::try_from(self.0 / 1000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }

    /// The same instant as jiff's type, for calendars and for writing.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

fn micros(duration: Duration) -> i64 {
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

/// RFC 3339 in UTC with whole seconds, as the status endpoint's `finalized_at` shows it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = jiff::Timestamp::from_second(self.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        seconds.fmt(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the time comes from: the machine, or a test's hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until it is moved.
    Manual(Arc<Manual>),
}

/// The hands of a manual clock.
#[derive(Debug)]
pub struct Manual {
    now: AtomicI64,
    /// How far time has gone on, which setting the clock does not change.
    elapsed: AtomicI64,
}

impl Clock {
    /// A clock that stands at `start`.
    pub fn manual(start: jiff::Timestamp) -> Self {
        Self::Manual(Arc::new(Manual { now: AtomicI64::new(start.as_microsecond()), elapsed: AtomicI64::new(0) }))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the ambient clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(jiff::Timestamp::now().as_microsecond()),
            Self::Manual(hands) => Timestamp(hands.now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward as time goes on; the machine's clock is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(hands) = self {
            hands.now.fetch_add(micros(by), Ordering::SeqCst);
            hands.elapsed.fetch_add(micros(by), Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, as an operator or a broken time server sets a machine's. No time goes by.
    pub fn set(&self, now: Timestamp) {
        if let Self::Manual(hands) = self {
            hands.now.store(now.0, Ordering::SeqCst);
        }
    }

    /// Starts to measure time.
    pub fn stopwatch(&self) -> Stopwatch {
        match self {
            Self::System => Stopwatch::System { uptime: uptime(), instant: Instant::now() },
            Self::Manual(hands) => {
                Stopwatch::Manual { hands: hands.clone(), begun: hands.elapsed.load(Ordering::SeqCst) }
            }
        }
    }
}

/// Measures how much time goes by, whatever the clock is set to.
#[derive(Clone, Debug)]
pub enum Stopwatch {
    /// By the machine.
    System {
        /// How long the machine had been up. It counts on while the machine is suspended, as [`Instant`] does not.
        uptime: Option<Duration>,
        /// For where the uptime cannot be read.
        instant: Instant,
    },
    /// By a manual clock.
    Manual {
        /// The clock.
        hands: Arc<Manual>,
        /// Where it stood.
        begun: i64,
    },
}

impl Stopwatch {
    /// How much time has gone by.
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

/// How long the machine has been up, on Linux.
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
    fn stopwatch_of_the_machine_goes_on() {
        let stopwatch = Clock::System.stopwatch();
        std::thread::sleep(Duration::from_millis(30));
        let elapsed = stopwatch.elapsed();
        assert!((Duration::from_millis(10)..Duration::from_secs(600)).contains(&elapsed), "{elapsed:?}");
    }
}
