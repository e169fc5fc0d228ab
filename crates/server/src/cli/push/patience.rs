//! How long to wait before asking again: what the server says (RFC 9110, section 10.2.3), or longer each time.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::fmt::rfc2822;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::time::Timestamp;

/// The first wait after a lost connection; each later one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// The longest that is waited by our own judgement.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest that is waited because a server says so.
const ASKED: Duration = Duration::from_secs(3600);

/// The wait that a `Retry-After` asks for: seconds, or a date.
pub fn asked(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let wait = match header.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = rfc2822::parse(header).ok()?.timestamp();
            Timestamp::from_micros(date.as_microsecond()).since(now)
        }
    };
    Some(wait.min(ASKED))
}

/// The wait after so many failures in a row, half of it by chance: whoever lost their connection at one moment does not come
/// back at one moment.
pub fn backoff(failures: u32, chance: &Chance) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16))).min(LONGEST);
    whole / 2 + within(whole / 2, chance)
}

/// Up to `most`, by chance.
pub fn within(most: Duration, chance: &Chance) -> Duration {
    let millis = u32::try_from(most.as_millis()).unwrap_or(u32::MAX);
    NonZeroU32::new(millis).map_or(Duration::ZERO, |end| Duration::from_millis(chance.below(end).into()))
}

/// When the server wants to be asked again, for all who ask; and since when it has not answered.
#[derive(Debug)]
pub struct Gate {
    opens: Mutex<Instant>,
    answered: Mutex<Instant>,
}

impl Gate {
    /// Open.
    pub fn new() -> Self {
        let now = Instant::now();
        Self { opens: Mutex::new(now), answered: Mutex::new(now) }
    }

    /// Closes it for `wait`, unless it is closed for longer.
    pub fn close(&self, wait: Duration) {
        let mut opens = self.opens.lock().unwrap_or_else(PoisonError::into_inner);
        *opens = (*opens).max(Instant::now() + wait);
    }

    /// When it opens.
    pub fn opens(&self) -> Instant {
        *self.opens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server has answered.
    pub fn answered(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long it has not answered.
    pub fn silence(&self) -> Duration {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_asks_for_is_seconds_or_a_date() {
        let now = Timestamp::from_micros(784_111_777 * 1_000_000);
        assert_eq!(asked(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(Duration::ZERO), "it is over");
        assert_eq!(asked("999999", now), Some(ASKED));
        assert_eq!(asked("soon", now), None);
    }

    #[test]
    fn waits_grow_and_differ_and_end() {
        let chance = Chance::seeded(1);
        for (failures, whole) in [(1, 250), (2, 500), (5, 4_000), (9, 30_000), (u32::MAX, 30_000)] {
            let waits: Vec<u128> = (0..50).map(|_| backoff(failures, &chance).as_millis()).collect();
            assert!(waits.iter().all(|wait| (whole / 2..=whole).contains(wait)), "{failures}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{failures}");
        }
    }

    #[tokio::test]
    async fn a_gate_stays_closed_for_the_longest() {
        let gate = Gate::new();
        gate.close(Duration::from_secs(5));
        gate.close(Duration::from_secs(1));
        assert!(gate.opens() > Instant::now() + Duration::from_secs(4));
    }
}
