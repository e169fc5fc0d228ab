//! SD-JWT (RFC 9901): claims that are signed once and disclosed individually.
//!
//! Issues, presents, binds to a key, and parses. The meaning of the claims, and which of them must
//! not be selectively disclosable, belongs to the format above ([`super::sd_jwt_vc`]).

mod disclosure;
mod issue;
mod issued;
mod key_binding;
mod positions;
mod read;

pub use issue::{Claim, Rng, issue};
pub(crate) use issued::{Content, Issued};
pub use key_binding::{Challenge, bind};
pub use positions::Positions;
pub use read::{Disclosed, SdJwt};
