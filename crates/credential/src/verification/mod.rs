//! Checking something signed, step by step, with a verdict for each step.
//!
//! Owns what is asked and what follows from the answers. Asking is for the caller: [`Token::questions`] says what to fetch,
//! [`Token::judge`] weighs what came. So the same steps run offline, online, and in tests.

mod evidence;
mod metadata;
mod report;
mod steps;
mod token;

pub use evidence::{Answer, Evidence, Questions, keys_of};
pub use metadata::is_of_credential;
pub use report::{Outcome, Report, Step, Verdict};
pub use token::Token;
