//! Passkeys of a console: registered while signed in with the secret, then used to sign in.
//!
//! Passkeys and their names are encrypted with the root key. Rotating the secret ends them, unless
//! it is rotated in the console and the partner keeps them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential, RegisterPublicKeyCredential};

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::webauthn::{self, Started};
use ambient::Timestamp;
use store::{ConsolePasskey, Partner, StoreError};

/// Maximum length of a passkey's name, in characters.
pub const NAME_LENGTH: usize = 60;

/// The encrypted part of a passkey.
#[derive(Debug, Serialize, Deserialize)]
struct Secret {
    name: String,
    passkey: Passkey,
}

/// A passkey as shown to its partner.
#[derive(Clone, Debug)]
pub struct Registered {
    pub id: Vec<u8>,
    pub name: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used to sign in.
    pub used_at: Option<Timestamp>,
}

/// Begins the registration of a passkey for `partner`.
///
/// # Errors
/// As [`webauthn::start_registration`].
pub async fn start_registration(app: &App, partner: &Partner) -> Result<Started, Error> {
    let known = open_all(app, partner.id).await?.iter().map(|(_, secret)| secret.passkey.cred_id().clone()).collect();
    // The browser lists it together with the passkeys of holders.
    let name = format!("{} (console)", partner.name);
    webauthn::start_registration(app, partner.id, &name, known).await
}

/// Finishes the registration with this `secret`, and stores the passkey as `name`.
///
/// # Errors
/// As [`webauthn::finish_registration`]; 409 if the passkey is already registered.
pub async fn finish_registration(
    app: &App,
    partner: &Partner,
    secret: Option<&str>,
    response: &RegisterPublicKeyCredential,
    name: &str,
) -> Result<(), Error> {
    let passkey = webauthn::finish_registration(app, secret, response).await?;
    let name = name.trim().chars().filter(|c| !c.is_control()).take(NAME_LENGTH).collect();
    let id = passkey.cred_id().to_vec();
    let stored = ConsolePasskey {
        sealed: seal(app, partner.id, &id, &Secret { name, passkey })?,
        id,
        partner_id: partner.id,
        secret_hash: partner.secret_hash.clone(),
        created_at: app.now(),
        used_at: None,
    };
    let mut tx = app.store().write().await?;
    if !tx.add_console_passkey(&stored).await? {
        return Err(Error::new(Kind::Conflict, "This passkey is already registered."));
    }
    Ok(tx.commit().await?)
}

/// Begins a sign-in with a passkey, from the address `client`.
///
/// # Errors
/// As [`webauthn::start_sign_in`]; 429 if too many sign-ins were tried.
pub async fn start_sign_in(app: &App, client: IpAddr) -> Result<Started, Error> {
    app.limits().console_per_client.check_global(&client).await?;
    webauthn::start_sign_in(app).await
}

/// Finishes the sign-in with this `secret`, and returns the passkey's owner.
///
/// # Errors
/// As [`webauthn::finish_sign_in`]; 403 if the passkey is not registered here.
pub async fn finish_sign_in(app: &App, secret: Option<&str>, response: &PublicKeyCredential) -> Result<Partner, Error> {
    let assertion = webauthn::finish_sign_in(app, secret, response).await?;
    let id = assertion.credential_id;
    let unknown =
        || Error::new(Kind::Forbidden, "This passkey is not registered here. Sign in with the client secret.");
    // The response must not distinguish a disabled partner, or the passkey of a holder, from an
    // unknown passkey.
    let partner = app.store().read().await?.partner(assertion.user).await?.filter(Partner::is_active);
    let partner = partner.ok_or_else(unknown)?;
    let known = open_all(app, partner.id).await?;
    let (_, mut secret) = known.into_iter().find(|(stored, _)| stored.id == id).ok_or_else(unknown)?;
    assertion.verify(&mut secret.passkey)?;
    let sealed = seal(app, partner.id, id, &secret)?;
    let mut tx = app.store().write().await?;
    tx.use_console_passkey(id, partner.id, &sealed, app.now()).await?;
    tx.commit().await?;
    app.metrics().sign_in("console_passkey");
    tracing::info!(partner = %partner.id, by = "passkey", "signed in to the console");
    Ok(partner)
}

/// Removes a passkey of `partner`.
///
/// # Errors
/// The store cannot be used.
pub async fn remove(app: &App, partner: Uuid, id: &[u8]) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.remove_console_passkey(id, partner).await?;
    Ok(tx.commit().await?)
}

/// Returns the passkeys of `partner`.
///
/// # Errors
/// The store cannot be used.
pub async fn list(app: &App, partner: Uuid) -> Result<Vec<Registered>, Error> {
    let registered = |(stored, secret): (ConsolePasskey, Secret)| Registered {
        id: stored.id,
        name: secret.name,
        created_at: stored.created_at,
        used_at: stored.used_at,
    };
    Ok(open_all(app, partner).await?.into_iter().map(registered).collect())
}

/// Returns the number of passkeys of `partner`.
///
/// # Errors
/// The store cannot be used.
pub async fn count(app: &App, partner: Uuid) -> Result<i64, StoreError> {
    let passkeys = app.store().read().await?.console_passkeys(partner).await?;
    Ok(i64::try_from(passkeys.len()).unwrap_or(i64::MAX))
}

fn label<'a>(partner: &'a Uuid, id: &'a [u8]) -> [&'a [u8]; 3] {
    [b"console-passkey", partner.as_bytes(), id]
}

fn seal(app: &App, partner: Uuid, id: &[u8], secret: &Secret) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(secret).map_err(Error::internal)?;
    Ok(app.keyring().seal_permanent(&label(&partner, id), &plain))
}

async fn open_all(app: &App, partner: Uuid) -> Result<Vec<(ConsolePasskey, Secret)>, Error> {
    let stored = app.store().read().await?.console_passkeys(partner).await?;
    let open = |passkey: ConsolePasskey| {
        let plain = app.keyring().open_permanent(&label(&partner, &passkey.id), &passkey.sealed)?;
        let secret = serde_json::from_slice(&plain).map_err(Error::internal)?;
        Ok((passkey, secret))
    };
    stored.into_iter().map(open).collect()
}
