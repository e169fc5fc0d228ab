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
use crate::http::{OAuthError, headers as header_values, parse_without_nulls};
use crate::issuing::NONCE_LIFETIME;

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
    let request = parse_without_nulls(&plain).map_err(|_| malformed("The request is not a JSON object."))?;
    Ok((request, was_encrypted))
}

/// How to encrypt a response, if at all.
pub(super) struct ResponseEncryption(Option<(Value, Encryption)>);

impl ResponseEncryption {
    /// Reads `credential_response_encryption`, which requires an encrypted request (section 8.2).
    pub(super) fn read(request: &Map<String, Value>, was_encrypted: bool) -> Result<Self, OAuthError> {
        // Some wallets send an object whose members are all null.
        let wanted = request.get("credential_response_encryption");
        let wanted = wanted.filter(|wanted| wanted.as_object().is_none_or(|members| !members.is_empty()));
        let Some(wanted) = wanted else { return Ok(Self(None)) };
        let refused = |why: &str| OAuthError::code("invalid_encryption_parameters", why);
        if !was_encrypted {
            return Err(refused(
                "Since OpenID4VCI 1.0 (section 10), a request for an encrypted response must be encrypted itself; up to \
                 draft 15 it was not. Encrypt the request, or leave out credential_response_encryption.",
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

    /// Returns the response with the credentials. For a wallet of an early draft it also has the
    /// first credential by itself (up to draft 14) and the nonce `next` (up to draft 13).
    pub(super) fn signed(self, signed: &SignedCredentials, next: Option<&str>) -> Result<Response, OAuthError> {
        let credentials: Vec<Value> =
            signed.credentials.iter().map(|credential| json!({ "credential": credential })).collect();
        let mut body = json!({ "credentials": credentials, "notification_id": signed.notification });
        if let Some(nonce) = next {
            body["credential"] = json!(signed.credentials.first());
            body["c_nonce"] = nonce.into();
            body["c_nonce_expires_in"] = NONCE_LIFETIME.as_secs().into();
        }
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
