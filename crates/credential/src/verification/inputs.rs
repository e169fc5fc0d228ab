//! The documents and keys that verification needs.

use serde_json::Value;

use crate::jws::Jws;
use crate::key::PublicKey;
use crate::status::Status;

/// The URLs that the caller has to fetch to verify a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookups {
    /// The issuer, whose keys are needed.
    pub issuer: Option<String>,
    /// The status list.
    pub status: Option<String>,
    /// The type metadata.
    pub metadata: Option<String>,
}

/// The outcome of a lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer<T> {
    /// Not attempted.
    #[default]
    NotAsked,
    /// Failed, for this reason.
    None(String),
    /// Found.
    Some(T),
}

/// The fetched documents and keys.
#[derive(Clone, Debug, Default)]
pub struct VerificationInputs {
    /// The issuer's keys by name, from a source that is trusted to identify their owner.
    pub issuer_keys: Answer<Vec<(String, PublicKey)>>,
    /// The status list: a Status List Token, or a Bitstring Status List credential.
    pub status: Answer<String>,
    /// The status in the issuer's own database. It takes precedence over the status list, whose
    /// published form may be cached.
    pub stored_status: Option<Status>,
    /// The type metadata, byte for byte.
    pub metadata: Answer<Vec<u8>>,
}

/// Returns the signature verification keys of a JWK Set, with their names.
pub fn keys_of(jwks: &Value) -> Vec<(String, PublicKey)> {
    let keys = jwks["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named =
        |jwk: &Value| Some((jwk["kid"].as_str().unwrap_or_default().to_owned(), PublicKey::from_jwk(jwk).ok()?));
    keys.iter().filter_map(named).collect()
}

/// Returns the key that a header names. If a set has a single unnamed key, no name is needed.
pub(super) fn named_key(keys: &[(String, PublicKey)], jws: &Jws<'_>) -> Option<PublicKey> {
    let kid = jws.header_text("kid").unwrap_or_default();
    let kid = kid.rsplit_once('#').map_or(kid, |(_, fragment)| fragment);
    let named = keys.iter().find(|(name, _)| name == kid && !name.is_empty());
    let found = named.or(match keys {
        [only] if only.0.is_empty() || kid.is_empty() => Some(only),
        _ => None,
    });
    found.map(|(_, key)| key.clone())
}
