//! How single values are parsed: durations, lists, and names of protocols.

use std::str::FromStr;
use std::time::Duration;

use credential::key::Algorithm;
use serde::{Deserialize, Deserializer, de};
use store::domain::presentation::Mode;
use url::Url;

/// Reads `20s`, `10m`, `48h`, `400d` (a day is 24 hours).
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text)
        .ok_or_else(|| de::Error::custom(format!("'{text}' is not a duration like 20s, 10m, 48h or 400d")))
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

    proptest::proptest! {
        #[test]
        fn parsing_any_duration_never_panics(text in ".{0,12}") {
            let _ = parse_duration(&text);
        }
    }
}
