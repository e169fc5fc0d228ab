//! Shares the SMTP sessions of a lane between the domains of recipients.
//!
//! A relay that verifies addresses waits for the recipient's mail server, so anyone can make mails
//! slow by naming a domain whose server is. A domain has fewer sessions the longer its mails take,
//! and mails without a session are put back, so that those behind them are found. Domains whose
//! mails pass quickly share all sessions. Only in memory: each node finds out by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use ambient::Timestamp;

/// A domain whose mails take this long has a third of the sessions; with half of it, twice as many.
const THIRD_AT: Duration = Duration::from_secs(1);
/// Mails of domains that take this long leave half of the sessions to others, as retries do.
const SLOW: Duration = Duration::from_secs(2);
/// A claimed mail waits for a session while its domain is quicker, and is put back otherwise. If
/// nothing is known of the domain, the sessions of the whole lane must be younger.
const PATIENCE: Duration = Duration::from_millis(500);
/// Maximum wait of a claimed mail. With the time of sending it must be shorter than the lease.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Longest time of one mail that counts, so that a domain that works again is soon quick.
const LONGEST_SAMPLE: Duration = Duration::from_secs(10);
/// Shortest distance between mails of a domain that are put back.
const SHORTEST_SPACING: Duration = Duration::from_millis(10);
/// When a mail that is put back is due at the earliest.
const SOONEST: Duration = Duration::from_millis(250);
/// Maximum number of domains that are remembered.
const MAX_DOMAINS: usize = 1024;

/// The sessions of one lane by domain.
#[derive(Debug)]
pub struct DomainShares {
    sessions: usize,
    /// Longest time for which a mail is put back.
    longest: Duration,
    state: Mutex<SharesState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct SharesState {
    domains: HashMap<String, Domain>,
    /// Number of sessions in progress with retries and mails of slow domains.
    behind: usize,
}

#[derive(Debug)]
struct Domain {
    /// When its sessions in progress began, oldest first.
    running: Vec<Timestamp>,
    /// Moving average of the time that a mail takes; `None` until one has ended.
    average: Option<Duration>,
    /// When the last mail that was put back is due.
    next: Timestamp,
}

impl Domain {
    /// Returns how long a mail takes. Of the sessions in progress the median counts, so that one
    /// mail that hangs does not slow down a large domain.
    fn takes(&self, now: Timestamp) -> Duration {
        let median = self.running.get(self.running.len() / 2).map_or(Duration::ZERO, |begun| now.since(*begun));
        median.max(self.average.unwrap_or_default())
    }
}

/// Whether a mail is sent now.
#[derive(Debug)]
pub enum Turn {
    /// Now, in this session.
    Now(Session),
    /// After [`DomainShares::changed`], if it then has a turn.
    Wait,
    /// It is put back until this time.
    Later(Timestamp),
}

impl DomainShares {
    /// Shares `sessions`. Mails are put back for at most `longest`.
    pub fn new(sessions: usize, longest: Duration) -> Arc<Self> {
        Arc::new(Self { sessions, longest, state: Mutex::default(), changed: Notify::new() })
    }

    /// Asks for a session for a mail that was claimed at `since`.
    pub fn ask(self: &Arc<Self>, domain: &str, is_retry: bool, since: Timestamp, now: Timestamp) -> Turn {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.domains.len() >= MAX_DOMAINS {
            // A domain that is quick is soon known again.
            state.domains.retain(|_, domain| !domain.running.is_empty());
        }
        let oldest = state.domains.values().filter_map(|domain| domain.running.first()).min();
        let is_stuck = oldest.is_some_and(|begun| now.since(*begun) >= PATIENCE);
        let free = self.sessions.saturating_sub(state.running());
        let new = || Domain { running: Vec::new(), average: None, next: now };
        let entry = state.domains.entry(domain.to_owned()).or_insert_with(new);
        let takes = entry.takes(now);
        let is_behind = is_retry || takes >= SLOW;
        let limit = self.limit(takes, entry.average.is_some(), is_stuck);
        let kept = if is_behind || entry.average.is_none() { self.sessions / 6 } else { 0 };
        if entry.running.len() < limit && free > kept && (!is_behind || state.behind < (self.sessions / 2).max(1)) {
            entry.running.push(now);
            state.behind += usize::from(is_behind);
            let shares = Arc::clone(self);
            return Turn::Now(Session { shares, domain: domain.to_owned(), begun: now, is_behind });
        }
        let is_quick = takes < PATIENCE && (entry.average.is_some() || !is_stuck);
        if is_quick && !is_behind && now.since(since) < LONGEST_WAIT {
            return Turn::Wait;
        }
        // One after the other, about as fast as the domain takes them.
        let spacing = takes / u32::try_from(limit).unwrap_or(u32::MAX);
        let next = entry.next.max(now) + spacing.max(SHORTEST_SPACING);
        entry.next = next.min(now + self.longest);
        Turn::Later(entry.next.max(now + SOONEST))
    }

    /// Returns the maximum number of sessions of a domain whose mails take `takes`. One of which
    /// nothing is known has few if sessions of the lane are stuck.
    fn limit(&self, takes: Duration, is_known: bool, is_stuck: bool) -> usize {
        let few = (self.sessions / 6).max(1);
        let most = match (is_known, is_stuck) {
            (true, _) => self.sessions - self.sessions / 6,
            (false, false) => (self.sessions * 2 / 3).max(1),
            (false, true) => few,
        };
        let share = THIRD_AT.as_micros() * self.sessions as u128 / (3 * takes.as_micros()).max(1);
        usize::try_from(share).unwrap_or(usize::MAX).clamp(few, most)
    }

    /// Waits for the next end of a session, or call of [`DomainShares::wake`]. Counts from this
    /// call, before the first poll.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Has waiting mails ask again, since time has passed.
    pub fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Returns the number of sessions in progress.
    pub fn running(&self) -> usize {
        self.state().running()
    }

    fn state(&self) -> MutexGuard<'_, SharesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharesState {
    fn running(&self) -> usize {
        self.domains.values().map(|domain| domain.running.len()).sum()
    }
}

/// A session in progress; dropping it ends it.
#[derive(Debug)]
pub struct Session {
    shares: Arc<DomainShares>,
    domain: String,
    begun: Timestamp,
    is_behind: bool,
}

impl Session {
    /// Records the time that the mail took, and ends the session. If the relay itself has failed,
    /// the session is dropped instead: its time says nothing about the domain.
    pub fn ended(self, now: Timestamp) {
        let took = now.since(self.begun).min(LONGEST_SAMPLE);
        if let Some(domain) = self.shares.state().domains.get_mut(&self.domain) {
            domain.average = Some(domain.average.map_or(took, |average| (average * 7 + took) / 8));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        {
            let mut state = self.shares.state();
            state.behind -= usize::from(self.is_behind);
            if let Some(domain) = state.domains.get_mut(&self.domain)
                && let Some(place) = domain.running.iter().position(|begun| *begun == self.begun)
            {
                domain.running.remove(place);
            }
        }
        self.shares.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::MINUTE;

    const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Asks `times` times for a first attempt; returns the sessions.
    fn sessions(shares: &Arc<DomainShares>, domain: &str, times: usize, now: Timestamp) -> Vec<Session> {
        let turns = (0..times).map(|_| shares.ask(domain, false, now, now));
        turns.filter_map(|turn| if let Turn::Now(session) = turn { Some(session) } else { None }).collect()
    }

    /// Sends a mail that takes `takes`.
    fn send(shares: &Arc<DomainShares>, domain: &str, takes: Duration, now: Timestamp) {
        sessions(shares, domain, 1, now).pop().expect("a session").ended(now + takes);
    }

    #[test]
    fn domain_that_hangs_leaves_sessions_to_others() {
        let shares = DomainShares::new(18, MINUTE);
        send(&shares, "known.example", millis(200), START);
        let hanging = sessions(&shares, "hang.example", 18, START);
        assert_eq!(hanging.len(), 12);
        assert!(matches!(shares.ask("hang.example", false, START, START), Turn::Wait), "it may still be quick");
        let now = START + millis(600);
        let Turn::Later(first) = shares.ask("hang.example", false, START, now) else { panic!("put back") };
        let Turn::Later(next) = shares.ask("hang.example", false, START, now) else { panic!("put back") };
        assert!(now < first && first <= next && next <= now + MINUTE);
        let others = sessions(&shares, "new.example", 9, now);
        assert_eq!(others.len(), 3, "a few for a domain of which nothing is known");
        assert_eq!(sessions(&shares, "other.example", 9, now).len(), 0);
        assert_eq!(sessions(&shares, "known.example", 9, now).len(), 3, "the rest for one that is quick");
    }

    #[test]
    fn slow_domain_has_few_sessions_until_it_is_quick_again() {
        let shares = DomainShares::new(18, MINUTE);
        send(&shares, "slow.example", MINUTE, START);
        let slow = sessions(&shares, "slow.example", 9, START);
        assert_eq!(slow.len(), 3);
        for number in 0..4 {
            send(&shares, &format!("slow{number}.example"), MINUTE, START);
        }
        let others: Vec<_> = (0..4).flat_map(|n| sessions(&shares, &format!("slow{n}.example"), 9, START)).collect();
        assert_eq!(others.len(), 6, "slow domains leave half");
        assert_eq!(sessions(&shares, "quick.example", 9, START).len(), 6, "all but those for known ones");
        drop((slow, others));
        for _ in 0..40 {
            send(&shares, "slow.example", millis(200), START);
        }
        assert_eq!(sessions(&shares, "slow.example", 18, START).len(), 15);
    }

    #[test]
    fn retries_leave_half_of_the_sessions_to_first_attempts() {
        let shares = DomainShares::new(18, MINUTE);
        let mut retries = Vec::new();
        for number in 0..18 {
            match shares.ask(&format!("{number}.example"), true, START, START) {
                Turn::Now(session) => retries.push(session),
                turn => assert!(matches!(turn, Turn::Later(at) if at > START), "{turn:?}"),
            }
        }
        assert_eq!(retries.len(), 9);
        assert_eq!(sessions(&shares, "first.example", 9, START).len(), 6);
    }

    #[test]
    fn one_mail_that_hangs_leaves_a_large_domain_its_sessions() {
        let shares = DomainShares::new(18, MINUTE);
        for _ in 0..3 {
            send(&shares, "large.example", millis(200), START);
        }
        let hanging = sessions(&shares, "large.example", 1, START);
        let now = START + MINUTE;
        assert_eq!(sessions(&shares, "large.example", 2, now).len(), 2);
        let more = sessions(&shares, "large.example", 18, now);
        assert_eq!(more.len(), 14, "sixty a second need twelve");
        drop(hanging);
        assert_eq!(shares.running(), 14);
    }

    #[test]
    fn lane_of_one_session_sends() {
        let shares = DomainShares::new(1, MINUTE);
        send(&shares, "slow.example", MINUTE, START);
        assert!(matches!(shares.ask("slow.example", true, START, START), Turn::Now(_)));
        let session = sessions(&shares, "new.example", 1, START);
        let late = START + LONGEST_WAIT;
        assert_eq!(session.len(), 1);
        assert!(matches!(shares.ask("new.example", false, START, START), Turn::Wait));
        assert!(matches!(shares.ask("new.example", false, START, late), Turn::Later(_)));
    }
}
