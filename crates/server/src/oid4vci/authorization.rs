//! `POST /oid4vci/par`: the authorization request of a wallet, which it sends before it redirects
//! the holder (RFC 9126). The page where the holder decides is in [`crate::web`].

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use credential::format::Configuration;
use serde_json::json;

use super::{details, wallet};
use crate::addresses;
use crate::app::App;
use crate::flows::issuance::authorization::{self, PUSHED_LIFETIME, request_uri};
use crate::http::cors::SharedRoutes;
use crate::http::{AnyBody, Client, FormParameters, OAuthError};
use store::domain::issuance::AuthorizationRequest;

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/oid4vci/par", post(push))
}

async fn push(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = FormParameters::read(&headers, &body)?;
    form.check_resource(&app)?;
    let wallet = wallet::attested(&app, &headers).await?;
    let key = wallet::dpop_key(&app, &headers, "/oid4vci/par").await?;
    let request = read(&app, &form, wallet, key)?;
    // Counted last, because a rejected request is not stored.
    app.limits().check_authorization_request(&client.0)?;
    let id = authorization::push(&app, request).await?;
    let body = json!({ "request_uri": request_uri(id), "expires_in": PUSHED_LIFETIME.as_secs() });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn read(
    app: &App,
    form: &FormParameters,
    wallet: Option<String>,
    key: Option<String>,
) -> Result<AuthorizationRequest, OAuthError> {
    if form.get("request_uri").is_some() || form.get("request").is_some() {
        return Err(OAuthError::code(
            "invalid_request",
            "Send the parameters directly, not as request or request_uri.",
        ));
    }
    if form.require("response_type")? != "code" {
        return Err(OAuthError::code("unsupported_response_type", "response_type must be code."));
    }
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(OAuthError::code("invalid_request", "response_mode must be query, which is also the default."));
    }
    let client_id = match (form.get("client_id"), wallet) {
        (Some(id), Some(attested)) if id != attested => {
            return Err(OAuthError::code("invalid_client", "client_id must be the sub of the wallet attestation."));
        }
        (_, Some(attested)) => attested,
        (Some(id), None) => id.to_owned(),
        (None, None) => return Err(OAuthError::code("invalid_request", "The parameter client_id is missing.")),
    };
    let redirect_uri = form.require("redirect_uri")?;
    check_redirect(redirect_uri)?;
    if form.get("code_challenge_method") != Some("S256") {
        return Err(OAuthError::code("invalid_request", "code_challenge_method must be S256 (RFC 7636)."));
    }
    let code_challenge = form.require("code_challenge")?;
    if code_challenge.len() != 43 {
        return Err(OAuthError::code(
            "invalid_request",
            "code_challenge must be a SHA-256 hash in base64url (43 characters).",
        ));
    }
    if form.get("dpop_jkt").is_some_and(|named| key.as_ref().is_some_and(|key| key != named)) {
        return Err(OAuthError::code("invalid_request", "dpop_jkt must be the key of the DPoP proof."));
    }
    let named = form.get("dpop_jkt").map(thumbprint).transpose()?;
    let (configurations, by_details) = asked(app, form)?;
    Ok(AuthorizationRequest {
        client_id: limited("client_id", &client_id)?,
        redirect_uri: redirect_uri.to_owned(),
        state: form.get("state").map(|state| limited("state", state)).transpose()?,
        code_challenge: code_challenge.to_owned(),
        configurations,
        by_details,
        issuer_state: form.get("issuer_state").and_then(|state| state.parse().ok()),
        key: key.or(named),
    })
}

/// Parses a JWK thumbprint (RFC 9449, section 10): the base64url of a SHA-256 hash.
fn thumbprint(text: &str) -> Result<String, OAuthError> {
    let fits = text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let refused =
        || OAuthError::code("invalid_request", "dpop_jkt must be a JWK thumbprint in base64url (43 characters).");
    fits.then(|| text.to_owned()).ok_or_else(refused)
}

fn limited(name: &str, text: &str) -> Result<String, OAuthError> {
    if text.len() > 2000 {
        return Err(OAuthError::code("invalid_request", format!("{name} is longer than 2,000 characters.")));
    }
    Ok(text.to_owned())
}

/// Schemes that open a wallet to start an issuance or a presentation. An authorization response to
/// one would be a credential offer or request of the wallet's choice, opened from this server.
const WALLET_LINKS: [&str; 6] =
    ["openid-credential-offer", "openid4vp", "haip-vci", "haip-vp", "eudi-openid4vp", "mdoc-openid4vp"];

/// Schemes of programs that run commands, install software or show content of their own choice when
/// they are opened.
const PROGRAMS: [&str; 6] = ["itms-services", "jnlp", "jnlps", "mk", "res", "steam"];

/// Checks the redirect URI: `https`, this machine, or a wallet's own scheme. RFC 8252 (section 7.1)
/// wants a scheme with a dot, and wallets in use have others (D-279).
fn check_redirect(text: &str) -> Result<(), OAuthError> {
    let refused = |why: &str| OAuthError::code("invalid_request", format!("redirect_uri {why}."));
    let url = addresses::parse(text).map_err(|why| refused(&why.to_string()))?;
    let allowed = match url.scheme() {
        "https" | "http" => addresses::is_web(&url),
        scheme if WALLET_LINKS.contains(&scheme) => {
            return Err(refused("must not be a link that starts an issuance or a presentation in a wallet"));
        }
        scheme => addresses::is_wallet_scheme(scheme) && !PROGRAMS.contains(&scheme),
    };
    // The consent page puts the host into its `Content-Security-Policy` header, so it must not
    // contain characters with a meaning there.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let is_plain = url.host_str().is_none_or(|host| host.bytes().all(plain));
    let schemes = "must be https, http on this machine, or a wallet's own scheme such as com.example.wallet:/done, \
                   and not a scheme that browsers or operating systems handle themselves";
    if allowed && is_plain { Ok(()) } else { Err(refused(schemes)) }
}

/// Returns the requested configurations without duplicates, and whether `authorization_details` was
/// used. Scopes add to them; unknown scopes are ignored (OpenID4VCI 1.0, section 5.1.2).
fn asked(app: &App, form: &FormParameters) -> Result<(Vec<String>, bool), OAuthError> {
    let details = form.get("authorization_details").map(|text| details::read(app, text)).transpose()?;
    if let Some(unknown) = details.iter().flatten().find(|id| id.parse::<Configuration>().is_err()) {
        let shown: String = unknown.chars().take(64).collect();
        let why = format!("Unknown credential configuration {shown}. The issuer metadata lists them.");
        return Err(OAuthError::code("invalid_authorization_details", why));
    }
    let scopes: Vec<&str> = form.get("scope").unwrap_or_default().split_whitespace().collect();
    let named = |id: &String| details.iter().flatten().any(|named| named == id) || scopes.contains(&id.as_str());
    let ids: Vec<String> = Configuration::all().map(Configuration::id).filter(named).collect();
    if ids.is_empty() {
        let why = "Send scope or authorization_details to choose a credential. The issuer metadata lists the values.";
        return Err(OAuthError::code("invalid_scope", why));
    }
    Ok((ids, details.is_some()))
}
