//! The time by which data is destroyed.
//!
//! A clock that is set two days ahead by mistake must not expire what waits. So retention goes by a time that runs with a
//! stopwatch: a clock that is further ahead is believed once it has stayed so for an hour. How far retention came is
//! stored, since a server that starts has no stopwatch for the time before: it believes the clock at once if the
//! database's server has the same time, otherwise after that hour.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ambient::{Clock, Stopwatch, Timestamp};
use store::{Store, StoreError};

/// How far the clock may be ahead of the stopwatch: it is corrected by time servers, and read between two rounds.
pub const LEAP: Duration = Duration::from_secs(600);

/// How long a clock must have stayed ahead to be believed.
pub const GRACE: Duration = Duration::from_secs(3600);

/// The time by which data is destroyed.
#[derive(Debug)]
pub struct TrustedTime {
    clock: Clock,
    /// Runs since the start.
    stopwatch: Stopwatch,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// A time that was believed, and the stopwatch at that moment.
    believed: Option<(Timestamp, Duration)>,
    /// The clock is ahead.
    jump: Option<Jump>,
    has_observed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Jump {
    /// The stopwatch when it was seen first.
    since: Duration,
    /// By how much the clock was ahead then.
    by: Duration,
}

/// The two times at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    clock: Timestamp,
    elapsed: Duration,
    /// What the clock of the database's server says, if it has one.
    database: Option<Timestamp>,
}

impl State {
    /// The time that the clock should show, at most.
    fn expected(&self, elapsed: Duration) -> Option<Timestamp> {
        self.believed.map(|(time, at)| time + elapsed.saturating_sub(at))
    }

    fn trusted(&self, clock: Timestamp, elapsed: Duration) -> Timestamp {
        match self.expected(elapsed) {
            Some(expected) if clock > expected + LEAP => expected,
            _ => clock,
        }
    }

    fn observe(&mut self, now: Reading) {
        let Reading { clock, elapsed, database } = now;
        let is_first = !std::mem::replace(&mut self.has_observed, true);
        let ahead = self.expected(elapsed).map_or(Duration::ZERO, |expected| clock.since(expected));
        if ahead <= LEAP {
            if self.jump.take().is_some() {
                tracing::info!("the clock is back; retention goes on by it");
            }
        } else if self.is_believed(now, ahead, is_first) {
            self.jump = None;
            tracing::info!(seconds = ahead.as_secs(), "the clock is ahead and is believed; retention catches up");
            self.believed = Some((clock, elapsed));
            return;
        } else if self.jump.is_none() {
            let database = database.map(|time| time.to_string());
            tracing::warn!(
                seconds = ahead.as_secs(),
                database,
                "the clock has jumped ahead, or the server was off; nothing is destroyed by it for an hour"
            );
        }
        if ahead > LEAP && self.jump.is_none_or(|jump| is_apart(jump.by, ahead)) {
            self.jump = Some(Jump { since: elapsed, by: ahead });
        }
        self.believed = Some((self.trusted(clock, elapsed), elapsed));
    }

    fn is_believed(&self, now: Reading, ahead: Duration, is_first: bool) -> bool {
        let Reading { clock, elapsed, database } = now;
        let agrees = database.map(|time| clock.since(time).max(time.since(clock)) <= LEAP);
        let has_stayed =
            self.jump.is_some_and(|jump| !is_apart(jump.by, ahead) && elapsed.saturating_sub(jump.since) >= GRACE);
        match agrees {
            Some(agrees) => agrees && (is_first || has_stayed),
            None => has_stayed,
        }
    }
}

fn is_apart(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) > LEAP
}

impl TrustedTime {
    /// Starts the stopwatch.
    pub fn new(clock: Clock) -> Self {
        Self { stopwatch: clock.stopwatch(), clock, state: Mutex::default() }
    }

    /// The time by which data is destroyed: the clock's, unless that has jumped ahead.
    pub fn now(&self) -> Timestamp {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.trusted(self.clock.now(), self.stopwatch.elapsed())
    }

    /// Compares the clock with the stopwatch, with how far retention came and with the database's server. Returns by how much
    /// the clock is ahead.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn observe(&self, store: &Store) -> Result<Duration, StoreError> {
        let mut tx = store.read().await?;
        let (stored, database) = (tx.clock_mark().await?, tx.server_time().await?);
        drop(tx);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.has_observed {
            state.believed = stored.map(|time| (time, Duration::ZERO));
        }
        let now = Reading { clock: self.clock.now(), elapsed: self.stopwatch.elapsed(), database };
        state.observe(now);
        Ok(now.clock.since(state.trusted(now.clock, now.elapsed)))
    }

    /// Stores how far retention is, for the next start.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn record(&self, store: &Store) -> Result<(), StoreError> {
        let mut tx = store.write().await?;
        tx.set_clock_mark(self.now()).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const MINUTE: Duration = Duration::from_secs(60);
    const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    /// The state, the clock and the stopwatch of a server that looks at them.
    struct Server {
        state: State,
        clock: Timestamp,
        elapsed: Duration,
        database: Option<Timestamp>,
    }

    impl Server {
        /// Starts at `clock` after retention came as far as [`START`].
        fn start(clock: Timestamp, database: Option<Timestamp>) -> Self {
            let state = State { believed: Some((START, Duration::ZERO)), ..State::default() };
            let mut server = Self { state, clock, elapsed: Duration::ZERO, database };
            server.pass(Duration::ZERO);
            server
        }

        fn pass(&mut self, time: Duration) {
            self.clock = self.clock + time;
            self.elapsed += time;
            self.database = self.database.map(|database| database + time);
            let (clock, elapsed, database) = (self.clock, self.elapsed, self.database);
            self.state.observe(Reading { clock, elapsed, database });
        }

        fn trusted(&self) -> Timestamp {
            self.state.trusted(self.clock, self.elapsed)
        }
    }

    #[test]
    fn clock_that_jumps_and_returns_is_not_believed() {
        let mut server = Server::start(START, None);
        server.pass(HOUR);
        server.clock = server.clock + 52 * HOUR;
        for _ in 0..2 {
            server.pass(MINUTE);
        }
        assert_eq!(server.trusted(), START + HOUR + 2 * MINUTE);
        server.clock = server.clock - 52 * HOUR;
        server.pass(MINUTE);
        assert_eq!(server.trusted(), START + HOUR + 3 * MINUTE);
        assert!(server.state.jump.is_none());
    }

    #[test]
    fn clock_that_stays_ahead_is_believed_after_an_hour() {
        let mut server = Server::start(START, None);
        server.clock = server.clock + 52 * HOUR;
        for _ in 0..60 {
            server.pass(MINUTE);
            assert_eq!(server.trusted(), START + server.elapsed);
        }
        server.pass(MINUTE);
        assert_eq!(server.trusted(), server.clock);
        // Another jump has an hour of its own.
        server.clock = server.clock + 52 * HOUR;
        server.pass(MINUTE);
        assert!(server.trusted() < server.clock);
    }

    #[test]
    fn clock_that_jumps_again_starts_a_new_hour() {
        let mut server = Server::start(START, None);
        server.clock = server.clock + 52 * HOUR;
        for _ in 0..50 {
            server.pass(MINUTE);
        }
        server.clock = server.clock + 52 * HOUR;
        for _ in 0..50 {
            server.pass(MINUTE);
        }
        assert_eq!(server.trusted(), START + server.elapsed);
    }

    #[test]
    fn small_steps_and_steps_back_are_followed() {
        let mut server = Server::start(START, None);
        server.clock = server.clock + 5 * MINUTE;
        server.pass(MINUTE);
        assert_eq!(server.trusted(), server.clock);
        server.clock = server.clock - HOUR;
        server.pass(MINUTE);
        assert_eq!(server.trusted(), server.clock);
    }

    #[test]
    fn server_that_was_off_asks_the_database_or_waits() {
        let monday = START + 60 * HOUR;
        let alone = Server::start(monday, None);
        assert_eq!(alone.trusted(), START, "SQLite has no other clock");
        let agreed = Server::start(monday, Some(monday + MINUTE));
        assert_eq!(agreed.trusted(), monday);
        let mut wrong = Server::start(monday, Some(START + HOUR));
        for _ in 0..120 {
            wrong.pass(MINUTE);
        }
        assert_eq!(wrong.trusted(), START + wrong.elapsed, "this node's clock alone is ahead");
    }
}
