//! Signed credentials: what is issued verifies, what is changed does not, and the reason names what was changed.

mod always_shown;
mod disclosures;
mod issuing;
mod pasted;
mod presentation;
mod support;
mod verification;
