//! What a wallet proves: that it has the keys its credentials are to be bound to (OpenID4VCI 1.0, appendix F).

use credential::Refusal;
use credential::jws::{CLOCK_SKEW, Jws};
use credential::key::PublicKey;
use serde_json::Value;

use super::attestation::{self, Attested};
use super::nonce::{self, Use};
use crate::app::App;
use crate::seal::sha256;

/// Most keys in one request: one credential each.
pub const BATCH: usize = 10;

/// How old a proof may be, in seconds: as long as a challenge lives.
const MOST_AGE: i64 = 300;

/// The keys of a request, each proved.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The keys, in the order of the proofs.
    pub keys: Vec<PublicKey>,
    /// SHA-256 of each challenge that was answered, without repetition.
    pub nonces: Vec<[u8; 32]>,
}

/// Why proofs are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofRefused {
    /// `invalid_proof`, and why.
    Proof(String),
    /// `invalid_nonce`.
    Nonce,
}

fn refused(what: impl Into<String>) -> ProofRefused {
    ProofRefused::Proof(what.into())
}

impl From<Refusal> for ProofRefused {
    fn from(refusal: Refusal) -> Self {
        Self::Proof(refusal.to_string())
    }
}

/// Checks `proofs`: one kind, with one to [`BATCH`] of it.
pub async fn verify(app: &App, proofs: &Value) -> Result<Proved, ProofRefused> {
    let proofs = proofs.as_object().filter(|proofs| proofs.len() == 1);
    let (kind, list) = proofs.and_then(|proofs| proofs.iter().next()).ok_or_else(|| {
        refused("Send proofs as an object with exactly one member: jwt or attestation (OpenID4VCI 1.0, section 8.2).")
    })?;
    let texts: Option<Vec<&str>> = list.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
    let texts = texts.filter(|texts| !texts.is_empty());
    let texts = texts.ok_or_else(|| refused(format!("proofs.{kind} must be a list of strings, at least one.")))?;
    let mut proved = Proved { keys: Vec::new(), nonces: Vec::new() };
    match kind.as_str() {
        "jwt" if texts.len() <= BATCH => {
            for text in texts {
                verify_jwt(app, text, &mut proved).await?;
            }
        }
        "attestation" if texts.len() == 1 => {
            let attested = attestation::key_attestation(app, texts[0]).await?;
            answer(app, &attested.nonce, &mut proved)?;
            proved.keys = attested.keys;
        }
        "jwt" | "attestation" => {
            return Err(refused(format!("At most {BATCH} proofs of kind jwt, or one of kind attestation, are taken.")));
        }
        other => {
            return Err(refused(format!("Proofs of kind '{}' are not taken; jwt and attestation are.", shown(other))));
        }
    }
    if proved.keys.len() > BATCH {
        return Err(refused(format!("At most {BATCH} keys are taken at once.")));
    }
    for (at, key) in proved.keys.iter().enumerate() {
        if proved.keys[..at].contains(key) {
            return Err(refused("One key stands in it twice; each credential has a key of its own."));
        }
    }
    Ok(proved)
}

fn shown(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(32).collect()
}

fn answer(app: &App, nonce: &str, proved: &mut Proved) -> Result<(), ProofRefused> {
    nonce::read(app, Use::Proof, nonce).ok_or(ProofRefused::Nonce)?;
    let hash = sha256(nonce.as_bytes());
    if !proved.nonces.contains(&hash) {
        proved.nonces.push(hash);
    }
    Ok(())
}

/// A proof of kind `jwt` (appendix F.1).
async fn verify_jwt(app: &App, text: &str, proved: &mut Proved) -> Result<(), ProofRefused> {
    let jws = Jws::read(text)?;
    jws.require_type("openid4vci-proof+jwt")?;
    let attested = match jws.header.get("key_attestation").map(Value::as_str) {
        None => None,
        Some(Some(attestation)) => Some(attestation::key_attestation(app, attestation).await?),
        Some(None) => return Err(refused("key_attestation must be a JWT.")),
    };
    let key = key(&jws)?;
    jws.verify(&key)?;
    let audience = app.config().base();
    let meant = match jws.payload.get("aud") {
        Some(Value::String(aud)) => aud == audience,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == audience),
        _ => false,
    };
    if !meant {
        return Err(refused(format!("aud must be {audience}.")));
    }
    let (made, now) = (jws.payload.get("iat").and_then(Value::as_i64), app.now().seconds());
    let made = made.ok_or_else(|| refused("iat, in seconds, is missing."))?;
    if made > now + CLOCK_SKEW || made < now - MOST_AGE - CLOCK_SKEW {
        return Err(refused("iat lies in the future, or more than five minutes back."));
    }
    let nonce = jws.payload.get("nonce").and_then(Value::as_str);
    let nonce = nonce.ok_or_else(|| refused("nonce is missing; ask the nonce endpoint for one."))?;
    answer(app, nonce, proved)?;
    match attested {
        None if app.config().wallets.attestation_required => {
            Err(refused("key_attestation is missing; this server wants one."))
        }
        None => {
            proved.keys.push(key);
            Ok(())
        }
        // With an attestation in its header, one proof stands for every key that is attested (appendix F.1).
        Some(Attested { ends: false, .. }) => Err(refused("key_attestation: exp is missing.")),
        Some(Attested { keys, nonce, .. }) if keys.contains(&key) => {
            answer(app, &nonce, proved)?;
            proved.keys.extend(keys);
            Ok(())
        }
        Some(_) => Err(refused("The key of the proof is none of those that its key_attestation names.")),
    }
}

/// The key that the header names, by exactly one of `jwk`, `kid`, `x5c`.
fn key(jws: &Jws<'_>) -> Result<PublicKey, ProofRefused> {
    let named = |name: &str| jws.header.get(name);
    match (named("jwk"), named("kid"), named("x5c")) {
        (Some(jwk), None, None) => PublicKey::from_jwk(jwk).map_err(|error| refused(format!("jwk: {error}."))),
        (None, Some(Value::String(kid)), None) => {
            PublicKey::from_did_jwk(kid).map_err(|_| refused("kid must be a did:jwk; send the key as jwk otherwise."))
        }
        (None, None, Some(_)) => Err(refused("x5c is not taken; send the key as jwk.")),
        _ => Err(refused("The header needs exactly one of jwk and kid.")),
    }
}
