//! Days (`YYYY-MM-DD`) and years (`YYYY`).

use serde::{Serialize, Serializer};

/// A calendar day from 1900-01-01 to 9999-12-31.
///
/// ```
/// use credential::Date;
///
/// let leap = Date::parse("2024-02-29").unwrap();
/// assert_eq!((leap.year(), leap.month(), leap.day()), (2024, 2, 29));
/// assert!(Date::parse("2023-02-29").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

const FIRST_YEAR: i16 = 1900;

/// The reason why a text is not a day or a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseDateError {
    /// It is not in the expected format.
    #[error("a date must be written as YYYY-MM-DD, a year as YYYY")]
    Format,
    /// There is no such day, or its year is before 1900.
    #[error("the date does not exist, or its year is not between 1900 and 9999")]
    Range,
}

impl Date {
    /// Parses a day.
    ///
    /// # Errors
    /// [`ParseDateError`].
    pub fn parse(text: &str) -> Result<Self, ParseDateError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(ParseDateError::Format);
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().unwrap_or_default();
        let (month, day) = (i8::try_from(number(5..7)), i8::try_from(number(8..10)));
        Self::new(number(0..4), month.unwrap_or_default(), day.unwrap_or_default()).ok_or(ParseDateError::Range)
    }

    fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().filter(|date| date.year() >= FIRST_YEAR).map(Self)
    }

    /// Returns the last day of a month, which is written as `YYYY-MM`.
    pub(crate) fn end_of_month(text: &str) -> Option<Self> {
        Self::parse(&format!("{text}-01")).ok().map(|first| Self(first.0.last_of_month()))
    }

    /// Returns the day in UTC of a moment in seconds since the Unix epoch; `None` if its year is
    /// not between 1900 and 9999.
    pub(crate) fn in_utc(seconds: i64) -> Option<Self> {
        let moment = jiff::Timestamp::from_second(seconds).ok()?;
        Some(jiff::tz::offset(0).to_datetime(moment).date()).filter(|date| date.year() >= FIRST_YEAR).map(Self)
    }

    /// Returns the latest day that has begun somewhere on earth at `now`: the date at UTC+14.
    pub fn latest_on_earth(now: jiff::Timestamp) -> Self {
        Self(jiff::tz::offset(14).to_datetime(now).date())
    }

    /// Returns when the day has ended everywhere on earth: its midnight at UTC-12.
    pub fn end_on_earth(self) -> jiff::Timestamp {
        let midnight = self.0.tomorrow().map(|next| next.at(0, 0, 0, 0));
        midnight.and_then(|midnight| jiff::tz::offset(-12).to_timestamp(midnight)).unwrap_or(jiff::Timestamp::MAX)
    }

    /// Formats the day for reports, such as "31 May 2024".
    pub fn in_words(self) -> String {
        self.0.strftime("%-d %B %Y").to_string()
    }

    /// Returns the year, 1900 to 9999.
    pub fn year(self) -> i32 {
        i32::from(self.0.year())
    }

    /// Returns the month, 1 to 12.
    pub fn month(self) -> i32 {
        i32::from(self.0.month())
    }

    /// Returns the day of the month, 1 to 31.
    pub fn day(self) -> i32 {
        i32::from(self.0.day())
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Parses a year.
pub(crate) fn parse_year(text: &str) -> Result<i32, ParseDateError> {
    if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseDateError::Format);
    }
    text.parse().ok().filter(|year| *year >= i32::from(FIRST_YEAR)).ok_or(ParseDateError::Range)
}

/// Returns whether a character is a letter that dates in digits do not have. They have those of a
/// time in ISO 8601, and the signs after the numbers of Chinese, Japanese and Korean dates.
pub(crate) fn is_of_word(character: char) -> bool {
    character.is_alphabetic() && !"TZ\u{5e74}\u{6708}\u{65e5}\u{b144}\u{c6d4}\u{c77c}".contains(character)
}

/// Suggests a day for a text that almost is one: `2023-1-5`, `2023/01/05`, `20230105`, a date with
/// a time, and `31/01/2023` if the first number cannot be a month.
pub(crate) fn suggest(text: &str) -> Option<String> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    // The number of a week, as in `2023-W10-3`, is not a month.
    if day.chars().any(is_of_word) {
        return None;
    }
    let numbers: Vec<&str> = day.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match numbers.as_slice() {
        [whole] if whole.len() == 8 => (&whole[..4], &whole[4..6], &whole[6..]),
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        // If both numbers could be the month, no suggestion is better than a wrong one.
        [first, second, year] if year.len() == 4 => {
            match (first.parse::<u8>().ok()? > 12, second.parse::<u8>().ok()? > 12) {
                (true, false) => (*year, *second, *first),
                (false, true) => (*year, *first, *second),
                _ => return None,
            }
        }
        _ => return None,
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).map(|date| date.to_string())
}

/// Suggests a year for a text that contains one: `2023-12`, `12/2023`, `2023-12-01`.
pub(crate) fn suggest_year(text: &str) -> Option<String> {
    let mut years = text.split(|c: char| !c.is_ascii_digit()).filter(|part| parse_year(part).is_ok());
    years.next().filter(|_| years.next().is_none()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_days_that_exist_are_parsed() {
        for good in ["1900-01-01", "2000-02-29", "2024-02-29", "9999-12-31"] {
            assert_eq!(Date::parse(good).expect(good).to_string(), good);
        }
        for (bad, error) in [
            ("1899-12-31", ParseDateError::Range),
            ("1900-02-29", ParseDateError::Range),
            ("2023-02-29", ParseDateError::Range),
            ("2023-04-31", ParseDateError::Range),
            ("2023-13-01", ParseDateError::Range),
            ("2023-00-10", ParseDateError::Range),
            ("2023-1-5", ParseDateError::Format),
            ("2023-01", ParseDateError::Format),
            ("2023-01-05T00:00:00Z", ParseDateError::Format),
            ("+023-01-05", ParseDateError::Format),
            ("", ParseDateError::Format),
        ] {
            assert_eq!(Date::parse(bad), Err(error), "{bad}");
        }
    }

    #[test]
    fn months_and_moments_have_a_day() {
        let text = |day: Option<Date>| day.map(|day| day.to_string());
        for (month, day) in [
            ("2024-02", Some("2024-02-29")),
            ("2027-12", Some("2027-12-31")),
            ("2027-13", None),
            ("2027", None),
            ("2027-01-01", None),
            ("", None),
        ] {
            assert_eq!(text(Date::end_of_month(month)).as_deref(), day, "{month}");
        }
        assert_eq!(text(Date::in_utc(1_577_836_800)).as_deref(), Some("2020-01-01"));
        assert_eq!(text(Date::in_utc(1_577_836_799)).as_deref(), Some("2019-12-31"));
        assert_eq!((Date::in_utc(i64::MAX), Date::in_utc(-5_000_000_000)), (None, None));
    }

    #[test]
    fn days_end_at_midnight_in_the_last_time_zone() {
        for (day, end, words) in [
            ("2024-05-31", "2024-06-01T12:00:00Z", "31 May 2024"),
            ("2023-12-01", "2023-12-02T12:00:00Z", "1 December 2023"),
            ("9999-12-31", "9999-12-30T22:00:00.999999999Z", "31 December 9999"),
        ] {
            let day = Date::parse(day).expect("a day");
            assert_eq!((day.end_on_earth().to_string(), day.in_words()), (end.to_owned(), words.to_owned()));
        }
    }

    #[test]
    fn only_unambiguous_days_get_a_suggestion() {
        for (text, meant) in [
            ("2023-1-5", Some("2023-01-05")),
            ("2023/01/05", Some("2023-01-05")),
            ("20230105", Some("2023-01-05")),
            ("2023-01-05T10:00:00Z", Some("2023-01-05")),
            ("31/01/2023", Some("2023-01-31")),
            ("01/31/2023", Some("2023-01-31")),
            ("01/02/2023", None),
            ("2023-02-30", None),
            ("2023-W10-3", None),
            ("soon", None),
        ] {
            assert_eq!(suggest(text).as_deref(), meant, "{text}");
        }
        assert_eq!(suggest_year("12/2023").as_deref(), Some("2023"));
        assert_eq!(suggest_year("2022/2023"), None);
    }

    proptest! {
        #[test]
        fn parsed_days_print_as_written_and_suggestions_parse(text in "\\PC{0,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            if let Ok(date) = Date::parse(&text) {
                prop_assert_eq!(date.to_string(), text.clone());
            }
            if let Some(suggestion) = suggest(&text) {
                prop_assert!(Date::parse(&suggestion).is_ok());
            }
        }
    }
}
