//! The time by which data expires and is destroyed.
//!
//! A clock that is set two days ahead by mistake must not expire pending data, nor report it as
//! expired, because a final status does not change back. So retention, statuses and links use a
//! time that advances with a monotonic stopwatch. A clock that is further ahead is believed only
//! after it has stayed so for an hour, and, if the database server has a clock, agrees with it.
//! Retention's progress is stored, because the stopwatch does not run while the server is stopped.
//! At its first observation a server believes the clock at once if the database server's clock
//! agrees.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ambient::{HOUR, LEAP, Moment, SteadyClock, Timestamp};
use store::{Store, StoreError};

/// How long a clock must have stayed ahead to be believed.
pub const GRACE: Duration = HOUR;

/// The time by which data expires and is destroyed.
#[derive(Debug)]
pub struct TrustedTime {
    clock: SteadyClock,
    store: Store,
    state: Mutex<Observations>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Observations {
    /// The last believed time, and the stopwatch reading at that moment.
    believed: Option<(Timestamp, Duration)>,
    /// A jump of the clock that is not believed yet.
    jump: Option<Jump>,
    has_observed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Jump {
    /// The stopwatch reading when the jump was first seen.
    since: Duration,
    /// How far the clock was ahead then.
    by: Duration,
}

/// Clock and stopwatch at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    clock: Timestamp,
    elapsed: Duration,
    /// The time of the database server, if it has a clock.
    database: Option<Timestamp>,
}

impl Observations {
    /// Returns the latest time that the clock should show.
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
                tracing::info!("the clock is back to the expected time; retention follows it again");
            }
        } else if self.is_believed(now, ahead, is_first) {
            self.jump = None;
            tracing::info!(seconds = ahead.as_secs(), "the clock is ahead and now trusted; retention catches up");
            self.believed = Some((clock, elapsed));
            return;
        } else if self.jump.is_none() {
            let database = database.map(|time| time.to_string());
            tracing::warn!(
                seconds = ahead.as_secs(),
                database,
                "the clock has jumped ahead, or the server was off; nothing is destroyed because of it for an hour"
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
    /// Continues from the stored progress of retention: a clock that was ahead at the start is not
    /// believed before the first observation.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn open(clock: SteadyClock, store: Store) -> Result<Self, StoreError> {
        let stored = store.read().await?.clock_mark().await?;
        if let Some(time) = stored {
            clock.believe(time, Duration::ZERO);
        }
        let believed = stored.map(|time| (time, Duration::ZERO));
        Ok(Self { clock, store, state: Mutex::new(Observations { believed, ..Observations::default() }) })
    }

    /// Returns the time by which data expires: the clock's, unless it has jumped ahead.
    pub fn now(&self) -> Timestamp {
        self.clock.trusted()
    }

    /// Returns the clock's time, which is recorded, and that by which data expires.
    pub fn moment(&self) -> Moment {
        self.clock.moment()
    }

    /// Compares the clock with the stopwatch, the stored progress of retention and the database
    /// server. Returns how far the clock is ahead.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn observe(&self) -> Result<Duration, StoreError> {
        let mut tx = self.store.read().await?;
        let (stored, database) = (tx.clock_mark().await?, tx.server_time().await?);
        drop(tx);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.has_observed {
            state.believed = stored.map(|time| (time, Duration::ZERO));
        }
        let (clock, elapsed) = self.clock.read();
        let now = Reading { clock, elapsed, database };
        state.observe(now);
        if let Some((time, at)) = state.believed {
            self.clock.believe(time, at);
        }
        Ok(now.clock.since(state.trusted(now.clock, now.elapsed)))
    }

    /// Stores the progress of retention, for the next start.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn record(&self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        tx.set_clock_mark(self.now()).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use ambient::MINUTE;

    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    /// A simulated server with its clock and stopwatch.
    struct Server {
        state: Observations,
        clock: Timestamp,
        elapsed: Duration,
        database: Option<Timestamp>,
    }

    impl Server {
        /// Starts at `clock`; retention had progressed to [`START`].
        fn start(clock: Timestamp, database: Option<Timestamp>) -> Self {
            let state = Observations { believed: Some((START, Duration::ZERO)), ..Observations::default() };
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
    fn clock_that_jumps_and_returns_is_not_trusted() {
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
    fn clock_that_stays_ahead_is_trusted_after_an_hour() {
        let mut server = Server::start(START, None);
        server.clock = server.clock + 52 * HOUR;
        for _ in 0..60 {
            server.pass(MINUTE);
            assert_eq!(server.trusted(), START + server.elapsed);
        }
        server.pass(MINUTE);
        assert_eq!(server.trusted(), server.clock);
        // A second jump has to wait for its own hour.
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
    fn server_that_was_off_reads_the_database_clock_or_waits() {
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
