//! The partner's console.

mod explorer;
mod sign_in;
mod submissions;
pub mod support;
mod webhooks;
