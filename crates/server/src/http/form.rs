//! Form-encoded parameters, as OAuth 2.0 sends them.

use std::collections::HashMap;

use axum::http::HeaderMap;

use super::headers;
use super::oauth_error::OAuthError;
use crate::app::App;

/// The parameters of a form, each at most once (RFC 6749, section 3.2). Unknown parameters are
/// ignored.
#[derive(Debug)]
pub struct FormParameters(HashMap<String, String>);

impl FormParameters {
    /// Parses the body of a wallet's request.
    ///
    /// # Errors
    /// `invalid_request` if the body is not a form, or repeats a parameter.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, OAuthError> {
        Self::parse(headers, body).map_err(|reason| OAuthError::code("invalid_request", reason))
    }

    /// Parses a body.
    ///
    /// # Errors
    /// The description of `invalid_request` if the body is not a form, or repeats a parameter, even
    /// an unknown or an empty one.
    pub fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, &'static str> {
        if !headers::is_media_type(headers, "application/x-www-form-urlencoded") {
            return Err("Send the parameters as application/x-www-form-urlencoded.");
        }
        let mut fields = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err("A parameter is repeated (RFC 6749, section 3.2). Send each parameter once.");
            }
        }
        Ok(Self(fields))
    }

    /// Returns a parameter. An empty value is treated as missing (RFC 6749, section 3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Removes and returns a parameter, so that no copy of a secret remains. An empty value is
    /// treated as missing.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// Returns a required parameter.
    ///
    /// # Errors
    /// `invalid_request` if it is missing.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::code("invalid_request", format!("The parameter {name} is missing.")))
    }

    /// Checks that `resource` (RFC 8707), if present, names this server.
    ///
    /// # Errors
    /// `invalid_target` if it names another one.
    pub fn check_resource(&self, app: &App) -> Result<(), OAuthError> {
        match self.get("resource") {
            Some(resource) if resource.trim_end_matches('/') != app.config().base() => {
                Err(OAuthError::code("invalid_target", format!("The resource must be {}.", app.config().base())))
            }
            _ => Ok(()),
        }
    }
}
