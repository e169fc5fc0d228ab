//! Sessions in a partner's console. A browser keeps a session's secret; the store keeps its hash.

use uuid::Uuid;

use crate::app::App;
use crate::auth::CONSOLE_SESSION_LIFETIME;
use credential::encoding::sha256;
use store::{ConsoleSession, Partner, StoreError, Tx};

/// Begins a session for `partner`, as read when it was authenticated, and returns the session's
/// secret. Ends the session with the secret `old`, which this browser had.
///
/// # Errors
/// The store cannot be used.
pub async fn begin(app: &App, partner: &Partner, old: Option<&str>) -> Result<String, StoreError> {
    let mut tx = app.store().write().await?;
    let secret = add(app, &mut tx, partner, old).await?;
    tx.commit().await?;
    Ok(secret)
}

/// As [`begin`], in a transaction that the caller commits.
///
/// # Errors
/// The store cannot be used.
pub(super) async fn add(app: &App, tx: &mut Tx, partner: &Partner, old: Option<&str>) -> Result<String, StoreError> {
    let (now, secret) = (app.now(), app.rng().secret());
    if let Some(old) = old {
        tx.end_console_session(&sha256(old.as_bytes())).await?;
    }
    tx.add_console_session(&ConsoleSession {
        token_hash: sha256(secret.as_bytes()).to_vec(),
        partner_id: partner.id,
        secret_hash: partner.secret_hash.clone(),
        created_at: now,
        expires_at: now + CONSOLE_SESSION_LIFETIME,
    })
    .await?;
    Ok(secret)
}

/// Returns the number of valid sessions of `partner`.
///
/// # Errors
/// The store cannot be used.
pub async fn count(app: &App, partner: Uuid) -> Result<i64, StoreError> {
    app.store().read().await?.count_console_sessions(partner, app.now()).await
}

/// Ends the session with this secret.
///
/// # Errors
/// The store cannot be used.
pub async fn end(app: &App, secret: &str) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.end_console_session(&sha256(secret.as_bytes())).await?;
    tx.commit().await
}

/// Ends every session of `partner` except `kept`.
///
/// # Errors
/// The store cannot be used.
pub async fn end_others(app: &App, partner: Uuid, kept: &ConsoleSession) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.end_other_console_sessions(partner, &kept.token_hash).await?;
    tx.commit().await
}
