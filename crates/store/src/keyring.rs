//! The key ring's tables: wrapped keys, in a database of their own.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row, push_list};
use ambient::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedSigningKey {
    /// The `kid`.
    pub id: String,
    pub purpose: String,
    /// When it was generated.
    pub created_at: Timestamp,
    /// The private key, wrapped by the root key.
    pub wrapped: Vec<u8>,
    /// Certificate of the public key in DER, if there is one.
    pub certificate: Option<Vec<u8>>,
}
from_row!(WrappedSigningKey { id, purpose, created_at, wrapped, certificate });

impl Tx {
    /// Adds the epoch key of a period unless there is one. The caller reads back which one is
    /// stored.
    pub async fn add_ring_key(&mut self, period: Timestamp, wrapped: &[u8]) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("INSERT INTO ring_key (period, wrapped) VALUES ($1, $2) ON CONFLICT (period) DO NOTHING")
            .bind(period).bind(wrapped).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the wrapped epoch key of a period, unless it was destroyed.
    pub async fn ring_key(&mut self, period: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar("SELECT wrapped FROM ring_key WHERE period = $1")
            .bind(period).fetch_optional(connection).await)?)
    }

    /// Returns the earliest period that has an epoch key.
    pub async fn oldest_epoch_key(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT min(period) FROM ring_key").fetch_one(connection).await)?,
        )
    }

    /// Destroys the epoch keys of periods that began before `before`, except those in `kept`.
    pub async fn destroy_ring_keys(&mut self, before: Timestamp, kept: &[Timestamp]) -> Result<u64, StoreError> {
        let destroyed = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("DELETE FROM ring_key WHERE period < ");
            query.push_bind(before);
            if !kept.is_empty() {
                query.push(" AND period NOT IN ");
                push_list(&mut query, kept.iter().copied());
            }
            query.build().execute(connection).await.map(|done| done.rows_affected())
        })?;
        self.destroyed("ring_key", destroyed).await
    }

    /// Adds a holder's key unless there is one.
    pub async fn add_holder_key(&mut self, holder: Uuid, wrapped: &[u8]) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("INSERT INTO holder_key (holder_id, wrapped) VALUES ($1, $2) ON CONFLICT (holder_id) DO NOTHING")
            .bind(holder).bind(wrapped).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns a holder's wrapped key, unless it was destroyed.
    pub async fn holder_key(&mut self, holder: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar("SELECT wrapped FROM holder_key WHERE holder_id = $1")
            .bind(holder).fetch_optional(connection).await)?)
    }

    /// Destroys a holder's key.
    pub async fn destroy_holder_key(&mut self, holder: Uuid) -> Result<(), StoreError> {
        let destroyed = dispatch!(self, connection => sqlx::query("DELETE FROM holder_key WHERE holder_id = $1")
            .bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        self.destroyed("holder_key", destroyed).await.map(drop)
    }

    /// Records that `count` keys of `table` were deleted, so that their bytes are erased later.
    async fn destroyed(&mut self, table: &str, count: u64) -> Result<u64, StoreError> {
        if count > 0 {
            self.count_destroyed(table).await?;
        }
        Ok(count)
    }

    /// Returns the fingerprint of the root key that the key ring was created with; it becomes `new`
    /// if there was none.
    ///
    /// Locks the row until the end of the transaction: no other node can create the key ring, or a
    /// key of which there must be only one.
    pub async fn lock_root(&mut self, new: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(dispatch!(self, connection => {
            sqlx::query("INSERT INTO root (place, fingerprint) VALUES (1, $1) ON CONFLICT (place) DO NOTHING")
                .bind(new).execute(&mut *connection).await?;
            sqlx::query_scalar("UPDATE root SET fingerprint = fingerprint WHERE place = 1 RETURNING fingerprint")
                .fetch_one(connection).await
        })?)
    }

    /// Returns whether the key ring was created or contains any key.
    pub async fn has_keys(&mut self) -> Result<bool, StoreError> {
        let has: i64 = dispatch!(self, connection => sqlx::query_scalar(
            "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM root) OR EXISTS (SELECT 1 FROM ring_key)
                           OR EXISTS (SELECT 1 FROM holder_key) OR EXISTS (SELECT 1 FROM signing_key) THEN 1 ELSE 0 END AS BIGINT)",
        ).fetch_one(connection).await)?;
        Ok(has == 1)
    }

    pub async fn add_signing_key(&mut self, key: &WrappedSigningKey) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("INSERT INTO signing_key (id, purpose, created_at, wrapped, certificate) VALUES ($1, $2, $3, $4, $5)")
            .bind(&key.id).bind(&key.purpose).bind(key.created_at).bind(&key.wrapped).bind(&key.certificate)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Moves the time of creation of a signing key to `now`, unless it is later.
    pub async fn renew_signing_key(&mut self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE signing_key SET created_at = $2 WHERE id = $1 AND created_at < $2")
            .bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns all signing keys for `purpose`, newest first.
    pub async fn signing_keys(&mut self, purpose: &str) -> Result<Vec<WrappedSigningKey>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM signing_key WHERE purpose = $1 ORDER BY created_at DESC, id")
                .bind(purpose).fetch_all(connection).await)?,
        )
    }

    /// Returns the id and the wrapped form of any signing key. Works with the schema of every
    /// release.
    pub async fn any_signing_key(&mut self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT id, wrapped FROM signing_key LIMIT 1").fetch_optional(connection).await)?,
        )
    }

    /// Deletes signing keys for `purpose` that were generated before `before`.
    pub async fn remove_signing_keys(&mut self, purpose: &str, before: Timestamp) -> Result<u64, StoreError> {
        let destroyed = dispatch!(self, connection => sqlx::query("DELETE FROM signing_key WHERE purpose = $1 AND created_at < $2")
            .bind(purpose).bind(before).execute(connection).await.map(|done| done.rows_affected()))?;
        self.destroyed("signing_key", destroyed).await
    }
}
