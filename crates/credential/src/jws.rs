//! Compact JWS (RFC 7515, section 7.1): three parts, a header that says what it is, and nothing believed before the
//! signature is checked.
//!
//! Owns reading and writing of signed JSON. What the payload means is for the formats.

use serde_json::{Map, Value};

use crate::encoding::{decode, encode, encode_into};
use crate::key::{Algorithm, CannotSign, PublicKey, Signer};
use crate::refusal::Refusal;

/// Longest compact serialization that is read, in bytes.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;

/// How far the clocks of two parties may differ, in seconds.
pub const CLOCK_SKEW: i64 = 60;

/// A compact JWS that was read and not yet checked.
#[derive(Clone, Debug)]
pub struct Jws<'a> {
    /// The protected header.
    pub header: Map<String, Value>,
    /// The payload's JSON object.
    pub payload: Map<String, Value>,
    algorithm: Algorithm,
    signing_input: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads three parts of base64url: header and payload, each a JSON object, and a signature.
    ///
    /// # Errors
    /// [`Refusal::Malformed`]; [`Refusal::Algorithm`] for every `alg` but ES256 and EdDSA, `none` among them;
    /// [`Refusal::Critical`] for a header that asks for extensions.
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > MOST_BYTES {
            return Err(Refusal::Malformed("it is longer than 2 MiB"));
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed("a JWS has three parts"))?;
        let (header, payload) = signing_input.split_once('.').ok_or(Refusal::Malformed("a JWS has three parts"))?;
        let header = object(header, Refusal::Malformed("the header is not base64url of a JSON object"))?;
        let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let algorithm = Algorithm::from_name(name).ok_or_else(|| Refusal::Algorithm(shown(name)))?;
        if header.contains_key("crit") {
            return Err(Refusal::Critical);
        }
        let payload = object(payload, Refusal::Malformed("the payload is not base64url of a JSON object"))?;
        let signature = decode(signature).ok_or(Refusal::Malformed("the signature is not base64url"))?;
        Ok(Self { header, payload, algorithm, signing_input, signature })
    }

    /// A text of the header.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// The algorithm that the header names.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// That the header's `typ` is `wanted`, with or without `application/` (RFC 7515, section 4.1.9).
    ///
    /// # Errors
    /// [`Refusal::Type`].
    pub fn require_type(&self, wanted: &'static str) -> Result<(), Refusal> {
        let found = self.header_text("typ").unwrap_or_default();
        let bare = found.strip_prefix("application/").unwrap_or(found);
        if bare.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(Refusal::Type { wanted, found: shown(found) }) }
    }

    /// That `key` signed it. The key's own algorithm counts; a header that names another is refused, whatever the bytes.
    ///
    /// # Errors
    /// [`Refusal::KeyConfusion`], [`Refusal::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), Refusal> {
        if self.algorithm != key.algorithm() {
            return Err(Refusal::KeyConfusion { named: self.algorithm, key: key.algorithm() });
        }
        if key.verify(self.signing_input.as_bytes(), &self.signature) { Ok(()) } else { Err(Refusal::Signature) }
    }
}

fn object(text: &str, refusal: Refusal) -> Result<Map<String, Value>, Refusal> {
    let bytes = decode(text).ok_or_else(|| refusal.clone())?;
    serde_json::from_slice(&bytes).map_err(|_| refusal)
}

/// The start of a value that a stranger wrote, to be told back.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// The part of a compact JWS that stands for `header`; made once for many payloads.
pub fn protected(header: &Value) -> String {
    encode(header.to_string().as_bytes())
}

/// The compact JWS of `payload`, which is JSON, under a header from [`protected`].
///
/// # Errors
/// See [`CannotSign`].
pub fn sign(protected: &str, payload: &[u8], signer: &impl Signer) -> Result<String, CannotSign> {
    let mut text = String::with_capacity(protected.len() + payload.len() * 4 / 3 + 96);
    text.push_str(protected);
    text.push('.');
    encode_into(payload, &mut text);
    let signature = signer.sign(text.as_bytes())?;
    text.push('.');
    encode_into(&signature, &mut text);
    Ok(text)
}
