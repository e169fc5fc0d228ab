//! From bytes to JSON, more strictly than usual: a member that stands twice is refused, since one of the two would be
//! lost without a word (RFC 8259, section 4, leaves it open).

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Bytes that are not usable JSON. Lines and columns count from 1; columns count bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Malformed {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Parses `bytes` as one JSON value.
///
/// # Errors
/// [`Malformed`], with the place.
pub fn parse(bytes: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice::<Strict>(bytes).map(|Strict(value)| value).map_err(|error| {
        let message = error.to_string();
        // serde_json puts the place behind the message; here it has members of its own.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        Malformed { line: error.line().max(1), column: error.column().max(1), message: message.to_owned() }
    })
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
                    return Err(de::Error::custom(format_args!("the member \"{shown}\" stands twice in one object")));
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
        assert_eq!(malformed.message, "the member \"x\" stands twice in one object");
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
