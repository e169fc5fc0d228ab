//! The partner's console.

mod explorer;
mod sign_in;
mod submissions;
mod support;
mod webhooks;
