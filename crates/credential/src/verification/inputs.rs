//! The documents and keys that verification needs.

use crate::key::PublicKey;
use crate::status::Status;

/// The URLs that the caller has to fetch to verify a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookups {
    /// The issuer, whose keys are needed.
    pub issuer: Option<String>,
    /// The status list, or the first of several.
    pub status: Option<String>,
    /// The other status lists.
    pub more_status: Vec<String>,
    /// The type metadata.
    pub metadata: Option<String>,
}

/// The result of a lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LookupResult<T> {
    /// Not attempted.
    #[default]
    NotAttempted,
    /// Failed, for this reason.
    Failed(String),
    /// Found.
    Found(T),
}

/// The fetched documents and keys.
#[derive(Clone, Debug, Default)]
pub struct VerificationInputs {
    /// The issuer's keys by name, from a source that is trusted to identify their owner.
    pub issuer_keys: LookupResult<Vec<(String, PublicKey)>>,
    /// The status list: a Status List Token, or a Bitstring Status List credential.
    pub status: LookupResult<String>,
    /// The other status lists, in the order of [`Lookups::more_status`].
    pub more_status: Vec<LookupResult<String>>,
    /// The status in the issuer's own database. It takes precedence over the status list, whose
    /// published form may be cached.
    pub stored_status: Option<Status>,
    /// The type metadata, byte for byte.
    pub metadata: LookupResult<Vec<u8>>,
}
