//! Different dates of birth in the verified identities of one wallet.

use credential::{Payload, Type};
use uuid::Uuid;

use super::{HeldNames, birth_date};

impl HeldNames {
    /// Returns whether the wallet has verified identities with different dates of birth, whatever
    /// of them is shown (D-431).
    ///
    /// A withdrawn identity counts until it is deleted, as for names (D-421). A superseded one does
    /// not: its own partner replaced it. If a link still shows one, it is among `shown` and counts.
    pub fn birth_dates_differ(&self, shown: &[Uuid]) -> bool {
        let counting = self.names.iter().filter(|held| !held.is_superseded || shown.contains(&held.submission));
        let mut dates = counting.filter_map(|held| held.birth_date.as_deref());
        let first = dates.next();
        dates.any(|date| Some(date) != first)
    }
}

/// Returns whether the newer of two versions has not the date of birth of the older one. Without a
/// date of its own it does not either: the version after it could then have any.
pub fn is_other_birth_date(known: Type, older: &Payload, newer: &Payload) -> bool {
    let date = birth_date(known, older);
    date.is_some() && date != birth_date(known, newer)
}
