//! Issuances: grants, codes and tokens of wallets, and used nonces.

use std::collections::HashSet;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StatusPlace, StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::issuance::{CODE_ATTEMPTS, Grant, Issuance, IssuanceKind, WalletAccess};
use ambient::Timestamp;

struct IssuanceRow {
    id: Uuid,
    kind: String,
    holder_id: Option<Uuid>,
    created_at: Timestamp,
    expires_at: Timestamp,
    request: String,
    token_key: Option<String>,
    token_expires_at: Option<Timestamp>,
    submission_id: Option<Uuid>,
    configuration: Option<String>,
}
from_row!(IssuanceRow {
    id,
    kind,
    holder_id,
    created_at,
    expires_at,
    request,
    token_key,
    token_expires_at,
    submission_id,
    configuration,
});

/// The statement that returns an issuance: a row for each of its grants, or one row without a
/// grant. Reading both by one statement saves a round trip to the thread or server of the database.
macro_rules! issuance_where {
    ($condition:literal) => {
        concat!(
            "SELECT issuance.*, granted.submission_id, granted.configuration
               FROM issuance LEFT JOIN issuance_credential AS granted ON granted.issuance_id = issuance.id
              WHERE ",
            $condition,
            " ORDER BY granted.submission_id, granted.configuration"
        )
    };
}

impl IssuanceRow {
    /// Reads the rows of one issuance; `None` if there are none.
    fn read_all(mut rows: Vec<Self>) -> Result<Option<Issuance>, StoreError> {
        let grant = |row: &mut Self| row.submission_id.zip(row.configuration.take());
        let grants: Vec<(Uuid, String)> = rows.iter_mut().filter_map(grant).collect();
        rows.pop().map(|row| row.read(grants)).transpose()
    }

    fn read(self, grants: Vec<(Uuid, String)>) -> Result<Issuance, StoreError> {
        let corrupt_row = |what: &str| StoreError::corrupt_row("issuance", format!("{} {what}", self.id));
        let kind = match (self.kind.as_str(), self.holder_id) {
            ("offer", Some(holder)) => IssuanceKind::Offer { holder },
            ("authorization", holder) => {
                let request = serde_json::from_str(&self.request).map_err(|_| corrupt_row("its request"))?;
                IssuanceKind::Authorization { holder, request }
            }
            _ => return Err(corrupt_row("its kind")),
        };
        let grant = |(submission_id, configuration): (Uuid, String)| {
            let configuration = configuration.parse().map_err(|_| corrupt_row("its configuration"))?;
            Ok(Grant { submission_id, configuration })
        };
        let credentials = grants.into_iter().map(grant).collect::<Result<_, StoreError>>()?;
        Ok(Issuance { id: self.id, kind, created_at: self.created_at, expires_at: self.expires_at, credentials })
    }
}

/// Redemption of a code for an access token.
#[derive(Clone, Debug)]
pub struct Redemption {
    pub issuance: Uuid,
    /// SHA-256 of the new token.
    pub token_hash: [u8; 32],
    /// Thumbprint of the key that the token is bound to.
    pub token_key: Option<String>,
    /// When the token expires.
    pub token_expires_at: Timestamp,
    /// Whether the transaction code was right, or none was required. A wrong one is only counted as
    /// an attempt.
    pub is_proven: bool,
}

/// Issue of one grant's credential.
#[derive(Clone, Debug)]
pub struct GrantIssued {
    pub issuance: Uuid,
    pub grant: Grant,
    /// The `notification_id` with which the wallet reports the result.
    pub notification: Uuid,
}

impl Tx {
    /// Adds an issuance with its grants.
    pub async fn add_issuance(&mut self, new: &Issuance) -> Result<(), StoreError> {
        let (kind, request) = match &new.kind {
            IssuanceKind::Offer { .. } => ("offer", String::new()),
            IssuanceKind::Authorization { request, .. } => (
                "authorization",
                serde_json::to_string(request).map_err(|error| StoreError::corrupt_row("issuance", error))?,
            ),
        };
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO issuance (id, kind, holder_id, created_at, expires_at, request) VALUES ($1, $2, $3, $4, $5, $6)",
        ).bind(new.id).bind(kind).bind(new.holder()).bind(new.created_at).bind(new.expires_at).bind(request)
            .execute(connection).await.map(drop))?;
        self.add_grants(new.id, &new.credentials).await
    }

    /// Adds grants to an issuance.
    pub async fn add_grants(&mut self, issuance: Uuid, grants: &[Grant]) -> Result<(), StoreError> {
        if grants.is_empty() {
            return Ok(());
        }
        dispatch!(self, connection => {
            let mut query =
                QueryBuilder::new("INSERT INTO issuance_credential (issuance_id, submission_id, configuration) ");
            query.push_values(grants, |mut row, grant| {
                row.push_bind(issuance).push_bind(grant.submission_id).push_bind(grant.configuration.id());
            });
            query.push(" ON CONFLICT (issuance_id, submission_id, configuration) DO NOTHING");
            query.build().execute(connection).await.map(drop)
        })?;
        Ok(())
    }

    /// Returns an issuance by its id, without checking its owner: the URL of an offer is enough to
    /// read it.
    pub async fn issuance(&mut self, id: Uuid) -> Result<Option<Issuance>, StoreError> {
        let rows = dispatch!(self, connection => sqlx::query_as(issuance_where!("issuance.id = $1"))
            .bind(id).fetch_all(connection).await)?;
        IssuanceRow::read_all(rows)
    }

    /// Returns the issuance with this authorization code, even if the code was redeemed or has
    /// expired. [`Tx::redeem_issuance`] checks both.
    pub async fn issuance_by_code(&mut self, code_hash: &[u8]) -> Result<Option<Issuance>, StoreError> {
        let rows = dispatch!(self, connection => sqlx::query_as(issuance_where!("issuance.code_hash = $1"))
            .bind(code_hash).fetch_all(connection).await)?;
        IssuanceRow::read_all(rows)
    }

    /// Returns the access of the wallet with this token, if the token is valid at `now`.
    pub async fn wallet_access(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<WalletAccess>, StoreError> {
        let rows: Vec<IssuanceRow> = dispatch!(self, connection => sqlx::query_as(
            issuance_where!("issuance.token_hash = $1 AND issuance.token_expires_at > $2"),
        ).bind(token_hash).bind(now).fetch_all(connection).await)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (key, ends) = (row.token_key.clone(), row.token_expires_at);
        let token_expires_at =
            ends.ok_or_else(|| StoreError::corrupt_row("issuance", "a token without an expiry time"))?;
        let issuance = IssuanceRow::read_all(rows)?;
        Ok(issuance.map(|issuance| WalletAccess { issuance, token_expires_at, key }))
    }

    /// Extends a pending authorization request to `until` at least, so that a person who opened it
    /// has time to decide. Returns false if it was approved or denied, or has expired.
    pub async fn await_answer(&mut self, id: Uuid, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE issuance SET expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END
              WHERE id = $1 AND kind = 'authorization' AND code_hash IS NULL AND expires_at > $3",
        ).bind(id).bind(until).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Binds a pending authorization request to the first account that opens it. Returns whether it
    /// is now bound to `holder`.
    pub async fn bind_issuance(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE issuance SET holder_id = $2
              WHERE id = $1 AND kind = 'authorization' AND code_hash IS NULL AND expires_at > $3
                AND (holder_id IS NULL OR holder_id = $2)",
        ).bind(id).bind(holder).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Stores the code for `holder`'s authorization request, valid until `expires_at`. Returns
    /// false if the request was approved or denied, or has expired.
    pub async fn authorize_issuance(
        &mut self,
        (id, holder): (Uuid, Uuid),
        code_hash: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE issuance SET code_hash = $3, expires_at = $4
              WHERE id = $1 AND holder_id = $2 AND code_hash IS NULL AND expires_at > $5",
        ).bind(id).bind(holder).bind(code_hash).bind(expires_at).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Ends `holder`'s authorization request without a code. Returns false if the request was
    /// approved or denied, or has expired.
    pub async fn deny_issuance(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE issuance SET expires_at = $3 WHERE id = $1 AND holder_id = $2 AND code_hash IS NULL AND expires_at > $3",
        ).bind(id).bind(holder).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Redeems a code for a token, once, and not after [`CODE_ATTEMPTS`] wrong transaction codes.
    /// Returns false if the code was redeemed before or has expired, or if the transaction code was
    /// wrong.
    ///
    /// Attempts are counted here, where redemptions run one after the other, so that concurrent
    /// guesses cannot exceed the limit.
    pub async fn redeem_issuance(&mut self, redemption: &Redemption, now: Timestamp) -> Result<bool, StoreError> {
        if !redemption.is_proven {
            dispatch!(self, connection => sqlx::query("UPDATE issuance SET attempts = attempts + 1 WHERE id = $1")
                .bind(redemption.issuance).execute(connection).await.map(drop))?;
            return Ok(false);
        }
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE issuance SET redeemed_at = $2, token_hash = $3, token_key = $4, token_expires_at = $5
              WHERE id = $1 AND redeemed_at IS NULL AND expires_at > $2 AND attempts < $6",
        ).bind(redemption.issuance).bind(now).bind(redemption.token_hash.as_slice()).bind(&redemption.token_key)
            .bind(redemption.token_expires_at).bind(i64::from(CODE_ATTEMPTS))
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Expires the token of an issuance whose code was redeemed twice (RFC 6749, section 4.1.2),
    /// and revokes the credentials issued for it.
    pub async fn end_issuance(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let given: Vec<(Uuid, i64)> = dispatch!(self, connection => {
            sqlx::query("UPDATE issuance SET token_expires_at = $2 WHERE id = $1 AND token_expires_at > $2")
                .bind(id).bind(now).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM deferred WHERE issuance_id = $1").bind(id).execute(&mut *connection).await?;
            sqlx::query_as("SELECT list_id, position FROM status_entry WHERE issuance_id = $1 AND (revoked_at IS NULL OR replaced)")
                .bind(id).fetch_all(connection).await
        })?;
        let places = given.into_iter().map(StatusPlace::read).collect::<Result<Vec<_>, _>>()?;
        self.revoke_places(&places, now).await
    }

    /// Marks nonces as used, given their hashes. Returns the hashes that were not used before.
    pub async fn take_nonces(
        &mut self,
        hashes: &[[u8; 32]],
        expires_at: Timestamp,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(dispatch!(self, connection => {
            let mut query = QueryBuilder::new("INSERT INTO used_nonce (nonce_hash, expires_at) ");
            query.push_values(hashes, |mut row, hash| {
                row.push_bind(hash.as_slice()).push_bind(expires_at);
            });
            query.push(" ON CONFLICT (nonce_hash) DO NOTHING RETURNING nonce_hash");
            query.build_query_scalar().fetch_all(connection).await
        })?)
    }

    /// Returns those of `ids` whose token is valid at `now`.
    ///
    /// On PostgreSQL their rows are locked until the end of the transaction. A concurrent
    /// [`Tx::end_issuance`] is then either visible here, or runs later and revokes the credentials
    /// issued in this transaction.
    pub async fn living_issuances(&mut self, ids: &[Uuid], now: Timestamp) -> Result<HashSet<Uuid>, StoreError> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let held_fast = if matches!(self, Self::Postgres(_)) { " ORDER BY id FOR SHARE" } else { "" };
        let living: Vec<Uuid> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT id FROM issuance WHERE token_expires_at > ");
            query.push_bind(now).push(" AND id IN ");
            push_list(&mut query, ids.iter().copied());
            query.push(held_fast);
            query.build_query_scalar().fetch_all(connection).await
        })?;
        Ok(living.into_iter().collect())
    }

    /// Records that `issued.grant` is issued now. Returns the status list indexes of earlier
    /// credentials for this grant, which the caller must revoke.
    pub async fn record_issued(
        &mut self,
        issued: &GrantIssued,
        now: Timestamp,
    ) -> Result<Vec<StatusPlace>, StoreError> {
        let GrantIssued { issuance, grant, notification } = issued;
        let configuration = grant.configuration.id();
        // Almost always this is the first issue, and one statement is enough.
        for only_first in [" AND issued_at IS NULL", ""] {
            let statement = format!(
                "UPDATE issuance_credential SET issued_at = $4, notification_id = $5, notified = NULL
                  WHERE issuance_id = $1 AND submission_id = $2 AND configuration = $3{only_first}"
            );
            let changed = dispatch!(self, connection => sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(issuance).bind(grant.submission_id).bind(&configuration).bind(now).bind(notification)
                .execute(connection).await.map(|done| done.rows_affected()))?;
            if changed == 1 && !only_first.is_empty() {
                return Ok(Vec::new());
            }
        }
        let given: Vec<(Uuid, i64)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT list_id, position FROM status_entry
              WHERE issuance_id = $1 AND submission_id = $2 AND configuration = $3 AND revoked_at IS NULL",
        ).bind(issuance).bind(grant.submission_id).bind(&configuration).fetch_all(connection).await)?;
        given.into_iter().map(StatusPlace::read).collect()
    }

    /// Stores the event that the wallet reported for an issued credential. Returns false if the
    /// issuance has no such notification id. Repeating an event changes nothing.
    pub async fn notify_issued(&mut self, issuance: Uuid, notification: Uuid, word: &str) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE issuance_credential SET notified = $3 WHERE issuance_id = $1 AND notification_id = $2",
        ).bind(issuance).bind(notification).bind(word).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed > 0)
    }

    /// Returns whether any credential was issued, and whether the wallet reported that it accepted
    /// one. The wallet page shows both.
    pub async fn issuance_progress(&mut self, issuance: Uuid) -> Result<(bool, bool), StoreError> {
        let (issued, accepted): (i64, i64) = dispatch!(self, connection => sqlx::query_as(
            "SELECT count(issued_at), count(CASE WHEN notified = 'credential_accepted' THEN 1 END)
               FROM issuance_credential WHERE issuance_id = $1",
        ).bind(issuance).fetch_one(connection).await)?;
        Ok((issued > 0, accepted > 0))
    }

    /// Deletes up to `limit` issuances that ended before `before`, and nonces that expired before
    /// `now`. Status entries are kept, since they outlive the issuance. Returns the number of
    /// issuances.
    pub async fn forget_issuances(&mut self, before: Timestamp, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        dispatch!(self, connection => {
            sqlx::query("DELETE FROM used_nonce WHERE expires_at < $1").bind(now).execute(&mut *connection).await?;
            let ids: Vec<Uuid> = sqlx::query_scalar(
                "SELECT id FROM issuance WHERE expires_at < $1 AND COALESCE(token_expires_at, expires_at) < $1
                  ORDER BY expires_at LIMIT $2",
            ).bind(before).bind(limit).fetch_all(&mut *connection).await?;
            for id in &ids {
                sqlx::query("DELETE FROM deferred WHERE issuance_id = $1").bind(id).execute(&mut *connection).await?;
                sqlx::query("DELETE FROM issuance_credential WHERE issuance_id = $1").bind(id).execute(&mut *connection).await?;
                sqlx::query("DELETE FROM issuance WHERE id = $1").bind(id).execute(&mut *connection).await?;
            }
            Ok(ids.len() as u64)
        })
    }

    /// Deletes every issuance of `holder`, whose account is being deleted.
    pub async fn release_issuances(&mut self, holder: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => {
            for statement in [
                "DELETE FROM deferred WHERE issuance_id IN (SELECT id FROM issuance WHERE holder_id = $1)",
                "DELETE FROM issuance_credential WHERE issuance_id IN (SELECT id FROM issuance WHERE holder_id = $1)",
                "DELETE FROM issuance WHERE holder_id = $1",
            ] {
                sqlx::query(statement).bind(holder).execute(&mut *connection).await?;
            }
            Ok(())
        })
    }
}
