//! base64url without padding (RFC 7515, section 2), hexadecimal, and SHA-256.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text` without allocating another string.
pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes base64url. Returns `None` for padding, other alphabets and non-zero trailing bits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Formats `bytes` as lower-case hexadecimal.
///
/// ```
/// assert_eq!(credential::encoding::hex(&[0, 171, 255]), "00abff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Parses the hexadecimal form of exactly `N` bytes.
///
/// ```
/// assert_eq!(credential::encoding::from_hex("00abFF"), Some([0, 171, 255]));
/// assert_eq!(credential::encoding::from_hex::<1>("+1"), None);
/// ```
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(16 * digit(digits[0])? + digit(digits[1])?).ok()?;
    }
    Some(bytes)
}

/// Computes the SHA-256 of `parts`, one after the other, without copying them.
///
/// ```
/// use credential::encoding::{sha256, sha256_of_parts};
///
/// assert_eq!(sha256_of_parts(&[b"a".as_slice(), b"bc"]), sha256(b"abc"));
/// ```
pub fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Computes the SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
