//! The characters of a name: refused, removed, or replaced by one form.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::comparison::Obstacle;
use super::garbled;
use super::signs::{is_apostrophe, is_dash, is_mark};

/// Longest name that is compared, in characters; bounds the work.
const MAX_CHARACTERS: usize = 200;

/// Returns the text in NFKC, with nothing but letters, marks, single spaces and `.`, `,`, `(`, `)`, `@`, `/`, which
/// `parse` resolves. Upper and lower case are kept.
pub(super) fn clean(raw: &str) -> Result<String, Obstacle> {
    refuse(raw)?;
    // Apostrophes go before NFKC, which makes a space of `´`, and after it, since it also makes new ones.
    let normalized = raw.chars().filter(|character| !is_apostrophe(*character)).nfkc();
    let plain: String = normalized.filter(|c| !is_apostrophe(*c) && !is_ignored(*c)).map(punctuation).collect();
    // One character can become eighteen.
    if is_too_long(&plain) || !plain.chars().all(is_allowed) {
        return Err(Obstacle::NotAName);
    }
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let begins_with_mark = |word: &&str| word.chars().next().is_some_and(is_mark);
    if words.iter().any(begins_with_mark) { Err(Obstacle::NotAName) } else { Ok(words.join(" ")) }
}

/// Refuses what must be seen before normalization, which would hide it.
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

/// Replacement characters, controls and code points without a meaning.
fn is_unreadable(character: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};
    let category = character.general_category();
    character == char::REPLACEMENT_CHARACTER
        || matches!(category, Control | LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
}

/// Characters that reverse or hide text: bidirectional overrides, tags, and the fillers of Hangul, which are blank
/// letters.
fn is_hidden(character: char) -> bool {
    let is_override = matches!(character, '\u{202D}' | '\u{202E}');
    let is_tag = matches!(character, '\u{E0000}'..='\u{E007F}');
    is_override || is_tag || matches!(character, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

/// Symbols: NFKC would make letters of some, such as `™`.
fn is_symbol(character: char) -> bool {
    let is_symbol = character.general_category_group() == GeneralCategoryGroup::Symbol;
    is_symbol && !is_apostrophe(character) && !is_dash(character)
}

/// Characters that are not seen, and signs that are optional in writing.
fn is_ignored(character: char) -> bool {
    let is_selector =
        matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}' | '\u{180F}');
    // The combining grapheme joiner, and two inherent vowels of Khmer that are never drawn.
    let is_invisible_mark = matches!(character, '\u{34F}' | '\u{17B4}' | '\u{17B5}');
    // Tatweel stretches a word; the points are vowels, which everyday Arabic leaves out. Hamza and madda (U+0653 to
    // U+0655) belong to their letter.
    let is_arabic_sign = matches!(character,
        '\u{640}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{652}' | '\u{656}'..='\u{65F}' | '\u{670}'
        | '\u{6D6}'..='\u{6DC}' | '\u{6DF}'..='\u{6E4}' | '\u{6E7}' | '\u{6E8}' | '\u{6EA}'..='\u{6ED}'
        | '\u{8D3}'..='\u{8E1}' | '\u{8E3}'..='\u{8FF}');
    is_selector || is_invisible_mark || is_arabic_sign || character.general_category() == GeneralCategory::Format
}

/// Brings spaces, dashes, dots between words and commas to one form.
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
        // NFKC leaves `〇`, a zero that is also a Chinese given name.
        || category == GeneralCategory::LetterNumber
}
