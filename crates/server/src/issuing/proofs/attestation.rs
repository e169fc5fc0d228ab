//! Attestations by wallet providers: of the wallet's keys (OpenID4VCI 1.0, appendix D) and of the
//! wallet itself (appendix E, and draft-ietf-oauth-attestation-based-client-auth).
//!
//! A provider is trusted if the operator lists its key, or an authority of its certificate. A
//! server that trusts none ignores attestations, except as proofs of their own (D-402).

use credential::jws::Jws;
use credential::key::PublicKey;
use credential::{JwtDates, VerifyError};
use serde_json::Value;

use super::verifier::{ProofError, ProofVerifier};
use crate::issuing::nonces::NoncePurpose;

/// Keys that a provider attests.
#[derive(Clone, Debug)]
pub(super) struct AttestedKeys {
    pub(super) keys: Vec<PublicKey>,
    /// The `kid` of each key's JWK, if it has one.
    pub(super) kids: Vec<Option<String>>,
    /// The nonce in the attestation. The caller verifies it.
    pub(super) nonce: String,
    pub(super) has_expiry: bool,
}

impl AttestedKeys {
    /// Returns the keys that `kid` names: by the `kid` of their JWKs, or by the index in
    /// `attested_keys` (appendix F.1).
    pub(super) fn named(&self, kid: &str) -> Vec<&PublicKey> {
        let is_index = kid.bytes().all(|byte| byte.is_ascii_digit());
        let index = if is_index { kid.parse::<usize>().ok() } else { None };
        let by_kid = self.keys.iter().zip(&self.kids).filter(|(_, known)| known.as_deref() == Some(kid));
        by_kid.map(|(key, _)| key).chain(index.and_then(|index| self.keys.get(index))).collect()
    }
}

impl ProofVerifier {
    /// Checks that a trusted provider signed `jws` and that it is valid now. Returns its dates.
    fn require_provider(&self, jws: &Jws<'_>) -> Result<JwtDates, String> {
        let now = self.clock.now();
        self.policy.providers.verify(jws, now)?;
        let dates = JwtDates::read(&jws.payload).map_err(|refusal| refusal.to_string())?;
        dates.require_current(now.seconds()).map_err(|refusal| refusal.to_string())?;
        Ok(dates)
    }

    /// Verifies a key attestation (appendix D.1).
    pub(super) fn key_attestation(&self, text: &str) -> Result<AttestedKeys, ProofError> {
        let jws = Jws::read(text)?;
        jws.require_type("key-attestation+jwt")?;
        let attested = |why: String| ProofError::Invalid(format!("key_attestation: {why}"));
        let dates = self.require_provider(&jws).map_err(attested)?;
        dates.require_issued_at().map_err(|refusal| attested(refusal.to_string()))?;
        let keys = jws.payload.get("attested_keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
        let keys = keys.ok_or_else(|| ProofError::invalid("key_attestation has no attested_keys."))?;
        let kids = keys.iter().map(|jwk| jwk["kid"].as_str().map(ToOwned::to_owned)).collect();
        let keys = keys.iter().map(PublicKey::from_jwk).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|error| ProofError::Invalid(format!("attested_keys: {error}.")))?;
        let nonce = jws.payload.get("nonce").and_then(Value::as_str).map(ToOwned::to_owned);
        let missing = || ProofError::invalid("key_attestation: nonce is missing. Get one from the nonce endpoint.");
        Ok(AttestedKeys { keys, kids, nonce: nonce.ok_or_else(missing)?, has_expiry: dates.expires_at.is_some() })
    }

    /// Verifies the values of the headers `OAuth-Client-Attestation` and
    /// `OAuth-Client-Attestation-PoP`. Returns the wallet's `client_id`, or `None` if both are
    /// missing and none is required. A server that trusts no provider ignores them, as one that
    /// does not know these headers (D-279): it does not offer attestations.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn verify_wallet(
        &self,
        attestation: Option<&str>,
        pop: Option<&str>,
    ) -> Result<Option<String>, ProofError> {
        if self.policy.providers.is_empty() {
            return Ok(None);
        }
        let (attestation, pop) = match (attestation, pop) {
            (None, None) if self.policy.attestation_required => {
                return Err(ProofError::invalid("A wallet attestation is required (OAuth-Client-Attestation)."));
            }
            (None, None) => return Ok(None),
            (Some(attestation), Some(pop)) => (Jws::read(attestation)?, Jws::read(pop)?),
            _ => {
                let together = "Send OAuth-Client-Attestation and OAuth-Client-Attestation-PoP together.";
                return Err(ProofError::invalid(together));
            }
        };
        let (client_id, key) = self.client_attestation(&attestation)?;
        self.verify_pop(&pop, &client_id, &key).await?;
        Ok(Some(client_id))
    }

    /// Returns the `client_id` and the key that `attestation` attests.
    fn client_attestation(&self, attestation: &Jws<'_>) -> Result<(String, PublicKey), ProofError> {
        attestation.require_type("oauth-client-attestation+jwt")?;
        let dates = self.require_provider(attestation).map_err(ProofError::Invalid)?;
        if dates.expires_at.is_none() {
            return Err(VerifyError::Claim("exp of the attestation").into());
        }
        let client_id = attestation.payload.get("sub").and_then(Value::as_str);
        let client_id = client_id.ok_or(VerifyError::Claim("sub of the attestation, the client_id"))?.to_owned();
        let key = attestation.payload.get("cnf").map_or(&Value::Null, |cnf| &cnf["jwk"]);
        let key = PublicKey::from_jwk(key).map_err(|_| VerifyError::Claim("cnf.jwk of the attestation"))?;
        Ok((client_id, key))
    }

    /// Verifies a proof of possession of `key` by the wallet `client_id`.
    async fn verify_pop(&self, pop: &Jws<'_>, client_id: &str, key: &PublicKey) -> Result<(), ProofError> {
        pop.require_type("oauth-client-attestation-pop+jwt")?;
        pop.verify(key)?;
        let claim = |name: &str| pop.payload.get(name).and_then(Value::as_str);
        if !self.is_addressed(&pop.payload) {
            return Err(VerifyError::Audience.into());
        }
        if claim("iss").is_some_and(|issuer| issuer != client_id) {
            return Err(ProofError::invalid("iss of the proof must be sub of the attestation."));
        }
        let now = self.clock.now();
        self.require_current(&pop.payload)?;
        let jti = claim("jti").filter(|jti| !jti.is_empty()).ok_or(VerifyError::Claim("jti of the proof"))?;
        if let Some(challenge) = claim("challenge") {
            self.require_nonce(NoncePurpose::Attestation, challenge)?;
        }
        if !self.seen.insert("attestation", jti, now).await? {
            return Err(ProofError::invalid("This proof was already used (jti). Send a new one."));
        }
        Ok(())
    }
}
