//! Spelling variants of words.

use super::lists::{SHORT_FORMS, SHORT_FORMS_BEFORE_A_WORD};
use super::marks::{is_tonal, plain};
use super::word::letters;

/// Minimum length of a word in which an edit may be a typo, in letters.
const SHORTEST_EDITED: usize = 5;

/// Returns whether two names differ only in abbreviations and in at most one edit.
pub(super) fn differ_in_spelling(a: &[String], b: &[String]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (long_a, long_b) = (in_full(a), in_full(b));
    let mut unequal = long_a.iter().zip(&long_b).filter(|(a, b)| a != b);
    let (first, second) = (unequal.next(), unequal.next());
    // In tonal names a lost mark makes a different name, not a typo: Phương, Phượng.
    let is_tonal = || a.iter().chain(b).any(|word| is_tonal(word));
    match (first, second) {
        (None, _) => true,
        (Some((a, b)), None) => is_one_edit(a, b) && !(plain(a) == plain(b) && is_tonal()),
        _ => false,
    }
}

/// Expands abbreviations.
fn in_full(words: &[String]) -> Vec<&str> {
    let long = |at: usize, word: &String| {
        let before_a_word = SHORT_FORMS_BEFORE_A_WORD.iter().filter(|_| at + 1 < words.len());
        SHORT_FORMS.iter().chain(before_a_word).find(|(short, _)| short == word).map(|(_, long)| *long)
    };
    words.iter().enumerate().map(|(at, word)| long(at, word).unwrap_or(word)).collect()
}

/// Returns whether two words differ in one letter that is replaced, added or omitted, or in two
/// swapped neighbours. The first and the last letter must be equal, because a change there makes
/// another name (Mario, Maria), except for `y` and `i`.
fn is_one_edit(a: &str, b: &str) -> bool {
    if letters(a).min(letters(b)) < SHORTEST_EDITED {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a_left, b_left) = (&a[same_start..], &b[same_start..]);
    let same_end = a_left.iter().rev().zip(b_left.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a_left, b_left) = (&a_left[..a_left.len() - same_end], &b_left[..b_left.len() - same_end]);
    let is_inside = a.first() == b.first() && a.last() == b.last();
    match (a_left, b_left) {
        (['y'], ['i']) | (['i'], ['y']) => true,
        ([_], [_] | []) | ([], [_]) => is_inside,
        ([a, b], [c, d]) => is_inside && a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_within_a_long_word_is_a_slip() {
        for (a, b) in [
            ("siripon", "siriporn"),
            ("michael", "micheal"),
            ("anderson", "andersen"),
            ("sergey", "sergei"),
            ("yohana", "iohana"),
        ] {
            assert!(is_one_edit(a, b) && is_one_edit(b, a), "{a} {b}");
        }
    }

    #[test]
    fn edits_at_the_ends_or_in_short_words_are_other_names() {
        for (a, b) in [
            ("mario", "maria"),
            ("omars", "omar"),
            ("kohen", "cohen"),
            ("aaron", "aron"),
            ("jonas", "jon"),
            ("dung", "dang"),
            ("barnes", "bames"),
        ] {
            assert!(!is_one_edit(a, b) && !is_one_edit(b, a), "{a} {b}");
        }
    }
}
