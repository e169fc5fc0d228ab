//! Keys that group equal names.

use std::fmt;

use super::comparison::Comparison;
use super::lists::Generation;
use super::parse::Name;
use super::rules;
use super::word::Words;

/// The key of a name. Two names compare as [`Comparison::Same`] if and only if both have a key and
/// their keys are equal.
///
/// A key is personal data. It is only compared in memory: it cannot be printed or serialized, and
/// must not be logged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey {
    words: Words,
    generation: Option<Generation>,
}

impl NameKey {
    /// Computes the key of `name`.
    ///
    /// # Errors
    /// The result of comparing the name with itself, unless it is [`Comparison::Same`]. Single
    /// names, names with initials and names that cannot be compared have no key, because equal keys
    /// would merge names that the comparison keeps apart.
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
