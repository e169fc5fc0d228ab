//! Verification requests that a holder responds to on our own page (docs/partner-api.md section
//! 10).

mod access;
mod changed;
mod current;
mod outcome;
mod requests;
mod sharing;
pub mod support;
