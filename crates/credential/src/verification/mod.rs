//! Verifies a signed token in steps, with a verdict for each step.
//!
//! [`Token::lookups`] lists the URLs that the caller has to fetch, and [`Token::verify`] takes the
//! results. So the same code runs offline, online and in tests.

mod inputs;
mod metadata;
mod pasted;
mod report;
mod steps;
mod token;

pub use inputs::{Answer, Lookups, VerificationInputs, keys_of};
pub use metadata::is_of_credential;
pub use pasted::{MAX_PASTED, find_token};
pub use report::{Conclusion, NotShown, Outcome, Report, Step, Verdict};
pub use token::Token;
