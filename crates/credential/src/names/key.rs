//! Keys of names, to group those that are the same.

use std::fmt;

use super::comparison::Comparison;
use super::lists::Generation;
use super::parse::Name;
use super::rules;
use super::word::Words;

/// The key of a name: two names compare as [`Comparison::Same`] if and only if both have a key and their keys are
/// equal.
///
/// A key is personal data. It is compared in memory; it cannot be printed or serialized, and must not be logged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey {
    words: Words,
    generation: Option<Generation>,
}

impl NameKey {
    /// The key of `name`.
    ///
    /// # Errors
    /// A name that is not even the same as itself has no key, because equal keys would merge what the comparison keeps
    /// apart: single names, names with initials, and names that cannot be compared. The error is the result of
    /// comparing the name with itself.
    pub fn new(name: &str) -> Result<Self, Comparison> {
        let name = Name::parse(name).map_err(Comparison::NotComparable)?;
        match rules::compare_with_itself(&name) {
            Comparison::Same => Ok(Self { words: name.texts(), generation: name.generation }),
            other => Err(other),
        }
    }
}

impl fmt::Debug for NameKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NameKey(..)")
    }
}
