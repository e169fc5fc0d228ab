//! Webhooks (docs/partner-api.md section 11).

mod addresses;
mod delivery;
mod gone;
pub mod listeners;
mod registration;
pub mod support;
