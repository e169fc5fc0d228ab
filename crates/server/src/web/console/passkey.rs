//! Passkeys of a console (WebAuthn Level 3): enrolled once signed in by the secret, used to sign in from then on.
//!
//! The ceremonies are those of people's passkeys. What the authenticator gives, and the name that somebody gave it, are
//! sealed under the root key. A rotated secret ends them, unless whoever rotates it in the console says that they stay.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
};

use super::audit;
use super::sign_in::signed_in;
use crate::app::App;
use crate::auth::console::SignedInPartner;
use crate::auth::holder::NOTICE;
use crate::error::{Error, Kind};
use crate::http::Client;
use crate::http::JsonBody;
use crate::web::passkey::{begin, read, refused, take, webauthn};
use ambient::Timestamp;
use store::ConsolePasskey;

/// Most characters of a passkey's name.
pub(super) const NAME_LENGTH: usize = 60;

/// What is sealed of a passkey.
#[derive(Debug, Serialize, Deserialize)]
struct Secret {
    name: String,
    passkey: Passkey,
}

/// A passkey as its partner sees it.
#[derive(Debug)]
pub(super) struct Enrolled {
    /// Its id, as a form sends it.
    pub id: String,
    /// What somebody called it.
    pub name: String,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Name {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RemoveForm {
    id: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/passkey/register/start", post(start_registration))
        .route("/console/passkey/register/finish", post(finish_registration))
        .route("/console/passkey/sign-in/start", post(start_sign_in))
        .route("/console/passkey/sign-in/finish", post(finish_sign_in))
        .route("/console/passkeys/remove", post(remove))
}

async fn start_registration(State(app): State<App>, user: SignedInPartner) -> Result<Response, Error> {
    let partner = &user.partner;
    let known = open_all(&app, partner.id).await?;
    let exclude = known.iter().map(|(_, secret)| secret.passkey.cred_id().clone()).collect();
    // The browser's own list shows people's passkeys beside this one.
    let name = format!("{} (console)", partner.name);
    let (challenge, state) =
        webauthn(&app)?.start_passkey_registration(partner.id, &name, &name, Some(exclude)).map_err(refused)?;
    let mut options = serde_json::to_value(challenge).map_err(Error::internal)?;
    // Sign-in names no partner first, so the authenticator must keep the passkey with its user (a discoverable credential).
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    begin(&app, &state, &options).await
}

async fn finish_registration(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let state: PasskeyRegistration = take(&app, &headers).await?;
    let credential: RegisterPublicKeyCredential = read(&body)?;
    let Name { name } = read(&body)?;
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(NAME_LENGTH).collect();
    let passkey = webauthn(&app)?.finish_passkey_registration(&credential, &state).map_err(refused)?;
    let (partner, id) = (user.partner.id, passkey.cred_id().to_vec());
    let stored = ConsolePasskey {
        sealed: seal(&app, partner, &id, &Secret { name, passkey })?,
        id,
        partner_id: partner,
        secret_hash: user.partner.secret_hash.clone(),
        created_at: app.now(),
        used_at: None,
    };
    let mut tx = app.store().write().await?;
    if !tx.add_console_passkey(&stored).await? {
        return Err(Error::new(Kind::Conflict, "This passkey is registered already."));
    }
    tx.commit().await?;
    audit(&user, "passkey_enrolled");
    Ok(([NOTICE.set(&app, "notice-console-passkey-added")], StatusCode::NO_CONTENT).into_response())
}

async fn start_sign_in(State(app): State<App>, client: Client) -> Result<Response, Error> {
    app.limits().console_per_client.check_global(&client.0).await?;
    let (challenge, state) = webauthn(&app)?.start_discoverable_authentication().map_err(refused)?;
    let options = serde_json::to_value(challenge).map_err(Error::internal)?;
    begin(&app, &state, &options).await
}

async fn finish_sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let state: DiscoverableAuthentication = take(&app, &headers).await?;
    let credential: PublicKeyCredential = read(&body)?;
    let webauthn = webauthn(&app)?;
    let (id, credential_id) = webauthn.identify_discoverable_authentication(&credential).map_err(refused)?;
    let unknown = || Error::new(Kind::Forbidden, "This passkey is not known here. Sign in with the client secret.");
    // A person's passkey names no partner, and a disabled partner is nobody: to whoever asks, all are the same.
    let partner = app.store().read().await?.partner(id).await?.filter(|partner| partner.is_active());
    let partner = partner.ok_or_else(unknown)?;
    let known = open_all(&app, partner.id).await?;
    let found = known.into_iter().find(|(stored, _)| stored.id == credential_id).ok_or_else(unknown)?;
    let mut secret = found.1;
    let result =
        webauthn.finish_discoverable_authentication_v2(&credential, state, &secret.passkey).map_err(refused)?;
    secret.passkey.update_credential(&result);
    let sealed = seal(&app, partner.id, credential_id, &secret)?;
    let mut tx = app.store().write().await?;
    tx.use_console_passkey(credential_id, partner.id, &sealed, app.now()).await?;
    tx.commit().await?;
    app.metrics().sign_in("console_passkey");
    tracing::info!(partner = %partner.id, by = "passkey", "signed in to the console");
    let cookie = signed_in(&app, &headers, &partner).await?;
    Ok((cookie, Json(json!({ "location": "/console" }))).into_response())
}

async fn remove(
    State(app): State<App>,
    user: SignedInPartner,
    Form(form): Form<RemoveForm>,
) -> Result<Response, Error> {
    if let Ok(id) = URL_SAFE_NO_PAD.decode(&form.id) {
        let mut tx = app.store().write().await?;
        tx.remove_console_passkey(&id, user.partner.id).await?;
        tx.commit().await?;
        audit(&user, "passkey_removed");
    }
    Ok(([NOTICE.set(&app, "notice-console-passkey-removed")], Redirect::to("/console/credentials")).into_response())
}

/// The passkeys of `partner`, to look at.
pub(super) async fn enrolled(app: &App, partner: Uuid) -> Result<Vec<Enrolled>, Error> {
    let all = open_all(app, partner).await?;
    let enrolled = all.into_iter().map(|(stored, secret)| Enrolled {
        id: URL_SAFE_NO_PAD.encode(stored.id),
        name: secret.name,
        created_at: stored.created_at,
        used_at: stored.used_at,
    });
    Ok(enrolled.collect())
}

fn seal(app: &App, partner: Uuid, id: &[u8], secret: &Secret) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(secret).map_err(Error::internal)?;
    Ok(app.keyring().seal_permanent(&[b"console-passkey", partner.as_bytes(), id], &plain))
}

async fn open_all(app: &App, partner: Uuid) -> Result<Vec<(ConsolePasskey, Secret)>, Error> {
    let stored = app.store().read().await?.console_passkeys(partner).await?;
    let open = |passkey: ConsolePasskey| {
        let label: &[&[u8]] = &[b"console-passkey", partner.as_bytes(), &passkey.id];
        let plain = app.keyring().open_permanent(label, &passkey.sealed)?;
        let secret = serde_json::from_slice(&plain).map_err(Error::internal)?;
        Ok((passkey, secret))
    };
    stored.into_iter().map(open).collect()
}
