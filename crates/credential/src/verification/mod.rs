//! Verification of a signed token, step by step, with a verdict for each step.
//!
//! [`Token::lookups`] says what the caller has to fetch, [`Token::verify`] takes what was fetched. So the same steps run offline,
//! online and in tests.

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
