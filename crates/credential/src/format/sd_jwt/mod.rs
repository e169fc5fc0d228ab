//! SD-JWT (RFC 9901): claims that are signed once and disclosed apart.
//!
//! Owns making, showing in part, binding to a key and reading. What the claims mean, and which of them must stand in the
//! open, is for the format above it ([`super::sd_jwt_vc`]).

mod disclosure;
mod issue;
mod key_binding;
mod read;

pub use issue::{Claim, Rng, issue};
pub use key_binding::{Challenge, bind};
pub use read::{Disclosed, SdJwt};
