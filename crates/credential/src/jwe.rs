//! Compact JWE (RFC 7516, section 7.1) with ECDH-ES on P-256 and AES-GCM, which wallets and
//! verifiers use on top of TLS.
//!
//! Compression is not supported, because the size of compressed content reveals something about it.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm as Cipher, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, PrivateKey, UnparsedPublicKey, agree, agree_ephemeral};
use aws_lc_rs::rand::{self, SystemRandom};
use serde_json::{Map, Value, json};

use crate::encoding::{decode, encode, sha256};
use crate::json::parse_limited;
use crate::jws::without_nulls;
use crate::key::{Algorithm, PublicKey};

/// Maximum size of a compact serialization to decrypt, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The reason why encryption or decryption failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// It is not a compact JWE.
    #[error("not a valid compact JWE: {0}")]
    Malformed(&'static str),
    /// The algorithm, the content encryption or the compression is not supported.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The recipient's key is not a usable P-256 key.
    #[error("the key to encrypt for must be a public JWK on P-256 for ECDH-ES")]
    Key,
    /// Decryption failed: wrong key, or modified content.
    #[error("cannot be decrypted with this server's key")]
    Decryption,
}

/// A content encryption (RFC 7518, section 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// AES-GCM with a key of 128 bits.
    A128Gcm,
    /// AES-GCM with a key of 256 bits.
    A256Gcm,
}

impl Encryption {
    /// Both encryptions.
    pub const ALL: [Self; 2] = [Self::A128Gcm, Self::A256Gcm];

    /// Returns the name in a header's `enc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Returns the encryption with this `enc`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    fn cipher(self) -> &'static Cipher {
        match self {
            Self::A128Gcm => &AES_128_GCM,
            Self::A256Gcm => &AES_256_GCM,
        }
    }

    /// Derives the content encryption key from the shared secret (RFC 7518, section 4.6.2). One
    /// round yields enough bytes for both key lengths.
    fn key(self, agreed: &[u8], apu: &[u8], apv: &[u8]) -> Option<LessSafeKey> {
        let mut input = vec![0, 0, 0, 1];
        input.extend_from_slice(agreed);
        for part in [self.name().as_bytes(), apu, apv] {
            input.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
            input.extend_from_slice(part);
        }
        let length = self.cipher().key_len();
        input.extend_from_slice(&u32::try_from(length * 8).ok()?.to_be_bytes());
        UnboundKey::new(self.cipher(), &sha256(&input)[..length]).map(LessSafeKey::new).ok()
    }
}

/// Returns whether the purpose of a JWK allows key agreement with its owner. Members that are
/// `null` count as absent. The `key_ops` of a public key for ECDH are usually an empty list (Web
/// Cryptography API).
fn may_agree(jwk: &Value) -> bool {
    let is = |name: &str, wanted: &str| jwk[name].is_null() || jwk[name] == wanted;
    let operations = &jwk["key_ops"];
    let agrees = |all: &Vec<Value>| all.is_empty() || all.iter().any(|one| one == "deriveKey" || one == "deriveBits");
    is("use", "enc") && is("alg", "ECDH-ES") && (operations.is_null() || operations.as_array().is_some_and(agrees))
}

/// Returns the first key of a JWK Set that content can be encrypted for.
pub fn recipient(keys: &[Value]) -> Option<&Value> {
    let is_on_curve = |point: &[u8]| PublicKey::from_bytes(Algorithm::Es256, point).is_some();
    keys.iter().find(|jwk| point(jwk).is_ok_and(|point| is_on_curve(&point)))
}

/// Returns the uncompressed point of a P-256 JWK that may be used for encryption.
fn point(jwk: &Value) -> Result<Vec<u8>, DecryptError> {
    let coordinate = |name: &str| jwk[name].as_str().and_then(decode).filter(|bytes| bytes.len() == 32);
    let fits = jwk["kty"] == "EC" && jwk["crv"] == "P-256" && jwk["d"].is_null() && may_agree(jwk);
    match (fits, coordinate("x"), coordinate("y")) {
        (true, Some(x), Some(y)) => Ok([&[4], x.as_slice(), y.as_slice()].concat()),
        _ => Err(DecryptError::Key),
    }
}

fn jwk(point: &[u8]) -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..65]) })
}

/// Encrypts `plain` for `recipient`, a public JWK on P-256, with a new ephemeral key. `header`
/// contains further header members, such as `typ`.
///
/// # Errors
/// [`DecryptError::Key`].
pub fn encrypt(
    plain: &[u8],
    recipient: &Value,
    encryption: Encryption,
    mut header: Map<String, Value>,
) -> Result<String, DecryptError> {
    let point = point(recipient)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).map_err(|_| DecryptError::Key)?;
    let public = own.compute_public_key().map_err(|_| DecryptError::Key)?;
    header.insert("alg".to_owned(), "ECDH-ES".into());
    header.insert("enc".to_owned(), encryption.name().into());
    header.insert("epk".to_owned(), jwk(public.as_ref()));
    if let Some(kid) = recipient.get("kid").filter(|kid| !kid.is_null()) {
        header.insert("kid".to_owned(), kid.clone());
    }
    let peer = UnparsedPublicKey::new(&ECDH_P256, point.as_slice());
    let key = agree_ephemeral(own, peer, DecryptError::Key, |agreed| {
        encryption.key(agreed, b"", b"").ok_or(DecryptError::Key)
    })?;
    let protected = encode(Value::Object(header).to_string().as_bytes());
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| DecryptError::Key)?;
    let mut content = plain.to_vec();
    let aad = Aad::from(protected.as_bytes());
    let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut content);
    let tag = tag.map_err(|_| DecryptError::Key)?;
    // The encrypted key is empty, because the key is agreed on, not sent (RFC 7516, section 5.1,
    // step 5).
    Ok(format!("{protected}..{}.{}.{}", encode(&nonce), encode(&content), encode(tag.as_ref())))
}

/// A decrypted JWE.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The protected header, without members that are `null`.
    pub header: Map<String, Value>,
    /// The content.
    pub plain: Vec<u8>,
}

/// Returns the protected header of a compact JWE, which is not authenticated before decryption.
///
/// # Errors
/// [`DecryptError::Malformed`].
pub fn header(text: &str) -> Result<Map<String, Value>, DecryptError> {
    if text.len() > MAX_BYTES {
        return Err(DecryptError::Malformed("it is longer than 2 MiB"));
    }
    let protected = text.split('.').next().and_then(decode);
    let bytes = protected.ok_or(DecryptError::Malformed("the header is not base64url"))?;
    let header = parse_limited(&bytes);
    header.map(without_nulls).map_err(|_| DecryptError::Malformed("the header is not a JSON object"))
}

/// Decrypts a compact JWE with the private scalar of the recipient's P-256 key.
///
/// # Errors
/// See [`DecryptError`].
pub fn decrypt(text: &str, secret: &[u8; 32]) -> Result<Opened, DecryptError> {
    let header = header(text)?;
    let parts: Vec<&str> = text.split('.').collect();
    let [protected, "", nonce, content, tag] = parts.as_slice() else {
        return Err(DecryptError::Malformed("it must have five parts, the second of them empty"));
    };
    let named = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
    if named("alg") != "ECDH-ES" {
        return Err(DecryptError::Unsupported("alg must be ECDH-ES"));
    }
    let encryption =
        Encryption::from_name(named("enc")).ok_or(DecryptError::Unsupported("enc must be A128GCM or A256GCM"))?;
    if header.contains_key("zip") {
        return Err(DecryptError::Unsupported("zip (compression) is not supported"));
    }
    if header.contains_key("crit") {
        return Err(DecryptError::Unsupported("crit is not supported"));
    }
    let party = |name: &str| match header.get(name) {
        None => Ok(Vec::new()),
        Some(value) => value.as_str().and_then(decode).ok_or(DecryptError::Malformed("apu and apv must be base64url")),
    };
    let (apu, apv) = (party("apu")?, party("apv")?);
    let peer = point(header.get("epk").unwrap_or(&Value::Null))
        .map_err(|_| DecryptError::Malformed("epk must be on P-256"))?;
    let own = PrivateKey::from_private_key(&ECDH_P256, secret).map_err(|_| DecryptError::Decryption)?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, peer.as_slice());
    let key = agree(&own, peer, DecryptError::Decryption, |agreed| {
        encryption.key(agreed, &apu, &apv).ok_or(DecryptError::Decryption)
    })?;
    let nonce = decode(nonce).and_then(|nonce| Nonce::try_assume_unique_for_key(&nonce).ok());
    let nonce = nonce.ok_or(DecryptError::Malformed("the initialization vector must have 96 bits"))?;
    let (content, tag) = (decode(content), decode(tag).filter(|tag| tag.len() == 16));
    let (Some(mut sealed), Some(tag)) = (content, tag) else {
        return Err(DecryptError::Malformed("ciphertext and tag must be base64url, and the tag must have 128 bits"));
    };
    sealed.extend_from_slice(&tag);
    let plain = key.open_in_place(nonce, Aad::from(protected.as_bytes()), &mut sealed);
    let plain = plain.map_err(|_| DecryptError::Decryption)?.to_vec();
    Ok(Opened { header, plain })
}

/// Returns the public JWK of a P-256 private scalar, to publish for encryption; `None` if the
/// scalar is invalid.
pub fn encryption_jwk(secret: &[u8; 32], kid: &str) -> Option<Value> {
    let own = PrivateKey::from_private_key(&ECDH_P256, secret).ok()?;
    let mut jwk = jwk(own.compute_public_key().ok()?.as_ref());
    jwk["kid"] = kid.into();
    jwk["use"] = "enc".into();
    jwk["alg"] = "ECDH-ES".into();
    Some(jwk)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7518, appendix C: the shared secret, and the key derived from it.
    // Conforms: RFC 7518 4.6
    #[test]
    fn key_derivation_matches_the_rfc() {
        let agreed = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let mut input = vec![0, 0, 0, 1];
        input.extend_from_slice(&agreed);
        for part in [b"A128GCM".as_slice(), b"Alice", b"Bob"] {
            input.extend_from_slice(&u32::try_from(part.len()).expect("short").to_be_bytes());
            input.extend_from_slice(part);
        }
        input.extend_from_slice(&128_u32.to_be_bytes());
        assert_eq!(encode(&sha256(&input)[..16]), "VqqN6vgjbSBcIijNcacQGg");
        // The same through the code: content encrypted with that key decrypts with the derived one.
        let key = Encryption::A128Gcm.key(&agreed, b"Alice", b"Bob").expect("a key");
        let expected = decode("VqqN6vgjbSBcIijNcacQGg").expect("base64url");
        let expected = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &expected).expect("a key"));
        let mut content = b"plain".to_vec();
        let nonce = || Nonce::assume_unique_for_key([1; NONCE_LEN]);
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut content).expect("sealed");
        assert_eq!(expected.open_in_place(nonce(), Aad::empty(), &mut content).expect("opens"), b"plain");
    }

    // Conforms: RFC 7516 5
    #[test]
    fn ciphertext_decrypts_only_with_its_key() {
        let (secret, other) = ([7; 32], [8; 32]);
        let public = encryption_jwk(&secret, "e1").expect("a key");
        for encryption in Encryption::ALL {
            let text = encrypt(b"{\"a\":1}", &public, encryption, Map::new()).expect("encrypted");
            let opened = decrypt(&text, &secret).expect("opens");
            assert_eq!(opened.plain, b"{\"a\":1}");
            assert_eq!((&opened.header["kid"], &opened.header["enc"]), (&json!("e1"), &json!(encryption.name())));
            assert_eq!(decrypt(&text, &other), Err(DecryptError::Decryption));
        }
    }

    #[test]
    fn unsupported_keys_and_algorithms_are_rejected() {
        let public = encryption_jwk(&[7; 32], "e1").expect("a key");
        let with = |name: &str, value: Value| {
            let mut jwk = public.clone();
            jwk[name] = value;
            encrypt(b"x", &jwk, Encryption::A128Gcm, Map::new())
        };
        assert_eq!(with("crv", "P-384".into()), Err(DecryptError::Key));
        assert_eq!(with("d", "AA".into()), Err(DecryptError::Key));
        assert_eq!(with("use", "sig".into()), Err(DecryptError::Key));
        assert_eq!(with("y", encode(&[1; 32]).into()), Err(DecryptError::Key));
        let text = encrypt(b"x", &public, Encryption::A128Gcm, Map::new()).expect("encrypted");
        let (_, rest) = text.split_once('.').expect("parts");
        for (name, value) in [("alg", "RSA-OAEP"), ("alg", "dir"), ("enc", "A128CBC-HS256"), ("zip", "DEF")] {
            let mut header = decrypt(&text, &[7; 32]).expect("opens").header;
            header.insert(name.to_owned(), value.into());
            let text = format!("{}.{rest}", encode(Value::Object(header).to_string().as_bytes()));
            assert!(matches!(decrypt(&text, &[7; 32]), Err(DecryptError::Unsupported(_))), "{name} {value}");
        }
    }

    // Conforms: RFC 7517 4.2
    #[test]
    fn first_usable_key_of_a_set_is_the_recipient() {
        let public = encryption_jwk(&[7; 32], "e1").expect("a key");
        let with = |changes: &Value| {
            let mut jwk = public.clone();
            for (name, value) in changes.as_object().expect("an object") {
                jwk[name] = value.clone();
            }
            jwk
        };
        let unusable = [
            json!({ "kty": "RSA" }),
            with(&json!({ "use": "sig" })),
            with(&json!({ "alg": "ES256" })),
            with(&json!({ "alg": "ECDH-ES+A256KW" })),
            with(&json!({ "key_ops": ["verify"] })),
            with(&json!({ "crv": "P-384" })),
            with(&json!({ "d": "AA" })),
            with(&json!({ "y": encode(&[1; 32]) })),
            json!(null),
        ];
        assert_eq!(recipient(&unusable), None);
        assert_eq!(recipient(&[]), None);
        for usable in [
            json!({}),
            json!({ "use": null, "alg": null, "key_ops": null, "d": null, "kid": null }),
            json!({ "key_ops": [] }),
            json!({ "key_ops": ["deriveBits"] }),
        ] {
            let key = with(&usable);
            let keys = [unusable.as_slice(), &[key.clone(), public.clone()]].concat();
            assert_eq!(recipient(&keys), Some(&key));
            let text = encrypt(b"x", &key, Encryption::A128Gcm, Map::new()).expect("encrypted");
            let opened = decrypt(&text, &[7; 32]).expect("opens");
            assert_eq!(opened.header.get("kid"), key.get("kid").filter(|kid| !kid.is_null()));
        }
    }

    #[test]
    fn null_members_of_the_header_count_as_absent() {
        let public = encryption_jwk(&[7; 32], "e1").expect("a key");
        let nulls = ["zip", "crit", "apu", "apv", "cty"].map(|name| (name.to_owned(), Value::Null));
        let text = encrypt(b"x", &public, Encryption::A128Gcm, Map::from_iter(nulls)).expect("encrypted");
        let opened = decrypt(&text, &[7; 32]).expect("opens");
        assert_eq!(opened.plain, b"x");
        assert!(!opened.header.contains_key("zip"));
    }

    proptest! {
        #[test]
        fn changed_ciphertext_does_not_decrypt(place in 0..400_usize, replacement in "[A-Za-z0-9_.-]") {
            let public = encryption_jwk(&[7; 32], "e1").expect("a key");
            let text = encrypt(b"a working life", &public, Encryption::A256Gcm, Map::new()).expect("encrypted");
            let mut changed = text.clone();
            let place = place % text.len();
            changed.replace_range(place..=place, &replacement);
            prop_assume!(changed != text);
            prop_assert!(decrypt(&changed, &[7; 32]).is_err());
        }

        #[test]
        fn random_text_is_rejected(text in "[A-Za-z0-9_.-]{0,200}") {
            prop_assert!(decrypt(&text, &[7; 32]).is_err());
        }
    }
}
