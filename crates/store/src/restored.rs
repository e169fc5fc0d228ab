//! Changes to a restored database, which lacks pending data and does not know what was issued since
//! the backup.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch};
use ambient::Timestamp;

impl Tx {
    /// Sets the expiry of everything pending to `now`, because its data is not in the backup.
    /// Partners get the usual events when it expires. Returns the number of submissions.
    pub async fn end_pending(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        dispatch!(self, connection => {
            let ended = sqlx::query("UPDATE submission SET expires_at = $1 WHERE state = 'incomplete' AND expires_at > $1")
                .bind(now).execute(&mut *connection).await?;
            for statement in [
                "UPDATE submission SET expires_at = $1 WHERE state = 'batch' AND expires_at > $1",
                "UPDATE verification SET expires_at = $1 WHERE state = 'open' AND expires_at > $1",
            ] {
                sqlx::query(statement).bind(now).execute(&mut *connection).await?;
            }
            Ok(ended.rows_affected())
        })
    }

    /// Closes the status lists that still allocate indices, because those allocated after the
    /// backup are unknown. Credentials with such indices may be valid until `until`, so the lists
    /// are kept until then. Returns the number of closed lists.
    pub async fn close_status_lists(&mut self, until: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query(
            "UPDATE status_list SET given = (capacity + 1) / 2,
                    last_expires_at = CASE WHEN last_expires_at < $1 THEN $1 ELSE last_expires_at END
              WHERE given * 2 < capacity",
        ).bind(until).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Replaces the instance id of this database.
    pub async fn rename_instance(&mut self, name: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE instance SET id = $1").bind(name).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes data that is encrypted directly under the root key: webhooks with their secrets, and
    /// passkeys of consoles. Returns the number of webhooks.
    pub async fn delete_root_sealed(&mut self) -> Result<u64, StoreError> {
        dispatch!(self, connection => {
            for statement in ["DELETE FROM delivery_attempt", "DELETE FROM delivery", "DELETE FROM console_passkey"] {
                sqlx::query(statement).execute(&mut *connection).await?;
            }
            Ok(sqlx::query("DELETE FROM webhook").execute(connection).await?.rows_affected())
        })
    }

    /// Returns the ids of all accounts.
    pub async fn holder_ids(&mut self) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT id FROM holder ORDER BY id").fetch_all(connection).await)?,
        )
    }

    /// Returns the ids of all accounts that have a key. Only for the key ring.
    pub async fn holders_with_keys(&mut self) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT holder_id FROM holder_key ORDER BY holder_id").fetch_all(connection).await)?,
        )
    }
}
