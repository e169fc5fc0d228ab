//! Every setting with its value and where the value comes from, without secrets.

use std::path::{Path, PathBuf};

use config::{Config, Value, ValueKind};
use serde::Serialize;
use serde_json::json;
use url::Url;

/// Shown in place of a secret.
const REDACTED: &str = "redacted";

/// Shown in place of a value that may contain a secret at an unknown place.
const NOT_SHOWN: &str = "(not shown: it cannot be read as a URL)";

/// Settings with a URL that may contain a password.
const SECRET_URLS: [&str; 2] = ["storage.database_url", "mail.transport"];

/// Words in the names of query parameters that are secrets.
const SECRET_PARAMETERS: [&str; 3] = ["password", "secret", "token"];

/// The setting of which only the last characters are shown.
const ACCESS_KEY: &str = "object_storage.access_key";

/// The number of characters shown of it.
const SHOWN_CHARACTERS: usize = 4;

/// A setting and its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectiveSetting {
    /// Section and key, such as `server.listen`.
    pub name: String,
    /// The value as it was written, without secrets; `None` if it is not set.
    pub value: Option<serde_json::Value>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Origin {
    /// It is not set, and has no default.
    Unset,
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// An option of the command.
    Option,
}

/// The sources of the settings.
#[derive(Debug)]
pub(super) struct Given<'a> {
    /// The settings file and its text.
    pub(super) file: Option<(&'a Path, String)>,
    /// The names of the environment variables.
    pub(super) variables: Vec<&'a str>,
    /// The settings that options set.
    pub(super) options: Vec<&'a str>,
}

/// Lists the settings whose variables are `names`, in this order.
pub(super) fn list(names: Vec<String>, settings: &Config, given: &Given<'_>) -> Vec<EffectiveSetting> {
    let table: toml::Table = given.file.as_ref().and_then(|(_, text)| toml::from_str(text).ok()).unwrap_or_default();
    let one = |variable: String| {
        let name = variable.trim_start_matches("TENURE_").to_ascii_lowercase().replacen("__", ".", 1);
        let value = settings.get::<Value>(&name).ok().map(|value| shown(&name, value.kind));
        let (section, key) = name.split_once('.').unwrap_or_default();
        let is_in_file = table.get(section).is_some_and(|keys| keys.get(key).is_some());
        let set_by = given.variables.iter().find(|given| given.eq_ignore_ascii_case(&variable));
        let origin = match (&value, set_by, &given.file) {
            (None, ..) => Origin::Unset,
            _ if given.options.contains(&&*name) => Origin::Option,
            (_, Some(variable), _) => Origin::Environment((*variable).to_owned()),
            (_, None, Some((path, _))) if is_in_file => Origin::File(path.to_path_buf()),
            _ => Origin::Default,
        };
        EffectiveSetting { name, value, origin }
    };
    names.into_iter().map(one).collect()
}

/// Returns a value as JSON, without secrets.
fn shown(name: &str, value: ValueKind) -> serde_json::Value {
    match value {
        ValueKind::Nil => serde_json::Value::Null,
        ValueKind::Boolean(value) => json!(value),
        ValueKind::I64(value) => json!(value),
        ValueKind::U64(value) => json!(value),
        ValueKind::Float(value) => json!(value),
        ValueKind::String(text) => json!(redact(name, &text)),
        ValueKind::Array(values) => values.into_iter().map(|value| shown(name, value.kind)).collect(),
        other => json!(redact(name, &other.to_string())),
    }
}

/// Returns a text without its secrets. A value that may have one is shown only if it was parsed.
fn redact(name: &str, text: &str) -> String {
    let is_secret = ["secret", "password"].iter().any(|word| name.contains(word));
    if text.is_empty() || is_secret {
        return if text.is_empty() { String::new() } else { REDACTED.to_owned() };
    }
    if name == ACCESS_KEY {
        return last_characters(text);
    }
    let is_url = SECRET_URLS.contains(&name) && text != "console" && !text.starts_with("dir:");
    let has_user = text.contains("://") && text.contains('@');
    if !(is_url || has_user) {
        return text.to_owned();
    }
    redacted_url(text).unwrap_or_else(|| NOT_SHOWN.to_owned())
}

/// Returns the last characters of an identifier that is long enough to be recognised by them.
fn last_characters(text: &str) -> String {
    let length = text.chars().count();
    if length < 2 * SHOWN_CHARACTERS {
        return REDACTED.to_owned();
    }
    format!("...{}", text.chars().skip(length - SHOWN_CHARACTERS).collect::<String>())
}

/// Returns a URL without its secrets: the password, a user name that may be one, and parameters.
/// `None` if it cannot be read as a URL with an authority.
fn redacted_url(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    let authority = text.get(url.scheme().len()..)?.strip_prefix("://")?;
    // An unescaped character in a password ends the authority early, and leaves its rest here.
    let rest = authority.find(['/', '?', '#', '\\']).map_or("", |end| &authority[end..]);
    if !url.has_authority() || rest.contains(['@', '\\']) {
        return None;
    }
    let is_plain = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    let is_parameter = |name: &str| {
        let name = name.to_ascii_lowercase();
        SECRET_PARAMETERS.iter().any(|secret| name.contains(secret))
    };
    let has_parameter = url.query_pairs().any(|(name, _)| is_parameter(&name));
    if url.username().is_empty() && url.password().is_none() && !has_parameter {
        return Some(text.to_owned());
    }
    if !url.username().is_empty() && (url.password().is_none() || !is_plain(url.username())) {
        url.set_username(REDACTED).ok()?;
    }
    if url.password().is_some() {
        url.set_password(Some(REDACTED)).ok()?;
    }
    if has_parameter {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if is_parameter(&name) { REDACTED.to_owned() } else { value.into_owned() };
                (name.into_owned(), value)
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_passwords_are_redacted() {
        for (name, text, expected) in [
            ("object_storage.secret_key", "abc", "redacted"),
            ("object_storage.secret_key", "", ""),
            ("object_storage.access_key", "AKIASECRET7EXAMPLE", "...MPLE"),
            ("object_storage.access_key", "AKIA", "redacted"),
            ("storage.database_url", "postgres://u:SECRET@h/db", "postgres://u:redacted@h/db"),
            (
                "storage.database_url",
                "postgres://h/db?sslmode=require&password=SECRET",
                "postgres://h/db?sslmode=require&password=redacted",
            ),
            ("mail.transport", "smtp://u:SECRET@mail:587?tls=required", "smtp://u:redacted@mail:587?tls=required"),
            ("storage.database_url", "postgres://SECRET@h/db", "postgres://redacted@h/db"),
            ("storage.database_url", "postgres://SEC%52ET:SECRET@h/db", "postgres://redacted:redacted@h/db"),
            ("storage.database_url", "postgres:///db?host=/run/postgresql", "postgres:///db?host=/run/postgresql"),
            ("mail.transport", "smtp://mail:587", "smtp://mail:587"),
            ("mail.transport", "console", "console"),
            ("mail.from", "Tenure <tenure@passport.example>", "Tenure <tenure@passport.example>"),
            ("mail.transport", "dir:/var/mail", "dir:/var/mail"),
            ("server.base_url", "https://passport.example", "https://passport.example"),
        ] {
            assert_eq!(redact(name, text), expected, "{text}");
        }
    }

    #[test]
    fn values_that_cannot_be_read_as_urls_are_not_shown() {
        for text in [
            "smtp://u:SECRET@[mail",
            "u:SECRET@h:587",
            "SECRET@h",
            "postgres:/u:SECRET@h/db",
            "postgres:\\\\u:SECRET@h/db",
            "postgres://u:12/SECRET@h/db",
            "postgres://u:12?SECRET@h/db",
            "postgres://u:12#SECRET@h/db",
            "postgres:///u:SECRET@h/db",
            "host=h password=SECRET",
        ] {
            for name in SECRET_URLS {
                assert_eq!(redact(name, text), NOT_SHOWN, "{name}: {text}");
            }
        }
        assert_eq!(redact("server.base_url", "https://u:SECRET@[h"), NOT_SHOWN);
    }
}
