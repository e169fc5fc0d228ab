//! Waits before retries: as requested by `Retry-After` (RFC 9110, section 10.2.3), or with
//! exponential backoff.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ambient::{Backoff, Rng, Timestamp};
use jiff::fmt::rfc2822;
use tokio::time::Instant;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(30) };

/// The maximum `Retry-After` that is honoured. The minimum is the first backoff, so that retries
/// never loop without a pause.
const ASKED: Duration = Duration::from_secs(3600);

/// Parses `Retry-After`: seconds or a date.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let wait = match header.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = rfc2822::parse(header).ok()?.timestamp();
            Timestamp::from_micros(date.as_microsecond()).since(now)
        }
    };
    Some(wait.clamp(BACKOFF.first, ASKED))
}

/// Returns the backoff after `failures` consecutive failures. Half of it is random, so that clients
/// that failed together do not retry together.
pub fn backoff(failures: u32, rng: &Rng) -> Duration {
    BACKOFF.half_jittered(failures.into(), rng)
}

/// When requests may resume, and since when the server has not responded.
#[derive(Debug)]
pub struct Gate {
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    opens: Instant,
    /// The time of the last response, or the end of the wait that it requested.
    answered: Instant,
    /// The part of the time since then that the server requested as a wait.
    asked: Duration,
}

impl Gate {
    /// Creates an open gate.
    pub fn new() -> Self {
        Self { times: Mutex::new(Times::new(Instant::now())) }
    }

    /// Closes the gate for `wait`, unless it is closed for longer.
    pub fn close(&self, wait: Duration) {
        self.times().close(wait, Instant::now());
    }

    /// Returns when the gate opens.
    pub fn opens(&self) -> Instant {
        self.times().opens
    }

    /// Records a response. No request is sent until the gate opens, so the silence starts then.
    pub fn answered(&self) {
        self.times().answered(Instant::now());
    }

    /// Returns the time without a response, minus the last wait that the server requested. Earlier
    /// waits are included, so that a server that only ever postpones is given up.
    pub fn silence(&self) -> Duration {
        self.times().silence(Instant::now())
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Times {
    fn new(now: Instant) -> Self {
        Self { opens: now, answered: now, asked: Duration::ZERO }
    }

    fn close(&mut self, wait: Duration, now: Instant) {
        self.opens = self.opens.max(now + wait);
        self.asked = self.opens.saturating_duration_since(now);
    }

    fn answered(&mut self, now: Instant) {
        self.answered = self.opens.max(now);
        self.asked = Duration::ZERO;
    }

    fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.answered).saturating_sub(self.asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_a_date() {
        let now = Timestamp::from_micros(784_111_777 * 1_000_000);
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(BACKOFF.first), "the time is past");
        assert_eq!(retry_after("0", now), Some(BACKOFF.first), "not in a circle");
        assert_eq!(retry_after("999999", now), Some(ASKED));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn backoff_grows_with_jitter_up_to_a_maximum() {
        let rng = Rng::seeded(1);
        for (failures, whole) in [(1, 250), (2, 500), (5, 4_000), (9, 30_000), (u32::MAX, 30_000)] {
            let waits: Vec<u128> = (0..50).map(|_| backoff(failures, &rng).as_millis()).collect();
            assert!(waits.iter().all(|wait| (whole / 2..=whole).contains(wait)), "{failures}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{failures}");
        }
    }

    #[tokio::test]
    async fn gate_stays_closed_for_the_longest_delay() {
        let gate = Gate::new();
        gate.close(Duration::from_secs(5));
        gate.close(Duration::from_secs(1));
        assert!(gate.opens() > Instant::now() + Duration::from_secs(4));
    }

    #[test]
    fn last_requested_wait_does_not_count_as_silence() {
        let (start, seconds, wait) = (Instant::now(), Duration::from_secs, Duration::from_secs(600));
        let mut times = Times::new(start);
        // 429 is a response.
        times.close(wait, start);
        times.answered(start);
        assert_eq!(times.silence(start + wait), Duration::ZERO);
        // So is the response to a request that was in flight when the gate closed.
        times.answered(start + seconds(1));
        assert_eq!(times.silence(start + wait + seconds(7)), seconds(7), "since it opened");
        // 503 is not: the client waits, and gives up if nothing else follows.
        let mut times = Times::new(start);
        times.close(wait, start);
        assert_eq!(times.silence(start + wait), Duration::ZERO);
        times.close(wait, start + wait);
        assert_eq!(times.silence(start + 2 * wait), wait);
        let mut times = Times::new(start);
        (0..400).for_each(|second| times.close(seconds(1), start + seconds(second)));
        assert_eq!(times.silence(start + seconds(400)), seconds(399));
    }
}
