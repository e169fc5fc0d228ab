//! `POST /oid4vci/credential`: credentials for the keys that a wallet proves (OpenID4VCI 1.0, section 8).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use credential::UnknownType;
use credential::format::Configuration;
use credential::jwe::{self, Encryption};
use credential::key::PublicKey;
use serde_json::{Map, Value, json};

use super::deferred::{self, PutOff};
use super::wallet::Wallet;
use crate::app::App;
use crate::http::{AnyBody, OAuthError, headers};
use crate::issuing::{IssuableCredential, ProofError};
use ambient::Timestamp;
use store::domain::issuance::{Grant, WalletAccess};
use store::{GrantIssued, IssueRequest, Issued, StatusPlace, WantedEntry};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/oid4vci/credential", post(credential))
}

async fn credential(
    State(app): State<App>,
    Wallet(access): Wallet,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    let (request, was_encrypted) = read(&app, &headers, &body)?;
    let encryption = ResponseEncryption::read(&request, was_encrypted)?;
    let grant = granted(&access, &request)?;
    let proved = app.proofs().verify_keys(request.get("proofs")).map_err(|error| match error {
        ProofError::Invalid(why) => OAuthError::code("invalid_proof", why),
        ProofError::Nonce => nonce_refused(),
    })?;
    let holder = access.issuance.holder().ok_or(OAuthError::Token { by_key: access.key.is_some() })?;
    let material = IssuableCredential::open(app.store(), app.keyring(), (grant.submission_id, holder), app.now())
        .await?
        .ok_or_else(denied)?;
    let expires_at = app.now() + app.config().credentials.lifetime;
    let wanted = WantedEntry {
        submission: grant.submission_id,
        holder,
        expires_at,
        issuance: Some((access.issuance.id, grant.configuration)),
    };
    let notification = app.rng().anonymous_id();
    let issued = app.issuing().issue(IssueRequest {
        entries: vec![wanted; proved.keys.len()],
        nonces: proved.nonces,
        grant: Some(GrantIssued { issuance: access.issuance.id, grant: grant.clone(), notification }),
    });
    let places = match issued.await? {
        Issued::NonceUsed => return Err(nonce_refused()),
        Issued::Places(places) => places.into_iter().collect::<Option<Vec<_>>>().ok_or_else(denied)?,
    };
    let put_off = PutOff {
        submission: grant.submission_id,
        configuration: grant.configuration.id(),
        notification,
        expires_at: expires_at.micros(),
        places: places.iter().map(|place| (place.list, place.position)).collect(),
        keys: proved.keys.iter().map(PublicKey::jwk).collect(),
    };
    let (status, answer) = match put_off.sign(&app, &material) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(cause) => {
            tracing::warn!(%cause, "a credential cannot be signed now; it is put off");
            (
                StatusCode::ACCEPTED,
                deferred::put_off(&app, access.issuance.id, &put_off, access.token_expires_at).await?,
            )
        }
    };
    app.metrics().credentials(if status == StatusCode::OK { "issued" } else { "deferred" }, places.len() as u64);
    encryption.answer(status, &answer)
}

fn nonce_refused() -> OAuthError {
    OAuthError::code(
        "invalid_nonce",
        "The nonce is not of this server, its time is over, or it was answered before. Ask the nonce endpoint for a new one.",
    )
}

/// What was granted cannot be had any more: deleted, withdrawn, or replaced by a newer one.
fn denied() -> OAuthError {
    OAuthError::code(
        "credential_request_denied",
        "This credential is not to be had any more: it was deleted, withdrawn or replaced.",
    )
}

/// The request, and whether it came encrypted (section 10).
pub(super) fn read(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<(Map<String, Value>, bool), OAuthError> {
    let malformed = |why: &str| OAuthError::code("invalid_credential_request", why);
    let (plain, was_encrypted) = match headers::media_type(headers).to_ascii_lowercase().as_str() {
        "application/json" => (body.to_vec(), false),
        "application/jwt" => {
            let text = std::str::from_utf8(body).map_err(|_| malformed("The body is not a JWE."))?;
            let opened = app.encryption_key().decrypt(text.trim());
            let opened = opened.map_err(|why| {
                OAuthError::code("invalid_encryption_parameters", format!("The request cannot be opened: {why}."))
            })?;
            (opened.plain, true)
        }
        _ => return Err(malformed("Send application/json, or application/jwt when it is encrypted.")),
    };
    let request = serde_json::from_slice(&plain).map_err(|_| malformed("The request is not a JSON object."))?;
    Ok((request, was_encrypted))
}

/// How the answer is to be encrypted, if it is.
pub(super) struct ResponseEncryption(Option<(Value, Encryption)>);

impl ResponseEncryption {
    /// From `credential_response_encryption`. Whoever wants the answer encrypted encrypts the question too (section 8.2).
    pub(super) fn read(request: &Map<String, Value>, was_encrypted: bool) -> Result<Self, OAuthError> {
        let Some(wanted) = request.get("credential_response_encryption") else { return Ok(Self(None)) };
        let refused = |why: &str| OAuthError::code("invalid_encryption_parameters", why);
        if !was_encrypted {
            return Err(refused(
                "A request that wants its answer encrypted must be encrypted itself (OpenID4VCI 1.0, section 10).",
            ));
        }
        let encryption = wanted["enc"].as_str().and_then(Encryption::from_name);
        let encryption = encryption.ok_or_else(|| refused("enc must be A128GCM or A256GCM."))?;
        let named = |member: &Value| member.as_str().is_some_and(|alg| alg != "ECDH-ES");
        if named(&wanted["alg"]) || named(&wanted["jwk"]["alg"]) {
            return Err(refused("alg must be ECDH-ES."));
        }
        if wanted.get("zip").is_some() {
            return Err(refused("Compression (zip) is not done here."));
        }
        // Tried at once, so that a key that is none is told before anything is given.
        jwe::encrypt(b"{}", &wanted["jwk"], encryption, Map::new()).map_err(|why| refused(&format!("jwk: {why}.")))?;
        Ok(Self(Some((wanted["jwk"].clone(), encryption))))
    }

    pub(super) fn answer(self, status: StatusCode, answer: &Value) -> Result<Response, OAuthError> {
        let uncached = (header::CACHE_CONTROL, "no-store");
        let Some((jwk, encryption)) = self.0 else { return Ok((status, [uncached], Json(answer)).into_response()) };
        let encrypted = jwe::encrypt(answer.to_string().as_bytes(), &jwk, encryption, Map::new());
        let encrypted = encrypted.map_err(crate::error::Error::internal)?;
        Ok((status, [uncached, (header::CONTENT_TYPE, "application/jwt")], encrypted).into_response())
    }
}

/// The grant that a request names: by identifier, or by configuration where that is enough.
fn granted(access: &WalletAccess, request: &Map<String, Value>) -> Result<Grant, OAuthError> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let malformed = |why: &str| OAuthError::code("invalid_credential_request", why);
    let grants = &access.issuance.credentials;
    match (text("credential_identifier"), text("credential_configuration_id")) {
        (Some(identifier), None) => {
            let found = grants.iter().find(|grant| grant.identifier() == identifier);
            let why = "The token does not give a credential of this identifier.";
            found.cloned().ok_or_else(|| OAuthError::code("unknown_credential_identifier", why))
        }
        (None, Some(id)) => {
            let configuration: Configuration = id.parse().map_err(|_| {
                let why = "There is no such configuration; the issuer's metadata lists them.";
                OAuthError::code("unknown_credential_configuration", why)
            })?;
            let mut found = grants.iter().filter(|grant| grant.configuration == configuration);
            match (found.next(), found.next()) {
                (Some(grant), None) => Ok(grant.clone()),
                (None, _) => Err(OAuthError::code(
                    "insufficient_scope",
                    "The token does not give credentials of this configuration.",
                )),
                _ => Err(malformed(
                    "The token gives several of this configuration: ask by authorization_details, and name one by credential_identifier.",
                )),
            }
        }
        _ => Err(malformed("Name exactly one of credential_identifier and credential_configuration_id.")),
    }
}

impl PutOff {
    /// Signs one credential for each key.
    ///
    /// # Errors
    /// Why that cannot be done now, in words for the log.
    pub(super) fn sign(&self, app: &App, material: &IssuableCredential) -> Result<Value, String> {
        let configuration: Configuration =
            self.configuration.parse().map_err(|cause: UnknownType| cause.to_string())?;
        let ends = Timestamp::from_micros(self.expires_at);
        let mut credentials = Vec::with_capacity(self.keys.len());
        for ((list, position), jwk) in self.places.iter().zip(&self.keys) {
            let key = PublicKey::from_jwk(jwk).map_err(|cause| cause.to_string())?;
            let place = StatusPlace { list: *list, position: *position };
            let signed = app.credential_signer().sign(material, configuration.format, (place, ends), &key);
            credentials.push(json!({ "credential": signed.map_err(|cause| cause.to_string())? }));
        }
        Ok(json!({ "credentials": credentials, "notification_id": self.notification }))
    }
}
