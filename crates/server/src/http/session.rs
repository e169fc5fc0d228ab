//! Extractors for sessions: holders in their wallet, partners in their console.
//!
//! A handler that takes [`SignedIn`] or [`SignedInPartner`] as an argument requires a session; this
//! is its permission check.

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::account::sessions;
use crate::http::cookies::{CONSOLE, NOTICE, SESSION, SetCookie};
use crate::http::headers::CLEAR_CACHE;
use crate::links;
use credential::encoding::sha256;
use store::{ConsoleSession, Holder, Partner, Session};

pub use crate::links::console_page;

/// A signed-in holder. Visitors without a session are redirected to sign-in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub holder: Holder,
    pub session: Session,
}

/// A visitor to the wallet, with the holder if signed in.
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<SignedIn>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(secret) = SESSION.read(app, &parts.headers) else { return Ok(Self(None)) };
        let mut tx = app.store().read().await?;
        let Some(session) = tx.session(&sha256(secret.as_bytes()), app.now()).await? else { return Ok(Self(None)) };
        let Some(holder) = tx.holder(session.holder_id).await? else { return Ok(Self(None)) };
        drop(tx);
        sessions::extend(app, &session).await?;
        Ok(Self(Some(SignedIn { holder, session })))
    }
}

/// Whether `secret` is the secret of a session, for the navigation of the page for `error`. While
/// the store fails, every secret counts, since most browsers that have one are signed in.
pub async fn is_signed_in(app: &App, secret: Option<&str>, error: &Error) -> bool {
    let Some(secret) = secret else { return false };
    if matches!(error.kind, Kind::Unavailable | Kind::Internal) {
        return true;
    }
    let Ok(mut tx) = app.store().read().await else { return true };
    tx.session(&sha256(secret.as_bytes()), app.now()).await.map_or(true, |session| session.is_some())
}

/// Returns the name of the partner whose console session has `secret`, for the navigation of the
/// page for `error`. `None` if there is no such session, or the store fails.
pub async fn partner_name(app: &App, secret: Option<&str>, error: &Error) -> Option<String> {
    let secret = secret.filter(|_| !matches!(error.kind, Kind::Unavailable | Kind::Internal))?;
    let mut tx = app.store().read().await.ok()?;
    let session = tx.console_session(&sha256(secret.as_bytes()), app.now()).await.ok()??;
    tx.partner(session.partner_id).await.ok()?.map(|partner| partner.name)
}

/// Rejection of [`SignedIn`]: a redirect to sign-in, or the error of the store.
#[derive(Debug)]
pub enum NotSignedIn {
    /// Redirects to sign-in.
    SignIn,
    /// The store failed.
    Error(Error),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to(links::SIGN_IN).into_response(),
            Self::Error(error) => error.into_response(),
        }
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NotSignedIn> {
        let Visitor(visitor) = Visitor::from_request_parts(parts, app).await.map_err(NotSignedIn::Error)?;
        let signed_in = visitor.ok_or(NotSignedIn::SignIn)?;
        sessions::note_visit(app, &signed_in.holder).await.map_err(|error| NotSignedIn::Error(error.into()))?;
        Ok(signed_in)
    }
}

/// A partner that is signed in to its console. Visitors without a session are redirected to
/// sign-in.
///
/// A session is bound to the client secret that was valid when it began. Rotating the secret or
/// disabling the partner ends the session immediately.
#[derive(Clone, Debug)]
pub struct SignedInPartner {
    pub partner: Partner,
    pub session: ConsoleSession,
}

/// A visitor to the console, with the partner if signed in.
#[derive(Clone, Debug)]
pub struct ConsoleVisitor(pub Option<SignedInPartner>);

impl FromRequestParts<App> for ConsoleVisitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(secret) = CONSOLE.read(app, &parts.headers) else { return Ok(Self(None)) };
        let mut tx = app.store().read().await?;
        let Some(session) = tx.console_session(&sha256(secret.as_bytes()), app.now()).await? else {
            return Ok(Self(None));
        };
        let partner = tx.partner(session.partner_id).await?;
        Ok(Self(partner.map(|partner| SignedInPartner { partner, session })))
    }
}

/// Rejection of [`SignedInPartner`]: a redirect to sign-in and back, or the error of the store.
#[derive(Debug)]
pub enum PartnerNotSignedIn {
    /// Redirects to sign-in.
    SignIn {
        /// The path to return to after sign-in, if it is a page of the console.
        path: Option<String>,
        /// A notice that the next page shows, if the session has ended.
        notice: Option<SetCookie>,
    },
    /// The store failed.
    Error(Error),
}

impl IntoResponse for PartnerNotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { path, notice } => {
                let ended = notice.map(|notice| (CLEAR_CACHE, notice));
                (ended, Redirect::to(&links::console_sign_in(path.as_deref()))).into_response()
            }
            Self::Error(error) => error.into_response(),
        }
    }
}

impl FromRequestParts<App> for SignedInPartner {
    type Rejection = PartnerNotSignedIn;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PartnerNotSignedIn> {
        let ConsoleVisitor(visitor) =
            ConsoleVisitor::from_request_parts(parts, app).await.map_err(PartnerNotSignedIn::Error)?;
        visitor.ok_or_else(|| {
            let path = if parts.method == Method::GET { links::console_page(parts.uri.path()) } else { None };
            PartnerNotSignedIn::SignIn {
                path: path.map(ToOwned::to_owned),
                notice: CONSOLE.read(app, &parts.headers).map(|_| NOTICE.set(app, "notice-console-ended")),
            }
        })
    }
}
