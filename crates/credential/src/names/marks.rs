//! Accents and other marks on letters.
//!
//! Marks are part of the key, because they distinguish names (Dũng, Dung, Dụng). But systems lose
//! them, so if only one of two names has marks, the rules compare the base letters.

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, UnicodeScript as _};

use super::signs::is_mark;
use super::word::Words;

/// Scripts in which marks are additions to a letter. In others, such as Thai and Devanagari, they
/// are vowels.
const MARKED_SCRIPTS: [Script; 5] = [Script::Latin, Script::Greek, Script::Cyrillic, Script::Arabic, Script::Hebrew];

/// Letters with a stroke or a form of their own: the plain letter, and the spelling in full.
const LETTERS: &[(char, &str, &str)] = &[
    ('đ', "d", "dj"),  // Vietnamese; Croatian and Serbian (Đorđević, Djordjevic)
    ('ð', "d", "dh"),  // Icelandic
    ('þ', "th", "th"), // Icelandic
    ('ø', "o", "oe"),  // Danish, Norwegian
    ('æ', "ae", "ae"), // Danish, Norwegian, Icelandic
    ('œ', "oe", "oe"), // French
    ('ł', "l", "l"),   // Polish
    ('ħ', "h", "h"),   // Maltese
    ('ŋ', "n", "ng"),  // Sámi, languages of West Africa and of Australia
    ('ə', "a", "e"),   // Azerbaijani
    ('ɓ', "b", "b"),   // Hausa
    ('ɗ', "d", "d"),   // Hausa
    ('ƙ', "k", "k"),   // Hausa
];

/// Arabic letters that are often exchanged. They do not count as marks, because nearly every name
/// has one.
const ARABIC_FORMS: &[(char, char)] = &[
    ('ى', 'ي'), // final ya without dots, as Egypt writes it
    ('ی', 'ي'), // Persian and Urdu
    ('ک', 'ك'), // Persian and Urdu
    ('ة', 'ه'), // final ta without dots
];

/// Cyrillic letters that only look like a letter with a mark. In practice, their mark is not
/// omitted, because the result is another letter.
const OWN_LETTERS: [char; 3] = [
    'й', // all languages
    'ї', // Ukrainian
    'ў', // Belarusian
];

/// Removes the marks of `words` that `other` has lost.
///
/// If `other` has no marks, these are all marks. Otherwise they are the marks of the words that
/// `other` has without marks, unless one of the names is tonal: then the word without marks is a
/// different word.
pub(super) fn without_lost_marks(words: &Words, other: &Words) -> Words {
    let other_has_marks = other.all().any(|word| is_marked(word));
    let has_marks = words.all().any(|word| is_marked(word));
    let is_tonal = words.all().chain(other.all()).any(|word| is_tonal(word));
    let may_be_lost = !other_has_marks || !has_marks || !is_tonal;
    let unmarked: Vec<String> = other.all().filter(|word| !is_marked(word)).map(|word| plain(word)).collect();
    let rearranged: Vec<String> = other.all().filter(|word| is_marked(word)).map(|word| arranged(word)).collect();
    words.map(|word| {
        let plain = plain(word);
        if !is_marked(word) {
            return vec![plain];
        }
        let full = fold(word, true);
        let changed = match unmarked.iter().find(|unmarked| **unmarked == plain || **unmarked == full) {
            _ if other.all().any(|other| other == word) => word.clone(),
            Some(lost) if may_be_lost => lost.clone(),
            _ if !other_has_marks => plain,
            _ => {
                let arranged = arranged(word);
                if rearranged.contains(&arranged) { arranged } else { word.clone() }
            }
        };
        vec![changed]
    })
}

/// A base letter and its marks.
struct Letter {
    base: char,
    marks: Vec<char>,
}

fn letters(word: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for character in word.chars() {
        let is_split = is_in_marked_script(character) && !OWN_LETTERS.contains(&character);
        let is_on_letter = is_mark(character) && letters.last().is_some_and(|letter| is_in_marked_script(letter.base));
        if is_on_letter || is_split {
            for part in std::iter::once(character).nfd() {
                match letters.last_mut() {
                    Some(letter) if is_mark(part) => letter.marks.push(part),
                    _ => letters.push(Letter { base: part, marks: Vec::new() }),
                }
            }
        } else {
            letters.push(Letter { base: character, marks: Vec::new() });
        }
    }
    letters
}

fn is_in_marked_script(character: char) -> bool {
    MARKED_SCRIPTS.contains(&character.script())
}

/// Returns the base letters of a word.
pub(super) fn plain(word: &str) -> String {
    fold(word, false)
}

/// Returns the base letters of a word. With `in_full`, some marks become the letters that are
/// written instead of them.
fn fold(word: &str, in_full: bool) -> String {
    let mut folded = String::with_capacity(word.len());
    for Letter { base, marks } in letters(word) {
        let own = LETTERS.iter().find(|(letter, ..)| *letter == base);
        let form = ARABIC_FORMS.iter().find(|(letter, _)| *letter == base);
        match (own, form) {
            (Some((_, plain, full)), _) => folded.push_str(if in_full { full } else { plain }),
            (None, Some((_, form))) => folded.push(*form),
            (None, None) => folded.push(base),
        }
        if in_full && let Some(added) = marks.first().and_then(|mark| letter_for_mark(base, *mark)) {
            folded.push(added);
        }
    }
    folded
}

/// Returns the letter that is written after a base letter instead of a mark.
fn letter_for_mark(base: char, mark: char) -> Option<char> {
    match (base, mark) {
        ('a' | 'o' | 'u', '\u{308}') => Some('e'), // German, Swedish, Finnish: Mueller
        ('a', '\u{30A}') => Some('a'),             // Danish, Norwegian, Swedish: Aase
        (_, '\u{304}') if "aeiou".contains(base) => Some(base), // Māori: Taane
        _ => None,
    }
}

/// Returns the base letters of a word, then its marks, so that words with moved marks are equal:
/// Hoà, Hòa.
fn arranged(word: &str) -> String {
    if !is_latin(word) {
        return word.to_owned();
    }
    let letters = letters(word);
    let mut marks: Vec<char> = letters.iter().flat_map(|letter| &letter.marks).copied().collect();
    marks.sort_unstable();
    letters.iter().map(|letter| letter.base).chain(marks).collect()
}

fn is_marked(word: &str) -> bool {
    let is_marked = |letter: &Letter| !letter.marks.is_empty() || LETTERS.iter().any(|(own, ..)| *own == letter.base);
    letters(word).iter().any(is_marked)
}

/// Returns whether a word has marks that make a different word in some language: those of
/// Vietnamese, and the dots below of Yoruba and Igbo. Romanian `ă` is included, because Vietnamese
/// has it too.
pub(super) fn is_tonal(word: &str) -> bool {
    let is_tonal = |letter: &Letter| {
        letter.marks.len() > 1
            || letter.marks.iter().any(|mark| matches!(mark, '\u{309}' | '\u{31B}' | '\u{323}'))
            || letter.base == 'a' && letter.marks.contains(&'\u{306}')
    };
    is_latin(word) && letters(word).iter().any(is_tonal)
}

fn is_latin(word: &str) -> bool {
    word.chars().next().is_some_and(|character| character.script() == Script::Latin)
}
