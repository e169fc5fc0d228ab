//! Checks of texts: characters, addresses, dates and times.

use serde_json::Value;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::date::{Date, ParseDateError, parse_year};
use crate::fault::{Code, Faults};
use crate::pointer::Path;
use crate::year_month::{ParseYearMonthError, YearMonth};
use crate::{EmailAddress, date, year_month};

/// Most characters of a text (partner-api, section 5).
pub(super) const TEXT: usize = 500;

pub(super) fn check_text(text: &mut String, path: &Path<'_>, faults: &mut Faults) {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
    if !text.is_ascii() && is_nfc_quick(text.chars()) != IsNormalized::Yes {
        *text = text.nfc().collect();
    }
    if text.is_ascii() {
        return check_characters(text, TEXT, path, faults);
    }
    if !text.is_empty() && text.chars().all(is_invisible) {
        faults.add(path, Code::TextEmpty, || "This holds invisible characters only; it needs a text.".to_owned());
    }
    check_characters(text, TEXT, path, faults);
    if let Some(found) = text.chars().find(|character| is_meaningless(*character)) {
        let point = u32::from(found);
        let message = || format!("This holds U+{point:04X}, which no text has; take it out.");
        faults.add(path, Code::TextControl, message);
    }
    if let Some(mark) = unsupported(text) {
        let point = u32::from(mark);
        let message =
            || format!("The mark U+{point:04X} stands alone; write it after the character that it belongs to.");
        faults.add(path, Code::TextControl, message);
    }
}

pub(super) fn check_characters(text: &str, most: usize, path: &Path<'_>, faults: &mut Faults) {
    check_length(text, most, path, faults);
    if let Some(control) = text.chars().find(|character| character.is_control() || is_bidi_control(*character)) {
        let point = u32::from(control);
        faults.add(path, Code::TextControl, || format!("This holds the control character U+{point:04X}; take it out."));
    }
}

pub(super) fn check_length(text: &str, most: usize, path: &Path<'_>, faults: &mut Faults) {
    if text.is_empty() {
        faults.add(path, Code::TextEmpty, || "This must not be empty.".to_owned());
    }
    // Bytes are never fewer than characters, so most texts need no counting.
    if text.len() > most {
        let count = text.chars().count();
        if count > most {
            faults
                .add(path, Code::TextTooLong, || format!("This has {count} characters; {most} are allowed."))
                .received(&Value::from(text));
        }
    }
}

/// Whether a character turns the direction of what stands around it (Unicode's `Bidi_Control`), so that a text reads other
/// than it is.
pub(super) fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character means nothing to a reader: line separators, annotation marks, tags, unassigned code points and private
/// use.
fn is_meaningless(character: char) -> bool {
    use GeneralCategory::{LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};
    matches!(character, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || matches!(character.general_category(), LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
}

/// The first combining mark that stands at the beginning, or after a space, so that it is drawn on nothing.
fn unsupported(text: &str) -> Option<char> {
    let mut before = ' ';
    text.chars().find(|character| {
        let is_mark = character.general_category_group() == GeneralCategoryGroup::Mark;
        let stands_alone = is_mark && before.is_whitespace();
        before = *character;
        stands_alone
    })
}

/// Whether a character shows nothing by itself: spaces, Unicode's `Default_Ignorable_Code_Point`, and the empty Braille cell.
pub(super) fn is_invisible(character: char) -> bool {
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

pub(super) fn check_email(text: &mut String, path: &Path<'_>, faults: &mut Faults) {
    match EmailAddress::parse(text) {
        Some(address) if address.as_str() == text => {}
        Some(address) => address.as_str().clone_into(text),
        None => {
            let message =
                || "This is no e-mail address that can be written to; one looks like name@example.org.".to_owned();
            faults.add(path, Code::EmailFormat, message).received(&Value::from(text.as_str()));
        }
    }
}

pub(super) fn check_month(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if let Err(error) = text.parse::<YearMonth>() {
        let (code, message) = match error {
            ParseYearMonthError::Range => {
                (Code::DateRange, "There is no such month here: months go from 01 to 12, years from 1900.")
            }
            ParseYearMonthError::Format => (Code::DateFormat, "A month is written as YYYY-MM, such as 2023-01."),
        };
        let suggestion = year_month::suggest(text);
        faults.add(path, code, || message.to_owned()).received(&Value::from(text)).suggest(suggestion);
    }
}

pub(super) fn check_date(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if let Err(error) = Date::parse(text) {
        let (code, message) = match error {
            ParseDateError::Range => {
                (Code::DateRange, "There is no such day here: check the month and its length; years go from 1900.")
            }
            ParseDateError::Format => (Code::DateFormat, "A day is written as YYYY-MM-DD, such as 2023-01-31."),
        };
        faults.add(path, code, || message.to_owned()).received(&Value::from(text)).suggest(date::suggest(text));
    }
}

pub(super) fn check_year(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if let Err(error) = parse_year(text) {
        let (code, message) = match error {
            ParseDateError::Range => (Code::DateRange, "Years go from 1900 to 9999."),
            ParseDateError::Format => (Code::DateFormat, "A year is written as YYYY, such as 2023."),
        };
        let suggestion = date::suggest_year(text);
        faults.add(path, code, || message.to_owned()).received(&Value::from(text)).suggest(suggestion);
    }
}

pub(super) fn check_instant(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if text.parse::<jiff::Timestamp>().is_err() {
        let message = || "A time is written as RFC 3339 asks, such as 2026-11-25T09:30:00Z.".to_owned();
        faults.add(path, Code::TimeFormat, message).received(&Value::from(text));
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
            let (mut value, mut faults) = (text.to_owned(), Faults::default());
            check_email(&mut value, &Path::Root, &mut faults);
            let found = faults.into_result(b"").err().unwrap_or_default();
            assert_eq!(found.is_empty(), good, "{text:?}");
            assert!(found.iter().all(|fault| fault.code == Code::EmailFormat));
            assert!(!good || value == text.trim());
        }
    }

    fn codes(text: &str) -> Vec<Code> {
        let (mut value, mut faults) = (text.to_owned(), Faults::default());
        check_text(&mut value, &Path::Root, &mut faults);
        faults.into_result(b"").err().unwrap_or_default().into_iter().map(|fault| fault.code).collect()
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
            // Joiners inside words, selectors after what they change, and marks on their letters.
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
        let mut value = "  Ame\u{301}lie  ".to_owned();
        let mut faults = Faults::default();
        check_text(&mut value, &Path::Root, &mut faults);
        assert_eq!(value, "Am\u{e9}lie");
        assert!(faults.into_result(b"").is_ok());
    }
}
