//! Signed credentials: issued ones verify, changed ones do not, and the reason names the change.

mod always_shown;
mod disclosures;
mod issuing;
mod pasted;
mod presentation;
mod support;
mod verification;
