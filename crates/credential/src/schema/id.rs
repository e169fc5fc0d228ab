//! Ids that partners choose. The rules make sure that two ids that look alike are equal.

use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::shape::Presence;
use super::text::{check_characters, check_length, is_bidi_control, is_invisible};
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;

/// Validates an id of 1 to `most` printable characters in NFC, without white space at either end.
/// It is not normalized.
pub(super) fn check_id(text: &str, most: usize, presence: Presence, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if is_plain(text) {
        return check_length(text, most, presence, path, field_errors);
    }
    if text.chars().all(is_invisible) {
        let message = || "Must have visible characters; all of these are invisible.".to_owned();
        field_errors.add(path, Code::TextEmpty, message);
        return;
    }
    check_characters(text, most, presence, path, field_errors);
    if let Some(message) = unfit(text) {
        let suggestion = printable(text).filter(|id| id.chars().nth(most).is_none());
        field_errors.add(path, Code::IdForm, || message).received(&Node::from(text)).suggest(suggestion);
    }
}

/// Returns whether every character is printable ASCII and neither end is a space: the fast path for
/// nearly all ids.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.starts_with(' ') && !text.ends_with(' ')
}

/// Returns an error message for an invalid id, except for control characters.
fn unfit(text: &str) -> Option<String> {
    if text.trim() != text {
        return Some("An id must not start or end with white space. Remove it.".to_owned());
    }
    let is_control = |character: char| character.is_control() || is_bidi_control(character);
    if let Some(found) = text.chars().find(|character| !is_printable(*character) && !is_control(*character)) {
        let point = u32::from(found);
        let cure = if found.is_whitespace() { "replace it with U+0020" } else { "remove it" };
        return Some(format!(
            "An id must have printable characters only, but this one contains U+{point:04X}; {cure}."
        ));
    }
    let message = || "An id must be in Unicode normalization form NFC. Normalize it.".to_owned();
    (!is_nfc(text)).then(message)
}

/// Returns whether an id may contain a character: an assigned, visible one, or the ASCII space.
fn is_printable(character: char) -> bool {
    if character == ' ' {
        return true;
    }
    !is_invisible(character) && character.general_category_group() != GeneralCategoryGroup::Other
}

/// Returns `text` without the characters that an id must not contain, as a suggestion; `None` if
/// nothing remains.
fn printable(text: &str) -> Option<String> {
    let spaced = text.chars().map(|character| if character.is_whitespace() { ' ' } else { character });
    let shown: String = spaced.filter(|character| is_printable(*character)).nfc().collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_errors(text: &str) -> Vec<(Code, Option<String>)> {
        let mut field_errors = FieldErrors::default();
        check_id(text, 255, Presence::Required, &Path::Root, &mut field_errors);
        let found = field_errors.into_result(b"").err().unwrap_or_default();
        found.into_iter().map(|field_error| (field_error.code, field_error.suggestion)).collect()
    }

    #[test]
    fn printable_ids_in_nfc_are_accepted() {
        let long = "x".repeat(255);
        let long_letters = "\u{e9}".repeat(255);
        for id in [
            "CAR-fa651300-b91a-49cb-8ee7-cac68b3fdf74",
            "fa651300-b91a-49cb-8ee7-cac68b3fdf74",
            "7",
            "~",
            "Personnel no. 17 / 2024",
            "a  b",
            "urn:example:#1?x=%20\\\"",
            "Zeugnis-M\u{fc}ller-\u{df}",
            "\u{5c65}\u{6b74}-12",
            "\u{441}\u{442}\u{430}\u{436}-3",
            "\u{1f4c4}-1",
            long.as_str(),
            long_letters.as_str(),
        ] {
            assert!(field_errors(id).is_empty(), "{id:?}");
        }
    }

    #[test]
    fn ids_that_look_like_others_are_rejected() {
        for (id, code, suggestion) in [
            ("", Code::TextEmpty, None),
            (" ", Code::TextEmpty, None),
            ("\u{feff}", Code::TextEmpty, None),
            ("\u{200b}\u{2060}", Code::TextEmpty, None),
            ("\u{3164}", Code::TextEmpty, None),
            ("\u{3000}", Code::TextEmpty, None),
            (" a", Code::IdForm, Some("a")),
            ("a ", Code::IdForm, Some("a")),
            ("a\u{a0}", Code::IdForm, Some("a")),
            ("\u{3000}a", Code::IdForm, Some("a")),
            ("a\u{a0}b", Code::IdForm, Some("a b")),
            ("a\u{2028}b", Code::IdForm, Some("a b")),
            ("\u{feff}a", Code::IdForm, Some("a")),
            ("a\u{feff}", Code::IdForm, Some("a")),
            ("a\u{200b}b", Code::IdForm, Some("ab")),
            ("a\u{ad}b", Code::IdForm, Some("ab")),
            ("a\u{200d}b", Code::IdForm, Some("ab")),
            ("a\u{fe0f}", Code::IdForm, Some("a")),
            ("a\u{2800}b", Code::IdForm, Some("ab")),
            ("a\u{e0041}b", Code::IdForm, Some("ab")),
            ("a\u{fff9}b", Code::IdForm, Some("ab")),
            ("a\u{378}b", Code::IdForm, Some("ab")),
            ("a\u{fdd0}b", Code::IdForm, Some("ab")),
            ("a\u{ffff}b", Code::IdForm, Some("ab")),
            ("a\u{10ffff}b", Code::IdForm, Some("ab")),
            ("a\u{e000}b", Code::IdForm, Some("ab")),
            ("Ame\u{301}lie", Code::IdForm, Some("Am\u{e9}lie")),
            ("\u{212b}-1", Code::IdForm, Some("\u{c5}-1")),
            ("a\u{0}b", Code::TextControl, None),
            ("a\u{7f}b", Code::TextControl, None),
            ("a\u{85}b", Code::TextControl, None),
            ("a\u{202e}b", Code::TextControl, None),
            ("a\u{200f}b", Code::TextControl, None),
        ] {
            assert_eq!(field_errors(id), [(code, suggestion.map(ToOwned::to_owned))], "{id:?}");
        }
        assert_eq!(field_errors(&"x".repeat(256)), [(Code::TextTooLong, None)]);
        assert_eq!(field_errors(&"\u{e9}".repeat(256)), [(Code::TextTooLong, None)]);
    }
}
