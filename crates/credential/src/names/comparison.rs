//! Verdicts and their reasons.

use serde::{Deserialize, Serialize};

/// The result of comparing two names.
///
/// Serialized as `{"verdict":"same"}` or `{"verdict":"similar","reason":"marks"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Comparison {
    /// Any issuer would treat the names as the same. They may still belong to different people.
    Same,
    /// The names may belong to one person; only the holder can confirm it.
    Similar(Similarity),
    /// The names are different. One person may have both, for example after a marriage.
    Different,
    /// The names cannot be compared: neither a match nor a warning.
    NotComparable(Obstacle),
}

impl Comparison {
    /// Returns the verdict's name in the API: `same`, `similar`, `different` or `not_comparable`.
    pub fn verdict(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Similar(_) => "similar",
            Self::Different => "different",
            Self::NotComparable(_) => "not_comparable",
        }
    }

    /// Returns the reason's name in the API, such as `marks`.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Same | Self::Different => None,
            Self::Similar(similarity) => Some(similarity.as_str()),
            Self::NotComparable(obstacle) => Some(obstacle.as_str()),
        }
    }

    /// Returns the result in plain words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Same => "Both names are the same.",
            Self::Similar(similarity) => similarity.sentence(),
            Self::Different => "The names are different.",
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
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the name in the API. It never changes its meaning.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// Returns the reason in plain words.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }
    };
}

reasons! {
    /// Why two names are only similar. The first rule that matches gives the reason.
    Similarity {
        OtherScript "other_script" "The names match in one script, and one of them also has a form in another script."
        Alias "alias" "One name includes another name, such as a former name, and together they contain the other name."
        Marks "marks" "The names differ only in accents or other marks on letters."
        Spacing "spacing" "The names differ only in spaces or hyphens."
        Order "order" "The names have the same words in a different order."
        Particle "particle" "The names differ only in small words such as bin, al, de or van der."
        Title "title" "The names differ in a word that is a title or a part of the name."
        Truncated "truncated" "One name looks like the start of the other, cut off within a word."
        Spelling "spelling" "The names differ in the spelling of one word."
        Initials "initials" "One name has an initial where the other has a word. An initial fits many names."
        PartMissing "part_missing" "One name has all the words of the other, and more."
        SingleName "single_name" "One name is a single word, which is too little to identify a person."
        Suffix "suffix" "Only one of the names has a suffix such as Jr or III."
    }
}

reasons! {
    /// Why two names cannot be compared. If both have an obstacle, the first in this order is the
    /// reason.
    Obstacle {
        Garbled "garbled" "A name is damaged: it contains characters that do not occur in names."
        Hidden "hidden" "A name contains invisible characters that can change how it is read."
        NotAName "not_a_name" "A text is not just a name: it contains digits or symbols, or is too long."
        Placeholder "placeholder" "A text is a placeholder for a missing name."
        MixedScript "mixed_script" "A name mixes letters of several alphabets, some of which look alike."
        InitialsOnly "initials_only" "A name consists of initials only."
        Script "script" "The names are written in different scripts."
        Lookalike "lookalike" "The names look almost the same but have different letters."
    }
}
