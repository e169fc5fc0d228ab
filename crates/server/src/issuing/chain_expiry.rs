//! The expiry of the operator's certificate chain: warnings in the log, and whether the chain is
//! still sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ambient::{DAY, Timestamp};

/// Remaining validity at which the operator's certificate chain should have been renewed.
pub const CHAIN_RENEWED_BEFORE: Duration = Duration::from_secs(30 * 86_400);

/// How often the log repeats that the chain expires or has expired.
const REPEATED_EVERY: Duration = DAY;

/// How far a chain is from its expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It is valid for longer, or there is none.
    #[default]
    Valid,
    /// It expires within [`CHAIN_RENEWED_BEFORE`].
    Expiring,
    Expired,
}

impl Stage {
    /// Returns the stage of a chain that is valid until `until`, in seconds inclusive (RFC 5280,
    /// section 4.1.2.5).
    fn of(until: Option<Timestamp>, now: Timestamp) -> Self {
        match until {
            Some(until) if until.seconds() < now.seconds() => Self::Expired,
            Some(until) if until <= now + CHAIN_RENEWED_BEFORE => Self::Expiring,
            _ => Self::Valid,
        }
    }
}

#[derive(Debug, Default)]
struct ExpiryState {
    stage: Stage,
    logged_at: Option<Timestamp>,
}

impl ExpiryState {
    /// Moves to the stage at `now`. Returns the stage to log, if it is due.
    fn advance(&mut self, until: Option<Timestamp>, now: Timestamp) -> Option<Stage> {
        let stage = Stage::of(until, now);
        // The clock may have been set back since.
        let is_repeated = self.logged_at.is_none_or(|at| at > now || at + REPEATED_EVERY <= now);
        let is_due = stage != Stage::Valid && (stage != self.stage || is_repeated);
        self.stage = stage;
        if is_due {
            self.logged_at = Some(now);
        }
        is_due.then_some(stage)
    }
}

/// Watches the expiry of the operator's certificate chain.
#[derive(Debug, Default)]
pub(super) struct ChainExpiry(Mutex<ExpiryState>);

impl ChainExpiry {
    /// Takes the end of the chain in use, `None` without one. Logs that it expires once a day, from
    /// [`CHAIN_RENEWED_BEFORE`] on. Returns whether it has expired since the last call, or was
    /// renewed after that.
    pub(super) fn observe(&self, until: Option<Timestamp>, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_expired = state.stage == Stage::Expired;
        let due = state.advance(until, now);
        let is_changed = (state.stage == Stage::Expired) != was_expired;
        drop(state);
        if let (Some(stage), Some(until)) = (due, until) {
            log(stage, until, now);
        }
        is_changed
    }

    /// Returns whether the chain has expired.
    pub(super) fn has_expired(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stage == Stage::Expired
    }
}

fn log(stage: Stage, until: Timestamp, now: Timestamp) {
    let setting = "credentials.certificate_chain_file";
    if stage == Stage::Expired {
        tracing::error!(
            setting,
            %until,
            "a certificate of the operator's chain has expired; what is signed has no certificates until the files \
             are replaced, and a restart fails with them"
        );
    } else {
        let days = until.since(now).as_secs() / 86_400;
        tracing::warn!(
            setting,
            %until,
            days,
            "a certificate of the operator's chain expires; replace the files before that"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    #[test]
    fn expiry_is_logged_once_a_day_from_thirty_days_before() {
        let (mut state, until) = (ExpiryState::default(), Some(NOW + 31 * DAY));
        let mut logged = Vec::new();
        for hour in 0..33 * 24 {
            let now = NOW + hour * DAY / 24;
            if let Some(stage) = state.advance(until, now) {
                logged.push((now.since(NOW).as_secs() / 86_400, stage));
            }
        }
        // The chain is still valid in the last second, which is at a full hour.
        let mut expected: Vec<(u64, Stage)> = (1..32).map(|day| (day, Stage::Expiring)).collect();
        expected.extend([(31, Stage::Expired), (32, Stage::Expired)]);
        assert_eq!(logged, expected);
    }

    #[test]
    fn renewal_and_removal_end_the_warnings() {
        let mut state = ExpiryState::default();
        assert_eq!(state.advance(Some(NOW + DAY), NOW), Some(Stage::Expiring));
        assert_eq!(state.advance(Some(NOW + 90 * DAY), NOW + 2 * DAY), None);
        assert_eq!(state.advance(None, NOW + 100 * DAY), None);
        assert_eq!(state.advance(Some(NOW), NOW + 100 * DAY), Some(Stage::Expired));
        assert_eq!(state.advance(Some(NOW), NOW + 100 * DAY), None);
    }

    #[test]
    fn clock_that_was_set_back_does_not_silence_the_log() {
        let mut state = ExpiryState::default();
        assert_eq!(state.advance(Some(NOW + 20 * DAY), NOW + 10 * DAY), Some(Stage::Expiring));
        assert_eq!(state.advance(Some(NOW + 20 * DAY), NOW), Some(Stage::Expiring));
    }

    #[test]
    fn change_is_reported_at_expiry_and_renewal() {
        let expiry = ChainExpiry::default();
        assert!(!expiry.observe(None, NOW) && !expiry.observe(Some(NOW), NOW), "the last second counts");
        assert!(expiry.observe(Some(NOW), NOW + DAY) && expiry.has_expired());
        assert!(!expiry.observe(Some(NOW), NOW + 2 * DAY));
        assert!(expiry.observe(Some(NOW + 9 * DAY), NOW + 2 * DAY) && !expiry.has_expired());
    }
}
