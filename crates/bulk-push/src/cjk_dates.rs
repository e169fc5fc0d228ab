//! Dates of East Asia: year, month and day with the characters behind them, or with points and
//! spaces, as in `2018. 3. 14.` The year comes first, so they need no pattern.

use crate::date_pattern::{DateParts, is_day};

/// The characters behind year, month and day.
const UNITS: [[char; 3]; 2] = [['\u{5e74}', '\u{6708}', '\u{65e5}'], ['\u{b144}', '\u{c6d4}', '\u{c77c}']];

/// Parses a date.
pub fn read(text: &str) -> Option<DateParts> {
    UNITS.into_iter().find_map(|units| with_units(text, units)).or_else(|| with_points(text))
}

fn with_units(text: &str, [year, month, day]: [char; 3]) -> Option<DateParts> {
    let (first, rest) = text.split_once(year)?;
    let (second, rest) = rest.split_once(month)?;
    let third = match rest.trim() {
        "" => None,
        rest => Some(rest.strip_suffix(day)?),
    };
    date(first, second, third)
}

/// Reads a date with a point and a space between its parts.
fn with_points(text: &str) -> Option<DateParts> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut parts = text.split(". ");
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() { None } else { date(first, second, third) }
}

fn date(year: &str, month: &str, day: Option<&str>) -> Option<DateParts> {
    let (year, month) = (number(year, 4)?, number(month, 2)?);
    let day = match day {
        Some(day) => Some(number(day, 2)?),
        None => None,
    };
    let is_date =
        (1900..=9999).contains(&year) && (1..=12).contains(&month) && day.is_none_or(|day| is_day(year, month, day));
    is_date.then_some(DateParts { year, month, day, is_short: false })
}

/// Reads a number of at most so many digits, which may be those of full width.
fn number(text: &str, most: usize) -> Option<i32> {
    let digit = |character: char| match character {
        '\u{ff10}'..='\u{ff19}' => u32::from(character) - 0xff10,
        _ => character.to_digit(10).unwrap_or(10),
    };
    let digits: Vec<u32> = text.trim().chars().map(digit).collect();
    if !(1..=most).contains(&digits.len()) || digits.contains(&10) {
        return None;
    }
    i32::try_from(digits.iter().fold(0_u32, |value, digit| value * 10 + digit)).ok()
}

#[cfg(test)]
mod tests {
    use credential::Shape;

    use super::*;
    use crate::dates::{Dates, Reading};

    #[test]
    fn dates_with_units_and_points_are_read() {
        for told in [None, Some("DD/MM/YYYY")] {
            let dates = Dates::new(told, false, jiff::civil::date(2026, 11, 23)).expect("a pattern");
            let read = |text, shape| dates.convert(text, shape, true, "start_date");
            for text in [
                "2018\u{5e74}3\u{6708}14\u{65e5}",
                "2018\u{5e74}03\u{6708}14\u{65e5}",
                "2018\u{5e74} 3\u{6708} 14\u{65e5}",
                "\u{ff12}\u{ff10}\u{ff11}\u{ff18}\u{5e74}\u{ff13}\u{6708}\u{ff11}\u{ff14}\u{65e5}",
                "2018\u{5e74}3\u{6708}14\u{65e5} 00:00",
                "2018\u{b144} 3\u{c6d4} 14\u{c77c}",
                "2018. 3. 14.",
                "2018. 03. 14",
            ] {
                assert_eq!(read(text, Shape::Date), Reading::Date("2018-03-14".to_owned()), "{text}");
            }
            for text in ["2026\u{5e74}10\u{6708}", "2026\u{b144} 10\u{c6d4}", "2026. 10."] {
                assert_eq!(read(text, Shape::YearMonth), Reading::Date("2026-10".to_owned()), "{text}");
            }
        }
    }

    #[test]
    fn other_texts_are_not_dates() {
        for text in [
            "",
            "\u{5e74}\u{6708}\u{65e5}",
            "2018\u{5e74}",
            "2018\u{5e74}13\u{6708}",
            "2018\u{5e74}2\u{6708}30\u{65e5}",
            "18\u{5e74}3\u{6708}14\u{65e5}",
            "\u{5e73}\u{6210}30\u{5e74}3\u{6708}14\u{65e5}",
            "2018\u{5e74}3\u{6708}14",
            "2018. 3. 14. 5",
            "3. 14. 2018",
            "2018\u{b144}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
