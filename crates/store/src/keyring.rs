//! The key ring's tables: wrapped keys, in a database of their own.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, from_row, on, push_list};
use ambient::Timestamp;

/// A wrapped signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedSigningKey {
    /// The `kid`.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The private key, wrapped by the root key.
    pub wrapped: Vec<u8>,
    /// The certificate of its public key, DER, if it has one.
    pub certificate: Option<Vec<u8>>,
}
from_row!(WrappedSigningKey { id, purpose, created_at, wrapped, certificate });

impl Tx {
    /// Adds the ring key of a period unless there is one; the caller reads back which one counts.
    pub async fn add_ring_key(&mut self, period: Timestamp, wrapped: &[u8]) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("INSERT INTO ring_key (period, wrapped) VALUES ($1, $2) ON CONFLICT (period) DO NOTHING")
            .bind(period).bind(wrapped).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// The ring key of a period, if it is not destroyed.
    pub async fn ring_key(&mut self, period: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar("SELECT wrapped FROM ring_key WHERE period = $1")
            .bind(period).fetch_optional(connection).await)?)
    }

    /// The earliest period that has a ring key.
    pub async fn oldest_ring_key(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar("SELECT min(period) FROM ring_key").fetch_one(connection).await)?)
    }

    /// Destroys the ring keys of periods that began before `before`, but for those of `kept`.
    pub async fn destroy_ring_keys(&mut self, before: Timestamp, kept: &[Timestamp]) -> Result<u64, StoreError> {
        let destroyed = on!(self, connection => {
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
        on!(self, connection => sqlx::query("INSERT INTO holder_key (holder_id, wrapped) VALUES ($1, $2) ON CONFLICT (holder_id) DO NOTHING")
            .bind(holder).bind(wrapped).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// A holder's key, if it is not destroyed.
    pub async fn holder_key(&mut self, holder: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar("SELECT wrapped FROM holder_key WHERE holder_id = $1")
            .bind(holder).fetch_optional(connection).await)?)
    }

    /// Destroys a holder's key.
    pub async fn destroy_holder_key(&mut self, holder: Uuid) -> Result<(), StoreError> {
        let destroyed = on!(self, connection => sqlx::query("DELETE FROM holder_key WHERE holder_id = $1")
            .bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        self.destroyed("holder_key", destroyed).await.map(drop)
    }

    /// Notes that `count` keys of `table` were deleted: their bytes are still to be erased.
    async fn destroyed(&mut self, table: &str, count: u64) -> Result<u64, StoreError> {
        if count > 0 {
            self.count_destroyed(table).await?;
        }
        Ok(count)
    }

    /// The fingerprint of the root key that the ring was begun with, which is `new` if it was not begun. Until the end of the
    /// transaction nobody else begins it, or makes a key that there must be one of.
    pub async fn hold_root(&mut self, new: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(on!(self, connection => {
            sqlx::query("INSERT INTO root (place, fingerprint) VALUES (1, $1) ON CONFLICT (place) DO NOTHING")
                .bind(new).execute(&mut *connection).await?;
            sqlx::query_scalar("UPDATE root SET fingerprint = fingerprint WHERE place = 1 RETURNING fingerprint")
                .fetch_one(connection).await
        })?)
    }

    /// Whether the ring was begun, or holds any key at all.
    pub async fn has_keys(&mut self) -> Result<bool, StoreError> {
        let has: i64 = on!(self, connection => sqlx::query_scalar(
            "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM root) OR EXISTS (SELECT 1 FROM ring_key)
                           OR EXISTS (SELECT 1 FROM holder_key) OR EXISTS (SELECT 1 FROM signing_key) THEN 1 ELSE 0 END AS BIGINT)",
        ).fetch_one(connection).await)?;
        Ok(has == 1)
    }

    /// Adds a signing key.
    pub async fn add_signing_key(&mut self, key: &WrappedSigningKey) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("INSERT INTO signing_key (id, purpose, created_at, wrapped, certificate) VALUES ($1, $2, $3, $4, $5)")
            .bind(&key.id).bind(&key.purpose).bind(key.created_at).bind(&key.wrapped).bind(&key.certificate)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// All signing keys for `purpose`, newest first.
    pub async fn signing_keys(&mut self, purpose: &str) -> Result<Vec<WrappedSigningKey>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT * FROM signing_key WHERE purpose = $1 ORDER BY created_at DESC, id")
                .bind(purpose).fetch_all(connection).await)?,
        )
    }

    /// Any signing key, whatever it is for and whichever release's schema this is: its name and its wrapped form.
    pub async fn any_signing_key(&mut self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT id, wrapped FROM signing_key LIMIT 1").fetch_optional(connection).await)?,
        )
    }

    /// Removes signing keys for `purpose` that were made before `before`.
    pub async fn remove_signing_keys(&mut self, purpose: &str, before: Timestamp) -> Result<u64, StoreError> {
        let destroyed = on!(self, connection => sqlx::query("DELETE FROM signing_key WHERE purpose = $1 AND created_at < $2")
            .bind(purpose).bind(before).execute(connection).await.map(|done| done.rows_affected()))?;
        self.destroyed("signing_key", destroyed).await
    }
}
