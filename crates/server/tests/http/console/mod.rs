//! The partner's console.

mod explorer;
mod requests;
mod secrets;
mod sign_in;
mod submissions;
pub mod support;
mod verifications;
mod webhook_log;
mod webhooks;
