//! Moments in the form of W3C credentials, and in words.
//!
//! The page for tokens has the same rules in `crates/server/static/vc-jwt.js`. Both are tested with
//! the cases in `tests/signed/verified.json`.

use std::ops::RangeInclusive;

/// Parses a time with a time zone (XML Schema 1.1, `dateTimeStamp`, which VCDM 2.0 requires) and
/// returns its seconds since the Unix epoch. A fraction of a second is dropped, and a leap second
/// is the first second of the next minute. Years have at most six digits.
pub(super) fn parse_time(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (year, text) = text.split_once('-')?;
    let (day, clock) = text.split_once(['T', 't'])?;
    let (month, day) = day.split_once('-')?;
    let (clock, offset) = split_zone(clock)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let (hour, clock) = clock.split_once(':')?;
    let (minute, second) = clock.split_once(':')?;
    if year.len() > 4 && year.starts_with('0') || fraction.is_empty() || !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let year = sign * number(year, 4..=6, i64::MAX)?;
    let (month, day) = (number(month, 2..=2, 12)?, number(day, 2..=2, 31)?);
    let (hour, minute, second) = (number(hour, 2..=2, 24)?, number(minute, 2..=2, 59)?, number(second, 2..=2, 60)?);
    let exists = month >= 1 && (1..=days_in(year, month)).contains(&day);
    let is_of_day = hour < 24 || minute == 0 && second == 0;
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    (exists && is_of_day).then_some(seconds)
}

/// Splits the time zone from a time of day. Returns its offset in minutes.
fn split_zone(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let (clock, zone) = clock.split_at(clock.rfind(['+', '-'])?);
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let offset = number(hours, 2..=2, 23)? * 60 + number(minutes, 2..=2, 59)?;
    Some((clock, if zone.starts_with('-') { -offset } else { offset }))
}

fn number(digits: &str, length: RangeInclusive<usize>, most: i64) -> Option<i64> {
    let is_number = length.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number <= most)
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days in 400 years, after which the calendar repeats.
const CYCLE: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01. Years are counted from March, so that a leap day is the
/// last.
const EPOCH: i64 = 719_468;

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_cycle = year.rem_euclid(400);
    let days = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + (153 * month + 2) / 5 + day - 1;
    year.div_euclid(400) * CYCLE + days - EPOCH
}

/// Returns the year of a moment in seconds since the Unix epoch.
fn year_of(seconds: i64) -> i64 {
    let days = seconds.div_euclid(86_400) + EPOCH;
    let of_cycle = days.rem_euclid(CYCLE);
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    // From March; January and February are those of the next year.
    let is_next = of_cycle - (year * 365 + year / 4 - year / 100) >= 306;
    days.div_euclid(CYCLE) * 400 + year + i64::from(is_next)
}

/// Formats a moment as RFC 3339, or as its year if that has more than four digits.
pub(super) fn in_words(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(moment) => moment.to_string(),
        Err(_) => format!("the year {}", year_of(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_w3c_credentials_are_parsed() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2026-11-30T01:02:03Z", Some(1_796_000_523)),
            ("2026-11-30T01:02:03.999999999999Z", Some(1_796_000_523)),
            ("2026-11-30T02:02:03+01:00", Some(1_796_000_523)),
            ("2026-11-29T13:32:03-11:30", Some(1_796_000_523)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800)),
            ("2016-12-31T24:00:00Z", Some(1_483_228_800)),
            ("2024-02-29t12:00:00z", Some(1_709_208_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799)),
            ("10000-01-01T00:00:00Z", Some(253_402_300_800)),
            ("-0001-01-01T00:00:00Z", Some(-62_198_755_200)),
            ("2023-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-01-01T24:00:01Z", None),
            ("2026-01-01T00:60:00Z", None),
            ("2026-01-01T00:00:61Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00.Z", None),
            ("2026-01-01T00:00:00+24:00", None),
            ("2026-01-01 00:00:00Z", None),
            ("2026-01-01", None),
            ("02026-01-01T00:00:00Z", None),
            ("1000000-01-01T00:00:00Z", None),
            ("226-01-01T00:00:00Z", None),
            ("2026-1-01T00:00:00Z", None),
            ("+2026-01-01T00:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text), seconds, "{text}");
        }
    }

    #[test]
    fn years_have_as_many_digits_as_they_need() {
        for (seconds, words) in [
            (0, "1970-01-01T00:00:00Z"),
            (253_402_300_799, "the year 9999"),
            (253_402_300_800, "the year 10000"),
            (1_795_908_270_000, "the year 58880"),
            (-377_705_116_801, "the year -10000"),
        ] {
            assert_eq!(in_words(seconds), words, "{seconds}");
        }
        assert!(in_words(i64::MAX).starts_with("the year 292277"), "{}", in_words(i64::MAX));
        assert!(in_words(i64::MIN).starts_with("the year -292277"), "{}", in_words(i64::MIN));
    }

    proptest! {
        #[test]
        fn moments_are_parsed_as_they_are_printed(seconds in -62_000_000_000..253_000_000_000_i64) {
            let printed = jiff::Timestamp::from_second(seconds).expect("a moment");
            prop_assert_eq!(parse_time(&printed.to_string()), Some(seconds));
            prop_assert_eq!(year_of(seconds), i64::from(jiff::tz::TimeZone::UTC.to_datetime(printed).year()));
        }

        #[test]
        fn parsing_any_time_never_panics(text in "\\PC{0,30}|-?[0-9]{4,7}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}[Zz+-]?[0-9:]{0,6}") {
            let _ = parse_time(&text);
        }
    }
}
