//! Key binding: the holder's signature over exactly what is shown.

use serde_json::{Value, json};

use super::read::SdJwt;
use crate::encoding::{encode, sha256};
use crate::jws::{self, CLOCK_SKEW};
use crate::key::{CannotSign, PublicKey, Signer};
use crate::refusal::Refusal;

/// What a key binding must answer; `None`: whatever it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// Who it is meant for.
    pub audience: Option<&'a str>,
    /// What was asked for.
    pub nonce: Option<&'a str>,
    /// The time, in seconds since the Unix epoch.
    pub now: i64,
    /// How old it may be, in seconds.
    pub most_age: Option<i64>,
}

/// Binds a presentation, which ends with a tilde, to the holder's key (RFC 9901, section 4.3).
///
/// # Errors
/// See [`CannotSign`].
pub fn bind(
    presentation: &str,
    (audience, nonce): (&str, &str),
    now: i64,
    holder: &impl Signer,
) -> Result<String, CannotSign> {
    let header = jws::protected(&json!({ "alg": holder.algorithm().name(), "typ": "kb+jwt" }));
    let hash = encode(&sha256(presentation.as_bytes()));
    let payload = json!({ "iat": now, "aud": audience, "nonce": nonce, "sd_hash": hash });
    Ok(format!("{presentation}{}", jws::sign(&header, payload.to_string().as_bytes(), holder)?))
}

impl SdJwt<'_> {
    /// Checks the key binding (RFC 9901, section 7.3): that `key` signed exactly what is shown, for this challenge.
    ///
    /// # Errors
    /// [`Refusal::NotBound`] without one; else what is wrong with it.
    pub fn verify_key_binding(&self, key: &PublicKey, challenge: &Challenge<'_>) -> Result<(), Refusal> {
        let binding = self.key_binding.as_ref().ok_or(Refusal::NotBound)?;
        binding.require_type("kb+jwt")?;
        binding.verify(key)?;
        let text = |name: &str| binding.payload.get(name).and_then(Value::as_str);
        let made = binding.payload.get("iat").and_then(Value::as_i64).ok_or(Refusal::Claim("iat, seconds"))?;
        if made > challenge.now.saturating_add(CLOCK_SKEW) {
            return Err(Refusal::FromTheFuture);
        }
        if challenge.most_age.is_some_and(|most| made < challenge.now.saturating_sub(most).saturating_sub(CLOCK_SKEW)) {
            return Err(Refusal::TooOld);
        }
        if text("sd_hash") != Some(encode(&sha256(self.bound.as_bytes())).as_str()) {
            return Err(Refusal::SdHash);
        }
        if challenge.audience.is_some_and(|wanted| text("aud") != Some(wanted)) {
            return Err(Refusal::Audience);
        }
        if challenge.nonce.is_some_and(|wanted| text("nonce") != Some(wanted)) {
            return Err(Refusal::Nonce);
        }
        // Both must be there even where nobody knows what to expect.
        let both = text("aud").is_some() && text("nonce").is_some();
        if both { Ok(()) } else { Err(Refusal::Claim("aud and nonce of the key binding")) }
    }
}
