//! Proofs by wallets: possession of a key (DPoP, key proofs), and attestation by a trusted
//! provider.

mod attestation;
mod dpop;
mod key_proofs;
mod providers;
mod seen;
mod target;
mod verifier;

pub use dpop::DpopRequest;
pub use key_proofs::{MAX_KEYS, PROOF_TYPES, ProvedKeys};
pub use providers::WalletProviders;
pub use target::is_same_target;
pub use verifier::{ProofError, ProofVerifier, WalletPolicy};
