//! How a partner gets into its console: by the client secret, or by a passkey once one is registered.

pub mod passkeys;
pub mod secret;
pub mod sessions;
