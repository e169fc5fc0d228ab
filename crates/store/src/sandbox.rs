//! Sandbox partners: their clock, which moves back the times of what they wait for, and those that
//! signed up by email.

use std::time::Duration;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Partner, StoreError, Tx, dispatch, push_list};
use ambient::{Timestamp, micros};

/// What a sandbox partner's advanced clock has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// Number of pending submissions, without batches.
    pub submissions: u64,
    /// Number of open verification requests.
    pub verifications: u64,
    /// Number of waiting actions of sandbox users.
    pub actions: u64,
}

/// The result of a sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxSignUp {
    /// The partner was added.
    Added,
    /// This partner already signed up.
    Repeated,
    /// The person has as many active partners as allowed.
    TooManyOfPerson,
    /// There are as many active partners as allowed.
    TooMany,
}

/// Maximum numbers of active partners that signed up by email.
#[derive(Clone, Copy, Debug)]
pub struct SandboxBounds {
    /// In total.
    pub most: i64,
    /// Of one email address.
    pub per_person: i64,
}

/// Selects active partners that signed up.
const SIGNED_UP: &str =
    "FROM sandbox_sign_up JOIN partner ON partner.id = sandbox_sign_up.partner_id WHERE partner.disabled_at IS NULL";

impl Tx {
    /// Adds a partner that signed up by email, unless it did before or a bound is reached.
    /// Concurrent sign-ups may exceed a bound by their number.
    pub async fn add_sandbox_sign_up(
        &mut self,
        partner: &Partner,
        email_fingerprint: &[u8],
        bounds: SandboxBounds,
    ) -> Result<SandboxSignUp, StoreError> {
        let counts = format!(
            "SELECT (SELECT count(*) {SIGNED_UP}), (SELECT count(*) {SIGNED_UP} AND sandbox_sign_up.email_fingerprint = $1)"
        );
        let (all, of_person): (i64, i64) = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(counts))
            .bind(email_fingerprint).fetch_one(connection).await)?;
        let inserted = dispatch!(self, connection => sqlx::query(
            "INSERT INTO sandbox_sign_up (partner_id, email_fingerprint, used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        ).bind(partner.id).bind(email_fingerprint).bind(partner.created_at).execute(connection).await.map(|done| done.rows_affected()))?;
        let refusal = if inserted == 0 {
            SandboxSignUp::Repeated
        } else if of_person >= bounds.per_person {
            SandboxSignUp::TooManyOfPerson
        } else if all >= bounds.most {
            SandboxSignUp::TooMany
        } else {
            self.add_partner(partner).await?;
            return Ok(SandboxSignUp::Added);
        };
        if inserted == 1 {
            dispatch!(self, connection => sqlx::query("DELETE FROM sandbox_sign_up WHERE partner_id = $1")
                .bind(partner.id).execute(connection).await.map(drop))?;
        }
        Ok(refusal)
    }

    /// Returns the number of active partners that signed up by email.
    pub async fn count_sandbox_sign_ups(&mut self) -> Result<i64, StoreError> {
        let statement = format!("SELECT count(*) {SIGNED_UP}");
        Ok(dispatch!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .fetch_one(connection).await)?)
    }

    /// Returns whether a sandbox partner pushed any of these submissions.
    pub async fn is_any_of_sandbox(&mut self, submissions: &[Uuid]) -> Result<bool, StoreError> {
        if submissions.is_empty() {
            return Ok(false);
        }
        let count: i64 = dispatch!(self, connection => {
            let mut query = QueryBuilder::new(
                "SELECT count(*) FROM submission JOIN partner ON partner.id = submission.partner_id
                  WHERE partner.sandbox AND submission.id IN ",
            );
            push_list(&mut query, submissions.iter().copied());
            query.build_query_scalar().fetch_one(connection).await
        })?;
        Ok(count > 0)
    }

    /// Returns whether a partner may have links mailed to the person with this fingerprint: not if
    /// it signed up by email, unless this is the address that it signed up with.
    pub async fn may_mail(&mut self, partner: Uuid, email_fingerprint: &[u8]) -> Result<bool, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT 1 FROM sandbox_sign_up
                                 WHERE partner_id = $1 AND (email_fingerprint IS NULL OR email_fingerprint <> $2))",
        ).bind(partner).bind(email_fingerprint).fetch_one(connection).await)?)
    }

    /// Returns whether a partner signed up by email and was last used before `before`.
    pub async fn is_sandbox_use_due(&mut self, partner: Uuid, before: Timestamp) -> Result<bool, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM sandbox_sign_up WHERE partner_id = $1 AND used_at < $2)",
        ).bind(partner).bind(before).fetch_one(connection).await)?)
    }

    /// Records that a partner that signed up by email is used.
    pub async fn note_sandbox_use(&mut self, partner: Uuid, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE sandbox_sign_up SET used_at = $2 WHERE partner_id = $1 AND used_at < $2")
            .bind(partner).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns whether any partner that signed up by email was last used before `before` and is
    /// still active.
    pub async fn is_any_sandbox_unused(&mut self, before: Timestamp) -> Result<bool, StoreError> {
        let statement = format!("SELECT EXISTS (SELECT 1 {SIGNED_UP} AND sandbox_sign_up.used_at < $1)");
        Ok(dispatch!(self, connection => sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(before).fetch_one(connection).await)?)
    }

    /// Disables partners that signed up by email and were last used before `before`, and forgets
    /// who they are. If the operator enables one again, its time begins again. Returns their
    /// number.
    pub async fn disable_unused_sandboxes(&mut self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        dispatch!(self, connection => {
            let disabled = sqlx::query(
                "UPDATE partner SET disabled_at = $2 WHERE disabled_at IS NULL
                    AND id IN (SELECT partner_id FROM sandbox_sign_up WHERE used_at < $1)",
            ).bind(before).bind(now).execute(&mut *connection).await?.rows_affected();
            sqlx::query("UPDATE sandbox_sign_up SET email_fingerprint = NULL, used_at = $2 WHERE used_at < $1")
                .bind(before).bind(now).execute(connection).await?;
            Ok(disabled)
        })
    }

    /// Moves the times of what a partner waits for back by `by`: when its pending submissions and
    /// open verification requests expire, when people are warned of that, and when sandbox users
    /// act. Returns `None` and changes nothing if more than `most` submissions are pending. The
    /// caller checks that this is a sandbox partner.
    ///
    /// As with [`Tx::expire_now`], nothing expires before what was already announced, so that the
    /// expiry job still announces it.
    pub async fn advance_requests(
        &mut self,
        partner: Uuid,
        by: Duration,
        now: Timestamp,
        most: i64,
    ) -> Result<Option<Advanced>, StoreError> {
        let told = self.lock_cursor().await?;
        let end = if told >= now { told + Duration::from_micros(1) } else { now };
        let by = micros(by);
        // Rows are locked in the order of their ids, as elsewhere, to avoid deadlocks.
        let lock = if matches!(self, Self::Postgres(_)) { "FOR UPDATE" } else { "" };
        let pending = format!(
            "SELECT id, state FROM submission
              WHERE partner_id = $1 AND state IN ('incomplete', 'batch') AND expires_at > $2 ORDER BY id LIMIT $3 {lock}"
        );
        let pending: Vec<(Uuid, String)> = dispatch!(self, connection => sqlx::query_as(sqlx::AssertSqlSafe(pending))
            .bind(partner).bind(end).bind(most + 1).fetch_all(connection).await)?;
        if i64::try_from(pending.len()).is_ok_and(|count| count > most) {
            return Ok(None);
        }
        // The last parameter is the earliest end.
        dispatch!(self, connection => {
            sqlx::query(
                "UPDATE link_recipient SET warn_at = warn_at - $2,
                        expires_at = CASE WHEN expires_at - $2 > $3 THEN expires_at - $2 ELSE $3 END
                  WHERE expires_at > $3 AND request_id IN (SELECT id FROM submission
                         WHERE partner_id = $1 AND state IN ('incomplete', 'batch') AND expires_at > $3)",
            ).bind(partner).bind(by).bind(end).execute(&mut *connection).await?;
            sqlx::query(
                "UPDATE submission SET expires_at = CASE WHEN expires_at - $2 > $3 THEN expires_at - $2 ELSE $3 END
                  WHERE partner_id = $1 AND state IN ('incomplete', 'batch') AND expires_at > $3",
            ).bind(partner).bind(by).bind(end).execute(connection).await.map(drop)
        })?;
        let ids: Vec<Uuid> = pending.iter().map(|(id, _)| *id).collect();
        self.note_changed(&ids);
        let verifications = dispatch!(self, connection => sqlx::query(
            "UPDATE verification SET expires_at = CASE WHEN expires_at - $2 > $3 THEN expires_at - $2 ELSE $3 END
              WHERE partner_id = $1 AND state = 'open' AND expires_at > $3",
        ).bind(partner).bind(by).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        let actions = dispatch!(self, connection => sqlx::query(
            "UPDATE outbox_message SET due_at = due_at - $2 WHERE lane = $3 AND partner_id = $1 AND attempts = 0",
        ).bind(partner).bind(by).bind(ACTIONS).execute(connection).await.map(|done| done.rows_affected()))?;
        let submissions = pending.iter().filter(|(_, state)| state == "incomplete").count() as u64;
        Ok(Some(Advanced { submissions, verifications, actions }))
    }
}

/// The outbox lane of sandbox users.
const ACTIONS: &str = "play";
