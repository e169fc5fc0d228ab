//! People by session: cookies, codes, and the extractor that says someone is signed in.
//!
//! Owns what turns a proven address or passkey into an account and a session. Whether an address has an account is
//! never shown: an account is made when the first code is used, so both cases look alike.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::app::App;
use crate::email::Email;
use crate::error::Error;
use crate::flows::verification_request;
use crate::mail::Mail;
use crate::outbox::OutboxMessage;
use crate::seal::sha256;
use ambient::Timestamp;
use store::domain::submission::Sealed;
use store::{AnnouncementKind, Holder, Session, SignIn, StoreError, Tx};

/// A cookie of ours: its name, and how long the browser keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    name: &'static str,
    lifetime: Duration,
}

/// The session's secret.
pub const SESSION: Cookie = Cookie { name: "session", lifetime: Duration::from_secs(400 * 86_400) };
/// Which link is being opened while its owner signs in.
pub const LINK: Cookie = Cookie { name: "link", lifetime: Duration::from_secs(3600) };
/// Which wallet's request is answered while its person signs in, or consents to what it is about.
pub const AUTHORIZE: Cookie = Cookie { name: "authorize", lifetime: Duration::from_secs(900) };
/// The secret of a WebAuthn ceremony.
pub const CEREMONY: Cookie = Cookie { name: "ceremony", lifetime: Duration::from_secs(300) };
/// Which shared link this browser has given the passcode of.
pub const SHARE: Cookie = Cookie { name: "share", lifetime: Duration::from_secs(3600) };
/// The secret of a browser that asked an outside wallet: an answer counts there and nowhere else.
pub const PRESENTATION: Cookie = Cookie { name: "presentation", lifetime: Duration::from_secs(3600) };
/// The secret of a session of a partner's console.
pub const CONSOLE: Cookie = Cookie { name: "console", lifetime: Duration::from_secs(8 * 3600) };
/// A notice to show once, on the next page.
pub const NOTICE: Cookie = Cookie { name: "notice", lifetime: Duration::from_secs(60) };

impl Cookie {
    /// `__Host-` (RFC 6265bis, section 4.1.3.2) needs `Secure`, and so https.
    fn full_name(self, app: &App) -> String {
        if app.config().is_https() { format!("__Host-tenure-{}", self.name) } else { format!("tenure-{}", self.name) }
    }

    /// The cookie's value in a request.
    pub fn read(self, app: &App, headers: &HeaderMap) -> Option<String> {
        let name = self.full_name(app);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    /// The header that sets it.
    pub fn set(self, app: &App, value: &str) -> (HeaderName, HeaderValue) {
        self.header(app, value, self.lifetime, "Lax")
    }

    /// The header that sets it so that no other site's link brings it along: for pages that nobody is led to from elsewhere.
    pub fn set_strict(self, app: &App, value: &str) -> (HeaderName, HeaderValue) {
        self.header(app, value, self.lifetime, "Strict")
    }

    /// How long the browser keeps it.
    pub fn lifetime(self) -> Duration {
        self.lifetime
    }

    /// The header that removes it.
    pub fn remove(self, app: &App) -> (HeaderName, HeaderValue) {
        self.header(app, "", Duration::ZERO, "Lax")
    }

    fn header(self, app: &App, value: &str, lifetime: Duration, same_site: &str) -> (HeaderName, HeaderValue) {
        let secure = if app.config().is_https() { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={}{secure}",
            self.full_name(app),
            lifetime.as_secs()
        );
        (header::SET_COOKIE, HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("")))
    }
}

/// Someone who is signed in. Without a session the visitor is sent to sign in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub holder: Holder,
    /// The session.
    pub session: Session,
}

/// Someone who may be signed in.
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<SignedIn>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(secret) = SESSION.read(app, &parts.headers) else { return Ok(Self(None)) };
        let now = app.now();
        let mut tx = app.store().read().await?;
        let Some(session) = tx.session(&sha256(secret.as_bytes()), now).await? else { return Ok(Self(None)) };
        let Some(holder) = tx.holder(session.holder_id).await? else { return Ok(Self(None)) };
        drop(tx);
        let lifetime = app.config().sign_in.session_lifetime;
        // Moving the end once a day is enough, and spares a write on every page.
        if (now + lifetime).since(session.expires_at) > Duration::from_secs(86_400) {
            let mut tx = app.store().write().await?;
            tx.extend_session(&session.token_hash, now + lifetime).await?;
            tx.commit().await?;
        }
        Ok(Self(Some(SignedIn { holder, session })))
    }
}

/// Nobody is signed in: a page leads to sign-in, an error is shown as such.
#[derive(Debug)]
pub enum NotSignedIn {
    /// Go and sign in.
    SignIn,
    /// The store failed.
    Error(Error),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to("/sign-in").into_response(),
            Self::Error(error) => error.into_response(),
        }
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NotSignedIn> {
        let Visitor(visitor) = Visitor::from_request_parts(parts, app).await.map_err(NotSignedIn::Error)?;
        visitor.ok_or(NotSignedIn::SignIn)
    }
}

/// Why a code did not sign anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefused {
    /// Wrong; so many tries are left.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// No such attempt, its time is over, or it was used.
    Over,
    /// Wrong too often.
    TooOften,
}

/// Makes an attempt for `email`, and puts its code into the outbox. The same happens whether there is an account or not.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn send_code(app: &App, email: &Email, compose: impl FnOnce(&str) -> Mail) -> Result<Uuid, StoreError> {
    let (now, id, code) = (app.now(), app.rng().anonymous_id(), app.rng().code());
    let address = app.keyring().seal(now, &[b"sign-in", id.as_bytes()], email.as_str().as_bytes()).await?;
    let mut tx = app.store().write().await?;
    tx.add_sign_in(&SignIn {
        id,
        email_fingerprint: email.fingerprint(app.keyring()).to_vec(),
        code_fingerprint: code_fingerprint(app, id, &code).to_vec(),
        attempts: 0,
        created_at: now,
        expires_at: now + app.config().sign_in.code_lifetime,
        ring_period: address.period,
        sealed: address.bytes,
    })
    .await?;
    app.outbox().add(&mut tx, &OutboxMessage::Mail(compose(&code))).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.metrics().sign_in("code_sent");
    Ok(id)
}

fn code_fingerprint(app: &App, id: Uuid, code: &str) -> [u8; 32] {
    app.keyring().fingerprint("code", &[id.as_bytes(), code.as_bytes()].concat())
}

/// Tries `code`. A try is counted before the code is looked at, and the comparison takes the same time whatever it says.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn try_code(app: &App, id: Uuid, code: &str) -> Result<Result<Email, CodeRefused>, StoreError> {
    let (now, limit) = (app.now(), app.config().sign_in.code_attempts);
    let mut tx = app.store().write().await?;
    let Some(sign_in) = tx.sign_in(id).await?.filter(|sign_in| sign_in.expires_at > now) else {
        return Ok(Err(CodeRefused::Over));
    };
    if !tx.take_sign_in_try(id, limit).await? {
        return Ok(Err(CodeRefused::TooOften));
    }
    let right = bool::from(code_fingerprint(app, id, code).as_slice().ct_eq(&sign_in.code_fingerprint));
    let ended = right && tx.end_sign_in(id).await?;
    tx.commit().await?;
    if !ended {
        app.metrics().sign_in("refused");
        let left = limit.saturating_sub(u32::try_from(sign_in.attempts).unwrap_or(u32::MAX).saturating_add(1));
        return Ok(Err(if left == 0 { CodeRefused::TooOften } else { CodeRefused::Wrong { left } }));
    }
    Ok(open_address(app, sign_in).await?.ok_or(CodeRefused::Over))
}

/// The address that an attempt is for, if there is such an attempt.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn attempted_address(app: &App, id: Uuid) -> Result<Option<Email>, StoreError> {
    let sign_in = app.store().read().await?.sign_in(id).await?;
    match sign_in {
        Some(sign_in) => open_address(app, sign_in).await,
        None => Ok(None),
    }
}

async fn open_address(app: &App, sign_in: SignIn) -> Result<Option<Email>, StoreError> {
    let sealed = Sealed { period: sign_in.ring_period, bytes: sign_in.sealed };
    let address = app.keyring().open_sealed(&sealed, &[b"sign-in", sign_in.id.as_bytes()]).await?;
    Ok(address.and_then(|address| Email::parse(&String::from_utf8_lossy(&address))))
}

/// The account of a proven address; it is made if there is none.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn account(app: &App, email: &Email) -> Result<Holder, StoreError> {
    let fingerprint = email.fingerprint(app.keyring());
    let existing = app.store().read().await?.holder_by_email(&fingerprint).await?;
    if let Some(holder) = existing {
        return Ok(holder);
    }
    let now = app.now();
    let id = app.rng().id(now);
    // The key comes first: an account without a key could hold nothing; a key without an account opens nothing.
    app.keyring().create_holder_key(id).await?;
    let email_sealed = app.keyring().seal_for_holder(id, &[b"email", id.as_bytes()], email.as_str().as_bytes()).await?;
    let holder = Holder {
        id,
        email_fingerprint: fingerprint.to_vec(),
        email_sealed,
        created_at: now,
        sign_ins: 0,
        passkey_offer_declined_at: None,
    };
    let mut tx = app.store().write().await?;
    tx.add_holder(&holder).await?;
    let stored = tx.holder_by_email(&fingerprint).await?;
    tx.commit().await?;
    stored.ok_or_else(|| StoreError::nonsense("holder", "gone at once"))
}

/// Deletes an account and everything it holds, for good: the rows in one transaction, then the key. Should the server
/// die in between, the outbox destroys the key.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn delete_account(app: &App, holder: Uuid) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    release(&mut tx, holder, app.now()).await?;
    app.outbox().add(&mut tx, &OutboxMessage::DestroyHolderKey(holder)).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.deliveries_due().notify_one();
    app.keyring().destroy_holder_key(holder).await
}

/// Deletes the rows of an account: everything of a deletion but its key.
///
/// # Errors
/// The store cannot be used.
pub async fn release(tx: &mut Tx, holder: Uuid, now: Timestamp) -> Result<(), StoreError> {
    tx.release_submissions(holder, now).await?;
    tx.release_issuances(holder).await?;
    tx.delete_shares(holder).await?;
    let canceled = tx.release_verifications(holder, now).await?;
    verification_request::announce(tx, &canceled, AnnouncementKind::RequestCanceled, now).await?;
    tx.delete_holder(holder).await
}

/// The address of an account.
///
/// # Errors
/// The key ring cannot be used, or the account's key is gone.
pub async fn address(app: &App, holder: &Holder) -> Result<String, StoreError> {
    let plain =
        app.keyring().open_for_holder(holder.id, &[b"email", holder.id.as_bytes()], &holder.email_sealed).await?;
    Ok(String::from_utf8_lossy(&plain).into_owned())
}

/// Begins a session for `holder`; returns the cookie that carries it. An old session of this browser ends.
///
/// # Errors
/// The store cannot be used.
pub async fn begin_session(
    app: &App,
    holder: Uuid,
    old: Option<String>,
) -> Result<(HeaderName, HeaderValue), StoreError> {
    let (now, secret) = (app.now(), app.rng().secret());
    let expires_at = now + app.config().sign_in.session_lifetime;
    let mut tx = app.store().write().await?;
    if let Some(old) = old {
        tx.end_session(&sha256(old.as_bytes())).await?;
    }
    tx.add_session(&Session {
        token_hash: sha256(secret.as_bytes()).to_vec(),
        holder_id: holder,
        created_at: now,
        expires_at,
    })
    .await?;
    tx.count_sign_in(holder).await?;
    tx.commit().await?;
    Ok(SESSION.set(app, &secret))
}
