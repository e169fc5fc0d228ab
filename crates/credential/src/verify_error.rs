//! Verification errors, each with a message and a stable code.

use crate::date::Date;
use crate::key::Algorithm;

/// The reason why a signed token is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The input contains no token.
    #[error("No token was found in this text.")]
    NotAToken,
    /// The input contains more than one token.
    #[error("There are several tokens in this text. Send one of them.")]
    SeveralTokens,
    /// It cannot be parsed.
    #[error("The token cannot be parsed: {0}.")]
    Malformed(&'static str),
    /// Its `alg` is not supported; contains the value.
    #[error("{}", algorithm_message(.0))]
    Algorithm(String),
    /// Its header requires unsupported extensions (`crit`; RFC 7515, section 4.1.11).
    #[error("The header requires extensions (crit) that are not supported.")]
    Critical,
    /// Its `typ` is not the expected one.
    #[error("{}", type_message(wanted, found))]
    Type {
        /// The expected `typ`.
        wanted: &'static str,
        /// The actual `typ`.
        found: String,
    },
    /// Its `alg` is not that of the verification key.
    #[error("The header names the algorithm {}, but the key is for {}.", named.name(), key.name())]
    KeyConfusion {
        /// The header's algorithm.
        named: Algorithm,
        /// The key's algorithm.
        key: Algorithm,
    },
    /// The signature was made with another key, or the signed bytes were changed.
    #[error("The signature is not valid: it was made with another key, or the signed content was changed.")]
    Signature,
    /// No usable key of the issuer matches the header.
    #[error("None of the issuer's keys has the key ID in the header.")]
    UnknownKey,
    /// The hash algorithm of its disclosures is not SHA-256; contains the value.
    #[error("The hash algorithm of the disclosures is {0:?}; only sha-256 is supported.")]
    HashAlgorithm(String),
    /// It contains a digest twice (RFC 9901, section 7.1, step 4).
    #[error("A digest appears twice in the token.")]
    DuplicateDigest,
    /// A disclosure has no matching digest: it was altered, or belongs to another token (RFC 9901,
    /// section 7.1, step 5).
    #[error("A disclosure has no digest in the signed content: it was altered, or belongs to another token.")]
    StrayDisclosure,
    /// A disclosure is malformed or does not fit its position (RFC 9901, section 7.1, step 3).
    #[error("A disclosure is invalid: {0}.")]
    Disclosure(&'static str),
    /// A claim was disclosed that must not be selectively disclosable (SD-JWT VC, section 2.2.2.3).
    #[error("The claim {0:?} must not be selectively disclosable.")]
    MustNotBeDisclosed(String),
    /// A claim is missing or has the wrong type.
    #[error("A claim is missing or invalid: {0}.")]
    Claim(&'static str),
    /// It has expired.
    #[error("It has expired.")]
    Expired,
    /// Its last day of validity has ended everywhere on earth.
    #[error("It expired on {}.", .0.in_words())]
    ExpiredOn(Date),
    /// It is not valid yet.
    #[error("It is not valid yet.")]
    NotYetValid,
    /// Its issue time is in the future.
    #[error("Its issue time is in the future.")]
    FromTheFuture,
    /// It is older than the maximum age.
    #[error("It was made too long ago.")]
    TooOld,
    /// It was presented to another audience.
    #[error("It was issued for another audience (aud).")]
    Audience,
    /// Its nonce is that of another challenge, or of one that was used before.
    #[error("The nonce is wrong, or was used before.")]
    Nonce,
    /// The key binding does not cover this presentation (RFC 9901, section 7.3, step 5.f).
    #[error("The holder's signature does not match the disclosed content (sd_hash).")]
    SdHash,
    /// It lacks the required key binding.
    #[error("It is not bound to the holder's key, which is required.")]
    NotBound,
    /// It was revoked.
    #[error("It was revoked.")]
    Revoked,
    /// A newer version has replaced it.
    #[error("It was replaced by a newer version. Ask the holder for that one.")]
    Replaced,
    /// It is suspended.
    #[error("It is suspended.")]
    Suspended,
    /// Its status has an unknown value.
    #[error("Its status has the unknown value {0}.")]
    UnknownStatus(u8),
}

impl VerifyError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAToken => "not_a_token",
            Self::SeveralTokens => "several_tokens",
            Self::Malformed(_) => "malformed",
            Self::Algorithm(_) => "algorithm",
            Self::Critical => "critical_header",
            Self::Type { .. } => "type",
            Self::KeyConfusion { .. } => "key_confusion",
            Self::Signature => "signature",
            Self::UnknownKey => "unknown_key",
            Self::HashAlgorithm(_) => "hash_algorithm",
            Self::DuplicateDigest => "duplicate_digest",
            Self::StrayDisclosure => "stray_disclosure",
            Self::Disclosure(_) => "disclosure",
            Self::MustNotBeDisclosed(_) => "must_not_be_disclosed",
            Self::Claim(_) => "claim",
            Self::Expired | Self::ExpiredOn(_) => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::FromTheFuture => "from_the_future",
            Self::TooOld => "too_old",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::SdHash => "sd_hash",
            Self::NotBound => "not_bound",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
            Self::Suspended => "suspended",
            Self::UnknownStatus(_) => "unknown_status",
        }
    }
}

fn algorithm_message(name: &str) -> String {
    if name.is_empty() {
        return "The header names no signature algorithm (alg).".to_owned();
    }
    format!("The signature algorithm {name:?} is not supported. Use ES256 or EdDSA.")
}

fn type_message(wanted: &str, found: &str) -> String {
    if found.is_empty() {
        return format!("The header has no typ; it must be {wanted}.");
    }
    format!("The typ of the header is {found:?}; it must be {wanted}.")
}
