//! Sessions and passkeys of partners' consoles.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A browser session of a partner's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// SHA-256 of the cookie's secret.
    pub token_hash: Vec<u8>,
    pub partner_id: Uuid,
    /// SHA-256 of the partner's secret when the session began.
    pub secret_hash: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}
from_row!(ConsoleSession { token_hash, partner_id, secret_hash, created_at, expires_at });

/// A passkey that signs in to a partner's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsolePasskey {
    /// The authenticator's credential id.
    pub id: Vec<u8>,
    pub partner_id: Uuid,
    /// SHA-256 of the partner's secret. The passkey is valid only while the partner has that
    /// secret.
    pub secret_hash: Vec<u8>,
    /// Public key, counter and name, encrypted.
    pub sealed: Vec<u8>,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}
from_row!(ConsolePasskey { id, partner_id, secret_hash, sealed, created_at, used_at });

impl Tx {
    /// Stores a new session.
    pub async fn add_console_session(&mut self, session: &ConsoleSession) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO console_session (token_hash, partner_id, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        ).bind(&session.token_hash).bind(session.partner_id).bind(&session.secret_hash).bind(session.created_at)
            .bind(session.expires_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the session with this token, unless it has ended at `now`: it expired, the partner's
    /// secret changed, or the partner was disabled.
    pub async fn console_session(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<ConsoleSession>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT console_session.* FROM console_session JOIN partner ON partner.id = console_session.partner_id
              WHERE token_hash = $1 AND expires_at > $2
                AND partner.secret_hash = console_session.secret_hash AND partner.disabled_at IS NULL",
        ).bind(token_hash).bind(now).fetch_optional(connection).await)?)
    }

    /// Counts the sessions of `partner` that are valid at `now` under its current secret.
    pub async fn count_console_sessions(&mut self, partner: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM console_session JOIN partner ON partner.id = console_session.partner_id
              WHERE partner_id = $1 AND expires_at > $2 AND partner.secret_hash = console_session.secret_hash",
        ).bind(partner).bind(now).fetch_one(connection).await)?)
    }

    /// Deletes a session.
    pub async fn end_console_session(&mut self, token_hash: &[u8]) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM console_session WHERE token_hash = $1").bind(token_hash).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes `partner`'s sessions except the one with the token hash `kept`.
    pub async fn end_other_console_sessions(&mut self, partner: Uuid, kept: &[u8]) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("DELETE FROM console_session WHERE partner_id = $1 AND token_hash <> $2")
            .bind(partner).bind(kept).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes sessions that expired before `before`, and passkeys that a changed secret has
    /// invalidated. Returns the number of sessions.
    pub async fn forget_console_sessions(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => {
            sqlx::query(
                "DELETE FROM console_passkey
                  WHERE secret_hash <> (SELECT secret_hash FROM partner WHERE partner.id = console_passkey.partner_id)",
            ).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM console_session WHERE expires_at < $1").bind(before).execute(connection).await
                .map(|done| done.rows_affected())
        })?)
    }

    /// Enrols a passkey. Returns false if the credential id is enrolled already.
    pub async fn add_console_passkey(&mut self, passkey: &ConsolePasskey) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "INSERT INTO console_passkey (id, partner_id, secret_hash, sealed, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
        ).bind(&passkey.id).bind(passkey.partner_id).bind(&passkey.secret_hash).bind(&passkey.sealed)
            .bind(passkey.created_at).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the passkeys of `partner` that are valid under its current secret, oldest first.
    pub async fn console_passkeys(&mut self, partner: Uuid) -> Result<Vec<ConsolePasskey>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT console_passkey.* FROM console_passkey JOIN partner ON partner.id = console_passkey.partner_id
              WHERE partner_id = $1 AND partner.secret_hash = console_passkey.secret_hash
              ORDER BY console_passkey.created_at, console_passkey.id",
        ).bind(partner).fetch_all(connection).await)?)
    }

    /// Keeps `partner`'s passkeys valid when its secret changes from `old` to `new`. Both are
    /// SHA-256 hashes.
    pub async fn keep_console_passkeys(&mut self, partner: Uuid, old: &[u8], new: &[u8]) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE console_passkey SET secret_hash = $3 WHERE partner_id = $1 AND secret_hash = $2")
            .bind(partner).bind(old).bind(new).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Stores the time of use and the new counter.
    pub async fn use_console_passkey(
        &mut self,
        id: &[u8],
        partner: Uuid,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE console_passkey SET sealed = $3, used_at = $4 WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).bind(sealed).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes one of `partner`'s passkeys. Returns false if it does not exist.
    pub async fn remove_console_passkey(&mut self, id: &[u8], partner: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("DELETE FROM console_passkey WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
