//! Compares several names: which may share a heading, and how consistent they are.

use super::compare_names;
use super::comparison::{Comparison, Obstacle, Similarity};
use super::parse::Name;
use super::rules;

/// Returns whether credentials in these names may share a heading: the names are the same, or
/// written identically.
///
/// A weak name, such as a single one, is not the same as itself. Within one wallet it is no other
/// name either.
pub fn stand_together(one: &str, other: &str) -> bool {
    one.trim() == other.trim() || compare_names(one, other) == Comparison::Same
}

/// Returns whether two names in one wallet need no confirmation that both are its holder's: they
/// are the same, or written identically.
///
/// A text that is too little to distinguish people needs one even beside itself: a single word,
/// initials without a word, and a placeholder.
pub fn is_one_name(one: &str, other: &str) -> bool {
    let is_identical = one.trim() == other.trim();
    match compare_names(one, other) {
        Comparison::Same => true,
        Comparison::Similar(Similarity::SingleName)
        | Comparison::NotComparable(Obstacle::InitialsOnly | Obstacle::Placeholder) => false,
        Comparison::NotComparable(_) => is_identical && one.split_whitespace().nth(1).is_some(),
        Comparison::Similar(_) | Comparison::Different => is_identical,
    }
}

/// Returns whether two names cannot be compared because of their scripts, and nothing suggests that
/// they differ: they share no script, or their words in those of both do not contradict each other.
pub fn are_in_other_scripts(one: &str, other: &str) -> bool {
    compare_names(one, other) == Comparison::NotComparable(Obstacle::Script)
        && match (Name::parse(one), Name::parse(other)) {
            (Ok(one), Ok(other)) => !rules::contradict_in_shared_scripts(&one, &other),
            _ => false,
        }
}

/// Returns the worst result of comparing all pairs of names: different, then not comparable, then
/// similar, then same. A single name is consistent.
pub fn consistency(names: &[&str]) -> Comparison {
    let rest = |at: usize| names.iter().skip(at + 1);
    let pairs = names.iter().enumerate().flat_map(|(at, one)| rest(at).map(move |other| compare_names(one, other)));
    pairs.max_by_key(|comparison| badness(*comparison)).unwrap_or(Comparison::Same)
}

fn badness(comparison: Comparison) -> u8 {
    match comparison {
        Comparison::Same => 0,
        Comparison::Similar(_) => 1,
        Comparison::NotComparable(_) => 2,
        Comparison::Different => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consistency_is_that_of_the_worst_pair() {
        for (names, expected) in [
            (vec![], "same"),
            (vec!["Suharjo"], "same"),
            (vec!["John Doe", "DOE, John"], "same"),
            (vec!["John Doe", "Doe John", "John Doe"], "similar"),
            (vec!["Wang Xiaohe", "王小禾", "Wang Xiaohe"], "not_comparable"),
            (vec!["John Doe", "王小禾", "Jane Roe"], "different"),
            (vec!["Suharjo", "Suharjo"], "similar"),
        ] {
            assert_eq!(consistency(&names).verdict(), expected, "{names:?}");
        }
    }

    #[test]
    fn identical_texts_are_one_name_unless_they_are_too_little() {
        for (one, other, expected) in [
            ("John Doe", "DOE, John", true),
            ("R. Kumar", "R. Kumar ", true),
            ("R. Kumar", "R Kumar", false),
            ("R. Kumar", "Rajesh Kumar", false),
            ("Li Na 2", "Li Na 2", true),
            ("Li Na 2", "Li Na", false),
            ("Suharjo2", "Suharjo2", false),
            ("Suharjo", "Suharjo", false),
            ("J. H.", "J. H.", false),
            ("N/A", "N/A", false),
            ("Jane Roe", "John Doe", false),
        ] {
            assert_eq!(is_one_name(one, other), expected, "{one}, {other}");
            assert_eq!(is_one_name(other, one), expected, "{other}, {one}");
        }
    }

    #[test]
    fn incomparable_names_share_a_heading_if_spelt_alike() {
        for (one, other, expected) in [
            ("John Doe", "JOHN DOE", true),
            ("John Doe", "Doe John", false),
            ("Suharjo", "Suharjo ", true),
            ("Suharjo", "SUHARJO", false),
            ("John Doe", "Jane Roe", false),
        ] {
            assert_eq!(stand_together(one, other), expected, "{one}, {other}");
        }
    }
}
