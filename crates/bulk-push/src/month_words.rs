//! Dates with the name of a month and a year of four digits, in any order: `Apr 1 2019` or `Monday,
//! 1st of April 2019`. They have one reading only, so they need no pattern.

use crate::date_pattern::{DateParts, is_day, month_name};
use crate::word_lists::BESIDE_MONTH;

/// Characters between the parts of a date, besides white space.
const SEPARATORS: &str = ",.-/";

/// Parses a date. A year of two digits is not one, because it may be the day.
pub fn read(text: &str) -> Option<DateParts> {
    let (mut year, mut month, mut day): (Option<i32>, Option<i32>, Option<i32>) = (None, None, None);
    for part in parts(text)? {
        let is_number = part.starts_with(|first: char| first.is_ascii_digit());
        let slot = match part.len() {
            4 if is_number => &mut year,
            1 | 2 if is_number => &mut day,
            _ if is_number => return None,
            _ if is_beside(part) => continue,
            _ => &mut month,
        };
        let mut rest = part;
        let value = if is_number { part.parse().ok()? } else { month_name(&mut rest)? };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let (year, month) = (year?, month?);
    let is_date = (1900..=9999).contains(&year) && day.is_none_or(|day| is_day(year, month, day));
    is_date.then_some(DateParts { year, month, day, is_short: false })
}

/// Splits a text into words and numbers. Returns `None` if there is anything else than separators
/// between them.
fn parts(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let is_part = |character: char| {
            if first.is_ascii_digit() { character.is_ascii_digit() } else { character.is_alphabetic() }
        };
        let end = rest.find(|character: char| !is_part(character)).unwrap_or(rest.len());
        if end > 0 {
            parts.push(&rest[..end]);
        } else if !first.is_whitespace() && !SEPARATORS.contains(first) {
            return None;
        }
        rest = &rest[end.max(first.len_utf8())..];
    }
    Some(parts)
}

fn is_beside(word: &str) -> bool {
    BESIDE_MONTH.split_whitespace().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use credential::Shape;

    use super::*;
    use crate::date_formats::DateFormats;
    use crate::dates::{Dates, Reading};

    fn dates() -> Dates {
        Dates::new(None, false, jiff::civil::date(2026, 11, 23)).expect("no pattern")
    }

    #[test]
    fn months_in_words_are_read_in_every_order() {
        let day = Reading::Date("2019-04-01".to_owned());
        for text in [
            "Apr 1 2019",
            "Apr 1, 2019",
            "Apr. 1, 2019",
            "April 1, 2019",
            "April 01 2019",
            "April 1st, 2019",
            "APR-01-2019",
            "1 Apr 2019",
            "1 Apr, 2019",
            "01-Apr-2019",
            "1/Apr/2019",
            "01APR2019",
            "1. April 2019",
            "1st April 2019",
            "the 1st of April, 2019",
            "1er avril 2019",
            "2019 Apr 1",
            "2019-Apr-01",
            "Mon Apr 1 2019",
            "Monday, April 1, 2019",
            "Mon, 01 Apr 2019",
            "Apr 01, 2019 12:00 AM",
            "Apr  1 2019 12:00AM",
            "Mon Apr 01 2019 00:00:00 GMT+0200 (CEST)",
        ] {
            assert_eq!(dates().convert(text, Shape::Date, true, "end_date"), day, "{text}");
            let month = dates().convert(text, Shape::YearMonth, true, "end_date");
            assert_eq!(month, Reading::Date("2019-04".to_owned()), "{text}");
        }
        for (text, month) in [
            ("Apr 2019", "2019-04"),
            ("Apr-2019", "2019-04"),
            ("April, 2019", "2019-04"),
            ("2019 April", "2019-04"),
            ("Sept 2019", "2019-09"),
            ("Sep. 2019", "2019-09"),
            ("Sept 30, 2019", "2019-09"),
            ("Mar 2 2019", "2019-03"),
            ("May 12 2019", "2019-05"),
        ] {
            let read = dates().convert(text, Shape::YearMonth, true, "end_date");
            assert_eq!(read, Reading::Date(month.to_owned()), "{text}");
        }
    }

    #[test]
    fn short_years_need_a_format_that_is_named() {
        for (text, format) in [
            ("1-Apr-19", "DD-MMM-YY"),
            ("Apr-19", "MMM-YY"),
            ("Apr 19", "\"MMM YY\""),
            ("1 Apr 19", "\"DD MMM YY\""),
            ("Apr 1, 19", "\"MMM DD, YY\""),
            ("Apr 1 19", "\"MMM DD YY\""),
            ("1/Apr/19", "DD/MMM/YY"),
            ("01APR19", "DDMMMYY"),
        ] {
            let (mut dates, mut formats) = (dates(), DateFormats::default());
            assert!(!dates.is_read(text), "{text}");
            formats.add(text);
            dates.hint = formats.hint();
            let (_, help) = dates.explain(text, false).expect(text);
            assert_eq!(help, format!("set the date format: --date-format {format}"), "{text}");
            let told = Dates::new(Some(format.trim_matches('"')), false, jiff::civil::date(2026, 11, 23));
            assert!(told.is_ok_and(|told| told.is_read(text)), "{text}: the named format reads it");
        }
    }

    #[test]
    fn other_texts_with_a_month_are_not_dates() {
        for text in [
            "",
            "April",
            "1 April",
            "Apr 31 2019",
            "Apr 1 2 2019",
            "Apr May 2019",
            "left 1 April 2019",
            "Apr 1 2019 2020",
            "2019 1",
            "Apr 2019?",
            "Q1 2019",
            "Apr 123 2019",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
