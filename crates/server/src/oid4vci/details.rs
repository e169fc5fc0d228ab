//! The parameter `authorization_details` (RFC 9396; OpenID4VCI 1.0, section 5.1.1).

use serde_json::Value;

use crate::http::OAuthError;

/// Returns the ids of the requested configurations.
pub(super) fn read(text: &str) -> Result<Vec<String>, OAuthError> {
    let refused = || {
        OAuthError::code(
            "invalid_authorization_details",
            "authorization_details must be a JSON array of objects with type openid_credential and \
             credential_configuration_id.",
        )
    };
    let details: Vec<Value> = serde_json::from_str(text).map_err(|_| refused())?;
    // Unknown types must be rejected, not ignored (RFC 9396, section 5).
    let id = |detail: &Value| {
        let id = detail["credential_configuration_id"].as_str().filter(|_| detail["type"] == "openid_credential");
        id.map(ToOwned::to_owned)
    };
    let ids: Option<Vec<String>> = details.iter().map(id).collect();
    ids.filter(|ids| !ids.is_empty()).ok_or_else(refused)
}
