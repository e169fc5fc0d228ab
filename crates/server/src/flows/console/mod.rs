//! A partner's console: signing in with the client secret, or with a passkey once one is
//! registered, and the data of its pages.

pub mod passkeys;
pub mod secret;
pub mod sessions;
pub mod submissions;
pub mod tallies;
pub mod verifications;
