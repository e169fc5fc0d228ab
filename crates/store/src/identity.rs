//! Which key ring belongs to which data: both have one name, and the data refers to keys.

use uuid::Uuid;

use super::{StoreError, Tx, on};
use ambient::Timestamp;

/// What a key of the ring is looked for by: the data's newest accounts, or the newest period in which something waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyReferences {
    /// Accounts, newest first.
    pub holders: Vec<Uuid>,
    /// The period of a pending submission.
    pub period: Option<Timestamp>,
}

impl Tx {
    /// The name of the key ring that the data belongs to; `Some(None)` if it is not named yet, `None` if no server was
    /// started on the data.
    pub async fn keyring_of_data(&mut self) -> Result<Option<Option<Uuid>>, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar("SELECT keyring_id FROM instance WHERE place = 1")
            .fetch_optional(connection).await)?)
    }

    /// Names the key ring of the data, unless it has one. Returns the one that counts.
    pub async fn bind_keyring(&mut self, keyring: Uuid) -> Result<Option<Uuid>, StoreError> {
        on!(self, connection => sqlx::query("UPDATE instance SET keyring_id = $1 WHERE place = 1 AND keyring_id IS NULL")
            .bind(keyring).execute(connection).await.map(drop))?;
        Ok(self.keyring_of_data().await?.flatten())
    }

    /// Lets the data forget its key ring, whose keys are lost.
    pub async fn unbind_keyring(&mut self) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE instance SET keyring_id = NULL WHERE place = 1")
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Keys that the data needs: those of at most `limit` accounts, and one of what waits at `now`.
    pub async fn key_references(&mut self, limit: i64, now: Timestamp) -> Result<KeyReferences, StoreError> {
        on!(self, connection => {
            let holders = sqlx::query_scalar("SELECT id FROM holder ORDER BY created_at DESC, id LIMIT $1")
                .bind(limit).fetch_all(&mut *connection).await?;
            let period = "SELECT ring_period FROM submission WHERE state = 'incomplete' AND expires_at > $1
                           ORDER BY expires_at DESC LIMIT 1";
            let period = sqlx::query_scalar(period).bind(now).fetch_optional(connection).await?;
            Ok(KeyReferences { holders, period })
        })
    }

    /// The name of the key ring. (Of the key ring.)
    pub async fn keyring_identity(&mut self) -> Result<Option<Uuid>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT id FROM identity WHERE place = 1").fetch_optional(connection).await)?,
        )
    }

    /// Names the key ring, unless it has a name. Returns the one that counts. (Of the key ring.)
    pub async fn name_keyring(&mut self, name: Uuid) -> Result<Uuid, StoreError> {
        Ok(on!(self, connection => {
            sqlx::query("INSERT INTO identity (place, id) VALUES (1, $1) ON CONFLICT DO NOTHING").bind(name).execute(&mut *connection).await?;
            sqlx::query_scalar("SELECT id FROM identity WHERE place = 1").fetch_one(connection).await
        })?)
    }

    /// Whether the ring has the key of any account. (Of the key ring.)
    pub async fn has_holder_keys(&mut self) -> Result<bool, StoreError> {
        let found: Option<i64> = on!(self, connection => sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM holder_key LIMIT 1").fetch_optional(connection).await)?;
        Ok(found.is_some())
    }
}
