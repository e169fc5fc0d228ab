//! Proofs by wallets: possession of a key (DPoP, key proofs), and attestation by a trusted
//! provider.

mod attestation;
mod dpop;
mod key_proofs;
mod seen;
mod verifier;

pub use dpop::DpopRequest;
pub use key_proofs::{MAX_KEYS, ProvedKeys};
pub use verifier::{ProofError, ProofVerifier, WalletPolicy};
