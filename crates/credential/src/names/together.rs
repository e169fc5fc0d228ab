//! Compares several names: which may share a heading, and how consistent they are.

use super::compare_names;
use super::comparison::Comparison;

/// Returns whether credentials in these names may share a heading: the names are the same, or
/// written identically.
///
/// A weak name, such as a single one, is not the same as itself. Within one wallet it is no other
/// name either.
pub fn stand_together(one: &str, other: &str) -> bool {
    one.trim() == other.trim() || compare_names(one, other) == Comparison::Same
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
