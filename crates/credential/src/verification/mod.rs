//! Verifies a signed token in steps, with a verdict for each step.
//!
//! [`Token::lookups`] lists the URLs that the caller has to fetch, and [`Token::verify`] takes the
//! results. So the same code runs offline, online and in tests.

mod claim_rules;
mod dates;
mod did_keys;
mod finding;
mod inputs;
mod integrity;
mod issuer_name;
mod metadata;
mod moment;
mod other_content;
mod pasted;
mod report;
mod status_entries;
mod status_lists;
mod steps;
mod token;

pub use crate::key_set::{keys_of, verification_key, why_no_key};
pub use did_keys::assertion_keys;
pub use inputs::{LookupResult, Lookups, VerificationInputs};
pub use metadata::is_of_credential;
pub use pasted::{MAX_PASTED, decode_text, find_token};
pub use report::{Conclusion, NotShown, Report, Step, StepOutcome, Verdict};
pub use status_entries::StatusKinds;
pub use token::Token;
