//! Sessions of people. A browser keeps a session's secret; the store keeps its hash.

use uuid::Uuid;

use crate::app::App;
use credential::encoding::sha256;
use store::{Session, StoreError};

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
