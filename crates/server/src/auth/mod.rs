//! Authentication: access tokens and rights of partners, and how long sign-ins last.

use std::time::Duration;

pub mod known_browser;
pub mod partner;
pub mod token;

/// Lifetime of a session in a partner's console.
pub const CONSOLE_SESSION_LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// Maximum duration of a WebAuthn ceremony.
pub const CEREMONY_LIFETIME: Duration = Duration::from_secs(300);
