//! DPoP (RFC 9449): proves that the sender of a token has the key that the token is bound to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use credential::jws::Jws;
use credential::key::PublicKey;
use serde_json::Value;

use super::target::is_same_target;
use super::verifier::{ProofError, ProofVerifier};
use crate::issuing::nonces::NoncePurpose;

/// The request that a proof is bound to.
#[derive(Clone, Copy, Debug)]
pub struct DpopRequest<'a> {
    /// The values of its `DPoP` headers.
    pub proofs: &'a [&'a [u8]],
    pub method: &'a str,
    pub path: &'a str,
    /// Its access token, if any.
    pub token: Option<&'a str>,
}

impl ProofVerifier {
    /// Verifies the `DPoP` header of a request (section 4.3). Returns the thumbprint of its key, or
    /// `None` without the header.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn verify_dpop(&self, request: &DpopRequest<'_>) -> Result<Option<String>, ProofError> {
        let text = match request.proofs {
            [] => return Ok(None),
            [proof] => std::str::from_utf8(proof).ok().filter(|proof| proof.is_ascii()),
            _ => return Err(ProofError::invalid("There are several DPoP headers. Send one.")),
        };
        let jws = Jws::read(text.ok_or_else(|| ProofError::invalid("The DPoP header must be a JWT."))?)?;
        jws.require_type("dpop+jwt")?;
        let key = PublicKey::from_jwk(jws.header.get("jwk").unwrap_or(&Value::Null));
        let key = key.map_err(|error| ProofError::Invalid(format!("jwk: {error}.")))?;
        jws.verify(&key)?;
        let claim = |name: &str| jws.payload.get(name).and_then(Value::as_str);
        if claim("htm") != Some(request.method) {
            return Err(ProofError::invalid("htm must be the request's method."));
        }
        let url = format!("{}{}", self.issuer, request.path);
        if !is_same_target(claim("htu").unwrap_or_default(), &url) {
            return Err(ProofError::Invalid(format!("htu must be {url}.")));
        }
        self.require_current(&jws.payload)?;
        if let Some(token) = request.token
            && claim("ath") != Some(&*URL_SAFE_NO_PAD.encode(sha256(token.as_bytes())))
        {
            return Err(ProofError::invalid("ath must be the hash of the access token."));
        }
        self.require_nonce(NoncePurpose::Dpop, claim("nonce").unwrap_or_default())?;
        let jti = claim("jti").filter(|jti| !jti.is_empty());
        let jti = jti.ok_or_else(|| ProofError::invalid("jti is missing or empty. Each proof needs its own."))?;
        if !self.seen.insert("dpop", jti, self.clock.now()).await? {
            return Err(ProofError::invalid("This proof was already used (jti). Send a new one."));
        }
        Ok(Some(key.thumbprint()))
    }
}
