//! Issuing: the server as an issuer of signed credentials.
//!
//! Owns the keys that sign them, what wallets must prove, and the signing itself. The formats are in the library; what a
//! wallet says and hears is in [`crate::oid4vci`].

pub mod attestation;
mod certificates;
pub mod dpop;
pub mod keys;
pub mod nonce;
pub mod proof;
mod sign;
mod status_lists;
pub mod verifier;

pub use sign::{Material, sign};
pub use status_lists::{Form, Served, StatusLists};
