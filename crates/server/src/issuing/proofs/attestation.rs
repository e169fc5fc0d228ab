//! Attestations by wallet providers: of the wallet's keys (OpenID4VCI 1.0, appendix D) and of the
//! wallet itself (appendix E, and draft-ietf-oauth-attestation-based-client-auth).
//!
//! A provider is trusted only if the operator lists its key. Certificates in a header are ignored.

use credential::VerifyError;
use credential::jws::{CLOCK_SKEW, Jws};
use credential::key::PublicKey;
use serde_json::Value;

use super::verifier::{MAX_AGE, ProofError, ProofVerifier};
use crate::issuing::nonces::NoncePurpose;

/// Keys that a provider attests.
#[derive(Clone, Debug)]
pub(super) struct AttestedKeys {
    pub(super) keys: Vec<PublicKey>,
    /// The nonce in the attestation. The caller verifies it.
    pub(super) nonce: String,
    pub(super) has_expiry: bool,
}

impl ProofVerifier {
    /// Checks that a trusted provider signed `jws` and that it has not expired.
    fn require_provider(&self, jws: &Jws<'_>) -> Result<(), VerifyError> {
        let kid = jws.header_text("kid").unwrap_or_default();
        let keys = self.policy.providers.iter().filter(|(name, _)| kid.is_empty() || name == kid || name.is_empty());
        let mut last = VerifyError::UnknownKey;
        for (_, key) in keys {
            match jws.verify(key) {
                Ok(()) => {
                    let now = self.clock.now().seconds();
                    let expiry = jws.payload.get("exp").and_then(Value::as_i64);
                    return match expiry {
                        Some(expiry) if expiry + CLOCK_SKEW <= now => Err(VerifyError::Expired),
                        _ => Ok(()),
                    };
                }
                Err(refusal) => last = refusal,
            }
        }
        Err(last)
    }

    /// Verifies a key attestation (appendix D.1).
    pub(super) fn key_attestation(&self, text: &str) -> Result<AttestedKeys, ProofError> {
        let jws = Jws::read(text)?;
        jws.require_type("key-attestation+jwt")?;
        self.require_provider(&jws).map_err(|refusal| ProofError::Invalid(format!("key_attestation: {refusal}")))?;
        let keys = jws.payload.get("attested_keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
        let keys = keys.ok_or_else(|| ProofError::invalid("key_attestation has no attested_keys."))?;
        let keys = keys.iter().map(PublicKey::from_jwk).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|error| ProofError::Invalid(format!("attested_keys: {error}.")))?;
        let iat = jws.payload.get("iat").and_then(Value::as_i64);
        let iat = iat.ok_or(VerifyError::Claim("iat of key_attestation must be a number of seconds"))?;
        if iat > self.clock.now().seconds() + CLOCK_SKEW {
            return Err(VerifyError::FromTheFuture.into());
        }
        let nonce = jws.payload.get("nonce").and_then(Value::as_str).map(ToOwned::to_owned);
        let missing = || ProofError::invalid("key_attestation: nonce is missing. Get one from the nonce endpoint.");
        Ok(AttestedKeys { keys, nonce: nonce.ok_or_else(missing)?, has_expiry: jws.payload.contains_key("exp") })
    }

    /// Verifies the values of the headers `OAuth-Client-Attestation` and
    /// `OAuth-Client-Attestation-PoP`. Returns the wallet's `client_id`, or `None` if both are
    /// missing and none is required.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn verify_wallet(
        &self,
        attestation: Option<&str>,
        pop: Option<&str>,
    ) -> Result<Option<String>, ProofError> {
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
        self.require_provider(attestation)?;
        if !attestation.payload.contains_key("exp") {
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
        if claim("aud") != Some(&*self.issuer) {
            return Err(VerifyError::Audience.into());
        }
        if claim("iss").is_some_and(|issuer| issuer != client_id) {
            return Err(ProofError::invalid("iss of the proof must be sub of the attestation."));
        }
        let now = self.clock.now();
        let iat = pop
            .payload
            .get("iat")
            .and_then(Value::as_i64)
            .ok_or(VerifyError::Claim("iat of the proof must be a number of seconds"))?;
        if iat > now.seconds() + CLOCK_SKEW {
            return Err(VerifyError::FromTheFuture.into());
        }
        if iat < now.seconds() - MAX_AGE - CLOCK_SKEW {
            return Err(VerifyError::TooOld.into());
        }
        let jti = claim("jti").ok_or(VerifyError::Claim("jti of the proof"))?;
        if let Some(challenge) = claim("challenge") {
            self.require_nonce(NoncePurpose::Attestation, challenge)?;
        }
        if !self.seen.insert("attestation", jti, now).await? {
            return Err(ProofError::invalid("This proof was already used (jti). Send a new one."));
        }
        Ok(())
    }
}
