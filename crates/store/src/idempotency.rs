//! Responses stored for an `Idempotency-Key`.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::submission::Sealed;
use ambient::Timestamp;

/// Stored request, and its response once there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// SHA-256 of the request: method, path, query, scopes, body.
    pub request_hash: Vec<u8>,
    /// Status of the response; 0 while the first request is running.
    pub status: i64,
    /// Content type of the response.
    pub content_type: String,
    /// Body of the response, encrypted with the epoch key of `ring_period`.
    pub body: Vec<u8>,
    /// Period of the epoch key.
    pub ring_period: Timestamp,
    /// When the first request arrived.
    pub created_at: Timestamp,
}
from_row!(StoredAnswer { request_hash, status, content_type, body, ring_period, created_at });

impl Tx {
    /// Claims a key for a first request. Returns false if the key is in use.
    pub async fn claim_idempotency_key(
        &mut self,
        partner: Uuid,
        key: &str,
        request_hash: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "INSERT INTO idempotency (partner_id, idempotency_key, request_hash, status, content_type, body, created_at)
             VALUES ($1, $2, $3, 0, '', $4, $5) ON CONFLICT (partner_id, idempotency_key) DO NOTHING",
        ).bind(partner).bind(key).bind(request_hash).bind(&b""[..]).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the entry for a key of `partner`.
    pub async fn stored_answer(&mut self, partner: Uuid, key: &str) -> Result<Option<StoredAnswer>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT request_hash, status, content_type, body, ring_period, created_at FROM idempotency WHERE partner_id = $1 AND idempotency_key = $2",
        ).bind(partner).bind(key).fetch_optional(connection).await)?)
    }

    /// Stores the response to the request that claimed the key at `claimed_at`. Changes nothing if
    /// that request was considered abandoned and another one has claimed the key since.
    pub async fn store_answer(
        &mut self,
        (partner, key, claimed_at): (Uuid, &str, Timestamp),
        status: u16,
        content_type: &str,
        body: &Sealed,
    ) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE idempotency SET status = $4, content_type = $5, body = $6, ring_period = $7
              WHERE partner_id = $1 AND idempotency_key = $2 AND created_at = $3",
        ).bind(partner).bind(key).bind(claimed_at).bind(i64::from(status)).bind(content_type).bind(&body.bytes).bind(body.period)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Releases the key that was claimed at `created_at`, with its response. Later claims are not
    /// affected.
    pub async fn forget_answer(&mut self, partner: Uuid, key: &str, created_at: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "DELETE FROM idempotency WHERE partner_id = $1 AND idempotency_key = $2 AND created_at = $3",
        ).bind(partner).bind(key).bind(created_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes responses to requests that arrived before `before`.
    pub async fn forget_answers(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query("DELETE FROM idempotency WHERE created_at < $1")
            .bind(before).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
