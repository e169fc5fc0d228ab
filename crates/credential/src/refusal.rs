//! Why something signed is not taken: one variant a reason, each said in words and by a stable code.

use crate::date::Date;
use crate::key::Algorithm;

/// Why something signed is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It holds no token.
    #[error("This is not a token, and there is none in it.")]
    NotAToken,
    /// It holds more than one token.
    #[error("There are several tokens in this; give one of them.")]
    SeveralTokens,
    /// It cannot be read.
    #[error("It cannot be read: {0}.")]
    Malformed(&'static str),
    /// Its `alg` is none that is taken; what it says instead.
    #[error("{}", algorithm_message(.0))]
    Algorithm(String),
    /// Its header asks for extensions that nobody here knows (RFC 7515, section 4.1.11).
    #[error("Its header asks for extensions (crit) that are not known here.")]
    Critical,
    /// Its `typ` is another one.
    #[error("{}", type_message(wanted, found))]
    Type {
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// Its `alg` is not that of the key it is checked with.
    #[error("It names the algorithm {}, but the key is for {}.", named.name(), key.name())]
    KeyConfusion {
        /// The header's.
        named: Algorithm,
        /// The key's.
        key: Algorithm,
    },
    /// The signature is not that key's, or the signed bytes were changed.
    #[error("The signature is not of this key, or what was signed has been changed.")]
    Signature,
    /// There is no key to check it with.
    #[error("None of the issuer's keys has the name that it gives.")]
    UnknownKey,
    /// The hash algorithm of its disclosures is not SHA-256.
    #[error("Its disclosures are hashed by {0:?}; sha-256 is taken.")]
    HashAlgorithm(String),
    /// A digest stands in it twice (RFC 9901, section 7.1, step 4).
    #[error("One digest stands in it twice.")]
    DuplicateDigest,
    /// A disclosure belongs to no digest: it was altered, or belongs elsewhere (RFC 9901, section 7.1, step 5).
    #[error("A disclosure has no digest in what was signed: it was altered, or belongs to something else.")]
    StrayDisclosure,
    /// A disclosure is not what its place asks for (RFC 9901, section 7.1, step 3).
    #[error("A disclosure is not one: {0}.")]
    Disclosure(&'static str),
    /// A claim was disclosed that must stand in the open (SD-JWT VC, section 2.2.2.3).
    #[error("The claim {0:?} must not come by a disclosure.")]
    MustNotBeDisclosed(String),
    /// A claim is missing or of the wrong kind.
    #[error("A claim is missing or of the wrong kind: {0}.")]
    Claim(&'static str),
    /// Its time is over.
    #[error("Its time is over.")]
    Expired,
    /// The last day that it counts is over, wherever on earth.
    #[error("It expired on {}.", .0.in_words())]
    ExpiredOn(Date),
    /// Its time has not begun.
    #[error("Its time has not begun.")]
    NotYetValid,
    /// It comes from the future.
    #[error("It says that it was made in the future.")]
    FromTheFuture,
    /// It is older than is taken.
    #[error("It was made too long ago.")]
    TooOld,
    /// It is meant for somebody else.
    #[error("It is meant for somebody else (aud).")]
    Audience,
    /// It answers another challenge, or one that was answered before.
    #[error("It answers another challenge, or one that was answered before (nonce).")]
    Nonce,
    /// The key binding does not cover what is shown (RFC 9901, section 7.3, step 5.f).
    #[error("The holder's signature does not cover exactly what is shown (sd_hash).")]
    SdHash,
    /// It must be bound to its holder's key, and is not.
    #[error("It is not bound to its holder's key, and should be.")]
    NotBound,
    /// It was revoked.
    #[error("It was revoked.")]
    Revoked,
    /// A newer version has replaced it.
    #[error("It was replaced: a newer version exists. Ask the holder for that one.")]
    Replaced,
    /// It is suspended.
    #[error("It is suspended.")]
    Suspended,
    /// Its status has a value that nobody here knows.
    #[error("Its status has the unknown value {0}.")]
    UnknownStatus(u8),
}

impl Refusal {
    /// A stable code.
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
        return "It names no signature algorithm.".to_owned();
    }
    format!("Its signature algorithm {name:?} is not taken; ES256 and EdDSA are.")
}

fn type_message(wanted: &str, found: &str) -> String {
    if found.is_empty() {
        return format!("It does not say what it is: typ should be {wanted}.");
    }
    format!("It is of type {found:?}; {wanted} is wanted here.")
}
