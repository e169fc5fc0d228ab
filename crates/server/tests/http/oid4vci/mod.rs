//! Issuance to other wallets (OpenID4VCI 1.0).

mod attestation;
mod authorization;
mod credentials;
mod limits;
mod metadata;
mod proofs;
mod support;
mod tokens;
