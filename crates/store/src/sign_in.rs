//! Sign-ins by e-mailed code, from the request for a code to its use.

use uuid::Uuid;

use super::{StoreError, Tx, from_row, on};
use ambient::Timestamp;

/// A code that was mailed and waits to be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Names the attempt in the page's address.
    pub id: Uuid,
    /// Keyed hash of the address.
    pub email_fingerprint: Vec<u8>,
    /// Keyed hash of the attempt and its code.
    pub code_fingerprint: Vec<u8>,
    /// Wrong codes so far.
    pub attempts: i64,
    /// When it was mailed.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// The ring key's period.
    pub ring_period: Timestamp,
    /// The address, sealed.
    pub sealed: Vec<u8>,
    /// SHA-256 of the secret of the browser that asked for the code; `None` if the release before mailed it.
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
    /// Adds an attempt. Earlier ones for the same address stay valid: anyone may ask for a code.
    pub async fn add_sign_in(&mut self, sign_in: &SignIn) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
                "INSERT INTO sign_in (id, email_fingerprint, code_fingerprint, created_at, expires_at, ring_period, sealed, browser_hash)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            ).bind(sign_in.id).bind(&sign_in.email_fingerprint).bind(&sign_in.code_fingerprint).bind(sign_in.created_at)
                .bind(sign_in.expires_at).bind(sign_in.ring_period).bind(&sign_in.sealed).bind(&sign_in.browser_hash)
                .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// The attempt with this id.
    pub async fn sign_in(&mut self, id: Uuid) -> Result<Option<SignIn>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT * FROM sign_in WHERE id = $1").bind(id).fetch_optional(connection).await)?,
        )
    }

    /// Takes one try of `sign_in` and of every other attempt for its address from the same browser, and returns those that
    /// had one of `limit` left. It is counted before the code is compared, so that parallel guesses do not share one.
    pub async fn take_sign_in_tries(
        &mut self,
        sign_in: &SignIn,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as(
                "UPDATE sign_in SET attempts = attempts + 1
                  WHERE (id = $1 OR (email_fingerprint = $2 AND browser_hash = $3)) AND attempts < $4 AND expires_at > $5
                  RETURNING *",
            ).bind(sign_in.id).bind(&sign_in.email_fingerprint).bind(&sign_in.browser_hash).bind(i64::from(limit)).bind(now)
                .fetch_all(connection).await)?)
    }

    /// Ends an attempt: its code is used up. True for the one caller that ended it.
    pub async fn end_sign_in(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("DELETE FROM sign_in WHERE id = $1")
            .bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Forgets attempts that were over before `before`.
    pub async fn forget_sign_ins(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(on!(self, connection => sqlx::query("DELETE FROM sign_in WHERE expires_at < $1")
            .bind(before).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
