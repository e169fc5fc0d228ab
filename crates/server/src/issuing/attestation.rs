//! What a wallet's provider vouches for: its keys (OpenID4VCI 1.0, appendix D) and the wallet itself (appendix E, and
//! draft-ietf-oauth-attestation-based-client-auth).
//!
//! A provider is trusted because the operator lists its key, and for nothing else: certificates in a header are not
//! looked at.

use axum::http::HeaderMap;
use credential::Refusal;
use credential::jws::{CLOCK_SKEW, Jws};
use credential::key::PublicKey;
use serde_json::Value;

use super::nonce::{self, Use};
use super::proof::ProofRefused;
use crate::app::App;

/// How old a proof of possession of a wallet may be, in seconds.
const MOST_AGE: i64 = 300;

/// Keys that a provider attests.
#[derive(Clone, Debug)]
pub struct Attested {
    /// The keys.
    pub keys: Vec<PublicKey>,
    /// The challenge that it answers; the caller checks it.
    pub nonce: String,
    /// Whether it says when it ends.
    pub ends: bool,
}

/// That a trusted provider signed it, and that it is in its time.
fn require_provider(app: &App, jws: &Jws<'_>) -> Result<(), Refusal> {
    let kid = jws.header_text("kid").unwrap_or_default();
    let keys = app.wallet_providers().iter().filter(|(name, _)| kid.is_empty() || name == kid || name.is_empty());
    let mut last = Refusal::UnknownKey;
    for (_, key) in keys {
        match jws.verify(key) {
            Ok(()) => {
                let now = app.now().seconds();
                let ends = jws.payload.get("exp").and_then(Value::as_i64);
                return match ends {
                    Some(ends) if ends + CLOCK_SKEW <= now => Err(Refusal::Expired),
                    _ => Ok(()),
                };
            }
            Err(refusal) => last = refusal,
        }
    }
    Err(last)
}

/// Reads a key attestation (appendix D.1).
///
/// # Errors
/// Why it is not taken.
pub async fn key_attestation(app: &App, text: &str) -> Result<Attested, ProofRefused> {
    let jws = Jws::read(text)?;
    jws.require_type("key-attestation+jwt")?;
    require_provider(app, &jws).map_err(|refusal| ProofRefused::Proof(format!("key_attestation: {refusal}")))?;
    let keys = jws.payload.get("attested_keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
    let keys = keys.ok_or_else(|| ProofRefused::Proof("key_attestation names no attested_keys.".to_owned()))?;
    let keys = keys.iter().map(PublicKey::from_jwk).collect::<Result<Vec<_>, _>>();
    let keys = keys.map_err(|error| ProofRefused::Proof(format!("attested_keys: {error}.")))?;
    let made =
        jws.payload.get("iat").and_then(Value::as_i64).ok_or(Refusal::Claim("iat of key_attestation, seconds"))?;
    if made > app.now().seconds() + CLOCK_SKEW {
        return Err(Refusal::FromTheFuture.into());
    }
    let nonce = jws.payload.get("nonce").and_then(Value::as_str);
    let nonce = nonce
        .ok_or_else(|| ProofRefused::Proof("key_attestation: nonce is missing; ask the nonce endpoint.".to_owned()))?;
    Ok(Attested { keys, nonce: nonce.to_owned(), ends: jws.payload.contains_key("exp") })
}

/// Why a wallet does not prove to be what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalletRefused {
    /// `invalid_client`, and why.
    Client(String),
    /// `use_attestation_challenge`: the challenge is missing or over.
    Challenge,
}

impl From<Refusal> for WalletRefused {
    fn from(refusal: Refusal) -> Self {
        Self::Client(refusal.to_string())
    }
}

/// Checks the headers `OAuth-Client-Attestation` and `OAuth-Client-Attestation-PoP`; returns the wallet's `client_id`, or
/// `None` where neither is there and none is needed.
///
/// # Errors
/// See [`WalletRefused`].
pub fn wallet(app: &App, headers: &HeaderMap) -> Result<Option<String>, WalletRefused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let wallet = |what: &str| WalletRefused::Client(what.to_owned());
    let (attestation, proof) = match (text("oauth-client-attestation"), text("oauth-client-attestation-pop")) {
        (None, None) if app.config().wallets.attestation_required => {
            return Err(wallet("This server wants a wallet attestation (OAuth-Client-Attestation)."));
        }
        (None, None) => return Ok(None),
        (Some(attestation), Some(proof)) => (Jws::read(attestation)?, Jws::read(proof)?),
        _ => return Err(wallet("OAuth-Client-Attestation and OAuth-Client-Attestation-PoP come together.")),
    };
    attestation.require_type("oauth-client-attestation+jwt")?;
    require_provider(app, &attestation)?;
    if !attestation.payload.contains_key("exp") {
        return Err(Refusal::Claim("exp of the attestation").into());
    }
    let client_id = attestation.payload.get("sub").and_then(Value::as_str);
    let client_id = client_id.ok_or(Refusal::Claim("sub of the attestation, the client_id"))?.to_owned();
    let key = attestation.payload.get("cnf").map_or(&Value::Null, |cnf| &cnf["jwk"]);
    let key = PublicKey::from_jwk(key).map_err(|_| Refusal::Claim("cnf.jwk of the attestation"))?;
    proof.require_type("oauth-client-attestation-pop+jwt")?;
    proof.verify(&key)?;
    let said = |name: &str| proof.payload.get(name).and_then(Value::as_str);
    if said("aud") != Some(app.config().base()) {
        return Err(Refusal::Audience.into());
    }
    if said("iss").is_some_and(|issuer| issuer != client_id) {
        return Err(wallet("iss of the proof is not sub of the attestation."));
    }
    let now = app.now().seconds();
    let made = proof.payload.get("iat").and_then(Value::as_i64).ok_or(Refusal::Claim("iat of the proof, seconds"))?;
    if made > now + CLOCK_SKEW {
        return Err(Refusal::FromTheFuture.into());
    }
    if made < now - MOST_AGE - CLOCK_SKEW {
        return Err(Refusal::TooOld.into());
    }
    let id = said("jti").ok_or(Refusal::Claim("jti of the proof"))?;
    if let Some(challenge) = said("challenge") {
        nonce::read(app, Use::Attestation, challenge).ok_or(WalletRefused::Challenge)?;
    }
    if !app.seen_proofs().first_time("attestation", id, app.now()) {
        return Err(wallet("This proof has been used before (jti)."));
    }
    Ok(Some(client_id))
}
