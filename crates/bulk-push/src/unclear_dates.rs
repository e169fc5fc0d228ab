//! Explains dates that can be read in more than one way, so that none is read wrongly.

use jiff::ToSpan as _;
use jiff::civil::date;

use crate::date_pattern::Pattern;

/// Day numbers of spreadsheets from 1954 to 2064. Other numbers of five digits are not dates.
const DAY_NUMBERS: std::ops::RangeInclusive<i32> = 20_000..=60_000;

/// Explains a date that was not read, and names the option that helps. `is_told` says whether the
/// caller gave a pattern.
pub fn explain(text: &str, is_told: bool) -> Option<(String, String)> {
    if let Some(day) = day_number(text) {
        let message = format!(
            "'{text}' is a spreadsheet's day number, probably {day}. Format the column as a date, and export the file \
             again; a workbook (.xlsx) with that format can be pushed as it is."
        );
        return Some((message, format!("write the date, probably {day}")));
    }
    if is_shifted_day(text) {
        let message = format!(
            "'{text}' is a time in UTC, or one late in the evening that may be. Where the file was made, it may have \
             been the next day. Export dates without a time."
        );
        return Some((message, "write the date without a time".to_owned()));
    }
    if is_told {
        return None;
    }
    if let Some((month, day)) = six_digits(text) {
        let message = format!(
            "'{text}' is ambiguous: it may be {month} (YYYYMM) or {day} (YYMMDD). Set the format with --date-format \
             YYYYMM or --date-format YYMMDD."
        );
        return Some((message, "set the date format: --date-format YYYYMM or --date-format YYMMDD".to_owned()));
    }
    let help = "set the date format, such as: --date-format DD/MM/YYYY".to_owned();
    if is_ambiguous(text) {
        let message = "This date is ambiguous: the day or the month may come first. Set the format with \
                       --date-format DD/MM/YYYY or --date-format MM/DD/YYYY.";
        return Some((message.to_owned(), help));
    }
    None
}

/// Returns the date of a spreadsheet's day number, counted from 1899-12-30.
fn day_number(text: &str) -> Option<String> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let is_number = whole.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = whole.parse::<i32>().ok().filter(|number| is_number && DAY_NUMBERS.contains(number))?;
    date(1899, 12, 30).checked_add(number.days()).ok().map(|day| day.to_string())
}

/// Returns whether a text is a time in UTC other than midnight, or a time without a zone from ten
/// in the evening, which may be midnight in UTC+1 or UTC+2. Its local date may be another one.
pub fn is_shifted_day(text: &str) -> bool {
    let Some((_, time)) = split_time(text) else { return false };
    let end = time.find(|character: char| !character.is_ascii_digit() && !":.,".contains(character));
    let (clock, rest) = time.split_at(end.unwrap_or(time.len()));
    let rest = rest.trim().to_ascii_uppercase();
    let (half, zone) = match rest.get(..2) {
        Some(half @ ("AM" | "PM")) => (Some(half), rest[2..].trim()),
        _ => (None, &*rest),
    };
    let hour: Option<u32> = clock.split(':').next().and_then(|hour| hour.parse().ok());
    let is_late = hour.is_some_and(|hour| if half == Some("PM") { (10..12).contains(&hour) } else { hour >= 22 });
    let is_morning = half == Some("AM") && hour == Some(12);
    let after_hour = clock.split_once(':').map_or("", |(_, after)| after);
    let has_digit = |text: &str| text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let is_midnight = !has_digit(if is_morning { after_hour } else { clock });
    let offset = ["ETC/", "UTC", "GMT", "UT", "Z"].iter().fold(zone.to_owned(), |zone, name| zone.replace(name, ""));
    let is_utc = !zone.is_empty() && offset.chars().all(|character| "+-0:. ()[]".contains(character));
    if zone.is_empty() { is_late } else { is_utc && !is_midnight }
}

/// Splits a time of day off a date.
pub fn split_time(text: &str) -> Option<(&str, &str)> {
    text.match_indices(['T', ' ']).find_map(|(at, _)| {
        let (date, time) = (&text[..at], &text[at + 1..]);
        let hours = time.bytes().take_while(u8::is_ascii_digit).count();
        ((1..=2).contains(&hours) && time[hours..].starts_with(':')).then_some((date, time))
    })
}

/// Returns both readings of six digits that may be YYYYMM and YYMMDD.
pub fn six_digits(text: &str) -> Option<(String, String)> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let reads = |pattern| Pattern::parse(pattern).is_ok_and(|pattern: Pattern| pattern.matches(text));
    let (year, month, day) = (&text[..2], &text[2..4], &text[4..]);
    let century = if year < "60" { "20" } else { "19" };
    (reads("YYYYMM") && reads("YYMMDD"))
        .then(|| (format!("{}-{day}", &text[..4]), format!("{century}{year}-{month}-{day}")))
}

/// Returns whether a date can be read with the day or with the month first.
pub fn is_ambiguous(text: &str) -> bool {
    let separator = if text.contains('-') { '-' } else { '/' };
    ["YYYY", "YY"].into_iter().any(|year| {
        let reads = |first: &str, second: &str| {
            let pattern = Pattern::parse(&format!("{first}{separator}{second}{separator}{year}"));
            pattern.is_ok_and(|pattern| pattern.matches(text.trim()))
        };
        reads("DD", "MM") && reads("MM", "DD")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unclear_dates_are_explained_with_their_readings() {
        for (text, parts) in [
            ("43556", ["2019-04-01", "day number"]),
            ("44286", ["2021-03-31", "day number"]),
            ("43556.5", ["2019-04-01", "day number"]),
            ("200112", ["2001-12 (YYYYMM)", "2020-01-12 (YYMMDD)"]),
            ("01/02/2020", ["is ambiguous", "--date-format"]),
            ("2019-03-31T17:00:00.000Z", ["time in UTC", "without a time"]),
        ] {
            let (message, _) = explain(text, false).expect("explained");
            assert!(parts.iter().all(|part| message.contains(part)), "{text}: {message}");
        }
        for text in ["202001", "soon", "99999", "12345", "2019-03-31T00:00:00Z", "2019-03-31T17:00:00", "31/12/2020"] {
            assert_eq!(explain(text, false), None, "{text}");
        }
        assert_eq!(explain("200112", true), None, "the format was set");
        assert!(explain("43556", true).is_some(), "no format reads a day number");
    }

    #[test]
    fn times_that_may_be_of_another_day_are_found() {
        for text in [
            "2019-03-31T14:00:00Z",
            "2019-03-31T14:00:00-00:00",
            "2019-03-31T14:00:00GMT",
            "2019-03-31 13:00:00 +0000 UTC",
            "2019-03-31 14:00:00+00",
            "2019-03-31 22:00",
            "2019-03-31T23:59:59",
            "3/31/2019 11:00 PM",
        ] {
            assert!(is_shifted_day(text), "{text}");
        }
        for text in [
            "2019-03-31",
            "2019-03-31T00:00:00Z",
            "2019-03-31T00:00:00-00:00",
            "2019-03-31 17:00",
            "2019-03-31T23:00:00+02:00",
            "1/4/2019 12:00 AM",
            "1/4/2019 9:00 PM",
        ] {
            assert!(!is_shifted_day(text), "{text}");
        }
    }
}
