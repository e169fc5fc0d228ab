//! The type of every setting, and the range of every number and duration.
//!
//! Values are checked as written, because the settings library rounds fractions, and converts `on`
//! to 1 and 5 to true.

use config::{Config, ConfigError, Source as _, ValueKind};
use credential::parse_period;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// Values that a setting accepts.
#[derive(Clone, Copy, Debug)]
enum Range {
    /// A whole number, with inclusive bounds.
    Number(u64, u64),
    /// A duration, with inclusive bounds in seconds.
    Duration(u64, u64),
}

const RANGES: [(&str, Range); 38] = [
    ("server.trusted_proxies", Range::Number(0, 16)),
    ("server.body_limit", Range::Number(1_024, 104_857_600)),
    ("server.document_body_limit", Range::Number(1_024, 104_857_600)),
    ("server.timeout", Range::Duration(1, HOUR)),
    ("server.header_read_timeout", Range::Duration(1, HOUR)),
    ("server.max_connections", Range::Number(1, 1_000_000)),
    ("server.shutdown_delay", Range::Duration(0, HOUR)),
    ("server.shutdown_grace", Range::Duration(0, HOUR)),
    ("storage.connections", Range::Number(1, 1_000)),
    ("object_storage.upload_lifetime", Range::Duration(MINUTE, 30 * DAY)),
    ("object_storage.upload_timeout", Range::Duration(1, HOUR)),
    ("object_storage.orphan_age", Range::Duration(2, YEAR)),
    ("outbound.timeout", Range::Duration(1, 10 * MINUTE)),
    ("webhooks.timeout", Range::Duration(1, MINUTE)),
    ("webhooks.concurrency", Range::Number(1, 100)),
    ("credentials.lifetime", Range::Duration(5 * MINUTE, 10 * YEAR)),
    // A new key is published for one day before it signs.
    ("credentials.key_rotation_interval", Range::Duration(DAY, 10 * YEAR)),
    ("openid4vp.lifetime", Range::Duration(30, DAY)),
    ("mail.connections", Range::Number(1, 1_000)),
    ("tokens.lifetime", Range::Duration(1, 7 * DAY)),
    ("tokens.key_rotation_interval", Range::Duration(1, YEAR)),
    ("retention.incomplete", Range::Duration(1, YEAR)),
    ("retention.unclaimed_documents", Range::Duration(1, YEAR)),
    ("retention.status", Range::Duration(1, 10 * YEAR)),
    ("retention.deliveries", Range::Duration(1, YEAR)),
    ("retention.request_log", Range::Duration(1, YEAR)),
    ("retention.idempotency", Range::Duration(MINUTE, 30 * DAY)),
    ("verification.lifetime", Range::Duration(MINUTE, 30 * DAY)),
    // A code is encrypted with an epoch key that lives at least an hour.
    ("sign_in.code_lifetime", Range::Duration(MINUTE, HOUR)),
    // Codes have six digits, so the number of guesses must stay small.
    ("sign_in.max_code_attempts", Range::Number(1, 20)),
    ("sign_in.session_lifetime", Range::Duration(MINUTE, 400 * DAY)),
    ("sign_in.codes_per_address", Range::Number(1, 100_000)),
    ("sign_in.codes_per_ip_per_hour", Range::Number(1, 1_000_000)),
    ("sandbox.max_partners", Range::Number(1, 100_000)),
    ("rate_limit.partner_per_second", Range::Number(1, 1_000_000)),
    ("rate_limit.partner_burst", Range::Number(1, 1_000_000)),
    ("rate_limit.token_requests_per_ip_per_minute", Range::Number(1, 1_000_000)),
    ("rate_limit.wallet_requests_per_ip_per_minute", Range::Number(1, 1_000_000)),
];

/// Lists whose items may be numbers.
const NUMBERS: [&str; 2] = ["outbound.allowed_ports", "webhooks.allowed_ports"];

impl Range {
    /// Returns an error message if `value` is out of range.
    fn refuse(self, value: &str) -> Option<String> {
        match self {
            Self::Number(least, most) => {
                let is_in = value.parse::<u64>().is_ok_and(|number| (least..=most).contains(&number));
                (!is_in).then(|| format!("'{value}' must be a whole number from {least} to {most}"))
            }
            Self::Duration(least, most) => {
                let is_in = parse_period(value).is_some_and(|given| (least..=most).contains(&given.as_secs()));
                let (least, most) = (written(least), written(most));
                let like = "such as 20s, 10m, 48h or 400d";
                (!is_in).then(|| format!("'{value}' must be a duration from {least} to {most}, {like}"))
            }
        }
    }
}

/// Formats a duration in its largest whole unit.
fn written(seconds: u64) -> String {
    let is_whole = |(unit, _): &(u64, char)| seconds >= *unit && seconds.is_multiple_of(*unit);
    let (unit, letter) = [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')].into_iter().find(is_whole).unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

/// Checks every setting. Those without a default are paths and URLs; unknown ones were refused.
///
/// # Errors
/// Lists all problems, each with its setting.
pub(super) fn check(settings: &Config, default: &Config) -> Result<(), String> {
    let shown = |error: ConfigError| error.to_string();
    let (settings, default) = (settings.collect().map_err(shown)?, default.collect().map_err(shown)?);
    let mut wrong = Vec::new();
    for (section, keys) in default {
        let ValueKind::Table(keys) = keys.kind else { continue };
        let Some(ValueKind::Table(given)) = settings.get(&section).map(|given| &given.kind) else {
            wrong.push(format!("{section} is a section and cannot have a value"));
            continue;
        };
        for (key, value) in given.iter().filter(|(key, _)| !keys.contains_key(*key)) {
            let why = refuse_path(&value.kind);
            wrong.extend(why.map(|why| format!("{section}.{key}: {why}")));
        }
        for (key, default) in keys {
            let setting = format!("{section}.{key}");
            let why = given.get(&key).and_then(|value| refuse(&setting, &default.kind, &value.kind));
            wrong.extend(why.map(|why| format!("{setting}: {why}")));
        }
    }
    // The settings library does not preserve the order; sort for a stable message.
    wrong.sort();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// Returns an error message if `value` does not have the type of `default` or is out of range.
fn refuse(setting: &str, default: &ValueKind, value: &ValueKind) -> Option<String> {
    if let Some((_, range)) = RANGES.iter().find(|(known, _)| *known == setting) {
        return range.refuse(&plain(value));
    }
    let is_text = matches!(value, ValueKind::String(_));
    match default {
        ValueKind::Boolean(_) => {
            let words = ["true", "on", "yes", "1", "false", "off", "no", "0"];
            let is_word = is_text && words.contains(&&*plain(value).to_lowercase());
            let is_right = is_word || matches!(value, ValueKind::Boolean(_));
            (!is_right).then(|| format!("'{}' must be true or false", plain(value)))
        }
        ValueKind::Array(_) => {
            let takes_numbers = NUMBERS.contains(&setting);
            let is_item = |kind: &ValueKind| match kind {
                ValueKind::String(_) => true,
                ValueKind::I64(_) => takes_numbers,
                _ => false,
            };
            let is_right = match value {
                ValueKind::Array(items) => items.iter().all(|item| is_item(&item.kind)),
                one => is_item(one),
            };
            (!is_right).then(|| "it must be a list of strings, or words separated by commas or spaces".to_owned())
        }
        // The message omits the value, which may be a secret.
        _ => (!is_text).then(|| "it must be a string in quotes".to_owned()),
    }
}

/// Returns an error message if the value of a setting without a default is not a path or URL.
fn refuse_path(value: &ValueKind) -> Option<String> {
    match value {
        ValueKind::String(text) if text.trim().is_empty() => {
            Some("it is empty. Remove the setting, or give it a value".to_owned())
        }
        ValueKind::String(_) => None,
        _ => Some("it must be a string in quotes".to_owned()),
    }
}

/// Formats a value nearly as written. A fraction keeps its decimal point, so that 5.0 is refused.
fn plain(value: &ValueKind) -> String {
    match value {
        ValueKind::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use config::{File, FileFormat};

    use super::*;
    use crate::config::DEFAULT;

    fn settings(text: &str) -> Config {
        let file = |text| File::from_str(text, FileFormat::Toml);
        Config::builder().add_source(file(DEFAULT)).add_source(file(text)).build().expect("settings")
    }

    fn checked(text: &str) -> Result<(), String> {
        check(&settings(text), &settings(""))
    }

    #[test]
    fn every_number_and_duration_has_a_range() {
        let mut found = Vec::new();
        for (section, keys) in settings("").collect().expect("sections") {
            for (key, value) in keys.into_table().expect("a section") {
                let is_number = matches!(value.kind, ValueKind::I64(_));
                let is_duration = parse_period(&plain(&value.kind)).is_some();
                found.extend((is_number || is_duration).then(|| format!("{section}.{key}")));
            }
        }
        let mut ranges: Vec<&str> = RANGES.iter().map(|(setting, _)| *setting).collect();
        found.sort();
        ranges.sort_unstable();
        assert_eq!(found, ranges);
        assert_eq!(checked(""), Ok(()));
    }

    #[test]
    fn values_outside_their_range_are_rejected_with_it() {
        for (setting, range) in RANGES {
            let (section, key) = setting.split_once('.').expect("a section and a key");
            let with = |value: &str| checked(&format!("[{section}]\n{key} = {value}\n"));
            let odd: &[&str] = match range {
                Range::Number(..) => &["5.5", "5.0", "-1", "true", "\"on\"", "\"\"", "\"18446744073709551615\""],
                Range::Duration(..) => {
                    &["30", "1.5", "\"30\"", "\"1.5h\"", "\"-1s\"", "\"18446744073709551615d\"", "\"\""]
                }
            };
            let (least, most) = match range {
                Range::Number(least, most) | Range::Duration(least, most) => (least, most),
            };
            let given = |number: u64| match range {
                Range::Number(..) => number.to_string(),
                Range::Duration(..) => format!("\"{number}s\""),
            };
            for value in [given(least), given(most)] {
                assert_eq!(with(&value), Ok(()), "{setting} {value}");
            }
            let ends = match range {
                Range::Number(..) => format!("from {least} to {most}"),
                Range::Duration(..) => format!("from {} to {}", written(least), written(most)),
            };
            let beyond = least.checked_sub(1).into_iter().chain([most + 1]).map(given);
            for value in odd.iter().map(ToString::to_string).chain(beyond) {
                let error = with(&value).expect_err(&value);
                assert!(error.starts_with(&format!("{setting}: '{}' must be", value.trim_matches('"'))), "{error}");
                assert!(error.contains(&ends), "{error}");
            }
        }
    }

    #[test]
    fn values_of_another_kind_are_rejected() {
        for (text, setting) in [
            ("rate_limit = { enabled = 5 }", "rate_limit.enabled: '5'"),
            ("rate_limit = { enabled = 0.5 }", "rate_limit.enabled: '0.5'"),
            ("rate_limit = { enabled = \"maybe\" }", "rate_limit.enabled: 'maybe'"),
            ("object_storage = { bucket = 7 }", "object_storage.bucket: it must be a string"),
            ("mail = { from = false }", "mail.from: it must be a string"),
            ("webhooks = { allowed_ports = 8443.5 }", "webhooks.allowed_ports: it must be a list"),
            ("webhooks = { allowed_ports = true }", "webhooks.allowed_ports: it must be a list"),
            ("credentials = { categories = 0 }", "credentials.categories: it must be a list of strings"),
            ("credentials = { categories = [0] }", "credentials.categories: it must be a list of strings"),
            ("openid4vp = { trusted_authorities = 5 }", "openid4vp.trusted_authorities: it must be a list"),
            ("outbound = { ca_file = true }", "outbound.ca_file: it must be a string"),
            ("credentials = { signing_key_file = 1.5 }", "credentials.signing_key_file: it must be a string"),
            ("openid4vp = { trust_anchors = \"\" }", "openid4vp.trust_anchors: it is empty"),
            ("server = 1", "server is a section"),
        ] {
            let error = checked(text).expect_err(text);
            assert!(error.starts_with(setting), "{error}");
        }
        let secret = checked("object_storage = { secret_key = 123456.5 }").expect_err("not a text");
        assert!(secret.contains("object_storage.secret_key") && !secret.contains("123456"), "{secret}");
        let both = checked("[server]\nbody_limit = 5.5\ntimeout = \"0s\"\n").expect_err("two are wrong");
        assert!(both.contains("server.body_limit") && both.contains("server.timeout"), "{both}");
    }
}
