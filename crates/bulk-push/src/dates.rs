//! Converts dates as files write them to dates as the API expects them.

use credential::Shape;

/// How a file writes its dates, such as `DD/MM/YYYY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Text(char),
}

/// A month, or a day, that a pattern matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    year: i32,
    month: i32,
    day: Option<i32>,
}

/// Unambiguous patterns. Days with slashes are missing, because day or month may come first.
const SURE: [&str; 14] = [
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
];

/// Patterns that are accepted even if another one is given.
const STANDARD: [&str; 2] = ["YYYY-MM", "YYYY-MM-DD"];

/// Values that mean "no end date yet".
const OPEN: [&str; 10] = ["present", "current", "now", "ongoing", "today", "to date", "until now", "-", "n/a", "null"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Pattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = [
            ("YYYY", Piece::Year),
            ("YY", Piece::ShortYear),
            ("MMM", Piece::MonthName),
            ("MM", Piece::Month),
            ("M", Piece::Month),
            ("DD", Piece::Day),
            ("D", Piece::Day),
        ];
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(first) = rest.chars().next() {
            match known.iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, piece)) => {
                    pieces.push(*piece);
                    rest = &rest[name.len()..];
                }
                None if first.is_ascii_alphabetic() => return Err(Self::wrong(text)),
                None => {
                    pieces.push(Piece::Text(first));
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        let count = |wanted: &[Piece]| pieces.iter().filter(|piece| wanted.contains(piece)).count();
        let is_whole = count(&[Piece::Year, Piece::ShortYear]) == 1
            && count(&[Piece::Month, Piece::MonthName]) == 1
            && count(&[Piece::Day]) <= 1;
        if is_whole { Ok(Self(pieces)) } else { Err(Self::wrong(text)) }
    }

    fn wrong(text: &str) -> String {
        format!(
            "'{text}' is not a date format; combine YYYY or YY, MM or MMM (Jan), and DD, such as DD/MM/YYYY or MMM-YY"
        )
    }

    fn read(&self, text: &str) -> Option<Found> {
        let (mut found, mut rest) = (Found::default(), text);
        for piece in &self.0 {
            match piece {
                Piece::Year => found.year = digits(&mut rest, 4, 4)?,
                Piece::ShortYear => {
                    // Two digits below 60 mean 20xx, because no career starts in the far
                    // future or a lifetime ago.
                    let short = digits(&mut rest, 2, 2)?;
                    found.year = if short < 60 { 2000 + short } else { 1900 + short };
                }
                Piece::Month => found.month = digits(&mut rest, 1, 2)?,
                Piece::Day => found.day = Some(digits(&mut rest, 1, 2)?),
                Piece::MonthName => found.month = month_name(&mut rest)?,
                Piece::Text(character) => rest = rest.strip_prefix(*character)?,
            }
        }
        let is_date = (1900..=9999).contains(&found.year)
            && (1..=12).contains(&found.month)
            && found.day.is_none_or(|day| (1..=31).contains(&day));
        (rest.is_empty() && is_date).then_some(found)
    }
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<i32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (number, behind) = rest.split_at(count);
    *rest = behind;
    number.parse().ok()
}

fn month_name(rest: &mut &str) -> Option<i32> {
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = rest[..length].to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| name.len() >= 3 && month.starts_with(&name))?;
    *rest = &rest[length..];
    i32::try_from(index + 1).ok()
}

/// Returns whether a date can be read with the day or with the month first.
pub fn is_ambiguous(text: &str) -> bool {
    let separator = if text.contains('-') { '-' } else { '/' };
    ["YYYY", "YY"].into_iter().any(|year| {
        let reads = |first: &str, second: &str| {
            let pattern = Pattern::parse(&format!("{first}{separator}{second}{separator}{year}"));
            pattern.is_ok_and(|pattern| pattern.read(text.trim()).is_some())
        };
        reads("DD", "MM") && reads("MM", "DD")
    })
}

/// Returns whether values of this shape are dates.
pub fn is_date(shape: Shape) -> bool {
    matches!(shape, Shape::YearMonth | Shape::Date | Shape::Year | Shape::YearOrDate)
}

/// How the dates of a file are parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dates {
    patterns: Vec<Pattern>,
    /// Whether the caller gave a pattern.
    pub are_told: bool,
}

impl Dates {
    /// Parses dates by the given pattern, or by the unambiguous ones.
    pub fn new(told: Option<&str>) -> Result<Self, String> {
        let others: &[&str] = if told.is_some() { &STANDARD } else { &SURE };
        let patterns: Result<Vec<Pattern>, String> =
            told.iter().chain(others).map(|pattern| Pattern::parse(pattern)).collect();
        Ok(Self { patterns: patterns?, are_told: told.is_some() })
    }

    /// Converts a date to the API's format; `None` if there is no date yet. Unreadable text is
    /// returned unchanged, and validation rejects it.
    pub fn convert(&self, text: &str, shape: Shape, is_optional: bool) -> Option<String> {
        let text = text.trim();
        if is_optional && OPEN.iter().any(|open| open.eq_ignore_ascii_case(text)) {
            return None;
        }
        // Drops the time of day.
        let alone = text.split_once(['T', ' ']).filter(|(_, time)| time.contains(':')).map_or(text, |(date, _)| date);
        let Some(Found { year, month, day }) = self.patterns.iter().find_map(|pattern| pattern.read(alone)) else {
            return Some(text.to_owned());
        };
        // Payroll systems write 9999-12-31 for an employment without an end.
        if is_optional && year == 9999 {
            return None;
        }
        Some(match (shape, day) {
            (Shape::YearMonth, _) => format!("{year:04}-{month:02}"),
            (Shape::Year, _) | (Shape::YearOrDate, None) => format!("{year:04}"),
            (_, Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
            _ => text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str, pattern: Option<&str>) -> Option<String> {
        Dates::new(pattern).expect("a pattern").convert(text, Shape::YearMonth, true)
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
        ] {
            assert_eq!(month(text, None).as_deref(), Some("2020-01"), "{text}");
        }
        for text in ["01/02/2020", "13/01/2020", "Jan-20", "soon", "2020", "2020-13", "01-20", ""] {
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
        for bad in ["", "DD/MM", "YYYY", "YYYY-MM-DD HH", "MM/DD/DD/YYYY"] {
            assert!(Pattern::parse(bad).is_err_and(|said| said.contains("DD/MM/YYYY")), "{bad}");
        }
    }

    #[test]
    fn open_ended_values_become_no_end_date() {
        let dates = Dates::new(None).expect("no pattern");
        for text in ["present", " Current", "-", "9999-12-31"] {
            assert_eq!(month(text, None), None, "{text}");
        }
        assert_eq!(
            dates.convert("present", Shape::YearMonth, false).as_deref(),
            Some("present"),
            "a start must be one"
        );
        assert_eq!(dates.convert("31.12.2020", Shape::Date, false).as_deref(), Some("2020-12-31"));
        assert_eq!(dates.convert("12/2020", Shape::Date, false).as_deref(), Some("12/2020"), "no day is made up");
        assert_eq!(dates.convert("2020-12-31", Shape::Year, false).as_deref(), Some("2020"));
        assert_eq!(dates.convert("2020", Shape::YearOrDate, false).as_deref(), Some("2020"));
    }
}
