//! Compares the names of people as issuers write them.
//!
//! The comparison is about names, not people: strangers share names, and one person uses several.
//! [`Comparison::Same`] permits the next check (birth date, bound wallet); it never permits a merge
//! of accounts.
//!
//! A name is converted to a key ([`NameKey`]) in three steps:
//!
//! 1. Characters that are not part of any name are rejected, invisible ones and apostrophes are
//!    removed, dashes become spaces, and the text is normalized to NFKC (`characters`). Quoted
//!    nicknames get brackets, and ordinals such as `3rd` become Roman numerals (`notation`).
//! 2. An alias is split off and commas are resolved (`Hale, Jon` is `Jon Hale`). Degrees after a
//!    comma, salutations before the name and placeholders are removed. `Jr` and `III` become the
//!    generation (`parse`).
//! 3. Each word is lower-cased independently of a language, and its script is determined (`word`).
//!
//! Two names are the same if their keys are equal, so `Same` is transitive. Unequal keys are
//! compared by the rules in `rules`, of which the first match is the reason. The rules use closed
//! lists (`lists`) and no scores, phonetics, nicknames or transliteration. [`Comparison::Similar`]
//! is not transitive and must not be chained.
//!
//! The comparison is symmetric and its cost is bounded: a name has at most 200 characters, and no
//! step takes more than quadratic time in the length of its input.
//!
//! ```
//! use credential::names::{Comparison, NameKey, Obstacle, Similarity, compare_names};
//!
//! assert_eq!(compare_names("HALE, Dr Jon", "Jon Hale"), Comparison::Same);
//! assert_eq!(compare_names("Võ Đức Mạnh", "VO DUC MANH"), Comparison::Similar(Similarity::Marks));
//! assert_eq!(compare_names("Mei Tan", "Wei Tan"), Comparison::Different);
//! assert_eq!(compare_names("王小禾", "Wang Xiaohe"), Comparison::NotComparable(Obstacle::Script));
//!
//! // Keys group the names that are the same. A name that is too weak for that has no key.
//! assert_eq!(NameKey::new("Jan Weiß"), NameKey::new("JAN WEISS"));
//! assert_eq!(NameKey::new("Suharjo"), Err(Comparison::Similar(Similarity::SingleName)));
//! ```

mod characters;
mod claims;
mod comparison;
mod garbled;
mod key;
mod lists;
mod lookalike;
mod marks;
mod notation;
mod parse;
mod particles;
mod qualifications;
mod rules;
mod signs;
mod spelling;
mod together;
mod word;

pub use claims::name_in;
pub use comparison::{Comparison, Obstacle, Similarity};
pub use garbled::{is_garbled, is_mojibake};
pub use key::NameKey;
pub(crate) use qualifications::adds_qualification;
pub use together::{are_in_other_scripts, consistency, is_one_name, stand_together};

use parse::Name;

/// Compares two names.
pub fn compare_names(a: &str, b: &str) -> Comparison {
    match (Name::parse(a), Name::parse(b)) {
        (Ok(a), Ok(b)) => rules::compare(&a, &b),
        (Err(a), Err(b)) => Comparison::NotComparable(a.min(b)),
        (Err(obstacle), Ok(_)) | (Ok(_), Err(obstacle)) => Comparison::NotComparable(obstacle),
    }
}
