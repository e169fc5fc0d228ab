//! Outages of the database or the object store: a few log lines for many refused requests.
//!
//! Logs one line for the first refused request, one every ten seconds during the outage, and one
//! when it ends. The first line has the id of its request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ambient::Timestamp;

/// Minimum time between two lines. An outage ends after this time without a refused request.
const INTERVAL: Duration = Duration::from_secs(10);

/// The outage in progress, if any.
#[derive(Debug, Default)]
pub struct Outage {
    /// Whether `current` has a value: read for every response without a lock.
    is_on: AtomicBool,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    refused: u64,
    last: Timestamp,
    logged: Timestamp,
}

/// What to log about a refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Begins,
    /// With the number of requests that were refused so far.
    Continues(u64),
    Nothing,
}

impl Outage {
    /// Records and logs that a request was refused at `now` because of `cause`.
    pub fn refused(&self, cause: &str, now: Timestamp) {
        self.end_if_over(now);
        match self.record(now) {
            Line::Begins => tracing::error!(
                cause,
                "the store is unavailable; responding with 503, acknowledged data is safe. Check the disk, its mount, \
                 the database and the bucket; `tenure doctor` names the fault"
            ),
            Line::Continues(refused) => {
                tracing::error!(cause, refused, "the store is unavailable; still responding with 503");
            }
            Line::Nothing => tracing::debug!(cause, "the store is unavailable; responding with 503"),
        }
    }

    /// Logs the end of an outage if no request was refused lately. Called after every request.
    pub fn end_if_over(&self, now: Timestamp) {
        if let Some(refused) = self.ended(now) {
            tracing::warn!(refused, "the store is in use again: no request was refused for 10 seconds");
        }
    }

    fn record(&self, now: Timestamp) -> Line {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(outage) = &mut *current else {
            *current = Some(Current { refused: 1, last: now, logged: now });
            self.is_on.store(true, Ordering::Relaxed);
            return Line::Begins;
        };
        outage.refused += 1;
        outage.last = now;
        if now < outage.logged + INTERVAL {
            return Line::Nothing;
        }
        outage.logged = now;
        Line::Continues(outage.refused)
    }

    /// Ends the outage after [`INTERVAL`] without a refused request. Returns how many were refused.
    fn ended(&self, now: Timestamp) -> Option<u64> {
        if !self.is_on.load(Ordering::Relaxed) {
            return None;
        }
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = current.as_ref().is_some_and(|outage| outage.last + INTERVAL <= now);
        let ended = if is_over { current.take() } else { None };
        self.is_on.store(current.is_some(), Ordering::Relaxed);
        ended.map(|outage| outage.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refused_requests_are_logged_in_few_lines() {
        let outage = Outage::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert_eq!(outage.ended(at(0)), None);
        assert_eq!(outage.record(at(0)), Line::Begins);
        let mut lines = Vec::new();
        // A hundred requests a second for 25 seconds.
        for number in 1..2500 {
            let now = at(number / 100);
            assert_eq!(outage.ended(now), None, "it goes on");
            lines.extend(Some(outage.record(now)).filter(|line| *line != Line::Nothing));
        }
        assert_eq!(lines, [Line::Continues(1001), Line::Continues(2001)]);
        assert_eq!((outage.ended(at(33)), outage.ended(at(34)), outage.ended(at(35))), (None, Some(2500), None));
        assert_eq!(outage.record(at(36)), Line::Begins, "another outage");
    }
}
