//! Partners by access token (RFC 6750): authentication of a request, and the extractor that checks
//! the permission.
//!
//! A handler that takes [`Partner<Write>`](Partner) as an argument requires that permission.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use credential::Type;
use uuid::Uuid;

use crate::app::App;
use crate::auth::token::{TokenError, Verified};
use crate::error::{Error, Kind};
use crate::http::headers::bearer;
use crate::rate_limit::RateLimitStatus;
use crate::request_log::RequestPartner;

/// Verifies the bearer token, counts the request against the partner's rate limit, and adds the
/// token's content to the request for the extractor. Also returns the state of the rate limit for
/// the response headers, whether or not the request is allowed.
pub async fn authenticate(app: &App, request: &mut Request) -> (Result<(), Error>, Option<RateLimitStatus>) {
    let verified = match verify(app, request.headers()).await {
        Ok(verified) => verified,
        Err(error) => return (Err(error), None),
    };
    if let Some(partner) = request.extensions().get::<RequestPartner>() {
        partner.set(verified.partner_id);
    }
    match app.limits().partner.check(&verified.partner_id) {
        Ok(status) => {
            request.extensions_mut().insert(verified);
            (Ok(()), status)
        }
        Err(status) => (Err(Error::from(status)), Some(status)),
    }
}

/// Verifies the bearer token for the request log only: the response to a request that reaches no
/// operation does not depend on it. Takes `&mut`, because a shared borrow of a body is not `Send`.
pub async fn note(app: &App, request: &mut Request) {
    let Some(partner) = request.extensions().get::<RequestPartner>().cloned() else { return };
    if let Ok(verified) = verify(app, request.headers()).await {
        partner.set(verified.partner_id);
    }
}

/// Adds a request under `/api` that no operation handles to the log of its partner.
pub async fn note_unhandled(app: &App, request: &mut Request) {
    if request.uri().path().starts_with("/api/") {
        Box::pin(note(app, request)).await;
    }
}

async fn verify(app: &App, headers: &HeaderMap) -> Result<Arc<Verified>, Error> {
    let token = bearer(headers).ok_or_else(|| missing_token(headers))?;
    let now = app.now();
    let verified = match app.tokens().verify(token, now) {
        Ok(verified) => verified,
        Err(_) if app.tokens().should_reload(token, now) => {
            Box::pin(app.tokens().refresh_keys(now)).await?;
            app.tokens().verify(token, now).map_err(rejected)?
        }
        Err(error) => return Err(rejected(error)),
    };
    let scopes = app.active_partners().scopes(verified.partner_id, now).await?;
    Ok(Verified::within(verified, &scopes.ok_or_else(Error::disabled_client)?))
}

fn rejected(error: TokenError) -> Error {
    Error::new(Kind::Unauthorized, error.to_string())
}

fn missing_token(headers: &HeaderMap) -> Error {
    let detail = if headers.contains_key(header::AUTHORIZATION) {
        "The Authorization header must be Bearer, a space and an access token."
    } else {
        "Send the header Authorization: Bearer with an access token. Get one from POST /api/partner/v1/oauth/token."
    };
    Error::new(Kind::MissingToken, detail)
}

/// A permission that a handler requires.
pub trait Right: Sized + Send {
    /// Returns the permission for this request, and the scope that it needs; `None` if any token of
    /// the partner is sufficient.
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
        let name = type_in_path(parameters);
        let credential_type: Type = name.parse().map_err(|_| Error::unknown_type(name))?;
        Ok((Self { credential_type }, Some(credential_type.write_scope)))
    }
}

/// The permission to push credentials of the path's type in v1, which has not all types.
#[derive(Clone, Copy, Debug)]
pub struct WriteV1 {
    /// The type in the path.
    pub credential_type: Type,
}

impl Right for WriteV1 {
    fn of(parameters: &RawPathParams, _: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        let name = type_in_path(parameters);
        let known = name.parse().ok().filter(|known: &Type| known.v1.is_some());
        let credential_type: Type = known.ok_or_else(|| Error::unknown_v1_type(name))?;
        Ok((Self { credential_type }, Some(credential_type.write_scope)))
    }
}

fn type_in_path(parameters: &RawPathParams) -> &str {
    parameters.iter().find(|(name, _)| *name == "type").map(|(_, value)| value).unwrap_or_default()
}

/// The permission to push a batch. The types are known only from the body: [`WriteAll::require`]
/// checks them.
#[derive(Clone, Debug)]
pub struct WriteAll(Arc<Verified>);

impl Right for WriteAll {
    fn of(_: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self(token.clone()), None))
    }
}

impl WriteAll {
    /// Checks the permission to push credentials of all these types with one token
    /// (docs/partner-api.md section 3).
    ///
    /// # Errors
    /// 403 that names every missing scope.
    pub fn require(&self, types: &[Type]) -> Result<(), Error> {
        let missing = types.iter().map(|known| known.write_scope).filter(|scope| !self.0.has(scope));
        let missing: Vec<&str> = missing.collect();
        if missing.is_empty() { Ok(()) } else { Err(missing_scope(missing.join(" "))) }
    }
}

/// The permission to read results of verification requests. The type is known only from the stored
/// request: [`ReadAny::require`] checks it.
#[derive(Clone, Debug)]
pub struct ReadAny(Arc<Verified>);

impl Right for ReadAny {
    fn of(_: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self(token.clone()), None))
    }
}

impl ReadAny {
    /// Checks the permission to read results of this type: `read.<type>`.
    ///
    /// # Errors
    /// 403 that names the scope.
    pub fn require(&self, known: Type) -> Result<(), Error> {
        if self.0.has(known.read_scope) { Ok(()) } else { Err(missing_scope(known.read_scope.to_owned())) }
    }

    /// Returns the types whose results the token may read; `None` if it may read all.
    pub fn types(&self) -> Option<Vec<Type>> {
        let readable = credential::ALL.iter().copied().filter(|known| self.0.has(known.read_scope));
        Some(readable.collect::<Vec<Type>>()).filter(|readable| readable.len() < credential::ALL.len())
    }
}

fn missing_scope(scope: String) -> Error {
    let detail = format!(
        "This request needs the scope {scope}. Request a token with that scope. If this fails, ask the operator to \
         grant it."
    );
    Error::new(Kind::MissingScope(scope), detail)
}

/// The permission of every token: access to the partner's own resources.
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
    /// The permission.
    pub right: R,
    only: PhantomData<()>,
}

impl<R: Right> FromRequestParts<App> for Partner<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let verified = parts.extensions.get::<Arc<Verified>>().cloned().ok_or_else(|| missing_token(&parts.headers))?;
        // A path that is not valid UTF-8 matches no route.
        let parameters = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Error::not_found())?;
        let (right, scope) = R::of(&parameters, &verified)?;
        if let Some(scope) = scope.filter(|scope| !verified.has(scope)) {
            return Err(missing_scope(scope.to_owned()));
        }
        Ok(Self { id: verified.partner_id, right, only: PhantomData })
    }
}
