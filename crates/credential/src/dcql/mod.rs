//! DCQL (OpenID4VP 1.0, sections 6 and 7): what a verifier requests from a wallet, and whether a
//! response matches it.
//!
//! Builds queries of the format `dc+sd-jwt` for a credential type, parses queries of others, and
//! matches responses. [`crate::verification`] checks whether a presentation is genuine.

mod build;
mod path;
mod query;
mod response;

pub use path::{ClaimsPath, DcqlError, Step};
pub use query::{ClaimQuery, CredentialQuery, FORMAT, Query, SetQuery};
pub use response::Evaluation;
