//! `/console/credentials`: a partner's secrets and passkeys, and the scopes that it was granted.

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Frame, Section, audit, layout};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::console::passkeys::{self, NAME_LENGTH, Registered};
use crate::flows::console::secret::{self, Rotation};
use crate::flows::console::sessions;
use crate::http::cookies::{CONSOLE, NOTICE};
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
    /// When the previous secret stops working, if there is one.
    old_until: Option<Timestamp>,
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

/// How long the old secret may keep working after a rotation.
#[derive(Debug)]
struct Overlap {
    /// The value in the form.
    value: &'static str,
    /// Text key of its label.
    label: &'static str,
    lasts: Option<Duration>,
}

/// The choices, with the default first.
const OVERLAPS: [Overlap; 4] = [
    Overlap { value: "", label: "console-rotate-old-now", lasts: None },
    Overlap { value: "1h", label: "console-rotate-old-hour", lasts: Some(Duration::from_secs(3_600)) },
    Overlap { value: "24h", label: "console-rotate-old-day", lasts: Some(Duration::from_secs(86_400)) },
    Overlap { value: "7d", label: "console-rotate-old-week", lasts: Some(Duration::from_secs(7 * 86_400)) },
];

#[derive(Template)]
#[template(path = "console/rotate.html")]
struct RotatePage {
    layout: Layout,
    frame: Frame,
    passkeys: i64,
    /// When the previous secret would stop working without this rotation, if there is one.
    old_until: Option<Timestamp>,
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
    /// When the old secret stops working, unless it already has.
    old_until: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RotateForm {
    /// `remove` if the passkeys are to be removed as well.
    passkeys: String,
    /// A value of [`OVERLAPS`].
    keep_old: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/credentials", get(credentials))
        .route("/console/credentials/rotate", get(confirm).post(rotate))
        .route("/console/credentials/revoke-old", post(revoke_old))
}

async fn credentials(State(app): State<App>, user: SignedInPartner, headers: HeaderMap) -> Result<Response, Error> {
    let sessions = sessions::count(&app, user.partner.id).await?;
    let layout = layout(&app, &headers);
    let template = CredentialsPage {
        frame: Frame::new(&user, Section::Credentials),
        old_until: old_until(&app, &user),
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

/// Returns when the partner's previous secret stops working, if there is one.
fn old_until(app: &App, user: &SignedInPartner) -> Option<Timestamp> {
    user.partner.previous_secret_at(app.now()).map(|(_, until)| until)
}

async fn confirm(State(app): State<App>, user: SignedInPartner, headers: HeaderMap) -> Result<Response, Error> {
    let passkeys = passkeys::count(&app, user.partner.id).await?;
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Credentials));
    let template = RotatePage { layout: layout.clone(), frame, passkeys, old_until: old_until(&app, &user) };
    Ok(page(&app, &template, &layout))
}

async fn rotate(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    Form(form): Form<RotateForm>,
) -> Result<Response, Error> {
    let overlap = OVERLAPS.iter().find(|overlap| overlap.value == form.keep_old);
    let overlap = overlap.ok_or_else(|| Error::new(Kind::Invalid, "Choose how long the old secret keeps working."))?;
    let chosen = Rotation { keep_passkeys: form.passkeys != "remove", keep_old: overlap.lasts };
    let session = CONSOLE.read(&app, &headers);
    let rotated = secret::rotate(&app, &user.partner, chosen, session.as_deref()).await?;
    audit(&user, "secret_rotated");
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Credentials));
    let (client_id, secret, old_until) = (user.partner.id, rotated.client_secret, rotated.old_until);
    let template = RotatedPage { layout: layout.clone(), frame, client_id, secret, old_until };
    Ok((CONSOLE.set(&app, &rotated.session), page(&app, &template, &layout)).into_response())
}

async fn revoke_old(State(app): State<App>, user: SignedInPartner) -> Result<Response, Error> {
    if secret::revoke_previous(&app, &user.partner).await? {
        audit(&user, "old_secret_revoked");
    }
    Ok((NOTICE.set(&app, "notice-console-old-secret-revoked"), Redirect::to("/console/credentials")).into_response())
}
