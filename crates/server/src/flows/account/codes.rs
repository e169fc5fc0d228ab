//! Sign-in by a six-digit code that is mailed.
//!
//! Whether an address has an account is never shown: an account is created when its first code is used, so both cases
//! look alike.

use std::net::IpAddr;

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::holder::find_or_create;
use crate::app::App;
use crate::email::Email;
use crate::error::Error;
use crate::mail::Mail;
use crate::outbox::{OutboxMessage, Routing};
use store::domain::submission::Sealed;
use store::{Holder, SignIn, StoreError};

/// Why a code did not sign anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// The code is wrong.
    Wrong {
        /// How many more attempts are allowed.
        left: u32,
    },
    /// There is no such sign-in, it has expired, or its code was used.
    Expired,
    /// The code was wrong too often.
    TooManyAttempts,
}

/// Begins a sign-in of `email` from the address `client`, and puts the mail with its code into the outbox.
///
/// # Errors
/// 429 where too many codes were mailed; the store or the key ring cannot be used.
pub async fn send(
    app: &App,
    client: IpAddr,
    email: &Email,
    compose: impl FnOnce(&Email, &str) -> Mail,
) -> Result<Uuid, Error> {
    app.limits().codes_per_client.check_global(&client).await?;
    app.limits().codes_per_address.check_global(&email.fingerprint(app.keyring())).await?;
    let (now, id, code) = (app.now(), app.rng().anonymous_id(), app.rng().code());
    let address = app.keyring().seal(now, &label(&id), email.as_str().as_bytes()).await?;
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
    let routing = Routing { expires_at: Some(now + app.config().sign_in.code_lifetime), ..Routing::default() };
    app.outbox().add(&mut tx, &OutboxMessage::Code(compose(email, &code)), routing).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.metrics().sign_in("code_sent");
    Ok(id)
}

/// Begins another sign-in of the address of sign-in `id`; the code of the earlier one ends. `None` if there is no such
/// sign-in any more.
///
/// # Errors
/// As [`send`].
pub async fn resend(
    app: &App,
    client: IpAddr,
    id: Uuid,
    compose: impl FnOnce(&Email, &str) -> Mail,
) -> Result<Option<Uuid>, Error> {
    let Some(sign_in) = app.store().read().await?.sign_in(id).await? else { return Ok(None) };
    let Some(email) = open_address(app, sign_in).await? else { return Ok(None) };
    Ok(Some(send(app, client, &email, compose).await?))
}

/// Tries `code` for the sign-in `id`; returns the account, which is created by its first sign-in.
///
/// # Errors
/// 429 where too many codes were tried; the store or the key ring cannot be used. [`CodeError`] inside.
pub async fn try_code(app: &App, client: IpAddr, id: Uuid, code: &str) -> Result<Result<Holder, CodeError>, Error> {
    app.limits().tries_per_client.check_global(&client).await?;
    let sign_in = app.store().read().await?.sign_in(id).await?;
    if let Some(sign_in) = sign_in
        && let Ok(fingerprint) = <[u8; 32]>::try_from(sign_in.email_fingerprint)
    {
        app.limits().tries_per_address.check_global(&fingerprint).await?;
    }
    let email = match prove_address(app, id, code).await? {
        Ok(email) => email,
        Err(error) => return Ok(Err(error)),
    };
    let holder = find_or_create(app, &email).await?;
    app.metrics().sign_in("code");
    Ok(Ok(holder))
}

/// An attempt is counted before the code is compared, and the comparison takes constant time.
async fn prove_address(app: &App, id: Uuid, code: &str) -> Result<Result<Email, CodeError>, StoreError> {
    let (now, limit) = (app.now(), app.config().sign_in.code_attempts);
    let mut tx = app.store().write().await?;
    let Some(sign_in) = tx.sign_in(id).await?.filter(|sign_in| sign_in.expires_at > now) else {
        return Ok(Err(CodeError::Expired));
    };
    if !tx.take_sign_in_try(id, limit).await? {
        return Ok(Err(CodeError::TooManyAttempts));
    }
    let right = bool::from(code_fingerprint(app, id, code).as_slice().ct_eq(&sign_in.code_fingerprint));
    let ended = right && tx.end_sign_in(id).await?;
    tx.commit().await?;
    if !ended {
        app.metrics().sign_in("refused");
        let left = limit.saturating_sub(u32::try_from(sign_in.attempts).unwrap_or(u32::MAX).saturating_add(1));
        return Ok(Err(if left == 0 { CodeError::TooManyAttempts } else { CodeError::Wrong { left } }));
    }
    Ok(open_address(app, sign_in).await?.ok_or(CodeError::Expired))
}

fn code_fingerprint(app: &App, id: Uuid, code: &str) -> [u8; 32] {
    app.keyring().fingerprint("code", &[id.as_bytes(), code.as_bytes()].concat())
}

fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"sign-in", id.as_bytes()]
}

async fn open_address(app: &App, sign_in: SignIn) -> Result<Option<Email>, StoreError> {
    let sealed = Sealed { period: sign_in.ring_period, bytes: sign_in.sealed };
    let address = app.keyring().open_sealed(&sealed, &label(&sign_in.id)).await?;
    Ok(address.and_then(|address| Email::parse(&String::from_utf8_lossy(&address))))
}
