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
        (at, plain(error.message(), text.get(at..).unwrap_or_default()))
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

/// Returns a syntax error in plain words. Messages of the parser contain no text of the file.
/// `rest` is the file from the place of the error on.
fn plain(message: &str, rest: &str) -> String {
    const VALUES: [&str; 6] = ["boolean", "float", "integer", "mantissa", "fraction", "exponent"];
    let problem = message.split(", expected").next().unwrap_or_default();
    let is_at_end = rest.lines().next().is_none_or(|line| line.trim().is_empty() || line.trim().starts_with('#'));
    let said = match problem {
        "string values must be quoted" if !is_at_end => "a text needs double quotes, as in listen = \"127.0.0.1:8080\"",
        "string values must be quoted" | "missing value" | "missing value for key" => "the value after = is missing",
        "key with no value" => "a setting needs = and a value, as in trusted_proxies = 1",
        "extra `=`" => "there is one = too many; write a setting as name = value",
        "unexpected key or value" | "unexpected content" => {
            "there is more after the value; each setting has a line of its own, and a text needs double quotes"
        }
        "invalid basic string" | "invalid literal string" | "missing opening quote" => "a quote of the text is missing",
        "duplicate key" => "this name was used before; keep one of the two",
        "unclosed table" | "unclosed array table" => "the ] after the name of the section is missing",
        "unclosed array" => "the ] at the end of the list is missing",
        "missing comma between array elements" => "a comma between two values of the list is missing",
        "extra comma in array" => "there is one comma too many in the list",
        _ if VALUES.iter().any(|kind| problem.contains(kind)) => {
            "the value is neither a number nor true or false; a text needs double quotes"
        }
        _ => return format!("this is not TOML: {message}"),
    };
    said.to_owned()
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
    fn syntax_errors_name_the_line_and_no_text_of_the_file() {
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
    fn syntax_errors_are_in_plain_words() {
        for (text, said) in [
            ("[server]\nlisten == \"127.0.0.1:1\"\n", "there is one = too many"),
            ("[server]\nlisten = \n", "the value after = is missing"),
            ("[server]\nlisten\n", "a setting needs = and a value"),
            ("[server]\nlisten = localhost\n", "a text needs double quotes"),
            ("[server]\nlisten = 127.0.0.1\n", "a text needs double quotes"),
            ("[server]\nlisten = \"127.0.0.1:1\" x\n", "there is more after the value"),
            ("[log]\nfilter = info\n", "a text needs double quotes"),
            ("[log]\nfilter = \"a\n", "a quote of the text is missing"),
            ("\n[log\nfilter = \"a\"\n", "the ] after the name of the section"),
            ("filter = 1\nfilter = 2\n", "this name was used before"),
        ] {
            let error = refused(text, &[]);
            assert!(error.contains(", line 2, column ") && error.contains(said), "{text}: {error}");
            assert!(!error.contains("expected"), "{text}: {error}");
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
