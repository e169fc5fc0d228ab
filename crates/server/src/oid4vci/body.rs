//! Bodies of the credential endpoints: JSON, or encrypted in both directions (OpenID4VCI 1.0,
//! section 10).

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::jwe::{self, Encryption};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::error::Error;
use crate::flows::issuance::deferred::SignedCredentials;
use crate::http::{OAuthError, headers as header_values};

/// How long a wallet should wait before it retries, in seconds.
const RETRY_INTERVAL: u64 = 5;

/// Parses a request. Also returns whether it was encrypted.
pub(super) fn read(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<(Map<String, Value>, bool), OAuthError> {
    let malformed = |why: &str| OAuthError::code("invalid_credential_request", why);
    let (plain, was_encrypted) = match header_values::media_type(headers).to_ascii_lowercase().as_str() {
        "application/json" => (body.to_vec(), false),
        "application/jwt" => {
            let text = std::str::from_utf8(body).map_err(|_| malformed("The body is not a JWE."))?;
            let opened = app.encryption_key().decrypt(text.trim());
            let opened = opened.map_err(|why| {
                OAuthError::code("invalid_encryption_parameters", format!("The request cannot be decrypted: {why}."))
            })?;
            (opened.plain, true)
        }
        _ => return Err(malformed("Send application/json, or application/jwt for an encrypted request.")),
    };
    let request = serde_json::from_slice(&plain).map_err(|_| malformed("The request is not a JSON object."))?;
    Ok((request, was_encrypted))
}

/// How to encrypt a response, if at all.
pub(super) struct ResponseEncryption(Option<(Value, Encryption)>);

impl ResponseEncryption {
    /// Reads `credential_response_encryption`, which requires an encrypted request (section 8.2).
    pub(super) fn read(request: &Map<String, Value>, was_encrypted: bool) -> Result<Self, OAuthError> {
        let Some(wanted) = request.get("credential_response_encryption") else { return Ok(Self(None)) };
        let refused = |why: &str| OAuthError::code("invalid_encryption_parameters", why);
        if !was_encrypted {
            return Err(refused(
                "A request for an encrypted response must be encrypted itself (OpenID4VCI 1.0, section 10).",
            ));
        }
        let encryption = wanted["enc"].as_str().and_then(Encryption::from_name);
        let encryption = encryption.ok_or_else(|| refused("enc must be A128GCM or A256GCM."))?;
        let named = |member: &Value| member.as_str().is_some_and(|alg| alg != "ECDH-ES");
        if named(&wanted["alg"]) || named(&wanted["jwk"]["alg"]) {
            return Err(refused("alg must be ECDH-ES."));
        }
        if wanted.get("zip").is_some() {
            return Err(refused("Compression (zip) is not supported."));
        }
        // A trial encryption, so that an unusable key is reported before anything is issued.
        jwe::encrypt(b"{}", &wanted["jwk"], encryption, Map::new()).map_err(|why| refused(&format!("jwk: {why}.")))?;
        Ok(Self(Some((wanted["jwk"].clone(), encryption))))
    }

    /// Returns the response with the credentials.
    pub(super) fn signed(self, signed: &SignedCredentials) -> Result<Response, OAuthError> {
        let credentials: Vec<Value> =
            signed.credentials.iter().map(|credential| json!({ "credential": credential })).collect();
        let body = json!({ "credentials": credentials, "notification_id": signed.notification });
        self.respond(StatusCode::OK, &body)
    }

    /// Returns the response that asks the wallet to retry.
    pub(super) fn deferred(self, transaction_id: &str) -> Result<Response, OAuthError> {
        let body = json!({ "transaction_id": transaction_id, "interval": RETRY_INTERVAL });
        self.respond(StatusCode::ACCEPTED, &body)
    }

    fn respond(self, status: StatusCode, body: &Value) -> Result<Response, OAuthError> {
        let uncached = (header::CACHE_CONTROL, "no-store");
        let Some((jwk, encryption)) = self.0 else { return Ok((status, [uncached], Json(body)).into_response()) };
        let encrypted = jwe::encrypt(body.to_string().as_bytes(), &jwk, encryption, Map::new());
        let encrypted = encrypted.map_err(Error::internal)?;
        Ok((status, [uncached, (header::CONTENT_TYPE, "application/jwt")], encrypted).into_response())
    }
}
