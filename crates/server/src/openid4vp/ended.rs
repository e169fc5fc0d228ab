//! The response to a wallet whose request has ended.

use crate::http::OAuthError;

/// The request is unknown, was answered, or has expired.
pub(super) fn ended() -> OAuthError {
    OAuthError::code("invalid_request", "This request is not known, was answered, or its time is over.")
}
