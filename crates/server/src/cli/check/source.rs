//! The bodies in the input of `tenure check`: one, or one on each line.

use bulk_push::shell_word;
use serde::de::IgnoredAny;

/// One body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// The line that it begins on, from 1.
    pub line: usize,
    pub text: String,
}

/// The bodies of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub bodies: Vec<Body>,
    /// Whether each line is a body.
    pub is_lines: bool,
}

impl Source {
    /// Finds the bodies in `bytes`. A byte order mark is skipped.
    ///
    /// # Errors
    /// What the file is instead, and how to convert it.
    pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Self, String> {
        let text = decode(name, bytes)?;
        let is_named_lines = [".ndjson", ".jsonl"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
        if is_named_lines && text.trim().is_empty() {
            return Err(format!("{name} is empty"));
        }
        if let Some(count) = array(text) {
            return Err(format!(
                "{name} is a JSON array of {count} values, and a body is one object. Convert it to one body per line: \
                 jq -c '.[]' {} > bodies.ndjson",
                shell_word(name)
            ));
        }
        if is_named_lines && !first_line_is_json(text) && is_json(text) {
            return Err(format!(
                "{name} has JSON over several lines, and NDJSON has one body per line. Convert it: \
                 jq -c . {} > bodies.ndjson",
                shell_word(name)
            ));
        }
        if !is_named_lines && !has_lines(text) {
            return Ok(Self { bodies: vec![Body { line: 1, text: text.to_owned() }], is_lines: false });
        }
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let bodies: Vec<Body> = lines.map(|(at, line)| Body { line: at + 1, text: line.to_owned() }).collect();
        Ok(Self { bodies, is_lines: true })
    }
}

/// Decodes UTF-8 and removes a byte order mark.
fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, String> {
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_utf16 || bytes.iter().take(2).any(|byte| *byte == 0) {
        return Err(format!(
            "{name} is UTF-16; send UTF-8. Convert it: iconv -f UTF-16 -t UTF-8 {} > utf8.json",
            shell_word(name)
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
        let byte = bytes.get(before.len()).copied().unwrap_or_default();
        format!("{name}:{line}:{column}: the byte 0x{byte:02X} is not UTF-8. Save the file as UTF-8")
    })
}

/// Returns the number of values, if the whole text is a JSON array.
fn array(text: &str) -> Option<usize> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    serde_json::from_str::<Vec<IgnoredAny>>(text).ok().map(|values| values.len())
}

/// Returns whether the text is a sequence of JSON values.
fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>().all(|value| value.is_ok())
}

fn first_line_is_json(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str::<IgnoredAny>(first).is_ok()
}

/// Returns whether the text has several lines of which the first is a JSON object, and the second
/// begins one.
fn has_lines(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    first.starts_with('{') && second.starts_with('{') && serde_json::from_str::<IgnoredAny>(first).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, bytes: &[u8]) -> Vec<String> {
        let source = Source::read(name, bytes).expect("bodies");
        source.bodies.into_iter().map(|body| body.text).collect()
    }

    #[test]
    fn lines_are_recognised_by_name_or_content() {
        let lines = b"{\"a\":1}\n\n{\"b\":2}\n";
        for name in ["-", "bodies.txt", "bodies.ndjson", "BODIES.JSONL"] {
            let source = Source::read(name, lines).expect("bodies");
            let found: Vec<(usize, &str)> = source.bodies.iter().map(|body| (body.line, &*body.text)).collect();
            assert_eq!((found, source.is_lines), (vec![(1, "{\"a\":1}"), (3, "{\"b\":2}")], true), "{name}");
        }
        assert_eq!(texts("body.json", b"\xef\xbb\xbf{\n\"a\":1}"), ["{\n\"a\":1}"], "a mark is skipped");
        assert_eq!(texts("body.json", b"{} {}"), ["{} {}"], "the parser reports it");
    }

    #[test]
    fn other_files_are_named_with_their_conversion() {
        let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: [(&str, &[u8], &str, &str); 6] = [
            ("u16.json", &utf16, "is UTF-16; send UTF-8", "iconv -f UTF-16 -t UTF-8 u16.json"),
            ("array.json", b"[{}, {}]", "is a JSON array of 2 values", "jq -c '.[]' array.json"),
            ("my file.json", b" [ {} ] ", "is a JSON array of 1 values", "jq -c '.[]' 'my file.json'"),
            ("pretty.ndjson", b"{\n  \"a\": 1\n}\n{\n}\n", "has JSON over several lines", "jq -c . pretty.ndjson"),
            ("latin.json", b"{\n\"a\": \"\xe9\"}", "latin.json:2:7: the byte 0xE9 is not UTF-8", "UTF-8"),
            ("no.ndjson", b" \n", "no.ndjson is empty", ""),
        ];
        for (name, bytes, said, cure) in cases {
            let refused = Source::read(name, bytes).expect_err(name);
            assert!(refused.contains(said) && refused.contains(cure), "{refused}");
        }
    }

    /// Parts of generated files: JSON, line endings, byte order marks and bytes that are not UTF-8.
    const PIECES: [&[u8]; 13] =
        [b"{}", b"{\"a\":1}", b"{", b"}", b"[", b"]", b"1", b"\n", b"\r\n", b" ", b"\xef\xbb\xbf", b"\xff", b"\0"];

    proptest::proptest! {
        #[test]
        fn files_are_read_whole_or_refused_by_name(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..10),
        ) {
            let bytes = pieces.concat();
            for name in ["-", "a.ndjson"] {
                match Source::read(name, &bytes) {
                    Ok(source) => {
                        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
                        let text = std::str::from_utf8(text).expect("UTF-8");
                        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
                        let whole: Vec<(&str, usize)> = if source.is_lines { lines.collect() } else { vec![(text, 1)] };
                        let read: Vec<(&str, usize)> =
                            source.bodies.iter().map(|body| (&*body.text, body.line)).collect();
                        proptest::prop_assert_eq!(read, whole, "{}", name);
                        proptest::prop_assert!(source.is_lines || name == "-");
                    }
                    Err(reason) => proptest::prop_assert!(reason.starts_with(name), "{}", reason),
                }
            }
        }
    }
}
