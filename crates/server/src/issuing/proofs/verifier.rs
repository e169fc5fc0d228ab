//! The state and checks shared by all proof types.

use std::time::Duration;

use credential::VerifyError;
use credential::jws::CLOCK_SKEW;
use credential::key::PublicKey;

use super::seen::SeenProofs;
use crate::issuing::nonces::{NoncePurpose, Nonces};
use ambient::Clock;
use store::{Store, StoreError};

/// Maximum age of a proof, in seconds.
pub(super) const MAX_AGE: i64 = 300;

/// Which wallets are accepted.
#[derive(Clone, Debug)]
pub struct WalletPolicy {
    /// Keys of the trusted wallet providers, with their ids.
    pub providers: Vec<(String, PublicKey)>,
    /// Whether wallets and keys must be attested.
    pub attestation_required: bool,
}

/// Verifies the proofs of wallets for the issuer at one address.
#[derive(Debug)]
pub struct ProofVerifier {
    pub(super) nonces: Nonces,
    pub(super) clock: Clock,
    pub(super) issuer: String,
    pub(super) policy: WalletPolicy,
    pub(super) seen: SeenProofs,
}

/// The reason why a proof is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// The proof is invalid, for the given reason.
    Invalid(String),
    /// The proof's nonce (or challenge) is missing, unknown or expired.
    Nonce,
    /// The store is unavailable, so replays cannot be detected.
    Unavailable(String),
}

impl ProofError {
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<VerifyError> for ProofError {
    fn from(refusal: VerifyError) -> Self {
        Self::Invalid(refusal.to_string())
    }
}

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl ProofVerifier {
    /// Creates a verifier of proofs that are addressed to `issuer`. Used proofs are stored in
    /// `store`.
    pub fn new(nonces: Nonces, clock: Clock, issuer: &str, policy: WalletPolicy, store: Store) -> Self {
        let seen = SeenProofs::new(store, Duration::from_secs(2 * MAX_AGE.unsigned_abs()));
        Self { nonces, clock, issuer: issuer.to_owned(), policy, seen }
    }

    pub(super) fn require_nonce(&self, purpose: NoncePurpose, nonce: &str) -> Result<(), ProofError> {
        if self.nonces.is_valid(purpose, nonce) { Ok(()) } else { Err(ProofError::Nonce) }
    }

    /// Returns whether a proof issued at `iat` is neither too old nor from the future.
    pub(super) fn is_recent(&self, iat: i64) -> bool {
        let now = self.clock.now().seconds();
        iat <= now + CLOCK_SKEW && iat >= now - MAX_AGE - CLOCK_SKEW
    }
}
