//! Why something signed is not taken: one variant a reason, each said in words and by a stable code.

use std::fmt;

use crate::key::Algorithm;

/// Why something signed is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be read.
    Malformed(&'static str),
    /// Its `alg` is none that is taken; what it says instead.
    Algorithm(String),
    /// Its header asks for extensions that nobody here knows (RFC 7515, section 4.1.11).
    Critical,
    /// Its `typ` is another one.
    Type {
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// Its `alg` is not that of the key it is checked with.
    KeyConfusion {
        /// The header's.
        named: Algorithm,
        /// The key's.
        key: Algorithm,
    },
    /// The signature is not that key's, or the signed bytes were changed.
    Signature,
    /// There is no key to check it with.
    UnknownKey,
    /// The hash algorithm of its disclosures is not SHA-256.
    HashAlgorithm(String),
    /// A digest stands in it twice (RFC 9901, section 7.1, step 4).
    DuplicateDigest,
    /// A disclosure belongs to no digest: it was altered, or belongs elsewhere (RFC 9901, section 7.1, step 5).
    StrayDisclosure,
    /// A disclosure is not what its place asks for (RFC 9901, section 7.1, step 3).
    Disclosure(&'static str),
    /// A claim was disclosed that must stand in the open (SD-JWT VC, section 2.2.2.3).
    MustNotBeDisclosed(String),
    /// A claim is missing or of the wrong kind.
    Claim(&'static str),
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It comes from the future.
    FromTheFuture,
    /// It is older than is taken.
    TooOld,
    /// It is meant for somebody else.
    Audience,
    /// It answers another challenge, or one that was answered before.
    Nonce,
    /// The key binding does not cover what is shown (RFC 9901, section 7.3, step 5.f).
    SdHash,
    /// It must be bound to its holder's key, and is not.
    NotBound,
    /// It was revoked.
    Revoked,
    /// It is suspended.
    Suspended,
    /// Its status has a value that nobody here knows.
    UnknownStatus(u8),
}

impl Refusal {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
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
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::FromTheFuture => "from_the_future",
            Self::TooOld => "too_old",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::SdHash => "sd_hash",
            Self::NotBound => "not_bound",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::UnknownStatus(_) => "unknown_status",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "It cannot be read: {what}."),
            Self::Algorithm(name) if name.is_empty() => f.write_str("It names no signature algorithm."),
            Self::Algorithm(name) => write!(f, "Its signature algorithm {name:?} is not taken; ES256 and EdDSA are."),
            Self::Critical => f.write_str("Its header asks for extensions (crit) that are not known here."),
            Self::Type { wanted, found } if found.is_empty() => {
                write!(f, "It does not say what it is: typ should be {wanted}.")
            }
            Self::Type { wanted, found } => write!(f, "It is of type {found:?}; {wanted} is wanted here."),
            Self::KeyConfusion { named, key } => {
                write!(f, "It names the algorithm {}, but the key is for {}.", named.name(), key.name())
            }
            Self::Signature => f.write_str("The signature is not of this key, or what was signed has been changed."),
            Self::UnknownKey => f.write_str("None of the issuer's keys has the name that it gives."),
            Self::HashAlgorithm(name) => write!(f, "Its disclosures are hashed by {name:?}; sha-256 is taken."),
            Self::DuplicateDigest => f.write_str("One digest stands in it twice."),
            Self::StrayDisclosure => f.write_str(
                "A disclosure has no digest in what was signed: it was altered, or belongs to something else.",
            ),
            Self::Disclosure(what) => write!(f, "A disclosure is not one: {what}."),
            Self::MustNotBeDisclosed(name) => write!(f, "The claim {name:?} must not come by a disclosure."),
            Self::Claim(what) => write!(f, "A claim is missing or of the wrong kind: {what}."),
            Self::Expired => f.write_str("Its time is over."),
            Self::NotYetValid => f.write_str("Its time has not begun."),
            Self::FromTheFuture => f.write_str("It says that it was made in the future."),
            Self::TooOld => f.write_str("It was made too long ago."),
            Self::Audience => f.write_str("It is meant for somebody else (aud)."),
            Self::Nonce => f.write_str("It answers another challenge, or one that was answered before (nonce)."),
            Self::SdHash => f.write_str("The holder's signature does not cover exactly what is shown (sd_hash)."),
            Self::NotBound => f.write_str("It is not bound to its holder's key, and should be."),
            Self::Revoked => f.write_str("It was revoked."),
            Self::Suspended => f.write_str("It is suspended."),
            Self::UnknownStatus(value) => write!(f, "Its status has the unknown value {value}."),
        }
    }
}

impl std::error::Error for Refusal {}
