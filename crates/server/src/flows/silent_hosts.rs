//! Hosts that did not respond when documents were fetched: they are tried last. Those that did
//! respond are known too, so that hosts of which nothing is known leave places for them.
//!
//! Only in memory: each node finds out by itself. Hosts are known by their keyed hashes, which
//! depend on the partner, so that a partner's own addresses say nothing about those of others.

use std::collections::HashMap;
use std::time::Duration;

use ambient::Timestamp;

/// Number of fetches without a response, one after the other, after which a host counts as silent.
const STRIKES: u32 = 2;
/// How long nothing is fetched from a silent host after a fetch without a response.
const REST: Duration = Duration::from_secs(30);
/// How long a silent host is tried last.
const MEMORY: Duration = Duration::from_secs(3600);
/// Maximum number of hosts that are remembered.
const MAX_HOSTS: usize = 10_000;

/// What is known of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostState {
    /// It responded to the last fetch.
    Responds,
    /// Nothing is known.
    Unknown,
    /// It was silent. Once may be chance, but most such hosts are silent again.
    Doubtful,
    /// It was silent twice, the last time a moment ago.
    Resting,
}

/// The hosts that were tried, each with its number of fetches without a response since the last one
/// with a response, and the time of the last fetch.
#[derive(Debug, Default)]
pub(super) struct SilentHosts(HashMap<i64, (u32, Timestamp)>);

impl SilentHosts {
    /// Records the end of a fetch.
    pub(super) fn record(&mut self, host: i64, has_responded: bool, now: Timestamp) {
        if self.0.len() >= MAX_HOSTS {
            // A host that responds is soon known again.
            self.0.retain(|_, (strikes, last)| *strikes > 0 && now < *last + MEMORY);
        }
        if self.0.len() < MAX_HOSTS || self.0.contains_key(&host) {
            let (strikes, last) = self.0.entry(host).or_insert((0, now));
            (*strikes, *last) = (if has_responded { 0 } else { strikes.saturating_add(1) }, now);
        }
    }

    /// Returns the end of the last fetch from a host; `None` if it is not remembered.
    pub(super) fn last_fetch(&self, host: i64) -> Option<Timestamp> {
        self.0.get(&host).map(|(_, last)| *last)
    }

    /// Returns the state of a host at `now`.
    pub(super) fn state(&self, host: i64, now: Timestamp) -> HostState {
        match self.0.get(&host) {
            Some((0, _)) => HostState::Responds,
            Some((STRIKES.., last)) if now < *last + REST => HostState::Resting,
            Some((_, last)) if now < *last + MEMORY => HostState::Doubtful,
            _ => HostState::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: i64 = 1;
    const OTHER: i64 = 2;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn hosts_that_are_silent_twice_are_tried_last() {
        let mut hosts = SilentHosts::default();
        hosts.record(HOST, false, at(0));
        assert_eq!(hosts.state(HOST, at(1)), HostState::Doubtful, "once may be chance: it does not rest");
        hosts.record(HOST, false, at(2));
        assert_eq!(hosts.state(HOST, at(3)), HostState::Resting);
        assert_eq!(hosts.state(OTHER, at(3)), HostState::Unknown);
        assert_eq!(hosts.state(HOST, at(32)), HostState::Doubtful);
        assert_eq!(hosts.state(HOST, at(3602)), HostState::Unknown, "forgotten");
        hosts.record(HOST, true, at(40));
        assert_eq!(hosts.state(HOST, at(41)), HostState::Responds);
    }

    #[test]
    fn hosts_are_known_by_their_last_fetch() {
        let mut hosts = SilentHosts::default();
        assert_eq!((hosts.state(HOST, at(0)), hosts.last_fetch(HOST)), (HostState::Unknown, None));
        hosts.record(HOST, true, at(0));
        assert_eq!((hosts.state(HOST, at(1)), hosts.last_fetch(HOST)), (HostState::Responds, Some(at(0))));
        hosts.record(HOST, false, at(1));
        assert_eq!(hosts.state(HOST, at(2)), HostState::Doubtful);
        assert_eq!(hosts.state(HOST, at(3601)), HostState::Unknown, "forgotten");
        for number in 0..MAX_HOSTS {
            hosts.record(i64::try_from(number).expect("small") + 10, true, at(4));
        }
        assert_eq!(hosts.state(HOST, at(5)), HostState::Doubtful, "hosts that respond displace no silent one");
        hosts.record(OTHER, false, at(5));
        assert_eq!(hosts.state(OTHER, at(5)), HostState::Doubtful, "nor keep one out");
    }
}
