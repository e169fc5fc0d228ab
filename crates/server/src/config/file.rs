//! The settings file: reads and parses it before the settings library does.
//!
//! The library repeats the line of a syntax error, which may contain a password. Messages of this
//! module contain the place in the file and names of settings, but never the text of a line.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads the settings file and checks its form. `default` is the text of the default settings.
///
/// # Errors
/// The file cannot be read, is not TOML, has a value in place of a section, or a number that does
/// not fit into 64 bits.
pub(super) fn read(path: &Path, default: &str) -> Result<String, String> {
    let bytes = std::fs::read(path)
        .map_err(|error| format!("the file {} cannot be read: {error}. Check --config", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    check(text, default).map_err(|(at, why)| {
        let (line, column) = position(text, at);
        format!("{}, line {line}, column {column}: {why}", path.display())
    })?;
    Ok(text.to_owned())
}

/// Returns the offset and the description of the first problem.
fn check(text: &str, default: &str) -> Result<(), (usize, String)> {
    let file = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(text.len(), |span| span.start);
        (at, error.message().to_owned())
    })?;
    for (section, keys) in file.get_ref() {
        let (name, at) = (section.get_ref(), section.span().start);
        if is_section(name, default) && !keys.get_ref().is_table() {
            return Err((at, format!("{name} is a section and cannot have a value. Write [{name}], once")));
        }
        if let Some((setting, span)) = oversized(name, keys) {
            return Err((span.start, format!("{setting}: the number is too large")));
        }
    }
    Ok(())
}

fn is_section(name: &str, default: &str) -> bool {
    default.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).any(|known| known == name)
}

/// Finds a number that the settings library cannot represent. Returns its setting and its place.
fn oversized(setting: &str, value: &Spanned<DeValue<'_>>) -> Option<(String, Range<usize>)> {
    let is_oversized = match value.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).is_err(),
        DeValue::Float(number) => {
            let text = number.as_str();
            !text.contains("inf") && text.parse::<f64>().is_ok_and(f64::is_infinite)
        }
        DeValue::Array(items) => return items.iter().find_map(|item| oversized(setting, item)),
        DeValue::Table(keys) => {
            return keys.iter().find_map(|(key, value)| oversized(&format!("{setting}.{}", key.get_ref()), value));
        }
        _ => false,
    };
    is_oversized.then(|| (setting.to_owned(), value.span()))
}

/// Returns the line and column of an offset, both from 1. Columns count characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let (line, rest) = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default());
    (line, rest.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, DEFAULT};

    /// Loads a file with this text. Returns the error without the path of the file.
    fn refused(text: &str, overrides: &[(&str, String)]) -> String {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let error = Config::load(Some(file.path()), [], overrides).expect_err(text).to_string();
        let (before, after) = error.split_once(&file.path().display().to_string()).expect("the path");
        assert_eq!(before, "invalid settings: ");
        after.to_owned()
    }

    #[test]
    fn syntax_errors_name_the_place_and_no_text_of_the_file() {
        for (text, place) in [
            ("[storage]\ndatabase_url=postgres://u:SECRET@h/db\n", ", line 2, column "),
            ("[object_storage]\nsecret_key=\"SECRET\n", ", line 2, column "),
            ("[object_storage]\nsecret_key='SECRET\n", ", line 2, column "),
            ("[object_storage]\nsecret_key = \"SECRET\" SECRET\n", ", line 2, column "),
            ("[mail]\n\ntransport=smtp://u:SECRET@h\n", ", line 3, column "),
            ("[mail]\ntransport \"smtp://u:SECRET@h\"\n", ", line 2, column "),
            ("[mail]\ntransport = \"smtp://u:SECRET@h\"\ntransport = \"SECRET\"\n", ", line 3, column "),
            ("[mail]\ntransport = \"SECRET\\q\"\n", ", line 2, column "),
        ] {
            let error = refused(text, &[]);
            assert!(error.starts_with(place) && !error.contains("SECRET"), "{text}: {error}");
        }
    }

    #[test]
    fn sections_with_a_value_in_the_file_are_rejected() {
        let none: &[(&str, String)] = &[];
        let listen = [("server.listen", "127.0.0.1:1".to_owned())];
        for text in ["server = 1", "server = \"x\"", "[[server]]\ntimeout = \"5s\"", "[[server]]", "server = []"] {
            for overrides in [none, &listen] {
                let error = refused(text, overrides);
                assert!(error.contains("line 1") && error.contains("server is a section"), "{text}: {error}");
            }
        }
    }

    #[test]
    fn numbers_beyond_64_bits_are_rejected_with_their_setting() {
        for (text, place) in [
            ("[server]\nbody_limit = 99999999999999999999\n", ", line 2, column 14: server.body_limit: "),
            ("[mail]\nfrom = -0xffffffffffffffffff\n", ", line 2"),
            ("[rate_limit]\npartner_burst = 1e999\n", ", line 2, column 17: rate_limit.partner_burst: "),
            ("webhooks.allowed_ports = [1, 99999999999999999999]", ", line 1, column 30: webhooks.allowed_ports: "),
        ] {
            let error = refused(text, &[]);
            assert!(error.starts_with(place) && !error.contains("99999"), "{text}: {error}");
        }
    }

    #[test]
    fn a_missing_settings_file_is_named() {
        let missing = std::path::Path::new("/no/such/tenure.toml");
        let error = Config::load(Some(missing), [], &[]).expect_err("missing").to_string();
        assert!(error.contains("/no/such/tenure.toml cannot be read") && error.contains("--config"), "{error}");
    }

    #[test]
    fn the_default_file_with_a_byte_order_mark_loads() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), format!("\u{feff}{DEFAULT}")).expect("written");
        Config::load(Some(file.path()), [], &[]).expect("the default loads");
    }
}
