//! Webhooks (docs/partner-api.md section 11).

mod addresses;
mod delivery;
mod gone;
mod registration;
mod support;
