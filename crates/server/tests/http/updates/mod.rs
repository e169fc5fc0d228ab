//! Updates of accepted credentials: `replaces`, the choice on the consent page, and standing
//! consents.

mod batches;
mod choice;
mod deletion;
mod links;
mod permission;
mod races;
mod refused;
mod standing;
mod support;
mod titles_before;
mod undo;
