//! Partners by access token (RFC 6750): authenticating a request, and the extractor that holds the permission.
//!
//! A handler that takes [`Partner<Write>`](Partner) cannot be reached without that permission.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use credential::Type;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::Verified;
use crate::error::{Error, Kind};
use crate::http::headers::bearer;
use crate::rate_limit::RateLimitStatus;

/// Verifies the bearer token, counts the request against the partner's rate limit and leaves the token's content for the
/// extractor. The status of the limit goes into the response, whether the request is allowed or not.
pub async fn authenticate(app: &App, request: &mut Request) -> (Result<(), Error>, Option<RateLimitStatus>) {
    let verified = match verify(app, request.headers()).await {
        Ok(verified) => verified,
        Err(error) => return (Err(error), None),
    };
    match app.limits().partner.check(&verified.partner_id) {
        Ok(status) => {
            request.extensions_mut().insert(verified);
            (Ok(()), status)
        }
        Err(status) => (Err(Error::from(status)), Some(status)),
    }
}

async fn verify(app: &App, headers: &HeaderMap) -> Result<Arc<Verified>, Error> {
    let token = bearer(headers).ok_or_else(Error::unauthorized)?;
    let now = app.now();
    let verified = match app.tokens().verify(token, now) {
        Some(verified) => verified,
        None if app.tokens().should_reload(token, now) => {
            Box::pin(app.tokens().refresh_keys(app.keyring(), app.rng(), now)).await?;
            app.tokens().verify(token, now).ok_or_else(Error::unauthorized)?
        }
        None => return Err(Error::unauthorized()),
    };
    if !app.active_partners().is_active(verified.partner_id, now).await? {
        return Err(Error::unauthorized());
    }
    Ok(verified)
}

/// A permission that a handler needs.
pub trait Right: Sized + Send {
    /// What the request is about, and the scope it needs; `None` if any token of the partner will do.
    fn of(parameters: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error>;
}

/// The permission to push credentials of the path's type: `write.<type>`.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// The type in the path.
    pub credential_type: Type,
}

impl Right for Write {
    fn of(parameters: &RawPathParams, _: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        let name = parameters.iter().find(|(name, _)| *name == "type").map(|(_, value)| value).unwrap_or_default();
        let credential_type: Type = name.parse().map_err(|_| Error::unknown_type(name))?;
        Ok((Self { credential_type }, Some(credential_type.write_scope)))
    }
}

/// The permission to push a batch. Only the body says which types it holds: [`WriteAll::require`] is the check.
#[derive(Clone, Debug)]
pub struct WriteAll(Arc<Verified>);

impl Right for WriteAll {
    fn of(_: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self(token.clone()), None))
    }
}

impl WriteAll {
    /// The permission to push credentials of all these types, in one token (partner-api, section 3).
    ///
    /// # Errors
    /// 403 that names every scope that is missing.
    pub fn require(&self, types: &[Type]) -> Result<(), Error> {
        let missing = types.iter().map(|known| known.write_scope).filter(|scope| !self.0.has(scope));
        let missing: Vec<&str> = missing.collect();
        if missing.is_empty() { Ok(()) } else { Err(missing_scope(missing.join(" "))) }
    }
}

/// The permission to read results of verification requests. Only the request says of which type: [`ReadAny::require`] is
/// the check.
#[derive(Clone, Debug)]
pub struct ReadAny(Arc<Verified>);

impl Right for ReadAny {
    fn of(_: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self(token.clone()), None))
    }
}

impl ReadAny {
    /// The permission to read results of this type: `read.<type>`.
    ///
    /// # Errors
    /// 403 that names the scope.
    pub fn require(&self, known: Type) -> Result<(), Error> {
        if self.0.has(known.read_scope) { Ok(()) } else { Err(missing_scope(known.read_scope.to_owned())) }
    }
}

fn missing_scope(scope: String) -> Error {
    let detail = format!(
        "This needs the scope {scope}. Ask for a token with it; if that is refused, the operator can grant it."
    );
    Error::new(Kind::MissingScope(scope), detail)
}

/// The permission of every token: to what is the partner's own.
#[derive(Clone, Copy, Debug)]
pub struct Own;

impl Right for Own {
    fn of(_: &RawPathParams, _: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self, None))
    }
}

/// A partner with the permission `R`. Taking it as an argument is the permission check.
#[derive(Clone, Debug)]
pub struct Partner<R> {
    /// The partner's `client_id`.
    pub id: Uuid,
    /// What it may do here.
    pub right: R,
    only: PhantomData<()>,
}

impl<R: Right> FromRequestParts<App> for Partner<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let verified = parts.extensions.get::<Arc<Verified>>().cloned().ok_or_else(Error::unauthorized)?;
        // A path that is not valid UTF-8 matches nothing.
        let parameters = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Error::not_found())?;
        let (right, scope) = R::of(&parameters, &verified)?;
        if let Some(scope) = scope.filter(|scope| !verified.has(scope)) {
            return Err(missing_scope(scope.to_owned()));
        }
        Ok(Self { id: verified.partner_id, right, only: PhantomData })
    }
}
