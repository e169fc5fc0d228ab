//! Passkeys of holders: registered while signed in, then used to sign in. They are encrypted with
//! the holder's key.

use std::net::IpAddr;

use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential, RegisterPublicKeyCredential};

use super::holder::email;
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::webauthn::{self, Started};
use store::{Holder, StoredPasskey};

/// Begins the registration of a passkey for `holder`.
///
/// # Errors
/// As [`webauthn::start_registration`].
pub async fn start_registration(app: &App, holder: &Holder) -> Result<Started, Error> {
    let known = open_all(app, holder.id).await?.iter().map(|passkey| passkey.cred_id().clone()).collect();
    webauthn::start_registration(app, holder.id, &email(app, holder).await?, known).await
}

/// Finishes the registration with this `secret`, and stores the passkey.
///
/// # Errors
/// As [`webauthn::finish_registration`]; 409 if the passkey is already registered.
pub async fn finish_registration(
    app: &App,
    holder: Uuid,
    secret: Option<&str>,
    response: &RegisterPublicKeyCredential,
) -> Result<(), Error> {
    let passkey = webauthn::finish_registration(app, secret, response).await?;
    let id = passkey.cred_id().to_vec();
    let stored = StoredPasskey {
        sealed: seal(app, holder, &id, &passkey).await?,
        id,
        holder_id: holder,
        created_at: app.now(),
        used_at: None,
    };
    let mut tx = app.store().write().await?;
    if !tx.add_passkey(&stored).await? {
        return Err(Error::new(Kind::Conflict, "This passkey is already registered."));
    }
    Ok(tx.commit().await?)
}

/// Begins a sign-in with a passkey, from the address `client`.
///
/// # Errors
/// As [`webauthn::start_sign_in`]; 429 if too many sign-ins were tried.
pub async fn start_sign_in(app: &App, client: IpAddr) -> Result<Started, Error> {
    app.limits().tries_per_client.check_global(&client).await?;
    webauthn::start_sign_in(app).await
}

/// Finishes the sign-in with this `secret`, and returns the passkey's owner.
///
/// # Errors
/// As [`webauthn::finish_sign_in`]; 403 if the passkey is not registered here.
pub async fn finish_sign_in(app: &App, secret: Option<&str>, response: &PublicKeyCredential) -> Result<Holder, Error> {
    let assertion = webauthn::finish_sign_in(app, secret, response).await?;
    let id = assertion.credential_id;
    let unknown =
        || Error::new(Kind::Forbidden, "This passkey is not registered here. Sign in with your email address.");
    // A deleted account has no key to decrypt its passkeys with. The response must not distinguish
    // it from an unknown one.
    let holder = app.store().read().await?.holder(assertion.user).await?.ok_or_else(unknown)?;
    let known = open_all(app, holder.id).await?;
    let mut passkey = known.into_iter().find(|passkey| passkey.cred_id().as_slice() == id).ok_or_else(unknown)?;
    assertion.verify(&mut passkey)?;
    let sealed = seal(app, holder.id, id, &passkey).await?;
    let mut tx = app.store().write().await?;
    tx.use_passkey(id, holder.id, &sealed, app.now()).await?;
    tx.commit().await?;
    app.metrics().sign_in("passkey");
    Ok(holder)
}

/// Removes a passkey of `holder`.
///
/// # Errors
/// The store cannot be used.
pub async fn remove(app: &App, holder: Uuid, id: &[u8]) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.remove_passkey(id, holder).await?;
    Ok(tx.commit().await?)
}

/// Records that `holder` declined a passkey, so that the wallet does not offer one again.
///
/// # Errors
/// The store cannot be used.
pub async fn decline_offer(app: &App, holder: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.decline_passkey_offer(holder, app.now()).await?;
    Ok(tx.commit().await?)
}

async fn seal(app: &App, holder: Uuid, id: &[u8], passkey: &Passkey) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(passkey).map_err(Error::internal)?;
    Ok(app.keyring().seal_for_holder(holder, &[b"passkey", id], &plain).await?)
}

async fn open_all(app: &App, holder: Uuid) -> Result<Vec<Passkey>, Error> {
    let stored = app.store().read().await?.passkeys(holder).await?;
    let mut passkeys = Vec::with_capacity(stored.len());
    for passkey in stored {
        let plain = app.keyring().open_for_holder(holder, &[b"passkey", &passkey.id], &passkey.sealed).await?;
        passkeys.push(serde_json::from_slice(&plain).map_err(Error::internal)?);
    }
    Ok(passkeys)
}
