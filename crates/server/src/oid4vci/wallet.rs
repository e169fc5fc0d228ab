//! A wallet by its access token: the extractor that is the permission check of the credential endpoints.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::Refused;
use crate::app::App;
use crate::http::Client;
use crate::issuing::dpop;
use crate::seal::sha256;
use store::domain::issuance::WalletAccess;

/// A wallet whose token is good here: bearer (RFC 6750), or bound to a key and proved (RFC 9449, section 7).
#[derive(Clone, Debug)]
pub struct Wallet(pub WalletAccess);

impl FromRequestParts<App> for Wallet {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        app.limits().wallets.check(&client.0)?;
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) =
            authorization.and_then(|value| value.split_once(' ')).ok_or(Refused::Token { by_key: false })?;
        let by_key = scheme.eq_ignore_ascii_case("dpop");
        let refused = || Refused::Token { by_key };
        if !by_key && !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refused());
        }
        let token = token.trim();
        let access = app.store().glance().await?.wallet_access(&sha256(token.as_bytes()), app.now()).await?;
        let access = access.ok_or_else(refused)?;
        match &access.key {
            // A token that is bound to a key is no bearer token (section 7.2).
            Some(key) => {
                if !by_key {
                    return Err(Refused::Token { by_key: true });
                }
                let proved = dpop::verify(app, &parts.headers, &parts.method, parts.uri.path(), Some(token));
                let proved = proved.map_err(|refused| Refused::dpop(app, refused, true))?;
                if proved.as_ref() != Some(key) {
                    return Err(Refused::Token { by_key: true });
                }
            }
            None if by_key => return Err(refused()),
            None => {}
        }
        Ok(Self(access))
    }
}
