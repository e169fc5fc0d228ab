//! DPoP (RFC 9449): that whoever uses a token has the key it was given for.

use std::time::Duration;

use axum::http::{HeaderMap, Method};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::jws::{CLOCK_SKEW, Jws};
use credential::key::PublicKey;
use quick_cache::sync::Cache;
use serde_json::Value;

use super::nonce::{self, Use};
use crate::app::App;
use crate::seal::sha256;
use ambient::Timestamp;

/// How old a proof may be, in seconds.
const MOST_AGE: i64 = 300;
/// Proofs that are remembered.
const REMEMBERED: usize = 100_000;

/// Proofs that came before, by node: whoever copies one has the five minutes of its time, and another node, to use it,
/// and still not the key (RFC 9449, section 11.1).
#[derive(Debug)]
pub struct SeenProofs(Cache<[u8; 32], Timestamp>);

impl Default for SeenProofs {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl SeenProofs {
    /// Whether the proof named `id` comes for the first time.
    pub fn first_time(&self, kind: &str, id: &str, now: Timestamp) -> bool {
        let hash = sha256(&[kind.as_bytes(), b"\0", id.as_bytes()].concat());
        let ends = now + Duration::from_secs(2 * MOST_AGE.unsigned_abs());
        match self.0.get_value_or_guard(&hash, None) {
            quick_cache::sync::GuardResult::Value(seen) if seen > now => false,
            quick_cache::sync::GuardResult::Guard(guard) => {
                let _ = guard.insert(ends);
                true
            }
            _ => {
                self.0.insert(hash, ends);
                true
            }
        }
    }
}

/// Why a proof is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DPoPRefused {
    /// `invalid_dpop_proof`, and why.
    Proof(String),
    /// `use_dpop_nonce`: it lacks the server's nonce, or has an old one.
    Nonce,
}

/// Checks the header `DPoP` of a request (section 4.3); returns the thumbprint of its key, or `None` without the header.
///
/// # Errors
/// See [`DPoPRefused`].
pub fn verify(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    token: Option<&str>,
) -> Result<Option<String>, DPoPRefused> {
    let mut all = headers.get_all("dpop").iter();
    let (text, more) = (all.next(), all.next());
    let refused = |what: &str| DPoPRefused::Proof(what.to_owned());
    let Some(text) = text else { return Ok(None) };
    if more.is_some() {
        return Err(refused("There is more than one DPoP header."));
    }
    let text = text.to_str().map_err(|_| refused("The DPoP header is not a JWT."))?;
    let words = |refusal: credential::Refusal| DPoPRefused::Proof(refusal.to_string());
    let jws = Jws::read(text).map_err(words)?;
    jws.require_type("dpop+jwt").map_err(words)?;
    let key = PublicKey::from_jwk(jws.header.get("jwk").unwrap_or(&Value::Null));
    let key = key.map_err(|error| DPoPRefused::Proof(format!("jwk: {error}.")))?;
    jws.verify(&key).map_err(words)?;
    let said = |name: &str| jws.payload.get(name).and_then(Value::as_str);
    if said("htm") != Some(method.as_str()) {
        return Err(refused("htm is not the request's method."));
    }
    let address = format!("{}{path}", app.config().base());
    let named = said("htu").unwrap_or_default();
    let named = named.split(['?', '#']).next().unwrap_or_default();
    if named != address {
        return Err(DPoPRefused::Proof(format!("htu must be {address}.")));
    }
    let (made, now) = (jws.payload.get("iat").and_then(Value::as_i64), app.now().seconds());
    let made = made.ok_or_else(|| refused("iat, in seconds, is missing."))?;
    if made > now + CLOCK_SKEW || made < now - MOST_AGE - CLOCK_SKEW {
        return Err(refused("iat lies in the future, or more than five minutes back."));
    }
    if let Some(token) = token {
        let hash = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()));
        if said("ath") != Some(hash.as_str()) {
            return Err(refused("ath is not the hash of the access token."));
        }
    }
    said("nonce").and_then(|nonce| nonce::read(app, Use::DPoP, nonce)).ok_or(DPoPRefused::Nonce)?;
    let id = said("jti").ok_or_else(|| refused("jti is missing."))?;
    if !app.seen_proofs().first_time("dpop", id, app.now()) {
        return Err(refused("This proof has been used before (jti)."));
    }
    Ok(Some(key.thumbprint()))
}
