//! Kinds of characters that several steps know.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Apostrophes and the signs that are typed in their place, glottal stops included (`ʻokina`, `ʿayn`, saltillo).
pub(super) fn is_apostrophe(character: char) -> bool {
    "'`´‘’‛′＇ʹʻʼʽʾʿˈꞌ՚׳".contains(character)
}

/// Dashes, and the minus sign.
pub(super) fn is_dash(character: char) -> bool {
    character.general_category() == GeneralCategory::DashPunctuation || character == '\u{2212}'
}

/// Whether a character is a mark on the letter before it.
pub(super) fn is_mark(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Mark
}
