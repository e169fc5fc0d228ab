//! Passkeys of holders, encrypted under the holder's key.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A registered passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// The authenticator's credential id.
    pub id: Vec<u8>,
    /// The account it belongs to.
    pub holder_id: Uuid,
    /// The encrypted public key and signature counter.
    pub sealed: Vec<u8>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}
from_row!(StoredPasskey { id, holder_id, sealed, created_at, used_at });

impl Tx {
    /// Adds a passkey. Returns false if its credential id is already registered.
    pub async fn add_passkey(&mut self, passkey: &StoredPasskey) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "INSERT INTO passkey (id, holder_id, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
        ).bind(&passkey.id).bind(passkey.holder_id).bind(&passkey.sealed).bind(passkey.created_at)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the passkeys of `holder`, oldest first.
    pub async fn passkeys(&mut self, holder: Uuid) -> Result<Vec<StoredPasskey>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM passkey WHERE holder_id = $1 ORDER BY created_at, id")
            .bind(holder).fetch_all(connection).await)?,
        )
    }

    /// Records a use and the new signature counter.
    pub async fn use_passkey(
        &mut self,
        id: &[u8],
        holder: Uuid,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE passkey SET sealed = $3, used_at = $4 WHERE id = $1 AND holder_id = $2")
            .bind(id).bind(holder).bind(sealed).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes a passkey of `holder`. Returns false if there is none.
    pub async fn remove_passkey(&mut self, id: &[u8], holder: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("DELETE FROM passkey WHERE id = $1 AND holder_id = $2")
            .bind(id).bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
