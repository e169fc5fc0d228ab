//! A strict JSON parser: duplicate names in an object are rejected, because one of the two values
//! would be lost silently (RFC 8259, section 4, leaves the behaviour open).

mod builder;
mod count;
mod node;

use serde::de::DeserializeSeed as _;

use crate::limits::MAX_VALUES;
use builder::Builder;
use count::count;

pub use count::{MAX_OTHER_VALUES, parse_limited};
pub(crate) use count::{limit_of, parse_part};
pub use node::{Members, Node};

/// The reason why a body is not parsed. Lines and columns start at 1; columns count characters
/// (Unicode scalar values).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct JsonError {
    pub kind: JsonErrorKind,
    pub line: usize,
    pub column: usize,
    /// The explanation.
    pub message: String,
}

/// The kind of a [`JsonError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The text is not JSON.
    Syntax,
    /// The text has more than [`MAX_VALUES`] values. The position is that of the first one beyond.
    TooManyValues,
}

impl JsonError {
    /// Creates the error of the byte at `offset`.
    fn at(bytes: &[u8], offset: usize, kind: JsonErrorKind, message: String) -> Self {
        let before = &bytes[..offset];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Self { kind, line, column: characters(&before[start..]) + 1, message }
    }
}

/// Parses `bytes` as one JSON value.
///
/// # Errors
/// [`JsonError`], with the position.
pub fn parse(bytes: &[u8]) -> Result<Node<'_>, JsonError> {
    // One validation of the body is faster than one of each text.
    let text = text(bytes)?;
    // Each value takes at least one byte, so most bodies need not be counted.
    if text.len() > MAX_VALUES
        && let Err(offset) = count(text, MAX_VALUES)
    {
        let message = format!("it has more than {MAX_VALUES} values, the maximum");
        return Err(JsonError::at(bytes, offset, JsonErrorKind::TooManyValues, message));
    }
    let mut source = serde_json::Deserializer::from_str(text);
    let parsed = Builder::new(text.len()).deserialize(&mut source).and_then(|node| source.end().map(|()| node));
    parsed.map_err(|error| syntax_error(bytes, &error))
}

fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> JsonError {
    let message = error.to_string();
    // serde_json appends the position to its message; here it has fields of its own.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let message = if error.is_eof() { "it ends inside the JSON" } else { plain(message) };
    let (line, column) = position(bytes, error.line(), error.column());
    JsonError { kind: JsonErrorKind::Syntax, line, column, message: message.to_owned() }
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

/// Returns the text of a body. Bytes that are no text have errors of their own, because a message
/// about JSON would mislead.
fn text(bytes: &[u8]) -> Result<&str, JsonError> {
    let error = |offset, message| Err(JsonError::at(bytes, offset, JsonErrorKind::Syntax, message));
    if bytes.trim_ascii().is_empty() {
        return error(0, "it is empty; send a JSON object".to_owned());
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.iter().take(2).any(|byte| *byte == 0) {
        return error(0, "it is UTF-16; send UTF-8".to_owned());
    }
    std::str::from_utf8(bytes).or_else(|invalid| {
        let offset = invalid.valid_up_to();
        error(offset, format!("the byte 0x{:02X} is not UTF-8; send UTF-8", bytes[offset]))
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::builder::MAX_MEMBERS;
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
    fn values_of_a_body_are_limited_before_it_is_parsed() {
        let body = |before: &str, value: &str, count: usize, after: &str| {
            format!("{before}{}{value}{after}", format!("{value},").repeat(count - 1)).into_bytes()
        };
        for (value, values) in [("0", 1), ("[]", 1), ("{}", 1), ("\"\"", 1), ("[0]", 2), ("{\"a\":\",\"}", 2)] {
            // The list is a value too.
            let most = (MAX_VALUES - 1) / values;
            assert!(parse(&body("[", value, most, "]")).is_ok(), "{value}");
            let refusal = parse(&body("[", value, most + 1, "]")).expect_err(value);
            assert_eq!(refusal.kind, JsonErrorKind::TooManyValues, "{value}");
            assert_eq!(refusal.message, "it has more than 400000 values, the maximum");
            // Deep inside, where a syntax error behind it is not found first.
            let refusal = parse(&body("{\"a\":\n[[{\"b\":[", value, most, "}")).expect_err(value);
            assert_eq!((refusal.kind, refusal.line), (JsonErrorKind::TooManyValues, 2), "{value}");
        }
        // A long text and white space are no values.
        let text = format!("[{}\"{}\"]", " ".repeat(MAX_VALUES), "[,".repeat(MAX_VALUES));
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn members_of_an_object_are_limited_too() {
        let object = |count: usize| {
            let members: String = (1..count).map(|at| format!("\"{at}\":0,")).collect();
            format!("{{{members}\"0\":0}}")
        };
        assert!(parse(object(MAX_MEMBERS).as_bytes()).is_ok());
        let refusal = parse(object(MAX_MEMBERS + 1).as_bytes()).expect_err("one more");
        assert_eq!(refusal.message, "an object has more than 131072 fields, the maximum");
        let (most, rest) = (object(MAX_MEMBERS - 1), MAX_VALUES - 1 - 3 * MAX_MEMBERS);
        let body = |rest: usize| format!("[{most},{most},{most},{}]", object(rest - 1));
        assert!(parse(body(rest).as_bytes()).is_ok());
        assert_eq!(parse(body(rest + 1).as_bytes()).expect_err("one more").kind, JsonErrorKind::TooManyValues);
    }

    #[test]
    fn large_bodies_are_parsed_as_small_ones() {
        let object = r#"{"b": [1, [], {"d": "two"}], "a": "\u006fne", "c": {}}"#;
        let node = parse(object.as_bytes()).expect("JSON");
        let text = format!("[{}{object}]", format!("{object},").repeat(5000));
        let large = parse(text.as_bytes()).expect("JSON");
        assert!(large.as_array().expect("a list").iter().all(|item| *item == node));
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
