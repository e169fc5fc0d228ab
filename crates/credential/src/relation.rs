//! How a newer credential of a partner relates to an older one of the same person and type.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use crate::names::{Comparison, compare_names};

/// How a newer credential relates to an older one; a greater relation includes the lesser ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It says something else: replacing the older one would lose what only that one says.
    Other,
    /// It may correct the older one: the name is the same, and no employer is lost.
    Corrects,
    /// It covers the older one: it says all of it, at least as recently.
    Covers,
    /// It covers the older one, and only months, end dates and titles are new. A standing consent permits this much.
    Continues,
}

impl Relation {
    /// Whether the newer credential takes the place of the older one unless the person decides otherwise. `is_named`:
    /// its partner named the older one in `replaces`.
    pub fn replaces(self, is_named: bool) -> bool {
        self >= if is_named { Self::Corrects } else { Self::Covers }
    }
}

/// The relation of types whose credentials stand side by side unless the partner says which one is updated.
pub(crate) fn restated(newer: &Value, older: &Value) -> Relation {
    let name = |fields: &Value| fields["full_name"].as_str().unwrap_or_default().to_owned();
    let is_same = is_same_name(&name(newer), &name(older));
    if is_same { Relation::Corrects } else { Relation::Other }
}

/// Whether one partner's two names of a person are the same. A single name is not the same as another person's, but it is as the
/// one that the partner wrote before.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    folded(one) == folded(other) || compare_names(one, other) == Comparison::Same
}

/// A text without what two spellings of the same word may differ in: case and Unicode composition.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase().nfc().collect()
}
