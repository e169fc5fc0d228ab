//! Parsing of single values: durations, lists, and names of protocols.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use credential::key::Algorithm;
use credential::parse_period;
use serde::de::IntoDeserializer as _;
use serde::de::value::StringDeserializer;
use serde::{Deserialize, Deserializer, de};
use store::domain::presentation::Mode;
use url::Url;

/// Parses `20s`, `10m`, `48h` or `400d` (a day is 24 hours).
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused = || de::Error::custom(format!("'{text}' must be a duration such as 20s, 10m, 48h or 400d"));
    parse_period(&text).ok_or_else(refused)
}

pub(super) fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused = |_| de::Error::custom(format!("'{text}' must be an address and a port, such as 127.0.0.1:8080"));
    text.parse().map_err(refused)
}

pub(super) fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
    let name = String::deserialize(deserializer)?;
    Algorithm::from_name(&name).ok_or_else(|| de::Error::custom(format!("'{name}' must be ES256 or EdDSA")))
}

pub(super) fn response_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mode, D::Error> {
    let name = String::deserialize(deserializer)?;
    Mode::from_name(&name).ok_or_else(|| de::Error::custom(format!("'{name}' must be direct_post.jwt or direct_post")))
}

pub(super) fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(de::Error::custom) }
}

/// Parses the name of an enum variant. The error lists all names, which the settings library omits.
pub(super) fn choice<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    let name: StringDeserializer<D::Error> = name.into_deserializer();
    T::deserialize(name)
}

/// Parses a list, or words separated by commas or spaces as in environment variables. A word may be
/// a number, such as a port.
pub(super) fn words<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(i64),
    }
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "it must be a list, or words separated by commas or spaces")]
    enum Words {
        List(Vec<Word>),
        Text(String),
        Number(i64),
    }
    let words: Vec<String> = match Words::deserialize(deserializer)? {
        Words::List(list) => list
            .into_iter()
            .map(|word| match word {
                Word::Text(text) => text,
                Word::Number(number) => number.to_string(),
            })
            .collect(),
        Words::Text(text) => {
            let is_between = |letter: char| letter == ',' || letter.is_whitespace();
            text.split(is_between).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
        }
        Words::Number(number) => vec![number.to_string()],
    };
    words.iter().map(|word| word.parse().map_err(|error| de::Error::custom(format!("'{word}': {error}")))).collect()
}

/// The levels of `log.filter`.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Checks `log.filter`: comma-separated levels or `MODULE=LEVEL`. The logging library would take a
/// misspelt level for the name of a module, and log nothing.
pub(super) fn check_log_filter(filter: &str) -> Result<(), String> {
    for directive in filter.split(',') {
        let (module, level) = directive.split_once('=').unwrap_or(("all", directive));
        let is_known = LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known));
        if !is_known || module.is_empty() || module.contains(char::is_whitespace) {
            let levels = LEVELS.join(", ");
            return Err(format!(
                "log.filter: '{directive}' must be a level or MODULE=LEVEL. The levels are {levels}. Separate \
                 several with commas, without spaces"
            ));
        }
    }
    Ok(())
}

/// A port, or an inclusive range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    pub const ALL: Self = Self { first: 1, last: u16::MAX };

    /// Returns whether the range includes `port`.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl FromStr for PortRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "must be a port such as 8443, or a range such as 9000-9100";
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(Self { first, last }),
            _ => Err(refused),
        }
    }
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

    #[test]
    fn log_filters_with_an_unknown_level_are_rejected() {
        for good in ["info", "OFF", "warn,tenure=debug", "info,store::outbox=trace"] {
            assert_eq!(check_log_filter(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            " ",
            "inof",
            "nonsense",
            "tenure",
            "info,",
            "info, warn",
            "tenure=",
            "=info",
            "tenure=loud",
            "info,inof",
        ] {
            let error = check_log_filter(bad).expect_err(bad);
            assert!(error.contains("log.filter") && error.contains(&LEVELS.join(", ")), "{error}");
        }
    }
}
