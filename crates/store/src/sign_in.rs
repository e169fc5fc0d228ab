//! Sign-ins by emailed code, from the request for a code to its use.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// A code that was emailed and not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The id in the address of the sign-in page.
    pub id: Uuid,
    /// Keyed hash of the email address.
    pub email_fingerprint: Vec<u8>,
    /// Keyed hash of the id and the code.
    pub code_fingerprint: Vec<u8>,
    /// Number of codes entered so far.
    pub attempts: i64,
    /// When it was emailed.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Start of the period whose epoch key encrypts the address.
    pub ring_period: Timestamp,
    /// The encrypted email address.
    pub sealed: Vec<u8>,
    /// SHA-256 of the secret of the browser that requested the code; `None` if the previous release
    /// emailed it.
    pub browser_hash: Option<Vec<u8>>,
}
from_row!(SignIn {
    id,
    email_fingerprint,
    code_fingerprint,
    attempts,
    created_at,
    expires_at,
    ring_period,
    sealed,
    browser_hash,
});

impl Tx {
    /// Adds a sign-in. Earlier ones for the same address stay valid, because anyone can request a
    /// code.
    pub async fn add_sign_in(&mut self, sign_in: &SignIn) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
                "INSERT INTO sign_in (id, email_fingerprint, code_fingerprint, created_at, expires_at, ring_period, sealed, browser_hash)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            ).bind(sign_in.id).bind(&sign_in.email_fingerprint).bind(&sign_in.code_fingerprint).bind(sign_in.created_at)
                .bind(sign_in.expires_at).bind(sign_in.ring_period).bind(&sign_in.sealed).bind(&sign_in.browser_hash)
                .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the sign-in with this id.
    pub async fn sign_in(&mut self, id: Uuid) -> Result<Option<SignIn>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM sign_in WHERE id = $1").bind(id).fetch_optional(connection).await)?,
        )
    }

    /// Counts an attempt on `sign_in` and on every other sign-in for its address from the same
    /// browser, and returns those that had fewer than `limit`. The attempt is counted before the
    /// code is compared, so that concurrent guesses cannot share one.
    pub async fn take_sign_in_tries(
        &mut self,
        sign_in: &SignIn,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
                "UPDATE sign_in SET attempts = attempts + 1
                  WHERE (id = $1 OR (email_fingerprint = $2 AND browser_hash = $3)) AND attempts < $4 AND expires_at > $5
                  RETURNING *",
            ).bind(sign_in.id).bind(&sign_in.email_fingerprint).bind(&sign_in.browser_hash).bind(i64::from(limit)).bind(now)
                .fetch_all(connection).await)?)
    }

    /// Deletes a sign-in whose code was used. Returns true for exactly one caller.
    pub async fn end_sign_in(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("DELETE FROM sign_in WHERE id = $1")
            .bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Deletes sign-ins that expired before `before`.
    pub async fn forget_sign_ins(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query("DELETE FROM sign_in WHERE expires_at < $1")
            .bind(before).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
