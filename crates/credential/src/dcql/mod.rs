//! DCQL (OpenID4VP 1.0, sections 6 and 7): what a verifier asks a wallet for, and whether an answer is just that.
//!
//! Owns queries of the format `dc+sd-jwt`: written for a type, read from anybody, weighed against what came. Whether what
//! came is genuine is for [`crate::verification`].

mod build;
mod path;
mod query;
mod response;

pub use path::{ClaimsPath, Invalid, Step};
pub use query::{ClaimQuery, CredentialQuery, FORMAT, Query, SetQuery};
pub use response::Weighed;
