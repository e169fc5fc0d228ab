//! Authentication: access tokens and rights of partners, and how long sign-ins last.

use std::time::Duration;

pub mod known_browser;
pub mod partner;
pub mod token;

/// How long a session in a partner's console lasts.
pub const CONSOLE_SESSION_LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// How long a WebAuthn ceremony may take.
pub const CEREMONY_LIFETIME: Duration = Duration::from_secs(300);
