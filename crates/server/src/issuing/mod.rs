//! Issuing: signing keys, proofs and attestations of wallets, signing, and status lists.
//!
//! Owns the signing keys, the verification of wallets' proofs, and the signing itself. The formats
//! are in the `credential` crate; the protocol is in [`crate::oid4vci`].

mod certificates;
mod chain_expiry;
mod credential_signer;
mod encryption_key;
mod issuable;
mod issuer_keys;
mod nonces;
mod operator_key;
mod proofs;
mod status_lists;
mod verifier_key;

pub use chain_expiry::CHAIN_RENEWED_BEFORE;
pub use credential_signer::CredentialSigner;
pub use encryption_key::EncryptionKey;
pub use issuable::IssuableCredential;
pub use issuer_keys::{IssuerKeySet, IssuerKeys, PUBLISHED_BEFORE_USE};
pub use nonces::{LIFETIME as NONCE_LIFETIME, NoncePurpose, Nonces};
pub use operator_key::OperatorKey;
pub use proofs::{
    DpopRequest, MAX_KEYS, PROOF_TYPES, ProofError, ProofVerifier, ProvedKeys, WalletPolicy, WalletProviders,
    is_same_target,
};
pub use status_lists::{ServedStatusList, StatusListFormat, StatusLists};
pub use verifier_key::VerifierKey;
