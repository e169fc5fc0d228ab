//! `POST /oid4vci/token`: a code for a token (OpenID4VCI 1.0, section 6; RFC 6749, section 4.1.3).

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::offer::{PRE_AUTHORIZED, offer_of, pre_authorized_code, transaction_code};
use crate::app::App;
use crate::http::{AnyBody, Client, Form, OAuthError};
use crate::issuing::{NoncePurpose, ProofError};
use crate::seal::sha256;
use store::Redemption;
use store::domain::issuance::{Grant, Issuance, IssuanceKind};

/// How long a bearer token lives (OpenID4VCI 1.0, section 13.9: longer ones must be bound to a key).
const BEARER_LIFETIME: Duration = Duration::from_secs(300);
/// How long a token that is bound to a key lives: long enough to fetch what was put off, and to tell what became of it.
const BOUND_LIFETIME: Duration = Duration::from_secs(3600);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/oid4vci/token", post(token))
}

async fn token(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = Form::read(&headers, &body)?;
    form.check_resource(&app)?;
    let wallet = super::wallet::attested(&app, &headers)?;
    if wallet.is_some() && form.get("client_id").is_some_and(|id| Some(id) != wallet.as_deref()) {
        return Err(OAuthError::code("invalid_client", "client_id is not the sub of the wallet attestation."));
    }
    let key = super::wallet::dpop_key(&app, &headers, "/oid4vci/token")?;
    if key.is_none() && app.config().wallets.dpop_required {
        let why = ProofError::Invalid("This server gives tokens with a DPoP proof alone.".to_owned());
        return Err(OAuthError::dpop(&app, why, false));
    }
    let (issuance, is_proven) = match form.require("grant_type")? {
        PRE_AUTHORIZED => pre_authorized(&app, &form).await?,
        "authorization_code" => (authorized(&app, &form, wallet.as_deref(), key.as_deref()).await?, true),
        _ => {
            let known = format!("The grant types here are authorization_code and {PRE_AUTHORIZED}.");
            return Err(OAuthError::code("unsupported_grant_type", known));
        }
    };
    let asked = form.get("authorization_details").map(read_details).transpose()?;
    let details = authorization_details(&issuance, asked.as_deref())?;
    let secret = app.rng().secret();
    let lifetime = if key.is_some() { BOUND_LIFETIME } else { BEARER_LIFETIME };
    let redemption = Redemption {
        issuance: issuance.id,
        token_hash: sha256(secret.as_bytes()),
        token_key: key.clone(),
        token_expires_at: app.now() + lifetime,
        is_proven,
    };
    if !app.issuing().redeem(redemption).await? {
        if !is_proven {
            let why = "The transaction code is wrong. After five wrong ones the offer ends.";
            return Err(OAuthError::code("invalid_grant", why));
        }
        end_twice_used(&app, &issuance).await?;
        return Err(invalid_grant());
    }
    let mut answer = json!({
        "access_token": secret,
        "token_type": if key.is_some() { "DPoP" } else { "Bearer" },
        "expires_in": lifetime.as_secs(),
    });
    if let Some(details) = details {
        answer["authorization_details"] = details;
    }
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::PRAGMA, "no-cache".to_owned()),
        (HeaderName::from_static("dpop-nonce"), app.nonces().issue(NoncePurpose::Dpop)),
    ];
    Ok((headers, Json(answer)).into_response())
}

/// One voice for every code that is not good, so that nobody learns which part was wrong.
fn invalid_grant() -> OAuthError {
    OAuthError::code(
        "invalid_grant",
        "The code is wrong, was used before, or its time is over; or the transaction code is wrong.",
    )
}

/// A code that comes twice was seen by somebody else: what the first one got ends (RFC 6749, section 4.1.2). An offer's
/// code is another matter: wallets try again, and the transaction code keeps others out.
async fn end_twice_used(app: &App, issuance: &Issuance) -> Result<(), OAuthError> {
    if matches!(issuance.kind, IssuanceKind::Authorization { .. }) {
        let mut tx = app.store().write().await?;
        tx.end_issuance(issuance.id, app.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The offer of a pre-authorized code, and whether the transaction code is right.
async fn pre_authorized(app: &App, form: &Form) -> Result<(Issuance, bool), OAuthError> {
    let code = form.require("pre-authorized_code")?;
    let offer = offer_of(code).ok_or_else(invalid_grant)?;
    if !bool::from(pre_authorized_code(app, offer).as_bytes().ct_eq(code.as_bytes())) {
        return Err(invalid_grant());
    }
    let typed = form.require("tx_code")?;
    let is_right = bool::from(transaction_code(app, offer).as_bytes().ct_eq(typed.trim().as_bytes()));
    let issuance = app.store().glance().await?.issuance(offer).await?.ok_or_else(invalid_grant)?;
    Ok((issuance, is_right))
}

/// The answer of a person to a wallet's request, by its code (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
async fn authorized(app: &App, form: &Form, wallet: Option<&str>, key: Option<&str>) -> Result<Issuance, OAuthError> {
    let code = form.require("code")?;
    let issuance = app.store().glance().await?.issuance_by_code(&sha256(code.as_bytes())).await?;
    let issuance = issuance.filter(|issuance| issuance.expires_at > app.now()).ok_or_else(invalid_grant)?;
    let IssuanceKind::Authorization { request, .. } = &issuance.kind else { return Err(invalid_grant()) };
    let verifier = form.require("code_verifier")?;
    let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    if !bool::from(challenge.as_bytes().ct_eq(request.code_challenge.as_bytes())) {
        return Err(OAuthError::code("invalid_grant", "code_verifier does not fit code_challenge."));
    }
    if form.require("redirect_uri")? != request.redirect_uri {
        return Err(OAuthError::code("invalid_grant", "redirect_uri is another than in the request."));
    }
    if form.get("client_id").or(wallet) != Some(request.client_id.as_str()) {
        return Err(OAuthError::code("invalid_grant", "client_id is another than in the request."));
    }
    if request.key.is_some() && request.key.as_deref() != key {
        return Err(OAuthError::code("invalid_grant", "The request was bound to another DPoP key."));
    }
    Ok(issuance)
}

/// The configurations that `authorization_details` asks for (section 5.1.1).
pub(super) fn read_details(text: &str) -> Result<Vec<String>, OAuthError> {
    let refused = || {
        OAuthError::code(
            "invalid_authorization_details",
            "Send a JSON array of objects with type openid_credential and credential_configuration_id.",
        )
    };
    let details: Vec<Value> = serde_json::from_str(text).map_err(|_| refused())?;
    // One of a type that is not known here must be refused, not passed over (RFC 9396, section 5).
    let id = |detail: &Value| {
        let id = detail["credential_configuration_id"].as_str().filter(|_| detail["type"] == "openid_credential");
        id.map(ToOwned::to_owned)
    };
    let ids: Option<Vec<String>> = details.iter().map(id).collect();
    ids.filter(|ids| !ids.is_empty()).ok_or_else(refused)
}

/// `authorization_details` of the answer: there if the wallet asked by it (section 6.2), and then the credentials that it
/// may fetch have names.
fn authorization_details(issuance: &Issuance, asked: Option<&[String]>) -> Result<Option<Value>, OAuthError> {
    let by_details = match &issuance.kind {
        IssuanceKind::Authorization { request, .. } => request.by_details,
        IssuanceKind::Offer { .. } => false,
    };
    if asked.is_none() && !by_details {
        return Ok(None);
    }
    let mut configurations: Vec<String> = Vec::new();
    for grant in &issuance.credentials {
        let id = grant.configuration.id();
        if asked.is_none_or(|asked| asked.contains(&id)) && !configurations.contains(&id) {
            configurations.push(id);
        }
    }
    if configurations.is_empty() {
        return Err(OAuthError::code("invalid_authorization_details", "None of these can be had with this code."));
    }
    let detail = |id: String| {
        let of_it = issuance.credentials.iter().filter(|grant| grant.configuration.id() == id);
        let identifiers: Vec<String> = of_it.map(Grant::identifier).collect();
        json!({ "type": "openid_credential", "credential_configuration_id": id, "credential_identifiers": identifiers })
    };
    Ok(Some(configurations.into_iter().map(detail).collect()))
}

/// The name of a pushed request in the parameter `request_uri` (RFC 9126, section 2.2).
pub(super) fn request_uri(id: Uuid) -> String {
    format!("urn:ietf:params:oauth:request_uri:{id}")
}
