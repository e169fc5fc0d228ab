//! The response to a wallet whose request has ended.

use crate::http::OAuthError;

/// Returns the error for a request that is unknown, was already responded to, or has expired.
pub(super) fn ended() -> OAuthError {
    OAuthError::code("invalid_request", "This request is unknown, was already answered, or has expired.")
}
