//! How a partner's newer credential relates to an older one of the same person and type.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use crate::names::{Comparison, compare_names};

/// The relation of a newer credential to an older one. A greater relation includes the lesser ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It differs: replacing the older one would lose information that only that one has.
    Other,
    /// It may correct the older one: the name is the same, each job has a counterpart at the same
    /// employer, and no data is earlier.
    Corrects,
    /// It covers the older one: it contains all of it, and is at least as recent.
    Covers,
    /// It covers the older one, and only months, end dates, and titles and categories of jobs with
    /// new months are new; the name gains no academic or professional title or degree. A standing
    /// consent permits such updates.
    Continues,
}

impl Relation {
    /// Returns whether the newer credential replaces the older one by default. `is_named` is
    /// whether its partner named the older one in `replaces`.
    pub fn replaces(self, is_named: bool) -> bool {
        self >= if is_named { Self::Corrects } else { Self::Covers }
    }
}

/// Returns the relation for types whose credentials are independent unless the partner names the
/// one that is updated.
pub(crate) fn restated(newer: &Value, older: &Value) -> Relation {
    let name = |fields: &Value| fields["full_name"].as_str().unwrap_or_default().to_owned();
    let is_same = is_same_name(&name(newer), &name(older));
    if is_same { Relation::Corrects } else { Relation::Other }
}

/// Returns whether one partner's two names of a person are the same. Identical single names count
/// as the same here, because both come from the same partner.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    folded(one) == folded(other) || compare_names(one, other) == Comparison::Same
}

/// Normalizes case and Unicode composition for comparisons.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase().nfc().collect()
}
