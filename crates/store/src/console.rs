//! Sessions and passkeys of partners' consoles.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// A browser that is signed in for a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// SHA-256 of the cookie's secret.
    pub token_hash: Vec<u8>,
    /// For whom.
    pub partner_id: Uuid,
    /// The partner's secret, as SHA-256, when the session began.
    pub secret_hash: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}
from_row!(ConsoleSession { token_hash, partner_id, secret_hash, created_at, expires_at });

/// A passkey that signs in for a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsolePasskey {
    /// The authenticator's credential id.
    pub id: Vec<u8>,
    /// For whom.
    pub partner_id: Uuid,
    /// The partner's secret, as SHA-256, that it lives under.
    pub secret_hash: Vec<u8>,
    /// Public key, counter and name, sealed.
    pub sealed: Vec<u8>,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}
from_row!(ConsolePasskey { id, partner_id, secret_hash, sealed, created_at, used_at });

impl Tx {
    /// Begins a session of the console.
    pub async fn add_console_session(&mut self, session: &ConsoleSession) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO console_session (token_hash, partner_id, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        ).bind(&session.token_hash).bind(session.partner_id).bind(&session.secret_hash).bind(session.created_at)
            .bind(session.expires_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// The session with this secret, unless it has ended at `now`: by time, because the partner's secret is another one now,
    /// or because the partner is disabled.
    pub async fn console_session(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<ConsoleSession>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as(
            "SELECT console_session.* FROM console_session JOIN partner ON partner.id = console_session.partner_id
              WHERE token_hash = $1 AND expires_at > $2
                AND partner.secret_hash = console_session.secret_hash AND partner.disabled_at IS NULL",
        ).bind(token_hash).bind(now).fetch_optional(connection).await)?)
    }

    /// How many sessions `partner` has at `now` under its secret of today.
    pub async fn count_console_sessions(&mut self, partner: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM console_session JOIN partner ON partner.id = console_session.partner_id
              WHERE partner_id = $1 AND expires_at > $2 AND partner.secret_hash = console_session.secret_hash",
        ).bind(partner).bind(now).fetch_one(connection).await)?)
    }

    /// Ends one session of the console.
    pub async fn end_console_session(&mut self, token_hash: &[u8]) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("DELETE FROM console_session WHERE token_hash = $1").bind(token_hash).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Ends `partner`'s sessions but the one with `kept`.
    pub async fn end_other_console_sessions(&mut self, partner: Uuid, kept: &[u8]) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("DELETE FROM console_session WHERE partner_id = $1 AND token_hash <> $2")
            .bind(partner).bind(kept).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Forgets sessions of consoles that ended before `before`, and passkeys that another secret has ended.
    pub async fn forget_console_sessions(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(on!(self, connection => {
            sqlx::query(
                "DELETE FROM console_passkey
                  WHERE secret_hash <> (SELECT secret_hash FROM partner WHERE partner.id = console_passkey.partner_id)",
            ).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM console_session WHERE expires_at < $1").bind(before).execute(connection).await
                .map(|done| done.rows_affected())
        })?)
    }

    /// Enrols a passkey. False if this credential id is enrolled already.
    pub async fn add_console_passkey(&mut self, passkey: &ConsolePasskey) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "INSERT INTO console_passkey (id, partner_id, secret_hash, sealed, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
        ).bind(&passkey.id).bind(passkey.partner_id).bind(&passkey.secret_hash).bind(&passkey.sealed)
            .bind(passkey.created_at).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// The passkeys of `partner` that are good under its secret of today, oldest first.
    pub async fn console_passkeys(&mut self, partner: Uuid) -> Result<Vec<ConsolePasskey>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as(
            "SELECT console_passkey.* FROM console_passkey JOIN partner ON partner.id = console_passkey.partner_id
              WHERE partner_id = $1 AND partner.secret_hash = console_passkey.secret_hash
              ORDER BY console_passkey.created_at, console_passkey.id",
        ).bind(partner).fetch_all(connection).await)?)
    }

    /// Lets the passkeys that were good under `partner`'s secret `old` be good under `new`.
    pub async fn keep_console_passkeys(&mut self, partner: Uuid, old: &[u8], new: &[u8]) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE console_passkey SET secret_hash = $3 WHERE partner_id = $1 AND secret_hash = $2")
            .bind(partner).bind(old).bind(new).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Notes a use, with the counter as it is now.
    pub async fn use_console_passkey(
        &mut self,
        id: &[u8],
        partner: Uuid,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE console_passkey SET sealed = $3, used_at = $4 WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).bind(sealed).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Removes one of `partner`'s passkeys. False if it is not there.
    pub async fn remove_console_passkey(&mut self, id: &[u8], partner: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("DELETE FROM console_passkey WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
