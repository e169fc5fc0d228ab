//! Key binding: the holder's signature over a presentation.

use serde_json::{Value, json};

use super::read::SdJwt;
use crate::encoding::{encode, sha256};
use crate::jws::{self, CLOCK_SKEW};
use crate::key::{PublicKey, SignError, Signer};
use crate::numeric_date::JwtDates;
use crate::verify_error::VerifyError;

/// The expected values of a key binding. `None` accepts any value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// The verifier that the presentation is for (`aud`).
    pub audience: Option<&'a str>,
    /// The nonce of the request.
    pub nonce: Option<&'a str>,
    /// The current time, in seconds since the Unix epoch.
    pub now: i64,
    /// The maximum age, in seconds.
    pub most_age: Option<i64>,
}

/// Appends a key binding to a presentation, which ends with a tilde (RFC 9901, section 4.3).
///
/// # Errors
/// See [`SignError`].
pub fn bind(
    presentation: &str,
    (audience, nonce): (&str, &str),
    now: i64,
    holder: &impl Signer,
) -> Result<String, SignError> {
    let header = jws::protected(&json!({ "alg": holder.algorithm().name(), "typ": "kb+jwt" }));
    let hash = encode(&sha256(presentation.as_bytes()));
    let payload = json!({ "iat": now, "aud": audience, "nonce": nonce, "sd_hash": hash });
    Ok(format!("{presentation}{}", jws::sign(&header, payload.to_string().as_bytes(), holder)?))
}

impl SdJwt<'_> {
    /// Verifies the key binding (RFC 9901, section 7.3): `key` signed exactly this presentation,
    /// for this challenge.
    ///
    /// # Errors
    /// [`VerifyError::NotBound`] without a key binding, otherwise the first check that fails.
    pub fn verify_key_binding(&self, key: &PublicKey, challenge: &Challenge<'_>) -> Result<(), VerifyError> {
        let binding = self.key_binding.as_ref().ok_or(VerifyError::NotBound)?;
        binding.require_type("kb+jwt")?;
        binding.verify(key)?;
        let text = |name: &str| binding.payload.get(name).and_then(Value::as_str);
        let dates = JwtDates::read(&binding.payload)?;
        let made = dates.require_issued_at()?.seconds();
        dates.require_current(challenge.now).map_err(|refusal| match refusal {
            VerifyError::Expired => VerifyError::BindingExpired,
            VerifyError::NotYetValid => VerifyError::BindingNotYetValid,
            other => other,
        })?;
        if challenge.most_age.is_some_and(|most| made < challenge.now.saturating_sub(most).saturating_sub(CLOCK_SKEW)) {
            return Err(VerifyError::TooOld);
        }
        if text("sd_hash") != Some(encode(&sha256(self.bound.as_bytes())).as_str()) {
            return Err(VerifyError::SdHash);
        }
        if challenge.audience.is_some_and(|wanted| text("aud") != Some(wanted)) {
            return Err(VerifyError::Audience);
        }
        if challenge.nonce.is_some_and(|wanted| text("nonce") != Some(wanted)) {
            return Err(VerifyError::Nonce);
        }
        // Both claims are required even if the challenge does not compare them.
        let both = text("aud").is_some() && text("nonce").is_some();
        if both { Ok(()) } else { Err(VerifyError::Claim("the key binding must have aud and nonce")) }
    }
}
