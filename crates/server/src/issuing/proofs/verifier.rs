//! The state and checks shared by all proof types.

use std::time::Duration;

use credential::jws::CLOCK_SKEW;
use credential::{JwtDates, NumericDate, VerifyError};
use serde_json::{Map, Value};

use super::providers::WalletProviders;
use super::seen::SeenProofs;
use crate::issuing::nonces::{NoncePurpose, Nonces};
use ambient::Clock;
use store::{Store, StoreError};

/// Maximum age of a proof, in seconds.
pub(super) const MAX_AGE: i64 = 300;

/// Which wallets are accepted.
#[derive(Debug)]
pub struct WalletPolicy {
    /// The trusted wallet providers.
    pub providers: WalletProviders,
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

    /// Returns the trusted wallet providers.
    pub fn providers(&self) -> &WalletProviders {
        &self.policy.providers
    }

    pub(super) fn require_nonce(&self, purpose: NoncePurpose, nonce: &str) -> Result<(), ProofError> {
        if self.nonces.is_valid(purpose, nonce) { Ok(()) } else { Err(ProofError::Nonce) }
    }

    /// Returns whether `aud`, a text or a list, names this server.
    pub(super) fn is_addressed(&self, claims: &Map<String, Value>) -> bool {
        match claims.get("aud") {
            Some(Value::String(aud)) => *aud == self.issuer,
            Some(Value::Array(all)) => all.iter().any(|aud| *aud == self.issuer),
            _ => false,
        }
    }

    /// Checks the dates of a proof: its `iat` is recent and, if they are present, `exp` has not
    /// passed and `nbf` has.
    pub(super) fn require_current(&self, claims: &Map<String, Value>) -> Result<(), ProofError> {
        let dates = JwtDates::read(claims)?;
        let missing = || ProofError::invalid("iat is missing. It must be a number of seconds.");
        let issued_at = dates.issued_at.ok_or_else(missing)?;
        for (name, date) in [("iat", dates.issued_at), ("nbf", dates.not_before), ("exp", dates.expires_at)] {
            if date.is_some_and(NumericDate::is_after_9999) {
                let why = format!("{name} is after the year 9999. Send seconds, not milliseconds.");
                return Err(ProofError::Invalid(why));
            }
        }
        let now = self.clock.now().seconds();
        match dates.require_current(now) {
            Err(VerifyError::Expired) => Err(ProofError::invalid("The proof has expired (exp). Send a new one.")),
            Err(VerifyError::NotYetValid) => Err(ProofError::invalid("The proof is not valid yet (nbf).")),
            Ok(()) if issued_at.seconds() >= now - MAX_AGE - CLOCK_SKEW => Ok(()),
            _ => Err(ProofError::invalid("iat is in the future, or more than five minutes in the past.")),
        }
    }
}
