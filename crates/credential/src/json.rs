//! A strict JSON parser: duplicate names in an object are rejected, because one of the two values
//! would be lost silently (RFC 8259, section 4, leaves the behaviour open).

mod node;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use node::COMPARED;
pub use node::{Members, Node};

/// A syntax error. Lines and columns start at 1; columns count characters (Unicode scalar values).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct JsonError {
    pub line: usize,
    pub column: usize,
    /// The explanation.
    pub message: String,
}

/// Parses `bytes` as one JSON value.
///
/// # Errors
/// [`JsonError`], with the position.
pub fn parse(bytes: &[u8]) -> Result<Node<'_>, JsonError> {
    // One validation of the body is faster than one of each text. Bytes that are not UTF-8 are
    // parsed only for the error.
    let parsed = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    parsed.map_err(|error| {
        if let Some(malformed) = not_text(bytes) {
            return malformed;
        }
        let message = error.to_string();
        // serde_json appends the position to its message; here it has fields of its own.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let message = if error.is_eof() { "it ends inside the JSON" } else { plain(message) };
        let (line, column) = position(bytes, error.line(), error.column());
        JsonError { line, column, message: message.to_owned() }
    })
}

/// Returns a message of serde_json in plain words. Others, such as the expected sign, are plain.
fn plain(message: &str) -> &str {
    match message {
        "key must be a string" => "field names need double quotes",
        "expected ident" => "expected true, false or null; a text needs double quotes",
        "expected value" => {
            "a value is expected here: a text in double quotes, a number, true, false, null, a list or an object"
        }
        "trailing comma" => "remove the comma before the closing bracket",
        "trailing characters" => "there is more text after the end of the JSON",
        "invalid number" => "a number must be written as 12, -0.5 or 1e6",
        "number out of range" => "the number is too large",
        "invalid escape" => "a backslash must be written as \\\\ in a text, unless it starts an escape such as \\n",
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" | "invalid unicode code point" => {
            "the escape is not a character: \\u needs four digits, and \\ud800 to \\udfff are valid only in pairs"
        }
        "recursion limit exceeded" => "lists and objects are nested too deeply; at most 127 levels are allowed",
        _ if message.starts_with("control character") => {
            "a control character, such as a line break, must be written as an escape in a text, such as \\n"
        }
        other => other,
    }
}

/// Returns the position of an error from that of serde_json, whose columns count bytes. One that is
/// found in a line break is given as column 0 of the next line; the problem ends the line before.
fn position(bytes: &[u8], line: usize, column: usize) -> (usize, usize) {
    let text_of = |line: usize| bytes.split(|byte| *byte == b'\n').nth(line - 1).unwrap_or_default();
    if column == 0 && line > 1 {
        return (line - 1, characters(text_of(line - 1)) + 1);
    }
    let text = text_of(line.max(1));
    (line.max(1), characters(&text[..column.min(text.len())]).max(1))
}

/// Returns the number of characters that start in `bytes`, which are UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// Returns an error if `bytes` are not UTF-8, because a message about JSON would mislead.
fn not_text(bytes: &[u8]) -> Option<JsonError> {
    let at = |offset: usize, message: String| {
        let before = &bytes[..offset];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Some(JsonError { line, column: characters(&before[start..]) + 1, message })
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

/// Number of members for which an object first allocates: most objects have at most as many.
const ROOM: usize = 8;

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Node<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Node<'de>)> = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(Name(name)) = source.next_key()? {
            // A set keeps an object with a hundred thousand members cheap.
            if members.len() == COMPARED {
                seen.extend(members.iter().map(|(known, _)| known.clone()));
            }
            let is_repeated = if members.len() < COMPARED {
                members.iter().any(|(known, _)| *known == name)
            } else {
                !seen.insert(name.clone())
            };
            if is_repeated {
                let shown: String = name.chars().take(64).collect();
                return Err(de::Error::custom(format_args!("the field \"{shown}\" appears twice in the same object")));
            }
            if members.is_empty() {
                members.reserve_exact(ROOM);
            }
            members.push((name, source.next_value()?));
        }
        Ok(Node::Object(Members::new(members)))
    }
}

/// The name of a member, borrowed if possible. Serde's own `Cow` is always copied.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn syntax_errors_report_line_and_column() {
        let malformed = parse(b"{\n  \"a\": 1,\n  \"b\" 2\n}").expect_err("a colon is missing");
        assert_eq!((malformed.line, malformed.column), (3, 7));
        assert_eq!(malformed.message, "expected `:`");
    }

    #[test]
    fn columns_of_syntax_errors_count_characters() {
        for (body, line, column) in [
            ("{\"é😀\" 1}", 1, 7),
            ("{\"é\": 1,\n\"😀\": nul\n}", 2, 9),
            ("{\"é😀\": é}", 1, 8),
            ("[\"é\", \"😀", 1, 8),
            ("{\"é\": 1, \"é\": 2}", 1, 12),
        ] {
            let malformed = parse(body.as_bytes()).expect_err(body);
            assert_eq!((malformed.line, malformed.column), (line, column), "{body}");
        }
        let malformed = parse(b"{\"\xc3\xa9\xf0\x9f\x98\x80\": \"\xff\"}").expect_err("not UTF-8");
        assert_eq!((malformed.line, malformed.column), (1, 9));
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
    fn syntax_errors_are_in_plain_words() {
        let deep = "[".repeat(128);
        for (body, said) in [
            (r#"{"a": "\ud800"}"#, "valid only in pairs"),
            (r#"{"a": "\ud800\u0041"}"#, "valid only in pairs"),
            (r#"{"a": "C:\x"}"#, "a backslash must be written as"),
            (&*deep, "at most 127 levels"),
            (r#"{"a": NaN}"#, "a value is expected here"),
            (r#"{"a": }"#, "a value is expected here"),
            (r#"{"a": 1,}"#, "remove the comma"),
            (r#"{"a": 01}"#, "a number must be written as"),
            (r#"{"a": 1e999}"#, "the number is too large"),
            ("{} {}", "more text after the end"),
            ("not json", "a text needs double quotes"),
            ("{\"a\": \"\t\"}", "a control character"),
        ] {
            let message = parse(body.as_bytes()).expect_err(body).message;
            assert!(message.contains(said), "{body}: {message}");
        }
        assert!(parse(format!("{}{}", "[".repeat(127), "]".repeat(127)).as_bytes()).is_ok());
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
    fn duplicate_members_of_large_objects_are_rejected() {
        // As many members with linear comparisons take minutes.
        let many: String = (0..100_000).map(|at| format!("\"{at}\":0,")).collect();
        let body = |last: &str| format!("{{{many}\n\"{last}\":0}}");
        let fine = body("x");
        assert_eq!(
            parse(fine.as_bytes()).expect("all differ").as_object().map(|all| all.iter().count()),
            Some(100_001)
        );
        for last in ["0", "15", "16", "17", "99999", "\\u0030"] {
            let malformed = parse(body(last).as_bytes()).expect_err(last);
            assert_eq!((malformed.line, malformed.column), (2, last.len() + 2), "{last}");
        }
    }

    #[test]
    fn values_that_a_line_break_ends_are_errors_of_their_line() {
        for (value, said) in
            [("nul", "expected true, false or null"), ("tru", "expected"), ("\"x", "control character")]
        {
            let body = format!("{{\n  \"a\": {value}\n}}");
            let malformed = parse(body.as_bytes()).expect_err(value);
            assert_eq!((malformed.line, malformed.column), (2, 8 + value.len()), "{value}");
            assert!(malformed.message.contains(said), "{}", malformed.message);
        }
    }

    #[test]
    fn texts_are_borrowed_unless_they_have_escapes() {
        let node = parse(br#"{"b": "two", "a": "\u006fne"}"#).expect("JSON");
        let members: Vec<(&str, &Node<'_>)> = node.as_object().expect("an object").iter().collect();
        assert_eq!(members.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b"]);
        assert!(matches!(members[0].1, Node::Text(Cow::Owned(text)) if text == "one"));
        assert!(matches!(members[1].1, Node::Text(Cow::Borrowed("two"))));
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
                let theirs = serde_json::from_slice::<Value>(&bytes).expect("serde_json takes it too");
                prop_assert_eq!(Value::from(value.clone()), theirs);
            }
        }
    }
}
