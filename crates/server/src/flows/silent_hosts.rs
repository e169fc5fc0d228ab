//! Hosts that did not respond when documents were fetched: they are tried last.
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
pub(super) enum Standing {
    /// It responds, as far as is known.
    Good,
    /// It was silent. One fetch at a time may find out whether it still is.
    Doubtful,
    /// It was silent a moment ago.
    Resting,
}

/// The hosts that did not respond.
#[derive(Debug, Default)]
pub(super) struct SilentHosts(HashMap<PartnerHost, (u32, Timestamp)>);

impl SilentHosts {
    /// Records the end of a fetch.
    pub(super) fn record(&mut self, host: PartnerHost, has_responded: bool, now: Timestamp) {
        if has_responded {
            self.0.remove(&host);
            return;
        }
        if self.0.len() >= MAX_HOSTS {
            self.0.retain(|_, (_, last)| now < *last + MEMORY);
        }
        if self.0.len() < MAX_HOSTS || self.0.contains_key(&host) {
            let (strikes, last) = self.0.entry(host).or_insert((0, now));
            (*strikes, *last) = (strikes.saturating_add(1), now);
        }
    }

    /// Returns the standing of a host at `now`.
    pub(super) fn standing(&self, host: &PartnerHost, now: Timestamp) -> Standing {
        match self.0.get(host) {
            Some((STRIKES.., last)) if now < *last + REST => Standing::Resting,
            Some((STRIKES.., last)) if now < *last + MEMORY => Standing::Doubtful,
            _ => Standing::Good,
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
        assert_eq!(hosts.standing(&host, at(1)), Standing::Good, "once may be chance");
        hosts.record(host.clone(), false, at(2));
        assert_eq!(hosts.standing(&host, at(3)), Standing::Resting);
        assert_eq!(hosts.standing(&other, at(3)), Standing::Good, "another partner's");
        assert_eq!(hosts.standing(&host, at(32)), Standing::Doubtful);
        assert_eq!(hosts.standing(&host, at(3602)), Standing::Good);
        hosts.record(host.clone(), true, at(40));
        assert_eq!(hosts.standing(&host, at(41)), Standing::Good, "it has responded");
    }
}
