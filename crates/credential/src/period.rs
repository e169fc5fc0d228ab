//! Periods of time as text: a whole number and a unit.

use std::time::Duration;

/// Parses a period such as `20s`, `10m`, `48h` or `400d` (a day is 24 hours). Ignores spaces around
/// the number and the unit.
pub fn parse_period(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let seconds = match unit.trim_start() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_a_whole_number_and_a_unit() {
        for (text, seconds) in
            [("0s", 0), ("30s", 30), ("5m", 300), ("48h", 172_800), ("2d", 172_800), (" 5 m ", 300), ("007s", 7)]
        {
            assert_eq!(parse_period(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for bad in
            ["", " ", "s", "5", "-5m", "+5m", "1.5h", "5M", "5\u{e9}", "1h30m", "99999999999999999999d", "1 000s"]
        {
            assert_eq!(parse_period(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_any_period_never_panics(text in ".{0,12}") {
            let _ = parse_period(&text);
        }
    }
}
