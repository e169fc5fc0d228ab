//! Cleans the characters of a name: rejects, removes or normalizes them.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::comparison::Obstacle;
use super::garbled;
use super::notation::{with_bracketed_nicknames, with_roman_ordinals};
use super::signs::{is_apostrophe, is_dash, is_mark, is_unreadable};

/// Longest name that is compared, in characters; bounds the work.
const MAX_CHARACTERS: usize = 200;

/// Returns the text in NFKC with only letters, marks, single spaces and `.`, `,`, `(`, `)`, `@`,
/// `/`, which `parse` resolves. The case is kept.
pub(super) fn clean(raw: &str) -> Result<String, Obstacle> {
    refuse(raw)?;
    // Apostrophes are removed before NFKC, which turns `´` into a space, and after it, because it
    // creates new ones.
    let normalized = raw.chars().filter(|character| !is_apostrophe(*character)).nfkc();
    let plain: String = normalized.filter(|c| !is_apostrophe(*c) && !is_ignored(*c)).map(punctuation).collect();
    // NFKC can turn one character into eighteen.
    if is_too_long(&plain) {
        return Err(Obstacle::NotAName);
    }
    let written = with_bracketed_nicknames(&with_roman_ordinals(&plain)).ok_or(Obstacle::NotAName)?;
    if !written.chars().all(is_allowed) {
        return Err(Obstacle::NotAName);
    }
    let words: Vec<&str> = written.split(' ').filter(|word| !word.is_empty()).collect();
    let begins_with_mark = |word: &&str| word.chars().next().is_some_and(is_mark);
    if words.iter().any(begins_with_mark) { Err(Obstacle::NotAName) } else { Ok(words.join(" ")) }
}

/// Rejects characters that normalization would hide.
fn refuse(raw: &str) -> Result<(), Obstacle> {
    if is_too_long(raw) {
        Err(Obstacle::NotAName)
    } else if raw.chars().any(is_unreadable) || garbled::is_mojibake(raw) {
        Err(Obstacle::Garbled)
    } else if raw.chars().any(is_hidden) {
        Err(Obstacle::Hidden)
    } else if raw.chars().any(is_symbol) {
        Err(Obstacle::NotAName)
    } else {
        Ok(())
    }
}

fn is_too_long(text: &str) -> bool {
    text.chars().nth(MAX_CHARACTERS).is_some()
}

/// Returns whether a character reverses or hides text: bidirectional overrides, tags, and the
/// Hangul fillers, which are blank letters.
fn is_hidden(character: char) -> bool {
    let is_override = matches!(character, '\u{202D}' | '\u{202E}');
    let is_tag = matches!(character, '\u{E0000}'..='\u{E007F}');
    is_override || is_tag || matches!(character, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

/// Returns whether a character is a symbol. NFKC would turn some, such as `™`, into letters.
fn is_symbol(character: char) -> bool {
    let is_symbol = character.general_category_group() == GeneralCategoryGroup::Symbol;
    is_symbol && !is_apostrophe(character) && !is_dash(character)
}

/// Returns whether a character is invisible or optional in writing.
fn is_ignored(character: char) -> bool {
    let is_selector =
        matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}' | '\u{180F}');
    // The combining grapheme joiner, and two inherent vowels of Khmer that are never drawn.
    let is_invisible_mark = matches!(character, '\u{34F}' | '\u{17B4}' | '\u{17B5}');
    // Tatweel stretches a word. The points are vowels, which everyday Arabic omits. Hamza and madda
    // (U+0653 to U+0655) are part of their letter and stay.
    let is_arabic_sign = matches!(character,
        '\u{640}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{652}' | '\u{656}'..='\u{65F}' | '\u{670}'
        | '\u{6D6}'..='\u{6DC}' | '\u{6DF}'..='\u{6E4}' | '\u{6E7}' | '\u{6E8}' | '\u{6EA}'..='\u{6ED}'
        | '\u{8D3}'..='\u{8E1}' | '\u{8E3}'..='\u{8FF}');
    is_selector || is_invisible_mark || is_arabic_sign || character.general_category() == GeneralCategory::Format
}

/// Normalizes spaces, dashes, dots between words and commas.
fn punctuation(character: char) -> char {
    match character {
        '_' | '·' | '‧' | '・' => ' ',
        '،' => ',',
        _ if character.is_whitespace() || is_dash(character) => ' ',
        _ => character,
    }
}

fn is_allowed(character: char) -> bool {
    let category = character.general_category();
    " .,()@/".contains(character)
        || character.general_category_group() == GeneralCategoryGroup::Letter
        || matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark)
        // NFKC keeps `〇`, a zero that is also a Chinese given name.
        || category == GeneralCategory::LetterNumber
}
