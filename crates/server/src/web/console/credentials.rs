//! `/console/credentials`: with what a partner signs in, here and at the API, and what it may do.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::passkey::{self, Enrolled, NAME_LENGTH};
use super::{Frame, Section, audit, layout};
use crate::app::App;
use crate::auth::console::{SignedInPartner, add_session};
use crate::auth::holder::CONSOLE;
use crate::error::{Error, Kind};
use crate::seal::sha256;
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
    passkeys: Vec<Enrolled>,
    passkeys_possible: bool,
    /// When this browser's session ends.
    session_ends: Timestamp,
    /// Sessions of other browsers.
    others: i64,
}

impl CredentialsPage {
    fn other_sessions(&self) -> i64 {
        self.others
    }
}

/// A scope that the operator has granted.
#[derive(Debug)]
struct Scope {
    name: String,
    /// The key of what it is for.
    purpose: &'static str,
    /// The type that it is about.
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
    /// `remove` if the passkeys are to end as well.
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
        passkeys: passkey::enrolled(&app, user.partner.id).await?,
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

/// Gives the partner another secret, and this browser a session under it. All others end, since they live under the old.
async fn rotate(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    Form(form): Form<RotateForm>,
) -> Result<Response, Error> {
    let (secret, partner) = (app.rng().secret(), &user.partner);
    let hash = sha256(secret.as_bytes()).to_vec();
    let mut tx = app.store().write().await?;
    if !tx.exchange_partner_secret(partner.id, &partner.secret_hash, &hash, app.now()).await? {
        return Err(Error::new(
            Kind::Conflict,
            "The secret was changed a moment ago, by another session or by the operator. Sign in with the new one.",
        ));
    }
    if form.passkeys != "remove" {
        tx.keep_console_passkeys(partner.id, &partner.secret_hash, &hash).await?;
    }
    // In the same transaction: whoever is told the new secret is signed in by it, or nothing has changed.
    let renewed = Partner { secret_hash: hash, ..partner.clone() };
    let cookie = add_session(&app, &mut tx, &renewed, CONSOLE.read(&app, &headers)).await?;
    tx.commit().await?;
    audit(&user, "secret_rotated");
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Credentials));
    let template = RotatedPage { layout: layout.clone(), frame, client_id: partner.id, secret };
    Ok((AppendHeaders([cookie]), page(&app, &template, &layout)).into_response())
}
