//! A partner's client secret: signing in to the console with it, and rotating it there.

use std::net::IpAddr;

use secrecy::SecretString;

use super::sessions;
use crate::app::App;
use crate::auth::partner::by_secret;
use crate::error::{Error, Kind};
use credential::encoding::sha256;
use store::Partner;

/// Returns the active partner with this id and secret, for a sign-in from the address `client`. The
/// response and its timing do not reveal which of the two is wrong.
///
/// # Errors
/// 429 if too many sign-ins were tried; the store cannot be used.
pub async fn sign_in(
    app: &App,
    client: IpAddr,
    client_id: &str,
    secret: &SecretString,
) -> Result<Option<Partner>, Error> {
    app.limits().console_per_client.check_global(&client).await?;
    let partner = by_secret(app.store(), client_id, secret).await?;
    match &partner {
        Some(partner) => {
            app.metrics().sign_in("console");
            tracing::info!(partner = %partner.id, by = "secret", "signed in to the console");
        }
        None => app.metrics().sign_in("console_refused"),
    }
    Ok(partner)
}

/// Result of a rotation.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The new client secret. It is shown once.
    pub client_secret: String,
    /// The secret of this browser's new session.
    pub session: String,
}

/// Replaces the client secret of `partner`, and begins a session of this browser under the new one.
/// All other sessions end, since they are bound to the old secret. So do the passkeys, unless
/// `keep_passkeys`.
///
/// # Errors
/// 409 if the secret was changed since the partner signed in; the store cannot be used.
pub async fn rotate(app: &App, partner: &Partner, keep_passkeys: bool, old: Option<&str>) -> Result<Rotated, Error> {
    let client_secret = app.rng().secret();
    let hash = sha256(client_secret.as_bytes()).to_vec();
    let mut tx = app.store().write().await?;
    if !tx.exchange_partner_secret(partner.id, &partner.secret_hash, &hash, app.now()).await? {
        return Err(Error::new(
            Kind::Conflict,
            "The secret was changed a moment ago, in another session or by the operator. Sign in with the new one.",
        ));
    }
    if keep_passkeys {
        tx.keep_console_passkeys(partner.id, &partner.secret_hash, &hash).await?;
    }
    // In the same transaction: either the new secret is shown to a browser that is signed in with
    // it, or nothing has changed.
    let renewed = Partner { secret_hash: hash, ..partner.clone() };
    let session = sessions::add(app, &mut tx, &renewed, old).await?;
    tx.commit().await?;
    Ok(Rotated { client_secret, session })
}
