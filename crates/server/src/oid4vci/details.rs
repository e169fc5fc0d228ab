//! The parameter `authorization_details` (RFC 9396; OpenID4VCI 1.0, section 5.1.1).

use serde_json::{Map, Value};

use super::drafts;
use crate::app::App;
use crate::http::{OAuthError, parse_without_nulls};

/// Returns the ids of the requested configurations.
pub(super) fn read(app: &App, text: &str) -> Result<Vec<String>, OAuthError> {
    let details: Vec<Map<String, Value>> = parse_without_nulls(text.as_bytes()).map_err(|_| malformed())?;
    let mut ids = Vec::new();
    for detail in &details {
        // Unknown types must be rejected, not ignored (RFC 9396, section 5).
        if detail.get("type").is_none_or(|kind| kind != "openid_credential") {
            return Err(malformed());
        }
        match detail.get("credential_configuration_id").and_then(Value::as_str) {
            Some(id) => ids.push(id.to_owned()),
            None => ids.extend(by_format(app, detail)?),
        }
    }
    if ids.is_empty() { Err(malformed()) } else { Ok(ids) }
}

fn by_format(app: &App, detail: &Map<String, Value>) -> Result<Vec<String>, OAuthError> {
    if !detail.contains_key("format") {
        return Err(malformed());
    }
    let ids: Vec<String> = drafts::configurations(app, detail).into_iter().map(|known| known.id()).collect();
    if ids.is_empty() {
        return Err(OAuthError::code(
            "invalid_authorization_details",
            "No configuration has this format and type. Details with format are of OpenID4VCI draft 14 and earlier. \
             Send credential_configuration_id (OpenID4VCI 1.0, section 5.1.1).",
        ));
    }
    Ok(ids)
}

fn malformed() -> OAuthError {
    OAuthError::code(
        "invalid_authorization_details",
        "authorization_details must be a JSON array of objects with type openid_credential and \
         credential_configuration_id.",
    )
}
