//! Holders: people's accounts. The email address is encrypted, and found by its keyed hash.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Id of the account.
    pub id: Uuid,
    /// Keyed hash of the email address.
    pub email_fingerprint: Vec<u8>,
    /// The email address, encrypted with the holder's own key.
    pub email_sealed: Vec<u8>,
    /// When the account was created.
    pub created_at: Timestamp,
    /// Number of sign-ins.
    pub sign_ins: i64,
    /// When the holder declined the offer of a passkey, if they did.
    pub passkey_offer_declined_at: Option<Timestamp>,
    /// When the holder first returned on a later day, if they did.
    pub returned_at: Option<Timestamp>,
}
from_row!(Holder { id, email_fingerprint, email_sealed, created_at, sign_ins, passkey_offer_declined_at, returned_at });

/// SQL condition that the wallet of a `holder` row is kept (docs/partner-api.md section 8): its
/// owner has signed in a second time, returned on a later day, or has a passkey.
pub(super) const IS_KEPT: &str = "(holder.sign_ins >= 2 OR holder.returned_at IS NOT NULL
      OR EXISTS (SELECT 1 FROM passkey WHERE passkey.holder_id = holder.id))";

impl Tx {
    /// Adds an account. Returns false, and changes nothing, if the address has an account already.
    pub async fn add_holder(&mut self, holder: &Holder) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "INSERT INTO holder (id, email_fingerprint, email_sealed, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (email_fingerprint) DO NOTHING",
        ).bind(holder.id).bind(&holder.email_fingerprint).bind(&holder.email_sealed).bind(holder.created_at)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the account with this id.
    pub async fn holder(&mut self, id: Uuid) -> Result<Option<Holder>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM holder WHERE id = $1").bind(id).fetch_optional(connection).await)?,
        )
    }

    /// Returns the account with this address.
    pub async fn holder_by_email(&mut self, fingerprint: &[u8]) -> Result<Option<Holder>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as("SELECT * FROM holder WHERE email_fingerprint = $1")
            .bind(fingerprint).fetch_optional(connection).await)?)
    }

    pub async fn count_sign_in(&mut self, id: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE holder SET sign_ins = sign_ins + 1 WHERE id = $1").bind(id).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Records the first return on a later day.
    pub async fn note_return(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE holder SET returned_at = $2 WHERE id = $1 AND returned_at IS NULL")
            .bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Records that the holder declined the offer of a passkey.
    pub async fn decline_passkey_offer(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE holder SET passkey_offer_declined_at = $2 WHERE id = $1")
            .bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes an account with its sessions, passkeys and warnings. The caller must have released
    /// its submissions before.
    pub async fn delete_holder(&mut self, id: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => {
            for table in ["end_warning", "link_recipient"] {
                let statement = format!(
                    "DELETE FROM {table} WHERE email_fingerprint = (SELECT email_fingerprint FROM holder WHERE id = $1)"
                );
                sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id).execute(&mut *connection).await?;
            }
            sqlx::query("DELETE FROM session WHERE holder_id = $1").bind(id).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM passkey WHERE holder_id = $1").bind(id).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM holder WHERE id = $1").bind(id).execute(connection).await.map(drop)
        })?;
        Ok(())
    }
}
