//! Partners by access token (RFC 6750): reading the token, and the extractor that holds the right.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use credential::Type;
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::app::App;
use crate::auth::limits::Allowance;
use crate::auth::token::Verified;
use crate::error::{Error, Kind};
use crate::seal::sha256;
use ambient::Timestamp;
use store::{self, StoreError};

/// How long a partner's being active is taken for granted, if no notice comes before. A push asks again in its own
/// transaction.
const ACTIVE_FOR: Duration = Duration::from_secs(1);

/// Remembers which partners are active.
#[derive(Debug)]
pub struct ActivePartners(Cache<Uuid, (Timestamp, bool)>);

impl Default for ActivePartners {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

impl ActivePartners {
    /// Forgets everything: some partner is not what it was.
    pub fn forget(&self) {
        self.0.clear();
    }

    async fn is_active(&self, app: &App, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        if let Some((asked_at, active)) = self.0.get(&partner)
            && now.since(asked_at) < ACTIVE_FOR
        {
            return Ok(active);
        }
        // In a box, since it is seldom: every request would be moved about with room for it.
        Box::pin(self.ask(app, partner, now)).await
    }

    async fn ask(&self, app: &App, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let active = app.store().glance().await?.partner(partner).await?.is_some_and(|partner| partner.is_active());
        self.0.insert(partner, (now, active));
        Ok(active)
    }
}

/// Reads the bearer token, counts the request against the partner's limit and leaves the token's content for the
/// extractor. What is left of the limit goes into the answer, whichever it is.
pub async fn authenticate(app: &App, request: &mut Request) -> (Result<(), Error>, Option<Allowance>) {
    let verified = match verify(app, request.headers()).await {
        Ok(verified) => verified,
        Err(error) => return (Err(error), None),
    };
    match app.limits().partner.check(&verified.partner_id) {
        Ok(allowance) => {
            request.extensions_mut().insert(verified);
            (Ok(()), allowance)
        }
        Err(allowance) => (Err(Error::from(allowance)), Some(allowance)),
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
    if !app.active_partners().is_active(app, verified.partner_id, now).await? {
        return Err(Error::unauthorized());
    }
    Ok(verified)
}

/// The token of `Authorization: Bearer`; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The active partner with this id and secret. The database is asked and a secret compared whichever of them is wrong.
///
/// # Errors
/// The store cannot be used.
pub async fn by_secret(app: &App, id: &str, secret: &SecretString) -> Result<Option<store::Partner>, StoreError> {
    let partner = app.store().glance().await?.partner(id.parse().unwrap_or(Uuid::nil())).await?;
    let expected = partner.as_ref().map_or_else(|| vec![0; 32], |partner| partner.secret_hash.clone());
    let matches = bool::from(sha256(secret.expose_secret().as_bytes()).as_slice().ct_eq(&expected));
    Ok(partner.filter(|partner| matches && partner.is_active()))
}

/// A right that a handler demands.
pub trait Right: Sized + Send {
    /// What the request must be about, and the scope it needs; `None` where any token of the partner will do.
    fn of(parameters: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error>;
}

/// The right to push credentials of the path's type: `write.<type>`.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// The type in the path.
    pub credential_type: Type,
}

impl Right for Write {
    fn of(parameters: &RawPathParams, _: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        let name = parameters.iter().find(|(name, _)| *name == "type").map(|(_, value)| value).unwrap_or_default();
        let credential_type: Type = name.parse().map_err(|_| unknown_type(name))?;
        Ok((Self { credential_type }, Some(credential_type.write_scope)))
    }
}

/// 404 for a path with a type that there is not.
pub fn unknown_type(name: &str) -> Error {
    let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
    let shown: String = name.chars().take(64).collect();
    Error::new(Kind::NotFound, format!("There is no credential type '{shown}'. The types are: {}.", known.join(", ")))
}

/// The right to push a batch, of which only the body says which types it holds: [`WriteAll::require`] is the check.
#[derive(Clone, Debug)]
pub struct WriteAll(Arc<Verified>);

impl Right for WriteAll {
    fn of(_: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self(token.clone()), None))
    }
}

impl WriteAll {
    /// The right to push credentials of all these types, in one token (partner-api, section 3).
    ///
    /// # Errors
    /// 403 that names every scope that is missing.
    pub fn require(&self, types: &[Type]) -> Result<(), Error> {
        let missing = types.iter().map(|known| known.write_scope).filter(|scope| !self.0.has(scope));
        let missing: Vec<&str> = missing.collect();
        if missing.is_empty() { Ok(()) } else { Err(missing_scope(missing.join(" "))) }
    }
}

/// The right to read results of verification requests, of which only the request says the type: [`ReadAny::require`] is
/// the check.
#[derive(Clone, Debug)]
pub struct ReadAny(Arc<Verified>);

impl Right for ReadAny {
    fn of(_: &RawPathParams, token: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self(token.clone()), None))
    }
}

impl ReadAny {
    /// The right to read results of this type: `read.<type>`.
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

/// The right that every token gives: to the partner's own statuses.
#[derive(Clone, Copy, Debug)]
pub struct Own;

impl Right for Own {
    fn of(_: &RawPathParams, _: &Arc<Verified>) -> Result<(Self, Option<&'static str>), Error> {
        Ok((Self, None))
    }
}

/// A partner that has the right `R`. Taking it as an argument is the permission check.
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
        // What is no UTF-8 is nobody's.
        let parameters = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Error::not_found())?;
        let (right, scope) = R::of(&parameters, &verified)?;
        if let Some(scope) = scope.filter(|scope| !verified.has(scope)) {
            return Err(missing_scope(scope.to_owned()));
        }
        Ok(Self { id: verified.partner_id, right, only: PhantomData })
    }
}
