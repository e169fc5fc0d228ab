//! What wallets prove: that they hold a key (DPoP, key proofs) and that a trusted provider made them (attestations).

mod attestation;
mod dpop;
mod key_proofs;
mod seen;
mod verifier;

pub use dpop::DpopRequest;
pub use key_proofs::{MAX_KEYS, ProvedKeys};
pub use verifier::{ProofError, ProofVerifier, WalletPolicy};
