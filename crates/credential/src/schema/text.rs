//! Validates texts: their characters, their length, and email addresses.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::shape::Presence;
use crate::EmailAddress;
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;

/// Maximum number of characters in a text (docs/partner-api.md section 5).
pub(super) const TEXT: usize = 500;

pub(super) fn check_text(text: &mut Cow<'_, str>, presence: Presence, path: &Path<'_>, field_errors: &mut FieldErrors) {
    match text {
        Cow::Borrowed(text) => *text = text.trim(),
        Cow::Owned(text) if text.trim().len() != text.len() => *text = text.trim().to_owned(),
        Cow::Owned(_) => {}
    }
    if !text.is_ascii() && is_nfc_quick(text.chars()) != IsNormalized::Yes {
        *text = Cow::Owned(text.nfc().collect());
    }
    if text.is_ascii() {
        return check_characters(text, TEXT, presence, path, field_errors);
    }
    if !text.is_empty() && text.chars().all(is_invisible) {
        field_errors
            .add(path, Code::TextEmpty, || "Must have visible characters; all of these are invisible.".to_owned());
    }
    check_characters(text, TEXT, presence, path, field_errors);
    if let Some(found) = text.chars().find(|character| is_meaningless(*character)) {
        let point = u32::from(found);
        let message = || format!("Contains U+{point:04X}, which is not allowed in text. Remove it.");
        field_errors.add(path, Code::TextControl, message);
    }
    if let Some(mark) = unsupported(text) {
        let point = u32::from(mark);
        let message = || {
            format!(
                "The combining mark U+{point:04X} has no base character. Put it after the character that it belongs to."
            )
        };
        field_errors.add(path, Code::TextControl, message);
    }
}

/// Brings a text from elsewhere into the form of those in pushes.
///
/// # Errors
/// The message of the first error, a sentence.
pub fn parse_text(text: &str) -> Result<String, String> {
    let (mut text, mut field_errors) = (Cow::Borrowed(text), FieldErrors::default());
    check_text(&mut text, Presence::Required, &Path::Root, &mut field_errors);
    let first = field_errors.into_result(b"").err().and_then(|found| found.into_iter().next());
    first.map_or_else(|| Ok(text.into_owned()), |error| Err(error.message))
}

pub(super) fn check_characters(
    text: &str,
    most: usize,
    presence: Presence,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) {
    check_length(text, most, presence, path, field_errors);
    // Bytes are compared faster than characters are decoded, and most texts are ASCII.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return;
    }
    if let Some(control) = text.chars().find(|character| character.is_control() || is_bidi_control(*character)) {
        let point = u32::from(control);
        field_errors
            .add(path, Code::TextControl, || format!("Contains the control character U+{point:04X}. Remove it."));
    }
}

pub(super) fn check_length(
    text: &str,
    most: usize,
    presence: Presence,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) {
    if text.is_empty() {
        let message = match presence {
            Presence::Required => "Must not be empty. Enter a value.",
            Presence::Optional | Presence::Nullable => "Must not be empty. Enter a value or leave the field out.",
        };
        field_errors.add(path, Code::TextEmpty, || message.to_owned());
    }
    // A text has at most as many characters as bytes, so short ones need no counting.
    if text.len() > most {
        let count = text.chars().count();
        if count > most {
            field_errors
                .add(path, Code::TextTooLong, || format!("Must have at most {most} characters; it has {count}."))
                .received(&Node::from(text));
        }
    }
}

/// Returns whether a character changes the direction of the text around it (Unicode's
/// `Bidi_Control`), so that it reads differently than stored.
pub(crate) fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns whether a character has no meaning for readers: line separators, annotation marks, tags,
/// unassigned code points and private use.
fn is_meaningless(character: char) -> bool {
    use GeneralCategory::{LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};
    matches!(character, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || matches!(character.general_category(), LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
}

/// Returns the first combining mark without a base character: at the start, or after a space.
fn unsupported(text: &str) -> Option<char> {
    let mut before = ' ';
    text.chars().find(|character| {
        let is_mark = character.general_category_group() == GeneralCategoryGroup::Mark;
        let stands_alone = is_mark && before.is_whitespace();
        before = *character;
        stands_alone
    })
}

/// Returns whether a character is invisible: spaces, Unicode's `Default_Ignorable_Code_Point`, and
/// the empty Braille cell.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

pub(super) fn check_email(text: &mut Cow<'_, str>, path: &Path<'_>, field_errors: &mut FieldErrors) {
    match EmailAddress::parse(text) {
        Some(address) if address.as_str() == text => {}
        Some(address) => *text = Cow::Owned(address.as_str().to_owned()),
        None => {
            let message = || "Must be an email address, such as name@example.org.".to_owned();
            field_errors.add(path, Code::EmailFormat, message).received(&Node::from(&**text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_deliverable_email_addresses_are_accepted() {
        let long = format!("{}@example.org", "x".repeat(65));
        for (text, good) in [
            ("jane@example.org", true),
            ("  Jane.O'Hara+work@mail.example.co.nz ", true),
            ("jane@xn--bcher-kva.example", true),
            ("", false),
            ("jane", false),
            ("jane@", false),
            ("@example.org", false),
            ("jane@example", false),
            ("jane@192.0.2.1", false),
            ("jane@[192.0.2.1]", false),
            ("jane doe@example.org", false),
            ("\"jane\"@example.org", false),
            ("Jane <jane@example.org>", false),
            ("jane@example.org, eve@example.org", false),
            ("jane@example.org\r\nBcc: eve@example.org", false),
            ("jane..doe@example.org", false),
            ("jane@-example.org", false),
            ("jane@example..org", false),
            (&long, false),
        ] {
            let (mut value, mut field_errors) = (Cow::Borrowed(text), FieldErrors::default());
            check_email(&mut value, &Path::Root, &mut field_errors);
            let found = field_errors.into_result(b"").err().unwrap_or_default();
            assert_eq!(found.is_empty(), good, "{text:?}");
            assert!(found.iter().all(|field_error| field_error.code == Code::EmailFormat));
            assert!(!good || value == text.trim());
        }
    }

    fn codes(text: &str) -> Vec<Code> {
        let (mut value, mut field_errors) = (Cow::Borrowed(text), FieldErrors::default());
        check_text(&mut value, Presence::Required, &Path::Root, &mut field_errors);
        field_errors
            .into_result(b"")
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|field_error| field_error.code)
            .collect()
    }

    #[test]
    fn invisible_texts_are_empty_and_bidi_controls_rejected() {
        for invisible in ["\u{200b}", " \u{2060}\u{feff} ", "\u{ad}\u{34f}", "\u{3164}", "\u{2800}\u{2800}"] {
            assert_eq!(codes(invisible), [Code::TextEmpty], "{invisible:?}");
        }
        for visible in ["a\u{200b}b", "👩\u{200d}🔬", "ก\u{200b}ข", "ش\u{200c}ا", "❤\u{fe0f}"] {
            assert_eq!(codes(visible), [], "{visible:?}");
        }
        for turned in ["Company \u{202e}A", "\u{2066}A\u{2069}", "A\u{200f}", "A\u{61c}"] {
            assert_eq!(codes(turned), [Code::TextControl], "{turned:?}");
        }
        assert_eq!(codes("\u{202e}"), [Code::TextEmpty, Code::TextControl]);
    }

    #[test]
    fn characters_that_no_text_has_are_rejected() {
        for (text, expected) in [
            ("Jon\u{2028}Doe", vec![Code::TextControl]),
            ("Jon\u{2029}Doe", vec![Code::TextControl]),
            ("Jon\u{fff9}Doe\u{fffb}", vec![Code::TextControl]),
            ("Jon\u{e0041} Doe", vec![Code::TextControl]),
            ("Jon \u{e000}", vec![Code::TextControl]),
            ("Jon \u{10fffd}", vec![Code::TextControl]),
            ("Jon \u{378}", vec![Code::TextControl]),
            ("Jon \u{10ffff}", vec![Code::TextControl]),
            ("\u{301}", vec![Code::TextControl]),
            ("Jon \u{301} Doe", vec![Code::TextControl]),
            ("Jon \u{fe0f}", vec![Code::TextControl]),
            ("\u{fe0f}\u{fe00}", vec![Code::TextEmpty, Code::TextControl]),
            ("\u{e0100}", vec![Code::TextEmpty, Code::TextControl]),
            // Joiners inside words, variation selectors after their base, and marks on their
            // letters.
            ("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}", vec![]),
            ("\u{936}\u{94d}\u{200d}\u{930}\u{940}", vec![]),
            ("\u{845b}\u{e0100}\u{98fe}", vec![]),
            ("\u{6d77}\u{fe00}", vec![]),
            ("Vo\u{303}\u{323} \u{110}u\u{31b}\u{301}c", vec![]),
            ("\u{e2a}\u{e21}\u{e43}\u{e08} \u{e07}\u{e32}\u{e21}\u{e14}\u{e35}", vec![]),
        ] {
            assert_eq!(codes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn texts_are_trimmed_and_normalised_to_nfc() {
        let mut value = Cow::Borrowed("  Ame\u{301}lie  ");
        let mut field_errors = FieldErrors::default();
        check_text(&mut value, Presence::Required, &Path::Root, &mut field_errors);
        assert_eq!(value, "Am\u{e9}lie");
        assert!(field_errors.into_result(b"").is_ok());
    }
}
