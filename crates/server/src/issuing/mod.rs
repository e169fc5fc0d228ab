//! Issuing: the server as an issuer of signed credentials.
//!
//! Owns the keys that sign them and what wallets must prove. The formats are in the library; what a wallet says and hears
//! is in [`crate::oid4vci`].

mod certificates;
pub mod keys;
