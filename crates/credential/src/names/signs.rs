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

/// Returns whether a character is a replacement character, a control or an unassigned code point.
pub(super) fn is_unreadable(character: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};
    let category = character.general_category();
    character == char::REPLACEMENT_CHARACTER
        || matches!(category, Control | LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
}
