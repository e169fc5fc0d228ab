//! A strict JSON parser: duplicate names in an object are rejected, because one of the two values
//! would be lost silently (RFC 8259, section 4, leaves the behaviour open).

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// A syntax error. Lines and columns start at 1; columns count bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Malformed {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The explanation.
    pub message: String,
}

/// Parses `bytes` as one JSON value.
///
/// # Errors
/// [`Malformed`], with the position.
pub fn parse(bytes: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice::<Strict>(bytes).map(|Strict(value)| value).map_err(|error| {
        if let Some(malformed) = not_text(bytes) {
            return malformed;
        }
        let message = error.to_string();
        // serde_json appends the position to its message; here it has fields of its own.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let message = match message {
            _ if error.is_eof() => "it ends inside the JSON",
            "key must be a string" => "field names need double quotes",
            other => other,
        };
        Malformed { line: error.line().max(1), column: error.column().max(1), message: message.to_owned() }
    })
}

/// Returns an error if `bytes` are not UTF-8, because a message about JSON would mislead.
fn not_text(bytes: &[u8]) -> Option<Malformed> {
    let at = |offset: usize, message: String| {
        let before = &bytes[..offset];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Some(Malformed { line, column: offset - start + 1, message })
    };
    if bytes.trim_ascii().is_empty() {
        return at(0, "it is empty; send a JSON object".to_owned());
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.iter().take(2).any(|byte| *byte == 0) {
        return at(0, "it is UTF-16; send UTF-8".to_owned());
    }
    let invalid = std::str::from_utf8(bytes).err()?.valid_up_to();
    at(invalid, format!("the byte 0x{:02X} is not UTF-8; send UTF-8", bytes[invalid]))
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => {
                    let Strict(value) = members.next_value()?;
                    place.insert(value);
                }
                Entry::Occupied(place) => {
                    let shown: String = place.key().chars().take(64).collect();
                    return Err(de::Error::custom(format_args!(
                        "the field \"{shown}\" appears twice in the same object"
                    )));
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn syntax_errors_report_line_and_column() {
        let malformed = parse(b"{\n  \"a\": 1,\n  \"b\" 2\n}").expect_err("a colon is missing");
        assert_eq!((malformed.line, malformed.column), (3, 7));
        assert_eq!(malformed.message, "expected `:`");
    }

    #[test]
    fn truncated_json_and_names_without_quotes_are_explained() {
        for text in ["{", "[1,", "{\"a\": {\"b\": \"c", "{\"a\":", "tru"] {
            assert_eq!(parse(text.as_bytes()).expect_err(text).message, "it ends inside the JSON", "{text}");
        }
        for text in ["{bad", "{bad: 1}", "{\"a\": 1, 'b': 2}"] {
            assert_eq!(parse(text.as_bytes()).expect_err(text).message, "field names need double quotes", "{text}");
        }
    }

    #[test]
    fn invalid_json_and_invalid_utf8_are_rejected() {
        let deep = "[".repeat(10_000);
        for bytes in [b"".as_slice(), b"{", b"nul", b"{} {}", b"{\"a\":\xff}", b"\"\xc3\x28\"", deep.as_bytes()] {
            assert!(parse(bytes).is_err(), "{:?}", &bytes[..bytes.len().min(10)]);
        }
    }

    #[test]
    fn duplicate_members_are_rejected() {
        let malformed = parse(b"{\"a\": {\"x\": 1,\n \"x\": 2}}").expect_err("x stands twice");
        assert_eq!(malformed.line, 2);
        assert_eq!(malformed.message, "the field \"x\" appears twice in the same object");
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        for (bytes, line, column, said) in [
            (&b""[..], 1, 1, "it is empty"),
            (b" \n ", 1, 1, "it is empty"),
            (b"\xff\xfe{\0}\0", 1, 1, "it is UTF-16"),
            (b"{\0}\0", 1, 1, "it is UTF-16"),
            (b"{\n\"a\":\"\xe9\"}", 2, 6, "0xE9 is not UTF-8"),
        ] {
            let malformed = parse(bytes).expect_err(said);
            assert_eq!((malformed.line, malformed.column), (line, column), "{said}");
            assert!(malformed.message.contains(said), "{}", malformed.message);
        }
    }

    proptest! {
        #[test]
        fn parsed_values_equal_those_of_serde_json(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let ours = parse(&bytes);
            if let Ok(value) = &ours {
                prop_assert_eq!(value, &serde_json::from_slice::<Value>(&bytes).expect("serde_json takes it too"));
            }
        }
    }
}
