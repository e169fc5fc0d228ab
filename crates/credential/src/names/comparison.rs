//! Verdicts, with their reasons.

use serde::{Deserialize, Serialize};

/// The result of comparing two names.
///
/// Serialized as `{"verdict":"same"}` or `{"verdict":"similar","reason":"marks"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Comparison {
    /// The names are the same for any issuer. It does not mean that they belong to the same person.
    Same,
    /// The names may belong to one person; only the holder can say so.
    Similar(Similarity),
    /// The names are different. One person may have both, for example after a marriage.
    Different,
    /// The names cannot be compared: this is neither a match nor a warning.
    NotComparable(Obstacle),
}

impl Comparison {
    /// The verdict's name on the wire: `same`, `similar`, `different` or `not_comparable`.
    pub fn verdict(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Similar(_) => "similar",
            Self::Different => "different",
            Self::NotComparable(_) => "not_comparable",
        }
    }

    /// The reason's name on the wire, such as `marks`.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Same | Self::Different => None,
            Self::Similar(similarity) => Some(similarity.as_str()),
            Self::NotComparable(obstacle) => Some(obstacle.as_str()),
        }
    }

    /// The result in plain words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Same => "Both names are the same.",
            Self::Similar(similarity) => similarity.sentence(),
            Self::Different => "These are different names.",
            Self::NotComparable(obstacle) => obstacle.sentence(),
        }
    }
}

macro_rules! reasons {
    ($(#[$about:meta])* $name:ident { $($variant:ident $wire:literal $sentence:literal)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $sentence] #[serde(rename = $wire)] $variant,)+
        }

        impl $name {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire. It never changes its meaning.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// The reason in plain words.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }
    };
}

reasons! {
    /// Why two names are only similar. The first that fits is given, in the order of the rules.
    Similarity {
        OtherScript "other_script" "The names agree in one script, and one of them is also written in another script."
        Alias "alias" "One name comes with another name, such as a former name, and together they hold the other."
        Marks "marks" "The names differ only in accents or other marks on letters."
        Spacing "spacing" "The names differ only in spaces or hyphens."
        Order "order" "Both names have the same words, in another order."
        Particle "particle" "The names differ only in small words such as bin, al, de or van der."
        Title "title" "The names differ in a word that is a title, or part of the name."
        Truncated "truncated" "One name looks like the start of the other, cut off within a word."
        Spelling "spelling" "The names differ in the spelling of a word."
        Initials "initials" "An initial stands in the place of a word. It fits many names."
        PartMissing "part_missing" "One name has all the words of the other, and more."
        SingleName "single_name" "One name has a single word. That is too little to tell people apart."
        Suffix "suffix" "Only one of the names has a suffix such as Jr or III."
    }
}

reasons! {
    /// Why two names cannot be compared. If both have an obstacle, the first in this order is given.
    Obstacle {
        Garbled "garbled" "A name was damaged when it was stored or sent: it has characters that no name has."
        Hidden "hidden" "A name has invisible characters that can change how it is read."
        NotAName "not_a_name" "A text has digits or symbols, or is too long: it is not only a name."
        Placeholder "placeholder" "A text stands for a missing name."
        MixedScript "mixed_script" "A name mixes letters of several alphabets, some of which look alike."
        InitialsOnly "initials_only" "A name consists of initials only."
        Script "script" "The names are written in different scripts."
        Lookalike "lookalike" "The names look almost alike and have different letters."
    }
}
