//! What a holder confirmed about the name and the date of birth in a credential.

use serde::{Deserialize, Serialize};

/// Why one person has two names, in the holder's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameReason {
    /// They changed their name.
    Changed,
    /// The name is spelled in another way.
    Spelling,
    /// The name is written in another script.
    Script,
    /// Another reason.
    Other,
}

impl NameReason {
    /// Every reason, in the order in which a page offers them.
    pub const ALL: [Self; 4] = [Self::Changed, Self::Spelling, Self::Script, Self::Other];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Spelling => "spelling",
            Self::Script => "script",
            Self::Other => "other",
        }
    }

    /// The reason with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A holder's confirmation that the name in a credential is also theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedName {
    /// Why the names differ.
    pub reason: NameReason,
    /// The names that the holder's wallet had at that time.
    pub beside: Vec<String>,
}

/// Why two verified identities of one person have different dates of birth, in the holder's words.
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
    /// Every reason, in the order in which a page offers them.
    pub const ALL: [Self; 3] = [Self::Mistake, Self::Corrected, Self::Other];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mistake => "mistake",
            Self::Corrected => "corrected",
            Self::Other => "other",
        }
    }

    /// The reason with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// A holder's confirmation that a verified identity with another date of birth is also theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedBirthDate {
    /// Why the dates differ.
    pub reason: BirthDateReason,
    /// The dates of birth that the holder's wallet had at that time, YYYY-MM-DD.
    pub beside: Vec<String>,
}
