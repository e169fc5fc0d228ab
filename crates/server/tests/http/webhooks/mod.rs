//! Webhooks (docs/partner-api.md section 11).

mod addresses;
mod delivery;
mod registration;
mod support;
