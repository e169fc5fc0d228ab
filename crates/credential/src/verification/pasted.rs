//! Finds the token in pasted text or in a saved file.
//!
//! The page for tokens has the same rules in `crates/server/static/pasted.js`. Both are tested with
//! the cases in `tests/signed/pasted.json`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::other_content;
use super::token::Token;
use crate::jws::MAX_BYTES;
use crate::verify_error::{OtherContent, VerifyError};

/// Maximum size of the input, in bytes: the longest token in UTF-16.
pub const MAX_PASTED: usize = 2 * MAX_BYTES;

/// Length of a signature of 64 bytes in base64url: ES256 and EdDSA.
const SIGNATURE: usize = 86;

/// Maximum number of places in one run of words at which a token is tried; bounds the work.
const MAX_STARTS: usize = 8;

/// How mail programs, web pages, Markdown and JSON write the characters of a token and line breaks.
/// A soft line break of quoted-printable text is a line break too.
const ESCAPES: [(&str, &str); 15] = [
    ("=7e", "~"),
    ("=2e", "."),
    ("=\r\n", "\n"),
    ("=\n", "\n"),
    ("&#126;", "~"),
    ("&#x7e;", "~"),
    ("\\n", "\n"),
    ("\\r", "\n"),
    ("\\t", "\n"),
    ("\\~", "~"),
    ("\\_", "_"),
    ("\\.", "."),
    ("\\-", "-"),
    ("\\\r\n", "\n"),
    ("\\\n", "\n"),
];

/// Finds the single token in `pasted`: UTF-8, UTF-16 or Latin-1, possibly wrapped, quoted, escaped,
/// inside a JSON response, or in the text of a mail.
///
/// Invisible characters and the scheme of a header are removed, and escapes are decoded. A token is
/// a sequence of words of token characters that begins with a JSON object in base64url, has the
/// three parts of a JWS, and can be parsed. If there is none, the first rule is used without the
/// parser, so that a damaged token is found too.
///
/// # Errors
/// [`VerifyError::NotAToken`], or [`VerifyError::OtherContent`] if the input was recognised;
/// [`VerifyError::SeveralTokens`]; [`VerifyError::Limit`] if the input is too long.
pub fn find_token(pasted: &[u8]) -> Result<String, VerifyError> {
    if pasted.len() > MAX_PASTED {
        return Err(VerifyError::Limit("it is longer than 4 MiB"));
    }
    let not_a_token = |content: Option<OtherContent>| content.map_or(VerifyError::NotAToken, VerifyError::OtherContent);
    let Some(text) = decode_text(pasted).or_else(|| latin1(pasted)) else {
        return Err(not_a_token(other_content::of_file(pasted)));
    };
    let visible: String = text.chars().filter(|character| !is_invisible(*character)).collect();
    let text = without_scheme(&unquoted(&unescaped(&visible)));
    let mut found = readable_tokens(&text);
    if found.is_empty() {
        if other_content::is_json_jws(&visible) {
            return Err(VerifyError::OtherContent(OtherContent::JsonJws));
        }
        let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let runs = text.split(|character| !is_of_token(character));
        found = runs.filter(|run| is_token(run)).map(ToOwned::to_owned).collect();
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(token), None) if other_content::is_jwe(&token) => Err(VerifyError::OtherContent(OtherContent::Jwe)),
        (Some(token), None) => Ok(token),
        (Some(_), Some(_)) => Err(VerifyError::SeveralTokens),
        (None, _) => Err(not_a_token(other_content::of_text(&visible))),
    }
}

/// Decodes the escapes of [`ESCAPES`], the percent-encoded ASCII characters of URLs, and those that
/// JSON writes with four digits.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['%', '=', '&', '\\']) {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let start = |length: usize| escape.get(..length).unwrap_or_default();
        let known = ESCAPES.iter().find(|(name, _)| start(name.len()).eq_ignore_ascii_case(name));
        rest = if let Some((name, meant)) = known {
            plain.push_str(meant);
            &escape[name.len()..]
        } else if let Some(character) = ascii(start(3).strip_prefix('%')) {
            plain.push(character);
            &escape[3..]
        } else if let Some(character) = ascii(escape.get(4..6).filter(|_| start(4).eq_ignore_ascii_case("\\u00"))) {
            plain.push(character);
            &escape[6..]
        } else {
            // JSON in a JSON string has several backslashes.
            if !escape.starts_with("\\\\") {
                plain.push_str(&escape[..1]);
            }
            &escape[1..]
        };
    }
    plain + rest
}

/// Returns the ASCII character that two hexadecimal digits mean.
fn ascii(digits: Option<&str>) -> Option<char> {
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii).map(char::from)
}

/// Separates the name of the scheme in an `Authorization` header from the token. It would stick to
/// a damaged token once spaces are removed.
fn without_scheme(text: &str) -> String {
    const SCHEMES: [&str; 2] = ["bearer", "dpop"];
    let scheme = |at: usize| {
        let stands_alone = !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
        let is_one = |scheme: &&str| {
            let name = text[at..].get(..scheme.len());
            let follows = text[at..].get(scheme.len()..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
            follows && name.is_some_and(|name| name.eq_ignore_ascii_case(scheme))
        };
        stands_alone.then(|| SCHEMES.into_iter().find(is_one)).flatten()
    };
    let mut separated = String::with_capacity(text.len());
    let mut rest = 0;
    for (at, _) in text.match_indices(['b', 'B', 'd', 'D']) {
        if let Some(scheme) = scheme(at) {
            separated.push_str(&text[rest..at]);
            separated.push('|');
            rest = at + scheme.len();
        }
    }
    separated + &text[rest..]
}

/// Removes the marks of a quoted mail at the start of lines.
fn unquoted(text: &str) -> String {
    let line = |line: &str| {
        let is_quoted = line.trim_start_matches([' ', '\t']).starts_with('>');
        if is_quoted { line.trim_start_matches([' ', '\t', '>']).to_owned() } else { line.to_owned() }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Finds the tokens that can be parsed. A response may contain an access token too, which is not a
/// credential.
fn readable_tokens(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for run in text.split(|character: char| !is_of_token(character) && !character.is_whitespace()) {
        let words: Vec<&str> = run.split_whitespace().collect();
        let starts: Vec<usize> = (0..words.len()).filter(|at| begins_token(words[*at])).take(MAX_STARTS).collect();
        let mut next = 0;
        while let Some(&start) = starts.get(next) {
            next += 1;
            // The longest first: a word of a wrapped token may begin as a token does.
            let mut ends = starts[next..].iter().copied().chain([words.len()]).rev();
            if let Some((end, token)) = ends.find_map(|end| Some((end, token_of(&words[start..end])?))) {
                found.insert(token);
                next = starts.iter().position(|start| *start >= end).unwrap_or(starts.len());
            }
        }
    }
    found
}

/// Returns the token that `words` begin with, if it can be parsed.
fn token_of(words: &[&str]) -> Option<String> {
    let joined = words.concat();
    if !is_token(&joined) {
        return None;
    }
    let is_end = |at: usize| {
        let mut length = 0;
        let is_of_word = words.iter().any(|word| {
            length += word.len();
            length == at
        });
        is_of_word || joined[at..].starts_with('.')
    };
    let last = joined.rfind('~').map_or(0, |tilde| tilde + 1);
    let after_signature = joined[last..].match_indices('.').nth(1).map(|(dot, _)| last + dot + 1 + SIGNATURE);
    let after_signature = after_signature.filter(|at| *at < joined.len() && is_end(*at));
    // Words after the last disclosure, unless they are a damaged key binding.
    let after_disclosures = (last > 0 && is_end(last) && !joined[last..].starts_with("ey")).then_some(last);
    let without_stop = joined.trim_end_matches('.').len();
    let ends = [after_signature, Some(joined.len()), Some(without_stop), after_disclosures];
    let is_one = |text: &&str| Token::read(text).is_ok() && !holds_two(text);
    let token = ends.into_iter().flatten().map(|end| &joined[..end]).find(is_one);
    token.map(ToOwned::to_owned)
}

/// Returns whether a credential follows an SD-JWT without a key binding, where a key binding would.
fn holds_two(text: &str) -> bool {
    text.rsplit_once('~').is_some_and(|(_, last)| Token::read(last).is_ok())
}

/// Decodes a file in UTF-8, or in UTF-16 of either byte order, without its byte order mark. Text
/// in UTF-16 is recognised without the mark if its first character is ASCII.
pub fn decode_text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().copied().map(unit).collect();
        let text = String::from_utf16(&units).ok()?;
        Some(Cow::Owned(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()))
    };
    match bytes {
        // A token is ASCII, so in UTF-16 one byte of each character is zero.
        [0xff, 0xfe, ..] | [_, 0, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, ..] => utf16(u16::from_be_bytes),
        _ => std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok().map(Cow::Borrowed),
    }
}

/// Decodes a file in Latin-1 or Windows-1252, as older mail programs save it, unless it is a file
/// of another kind. The two differ in characters that no token has.
fn latin1(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let is_text = other_content::of_file(bytes).is_none();
    is_text.then(|| Cow::Owned(bytes.iter().copied().map(char::from).collect()))
}

/// Returns whether a character is removed wherever it occurs.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Returns whether a character is in the base64url alphabet or separates the parts of a token.
fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '~')
}

/// Returns whether a word begins with the base64url of `{` and a quote, or of `{` and white space.
fn begins_token(word: &str) -> bool {
    matches!(word.as_bytes(), [b'e', b'y', b'A'..=b'D' | b'I'..=b'L', ..] | [b'e', b'w', b'k'..=b'r' | b'0'..=b'3', ..])
}

fn is_token(run: &str) -> bool {
    let issued = run.split('~').next().unwrap_or_default();
    // The base64url of `{` and the first half of the next byte.
    let begins = matches!(issued.as_bytes(), [b'e', b'w'..=b'z' | b'0'..=b'9' | b'-' | b'_', ..]);
    begins && issued.matches('.').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_of_a_header_is_separated_from_the_token() {
        for (pasted, expected) in [
            ("Bearer eyJ", "| eyJ"),
            ("Authorization: bearer\teyJ", "Authorization: |\teyJ"),
            ("\"BEARER eyJ\"", "\"| eyJ\""),
            ("DPoP eyJ", "| eyJ"),
            ("eyJbearerA", "eyJbearerA"),
            ("eyJbearer A", "eyJbearer A"),
            ("bearer", "bearer"),
            ("d\u{e9}b\u{e9}d", "d\u{e9}b\u{e9}d"),
            ("", ""),
        ] {
            assert_eq!(without_scheme(pasted), expected);
        }
    }

    #[test]
    fn text_files_are_read_in_any_unicode_encoding() {
        let text = "{\"keys\": []}";
        let utf16 = |mark: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("{mark}{text}").encode_utf16().flat_map(bytes).collect()
        };
        for mark in ["", "\u{feff}"] {
            for bytes in
                [format!("{mark}{text}").into_bytes(), utf16(mark, u16::to_le_bytes), utf16(mark, u16::to_be_bytes)]
            {
                assert_eq!(decode_text(&bytes).as_deref(), Some(text));
            }
        }
        assert_eq!(decode_text(&[0xff, 0x41]), None);
    }
}
