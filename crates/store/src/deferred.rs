//! Deferred credentials: those that a wallet fetches later, because they cannot be signed yet.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::submission::Sealed;
use ambient::Timestamp;

/// A credential whose signing is deferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// SHA-256 of the wallet's `transaction_id`.
    pub transaction_hash: Vec<u8>,
    pub issuance: Uuid,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Data needed for signing, such as the status list indexes and the wallet's keys, encrypted.
    pub sealed: Sealed,
}

struct DeferredRow {
    transaction_hash: Vec<u8>,
    issuance_id: Uuid,
    expires_at: Timestamp,
    ring_period: Timestamp,
    sealed: Vec<u8>,
}
from_row!(DeferredRow { transaction_hash, issuance_id, expires_at, ring_period, sealed });

impl Tx {
    /// Stores a deferred credential.
    pub async fn add_deferred(&mut self, deferred: &Deferred) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO deferred (transaction_hash, issuance_id, expires_at, ring_period, sealed) VALUES ($1, $2, $3, $4, $5)",
        ).bind(&deferred.transaction_hash).bind(deferred.issuance).bind(deferred.expires_at).bind(deferred.sealed.period)
            .bind(&deferred.sealed.bytes).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns a deferred credential of an issuance, unless it has expired at `now`.
    pub async fn deferred(
        &mut self,
        transaction_hash: &[u8],
        issuance: Uuid,
        now: Timestamp,
    ) -> Result<Option<Deferred>, StoreError> {
        let row: Option<DeferredRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM deferred WHERE transaction_hash = $1 AND issuance_id = $2 AND expires_at > $3",
        ).bind(transaction_hash).bind(issuance).bind(now).fetch_optional(connection).await)?;
        Ok(row.map(|row| Deferred {
            transaction_hash: row.transaction_hash,
            issuance: row.issuance_id,
            expires_at: row.expires_at,
            sealed: Sealed { period: row.ring_period, bytes: row.sealed },
        }))
    }

    /// Deletes a deferred credential. Returns true for the one caller that deleted it.
    pub async fn end_deferred(&mut self, transaction_hash: &[u8]) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("DELETE FROM deferred WHERE transaction_hash = $1")
            .bind(transaction_hash).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
