//! A partner's client secret: signing in to the console with it, and rotating it there.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;

use super::sessions;
use crate::app::App;
use crate::auth::partner::{SentSecret, by_secret};
use crate::error::{Error, Kind};
use ambient::Timestamp;
use credential::encoding::sha256;
use store::{Partner, StoreError};

/// Returns the active partner with this id and secret, for a sign-in from the address `client`. The
/// response and its timing do not reveal which of the two is wrong.
///
/// Only the current secret signs in: with the previous one, which may be stored in more places, the
/// other could be rotated away (D-222).
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
    let known = by_secret(app.store(), client_id, secret, app.now()).await?;
    let partner = known.filter(|(_, sent)| *sent == SentSecret::Current).map(|(partner, _)| partner);
    match &partner {
        Some(partner) => {
            app.metrics().sign_in("console");
            tracing::info!(partner = %partner.id, by = "secret", "signed in to the console");
        }
        None => app.metrics().sign_in("console_refused"),
    }
    Ok(partner)
}

/// Choices of a rotation.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// Whether the passkeys of the console stay valid.
    pub keep_passkeys: bool,
    /// How long the old secret keeps working. `None`: it stops working at once.
    pub keep_old: Option<Duration>,
}

/// Result of a rotation.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The new client secret. It is shown once.
    pub client_secret: String,
    /// When the old secret stops working, unless it already has.
    pub old_until: Option<Timestamp>,
    /// The secret of this browser's new session.
    pub session: String,
}

/// Replaces the client secret of `partner`, and begins a session of this browser under the new one.
/// All other sessions end, since they are bound to the old secret. So do the passkeys, unless they
/// are kept. A secret before the old one stops working.
///
/// # Errors
/// 409 if the secret was changed since the partner signed in; the store cannot be used.
pub async fn rotate(app: &App, partner: &Partner, chosen: Rotation, session: Option<&str>) -> Result<Rotated, Error> {
    let (client_secret, now) = (app.rng().secret(), app.now());
    let (old, new) = (&partner.secret_hash, sha256(client_secret.as_bytes()).to_vec());
    let old_until = chosen.keep_old.map(|kept| now + kept);
    let mut tx = app.store().write().await?;
    let is_exchanged = match old_until {
        Some(until) => tx.overlap_partner_secrets(partner.id, old, &new, until, now).await?,
        None => tx.exchange_partner_secret(partner.id, old, &new, now).await?,
    };
    if !is_exchanged {
        return Err(Error::new(
            Kind::Conflict,
            "The secret was changed a moment ago, in another session or by the operator. Sign in with the new one.",
        ));
    }
    if chosen.keep_passkeys {
        tx.keep_console_passkeys(partner.id, old, &new).await?;
    }
    // In the same transaction: either the new secret is shown to a browser that is signed in with
    // it, or nothing has changed.
    let renewed = Partner { secret_hash: new, ..partner.clone() };
    let session = sessions::add(app, &mut tx, &renewed, session).await?;
    tx.commit().await?;
    Ok(Rotated { client_secret, old_until, session })
}

/// Ends the previous secret of `partner` before its time. Returns false if it had ended already.
///
/// # Errors
/// The store cannot be used.
pub async fn revoke_previous(app: &App, partner: &Partner) -> Result<bool, StoreError> {
    let mut tx = app.store().write().await?;
    let is_revoked = tx.revoke_previous_secret(partner.id, app.now()).await?;
    tx.commit().await?;
    Ok(is_revoked)
}
