//! Passkeys of holders. What the authenticator gave is sealed under the holder's key.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// A registered passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// The authenticator's credential id.
    pub id: Vec<u8>,
    /// Whose it is.
    pub holder_id: Uuid,
    /// Public key and counter, sealed.
    pub sealed: Vec<u8>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}
from_row!(StoredPasskey { id, holder_id, sealed, created_at, used_at });

impl Tx {
    /// Adds a passkey. False if this credential id is registered already.
    pub async fn add_passkey(&mut self, passkey: &StoredPasskey) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "INSERT INTO passkey (id, holder_id, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
        ).bind(&passkey.id).bind(passkey.holder_id).bind(&passkey.sealed).bind(passkey.created_at)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// The passkeys of `holder`, oldest first.
    pub async fn passkeys(&mut self, holder: Uuid) -> Result<Vec<StoredPasskey>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as("SELECT * FROM passkey WHERE holder_id = $1 ORDER BY created_at, id")
            .bind(holder).fetch_all(connection).await)?)
    }

    /// Notes a use, with the counter as it is now.
    pub async fn use_passkey(
        &mut self,
        id: &[u8],
        holder: Uuid,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE passkey SET sealed = $3, used_at = $4 WHERE id = $1 AND holder_id = $2")
            .bind(id).bind(holder).bind(sealed).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Removes one of `holder`'s passkeys. False if it is not there.
    pub async fn remove_passkey(&mut self, id: &[u8], holder: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("DELETE FROM passkey WHERE id = $1 AND holder_id = $2")
            .bind(id).bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
