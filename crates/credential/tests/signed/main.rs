//! Signed credentials: issued ones verify, changed ones do not, and the reason names the change.

mod always_shown;
mod data_models;
mod did_keys;
mod disclosures;
mod issuing;
mod jose;
mod kinds;
mod pasted;
mod presentation;
mod same_results;
mod support;
mod type_metadata;
mod verification;
mod verified;
