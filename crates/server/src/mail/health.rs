//! Health of the mail relay, as shown by the most recent messages.
//!
//! Owns the pause after a failure: while the relay fails, one message at a time is tried, and all
//! others wait. A relay that defers mails one by one causes no pause, but counts as failing while
//! it delivers none.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::error::SmtpError;
use ambient::{Backoff, Timestamp};

/// The pause after consecutive failures. Short, because sign-in codes expire within minutes.
const PAUSES: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(15) };

/// Number of recipients whose mails must be deferred, while none is delivered, until the relay
/// counts as failing. One recipient's server may be slow or full.
const DEFERRED_RECIPIENTS: usize = 2;

#[derive(Debug, Default)]
pub struct RelayHealth {
    failing: Mutex<Option<Failing>>,
    /// Hashes of recipients whose mails were deferred since the last delivery, at most
    /// [`DEFERRED_RECIPIENTS`].
    deferred: Mutex<Vec<u64>>,
}

#[derive(Debug)]
struct Failing {
    /// Consecutive failures. Messages that were sent concurrently count once.
    failures: i64,
    noted_at: Timestamp,
    paused_until: Timestamp,
    last: SmtpError,
}

impl Failing {
    /// Returns the end of the pause, if it is after `now`. One that ends later than any pause was
    /// written by a clock that was ahead.
    fn pause(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.paused_until).filter(|until| *until > now && *until <= now + PAUSES.longest)
    }
}

impl RelayHealth {
    fn state(&self) -> std::sync::MutexGuard<'_, Option<Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many of `wanted` messages may be sent at `now`, while `under_way` are being
    /// sent.
    pub fn allows(&self, wanted: usize, under_way: usize, now: Timestamp) -> usize {
        match &*self.state() {
            None => wanted,
            Some(failing) if failing.pause(now).is_some() => 0,
            Some(_) => wanted.min(1_usize.saturating_sub(under_way)),
        }
    }

    /// Returns the time of the next attempt, or `None` if messages may be sent now.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().as_ref().and_then(|failing| failing.pause(now))
    }

    /// Returns whether no mail gets out: the relay fails, or defers the mails of several recipients
    /// and delivers none.
    pub fn delivers_nothing(&self) -> bool {
        let deferred = self.deferred.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.is_failing() || deferred >= DEFERRED_RECIPIENTS
    }

    /// Returns whether the relay currently fails, so that mails wait.
    pub fn is_failing(&self) -> bool {
        self.state().is_some()
    }

    /// Records that the relay failed a message whose sending started at `begun`. Logs consecutive
    /// failures of the same kind once.
    pub fn failed(&self, trouble: &SmtpError, begun: Timestamp, now: Timestamp) {
        let mut state = self.state();
        let failures = match &*state {
            Some(failing) if begun <= failing.noted_at && failing.noted_at <= now => return,
            Some(failing) => failing.failures + 1,
            None => 1,
        };
        let is_known = state.as_ref().is_some_and(|failing| failing.last == *trouble);
        if !is_known {
            let (phase, code) = (trouble.phase.name(), trouble.code);
            tracing::error!(phase, code, error = %trouble, "the mail server fails; mails are kept and retried");
        }
        let paused_until = now + PAUSES.wait(failures);
        *state = Some(Failing { failures, noted_at: now, paused_until, last: trouble.clone() });
    }

    /// Records that the relay deferred a mail to `recipient`. Logs once that it delivers nothing.
    pub fn deferred(&self, recipient: &str, trouble: &SmtpError) {
        self.works();
        let mut hasher = DefaultHasher::new();
        recipient.hash(&mut hasher);
        let recipient = hasher.finish();
        let mut deferred = self.deferred.lock().unwrap_or_else(PoisonError::into_inner);
        if deferred.len() >= DEFERRED_RECIPIENTS || deferred.contains(&recipient) {
            return;
        }
        deferred.push(recipient);
        if deferred.len() == DEFERRED_RECIPIENTS {
            let (phase, code) = (trouble.phase.name(), trouble.code);
            tracing::error!(phase, code, error = %trouble, "the mail server delivers nothing; mails are kept and retried");
        }
    }

    /// Records that the relay accepted a mail.
    pub fn delivered(&self) {
        self.works();
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Records a proper response of the relay.
    pub fn works(&self) {
        if let Some(failing) = self.state().take() {
            tracing::info!(failures = failing.failures, "the mail server works again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Phase;
    use super::*;

    #[test]
    fn relay_that_defers_all_mails_delivers_nothing() {
        let health = RelayHealth::default();
        let trouble = SmtpError { phase: Phase::Data, code: Some(554), detail: String::new() };
        for _ in 0..5 {
            health.deferred("ada@example.org", &trouble);
            assert!(!health.delivers_nothing(), "one recipient's server");
        }
        health.deferred("bob@example.org", &trouble);
        health.works();
        assert!(health.delivers_nothing() && !health.is_failing(), "mails are still tried");
        health.delivered();
        assert!(!health.delivers_nothing());
    }

    #[test]
    fn pause_set_by_a_clock_that_was_ahead_ends() {
        let (health, now) = (RelayHealth::default(), Timestamp::from_micros(1_700_000_000_000_000));
        let trouble = SmtpError { phase: Phase::Connect, code: None, detail: "refused".to_owned() };
        let ahead = now + Duration::from_secs(52 * 3600);
        health.failed(&trouble, ahead, ahead);
        assert_eq!((health.allows(9, 0, ahead), health.allows(9, 0, now)), (0, 1));
        assert_eq!(health.paused_until(now), None);
        health.failed(&trouble, now, now);
        assert_eq!(health.allows(9, 0, now), 0, "failures pause it again");
        assert_eq!(health.allows(9, 0, now + PAUSES.longest), 1);
    }
}
