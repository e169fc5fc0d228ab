//! Multikeys: public keys as one text (Controlled Identifiers 1.0, section 2.2.2).
//!
//! The page for tokens has the same rules in `crates/server/static/multikey.js`. Both are tested
//! with the cases in `tests/signed/did_keys.json`.

use crate::encoding;
use crate::key::{Algorithm, InvalidKey, PublicKey};

/// The alphabet of base58btc.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The prefixes of Ed25519 and P-256 keys.
const ED25519: [u8; 2] = [0xed, 0x01];
const P256: [u8; 2] = [0x80, 0x24];

/// Maximum length of a text that is decoded; those of the supported keys have at most 50.
const MAX_LENGTH: usize = 64;

/// Returns the key as a Multikey in base58btc.
pub(super) fn multikey(key: &PublicKey) -> String {
    let bytes = match (key.algorithm(), key.bytes()) {
        // The point is compressed: its sign, then x (SEC 1, section 2.3.3).
        (Algorithm::Es256, [_, point @ .., last]) => [P256.as_slice(), &[2 + (last & 1)], &point[..32]].concat(),
        (_, key) => [ED25519.as_slice(), key].concat(),
    };
    format!("z{}", base58(&bytes))
}

/// Parses a Multikey in base58btc or base64url, as in `publicKeyMultibase`. An
/// Ed25519VerificationKey2020 has the same form.
///
/// # Errors
/// See [`InvalidKey`].
pub(crate) fn from_multikey(text: &str) -> Result<PublicKey, InvalidKey> {
    let text = Some(text).filter(|text| text.len() <= MAX_LENGTH).ok_or(InvalidKey::Unsupported)?;
    let bytes = match (text.strip_prefix('z'), text.strip_prefix('u')) {
        (Some(digits), _) => from_base58(digits),
        (_, Some(digits)) => encoding::decode(digits),
        _ => None,
    };
    let (prefix, bytes) = bytes.as_deref().and_then(<[u8]>::split_first_chunk).ok_or(InvalidKey::Malformed)?;
    let key = match *prefix {
        ED25519 if bytes.len() == 32 => PublicKey::from_bytes(Algorithm::EdDsa, bytes),
        P256 => PublicKey::from_compressed(bytes),
        ED25519 => None,
        _ => return Err(InvalidKey::Unsupported),
    };
    key.ok_or(InvalidKey::Malformed)
}

/// Encodes bytes that do not begin with a zero.
fn base58(bytes: &[u8]) -> String {
    // The least significant digit first.
    let mut digits: Vec<usize> = Vec::new();
    for byte in bytes {
        let mut carry = usize::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    digits.iter().rev().map(|digit| char::from(BASE58[*digit])).collect()
}

/// Decodes bytes that do not begin with a zero, which is the digit `1`.
fn from_base58(text: &str) -> Option<Vec<u8>> {
    if text.starts_with('1') {
        return None;
    }
    // The least significant byte first.
    let mut bytes: Vec<u8> = Vec::new();
    for digit in text.bytes() {
        let mut carry = BASE58.iter().position(|known| *known == digit)?;
        for byte in &mut bytes {
            carry += usize::from(*byte) * 58;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry.to_le_bytes()[0]);
        }
    }
    bytes.reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The examples of did:key (sections 6.1 and 6.4): the identifier contains the Multikey.
    // Conforms: DID Core 5.2
    #[test]
    fn multikeys_match_the_examples_of_did_key() {
        let p256 = json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI",
            "y": "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU",
        });
        let x = "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik";
        let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        for (jwk, text) in [
            (p256, "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"),
            (ed25519, "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"),
        ] {
            let key = PublicKey::from_jwk(&jwk).expect("a key");
            assert_eq!(multikey(&key), text);
            let read = from_multikey(text).expect("a key");
            assert_eq!((&read, read.jwk()), (&key, jwk));
            let bytes = from_base58(&text[1..]).expect("base58");
            assert_eq!(from_multikey(&format!("u{}", encoding::encode(&bytes))).as_ref(), Ok(&key));
        }
    }

    #[test]
    fn other_texts_are_no_multikeys() {
        let encoded = |bytes: &[u8]| format!("z{}", base58(bytes));
        let of_curve = |prefix: [u8; 2], length: usize| encoded(&[prefix.as_slice(), &vec![2; length]].concat());
        for (text, reason) in [
            (String::new(), InvalidKey::Malformed),
            ("z".to_owned(), InvalidKey::Malformed),
            ("z6Mk0OIl".to_owned(), InvalidKey::Malformed),
            ("m7QE".to_owned(), InvalidKey::Malformed),
            ("z16MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".to_owned(), InvalidKey::Malformed),
            (of_curve(ED25519, 31), InvalidKey::Malformed),
            (of_curve(ED25519, 33), InvalidKey::Malformed),
            (of_curve(P256, 32), InvalidKey::Malformed),
            (of_curve([0xec, 0x01], 32), InvalidKey::Unsupported),
            (of_curve([0xe7, 0x01], 33), InvalidKey::Unsupported),
            (of_curve(ED25519, 400), InvalidKey::Unsupported),
        ] {
            assert_eq!(from_multikey(&text), Err(reason), "{text}");
        }
        // Half of all x are not those of a point.
        let is_point = |x: u8| {
            let mut bytes = vec![0x80, 0x24, 3];
            bytes.extend([x; 32]);
            from_multikey(&encoded(&bytes)).is_ok()
        };
        let points = (0..100).filter(|x| is_point(*x)).count();
        assert!((20..80).contains(&points), "{points}");
    }

    proptest! {
        #[test]
        fn base58_is_decoded_as_it_is_encoded(bytes in proptest::collection::vec(any::<u8>(), 1..40)) {
            prop_assume!(bytes[0] != 0);
            prop_assert_eq!(from_base58(&base58(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_a_key_or_refused(text in "[zu]\\PC{0,60}|z[1-9A-HJ-NP-Za-km-z]{0,60}") {
            if let Ok(key) = from_multikey(&text) {
                prop_assert_eq!(from_multikey(&multikey(&key)), Ok(key));
            }
        }
    }
}
