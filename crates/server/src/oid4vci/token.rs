//! `POST /oid4vci/token`: exchanges a code for a token (OpenID4VCI 1.0, section 6; RFC 6749,
//! section 4.1.3).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::offer::PRE_AUTHORIZED;
use super::{details, wallet};
use crate::app::App;
use crate::flows::issuance::token::{
    AccessToken, AuthorizationCode, AuthorizedConfiguration, Code, TokenError, TokenRequest, redeem,
};
use crate::http::cors::SharedRoutes;
use crate::http::{AnyBody, Client, FormParameters, OAuthError};
use crate::issuing::{NONCE_LIFETIME, NoncePurpose, ProofError};

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/oid4vci/token", post(token))
}

async fn token(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = FormParameters::read(&headers, &body)?;
    form.check_resource(&app)?;
    let wallet = wallet::attested(&app, &headers).await?;
    if wallet.is_some() && form.get("client_id").is_some_and(|id| Some(id) != wallet.as_deref()) {
        return Err(OAuthError::code("invalid_client", "client_id must be the sub of the wallet attestation."));
    }
    let key = wallet::dpop_key(&app, &headers, "/oid4vci/token").await?;
    if key.is_none() && app.config().oid4vci.dpop_required {
        return Err(no_proof(&app));
    }
    let code = read_code(&form, wallet.as_deref())?;
    let configurations = form.get("authorization_details").map(|text| details::read(&app, text)).transpose()?;
    let token = redeem(&app, TokenRequest { code, key, configurations }).await.map_err(|error| match error {
        TokenError::KeyMissing => no_proof(&app),
        other => other.into(),
    })?;
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::PRAGMA, "no-cache".to_owned()),
        (HeaderName::from_static("dpop-nonce"), app.nonces().issue(NoncePurpose::Dpop)),
    ];
    Ok((headers, Json(render(&token, &app.nonces().issue(NoncePurpose::KeyProof)))).into_response())
}

/// Returns the error for a request without a DPoP proof where one is required.
fn no_proof(app: &App) -> OAuthError {
    OAuthError::dpop(app, ProofError::Invalid(wallet::NO_PROOF.to_owned()), false)
}

fn read_code<'a>(form: &'a FormParameters, wallet: Option<&'a str>) -> Result<Code<'a>, OAuthError> {
    match form.require("grant_type")? {
        PRE_AUTHORIZED => Ok(Code::PreAuthorized {
            code: form.require("pre-authorized_code")?,
            transaction_code: transaction_code(form)?,
        }),
        "authorization_code" => Ok(Code::Authorization(AuthorizationCode {
            code: form.require("code")?,
            verifier: form.require("code_verifier")?,
            redirect_uri: form.require("redirect_uri")?,
            client_id: form.get("client_id").or(wallet),
        })),
        _ => {
            let known = format!("The grant_type must be authorization_code or {PRE_AUTHORIZED}.");
            Err(OAuthError::code("unsupported_grant_type", known))
        }
    }
}

/// Returns the code that the holder has typed. Up to draft 12 its name was `user_pin`.
fn transaction_code(form: &FormParameters) -> Result<&str, OAuthError> {
    match (form.get("tx_code"), form.get("user_pin")) {
        (Some(code), Some(pin)) if code != pin => Err(OAuthError::code(
            "invalid_request",
            "tx_code and user_pin, its name up to draft 12 of OpenID4VCI, differ. Send tx_code only.",
        )),
        (None, Some(pin)) => Ok(pin),
        _ => form.require("tx_code"),
    }
}

/// Returns the body of the response. Wallets of draft 13 take the nonce of their key proof from it;
/// since OpenID4VCI 1.0 it comes from the nonce endpoint, and wallets ignore it here.
fn render(token: &AccessToken, nonce: &str) -> Value {
    let mut body = json!({
        "access_token": token.secret,
        "token_type": if token.is_bound { "DPoP" } else { "Bearer" },
        "expires_in": token.lifetime.as_secs(),
        "c_nonce": nonce,
        "c_nonce_expires_in": NONCE_LIFETIME.as_secs(),
    });
    let detail = |AuthorizedConfiguration { id, identifiers }: &AuthorizedConfiguration| json!({ "type": "openid_credential", "credential_configuration_id": id, "credential_identifiers": identifiers });
    if let Some(details) = &token.details {
        body["authorization_details"] = details.iter().map(detail).collect();
    }
    body
}

impl From<TokenError> for OAuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Other(error) => Self::Other(error),
            TokenError::Configurations => Self::code("invalid_authorization_details", error.to_string()),
            TokenError::Code
            | TokenError::TransactionCode
            | TokenError::Verifier
            | TokenError::RedirectUri
            | TokenError::ClientId
            | TokenError::Key
            | TokenError::KeyMissing => Self::code("invalid_grant", error.to_string()),
        }
    }
}
