//! Compact JWS (RFC 7515, section 7.1): parsing, verification and signing of JSON objects.
//!
//! A parsed JWS is untrusted until its signature is verified. The formats define the meaning of the
//! payload.

use serde_json::{Map, Value};

use crate::encoding::{decode, encode, encode_into};
use crate::key::{Algorithm, PublicKey, SignError, Signer};
use crate::verify_error::VerifyError;

/// Maximum size of a compact serialization, in bytes.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Tolerated clock skew between two parties, in seconds.
pub const CLOCK_SKEW: i64 = 60;

/// A parsed compact JWS. The signature is not verified yet.
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
    /// Parses three parts of base64url: the header and the payload, each a JSON object, and the
    /// signature.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`]. [`VerifyError::Algorithm`] for every `alg` except ES256 and
    /// EdDSA, including `none`. [`VerifyError::Critical`] for a header with `crit`.
    pub fn read(text: &'a str) -> Result<Self, VerifyError> {
        if text.len() > MAX_BYTES {
            return Err(VerifyError::Malformed("it is longer than 2 MiB"));
        }
        let (signing_input, signature) =
            text.rsplit_once('.').ok_or(VerifyError::Malformed("a JWS must have three parts"))?;
        let (header, payload) =
            signing_input.split_once('.').ok_or(VerifyError::Malformed("a JWS must have three parts"))?;
        let header = object(header, VerifyError::Malformed("the header must be a JSON object in base64url"))?;
        let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let algorithm = Algorithm::from_name(name).ok_or_else(|| VerifyError::Algorithm(shown(name)))?;
        if header.contains_key("crit") {
            return Err(VerifyError::Critical);
        }
        let payload = object(payload, VerifyError::Malformed("the payload must be a JSON object in base64url"))?;
        let signature = decode(signature).ok_or(VerifyError::Malformed("the signature must be base64url"))?;
        Ok(Self { header, payload, algorithm, signing_input, signature })
    }

    /// Returns a string of the header.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// Returns the algorithm in the header.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Checks that the header's `typ` is `wanted`, with or without `application/` (RFC 7515,
    /// section 4.1.9).
    ///
    /// # Errors
    /// [`VerifyError::Type`].
    pub fn require_type(&self, wanted: &'static str) -> Result<(), VerifyError> {
        let found = self.header_text("typ").unwrap_or_default();
        let bare = found.strip_prefix("application/").unwrap_or(found);
        if bare.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(VerifyError::Type { wanted, found: shown(found) }) }
    }

    /// Verifies the signature with `key`. A header that names another algorithm than the key's is
    /// rejected.
    ///
    /// # Errors
    /// [`VerifyError::KeyConfusion`], [`VerifyError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), VerifyError> {
        if self.algorithm != key.algorithm() {
            return Err(VerifyError::KeyConfusion { named: self.algorithm, key: key.algorithm() });
        }
        if key.verify(self.signing_input.as_bytes(), &self.signature) { Ok(()) } else { Err(VerifyError::Signature) }
    }
}

/// Returns the seconds of a NumericDate, which may have a fraction (RFC 7519, section 2).
#[expect(clippy::cast_possible_truncation, reason = "a fraction of a second is dropped")]
pub(crate) fn numeric_date(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

fn object(text: &str, refusal: VerifyError) -> Result<Map<String, Value>, VerifyError> {
    let bytes = decode(text).ok_or_else(|| refusal.clone())?;
    serde_json::from_slice(&bytes).map_err(|_| refusal)
}

/// Returns the start of an untrusted value, for error messages.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// Returns the encoded protected header. It can be reused for many payloads.
pub fn protected(header: &Value) -> String {
    encode(header.to_string().as_bytes())
}

/// Signs `payload`, which is JSON, under a header from [`protected`].
///
/// # Errors
/// See [`SignError`].
pub fn sign(protected: &str, payload: &[u8], signer: &impl Signer) -> Result<String, SignError> {
    let mut text = String::with_capacity(protected.len() + payload.len() * 4 / 3 + 96);
    text.push_str(protected);
    text.push('.');
    encode_into(payload, &mut text);
    let signature = signer.sign(text.as_bytes())?;
    text.push('.');
    encode_into(&signature, &mut text);
    Ok(text)
}
