//! Spelling variants of words.

use super::lists::{ARTICLES_AFTER_ABD, SHORT_FORMS, SHORT_FORMS_BEFORE_A_WORD};
use super::marks::{is_tonal, plain};
use super::word::letters;

/// Minimum length of a word in which an edit may be a typo, in letters.
const SHORTEST_EDITED: usize = 5;

/// Minimum length of a name of God after Abd, in letters: Abdullah has three.
const SHORTEST_AFTER_ABD: usize = 3;

/// Returns whether two names differ only in abbreviations and in at most one edit, or only in how
/// they write abbreviations and names with Abd.
pub(super) fn differ_in_spelling(a: &[String], b: &[String]) -> bool {
    let (joined_a, joined_b) = (with_abd_joined(a), with_abd_joined(b));
    differ_in_edits(a, b) || in_full(&joined_a) == in_full(&joined_b)
}

fn differ_in_edits(a: &[String], b: &[String]) -> bool {
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

/// Joins Abd and the name of God after it, which records write as one to three words: `Abd
/// al-Rahman`, `Abdul Rahman`, `Abdurrahman`. The joined word has a space, like no other.
fn with_abd_joined(words: &[String]) -> Vec<String> {
    let mut joined = Vec::with_capacity(words.len());
    let mut left = words.iter().map(String::as_str).peekable();
    while let Some(word) = left.next() {
        let name = if is_abd(word) {
            let _article = left.next_if(|next| ARTICLES_AFTER_ABD.contains(next));
            left.next()
        } else {
            after_abd(word)
        };
        joined.push(name.map_or_else(|| word.to_owned(), |name| format!("abd {}", without_al(name))));
    }
    joined
}

/// Returns whether a word is Abd, with or without the article: `abdul`, `abdel`, `abdur`.
fn is_abd(word: &str) -> bool {
    let article = word.strip_prefix("abd").map(|rest| rest.trim_start_matches(is_vowel));
    word == "abd" || word.len() <= 6 && article.is_some_and(|rest| letters(rest) == 1)
}

/// Returns the name in a word that begins with Abd. The article is assimilated to some letters:
/// `abdurrahman`, also written `abdurahman`.
fn after_abd(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("abd")?;
    let name = rest.trim_start_matches(is_vowel);
    let mut characters = name.chars();
    let (first, second) = (characters.next(), characters.next());
    let has_article = name.len() < rest.len() && (first == Some('l') || first == second);
    let name = if has_article { name.get(1..)? } else { name };
    (letters(name) >= SHORTEST_AFTER_ABD).then_some(name)
}

/// Removes an article that is written at the beginning of a name: `Abd Alrahman`.
fn without_al(name: &str) -> &str {
    name.strip_prefix("al").filter(|rest| letters(rest) >= SHORTEST_AFTER_ABD).unwrap_or(name)
}

fn is_vowel(character: char) -> bool {
    "aeiou".contains(character)
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
    fn names_with_abd_are_joined() {
        let joined = |name: &str| {
            let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
            with_abd_joined(&words).join("|")
        };
        for rahman in [
            "abd al rahman",
            "abd ar rahman",
            "abd alrahman",
            "abdul rahman",
            "abdulrahman",
            "abdurrahman",
            "abdurahman",
        ] {
            assert_eq!(joined(&format!("{rahman} omar")), "abd rahman|omar", "{rahman}");
        }
        for allah in ["abdullah", "abdallah", "abd allah"] {
            assert_eq!(joined(allah), "abd lah", "{allah}");
        }
        for aziz in ["abd aziz", "abdel aziz", "abdulaziz"] {
            assert_eq!(joined(aziz), "abd aziz", "{aziz}");
        }
        for other in ["omar abd", "omar abdul", "abdi omar", "abu rahman"] {
            assert_eq!(joined(other), other.replace(' ', "|"), "{other}");
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
