//! Compact JWS (RFC 7515, section 7.1): parsing, verification and signing of JSON objects.
//!
//! A parsed JWS is untrusted until its signature is verified. The formats define the meaning of the
//! payload.

use serde_json::{Map, Value};

use crate::encoding::{decode, encode, encode_into};
use crate::json::{limit_of, parse_limited};
use crate::key::{Algorithm, PublicKey, SignError, Signer};
use crate::media_type::media_type;
use crate::verify_error::VerifyError;

/// Maximum size of a compact serialization, in bytes.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Tolerated clock skew between two parties, in seconds.
pub const CLOCK_SKEW: i64 = 60;

/// A parsed compact JWS. The signature is not verified yet.
#[derive(Clone, Debug)]
pub struct Jws<'a> {
    /// The protected header, without members that are `null`: they count as absent.
    pub header: Map<String, Value>,
    /// The payload's JSON object, without claims that are `null`.
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
    /// [`VerifyError::Malformed`], [`VerifyError::Limit`]. [`VerifyError::Algorithm`] for every
    /// `alg` that [`Algorithm::from_name`] does not know, including `none`.
    /// [`VerifyError::Critical`] for a header with `crit`.
    pub fn read(text: &'a str) -> Result<Self, VerifyError> {
        if text.len() > MAX_BYTES {
            return Err(VerifyError::Limit("it is longer than 2 MiB"));
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
        let signature = decode(signature)
            .ok_or(VerifyError::Malformed("the signature is incomplete or not base64url, so copy all of it"))?;
        Ok(Self { header, payload, algorithm, signing_input, signature })
    }

    /// Returns a string of the header.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// Returns the payload's JSON object with the claims that are `null`.
    pub(crate) fn payload_with_nulls(&self) -> Map<String, Value> {
        let payload = self.signing_input.split_once('.').and_then(|(_, payload)| decode(payload));
        payload.and_then(|bytes| parse_limited(&bytes).ok()).unwrap_or_default()
    }

    /// Returns the algorithm in the header.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns why no key verifies the signature. Those of ES256 and EdDSA have 64 bytes, so a
    /// shorter one lost its end in copying.
    pub(crate) fn wrong_signature(&self) -> VerifyError {
        match self.signature.len() {
            0 => VerifyError::NoSignature,
            1..64 => VerifyError::Malformed("the signature is incomplete, so copy all of it"),
            _ => VerifyError::Signature,
        }
    }

    /// Checks that the header's `typ` is the media type `wanted`.
    ///
    /// # Errors
    /// [`VerifyError::Type`].
    pub fn require_type(&self, wanted: &'static str) -> Result<(), VerifyError> {
        let found = self.header_text("typ").unwrap_or_default();
        let is_wanted = media_type(found) == media_type(wanted);
        if is_wanted { Ok(()) } else { Err(VerifyError::Type { wanted, found: shown(found) }) }
    }

    /// Verifies the signature with `key`. A header that names another algorithm than the key's is
    /// rejected.
    ///
    /// # Errors
    /// [`VerifyError::KeyConfusion`], [`VerifyError::Signature`]; [`VerifyError::NoSignature`] and
    /// [`VerifyError::Malformed`], if the signature is too short.
    pub fn verify(&self, key: &PublicKey) -> Result<(), VerifyError> {
        if self.algorithm != key.algorithm() {
            return Err(VerifyError::KeyConfusion { named: self.algorithm, key: key.algorithm() });
        }
        if key.verify(self.signing_input.as_bytes(), &self.signature) { Ok(()) } else { Err(self.wrong_signature()) }
    }
}

/// Returns the payload of a JWS, with or without disclosures, of any algorithm; `None` if it cannot
/// be parsed.
pub fn unverified_payload(text: &str) -> Option<Map<String, Value>> {
    let payload = text.trim().split('~').next()?.split('.').nth(1)?;
    object(payload, VerifyError::Malformed("the payload must be a JSON object in base64url")).ok()
}

fn object(text: &str, refusal: VerifyError) -> Result<Map<String, Value>, VerifyError> {
    let bytes = decode(text).ok_or_else(|| refusal.clone())?;
    let object = parse_limited(&bytes).map_err(|error| {
        if let Some(limit) = limit_of(&error) {
            return VerifyError::Limit(limit);
        }
        // A number such as 1e400 is JSON, so a message about the form would mislead.
        let is_out_of_range = error.to_string().starts_with("number out of range");
        if is_out_of_range { VerifyError::Malformed("it contains a number that is too large") } else { refusal }
    })?;
    Ok(without_nulls(object))
}

/// Removes the members that are `null`, which some libraries write for absent ones.
pub(crate) fn without_nulls(mut object: Map<String, Value>) -> Map<String, Value> {
    object.retain(|_, value| !value.is_null());
    object
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::key::SoftwareKey;

    #[test]
    fn tokens_beyond_two_mebibytes_are_refused() {
        let refusal = |length| Jws::read(&"a".repeat(length)).err().map(|error| error.to_string()).unwrap_or_default();
        let (most, beyond) = (refusal(MAX_BYTES), refusal(MAX_BYTES + 1));
        assert!(beyond.contains("longer than 2 MiB") && most.contains("three parts"), "{most} {beyond}");
    }

    #[test]
    fn media_types_compare_without_case_and_prefix() {
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let is_one = |typ: &str| {
            let text = sign(&protected(&json!({ "alg": "ES256", "typ": typ })), b"{}", &key).expect("signed");
            Jws::read(&text).expect("read").require_type("dc+sd-jwt").is_ok()
        };
        for typ in ["dc+sd-jwt", "DC+SD-JWT", "application/dc+sd-jwt", "Application/DC+sd-jwt"] {
            assert!(is_one(typ), "{typ}");
        }
        for typ in ["", "application/", "application/application/dc+sd-jwt", "text/dc+sd-jwt", "dc+sd-jwt "] {
            assert!(!is_one(typ), "{typ}");
        }
    }

    #[test]
    fn short_signatures_are_called_incomplete() {
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let text = sign(&protected(&json!({ "alg": "ES256" })), b"{}", &key).expect("signed");
        let refusal = |text: &str| Jws::read(text).and_then(|jws| jws.verify(key.public())).expect_err(text);
        for cut in 1..=86 {
            let said = refusal(&text[..text.len() - cut]).to_string();
            assert!(said.contains("incomplete") && said.contains("copy all of it"), "{cut}: {said}");
        }
        assert_eq!(refusal(&text[..text.len() - 86]).code(), "signature");
        assert_eq!(refusal(&format!("{}{}", &text[..text.len() - 86], "A".repeat(86))), VerifyError::Signature);
    }

    #[test]
    fn numbers_that_are_too_large_are_named() {
        let header = protected(&json!({ "alg": "ES256" }));
        let refusal = Jws::read(&format!("{header}.{}.AAAA", encode(br#"{"exp":1e400}"#))).expect_err("too large");
        assert!(refusal.to_string().contains("a number that is too large"), "{refusal}");
    }

    #[test]
    fn null_members_count_as_absent() {
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let header = protected(&json!({ "alg": "ES256", "kid": null, "crit": null, "x5c": null, "typ": null }));
        let text = sign(&header, br#"{"exp":null,"sub":"a","nested":{"exp":null}}"#, &key).expect("signed");
        let jws = Jws::read(&text).expect("read");
        assert_eq!(Value::Object(jws.header.clone()), json!({ "alg": "ES256" }));
        assert_eq!(Value::Object(jws.payload.clone()), json!({ "sub": "a", "nested": { "exp": null } }));
        assert_eq!(jws.verify(key.public()), Ok(()), "the signature covers the text as it was sent");
        let refusal = jws.require_type("JWT").expect_err("no type").to_string();
        assert_eq!(refusal, "The header has no typ; it must be JWT.");
    }

    #[test]
    fn fully_specified_name_of_eddsa_verifies() {
        let key = SoftwareKey::from_bytes(Algorithm::EdDsa, &[7; 32]).expect("a key");
        let other = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let text = sign(&protected(&json!({ "alg": "Ed25519" })), b"{}", &key).expect("signed");
        let jws = Jws::read(&text).expect("read");
        assert_eq!((jws.algorithm(), jws.verify(key.public())), (Algorithm::EdDsa, Ok(())));
        assert!(matches!(jws.verify(other.public()), Err(VerifyError::KeyConfusion { .. })));
        let text = sign(&protected(&json!({ "alg": "Ed448" })), b"{}", &key).expect("signed");
        assert_eq!(Jws::read(&text).err(), Some(VerifyError::Algorithm("Ed448".to_owned())));
    }
}
