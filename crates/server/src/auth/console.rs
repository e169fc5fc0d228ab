//! Partners by session: who is signed in to a console, and the extractor that says so.
//!
//! A session lives for eight hours, under the secret that was in force when it began: a rotated secret and a disabled
//! partner end it at once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};

use crate::app::App;
use crate::auth::holder::{CONSOLE, NOTICE};
use crate::error::Error;
use crate::seal::sha256;
use store::{ConsoleSession, Partner, StoreError, Tx};

/// Someone who is signed in for a partner. Taking it as an argument is the permission check; without a session the
/// visitor is sent to sign in.
#[derive(Clone, Debug)]
pub struct SignedInPartner {
    /// The partner.
    pub partner: Partner,
    /// The session.
    pub session: ConsoleSession,
}

/// Nobody is signed in: a page leads to sign-in and back, an error is shown as such.
#[derive(Debug)]
pub enum NotSignedInPartner {
    /// Go and sign in, then come back to this page.
    SignIn {
        /// The page's path; empty if it is not one to come back to.
        path: String,
        /// Where there was a session that has ended: the header that says so on the next page.
        notice: Option<(HeaderName, HeaderValue)>,
    },
    /// The store failed.
    Error(Error),
}

impl IntoResponse for NotSignedInPartner {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { path, notice } => {
                let page = if path.is_empty() { String::new() } else { format!("?to={path}") };
                (AppendHeaders(notice), Redirect::to(&format!("/console/sign-in{page}"))).into_response()
            }
            Self::Error(error) => error.into_response(),
        }
    }
}

/// `path` if it is that of a page of the console, which somebody may be led to after signing in.
pub fn page_of_console(path: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/';
    let rest = path.strip_prefix("/console")?;
    let is_page = rest.is_empty() || (rest.starts_with('/') && rest != "/sign-in" && rest != "/sign-out");
    (is_page && rest.bytes().all(is_plain) && !rest.contains("//")).then_some(path)
}

/// The session that a request's cookie names, with its partner.
///
/// # Errors
/// The store cannot be used.
pub async fn session(app: &App, headers: &HeaderMap) -> Result<Option<SignedInPartner>, StoreError> {
    let Some(secret) = CONSOLE.read(app, headers) else { return Ok(None) };
    let mut tx = app.store().read().await?;
    let Some(session) = tx.console_session(&sha256(secret.as_bytes()), app.now()).await? else { return Ok(None) };
    let partner = tx.partner(session.partner_id).await?;
    Ok(partner.map(|partner| SignedInPartner { partner, session }))
}

impl FromRequestParts<App> for SignedInPartner {
    type Rejection = NotSignedInPartner;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NotSignedInPartner> {
        let found = session(app, &parts.headers).await.map_err(|error| NotSignedInPartner::Error(error.into()))?;
        found.ok_or_else(|| {
            let asked = if parts.method == Method::GET { page_of_console(parts.uri.path()) } else { None };
            NotSignedInPartner::SignIn {
                path: asked.unwrap_or_default().to_owned(),
                notice: CONSOLE.read(app, &parts.headers).map(|_| NOTICE.set(app, "notice-console-ended")),
            }
        })
    }
}

/// Begins a session for `partner`, as it was when it proved to be itself; returns the cookie that carries it. An old
/// session of this browser ends.
///
/// # Errors
/// The store cannot be used.
pub async fn begin_session(
    app: &App,
    partner: &Partner,
    old: Option<String>,
) -> Result<(HeaderName, HeaderValue), StoreError> {
    let mut tx = app.store().write().await?;
    let cookie = add_session(app, &mut tx, partner, old).await?;
    tx.commit().await?;
    Ok(cookie)
}

/// As [`begin_session`], in a transaction that the caller commits.
///
/// # Errors
/// The store cannot be used.
pub async fn add_session(
    app: &App,
    tx: &mut Tx,
    partner: &Partner,
    old: Option<String>,
) -> Result<(HeaderName, HeaderValue), StoreError> {
    let (now, secret) = (app.now(), app.rng().secret());
    if let Some(old) = old {
        tx.end_console_session(&sha256(old.as_bytes())).await?;
    }
    tx.add_console_session(&ConsoleSession {
        token_hash: sha256(secret.as_bytes()).to_vec(),
        partner_id: partner.id,
        secret_hash: partner.secret_hash.clone(),
        created_at: now,
        expires_at: now + CONSOLE.lifetime(),
    })
    .await?;
    Ok(CONSOLE.set_strict(app, &secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_come_back_to() {
        for good in ["/console", "/console/submissions", "/console/submissions/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"] {
            assert_eq!(page_of_console(good), Some(good));
        }
        for bad in [
            "",
            "/",
            "/wallet",
            "/consolee",
            "/console//evil.example",
            "/console/sign-in",
            "https://evil.example",
            "/console/x?y",
            "/console/\\evil",
        ] {
            assert_eq!(page_of_console(bad), None, "{bad}");
        }
    }
}
