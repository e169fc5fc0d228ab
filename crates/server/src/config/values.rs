//! How single values are parsed: durations, lists, and names of protocols.

use std::str::FromStr;
use std::time::Duration;

use credential::key::Algorithm;
use serde::{Deserialize, Deserializer, de};
use store::domain::presentation::Mode;
use url::Url;

/// Longest duration: a hundred years.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

/// Reads `20s`, `10m`, `48h`, `400d` (a day is 24 hours), but not zero.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration = duration_or_zero(deserializer)?;
    if duration.is_zero() { Err(de::Error::custom("it must be longer than 0s")) } else { Ok(duration) }
}

/// Reads a duration that may be zero.
pub(super) fn duration_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = parse_duration(&text);
    if duration.is_some_and(|duration| duration > LONGEST) {
        return Err(de::Error::custom(format!("'{text}' is longer than 36500d")));
    }
    duration.ok_or_else(|| de::Error::custom(format!("'{text}' is not a duration like 20s, 10m, 48h or 400d")))
}

/// Reads a number of at least 1: a limit of zero would refuse everything.
pub(super) fn positive<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default + PartialEq>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number = T::deserialize(deserializer)?;
    if number == T::default() { Err(de::Error::custom("it must be at least 1")) } else { Ok(number) }
}

pub(super) fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
    let name = String::deserialize(deserializer)?;
    Algorithm::from_name(&name).ok_or_else(|| de::Error::custom(format!("'{name}' is neither ES256 nor EdDSA")))
}

pub(super) fn response_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mode, D::Error> {
    let name = String::deserialize(deserializer)?;
    Mode::from_name(&name)
        .ok_or_else(|| de::Error::custom(format!("'{name}' is neither direct_post.jwt nor direct_post")))
}

pub(super) fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(de::Error::custom) }
}

/// A list, or words with spaces between them, as the environment has them.
pub(super) fn words<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        List(Vec<String>),
        Text(String),
    }
    let words = match Words::deserialize(deserializer)? {
        Words::List(list) => list,
        Words::Text(text) => text.split_whitespace().map(ToOwned::to_owned).collect(),
    };
    words.iter().map(|word| word.parse().map_err(|error| de::Error::custom(format!("'{word}': {error}")))).collect()
}

/// A port, or a range of ports with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Whether `port` is in it.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl FromStr for PortRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "neither a port like 8443 nor a range like 9000-9100";
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(Self { first, last }),
            _ => Err(refused),
        }
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().find(|c: char| !c.is_ascii_digit())?)?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_ranges_include_both_ends() {
        let range: PortRange = "9000-9100".parse().expect("a range");
        assert_eq!([8_999, 9_000, 9_100, 9_101].map(|port| range.contains(port)), [false, true, true, false]);
        assert!("8443".parse::<PortRange>().is_ok_and(|range| range.contains(8_443) && !range.contains(8_444)));
        for bad in ["", "0", "70000", "9100-9000", "-", "443-", "a"] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_any_duration_never_panics(text in ".{0,12}") {
            let _ = parse_duration(&text);
        }
    }
}
