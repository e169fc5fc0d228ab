//! Counts the values of a JSON text before any of them is built.
//!
//! A value of two bytes takes up to a hundred bytes in a tree, so the length of a text alone does
//! not bound the memory that parsing takes (D-420).

use serde::de::{DeserializeOwned, Error as _};

/// Maximum number of values in the JSON of strangers that is not a body of the Partner API: tokens,
/// and the requests and metadata of wallets and issuers. A token of 500 jobs has some 3,500. One
/// with the maximum of 4,096 disclosures may have twelve values in each.
pub const MAX_OTHER_VALUES: usize = 50_000;

/// The message about a text with more than [`MAX_OTHER_VALUES`].
const TOO_MANY_VALUES: &str = "it has more than 50000 values";

/// Parses the JSON of a stranger that is not a body of the Partner API.
///
/// # Errors
/// It is not JSON, has more than [`MAX_OTHER_VALUES`] values, or is not of this type.
pub fn parse_limited<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    // Each value takes at least one byte, so most texts need not be counted.
    if bytes.len() <= MAX_OTHER_VALUES {
        return serde_json::from_slice(bytes);
    }
    parse_part(bytes, &mut { MAX_OTHER_VALUES })
}

/// Returns the limit that JSON exceeds, if that is why [`parse_limited`] or [`parse_part`] failed.
pub(crate) fn limit_of(error: &serde_json::Error) -> Option<&'static str> {
    let message = error.to_string();
    if message.starts_with(TOO_MANY_VALUES) {
        return Some("it has more than 50,000 values");
    }
    message.starts_with("recursion limit exceeded").then_some("it has more than 127 levels of lists and objects")
}

/// Parses one of several texts that may have `left` values together, and reduces it.
///
/// # Errors
/// As [`parse_limited`].
pub(crate) fn parse_part<T: DeserializeOwned>(bytes: &[u8], left: &mut usize) -> Result<T, serde_json::Error> {
    let text = std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
    let too_many = |_| serde_json::Error::custom(TOO_MANY_VALUES);
    *left -= count(text, *left).map_err(too_many)?;
    serde_json::from_str(text)
}

/// Counts the values of `text` up to `most`: objects, lists, texts, numbers, `true`, `false` and
/// `null`, but not the names of members. The count is right up to the first syntax error, where
/// every parser stops.
///
/// # Errors
/// The offset in bytes at which there are more.
pub(super) fn count(text: &str, most: usize) -> Result<usize, usize> {
    let (mut count, mut at) = (0_usize, 0);
    // Whether the byte before is part of a number, `true`, `false` or `null`.
    let mut is_word = false;
    while let Some(byte) = text.as_bytes().get(at) {
        let is_sign = matches!(byte, b'"' | b'[' | b'{' | b']' | b'}' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r');
        let begins = if is_sign { matches!(byte, b'"' | b'[' | b'{') } else { !is_word };
        if begins && count == most {
            return Err(at);
        }
        count += usize::from(begins);
        // The text before a colon was a name.
        if *byte == b':' {
            count = count.saturating_sub(1);
        }
        is_word = !is_sign;
        at = if *byte == b'"' { end_of_text(text, at) } else { at + 1 };
    }
    Ok(count)
}

/// Returns the offset after the string that starts at `start`.
fn end_of_text(text: &str, start: usize) -> usize {
    let mut from = start + 1;
    // Only quotes are searched for, which is fast in a document of ten megabytes too.
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('"')) {
        let quote = from + found;
        let before = text.as_bytes()[from..quote].iter().rev();
        let backslashes = before.take_while(|byte| **byte == b'\\').count();
        from = quote + 1;
        if backslashes % 2 == 0 {
            return from;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Counts the values of a tree.
    fn values(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
            Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
            _ => 1,
        }
    }

    #[test]
    fn each_kind_of_value_counts_once() {
        for (text, expected) in [
            ("0", 1),
            (" -1.5e+3 ", 1),
            ("null", 1),
            ("\"[{,0:\"", 1),
            (r#""\"0\\""#, 1),
            ("[]", 1),
            ("{ }", 1),
            ("[\n\t]", 1),
            ("[0,0]", 3),
            ("[ true , false,null ]", 4),
            ("[[],[[]],{}]", 5),
            (r#"["","\\","\\\"",""]"#, 5),
            (r#"{"a":"b"}"#, 2),
            (r#"{ "\"a:" : [ 0, { "b" : {} } ] , "é😀" : "é" }"#, 6),
        ] {
            let tree = serde_json::from_str(text).expect(text);
            assert_eq!((count(text, 100), values(&tree)), (Ok(expected), expected), "{text}");
            assert_eq!(count(text, expected), Ok(expected), "{text}");
            assert!(count(text, expected - 1).is_err(), "{text}");
        }
    }

    #[test]
    fn offset_is_that_of_the_first_value_beyond() {
        assert_eq!(count("[0, 10]", 2), Err(4));
        assert_eq!(count(r#"[{"a":0},{}]"#, 3), Err(9));
        // A name without room for its value.
        assert_eq!(count(r#"{"a":0,"b":0}"#, 2), Err(7));
    }

    #[test]
    fn texts_that_end_early_are_counted() {
        for text in ["[0,\"", "[0,\"\\", "[0,\"\\\"", "[0,\"é"] {
            assert_eq!(count(text, 3), Ok(3), "{text}");
        }
        assert_eq!(count("", 0), Ok(0));
        assert_eq!(count(":::[", 1), Ok(1));
    }

    #[test]
    fn other_json_is_limited_before_it_is_built() {
        let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
        let parse = |text: &str| parse_limited::<Value>(text.as_bytes());
        assert!(parse(&list(MAX_OTHER_VALUES - 1)).is_ok());
        let refusal = parse(&list(MAX_OTHER_VALUES)).expect_err("one too many");
        assert_eq!(refusal.to_string(), "it has more than 50000 values");
        assert_eq!(limit_of(&refusal), Some("it has more than 50,000 values"));
        // A long text is one value.
        assert!(parse(&format!("[\"{}\"]", ",".repeat(MAX_OTHER_VALUES))).is_ok());
        assert!(parse_limited::<Value>(&[b'"', 0xff].repeat(MAX_OTHER_VALUES)).is_err());
        let mut left = 5;
        assert!(parse_part::<Value>(b"[0,0]", &mut left).is_ok());
        assert_eq!(left, 2);
        assert!(parse_part::<Value>(b"[0,0]", &mut left).is_err());
    }

    #[test]
    fn limits_are_distinguished_from_syntax_errors() {
        let limit = |text: &str| limit_of(&parse_limited::<Value>(text.as_bytes()).expect_err(text));
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse_limited::<Value>(nested(127).as_bytes()).is_ok());
        assert_eq!(limit(&nested(128)), Some("it has more than 127 levels of lists and objects"));
        for text in ["", "[", "{\"it has more than 50000 values\"}", "1e400", "[1,]"] {
            assert_eq!(limit(text), None, "{text}");
        }
    }

    /// Generates any JSON value of limited size.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            r#"[\\"\[\]{}:, a-z0-9é]{0,8}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(r#"[\\":,a-z]{0,6}"#, inner, 0..5)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn counts_equal_those_of_trees(value in json()) {
            let expected = values(&value);
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
                prop_assert_eq!(count(&text, usize::MAX), Ok(expected));
                prop_assert_eq!(count(&text, expected), Ok(expected));
                prop_assert!(count(&text, expected - 1).is_err());
            }
        }
    }
}
