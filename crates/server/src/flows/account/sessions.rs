//! Sessions of people. A browser keeps a session's secret; the store keeps its hash.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use credential::encoding::sha256;
use store::{Session, StoreError};

/// A session is extended at most this often, which saves a write on every page.
const EXTEND_EVERY: Duration = Duration::from_secs(86_400);

/// Begins a session for `holder` and returns its secret. The session of the secret `old`, which this browser has, ends.
///
/// # Errors
/// The store cannot be used.
pub async fn begin(app: &App, holder: Uuid, old: Option<&str>) -> Result<String, StoreError> {
    let (now, secret) = (app.now(), app.rng().secret());
    let mut tx = app.store().write().await?;
    if let Some(old) = old {
        tx.end_session(&sha256(old.as_bytes())).await?;
    }
    tx.add_session(&Session {
        token_hash: sha256(secret.as_bytes()).to_vec(),
        holder_id: holder,
        created_at: now,
        expires_at: now + app.config().sign_in.session_lifetime,
    })
    .await?;
    tx.count_sign_in(holder).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Moves the end of a session that is in use, if that was not done lately.
///
/// # Errors
/// The store cannot be used.
pub async fn extend(app: &App, session: &Session) -> Result<(), StoreError> {
    let expires_at = app.now() + app.config().sign_in.session_lifetime;
    if expires_at.since(session.expires_at) <= EXTEND_EVERY {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    tx.extend_session(&session.token_hash, expires_at).await?;
    tx.commit().await
}

/// Ends the session with this secret.
///
/// # Errors
/// The store cannot be used.
pub async fn end(app: &App, secret: &str) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.end_session(&sha256(secret.as_bytes())).await?;
    tx.commit().await
}

/// Ends every session of `holder`.
///
/// # Errors
/// The store cannot be used.
pub async fn end_all(app: &App, holder: Uuid) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.end_sessions(holder).await?;
    tx.commit().await
}
