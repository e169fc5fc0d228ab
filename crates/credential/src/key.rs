//! Signing and verification keys, as JWKs (RFC 7517) of the two supported algorithms.
//!
//! The [`Signer`] trait allows for software keys and hardware modules. A public key determines its
//! algorithm; the algorithm that a signed message names is never used to choose one.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, UnparsedPublicKey,
};
use serde_json::{Map, Value, json};

use crate::encoding::{decode, encode, sha256};
use crate::json::parse_limited;

/// A signature algorithm (RFC 7518, section 3.1; RFC 8037, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// The names that [`Algorithm::from_name`] accepts, for metadata. `Ed25519` is the fully
    /// specified name of EdDSA with that curve (RFC 9864, section 2.2).
    pub const NAMES: [&'static str; 3] = ["ES256", "EdDSA", "Ed25519"];

    /// Returns the `alg` of tokens that are signed here.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the algorithm with this `alg`; `None` for any other, including `none` and the MACs.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// The key could not sign: a hardware module is unavailable or rejected the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot sign: {0}")]
pub struct SignError(pub String);

/// A private key in memory or in a hardware module.
pub trait Signer {
    /// Returns the key's algorithm.
    fn algorithm(&self) -> Algorithm;

    /// Signs `message`. The signature is in the format of JWS (RFC 7515): 64 bytes for both
    /// algorithms.
    ///
    /// # Errors
    /// See [`SignError`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// The bytes are not a private key of this algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a valid private key for this algorithm")]
pub struct NoPrivateKeyError;

/// A private key in memory; cheap to clone.
#[derive(Clone)]
pub struct SoftwareKey {
    pair: Arc<Pair>,
    public: PublicKey,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl SoftwareKey {
    /// Creates a key from 32 secret bytes: the private scalar of P-256 (big-endian), or the seed of
    /// Ed25519.
    ///
    /// # Errors
    /// [`NoPrivateKeyError`], if the scalar is zero or not below the order of P-256. For random
    /// bytes the probability is negligible.
    pub fn from_bytes(algorithm: Algorithm, secret: &[u8; 32]) -> Result<Self, NoPrivateKeyError> {
        let (pair, public) = match algorithm {
            Algorithm::Es256 => {
                let scalar = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, secret);
                let point =
                    scalar.and_then(|scalar| Ok(scalar.compute_public_key()?)).map_err(|_| NoPrivateKeyError)?;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    secret,
                    point.as_ref(),
                );
                (Pair::Es256(pair.map_err(|_| NoPrivateKeyError)?), point.as_ref().to_vec())
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(secret).map_err(|_| NoPrivateKeyError)?;
                let public = pair.public_key().as_ref().to_vec();
                (Pair::EdDsa(pair), public)
            }
        };
        let public = PublicKey::from_bytes(algorithm, &public).ok_or(NoPrivateKeyError)?;
        Ok(Self { pair: Arc::new(pair), public })
    }

    /// Reads a private key in DER: PKCS #8 (RFC 5958), and for P-256 also SEC 1 (RFC 5915).
    ///
    /// # Errors
    /// [`NoPrivateKeyError`], if it is not a private key of this algorithm.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, NoPrivateKeyError> {
        let (pair, public) = match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
                let pair = pair.map_err(|_| NoPrivateKeyError)?;
                let public = pair.public_key().as_ref().to_vec();
                (Pair::Es256(pair), public)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| NoPrivateKeyError)?;
                let public = pair.public_key().as_ref().to_vec();
                (Pair::EdDsa(pair), public)
            }
        };
        let public = PublicKey::from_bytes(algorithm, &public).ok_or(NoPrivateKeyError)?;
        Ok(Self { pair: Arc::new(pair), public })
    }

    /// Returns the private key as PKCS #8 (RFC 5958), for libraries that require it.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn pkcs8(&self) -> Result<Vec<u8>, SignError> {
        let document = match &*self.pair {
            Pair::Es256(pair) => pair.to_pkcs8v1(),
            Pair::EdDsa(pair) => pair.to_pkcs8v1(),
        };
        Ok(document.map_err(|_| SignError("the library returned an error".to_owned()))?.as_ref().to_vec())
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> Algorithm {
        self.public.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &*self.pair {
            Pair::Es256(pair) => {
                // The library draws the random number of an ECDSA signature itself, not from the
                // injected RNG.
                let signature = pair.sign(&SystemRandom::new(), message);
                Ok(signature.map_err(|_| SignError("the library returned an error".to_owned()))?.as_ref().to_vec())
            }
            Pair::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// A public key for signature verification; cheap to clone.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// P-256: 0x04, x, y. Ed25519: 32 bytes.
    bytes: Arc<[u8]>,
    parsed: Arc<ParsedPublicKey>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm.name(), self.thumbprint())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

/// The reason why a JWK cannot be used to verify signatures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The key is neither P-256 nor Ed25519.
    #[error("the key must be on P-256 or Ed25519")]
    Unsupported,
    /// A member is missing or invalid.
    #[error("the key's parameters are missing or not a point on its curve")]
    Malformed,
    /// It contains private members (`d`, `k`, ..). The key is compromised and must be replaced.
    #[error("the key contains private parameters")]
    Private,
    /// Its `alg` or `use` is for something else.
    #[error("use, key_ops or alg of the key name another purpose")]
    OtherUse,
}

impl PublicKey {
    /// Creates a key from an uncompressed P-256 point or the bytes of an Ed25519 key.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let parsed = match algorithm {
            Algorithm::Es256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).parse(),
            Algorithm::EdDsa => UnparsedPublicKey::new(&ED25519, bytes).parse(),
        };
        Some(Self { algorithm, bytes: bytes.into(), parsed: Arc::new(parsed.ok()?) })
    }

    /// Creates a key from a compressed P-256 point (SEC 1, section 2.3.3).
    pub(crate) fn from_compressed(point: &[u8]) -> Option<Self> {
        if point.len() != 33 {
            return None;
        }
        let parsed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).parse().ok()?;
        let info: PublicKeyX509Der<'_> = parsed.as_der().ok()?;
        let info: &[u8] = info.as_ref();
        // A SubjectPublicKeyInfo ends with the uncompressed point.
        Self::from_bytes(Algorithm::Es256, info.split_last_chunk::<65>()?.1)
    }

    /// Parses a JWK (RFC 7518, section 6.2; RFC 8037, section 2). Members that are `null` count as
    /// absent.
    ///
    /// `key_ops` is not read: a wallet that derives the JWK in a proof from its private key may
    /// leave `sign` in it.
    ///
    /// # Errors
    /// See [`InvalidKey`].
    pub fn from_jwk(jwk: &Value) -> Result<Self, InvalidKey> {
        let text = |name: &str| jwk[name].as_str();
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|member| !jwk[*member].is_null()) {
            return Err(InvalidKey::Private);
        }
        let (algorithm, bytes) = match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => {
                let (x, y) = (coordinate(text("x"))?, coordinate(text("y"))?);
                (Algorithm::Es256, [&[4], x.as_slice(), y.as_slice()].concat())
            }
            (Some("OKP"), Some("Ed25519")) => (Algorithm::EdDsa, coordinate(text("x"))?.to_vec()),
            _ => return Err(InvalidKey::Unsupported),
        };
        let is_other = |name: &str| Algorithm::from_name(name) != Some(algorithm);
        if text("alg").is_some_and(is_other) || text("use").is_some_and(|purpose| purpose != "sig") {
            return Err(InvalidKey::OtherUse);
        }
        Self::from_bytes(algorithm, &bytes).ok_or(InvalidKey::Malformed)
    }

    /// Returns the only algorithm that this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the uncompressed P-256 point, or the 32 bytes of an Ed25519 key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether `signature` is this key's signature of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// Returns the JWK with only its required members.
    pub fn jwk(&self) -> Value {
        match self.algorithm {
            Algorithm::Es256 => {
                let (x, y) = (encode(&self.bytes[1..33]), encode(&self.bytes[33..65]));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Algorithm::EdDsa => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(&self.bytes) }),
        }
    }

    /// Returns the JWK as an issuer publishes it: with `kid`, `use` and `alg`.
    pub fn published_jwk(&self, kid: &str) -> Value {
        let mut jwk = self.jwk();
        jwk["kid"] = kid.into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.name().into();
        jwk
    }

    /// Returns the JWK's SHA-256 thumbprint (RFC 7638) in base64url.
    pub fn thumbprint(&self) -> String {
        // Required members in lexicographic order: serde_json's map is sorted.
        let members: Map<String, Value> = match self.jwk() {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        encode(&sha256(Value::Object(members).to_string().as_bytes()))
    }

    /// Returns the key as a did:jwk, which contains the key and needs no resolution.
    pub fn did_jwk(&self) -> String {
        format!("did:jwk:{}", encode(self.jwk().to_string().as_bytes()))
    }

    /// Parses the key in a did:jwk, with or without its fragment `#0`.
    ///
    /// # Errors
    /// See [`InvalidKey`].
    pub fn from_did_jwk(did: &str) -> Result<Self, InvalidKey> {
        let text = did.strip_prefix("did:jwk:").ok_or(InvalidKey::Unsupported)?;
        let text = text.strip_suffix("#0").unwrap_or(text);
        let bytes = decode(text).ok_or(InvalidKey::Malformed)?;
        Self::from_jwk(&parse_limited(&bytes).map_err(|_| InvalidKey::Malformed)?)
    }
}

fn coordinate(text: Option<&str>) -> Result<[u8; 32], InvalidKey> {
    let bytes = text.and_then(decode).ok_or(InvalidKey::Malformed)?;
    bytes.try_into().map_err(|_| InvalidKey::Malformed)
}

#[cfg(test)]
mod tests;
