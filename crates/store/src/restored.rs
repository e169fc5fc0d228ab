//! What a restored database is told of itself: what it waited for will not come, and what was given since it does not know.

use uuid::Uuid;

use super::{StoreError, Tx, on};
use ambient::Timestamp;

impl Tx {
    /// Ends at `now` the time of everything that somebody was to answer: its data is not there. Partners are told when it is
    /// expired, as ever. Returns how many submissions that were.
    pub async fn end_what_waits(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        on!(self, connection => {
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

    /// Closes the status lists that still give positions, since nobody knows which of them were given meanwhile. What was
    /// given may live until `until`, so the lists stay as long. Returns how many were closed.
    pub async fn close_status_lists(&mut self, until: Timestamp) -> Result<u64, StoreError> {
        Ok(on!(self, connection => sqlx::query(
            "UPDATE status_list SET given = (capacity + 1) / 2,
                    last_expires_at = CASE WHEN last_expires_at < $1 THEN $1 ELSE last_expires_at END
              WHERE given * 2 < capacity",
        ).bind(until).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Gives this database another name.
    pub async fn rename_instance(&mut self, name: Uuid) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE instance SET id = $1").bind(name).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes what is sealed under the root key itself: webhooks with their secrets, and passkeys of consoles. Returns how
    /// many webhooks there were.
    pub async fn delete_root_sealed(&mut self) -> Result<u64, StoreError> {
        on!(self, connection => {
            for statement in ["DELETE FROM delivery_attempt", "DELETE FROM delivery", "DELETE FROM console_passkey"] {
                sqlx::query(statement).execute(&mut *connection).await?;
            }
            Ok(sqlx::query("DELETE FROM webhook").execute(connection).await?.rows_affected())
        })
    }

    /// Every account.
    pub async fn holder_ids(&mut self) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT id FROM holder ORDER BY id").fetch_all(connection).await)?,
        )
    }

    /// Every account that has a key. (Of the key ring.)
    pub async fn holders_with_keys(&mut self) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_scalar("SELECT holder_id FROM holder_key ORDER BY holder_id").fetch_all(connection).await)?,
        )
    }
}
