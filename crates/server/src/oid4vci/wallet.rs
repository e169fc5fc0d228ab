//! Wallets by access token: the extractor that checks the permission of the credential endpoints.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::flows::issuance::access;
use crate::http::{Client, OAuthError, headers};
use crate::issuing::DpopRequest;
use store::domain::issuance::WalletAccess;

/// Details of errors about the binding of a token to a key.
const SCHEME_OF_BOUND: &str =
    "The access token is bound to a key. Send it with the scheme DPoP instead of Bearer, and with a DPoP proof.";
const SCHEME_OF_UNBOUND: &str =
    "The access token is not bound to a key. Send it with the scheme Bearer instead of DPoP.";
const ANOTHER_KEY: &str = "The DPoP proof was made with another key than the one that the access token is bound to.";

/// Detail of the errors for a request without a DPoP proof.
pub(super) const NO_PROOF: &str = "DPoP proof missing. Send one in the header DPoP.";

/// A wallet with a valid token: a bearer token (RFC 6750), or one bound to a key that the wallet
/// has proved possession of (RFC 9449, section 7).
#[derive(Clone, Debug)]
pub struct Wallet(pub WalletAccess);

impl FromRequestParts<App> for Wallet {
    type Rejection = OAuthError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, OAuthError> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        app.limits().wallets.check(&client.0)?;
        let (scheme, token) = headers::authorization(&parts.headers).ok_or(OAuthError::NoToken)?;
        let by_key = scheme.eq_ignore_ascii_case("dpop");
        let refused = || OAuthError::Token { by_key };
        if !by_key && !scheme.eq_ignore_ascii_case("bearer") {
            return Err(OAuthError::NoToken);
        }
        let access = access::of_token(app, token).await?.ok_or_else(refused)?;
        match &access.key {
            // A token that is bound to a key must not be accepted as a bearer token (section 7.2).
            Some(_) if !by_key => return Err(OAuthError::binding(app, SCHEME_OF_BOUND)),
            Some(key) => {
                let request = (parts.method.as_str(), parts.uri.path(), Some(token));
                let proved = verify_dpop(app, &parts.headers, request).await?;
                let proved = proved.ok_or_else(|| OAuthError::binding(app, NO_PROOF))?;
                if proved != *key {
                    return Err(OAuthError::binding(app, ANOTHER_KEY));
                }
            }
            None if by_key => return Err(OAuthError::binding(app, SCHEME_OF_UNBOUND)),
            None => {}
        }
        Ok(Self(access))
    }
}

/// Verifies the DPoP header of a `POST` to `path` without an access token. Returns the thumbprint
/// of its key.
pub(super) async fn dpop_key(app: &App, headers: &HeaderMap, path: &str) -> Result<Option<String>, OAuthError> {
    verify_dpop(app, headers, ("POST", path, None)).await
}

async fn verify_dpop(
    app: &App,
    headers: &HeaderMap,
    (method, path, token): (&str, &str, Option<&str>),
) -> Result<Option<String>, OAuthError> {
    let proofs: Vec<&[u8]> = headers.get_all("dpop").iter().map(HeaderValue::as_bytes).collect();
    let key = app.proofs().verify_dpop(&DpopRequest { proofs: &proofs, method, path, token }).await;
    key.map_err(|error| OAuthError::dpop(app, error, token.is_some()))
}

/// Verifies the wallet attestation of a request. Returns the wallet's `client_id` if it is
/// attested.
pub(super) async fn attested(app: &App, headers: &HeaderMap) -> Result<Option<String>, OAuthError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (attestation, pop) = (text("oauth-client-attestation"), text("oauth-client-attestation-pop"));
    app.proofs().verify_wallet(attestation, pop).await.map_err(|error| OAuthError::attestation(app, error))
}
