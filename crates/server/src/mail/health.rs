//! Whether the relay works, as far as the last mails showed.
//!
//! Owns the pause after a failure: while the relay fails, one mail at a time is tried, and all others wait untried.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::error::Trouble;
use ambient::{Backoff, Timestamp};

/// The pause after each failure in a row. Short, because a sign-in code is good for minutes.
const PAUSES: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(15) };

/// How the relay does.
#[derive(Debug, Default)]
pub struct RelayHealth(Mutex<Option<Failing>>);

/// A relay that fails.
#[derive(Debug)]
struct Failing {
    /// Failures in a row. Mails that were sent at the same time count once.
    failures: i64,
    noted_at: Timestamp,
    paused_until: Timestamp,
    last: Trouble,
}

impl RelayHealth {
    fn state(&self) -> std::sync::MutexGuard<'_, Option<Failing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of `wanted` mails may be tried at `now`, while `under_way` are being sent.
    pub fn allows(&self, wanted: usize, under_way: usize, now: Timestamp) -> usize {
        match &*self.state() {
            None => wanted,
            Some(failing) if failing.paused_until > now => 0,
            Some(_) => wanted.min(1_usize.saturating_sub(under_way)),
        }
    }

    /// When mails may be tried again; `None` if they may now.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().as_ref().map(|failing| failing.paused_until).filter(|until| *until > now)
    }

    /// Whether the relay fails.
    pub fn is_failing(&self) -> bool {
        self.state().is_some()
    }

    /// Notes that the relay failed a mail that was begun at `begun`. Logs it once for each kind of trouble in a row.
    pub fn failed(&self, trouble: &Trouble, begun: Timestamp, now: Timestamp) {
        let mut state = self.state();
        let failures = match &*state {
            Some(failing) if begun <= failing.noted_at => return,
            Some(failing) => failing.failures + 1,
            None => 1,
        };
        let is_known = state.as_ref().is_some_and(|failing| failing.last == *trouble);
        if !is_known {
            let (phase, code) = (trouble.phase.name(), trouble.code);
            tracing::error!(phase, code, error = %trouble, "the mail server fails; mails wait and are tried again");
        }
        let paused_until = now + PAUSES.wait(failures);
        *state = Some(Failing { failures, noted_at: now, paused_until, last: trouble.clone() });
    }

    /// Notes that the relay responded properly to a mail.
    pub fn works(&self) {
        if let Some(failing) = self.state().take() {
            tracing::info!(failures = failing.failures, "the mail server works again");
        }
    }
}
