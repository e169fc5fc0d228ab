//! `/console/credentials`: a partner's secret and passkeys, and the scopes that it was granted.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Frame, Section, audit, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::console::passkeys::{self, NAME_LENGTH, Registered};
use crate::flows::console::secret;
use crate::http::cookies::CONSOLE;
use crate::http::extract::Form;
use crate::http::session::SignedInPartner;
use crate::web::{Layout, page};
use ambient::Timestamp;
use store::Partner;

#[derive(Template)]
#[template(path = "console/credentials.html")]
struct CredentialsPage {
    layout: Layout,
    frame: Frame,
    partner: Partner,
    scopes: Vec<Scope>,
    passkeys: Vec<Registered>,
    passkeys_possible: bool,
    /// When this browser's session expires.
    session_ends: Timestamp,
    /// Number of sessions in other browsers.
    others: i64,
}

impl CredentialsPage {
    fn other_sessions(&self) -> i64 {
        self.others
    }

    /// Returns a passkey's id, as the form that removes it sends it.
    fn form_id(&self, passkey: &Registered) -> String {
        URL_SAFE_NO_PAD.encode(&passkey.id)
    }
}

/// A scope that the operator has granted.
#[derive(Debug)]
struct Scope {
    name: String,
    /// Text key of its purpose.
    purpose: &'static str,
    /// The title of the type that it covers.
    title: &'static str,
}

impl Scope {
    fn new(name: &str) -> Self {
        let known = |known: &&credential::Type| known.write_scope == name || known.read_scope == name;
        let (purpose, title) = match credential::ALL.iter().find(known) {
            Some(known) if known.write_scope == name => ("console-scope-write", known.title),
            Some(known) => ("console-scope-read", known.title),
            None => ("console-scope-other", ""),
        };
        Self { name: name.to_owned(), purpose, title }
    }
}

#[derive(Template)]
#[template(path = "console/rotate.html")]
struct RotatePage {
    layout: Layout,
    frame: Frame,
    passkeys: i64,
}

impl RotatePage {
    fn passkey_count(&self) -> i64 {
        self.passkeys
    }
}

#[derive(Template)]
#[template(path = "console/rotated.html")]
struct RotatedPage {
    layout: Layout,
    frame: Frame,
    client_id: uuid::Uuid,
    secret: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RotateForm {
    /// `remove` if the passkeys are to be removed as well.
    passkeys: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/credentials", get(credentials))
        .route("/console/credentials/rotate", get(confirm).post(rotate))
}

async fn credentials(State(app): State<App>, user: SignedInPartner, headers: HeaderMap) -> Result<Response, Error> {
    let sessions = app.store().read().await?.count_console_sessions(user.partner.id, app.now()).await?;
    let layout = layout(&app, &headers);
    let template = CredentialsPage {
        frame: Frame::new(&user, Section::Credentials),
        scopes: user.partner.scopes.split_whitespace().map(Scope::new).collect(),
        passkeys: passkeys::list(&app, user.partner.id).await?,
        passkeys_possible: app.webauthn().is_some(),
        session_ends: user.session.expires_at,
        others: (sessions - 1).max(0),
        partner: user.partner,
        layout: layout.clone(),
    };
    Ok(page(&app, &template, &layout))
}

async fn confirm(State(app): State<App>, user: SignedInPartner, headers: HeaderMap) -> Result<Response, Error> {
    let passkeys = app.store().read().await?.console_passkeys(user.partner.id).await?;
    let passkeys = i64::try_from(passkeys.len()).unwrap_or(i64::MAX);
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Credentials));
    Ok(page(&app, &RotatePage { layout: layout.clone(), frame, passkeys }, &layout))
}

async fn rotate(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    Form(form): Form<RotateForm>,
) -> Result<Response, Error> {
    let (keep_passkeys, old) = (form.passkeys != "remove", CONSOLE.read(&app, &headers));
    let rotated = secret::rotate(&app, &user.partner, keep_passkeys, old.as_deref()).await?;
    audit(&user, "secret_rotated");
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Credentials));
    let (client_id, secret) = (user.partner.id, rotated.client_secret);
    let template = RotatedPage { layout: layout.clone(), frame, client_id, secret };
    Ok((CONSOLE.set(&app, &rotated.session), page(&app, &template, &layout)).into_response())
}
