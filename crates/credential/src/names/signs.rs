//! Character classes that several steps share.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Returns whether a character is an apostrophe or is typed as one, including glottal stops
/// (`ʻokina`, `ʿayn`, saltillo).
pub(super) fn is_apostrophe(character: char) -> bool {
    "'`´‘’‛′＇ʹʻʼʽʾʿˈꞌ՚׳".contains(character)
}

/// Returns whether a character is a dash or the minus sign.
pub(super) fn is_dash(character: char) -> bool {
    character.general_category() == GeneralCategory::DashPunctuation || character == '\u{2212}'
}

/// Returns whether a character is a mark on the preceding letter.
pub(super) fn is_mark(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Mark
}
