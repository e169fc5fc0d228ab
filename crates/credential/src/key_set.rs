//! Keys of a JWK Set (RFC 7517, section 5): which of them may verify signatures, and which one
//! verifies a given JWS.

use serde_json::Value;

use crate::jws::{Jws, shown};
use crate::key::{InvalidKey, PublicKey};
use crate::verify_error::VerifyError;

/// Ends the name of a key as a JsonWebKey2020 of a DID document. Credentials of data model 1.1 name
/// their key so: verifiers of that model know no JsonWebKey, which VC-JOSE-COSE requires (D-269).
pub(crate) const OLDER_NAME: &str = "-2020";

/// Maximum number of keys that are tried for one signature; bounds the work for a large set.
const MAX_TRIED: usize = 16;

/// Maximum number of keys that an error message names.
const MAX_SHOWN: usize = 5;

/// Parses a JWK that is published to verify signatures. Beside the rules of
/// [`PublicKey::from_jwk`], `key_ops` must contain `verify` if it is present.
///
/// # Errors
/// See [`InvalidKey`].
pub fn verification_key(jwk: &Value) -> Result<PublicKey, InvalidKey> {
    let key = PublicKey::from_jwk(jwk)?;
    let may_verify =
        |operations: &Value| operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
    match jwk.get("key_ops") {
        Some(operations) if !operations.is_null() && !may_verify(operations) => Err(InvalidKey::OtherUse),
        _ => Ok(key),
    }
}

/// Returns the keys of a JWK Set that may verify signatures, with their names. Others are skipped.
pub fn keys_of(jwks: &Value) -> Vec<(String, PublicKey)> {
    members(jwks).iter().filter_map(|jwk| Some((name(jwk), verification_key(jwk).ok()?))).collect()
}

/// Returns why a JWK Set has no key that may verify signatures: the reason for each of its keys.
pub fn why_no_key(jwks: &Value) -> String {
    let reason = |jwk: &Value| Some(format!("{}: {}", quoted(&name(jwk)), verification_key(jwk).err()?));
    let reasons: Vec<String> = members(jwks).iter().filter_map(reason).take(MAX_SHOWN).collect();
    let colon = if reasons.is_empty() { "" } else { ": " };
    format!("it has no P-256 or Ed25519 key for signatures{colon}{}", reasons.join("; "))
}

fn members(jwks: &Value) -> &[Value] {
    jwks["keys"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn name(jwk: &Value) -> String {
    jwk["kid"].as_str().unwrap_or_default().to_owned()
}

/// Returns the part of a key ID that names the key within its set or DID document, without the
/// ending of its name as JsonWebKey2020.
pub(crate) fn fragment(kid: &str) -> &str {
    let fragment = kid.rsplit_once('#').map_or(kid, |(_, fragment)| fragment);
    fragment.strip_suffix(OLDER_NAME).unwrap_or(fragment)
}

impl Jws<'_> {
    /// Verifies the signature with the keys that suit the header, one after the other. Returns the
    /// one that verifies it.
    ///
    /// Suitable are the keys with the header's `kid` or, if no key has it, those without a name.
    /// Without `kid`, all are. Of those, the keys for the header's algorithm are tried, at most
    /// 16 different ones.
    ///
    /// # Errors
    /// [`VerifyError::NoKeyFits`], [`VerifyError::KeyConfusion`], [`VerifyError::Signature`],
    /// [`VerifyError::NoKeyVerifies`], [`VerifyError::TooManyKeys`]; [`VerifyError::NoSignature`]
    /// and [`VerifyError::Malformed`], if the signature is too short.
    pub fn verify_with<'k>(&self, keys: &'k [(String, PublicKey)]) -> Result<&'k PublicKey, VerifyError> {
        let kid = self.header_text("kid").unwrap_or_default();
        let has_kid = |name: &str| !name.is_empty() && fragment(name) == fragment(kid);
        let is_listed = keys.iter().any(|(name, _)| has_kid(name));
        let suits = |name: &str| kid.is_empty() || if is_listed { has_kid(name) } else { name.is_empty() };
        let mut suitable = keys.iter().filter(|(name, _)| suits(name)).peekable();
        let Some((_, first)) = suitable.peek() else { return Err(VerifyError::NoKeyFits(not_listed(kid, keys))) };
        let confusion = VerifyError::KeyConfusion { named: self.algorithm(), key: first.algorithm() };
        let (mut names, mut tried, mut is_limited) = (Vec::new(), Vec::new(), false);
        for (name, key) in suitable.filter(|(_, key)| key.algorithm() == self.algorithm()) {
            // A DID document lists a key once for each form that libraries read.
            if !tried.contains(&key) {
                is_limited = tried.len() == MAX_TRIED;
                if is_limited {
                    break;
                }
                if self.verify(key).is_ok() {
                    return Ok(key);
                }
                tried.push(key);
            }
            names.push(name.as_str());
        }
        if tried.is_empty() {
            return Err(confusion);
        }
        let refusal = self.wrong_signature();
        if is_limited && refusal == VerifyError::Signature {
            return Err(VerifyError::TooManyKeys(MAX_TRIED));
        }
        if names.len() == 1 || !kid.is_empty() || refusal != VerifyError::Signature {
            return Err(refusal);
        }
        Err(VerifyError::NoKeyVerifies(listed(names.into_iter())))
    }
}

fn not_listed(kid: &str, keys: &[(String, PublicKey)]) -> String {
    let names = keys.iter().map(|(name, _)| name.as_str());
    match keys {
        [] => "may verify signatures".to_owned(),
        _ => format!("has the key ID {} of the header; those for signatures are: {}", quoted(kid), listed(names)),
    }
}

fn listed<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let first: Vec<String> = names.by_ref().take(MAX_SHOWN).map(quoted).collect();
    let more = names.count();
    if more == 0 { first.join(", ") } else { format!("{} and {more} more", first.join(", ")) }
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "one without a key ID".to_owned() } else { format!("{:?}", shown(name)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jws::{protected, sign};
    use crate::key::{Algorithm, Signer as _, SoftwareKey};

    fn key(number: u8, algorithm: Algorithm) -> SoftwareKey {
        SoftwareKey::from_bytes(algorithm, &[number; 32]).expect("a key")
    }

    /// Returns the key with which a set verifies a JWS of `signer` whose header has `kid`.
    fn found(signer: &SoftwareKey, kid: &Value, jwks: &[Value]) -> Result<PublicKey, VerifyError> {
        let header = protected(&json!({ "alg": signer.algorithm().name(), "kid": kid }));
        let text = sign(&header, b"{}", signer).expect("signed");
        let keys = keys_of(&json!({ "keys": jwks }));
        Jws::read(&text).expect("read").verify_with(&keys).cloned()
    }

    fn named(key: &SoftwareKey, changes: &Value) -> Value {
        let mut jwk = key.public().jwk();
        for (name, value) in changes.as_object().expect("an object") {
            jwk[name] = value.clone();
        }
        jwk
    }

    // Conforms: RFC 7515 4.1.4; RFC 7517 4.5
    #[test]
    fn every_suitable_key_of_a_set_is_tried() {
        let (signer, other) = (key(1, Algorithm::Es256), key(2, Algorithm::Es256));
        let another_type = key(3, Algorithm::EdDsa);
        let (k1, k2, unnamed) = (json!({ "kid": "k1" }), json!({ "kid": "k2" }), json!({}));
        let cases: [(&str, Value, Vec<Value>); 11] = [
            ("the only key", json!("k1"), vec![named(&signer, &k1)]),
            ("another kty with the same kid", json!("k1"), vec![named(&another_type, &k1), named(&signer, &k1)]),
            ("two keys with one kid", json!("k1"), vec![named(&other, &k1), named(&signer, &k1)]),
            ("no kid in the token", Value::Null, vec![named(&other, &k2), named(&signer, &k1)]),
            ("no kid in the keys", json!("k1"), vec![named(&other, &unnamed), named(&signer, &unnamed)]),
            ("no kid in one key", json!("k1"), vec![named(&other, &k2), named(&signer, &unnamed)]),
            ("no kid anywhere", Value::Null, vec![named(&other, &unnamed), named(&signer, &unnamed)]),
            ("the kid is a DID URL", json!("did:web:a.example#k1"), vec![named(&other, &k2), named(&signer, &k1)]),
            ("as JsonWebKey2020", json!("did:web:a.example#k1-2020"), vec![named(&other, &k2), named(&signer, &k1)]),
            ("the key's name is one", json!("#k1"), vec![named(&signer, &json!({ "kid": "did:web:a.example#k1" }))]),
            (
                "an encryption key with the same kid",
                json!("k1"),
                vec![named(&other, &json!({ "kid": "k1", "use": "enc" })), named(&signer, &k1)],
            ),
        ];
        for (what, kid, jwks) in cases {
            assert_eq!(found(&signer, &kid, &jwks).as_ref(), Ok(signer.public()), "{what}");
        }
    }

    // Conforms: RFC 7517 4.2; RFC 7517 4.3
    #[test]
    fn keys_for_other_purposes_are_skipped_and_named() {
        let signer = key(1, Algorithm::Es256);
        for (changes, reason) in [
            (json!({ "kid": "k1", "use": "enc" }), "another purpose"),
            (json!({ "kid": "k1", "key_ops": ["encrypt"] }), "another purpose"),
            (json!({ "kid": "k1", "key_ops": [] }), "another purpose"),
            (json!({ "kid": "k1", "key_ops": "verify" }), "another purpose"),
            (json!({ "kid": "k1", "alg": "ECDH-ES" }), "another purpose"),
            (json!({ "kid": "k1", "d": "AA" }), "private parameters"),
            (json!({ "kid": "k1", "crv": "P-384" }), "P-256 or Ed25519"),
        ] {
            let jwks = [named(&signer, &changes)];
            let refusal = found(&signer, &json!("k1"), &jwks).expect_err("no key");
            assert_eq!(refusal.to_string(), "None of the issuer's keys may verify signatures.", "{changes}");
            let why = why_no_key(&json!({ "keys": jwks }));
            assert!(why.contains("\"k1\"") && why.contains(reason), "{changes}: {why}");
        }
        for changes in [
            json!({ "kid": "k1", "use": "sig", "key_ops": ["verify"], "alg": "ES256", "ext": true }),
            json!({ "kid": "k1", "use": null, "key_ops": null, "alg": null, "d": null, "x5c": null }),
        ] {
            assert_eq!(found(&signer, &json!("k1"), &[named(&signer, &changes)]).as_ref(), Ok(signer.public()));
        }
        assert_eq!(why_no_key(&json!({ "keys": [] })), "it has no P-256 or Ed25519 key for signatures");
    }

    #[test]
    fn errors_name_the_available_keys() {
        let (signer, other) = (key(1, Algorithm::Es256), key(2, Algorithm::Es256));
        let another_type = key(3, Algorithm::EdDsa);
        let set = |kids: &[&str], key: &SoftwareKey| {
            kids.iter().map(|kid| named(key, &json!({ "kid": kid }))).collect::<Vec<Value>>()
        };
        let refusal = found(&signer, &json!("k9"), &set(&["k1", "k2"], &signer)).expect_err("not listed");
        assert_eq!(refusal.code(), "unknown_key");
        let said =
            "None of the issuer's keys has the key ID \"k9\" of the header; those for signatures are: \"k1\", \"k2\".";
        assert_eq!(refusal.to_string(), said);
        let refusal = found(&signer, &Value::Null, &set(&["k1", "k2"], &other)).expect_err("none fits");
        assert_eq!(refusal.code(), "signature", "the signature is wrong, as with one key");
        assert!(refusal.to_string().ends_with("tried: \"k1\", \"k2\"."), "{refusal}");
        assert_eq!(found(&signer, &json!("k1"), &set(&["k1", "k1"], &other)), Err(VerifyError::Signature));
        assert_eq!(found(&signer, &Value::Null, &set(&["k1"], &other)), Err(VerifyError::Signature));
        let confused = found(&signer, &json!("k1"), &set(&["k1"], &another_type));
        assert_eq!(confused, Err(VerifyError::KeyConfusion { named: Algorithm::Es256, key: Algorithm::EdDsa }));
    }

    #[test]
    fn cut_signature_is_incomplete() {
        let signer = key(1, Algorithm::Es256);
        let text = sign(&protected(&json!({ "alg": "ES256" })), b"{}", &signer).expect("signed");
        let keys = keys_of(&json!({ "keys": [signer.public().jwk()] }));
        let incomplete = Some(VerifyError::Malformed("the signature is incomplete, so copy all of it"));
        for (length, refusal) in
            [(0, None), (2, incomplete.clone()), (82, incomplete), (86, Some(VerifyError::NoSignature))]
        {
            let found = Jws::read(&text[..text.len() - length]).expect("read").verify_with(&keys).map(drop);
            assert_eq!(found, refusal.map_or(Ok(()), Err), "{length}");
        }
    }

    #[test]
    fn tried_keys_are_limited() {
        let signer = key(1, Algorithm::Es256);
        let others: Vec<Value> = (2..30).map(|number| key(number, Algorithm::Es256).public().jwk()).collect();
        let set = |wrong: usize| [&others[..wrong], &[signer.public().jwk()]].concat();
        assert!(found(&signer, &Value::Null, &set(MAX_TRIED - 1)).is_ok());
        let limited = found(&signer, &Value::Null, &set(MAX_TRIED)).expect_err("too many");
        assert_eq!(limited, VerifyError::TooManyKeys(MAX_TRIED));
        assert!(limited.is_unsupported() && limited.to_string().contains("the 16 that are tried"), "{limited}");
        // As many as are tried, and none of them is right.
        let refusal = found(&signer, &Value::Null, &others[..MAX_TRIED]).expect_err("none fits");
        assert!(refusal.code() == "signature" && refusal.to_string().ends_with("and 11 more."), "{refusal}");
        // One key under many names is one key.
        let repeated = [vec![others[0].clone(); 2 * MAX_TRIED], vec![signer.public().jwk()]].concat();
        assert!(found(&signer, &Value::Null, &repeated).is_ok());
        let cut = Jws::read("eyJhbGciOiJFUzI1NiJ9.e30.AAAA").expect("read");
        let refusal = cut.verify_with(&keys_of(&json!({ "keys": others }))).expect_err("cut");
        assert_eq!(refusal.code(), "malformed", "no key verifies a part of a signature");
    }
}
