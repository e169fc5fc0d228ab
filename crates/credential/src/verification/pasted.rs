//! Finds the token in pasted text or in a saved file.
//!
//! The page for tokens has the same rules in `crates/server/static/pasted.js`. Both are tested with
//! the cases in `tests/signed/pasted.json`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::token::Token;
use crate::jws::MAX_BYTES;
use crate::verify_error::VerifyError;

/// Maximum size of the input, in bytes: the longest token in UTF-16.
pub const MAX_PASTED: usize = 2 * MAX_BYTES;

/// Length of a signature of 64 bytes in base64url: ES256 and EdDSA.
const SIGNATURE: usize = 86;

/// Maximum number of places in one run of words at which a token is tried; bounds the work.
const MOST_STARTS: usize = 8;

/// How mail programs, URLs, web pages, Markdown and JSON write the characters of a token and line
/// breaks. A soft line break of quoted-printable text is a line break too.
const ESCAPES: [(&str, &str); 20] = [
    ("%7e", "~"),
    ("%2e", "."),
    ("%2d", "-"),
    ("%5f", "_"),
    ("=7e", "~"),
    ("=2e", "."),
    ("=\r\n", "\n"),
    ("=\n", "\n"),
    ("&#126;", "~"),
    ("&#x7e;", "~"),
    ("\\u007e", "~"),
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

/// Finds the single token in `pasted`: UTF-8 or UTF-16, possibly wrapped, quoted, escaped, inside a
/// JSON response, or in the text of a mail.
///
/// Invisible characters are removed, and escapes are decoded. A token is a sequence of words of
/// token characters that begins with a JSON object in base64url, has the three parts of a JWS, and
/// can be parsed. If there is none, the first rule is used without the parser, so that a damaged
/// token is found too.
///
/// # Errors
/// [`VerifyError::NotAToken`], [`VerifyError::SeveralTokens`]; [`VerifyError::Malformed`] if the
/// input is too long.
pub fn find_token(pasted: &[u8]) -> Result<String, VerifyError> {
    if pasted.len() > MAX_PASTED {
        return Err(VerifyError::Malformed("it is longer than 4 MiB"));
    }
    let text = decode_text(pasted).ok_or(VerifyError::NotAToken)?;
    let text: String = text.chars().filter(|character| !is_invisible(*character)).collect();
    let text = unquoted(&unescaped(&text));
    let mut found = readable_tokens(&text);
    if found.is_empty() {
        let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let runs = text.split(|character| !is_of_token(character));
        found = runs.filter(|run| is_token(run)).map(ToOwned::to_owned).collect();
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token),
        (Some(_), Some(_)) => Err(VerifyError::SeveralTokens),
        (None, _) => Err(VerifyError::NotAToken),
    }
}

/// Decodes the escapes of [`ESCAPES`].
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['%', '=', '&', '\\']) {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let start = |length: usize| escape.get(..length).unwrap_or_default();
        rest = match ESCAPES.iter().find(|(name, _)| start(name.len()).eq_ignore_ascii_case(name)) {
            Some((name, meant)) => {
                plain.push_str(meant);
                &escape[name.len()..]
            }
            None => {
                // JSON in a JSON string has several backslashes.
                if !escape.starts_with("\\\\") {
                    plain.push_str(&escape[..1]);
                }
                &escape[1..]
            }
        };
    }
    plain + rest
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
        let starts: Vec<usize> = (0..words.len()).filter(|at| begins_token(words[*at])).take(MOST_STARTS).collect();
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
    let token = ends.into_iter().flatten().map(|end| &joined[..end]).find(|text| Token::read(text).is_ok());
    token.map(ToOwned::to_owned)
}

/// Decodes bytes in UTF-8, or in UTF-16 with or without a byte order mark.
fn decode_text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().copied().map(unit).collect();
        String::from_utf16(&units).ok().map(Cow::Owned)
    };
    match bytes {
        // A token is ASCII, so in UTF-16 one byte of each character is zero.
        [0xff, 0xfe, ..] | [_, 0, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, ..] => utf16(u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
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
