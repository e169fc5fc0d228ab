//! A holder's confirmations about the name and the date of birth in a credential.

use serde::{Deserialize, Serialize};

/// Why one person has two names, according to the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameReason {
    /// They changed their name.
    Changed,
    /// The name is spelled differently.
    Spelling,
    /// The name is written in another script.
    Script,
    /// Another reason.
    Other,
}

impl NameReason {
    /// All reasons, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Changed, Self::Spelling, Self::Script, Self::Other];

    /// Returns the stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Spelling => "spelling",
            Self::Script => "script",
            Self::Other => "other",
        }
    }

    /// Returns the reason with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A holder's confirmation that a different name in a credential is also theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedName {
    /// Why the names differ.
    pub reason: NameReason,
    /// The other names in the holder's wallet at that time.
    pub beside: Vec<String>,
}

/// Why two verified identities of one person have different dates of birth, according to the
/// holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthDateReason {
    /// One of the dates is a mistake.
    Mistake,
    /// The date was corrected officially.
    Corrected,
    /// Another reason.
    Other,
}

impl BirthDateReason {
    /// All reasons, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Mistake, Self::Corrected, Self::Other];

    /// Returns the stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mistake => "mistake",
            Self::Corrected => "corrected",
            Self::Other => "other",
        }
    }

    /// Returns the reason with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A holder's confirmation that a verified identity with a different date of birth is also theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedBirthDate {
    /// Why the dates differ.
    pub reason: BirthDateReason,
    /// The other dates of birth in the holder's wallet at that time, YYYY-MM-DD.
    pub beside: Vec<String>,
}
