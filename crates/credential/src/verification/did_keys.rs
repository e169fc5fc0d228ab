//! The keys of a DID document with which an issuer signs credentials.
//!
//! The page for tokens has the same rules in `crates/server/static/did-keys.js`. Both are tested
//! with the cases in `tests/signed/did_keys.json`.

use serde_json::Value;

use super::moment::{in_words, parse_time};
use crate::format::from_multikey;
use crate::jws::{Jws, shown};
use crate::key::{InvalidKey, PublicKey};
use crate::key_set::{fragment, verification_key};

/// Maximum number of keys that an error message names.
const MAX_SHOWN: usize = 5;

/// Maximum number of ended keys that are tried for a token without `kid`.
const MAX_TRIED: usize = 16;

/// Why a verification method is not used.
enum Unusable {
    /// It has no key that can be used here.
    Key(String),
    /// It was revoked or has expired (Controlled Identifiers 1.0, section 2.2).
    Ended(PublicKey, String),
}

impl Unusable {
    fn why(&self) -> &str {
        match self {
            Self::Key(why) | Self::Ended(_, why) => why,
        }
    }
}

/// A verification method for assertions, by the fragment of its id.
struct Method {
    name: String,
    key: Result<PublicKey, Unusable>,
}

/// Returns the keys of a DID document that sign credentials at `now`, by their names: those of its
/// methods for assertions (Controlled Identifiers 1.0, section 2.3.1).
///
/// # Errors
/// There is no key that can be used, or the one of `jws` was revoked or has expired; why.
pub fn assertion_keys(
    document: &Value,
    did: &str,
    jws: &Jws<'_>,
    now: i64,
) -> Result<Vec<(String, PublicKey)>, String> {
    let methods = methods(document, did, now);
    if let Some(why) = why_missed(&methods, jws) {
        return Err(why);
    }
    let mut whys = methods.iter().filter_map(|method| {
        let why = method.key.as_ref().err()?.why();
        Some(format!("{:?}: {why}", shown(&method.name)))
    });
    let first: Vec<String> = whys.by_ref().take(MAX_SHOWN).collect();
    let more = whys.count();
    let keys: Vec<_> = methods.into_iter().filter_map(|method| Some((method.name, method.key.ok()?))).collect();
    if !keys.is_empty() {
        return Ok(keys);
    }
    if first.is_empty() {
        return Err("it names no key for assertions (assertionMethod)".to_owned());
    }
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    Err(format!("none of its keys for assertions can be used: {}{more}", first.join("; ")))
}

/// Says why the key of a JWS is not used, if it has ended: the one that its `kid` names or, without
/// `kid`, the one that signed it. The same key in another form may be used.
fn why_missed(methods: &[Method], jws: &Jws<'_>) -> Option<String> {
    let kid = fragment(jws.header_text("kid").unwrap_or_default());
    let mut ended = methods.iter().filter_map(|method| match &method.key {
        Err(Unusable::Ended(key, why)) => Some((method.name.as_str(), key, why)),
        _ => None,
    });
    if kid.is_empty() {
        let is_usable = |key: &PublicKey| methods.iter().any(|method| method.key.as_ref().ok() == Some(key));
        let (name, _, why) = ended.take(MAX_TRIED).find(|(_, key, _)| !is_usable(key) && jws.verify(key).is_ok())?;
        return Some(format!("its key {:?}, which signed the token, cannot be used: {why}", shown(name)));
    }
    if methods.iter().any(|method| fragment(&method.name) == kid && method.key.is_ok()) {
        return None;
    }
    let (name, _, why) = ended.find(|(name, ..)| fragment(name) == kid)?;
    Some(format!("its key {:?}, which the token names, cannot be used: {why}", shown(name)))
}

/// Returns the methods for assertions.
fn methods(document: &Value, did: &str, now: i64) -> Vec<Method> {
    let list = |name: &str| document[name].as_array().map(Vec::as_slice).unwrap_or_default();
    // Ids may be relative to the document.
    let whole = |id: &str| if id.starts_with('#') { format!("{did}{id}") } else { id.to_owned() };
    let named = |name: &str| {
        let is_it = |method: &&Value| method["id"].as_str().is_some_and(|id| whole(id) == whole(name));
        list("verificationMethod").iter().find(is_it)
    };
    let read = |entry: &Value| match entry.as_str() {
        Some(name) => match named(name) {
            Some(method) => Method { name: name_of(name), key: key_of(method, now) },
            None => {
                let why = "the document does not contain it".to_owned();
                Method { name: name_of(name), key: Err(Unusable::Key(why)) }
            }
        },
        None => Method { name: name_of(entry["id"].as_str().unwrap_or_default()), key: key_of(entry, now) },
    };
    list("assertionMethod").iter().map(read).collect()
}

/// Returns the fragment of an id, which names the key within the document.
fn name_of(id: &str) -> String {
    id.rsplit_once('#').map_or(id, |(_, name)| name).to_owned()
}

/// Returns the key of a method.
fn key_of(method: &Value, now: i64) -> Result<PublicKey, Unusable> {
    let unusable = |why: InvalidKey| Unusable::Key(why.to_string());
    if !method["id"].as_str().is_some_and(|id| id.contains('#')) {
        return Err(Unusable::Key("its id has no fragment (#)".to_owned()));
    }
    if ["secretKeyMultibase", "privateKeyMultibase"].iter().any(|member| !method[*member].is_null()) {
        return Err(unusable(InvalidKey::Private));
    }
    let (jwk, multibase) = (&method["publicKeyJwk"], &method["publicKeyMultibase"]);
    let key = match multibase.as_str() {
        _ if jwk.is_object() => verification_key(jwk),
        Some(multibase) => from_multikey(multibase),
        None => return Err(Unusable::Key("it has neither publicKeyJwk nor publicKeyMultibase".to_owned())),
    };
    let key = key.map_err(unusable)?;
    match why_ended(method, now) {
        Some(why) => Err(Unusable::Ended(key, why)),
        None => Ok(key),
    }
}

/// Says why a method must not be used at `now`. One whose end is not understood may have ended.
fn why_ended(method: &Value, now: i64) -> Option<String> {
    let (revoked, expires) = (&method["revoked"], &method["expires"]);
    let moment = |value: &Value| value.as_str().and_then(parse_time);
    if !revoked.is_null() {
        match moment(revoked) {
            Some(at) if at > now => {}
            Some(at) => return Some(format!("it was revoked at {}", in_words(at))),
            None => return Some("it was revoked".to_owned()),
        }
    }
    match moment(expires) {
        Some(at) if at > now => None,
        Some(at) => Some(format!("it expired at {}", in_words(at))),
        None if expires.is_null() => None,
        None => Some("its end (expires) is not a time with a time zone".to_owned()),
    }
}
