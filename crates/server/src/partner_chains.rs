//! Partner chains with tallies of their own: a limited number a day for each partner.
//!
//! Tallies have a row for each chain and day, and the console reads them all. Without a limit, a
//! partner that names a new chain with every push could fill the database and exhaust the console's
//! memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use ambient::Timestamp;
use credential::encoding::sha256;
use store::OTHER_CHAINS;
use uuid::Uuid;

/// Maximum number of chains of one partner that are counted separately in a day, on each node.
const MAX_CHAINS_PER_DAY: usize = 1_000;

/// The chains seen today.
#[derive(Debug, Default)]
pub struct PartnerChains(Mutex<Today>);

#[derive(Debug, Default)]
struct Today {
    day: i64,
    seen: HashMap<Uuid, HashSet<[u8; 32]>>,
}

impl PartnerChains {
    /// Returns the name under which a push of `partner` with `chain` is counted: `chain` itself, or
    /// [`OTHER_CHAINS`] once the limit of the day is reached.
    pub fn counted(&self, partner: Uuid, chain: Option<String>, now: Timestamp) -> Option<String> {
        let chain = chain?;
        let (day, hash) = (store::day(now), sha256(chain.as_bytes()));
        let mut today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today { day, seen: HashMap::new() };
        }
        let seen = today.seen.entry(partner).or_default();
        let is_counted = seen.contains(&hash) || (seen.len() < MAX_CHAINS_PER_DAY && seen.insert(hash));
        Some(if is_counted { chain } else { OTHER_CHAINS.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn chains_beyond_the_daily_maximum_are_counted_together() {
        let (chains, now) = (PartnerChains::default(), Timestamp::from_micros(0));
        let counted = |partner, chain: usize, now| chains.counted(partner, Some(format!("Bureau > {chain}")), now);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for chain in 0..MAX_CHAINS_PER_DAY {
            assert_eq!(counted(one, chain, now), Some(format!("Bureau > {chain}")));
        }
        assert_eq!(counted(one, MAX_CHAINS_PER_DAY, now).as_deref(), Some(OTHER_CHAINS));
        assert_eq!(counted(one, 7, now).as_deref(), Some("Bureau > 7"), "known today");
        assert_eq!(counted(other, MAX_CHAINS_PER_DAY, now).as_deref(), Some("Bureau > 1000"));
        assert_eq!(chains.counted(one, None, now), None);
        let tomorrow = now + Duration::from_secs(86_400);
        assert_eq!(counted(one, MAX_CHAINS_PER_DAY, tomorrow).as_deref(), Some("Bureau > 1000"));
    }
}
