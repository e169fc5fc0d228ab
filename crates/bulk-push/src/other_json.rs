//! Recognises JSON that is not NDJSON, and names the command that converts it.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::error::Error;

/// JSON that is not NDJSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherJson {
    /// An array of bodies.
    Array,
    /// A body over several lines.
    SeveralLines,
}

impl OtherJson {
    /// Recognises it by the first two lines that are not blank.
    pub fn of(first: &[u8], second: Option<&[u8]>) -> Option<Self> {
        let begins = |line: &[u8], with: u8| line.trim_ascii_start().first() == Some(&with);
        if begins(first, b'[') {
            return Some(Self::Array);
        }
        let is_cut = || serde_json::from_slice::<IgnoredAny>(first).is_err_and(|error| error.is_eof());
        // A second line that begins an object belongs to NDJSON with a damaged first line.
        let goes_on = second.is_some_and(|line| !begins(line, b'{'));
        (begins(first, b'{') && goes_on && is_cut()).then_some(Self::SeveralLines)
    }

    /// Returns the error for the file `name`.
    pub fn refusal(self, name: &str) -> Error {
        let word = shell_word(name);
        Error::Failed(match self {
            Self::Array => format!(
                "{name} is a JSON array, and this needs one body per line. Convert it: jq -c '.[]' {word} > bodies.ndjson"
            ),
            Self::SeveralLines => format!(
                "{name} has JSON over several lines, and NDJSON has one body per line. Convert it: \
                 jq -c . {word} > bodies.ndjson"
            ),
        })
    }
}

/// Returns `text` as one word of a shell command.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_bodies_over_several_lines_are_recognised() {
        for (first, second, expected) in [
            ("[{\"a\": 1}, {}]", None, Some(OtherJson::Array)),
            ("  [", Some("{"), Some(OtherJson::Array)),
            ("{", Some("  \"a\": 1"), Some(OtherJson::SeveralLines)),
            ("{\"a\": [", Some("1]}"), Some(OtherJson::SeveralLines)),
            ("{\"a\": 1}", Some("{\"a\": 2}"), None),
            ("{\"a\": ", Some("{\"a\": 2}"), None),
            ("{\"a\": ", None, None),
            ("{\"a\" 1}", Some("x"), None),
        ] {
            let found = OtherJson::of(first.as_bytes(), second.map(str::as_bytes));
            assert_eq!(found, expected, "{first} {second:?}");
        }
    }

    #[test]
    fn errors_name_the_conversion() {
        let said = OtherJson::Array.refusal("my people.json").to_string();
        assert!(said.contains("is a JSON array") && said.contains("jq -c '.[]' 'my people.json'"), "{said}");
        let said = OtherJson::SeveralLines.refusal("people.ndjson").to_string();
        assert!(said.contains("jq -c . people.ndjson"), "{said}");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
    }
}
