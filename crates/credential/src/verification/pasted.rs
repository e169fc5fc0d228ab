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

/// Finds the single token in `pasted`: UTF-8 or UTF-16, possibly wrapped, quoted, or inside a JSON
/// response.
///
/// Spaces, line breaks and invisible characters are removed. In the rest, a token is a run of token
/// characters that begins with a JSON object in base64url and has the three parts of a JWS.
///
/// # Errors
/// [`VerifyError::NotAToken`], [`VerifyError::SeveralTokens`]; [`VerifyError::Malformed`] if the
/// input is too long.
pub fn find_token(pasted: &[u8]) -> Result<String, VerifyError> {
    if pasted.len() > MAX_PASTED {
        return Err(VerifyError::Malformed("it is longer than 4 MiB"));
    }
    let text = decode_text(pasted).ok_or(VerifyError::NotAToken)?;
    let text: String = text.chars().filter(|character| !is_removed(*character)).collect();
    let mut found: BTreeSet<&str> =
        text.split(|character| !is_of_token(character)).filter(|run| is_token(run)).collect();
    if found.len() > 1 {
        // A response may contain an access token too, which is not a credential.
        let readable: BTreeSet<&str> = found.iter().copied().filter(|run| Token::read(run).is_ok()).collect();
        if !readable.is_empty() {
            found = readable;
        }
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token.to_owned()),
        (Some(_), Some(_)) => Err(VerifyError::SeveralTokens),
        (None, _) => Err(VerifyError::NotAToken),
    }
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
fn is_removed(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Returns whether a character is in the base64url alphabet or separates the parts of a token.
fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '~')
}

fn is_token(run: &str) -> bool {
    let issued = run.split('~').next().unwrap_or_default();
    // The base64url of `{` and the first half of the next byte.
    let begins = matches!(issued.as_bytes(), [b'e', b'w'..=b'z' | b'0'..=b'9' | b'-' | b'_', ..]);
    begins && issued.matches('.').count() >= 2
}
