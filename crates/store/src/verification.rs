//! Verification requests: unique ids, bound to the first account that opens them, ended once.

use uuid::Uuid;

use super::{AnnouncementKind, StoreError, Tx, dispatch, from_row};
use crate::domain::submission::Sealed;
use crate::domain::verification::{Verification, VerificationState};
use ambient::{Moment, Timestamp};

/// A verification request to insert.
#[derive(Clone, Debug)]
pub struct NewVerification {
    /// The id, `content` in the link.
    pub id: Uuid,
    /// The partner that requests it.
    pub partner_id: Uuid,
    /// The request id, from the partner or generated.
    pub request_id: String,
    /// The requested credential type.
    pub credential_type: credential::Type,
    /// When it was received.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The encrypted details of the request.
    pub request: Sealed,
}

/// The outcome of a verification request.
#[derive(Clone, Debug)]
pub enum VerificationEnd {
    /// The person presented a credential.
    Verified {
        /// The encrypted presentation and verification result.
        result: Sealed,
        /// The encrypted record for the holder's wallet, if the credential came from a wallet here.
        memory: Option<Vec<u8>>,
    },
    /// The person declined.
    Canceled,
}

/// A request that ended, for the announcement to its partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedVerification {
    /// The partner that requested it.
    pub partner_id: Uuid,
    pub request_id: String,
    /// When it ended.
    pub finalized_at: Timestamp,
    /// The event to announce.
    pub kind: AnnouncementKind,
}

/// A request that was canceled or expired.
struct CanceledRow {
    partner_id: Uuid,
    request_id: String,
    finalized_at: Timestamp,
    state: String,
}
from_row!(CanceledRow { partner_id, request_id, finalized_at, state });

impl From<CanceledRow> for EndedVerification {
    fn from(row: CanceledRow) -> Self {
        let kind = match row.state.as_str() {
            "expired" => AnnouncementKind::RequestExpired,
            _ => AnnouncementKind::RequestDeclined,
        };
        Self { partner_id: row.partner_id, request_id: row.request_id, finalized_at: row.finalized_at, kind }
    }
}

struct VerificationRow {
    id: Uuid,
    partner_id: Uuid,
    request_id: String,
    credential_type: String,
    state: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    finalized_at: Option<Timestamp>,
    holder_id: Option<Uuid>,
    request_period: Timestamp,
    request_sealed: Option<Vec<u8>>,
    result_period: Option<Timestamp>,
    result_sealed: Option<Vec<u8>>,
    memory_sealed: Option<Vec<u8>>,
}
from_row!(VerificationRow {
    id,
    partner_id,
    request_id,
    credential_type,
    state,
    created_at,
    expires_at,
    finalized_at,
    holder_id,
    request_period,
    request_sealed,
    result_period,
    result_sealed,
    memory_sealed,
});

impl TryFrom<VerificationRow> for Verification {
    type Error = StoreError;

    fn try_from(row: VerificationRow) -> Result<Self, StoreError> {
        let corrupt_row = |what: &str| StoreError::corrupt_row("verification", format!("{} {what}", row.id));
        let result = row.result_period.zip(row.result_sealed).map(|(period, bytes)| Sealed { period, bytes });
        let state = match (row.state.as_str(), row.finalized_at, result, row.memory_sealed) {
            ("open", None, None, None) if row.request_sealed.is_some() => VerificationState::Open,
            ("verified", Some(at), result, memory) => VerificationState::Verified { at, result, memory },
            ("canceled", Some(at), None, None) => VerificationState::Canceled { at },
            ("expired", Some(at), None, None) => VerificationState::Expired { at },
            (state, ..) => return Err(corrupt_row(&format!("in state {state}"))),
        };
        Ok(Self {
            id: row.id,
            partner_id: row.partner_id,
            request_id: row.request_id,
            credential_type: row
                .credential_type
                .parse()
                .map_err(|_| StoreError::corrupt_row("verification", "its type"))?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            holder: row.holder_id,
            request: row.request_sealed.map(|bytes| Sealed { period: row.request_period, bytes }),
            state,
        })
    }
}

fn read(row: Option<VerificationRow>, now: Timestamp) -> Result<Option<Verification>, StoreError> {
    row.map(|row| Verification::try_from(row).map(|found| found.as_of(now))).transpose()
}

impl Tx {
    /// Adds a request. Returns false if its partner has already used this id.
    pub async fn add_verification(&mut self, new: &NewVerification) -> Result<bool, StoreError> {
        let added = dispatch!(self, connection => sqlx::query(
            "INSERT INTO verification (id, partner_id, request_id, credential_type, state, created_at, expires_at, request_period, request_sealed)
             VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8)
             ON CONFLICT (partner_id, request_id) DO NOTHING",
        ).bind(new.id).bind(new.partner_id).bind(&new.request_id).bind(new.credential_type.name()).bind(new.created_at)
            .bind(new.expires_at).bind(new.request.period).bind(&new.request.bytes)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(added == 1)
    }

    /// Returns `partner`'s request with this id, with its state at `now`.
    pub async fn asked_verification(
        &mut self,
        partner: Uuid,
        request_id: &str,
        now: Timestamp,
    ) -> Result<Option<Verification>, StoreError> {
        let row: Option<VerificationRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM verification WHERE partner_id = $1 AND request_id = $2",
        ).bind(partner).bind(request_id).fetch_optional(connection).await)?;
        read(row, now)
    }

    /// Returns the request behind a link, with its state at `now`. Possession of the link is the
    /// authorization until an account is bound. From then on the caller compares
    /// [`Verification::holder`].
    pub async fn linked_verification(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Verification>, StoreError> {
        let row: Option<VerificationRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM verification WHERE id = $1")
            .bind(id).fetch_optional(connection).await)?;
        read(row, now)
    }

    /// Binds an open request to the first account that opens it. Returns whether it is `holder`'s
    /// now.
    pub async fn bind_verification(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE verification SET holder_id = $2
              WHERE id = $1 AND state = 'open' AND expires_at > $3 AND (holder_id IS NULL OR holder_id = $2)",
        ).bind(id).bind(holder).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Ends an open request that is bound to `holder`, or unbound if `None`. Returns false if it is
    /// bound otherwise or no longer open, so a request ends once.
    pub async fn finish_verification(
        &mut self,
        id: Uuid,
        holder: Option<Uuid>,
        end: &VerificationEnd,
        now: impl Into<Moment>,
    ) -> Result<bool, StoreError> {
        let Moment { now, trusted } = now.into();
        let (state, result, memory) = match end {
            VerificationEnd::Verified { result, memory } => ("verified", Some(result), memory.as_deref()),
            VerificationEnd::Canceled => ("canceled", None, None),
        };
        let (period, bytes) = (result.map(|result| result.period), result.map(|result| result.bytes.as_slice()));
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE verification SET state = $3, finalized_at = $4, result_period = $5, result_sealed = $6, memory_sealed = $7
              WHERE id = $1 AND holder_id IS NOT DISTINCT FROM $2 AND state = 'open' AND expires_at > $8",
        ).bind(id).bind(holder).bind(state).bind(now).bind(period).bind(bytes).bind(memory).bind(trusted)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns what `holder` has presented to partners, newest first, at most `most` requests.
    pub async fn shown_verifications(&mut self, holder: Uuid, most: i64) -> Result<Vec<Verification>, StoreError> {
        let rows: Vec<VerificationRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM verification WHERE holder_id = $1 AND state = 'verified' ORDER BY finalized_at DESC, id LIMIT $2",
        ).bind(holder).bind(most).fetch_all(connection).await)?;
        rows.into_iter().map(Verification::try_from).collect()
    }

    /// Sets the expiry of `partner`'s open request to `now`. Returns whether it was open.
    pub async fn cut_verification_short(
        &mut self,
        id: Uuid,
        partner: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE verification SET expires_at = $3 WHERE id = $1 AND partner_id = $2 AND state = 'open' AND expires_at > $3",
        ).bind(id).bind(partner).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the number of open requests whose expiry has passed at `now`.
    pub async fn count_due_verifications(&mut self, now: Timestamp) -> Result<i64, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT count(*) FROM verification WHERE state = 'open' AND expires_at <= $1")
            .bind(now).fetch_one(connection).await)?,
        )
    }

    /// Expires up to `limit` open requests whose expiry has passed at `now`, and deletes their
    /// details.
    pub async fn expire_verifications(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<EndedVerification>, StoreError> {
        let expired: Vec<CanceledRow> = dispatch!(self, connection => sqlx::query_as(
            "UPDATE verification SET state = 'expired', finalized_at = expires_at, request_sealed = NULL
              WHERE state = 'open' AND id IN
                    (SELECT id FROM verification WHERE state = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2)
             RETURNING partner_id, request_id, finalized_at, state",
        ).bind(now).bind(limit).fetch_all(connection).await)?;
        Ok(expired.into_iter().map(EndedVerification::from).collect())
    }

    /// Deletes the details and results of requests that ended by `before`. Returns the number of
    /// requests.
    pub async fn end_verification_results(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query(
            "UPDATE verification SET request_sealed = NULL, result_period = NULL, result_sealed = NULL
              WHERE finalized_at <= $1 AND request_sealed IS NOT NULL",
        ).bind(before).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Deletes up to `limit` requests that ended before `before`.
    pub async fn forget_verifications(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query(
            "DELETE FROM verification WHERE id IN
                (SELECT id FROM verification WHERE finalized_at < $1 ORDER BY finalized_at LIMIT $2)",
        ).bind(before).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Unbinds every request from `holder`, deletes its results, and ends it if it is open: as
    /// expired if its expiry has passed, and otherwise as canceled. Returns those that ended.
    pub async fn release_verifications(
        &mut self,
        holder: Uuid,
        now: impl Into<Moment>,
    ) -> Result<Vec<EndedVerification>, StoreError> {
        let Moment { now, trusted } = now.into();
        let canceled: Vec<CanceledRow> = dispatch!(self, connection => sqlx::query_as(
            "UPDATE verification SET state = CASE WHEN expires_at <= $3 THEN 'expired' ELSE 'canceled' END,
                    finalized_at = CASE WHEN expires_at <= $3 THEN expires_at ELSE $2 END
              WHERE holder_id = $1 AND state = 'open' RETURNING partner_id, request_id, finalized_at, state",
        ).bind(holder).bind(now).bind(trusted).fetch_all(connection).await)?;
        dispatch!(self, connection => sqlx::query(
            "UPDATE verification SET holder_id = NULL, request_sealed = NULL, result_period = NULL, result_sealed = NULL, memory_sealed = NULL
              WHERE holder_id = $1",
        ).bind(holder).execute(connection).await.map(drop))?;
        Ok(canceled.into_iter().map(EndedVerification::from).collect())
    }
}
