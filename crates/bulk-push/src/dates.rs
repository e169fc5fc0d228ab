//! Converts dates as files write them to dates as the API expects them.

use credential::Shape;
use jiff::civil::Date;

use crate::cjk_dates;
use crate::date_pattern::{DateParts, Pattern};
use crate::month_words;
use crate::unclear_dates as unclear;

/// Unambiguous patterns. Days with slashes are missing, because day or month may come first.
const SURE: [&str; 15] = [
    "YYYY-MM",
    "YYYY-MM-DD",
    "YYYY/MM",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "YYYYMM",
    "YYYYMMDD",
    "MM/YYYY",
    "MM-YYYY",
    "MM.YYYY",
    "DD.MM.YYYY",
    "MMM YYYY",
    "DD MMM YYYY",
    "DD-MMM-YYYY",
    "DD. MMM YYYY",
];

/// Patterns that are accepted even if another one is given.
const STANDARD: [&str; 2] = ["YYYY-MM", "YYYY-MM-DD"];

/// An optional date that lies further ahead than this is not one. Systems write 2099-12-31,
/// 2999-12-31, 4712-12-31 or 9999-12-31 for a job without an end; others are errors, such as 3020
/// for 2020.
const FAR_YEARS: i32 = 50;

/// Years of which any date means that there is none.
const NO_YEARS: [i32; 2] = [4712, 9999];

/// Years whose first and last days mean that there is none.
const NO_YEARS_AT_ENDS: [i32; 5] = [2099, 2100, 2999, 3000, 3999];

/// The last days that some databases and libraries can write, and those of centuries.
const NO_DAYS: [(i32, i32, i32); 4] = [(2079, 6, 6), (2199, 12, 31), (2262, 4, 11), (2299, 12, 31)];

/// Values that mean "no end date yet".
const OPEN: [&str; 10] = ["present", "current", "now", "ongoing", "today", "to date", "until now", "-", "n/a", "null"];

/// Values of an end that probably mean "no end date yet", which `--empty-end` confirms.
const EMPTY: &[&str] = &[
    "none",
    "nan",
    "nat",
    "nil",
    "na",
    "n.a.",
    "(null)",
    "<null>",
    "(none)",
    "(blank)",
    "undefined",
    "0",
    "0000-00-00",
    "00/00/0000",
    "00.00.0000",
    "00-00-0000",
    "00000000",
    "0000-00-00 00:00:00",
    "--",
    "\u{2013}",
    "\u{2014}",
    "active",
    "employed",
    "open",
    "open ended",
    "permanent",
    "heute",
    "laufend",
    "offen",
    "unbefristet",
    "aktuell",
    "en cours",
    "hoy",
    "heden",
    "sekarang",
    "9999-99-99",
    "99/99/9999",
    "99.99.9999",
    "99999999",
    "1900-01-00",
    // The day number of 9999-12-31.
    "2958465",
];

/// Returns whether values of this shape are dates.
pub fn is_date(shape: Shape) -> bool {
    matches!(shape, Shape::YearMonth | Shape::Date | Shape::Year | Shape::YearOrDate)
}

/// What a cell with a date says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A date in the API's format, or unreadable text, which validation rejects.
    Date(String),
    /// There is no date yet.
    Open,
    /// There is no date yet, because this one lies too far ahead to be one.
    Far,
}

/// How the dates of a file are parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dates {
    patterns: Vec<Pattern>,
    /// Whether the caller gave a pattern.
    pub are_told: bool,
    /// Which format reads the dates of the file.
    pub hint: Option<String>,
    empty_end: bool,
    today: Date,
}

impl Dates {
    /// Parses dates by the given pattern, or by the unambiguous ones. With `empty_end`, words such
    /// as `None` mean that there is no end.
    pub fn new(told: Option<&str>, empty_end: bool, today: Date) -> Result<Self, String> {
        let others: &[&str] = if told.is_some() { &STANDARD } else { &SURE };
        let patterns: Result<Vec<Pattern>, String> =
            told.iter().chain(others).map(|pattern| Pattern::parse(pattern)).collect();
        Ok(Self { patterns: patterns?, are_told: told.is_some(), hint: None, empty_end, today })
    }

    /// Converts a date to the API's format. `field` is the name of the field.
    pub fn convert(&self, text: &str, shape: Shape, is_optional: bool, field: &str) -> Reading {
        let text = text.trim();
        let is_open = |words: &[&str]| words.iter().any(|open| open.eq_ignore_ascii_case(text));
        if is_optional && (is_open(&OPEN) || (self.empty_end && is_open(EMPTY))) {
            return Reading::Open;
        }
        let Some(found) = self.found(text) else {
            return Reading::Date(text.to_owned());
        };
        let DateParts { mut year, month, day, is_short } = found;
        // A birth lies in the past: 52 is 1952, not 2052.
        if is_short && field == "date_of_birth" && year > i32::from(self.today.year()) {
            year -= 100;
        }
        if is_optional && self.is_far(found) && means_none(found) {
            return Reading::Far;
        }
        Reading::Date(match (shape, day) {
            (Shape::YearMonth, _) => format!("{year:04}-{month:02}"),
            (Shape::Year, _) | (Shape::YearOrDate, None) => format!("{year:04}"),
            (_, Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
            _ => text.to_owned(),
        })
    }

    fn found(&self, text: &str) -> Option<DateParts> {
        if unclear::is_shifted_day(text) {
            return None;
        }
        // Drops the time of day.
        let alone = unclear::split_time(text).map_or(text, |(date, _)| date);
        if !self.are_told && unclear::six_digits(alone).is_some() {
            return None;
        }
        let by_name = || if self.are_told { None } else { month_words::read(alone) };
        let by_pattern = self.patterns.iter().find_map(|pattern| pattern.read(alone));
        by_pattern.or_else(by_name).or_else(|| cjk_dates::read(alone))
    }

    /// Returns whether `text` is a date.
    pub fn is_read(&self, text: &str) -> bool {
        self.found(text.trim()).is_some()
    }

    /// Returns whether `text` is a date in the future, or a date that never comes.
    pub fn is_ahead(&self, text: &str) -> bool {
        let (year, month) = (i32::from(self.today.year()), i32::from(self.today.month()));
        self.found(text.trim()).is_some_and(|found| (found.year, found.month) > (year, month))
    }

    fn is_far(&self, found: DateParts) -> bool {
        found.year > i32::from(self.today.year()) + FAR_YEARS
    }

    /// Returns whether `text` is a date that lies too far ahead, and none of those that mean that
    /// there is no date.
    pub fn is_too_far(&self, text: &str) -> bool {
        self.found(text.trim()).is_some_and(|found| self.is_far(found) && !means_none(found))
    }

    /// Explains why a date was not read, and names the option that helps.
    pub fn explain(&self, text: &str, is_end: bool) -> Option<(String, String)> {
        let text = text.trim();
        if is_end && EMPTY.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return Some((
                format!("'{text}' is not a date. If it means that there is no end, add --empty-end."),
                "if it means that there is no end, add: --empty-end".to_owned(),
            ));
        }
        let Some((message, help)) = unclear::explain(text, self.are_told) else { return self.unread(text) };
        match &self.hint {
            Some(hint) if unclear::is_ambiguous(text) => Some((
                format!("This date is ambiguous: the day or the month may come first. To read it, {hint}."),
                hint.clone(),
            )),
            _ => Some((message, help)),
        }
    }

    /// Names the format that reads a date, if only the option is missing.
    fn unread(&self, text: &str) -> Option<(String, String)> {
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        let hint = self.hint.as_ref().filter(|hint| hint.contains("--date-format"))?;
        (has_digit && !self.are_told && !self.is_read(text))
            .then(|| (format!("The format of this date must be given. To read it, {hint}."), hint.clone()))
    }
}

/// Returns whether a date far ahead is one that systems write for none.
fn means_none(found: DateParts) -> bool {
    let DateParts { year, month, day, .. } = found;
    let is_at_end = matches!((month, day), (1, None | Some(1)) | (12, None | Some(30 | 31)));
    NO_YEARS.contains(&year)
        || (NO_YEARS_AT_ENDS.contains(&year) && is_at_end)
        || day.is_some_and(|day| NO_DAYS.contains(&(year, month, day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str, pattern: Option<&str>) -> Option<String> {
        match dates(pattern, false).convert(text, Shape::YearMonth, true, "end_date") {
            Reading::Date(text) => Some(text),
            Reading::Open | Reading::Far => None,
        }
    }

    fn dates(pattern: Option<&str>, empty_end: bool) -> Dates {
        Dates::new(pattern, empty_end, jiff::civil::date(2026, 11, 23)).expect("a pattern")
    }

    #[test]
    fn unambiguous_dates_are_read_without_a_pattern() {
        for text in [
            "2020-01",
            "2020-01-31",
            "2020-01-31T00:00:00Z",
            "2020-01-31 00:00",
            "2020/01",
            "2020/1/5",
            "20200131",
            "202001",
            "01/2020",
            "1.2020",
            "31.01.2020",
            "Jan 2020",
            "January 2020",
            "5 Jan 2020",
            "31-JAN-2020",
            "5 de enero de 2020",
            "31-JAN-2020 00:00:00",
        ] {
            assert_eq!(month(text, None).as_deref(), Some("2020-01"), "{text}");
        }
        let unread = ["01/02/2020", "13/01/2020", "Jan-20", "soon", "2020", "2020-13", "01-20", ""];
        // A spreadsheet's day number, YYYYMM or YYMMDD, and a time that may be of the day before.
        let unclear = ["43556", "2020131", "200112", "2019-03-31T17:00:00.000Z", "2019-03-31 17:00:00+00:00"];
        for text in unread.into_iter().chain(unclear) {
            assert_eq!(month(text, None).as_deref(), Some(text), "{text}: left for the check to refuse");
        }
    }

    #[test]
    fn patterns_resolve_ambiguous_dates() {
        for (text, pattern) in [
            ("31/01/2020", "DD/MM/YYYY"),
            ("1/31/2020", "MM/DD/YYYY"),
            ("Jan-20", "MMM-YY"),
            ("01/20", "MM/YY"),
            ("2020-01", "DD/MM/YYYY"),
            ("31/01/2020 00:00", "DD/MM/YYYY"),
        ] {
            assert_eq!(month(text, Some(pattern)).as_deref(), Some("2020-01"), "{text} as {pattern}");
        }
        assert_eq!(month("Dec-87", Some("MMM-YY")).as_deref(), Some("1987-12"));
        assert_eq!(month("31/01/2020", Some("MM/DD/YYYY")).as_deref(), Some("31/01/2020"), "no such month");
    }

    #[test]
    fn open_ended_values_become_no_end_date() {
        for text in ["present", " Current", "-", "9999-12-31", "4712-12-31", "2999-12-31", "31.12.2099", "2100-01-01"] {
            assert_eq!(month(text, None), None, "{text}");
        }
        assert_eq!(month("2060-12-31", None).as_deref(), Some("2060-12"));
        let read = |text, shape, is_optional| dates(None, false).convert(text, shape, is_optional, "start_date");
        let date = |text: &str| Reading::Date(text.to_owned());
        assert_eq!(read("present", Shape::YearMonth, false), date("present"), "a start must be one");
        assert_eq!(read("2999-12-31", Shape::YearMonth, false), date("2999-12"));
        assert_eq!(read("31.12.2020", Shape::Date, false), date("2020-12-31"));
        assert_eq!(read("12/2020", Shape::Date, false), date("12/2020"), "no day is made up");
        assert_eq!(read("2020-12-31", Shape::Year, false), date("2020"));
        assert_eq!(read("2020", Shape::YearOrDate, false), date("2020"));
    }

    #[test]
    fn dates_too_far_ahead_are_errors_unless_they_are_in_use() {
        for text in ["3020-12-31", "2200-12-31", "2202-12-31", "2077-12-31", "2099-06-30", "31.03.2999", "3020-12"] {
            assert!(dates(None, false).is_too_far(text) && month(text, None).is_some(), "{text}");
        }
        for text in ["9999-12-31", "9999-12", "4712-12-31", "2099-12-31", "2100-01-01", "12/2999", "2079-06-06"] {
            assert!(!dates(None, false).is_too_far(text) && month(text, None).is_none(), "{text}");
        }
        for text in ["2020-12-31", "2060-12-31", "soon", ""] {
            assert!(!dates(None, false).is_too_far(text), "{text}");
        }
    }

    #[test]
    fn empty_looking_ends_need_a_confirmation() {
        for text in ["None", "NaN", "0000-00-00", "--", "\u{2014}", "Active", "laufend", "9999-99-99"] {
            assert_eq!(month(text, None).as_deref(), Some(text));
            let (message, help) = dates(None, false).explain(text, true).expect("explained");
            assert!(message.contains(text) && help.contains("--empty-end"), "{message}");
            assert_eq!(dates(None, false).explain(text, false), None, "only an end may be empty");
            let confirmed = dates(None, true).convert(text, Shape::YearMonth, true, "end_date");
            assert_eq!(confirmed, Reading::Open, "{text}");
        }
    }

    #[test]
    fn unread_dates_name_the_format_of_the_file() {
        let mut read = dates(None, false);
        assert_eq!(read.explain("1-Apr-19", false), None, "nothing is known about the file");
        read.hint = Some("set the date format: --date-format DD-MMM-YY".to_owned());
        let (message, help) = read.explain("1-Apr-19", false).expect("explained");
        assert!(message.contains("--date-format DD-MMM-YY") && help.contains("DD-MMM-YY"), "{message}");
        assert_eq!(read.explain("soon", false), None);
    }

    #[test]
    fn two_digit_years_of_birth_are_in_the_past() {
        let born = |text| dates(Some("DD/MM/YY"), false).convert(text, Shape::Date, false, "date_of_birth");
        assert_eq!(born("15/06/52"), Reading::Date("1952-06-15".to_owned()));
        assert_eq!(born("15/06/75"), Reading::Date("1975-06-15".to_owned()));
        assert_eq!(born("15/06/05"), Reading::Date("2005-06-15".to_owned()));
    }

    #[test]
    fn future_and_past_dates_are_distinguished() {
        assert!(dates(None, false).is_ahead("2026-12-31") && dates(None, false).is_ahead("9999-12-31"));
        assert!(!dates(None, false).is_ahead("2026-11-01") && !dates(None, false).is_ahead("soon"));
    }
}
