//! Passkeys (WebAuthn Level 3): registered once signed in, used to sign in from then on.
//!
//! The ceremony's state is kept sealed on the server under a secret in a cookie, and can be finished once. What the
//! authenticator gives is sealed under the holder's key.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webauthn_rs::Webauthn;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    WebauthnError,
};

use super::sign_in::signed_in;
use crate::app::App;
use crate::auth::holder::{CEREMONY, NOTICE, SignedIn, address};
use crate::error::{Error, Kind};
use crate::http::Client;
use crate::http::JsonBody;
use crate::seal::sha256;
use store::domain::submission::Sealed;
use store::{Ceremony, StoredPasskey};

/// How long a ceremony may take.
const CEREMONY_LIFETIME: std::time::Duration = std::time::Duration::from_secs(300);

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/passkey/register/start", post(start_registration))
        .route("/passkey/register/finish", post(finish_registration))
        .route("/passkey/sign-in/start", post(start_sign_in))
        .route("/passkey/sign-in/finish", post(finish_sign_in))
        .route("/passkey/later", post(later))
}

pub(super) fn webauthn(app: &App) -> Result<&Webauthn, Error> {
    app.webauthn().as_ref().ok_or_else(|| Error::new(Kind::NotFound, "This server's address cannot have passkeys."))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
pub(super) fn refused(error: WebauthnError) -> Error {
    tracing::info!(%error, "a passkey was refused");
    Error::new(Kind::Forbidden, "The passkey was not accepted.")
}

async fn start_registration(State(app): State<App>, user: SignedIn) -> Result<Response, Error> {
    let holder = &user.holder;
    let known = open_all(&app, holder.id).await?;
    let exclude = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
    let email = address(&app, holder).await?;
    let (challenge, state) =
        webauthn(&app)?.start_passkey_registration(holder.id, &email, &email, Some(exclude)).map_err(refused)?;
    let mut options = serde_json::to_value(challenge).map_err(Error::internal)?;
    // Sign-in names no account first, so the authenticator must keep the passkey with its user (a discoverable credential).
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    begin(&app, &state, &options).await
}

async fn finish_registration(
    State(app): State<App>,
    user: SignedIn,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let state: PasskeyRegistration = take(&app, &headers).await?;
    let credential: RegisterPublicKeyCredential = read(&body)?;
    let passkey = webauthn(&app)?.finish_passkey_registration(&credential, &state).map_err(refused)?;
    let id = passkey.cred_id().to_vec();
    let stored = StoredPasskey {
        sealed: seal(&app, user.holder.id, &id, &passkey).await?,
        id,
        holder_id: user.holder.id,
        created_at: app.now(),
        used_at: None,
    };
    let mut tx = app.store().write().await?;
    if !tx.add_passkey(&stored).await? {
        return Err(Error::new(Kind::Conflict, "This passkey is registered already."));
    }
    tx.commit().await?;
    Ok(([NOTICE.set(&app, "notice-passkey-added")], StatusCode::NO_CONTENT).into_response())
}

async fn start_sign_in(State(app): State<App>, client: Client) -> Result<Response, Error> {
    app.limits().tries_per_client.check_global(&client.0).await?;
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
    let (holder, id) = webauthn.identify_discoverable_authentication(&credential).map_err(refused)?;
    let unknown = || Error::new(Kind::Forbidden, "This passkey is not known here. Sign in by e-mail.");
    // An account that is gone has no key either: to whoever asks, both are the same.
    app.store().read().await?.holder(holder).await?.ok_or_else(unknown)?;
    let known = open_all(&app, holder).await?;
    let mut passkey = known.into_iter().find(|passkey| passkey.cred_id().as_slice() == id).ok_or_else(unknown)?;
    let result = webauthn.finish_discoverable_authentication_v2(&credential, state, &passkey).map_err(refused)?;
    passkey.update_credential(&result);
    let sealed = seal(&app, holder, id, &passkey).await?;
    let mut tx = app.store().write().await?;
    tx.use_passkey(id, holder, &sealed, app.now()).await?;
    tx.commit().await?;
    app.metrics().sign_in("passkey");
    let mut response = signed_in(&app, &headers, holder).await?.into_response();
    // The script follows the address itself: a redirect would be followed by fetch, not by the page.
    let location = response.headers_mut().remove(axum::http::header::LOCATION);
    let location = location.as_ref().and_then(|value| value.to_str().ok()).unwrap_or("/wallet");
    let answer = Json(json!({ "location": location })).into_response();
    let mut parts = response.into_parts().0;
    parts.status = StatusCode::OK;
    parts.headers.extend(answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(Response::from_parts(parts, answer.into_body()))
}

async fn later(State(app): State<App>, user: SignedIn) -> Result<Redirect, Error> {
    let mut tx = app.store().write().await?;
    tx.decline_passkey_offer(user.holder.id, app.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to("/wallet"))
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|_| Error::new(Kind::Malformed, "The browser sent something else than a passkey."))
}

/// Keeps `state` for the second request, and answers with `options`.
pub(super) async fn begin(app: &App, state: &impl Serialize, options: &Value) -> Result<Response, Error> {
    let (now, secret) = (app.now(), app.rng().secret());
    let token_hash = sha256(secret.as_bytes());
    let plain = serde_json::to_vec(state).map_err(Error::internal)?;
    let sealed = app.keyring().seal(now, &[b"ceremony", &token_hash], &plain).await?;
    let ceremony = Ceremony {
        token_hash: token_hash.to_vec(),
        expires_at: now + CEREMONY_LIFETIME,
        ring_period: sealed.period,
        sealed: sealed.bytes,
    };
    let mut tx = app.store().write().await?;
    tx.add_ceremony(&ceremony).await?;
    tx.commit().await?;
    Ok(([CEREMONY.set(app, &secret)], Json(options)).into_response())
}

/// The state of this browser's ceremony, which ends with it.
pub(super) async fn take<T: DeserializeOwned>(app: &App, headers: &HeaderMap) -> Result<T, Error> {
    let over = || Error::new(Kind::Conflict, "This took too long. Please try again.");
    let token_hash = sha256(CEREMONY.read(app, headers).ok_or_else(over)?.as_bytes());
    let mut tx = app.store().write().await?;
    let ceremony = tx.take_ceremony(&token_hash, app.now()).await?.ok_or_else(over)?;
    tx.commit().await?;
    let sealed = Sealed { period: ceremony.ring_period, bytes: ceremony.sealed };
    let plain = app.keyring().open_sealed(&sealed, &[b"ceremony", &token_hash]).await?.ok_or_else(over)?;
    serde_json::from_slice(&plain).map_err(|_| over())
}

async fn seal(app: &App, holder: uuid::Uuid, id: &[u8], passkey: &Passkey) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(passkey).map_err(Error::internal)?;
    Ok(app.keyring().seal_for_holder(holder, &[b"passkey", id], &plain).await?)
}

async fn open_all(app: &App, holder: uuid::Uuid) -> Result<Vec<Passkey>, Error> {
    let stored = app.store().read().await?.passkeys(holder).await?;
    let mut passkeys = Vec::with_capacity(stored.len());
    for passkey in stored {
        let plain = app.keyring().open_for_holder(holder, &[b"passkey", &passkey.id], &passkey.sealed).await?;
        passkeys.push(serde_json::from_slice(&plain).map_err(Error::internal)?);
    }
    Ok(passkeys)
}
