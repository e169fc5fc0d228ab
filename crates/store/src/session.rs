//! Sessions of signed-in people.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie's secret.
    pub token_hash: Vec<u8>,
    /// The signed-in account.
    pub holder_id: Uuid,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}
from_row!(Session { token_hash, holder_id, created_at, expires_at });

impl Tx {
    pub async fn add_session(&mut self, session: &Session) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("INSERT INTO session (token_hash, holder_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(&session.token_hash).bind(session.holder_id).bind(session.created_at).bind(session.expires_at)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the session whose secret has this hash, unless it has expired at `now`.
    pub async fn session(&mut self, token_hash: &[u8], now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM session WHERE token_hash = $1 AND expires_at > $2")
            .bind(token_hash).bind(now).fetch_optional(connection).await)?,
        )
    }

    /// Extends an active session until `expires_at`.
    pub async fn extend_session(&mut self, token_hash: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE session SET expires_at = $2 WHERE token_hash = $1")
            .bind(token_hash).bind(expires_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the number of sessions of `holder` that are valid at `now`.
    pub async fn count_sessions(&mut self, holder: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT count(*) FROM session WHERE holder_id = $1 AND expires_at > $2")
            .bind(holder).bind(now).fetch_one(connection).await)?,
        )
    }

    /// Deletes a session.
    pub async fn end_session(&mut self, token_hash: &[u8]) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM session WHERE token_hash = $1").bind(token_hash).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes all sessions of `holder`.
    pub async fn end_sessions(&mut self, holder: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM session WHERE holder_id = $1").bind(holder).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes sessions that expired before `before`.
    pub async fn forget_sessions(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query("DELETE FROM session WHERE expires_at < $1")
            .bind(before).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
