//! Hosts that did not respond when documents were fetched: they are tried last. Those that did
//! respond are known too, so that hosts of which nothing is known take few slots.
//!
//! Kept by partner and host, so that a partner's own addresses say nothing about those of others.
//! Only in memory: each node finds out by itself.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use ambient::Timestamp;

/// Number of fetches without a response, one after the other, after which a host counts as silent.
const STRIKES: u32 = 2;
/// How long nothing is fetched from a silent host after a fetch without a response.
const REST: Duration = Duration::from_secs(30);
/// How long a silent host is tried last.
const MEMORY: Duration = Duration::from_secs(3600);
/// Maximum number of hosts that are remembered.
const MAX_HOSTS: usize = 10_000;

/// A host of a partner's documents.
pub(super) type PartnerHost = (Uuid, String);

/// Whether documents may be fetched from a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostState {
    /// It responds, as far as is known.
    Good,
    /// It was silent. One fetch at a time may find out whether it still is.
    Doubtful,
    /// It was silent a moment ago.
    Resting,
}

/// The hosts that were tried, each with its number of fetches without a response since the last one
/// with a response, and the time of the last fetch.
#[derive(Debug, Default)]
pub(super) struct SilentHosts(HashMap<PartnerHost, (u32, Timestamp)>);

impl SilentHosts {
    /// Records the end of a fetch.
    pub(super) fn record(&mut self, host: PartnerHost, has_responded: bool, now: Timestamp) {
        if self.0.len() >= MAX_HOSTS {
            // A host that responds is soon known again.
            self.0.retain(|_, (strikes, last)| *strikes > 0 && now < *last + MEMORY);
        }
        if self.0.len() < MAX_HOSTS || self.0.contains_key(&host) {
            let (strikes, last) = self.0.entry(host).or_insert((0, now));
            (*strikes, *last) = (if has_responded { 0 } else { strikes.saturating_add(1) }, now);
        }
    }

    /// Returns whether a host responded to the last fetch.
    pub(super) fn responds(&self, host: &PartnerHost) -> bool {
        matches!(self.0.get(host), Some((0, _)))
    }

    /// Returns whether a host did not respond to the last fetch, which is remembered at `now`.
    pub(super) fn was_silent(&self, host: &PartnerHost, now: Timestamp) -> bool {
        matches!(self.0.get(host), Some((1.., last)) if now < *last + MEMORY)
    }

    /// Returns the state of a host at `now`.
    pub(super) fn state(&self, host: &PartnerHost, now: Timestamp) -> HostState {
        match self.0.get(host) {
            Some((STRIKES.., last)) if now < *last + REST => HostState::Resting,
            Some((STRIKES.., last)) if now < *last + MEMORY => HostState::Doubtful,
            _ => HostState::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_are_silent_twice_are_tried_last() {
        let mut hosts = SilentHosts::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (host, other) = ((Uuid::nil(), "a".to_owned()), (Uuid::max(), "a".to_owned()));
        hosts.record(host.clone(), false, at(0));
        assert_eq!(hosts.state(&host, at(1)), HostState::Good, "once may be chance");
        hosts.record(host.clone(), false, at(2));
        assert_eq!(hosts.state(&host, at(3)), HostState::Resting);
        assert_eq!(hosts.state(&other, at(3)), HostState::Good, "another partner's");
        assert_eq!(hosts.state(&host, at(32)), HostState::Doubtful);
        assert_eq!(hosts.state(&host, at(3602)), HostState::Good);
        hosts.record(host.clone(), true, at(40));
        assert_eq!(hosts.state(&host, at(41)), HostState::Good, "it has responded");
    }

    #[test]
    fn hosts_are_known_by_their_last_fetch() {
        let mut hosts = SilentHosts::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let host = (Uuid::nil(), "a".to_owned());
        assert!(!hosts.responds(&host) && !hosts.was_silent(&host, at(0)), "nothing is known");
        hosts.record(host.clone(), true, at(0));
        assert!(hosts.responds(&host) && !hosts.was_silent(&host, at(1)));
        hosts.record(host.clone(), false, at(1));
        assert!(!hosts.responds(&host) && hosts.was_silent(&host, at(2)));
        assert!(!hosts.was_silent(&host, at(3601)), "forgotten");
        for number in 0..MAX_HOSTS {
            hosts.record((Uuid::max(), number.to_string()), true, at(4));
        }
        assert!(hosts.was_silent(&host, at(5)), "hosts that respond displace no silent one");
        hosts.record((Uuid::nil(), "b".to_owned()), false, at(5));
        assert!(hosts.was_silent(&(Uuid::nil(), "b".to_owned()), at(5)), "nor keep one out");
    }
}
