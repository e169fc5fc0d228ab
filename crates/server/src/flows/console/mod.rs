//! Signing in to a partner's console: with the client secret, or with a passkey once one is
//! registered.

pub mod passkeys;
pub mod secret;
pub mod sessions;
