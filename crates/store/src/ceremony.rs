//! WebAuthn ceremonies, stored between their two requests.

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// Server-side state of a running ceremony.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// SHA-256 of the cookie's secret.
    pub token_hash: Vec<u8>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Period of the epoch key.
    pub ring_period: Timestamp,
    /// The state, encrypted with the epoch key.
    pub sealed: Vec<u8>,
}
from_row!(Ceremony { token_hash, expires_at, ring_period, sealed });

impl Tx {
    /// Stores a new ceremony.
    pub async fn add_ceremony(&mut self, ceremony: &Ceremony) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("INSERT INTO ceremony (token_hash, expires_at, ring_period, sealed) VALUES ($1, $2, $3, $4)")
            .bind(&ceremony.token_hash).bind(ceremony.expires_at).bind(ceremony.ring_period).bind(&ceremony.sealed)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns and deletes a ceremony, so that it cannot be finished twice.
    pub async fn take_ceremony(&mut self, token_hash: &[u8], now: Timestamp) -> Result<Option<Ceremony>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("DELETE FROM ceremony WHERE token_hash = $1 AND expires_at > $2 RETURNING *")
            .bind(token_hash).bind(now).fetch_optional(connection).await)?,
        )
    }

    /// Deletes ceremonies that expired before `before`.
    pub async fn forget_ceremonies(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query("DELETE FROM ceremony WHERE expires_at < $1")
            .bind(before).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
