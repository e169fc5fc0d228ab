//! Months in the format `YYYY-MM` of the mission's page.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::date::{self, is_of_word};

/// A calendar month from 1900-01 to 9999-12.
///
/// ```
/// use credential::YearMonth;
///
/// let start: YearMonth = "2020-01".parse().unwrap();
/// let end: YearMonth = "2022-12".parse().unwrap();
/// assert_eq!(end.months_since(start), 35);
/// assert_eq!(start.plus_months(36).to_string(), "2023-01");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearMonth {
    /// Months since January of the year 0.
    count: i32,
}

const FIRST: i32 = 1900 * 12;
const LAST: i32 = 9999 * 12 + 11;

/// The reason why a text is not a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseYearMonthError {
    /// It is not in the format `YYYY-MM`.
    #[error("a month must be written as YYYY-MM")]
    Format,
    /// There is no such month, or its year is before 1900.
    #[error("the month must be 01 to 12, and the year 1900 to 9999")]
    Range,
}

impl YearMonth {
    /// Creates the month `month` (1 to 12) of `year` (1900 to 9999).
    pub fn new(year: i32, month: i32) -> Option<Self> {
        ((1..=12).contains(&month) && (1900..=9999).contains(&year)).then_some(Self { count: year * 12 + month - 1 })
    }

    /// Returns the year, 1900 to 9999.
    pub fn year(self) -> i32 {
        self.count / 12
    }

    /// Returns the month, 1 to 12.
    pub fn month(self) -> i32 {
        self.count % 12 + 1
    }

    /// Returns the number of months from `earlier` to this month; negative if this one is earlier.
    pub fn months_since(self, earlier: Self) -> i32 {
        self.count - earlier.count
    }

    /// Returns the month `months` later, clamped to 1900-01 and 9999-12.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        Self { count: self.count.saturating_add(months).clamp(FIRST, LAST) }
    }

    /// Returns the latest month that has begun somewhere on earth at `now`: the month at UTC+14
    /// (docs/partner-api.md section 5).
    pub fn latest_on_earth(now: jiff::Timestamp) -> Self {
        let there = jiff::tz::offset(14).to_datetime(now);
        Self::new(i32::from(there.year()), i32::from(there.month())).unwrap_or(Self { count: LAST })
    }
}

/// The English names of months in lower case, from January.
pub const MONTH_NAMES: [&str; 12] = [
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

/// Suggests a month for a text that almost is one: `2023-1`, `2023/01`, `01/2023`, `202301`,
/// `Jan 15 2023`, and a day or a time of that month. The last year has no suggestion, because it
/// stands for an end that is not known.
pub(crate) fn suggest(text: &str) -> Option<String> {
    let text = text.trim();
    let numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    if text.chars().any(is_of_word) {
        return suggest_named(text, &numbers);
    }
    let (year, month) = match numbers.as_slice() {
        [whole] if whole.len() == 6 => whole.split_at(4),
        [year, month] | [year, month, _] if year.len() == 4 && month.len() <= 2 => (*year, *month),
        [month, year] if year.len() == 4 && month.len() <= 2 => (*year, *month),
        _ => {
            let day = date::suggest(text)?;
            return suggested(day.get(..4)?, day.get(5..7)?.parse().ok()?);
        }
    };
    suggested(year, month.parse().ok()?)
}

fn suggested(year: &str, month: i32) -> Option<String> {
    let year = year.parse::<i32>().ok().filter(|year| *year != 9999)?;
    YearMonth::new(year, month).map(|month| month.to_string())
}

/// Suggests a month for a text with its name. Other numbers than the year are days, and a text with
/// other words has no suggestion, such as `Q1 2019`.
fn suggest_named(text: &str, numbers: &[&str]) -> Option<String> {
    const BESIDE: [&str; 14] =
        ["st", "nd", "rd", "th", "of", "am", "pm", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase);
    let mut words = words.filter(|word| !BESIDE.contains(&word.as_str()) && !word.ends_with("day"));
    let word = words.next().filter(|word| word.chars().count() >= 3)?;
    let (number, _) = (1..).zip(MONTH_NAMES).find(|(_, name)| name.starts_with(word.as_str()))?;
    let mut years = numbers.iter().filter(|number| number.len() == 4);
    let year = years.next()?;
    let is_clear = words.next().is_none() && years.next().is_none();
    suggested(year, number).filter(|_| is_clear)
}

impl FromStr for YearMonth {
    type Err = ParseYearMonthError;

    fn from_str(text: &str) -> Result<Self, ParseYearMonthError> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| {
            bytes[range]
                .iter()
                .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i32::from(byte - b'0')))
        };
        if bytes.len() != 7 || bytes[4] != b'-' {
            return Err(ParseYearMonthError::Format);
        }
        let (Some(year), Some(month)) = (digits(0..4), digits(5..7)) else {
            return Err(ParseYearMonthError::Format);
        };
        Self::new(year, month).ok_or(ParseYearMonthError::Range)
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl Serialize for YearMonth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for YearMonth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_valid_months_are_parsed() {
        for good in ["1900-01", "2023-12", "9999-12"] {
            assert_eq!(good.parse::<YearMonth>().expect(good).to_string(), good);
        }
        for (bad, error) in [
            ("1899-12", ParseYearMonthError::Range),
            ("2023-00", ParseYearMonthError::Range),
            ("2023-13", ParseYearMonthError::Range),
            ("2023-1", ParseYearMonthError::Format),
            ("2023-01-15", ParseYearMonthError::Format),
            ("2023/01", ParseYearMonthError::Format),
            ("01-2023", ParseYearMonthError::Format),
            ("+023-01", ParseYearMonthError::Format),
            ("２０２３-01", ParseYearMonthError::Format),
            ("", ParseYearMonthError::Format),
        ] {
            assert_eq!(bad.parse::<YearMonth>(), Err(error), "{bad}");
        }
    }

    #[test]
    fn near_misses_get_a_suggestion() {
        for text in [
            "2023-1",
            "2023/01",
            "01/2023",
            "1.2023",
            "2023-01-15",
            " 2023-01 ",
            "202301",
            "20230115",
            "2023-01-15T00:00:00Z",
            "2023-01-15 00:00:00",
            "31.01.2023",
            "31.01.2023 08:15",
        ] {
            assert_eq!(suggest(text).as_deref(), Some("2023-01"), "{text}");
        }
        for text in ["", "soon", "2023", "23-01", "2023-13", "15/01/2023/7", "2023-W10", "2023-W10-3", "202313"] {
            assert_eq!(suggest(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_year_gets_no_suggestion() {
        for text in ["9999-12-31", "9999/12", "31.12.9999", "99991231", "9999-12-31T00:00:00Z", "Dec 9999"] {
            assert_eq!(suggest(text), None, "{text}");
        }
    }

    #[test]
    fn months_in_words_are_never_suggested_as_another_one() {
        for text in [
            "Apr 1 2019",
            "1 Apr 2019",
            "April 1st, 2019",
            "Apr-2019",
            "2019 Apr 1",
            "Mon Apr 1 2019",
            "Sunday, 7 April 2019",
            "Apr 01, 2019 12:00 AM",
            "01APR2019",
        ] {
            assert_eq!(suggest(text).as_deref(), Some("2019-04"), "{text}");
        }
        assert_eq!(suggest("Sept 2019").as_deref(), Some("2019-09"));
        assert_eq!(suggest("2019\u{5e74}4\u{6708}").as_deref(), Some("2019-04"));
        for text in ["1-Apr-19", "Apr-19", "Apr May 2019", "1 avril 2019", "Q1 2019", "W12 2019", "Apr 2019 2020"] {
            assert_eq!(suggest(text), None, "{text}");
        }
    }

    #[test]
    fn latest_month_is_that_of_utc_plus_14() {
        let before = "2026-10-31T09:59:59Z".parse().expect("a time");
        let after = "2026-10-31T10:00:00Z".parse().expect("a time");
        assert_eq!(YearMonth::latest_on_earth(before).to_string(), "2026-10");
        assert_eq!(YearMonth::latest_on_earth(after).to_string(), "2026-11");
    }

    proptest! {
        #[test]
        fn parsed_months_print_as_written_and_suggestions_parse(text in ".{0,12}") {
            if let Ok(month) = text.parse::<YearMonth>() {
                prop_assert_eq!(month.to_string(), text);
            } else if let Some(suggestion) = suggest(&text) {
                prop_assert!(suggestion.parse::<YearMonth>().is_ok());
            }
        }

        #[test]
        fn months_since_inverts_plus_months(start in FIRST..=LAST, months in -2000..2000) {
            let month = YearMonth { count: start };
            let moved = month.plus_months(months);
            if (FIRST..=LAST).contains(&(start + months)) {
                prop_assert_eq!(moved.months_since(month), months);
            }
        }
    }
}
