//! Exponential backoff between retries.

use std::time::Duration;

use crate::rng::Rng;

/// Exponential backoff: each wait is twice as long as the one before, up to a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The maximum wait.
    pub longest: Duration,
}

impl Backoff {
    /// Returns the wait after `failures` consecutive failures. Zero and one failure wait equally
    /// long.
    pub fn wait(self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures.max(1) - 1).unwrap_or(u32::MAX);
        self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest)
    }

    /// Returns a random wait of at most [`Backoff::wait`] (full jitter), so that requests that
    /// failed together are not retried together. The resolution is one millisecond.
    pub fn jittered(self, failures: i64, rng: &Rng) -> Duration {
        rng.duration_below(self.wait(failures))
    }

    /// Returns a random wait between half of [`Backoff::wait`] and all of it (equal jitter), so
    /// that no retry follows at once.
    pub fn half_jittered(self, failures: i64, rng: &Rng) -> Duration {
        let half = self.wait(failures) / 2;
        half + rng.duration_below(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(3600) };

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = [0, 1, 2, 3, 9, 10, i64::MAX].map(|failures| BACKOFF.wait(failures).as_secs());
        assert_eq!(waits, [10, 10, 20, 40, 2560, 3600, 3600]);
    }

    #[test]
    fn jittered_waits_differ_and_stay_below_the_wait() {
        let rng = Rng::seeded(1);
        let waits: Vec<Duration> = (0..50).map(|_| BACKOFF.jittered(2, &rng)).collect();
        assert!(waits.iter().all(|wait| *wait < Duration::from_secs(20)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
        let none = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
        assert_eq!(none.jittered(1, &rng), Duration::ZERO);
        let waits: Vec<Duration> = (0..50).map(|_| BACKOFF.half_jittered(2, &rng)).collect();
        let half = Duration::from_secs(10)..Duration::from_secs(20);
        assert!(waits.iter().all(|wait| half.contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }
}
