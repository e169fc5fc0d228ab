//! Issuance to other wallets (OpenID4VCI 1.0).

mod accept;
mod attestation;
mod attestation_chains;
mod authorization;
mod authorize_errors;
mod certificate_rules;
mod chain_expiry;
mod challenges;
mod cors;
mod credentials;
mod did_jwk;
mod drafts;
mod jose;
mod limits;
mod metadata;
mod operator_key;
mod proofs;
mod repeats;
mod support;
mod tokens;
