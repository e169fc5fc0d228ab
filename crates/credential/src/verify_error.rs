//! Verification errors, each with a message and a stable code.

mod other_kinds;

use crate::date::Date;
use crate::key::Algorithm;
use crate::media_type::media_type;

pub use other_kinds::{OtherContent, OtherToken};

/// The reason why a value is not a NumericDate (RFC 7519, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDate {
    /// It is a string, a boolean, a list or an object.
    #[error("must be a number of seconds")]
    NotANumber,
}

/// The reason why a signed token is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The input contains no token.
    #[error("No token was found in this text.")]
    NotAToken,
    /// The input contains no token, but something else that was recognised.
    #[error("No token was found. {}", .0.message())]
    OtherContent(OtherContent),
    /// The input contains more than one token.
    #[error("There are several tokens in this text. Send one of them.")]
    SeveralTokens,
    /// It cannot be parsed.
    #[error("The token cannot be parsed: {0}.")]
    Malformed(&'static str),
    /// It exceeds a limit of this verifier; contains the limit.
    #[error("It cannot be checked here: {0}, the maximum.")]
    Limit(&'static str),
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
    /// It is signed, but is not a credential.
    #[error("This is not a credential but {}.", .0.message())]
    OtherToken(OtherToken),
    /// It is a W3C credential of neither data model 1.1 nor 2.0, or in an unknown form.
    #[error("It is a W3C credential, but neither of data model 2.0 (by its @context) nor of 1.1 (in the claim vc).")]
    DataModel,
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
    /// The signature is empty.
    #[error("The signature is missing: the token is incomplete, so copy all of it.")]
    NoSignature,
    /// No usable key of the issuer matches the header.
    #[error("None of the issuer's keys has the key ID in the header.")]
    UnknownKey,
    /// No key of a set fits the header; contains why, and which keys there are.
    #[error("None of the issuer's keys {0}.")]
    NoKeyFits(String),
    /// The header has no key ID, and no key of a set verifies the signature; contains the names of
    /// those that were tried.
    #[error(
        "The signature is not valid: none of the issuer's keys verifies it, and the header has no key ID (kid); tried: {0}."
    )]
    NoKeyVerifies(String),
    /// More keys suit the header than are tried, and none of those verifies the signature; contains
    /// the limit.
    #[error("More of the issuer's keys fit than the {0} that are tried, and none of these verifies it.")]
    TooManyKeys(usize),
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
    /// The claims do not match the metadata of the type (SD-JWT VC, section 5.6); contains why.
    #[error("It does not match the metadata of its type: {0}.")]
    ClaimMetadata(String),
    /// A claim is missing or has the wrong type.
    #[error("A claim is missing or invalid: {0}.")]
    Claim(&'static str),
    /// A date of the token is invalid; contains its claim.
    #[error("A claim is missing or invalid: {0} {1}.")]
    Date(&'static str, InvalidDate),
    /// It has expired.
    #[error("It has expired.")]
    Expired,
    /// Its `exp` is so late that it is probably in another unit, and as such it has passed;
    /// contains that unit and time.
    #[error("It has probably expired: exp is in seconds, and as {0} it would be {1}.")]
    ExpiredInOtherUnit(&'static str, String),
    /// Its last day of validity has ended everywhere on earth.
    #[error("It expired on {}.", .0.in_words())]
    ExpiredOn(Date),
    #[error("It is not valid yet.")]
    NotYetValid,
    /// Its `nbf` is so late that it is probably in another unit; contains that unit, and the time
    /// that it means then.
    #[error("It is not valid yet: nbf is in seconds, and as {0} it would be {1}.")]
    NotYetValidInOtherUnit(&'static str, String),
    /// Its issue time is in the future.
    #[error("Its issue time is in the future.")]
    FromTheFuture,
    /// Its `iat` is so late that it is probably in another unit; contains that unit, and the time
    /// that it means then.
    #[error("Its issue time is in the future: iat is in seconds, and as {0} it would be {1}.")]
    FromTheFutureInOtherUnit(&'static str, String),
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
    /// The key binding has expired.
    #[error("The holder's signature has expired (exp of the key binding).")]
    BindingExpired,
    /// The key binding is not valid yet.
    #[error("The holder's signature is not valid yet (nbf of the key binding).")]
    BindingNotYetValid,
    /// It was revoked.
    #[error("It was revoked.")]
    Revoked,
    /// Another version has replaced it: a newer one or, after the holder undid an update, an older
    /// one.
    #[error("It was replaced by another version. Ask the holder for the current one.")]
    Replaced,
    #[error("It is suspended.")]
    Suspended,
    /// Its status has an unknown value.
    #[error("Its status has the unknown value {0}.")]
    UnknownStatus(u8),
}

/// The `typ` of an SD-JWT VC in older drafts.
const OLDER_TYPE: &str = "vc+sd-jwt";

/// The reason why an SD-JWT cannot be parsed whose last character was lost (RFC 9901, section 4).
pub(crate) const MISSING_TILDE: &str = "the last \"~\" is missing, so copy all of it";

impl VerifyError {
    /// Returns whether it says that the token cannot be checked, as opposed to that it is invalid:
    /// its kind is another, or it exceeds a limit, and a verifier that supports it may find it
    /// valid. Tokens without a signature, or with one of a shared key (HMAC), prove nothing to
    /// anybody.
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::Algorithm(name) => {
                let proves_nothing = name.eq_ignore_ascii_case("none") || starts_with_hs(name);
                !name.is_empty() && !proves_nothing
            }
            // The types that are never those of a credential contradict the form of one.
            Self::Type { wanted: "dc+sd-jwt" | "vc+jwt", found } => OtherToken::of_type(found).is_none(),
            Self::OtherContent(content) => content.is_unsupported(),
            Self::Limit(_) | Self::HashAlgorithm(_) | Self::OtherToken(_) | Self::DataModel | Self::TooManyKeys(_) => {
                true
            }
            _ => false,
        }
    }

    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAToken | Self::OtherContent(_) => "not_a_token",
            Self::SeveralTokens => "several_tokens",
            Self::Malformed(_) | Self::Limit(_) => "malformed",
            Self::Algorithm(_) => "algorithm",
            Self::Critical => "critical_header",
            Self::Type { .. } | Self::OtherToken(_) | Self::DataModel => "type",
            Self::KeyConfusion { .. } => "key_confusion",
            Self::Signature | Self::NoSignature | Self::NoKeyVerifies(_) | Self::TooManyKeys(_) => "signature",
            Self::UnknownKey | Self::NoKeyFits(_) => "unknown_key",
            Self::HashAlgorithm(_) => "hash_algorithm",
            Self::DuplicateDigest => "duplicate_digest",
            Self::StrayDisclosure => "stray_disclosure",
            Self::Disclosure(_) => "disclosure",
            Self::MustNotBeDisclosed(_) => "must_not_be_disclosed",
            Self::ClaimMetadata(_) => "claim_metadata",
            Self::Claim(_) | Self::Date(..) => "claim",
            Self::Expired | Self::ExpiredInOtherUnit(..) | Self::ExpiredOn(_) => "expired",
            Self::NotYetValid | Self::NotYetValidInOtherUnit(..) => "not_yet_valid",
            Self::FromTheFuture | Self::FromTheFutureInOtherUnit(..) => "from_the_future",
            Self::TooOld => "too_old",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::SdHash => "sd_hash",
            Self::NotBound => "not_bound",
            Self::BindingExpired => "binding_expired",
            Self::BindingNotYetValid => "binding_not_yet_valid",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
            Self::Suspended => "suspended",
            Self::UnknownStatus(_) => "unknown_status",
        }
    }
}

fn starts_with_hs(name: &str) -> bool {
    name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("HS"))
}

fn is_older_type(found: &str) -> bool {
    media_type(found) == OLDER_TYPE
}

fn algorithm_message(name: &str) -> String {
    if name.is_empty() {
        return "The header names no signature algorithm (alg).".to_owned();
    }
    format!("The signature algorithm {name:?} is not supported. Use ES256 or EdDSA (Ed25519).")
}

fn type_message(wanted: &str, found: &str) -> String {
    if wanted == "vc+jwt" && (found.is_empty() || media_type(found) == "jwt") {
        return "This JWT is not a credential: it has neither the claim vc nor the @context and type of a W3C \
                credential. It may be an ID token."
            .to_owned();
    }
    if found.is_empty() {
        return format!("The header has no typ; it must be {wanted}.");
    }
    if wanted == "dc+sd-jwt" && is_older_type(found) {
        return format!("The typ of the header is {found:?}, of an older draft; it must be {wanted}.");
    }
    format!("The typ of the header is {found:?}; it must be {wanted}.")
}
