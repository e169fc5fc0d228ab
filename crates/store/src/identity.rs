//! Pairing of a key ring with its data: both store the key ring's id, and the data refers to keys.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch};
use ambient::Timestamp;

/// Keys that the data needs, to check whether a key ring fits: those of the newest accounts, and
/// that of the pending submission that expires last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyReferences {
    /// Accounts, newest first.
    pub holders: Vec<Uuid>,
    /// Period of a pending submission.
    pub period: Option<Timestamp>,
}

impl Tx {
    /// Returns the id of the data's key ring; `Some(None)` if it is not paired yet, `None` if no
    /// server was started with the data. Call it on the data.
    pub async fn keyring_of_data(&mut self) -> Result<Option<Option<Uuid>>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar("SELECT keyring_id FROM instance WHERE place = 1")
            .fetch_optional(connection).await)?)
    }

    /// Pairs the data with a key ring unless it has one. Returns the id that is stored. Call it on
    /// the data.
    pub async fn bind_keyring(&mut self, keyring: Uuid) -> Result<Option<Uuid>, StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE instance SET keyring_id = $1 WHERE place = 1 AND keyring_id IS NULL")
            .bind(keyring).execute(connection).await.map(drop))?;
        Ok(self.keyring_of_data().await?.flatten())
    }

    /// Removes the pairing of the data with a key ring, whose keys are lost. Call it on the data.
    pub async fn unbind_keyring(&mut self) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE instance SET keyring_id = NULL WHERE place = 1")
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns keys that the data needs: those of at most `limit` accounts, and that of one
    /// submission pending at `now`.
    pub async fn key_references(&mut self, limit: i64, now: Timestamp) -> Result<KeyReferences, StoreError> {
        dispatch!(self, connection => {
            let holders = sqlx::query_scalar("SELECT id FROM holder ORDER BY created_at DESC, id LIMIT $1")
                .bind(limit).fetch_all(&mut *connection).await?;
            let period = "SELECT ring_period FROM submission WHERE state = 'incomplete' AND expires_at > $1
                           ORDER BY expires_at DESC LIMIT 1";
            let period = sqlx::query_scalar(period).bind(now).fetch_optional(connection).await?;
            Ok(KeyReferences { holders, period })
        })
    }

    /// Returns the id of the key ring. Call it on the key ring.
    pub async fn keyring_identity(&mut self) -> Result<Option<Uuid>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT id FROM identity WHERE place = 1").fetch_optional(connection).await)?,
        )
    }

    /// Gives the key ring an id unless it has one. Returns the id that is stored. Call it on the
    /// key ring.
    pub async fn name_keyring(&mut self, name: Uuid) -> Result<Uuid, StoreError> {
        Ok(dispatch!(self, connection => {
            sqlx::query("INSERT INTO identity (place, id) VALUES (1, $1) ON CONFLICT DO NOTHING").bind(name).execute(&mut *connection).await?;
            sqlx::query_scalar("SELECT id FROM identity WHERE place = 1").fetch_one(connection).await
        })?)
    }

    /// Returns whether the key ring has any account's key. Call it on the key ring.
    pub async fn has_holder_keys(&mut self) -> Result<bool, StoreError> {
        let found: Option<i64> = dispatch!(self, connection => sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM holder_key LIMIT 1").fetch_optional(connection).await)?;
        Ok(found.is_some())
    }
}
