//! Access tokens for partners: the client credentials grant (RFC 6749, section 4.4).

use secrecy::SecretString;
use uuid::Uuid;

use crate::app::App;
use crate::auth::partner::{SentSecret, by_secret};
use crate::error::Error;
use crate::flows::sandbox_sign_up;
use store::{Partner, StoreError};

/// An access token and its scopes.
#[derive(Debug)]
pub struct AccessToken {
    pub token: String,
    /// The granted scopes, separated by spaces.
    pub scope: String,
}

/// The reason why no token is issued.
#[derive(Debug)]
pub enum GrantError {
    /// The client id or secret is wrong, or the partner is disabled.
    Client,
    /// The partner does not have a requested scope; names it.
    Scope(String),
    /// The store or the signing key cannot be used.
    Other(Error),
}

impl<E: Into<Error>> From<E> for GrantError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Issues a token for the partner with this id and secret, which may be the previous secret during
/// a rotation with an overlap. Grants the requested scopes, or all of the partner's if none are
/// requested.
///
/// # Errors
/// See [`GrantError`].
pub async fn issue(
    app: &App,
    id: &str,
    secret: &SecretString,
    requested: Option<&str>,
) -> Result<AccessToken, GrantError> {
    let known = by_secret(app.store(), id, secret, app.now()).await?;
    let (partner, sent) = known.ok_or(GrantError::Client)?;
    if sent == SentSecret::Previous {
        // Tells the operator that a client still has to change to the new secret.
        tracing::info!(partner = %partner.id, "issued a token for the previous client secret");
    }
    if partner.sandbox {
        sandbox_sign_up::note_use(app, partner.id).await?;
    }
    let scope = granted(&partner, requested).map_err(GrantError::Scope)?;
    let token = sign(app, partner.id, &scope)?;
    Ok(AccessToken { token, scope })
}

/// Issues a token with all scopes of `partner`, which is signed in to its console.
///
/// # Errors
/// There is no signing key.
pub fn issue_to_signed_in(app: &App, partner: &Partner) -> Result<String, Error> {
    Ok(sign(app, partner.id, &partner.scopes)?)
}

fn sign(app: &App, partner: Uuid, scope: &str) -> Result<String, StoreError> {
    app.tokens().issue(partner, scope, app.rng().anonymous_id(), app.now())
}

/// Returns the requested scopes if the partner has all of them, or all of the partner's if none are
/// requested.
fn granted(partner: &Partner, requested: Option<&str>) -> Result<String, String> {
    let has: Vec<&str> = partner.scopes.split_whitespace().collect();
    let Some(requested) = requested.map(str::trim).filter(|requested| !requested.is_empty()) else {
        return Ok(has.join(" "));
    };
    let mut granted: Vec<&str> = Vec::new();
    for scope in requested.split_whitespace() {
        if !has.contains(&scope) {
            let shown: String = scope.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
            let hint = if shown.contains(',') { " Separate scopes with spaces." } else { "" };
            return Err(format!("This client does not have the scope {shown}.{hint} It has: {}.", has.join(" ")));
        }
        if !granted.contains(&scope) {
            granted.push(scope);
        }
    }
    Ok(granted.join(" "))
}
