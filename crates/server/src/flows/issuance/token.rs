//! Redeems codes for access tokens (OpenID4VCI 1.0, section 6; RFC 6749, section 4.1.3).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use subtle::ConstantTimeEq as _;

use super::codes::{offer_of, pre_authorized_code, transaction_code};
use super::offer;
use crate::app::App;
use crate::error::Error;
use store::Redemption;
use store::domain::issuance::{Issuance, IssuanceKind};

/// Lifetime of a bearer token (OpenID4VCI 1.0, section 13.9: tokens with a longer lifetime must be
/// bound to a key).
const BEARER_LIFETIME: Duration = Duration::from_secs(300);
/// Lifetime of a token that is bound to a key: long enough to fetch deferred credentials and to
/// send notifications.
const BOUND_LIFETIME: Duration = Duration::from_secs(3600);

/// The code that a wallet redeems.
#[derive(Clone, Copy, Debug)]
pub enum Code<'a> {
    /// The pre-authorized code of an offer.
    PreAuthorized {
        code: &'a str,
        /// The code that the holder entered.
        transaction_code: &'a str,
    },
    /// The authorization code that the holder's consent issued.
    Authorization(AuthorizationCode<'a>),
}

/// An authorization code, with the values that must match the authorization request.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationCode<'a> {
    pub code: &'a str,
    /// The PKCE verifier (RFC 7636).
    pub verifier: &'a str,
    pub redirect_uri: &'a str,
    /// The wallet's client id.
    pub client_id: Option<&'a str>,
}

#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    pub code: Code<'a>,
    /// The thumbprint of the DPoP key that the token will be bound to.
    pub key: Option<String>,
    /// The configurations in `authorization_details`.
    pub configurations: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct AccessToken {
    pub secret: String,
    /// Whether it is bound to a DPoP key.
    pub is_bound: bool,
    pub lifetime: Duration,
    /// The configurations that it grants, if the wallet used `authorization_details`.
    pub details: Option<Vec<AuthorizedConfiguration>>,
}

/// A configuration that a token grants.
#[derive(Clone, Debug)]
pub struct AuthorizedConfiguration {
    pub id: String,
    /// The identifiers of its credentials.
    pub identifiers: Vec<String>,
}

/// The reason why a code is not redeemed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The code is invalid. The message is the same for every cause, so it does not reveal which
    /// part was wrong.
    #[error("The code is wrong, was already used or has expired, or the transaction code is wrong.")]
    Code,
    /// The transaction code is wrong.
    #[error("The transaction code is wrong. The offer ends after five wrong codes.")]
    TransactionCode,
    /// The PKCE verifier is wrong.
    #[error("code_verifier does not match code_challenge.")]
    Verifier,
    /// The redirect URI differs.
    #[error("redirect_uri differs from the one in the authorization request.")]
    RedirectUri,
    /// The client differs.
    #[error("client_id differs from the one in the authorization request.")]
    ClientId,
    /// The DPoP key differs.
    #[error("The authorization request was bound to another DPoP key.")]
    Key,
    /// The authorization request was bound to a DPoP key, and this request has no proof.
    #[error("DPoP proof missing. The authorization request was bound to a DPoP key.")]
    KeyMissing,
    /// The code grants none of the requested configurations.
    #[error("This code grants none of the requested configurations.")]
    Configurations,
    /// Any other error.
    #[error("{}", .0.detail)]
    Other(Error),
}

impl<E: Into<Error>> From<E> for TokenError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Redeems a code, once.
///
/// # Errors
/// See [`TokenError`].
pub async fn redeem(app: &App, request: TokenRequest<'_>) -> Result<AccessToken, TokenError> {
    let (issuance, is_proven) = match request.code {
        Code::PreAuthorized { code, transaction_code } => find_offer(app, code, transaction_code).await?,
        Code::Authorization(code) => (find_authorized(app, code, request.key.as_deref()).await?, true),
    };
    let details = details(app, &issuance, request.configurations.as_deref())?;
    let secret = app.rng().secret();
    let is_bound = request.key.is_some();
    let lifetime = if is_bound { BOUND_LIFETIME } else { BEARER_LIFETIME };
    let redemption = Redemption {
        issuance: issuance.id,
        token_hash: sha256(secret.as_bytes()),
        token_key: request.key,
        token_expires_at: app.now() + lifetime,
        is_proven,
    };
    if !app.issuing().redeem(redemption).await? {
        if !is_proven {
            return Err(TokenError::TransactionCode);
        }
        revoke_reused(app, &issuance).await?;
        return Err(TokenError::Code);
    }
    Ok(AccessToken { secret, is_bound, lifetime, details })
}

/// Revokes the token of an authorization code that is used twice, since it has leaked (RFC 6749,
/// section 4.1.2). The code of an offer may be retried, since the transaction code protects it.
async fn revoke_reused(app: &App, issuance: &Issuance) -> Result<(), Error> {
    if matches!(issuance.kind, IssuanceKind::Authorization { .. }) {
        let mut tx = app.store().write().await?;
        tx.end_issuance(issuance.id, app.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Returns the offer of a pre-authorized code, and whether the transaction code is right.
async fn find_offer(app: &App, code: &str, typed: &str) -> Result<(Issuance, bool), TokenError> {
    let offer = offer_of(code).ok_or(TokenError::Code)?;
    if !bool::from(pre_authorized_code(app.keyring(), offer).as_bytes().ct_eq(code.as_bytes())) {
        return Err(TokenError::Code);
    }
    let expected = transaction_code(app.keyring(), offer);
    let is_right = bool::from(expected.as_bytes().ct_eq(typed.trim().as_bytes()));
    let issuance = app.store().acquire().await?.issuance(offer).await?.ok_or(TokenError::Code)?;
    Ok((issuance, is_right))
}

/// Returns the request that a holder has allowed, by its code (RFC 6749, section 4.1.3; RFC 7636,
/// section 4.5).
async fn find_authorized(app: &App, code: AuthorizationCode<'_>, key: Option<&str>) -> Result<Issuance, TokenError> {
    let AuthorizationCode { code, verifier, redirect_uri, client_id } = code;
    let issuance = app.store().acquire().await?.issuance_by_code(&sha256(code.as_bytes())).await?;
    let issuance = issuance.filter(|issuance| issuance.expires_at > app.now()).ok_or(TokenError::Code)?;
    let IssuanceKind::Authorization { request, .. } = &issuance.kind else { return Err(TokenError::Code) };
    let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    if !bool::from(challenge.as_bytes().ct_eq(request.code_challenge.as_bytes())) {
        return Err(TokenError::Verifier);
    }
    if redirect_uri != request.redirect_uri {
        return Err(TokenError::RedirectUri);
    }
    if client_id != Some(request.client_id.as_str()) {
        return Err(TokenError::ClientId);
    }
    match (&request.key, key) {
        (Some(_), None) => Err(TokenError::KeyMissing),
        (Some(bound), Some(key)) if bound != key => Err(TokenError::Key),
        _ => Ok(issuance),
    }
}

/// Returns the configurations that the token grants, with the identifiers of their credentials.
/// `None` unless the wallet used `authorization_details`, here or in its authorization request
/// (section 6.2).
fn details(
    app: &App,
    issuance: &Issuance,
    requested: Option<&[String]>,
) -> Result<Option<Vec<AuthorizedConfiguration>>, TokenError> {
    let by_details = match &issuance.kind {
        IssuanceKind::Authorization { request, .. } => request.by_details,
        IssuanceKind::Offer { .. } => false,
    };
    if requested.is_none() && !by_details {
        return Ok(None);
    }
    let mut details: Vec<AuthorizedConfiguration> = Vec::new();
    for grant in offer::grants(app, issuance) {
        let id = grant.configuration.id();
        match details.iter_mut().find(|known| known.id == id) {
            Some(known) => known.identifiers.push(grant.identifier()),
            None if requested.is_none_or(|requested| requested.contains(&id)) => {
                details.push(AuthorizedConfiguration { id, identifiers: vec![grant.identifier()] });
            }
            None => {}
        }
    }
    if details.is_empty() { Err(TokenError::Configurations) } else { Ok(Some(details)) }
}
