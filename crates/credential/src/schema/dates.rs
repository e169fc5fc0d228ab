//! Validates months, days, years and times.

use super::shape::Presence;
use crate::date::{self, Date, ParseDateError, parse_year};
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::year_month::{self, ParseYearMonthError, YearMonth};

/// How dates of a kind are written, in words of a message.
#[derive(Clone, Copy)]
struct Format {
    called: &'static str,
    pattern: &'static str,
    example: &'static str,
}

const MONTH: Format = Format { called: "a month", pattern: "YYYY-MM", example: "2023-01" };
const DAY: Format = Format { called: "a date", pattern: "YYYY-MM-DD", example: "2023-01-31" };
const YEAR: Format = Format { called: "a year", pattern: "YYYY", example: "2023" };
const YEAR_OR_DAY: Format =
    Format { called: "a year or a date", pattern: "YYYY or YYYY-MM-DD", example: "2023 or 2023-01-31" };

/// The message for a date before the first year.
const TOO_EARLY: &str = "The year must be 1900 or later.";

impl Format {
    /// Returns the format and an example.
    fn described(self) -> String {
        let Self { called, pattern, example } = self;
        format!("{called} in the format {pattern}, such as {example}.")
    }

    /// Returns the message for `text`, which is in another format. Only a field that may be absent
    /// gets the advice to leave it out.
    fn message(self, text: &str, presence: Presence) -> String {
        let format = self.described();
        match presence {
            _ if !means_none(text) => format!("Must be {format}"),
            Presence::Required => format!("A value is required. Enter {format}"),
            Presence::Optional => format!("Must be {format} If there is none, leave the field out."),
            Presence::Nullable => format!("Must be {format} If there is none, leave the field out or send null."),
        }
    }
}

/// Returns whether `text` says that there is no date, or none yet. Some systems write the last year
/// for a job that has not ended.
fn means_none(text: &str) -> bool {
    const WORDS: [&str; 9] = ["", "-", "present", "current", "now", "ongoing", "to date", "none", "n/a"];
    WORDS.contains(&&*text.trim().to_ascii_lowercase()) || text.contains("9999")
}

/// Returns whether the year of a date in the right format is before the first one.
fn is_too_early(text: &str) -> bool {
    text < "1900"
}

pub(super) fn check_month(text: &str, presence: Presence, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if let Err(error) = text.parse::<YearMonth>() {
        let suggestion = year_month::suggest(text);
        let (code, message) = match error {
            ParseYearMonthError::Range if is_too_early(text) => (Code::DateRange, TOO_EARLY.to_owned()),
            ParseYearMonthError::Range => (Code::DateRange, "No such month. It must be 01 to 12.".to_owned()),
            ParseYearMonthError::Format => (Code::DateFormat, MONTH.message(text, presence)),
        };
        field_errors.add(path, code, || message).received(&Node::from(text)).suggest(suggestion);
    }
}

pub(super) fn check_date(text: &str, presence: Presence, path: &Path<'_>, field_errors: &mut FieldErrors) {
    check_day(text, DAY, presence, path, field_errors);
}

pub(super) fn check_year_or_date(text: &str, presence: Presence, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return check_year(text, path, field_errors);
    }
    check_day(text, YEAR_OR_DAY, presence, path, field_errors);
}

fn check_day(text: &str, format: Format, presence: Presence, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if let Err(error) = Date::parse(text) {
        let (code, message) = match error {
            ParseDateError::Range if is_too_early(text) => (Code::DateRange, TOO_EARLY.to_owned()),
            ParseDateError::Range => (Code::DateRange, "No such date. Check the month and the day.".to_owned()),
            ParseDateError::Format => (Code::DateFormat, format.message(text, presence)),
        };
        field_errors.add(path, code, || message).received(&Node::from(text)).suggest(date::suggest(text));
    }
}

/// Validates a year. Whether one is required may depend on other fields, so there is no advice to
/// leave it out.
pub(super) fn check_year(text: &str, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if let Err(error) = parse_year(text) {
        let (code, message) = match error {
            ParseDateError::Range => (Code::DateRange, "The year must be between 1900 and 9999.".to_owned()),
            ParseDateError::Format => (Code::DateFormat, format!("Must be {}", YEAR.described())),
        };
        let suggestion = date::suggest_year(text);
        field_errors.add(path, code, || message).received(&Node::from(text)).suggest(suggestion);
    }
}

pub(super) fn check_instant(text: &str, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if text.parse::<jiff::Timestamp>().is_err() {
        let message = || "Must be a time in RFC 3339 format, such as 2026-11-25T09:30:00Z.".to_owned();
        field_errors.add(path, Code::TimeFormat, message).received(&Node::from(text));
    }
}
