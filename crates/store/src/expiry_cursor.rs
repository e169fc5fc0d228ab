//! Expiry of pending submissions, and its announcement to partners.
//!
//! A pending submission expires at its `expires_at`; no job has to change its state. One cursor
//! marks how far expiry has been announced. Its lock is shared by transactions that record a
//! holder's decision, and exclusive for the job that announces. A submission whose expiry was
//! announced can therefore not be accepted.

use std::time::Duration;

use uuid::Uuid;

use super::event::{EventKind, Subject};
use super::{StoreError, Tx, dispatch, from_row};

use ambient::Timestamp;

/// Advisory lock of the cursor on PostgreSQL: shared for decisions, exclusive for announcing. It is
/// taken before any row lock, which prevents deadlocks. SQLite has a single writer and needs no
/// lock.
const CURSOR: i64 = 0x7465_6e75_7265_0002;

/// Longest period of one epoch key, whatever the settings say.
pub const LONGEST_EPOCH: Duration = Duration::from_secs(3600);

/// A job that one node runs at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    /// Announces expired submissions to partners.
    Telling,
    /// Deletes submissions that expired before the retention period.
    Forgetting,
    /// Warns people before something expires.
    Warning,
}

impl Work {
    fn lock(self) -> i64 {
        match self {
            Self::Telling => 0x7465_6e75_7265_0003,
            Self::Forgetting => 0x7465_6e75_7265_0004,
            Self::Warning => 0x7465_6e75_7265_0005,
        }
    }
}

impl Tx {
    /// Locks a job until the end of the transaction. Returns false if another node is running it.
    pub(super) async fn try_lock_job(&mut self, work: Work) -> Result<bool, StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(true) };
        let is_alone = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(work.lock());
        Ok(is_alone.fetch_one(&mut **transaction).await?)
    }

    /// Prevents expiry from being announced until the end of the transaction. Returns the time up
    /// to which it was announced.
    pub(super) async fn lock_cursor(&mut self) -> Result<Timestamp, StoreError> {
        if let Self::Postgres(transaction) = self {
            sqlx::query("SELECT pg_advisory_xact_lock_shared($1)").bind(CURSOR).execute(&mut **transaction).await?;
        }
        Ok(self.announced_through().await?.0)
    }

    /// Does the same as [`Tx::lock_cursor`]. Returns the time up to which submissions count as
    /// expired: `now`, or a later one if a node whose clock is ahead has announced expiry.
    pub(super) async fn lock_expiry(&mut self, now: Timestamp) -> Result<Timestamp, StoreError> {
        Ok(self.lock_cursor().await?.max(now))
    }

    /// Returns whether there is any expiry to announce at `now`.
    pub async fn is_anything_over(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(!self.unannounced(now, 1).await?.is_empty())
    }

    /// Announces and counts up to `limit` submissions that have expired at `now`, and deletes their
    /// payloads and documents. Returns their ids, or none if another node is running this job.
    ///
    /// On PostgreSQL the payloads are deleted later, with the partition of their period.
    ///
    /// # Errors
    /// The store cannot be used, or the cursor's lock timed out.
    pub async fn expire_submissions(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Uuid>, StoreError> {
        if !self.try_lock_job(Work::Telling).await? {
            return Ok(Vec::new());
        }
        if let Self::Postgres(transaction) = self {
            sqlx::query("SET LOCAL lock_timeout = '5s'").execute(&mut **transaction).await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CURSOR).execute(&mut **transaction).await?;
        }
        let mut expired = self.unannounced(now, limit).await?;
        let Some((last, through)) = expired.last().map(|(subject, expires_at)| (subject.id, *expires_at)) else {
            return Ok(Vec::new());
        };
        dispatch!(self, connection => sqlx::query("UPDATE expiry SET through = $1, submission_id = $2")
            .bind(through).bind(last).execute(connection).await.map(drop))?;
        expired.sort_unstable_by_key(|(subject, _)| subject.id);
        let ids: Vec<Uuid> = expired.iter().map(|(subject, _)| subject.id).collect();
        self.empty_rows(&ids).await?;
        self.drop_assets(&ids).await?;
        let listeners = self.listeners(&expired.iter().map(|(subject, _)| subject.partner_id).collect()).await?;
        // The event has the time of the row, so a restored server that announces it again gives it
        // the same id.
        let happened: Vec<_> = expired.iter().map(|(subject, expires_at)| (subject, *expires_at)).collect();
        self.tell(&listeners, &happened, EventKind::Expired, now).await?;
        let subjects: Vec<Subject> = expired.into_iter().map(|(subject, _)| subject).collect();
        self.count_events(&subjects, EventKind::Expired).await?;
        Ok(ids)
    }

    /// Returns the periods before `first` in which a submission was pushed that is still pending at
    /// `now`, in order.
    pub async fn waiting_periods(&mut self, first: Timestamp, now: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        // This bound lets the index skip later rows by their ids, which are generated about when
        // the payload is encrypted. A period that began before `first` may end after it, if periods
        // were longer then.
        let last = (first + LONGEST_EPOCH + Duration::from_secs(60)).lowest_id();
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT DISTINCT ring_period FROM submission
              WHERE state = 'incomplete' AND expires_at > $1 AND id < $2 AND ring_period < $3 ORDER BY ring_period",
        ).bind(now).bind(last).bind(first).fetch_all(connection).await)?)
    }

    async fn announced_through(&mut self) -> Result<(Timestamp, Uuid), StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT through, submission_id FROM expiry").fetch_one(connection).await)?,
        )
    }

    /// Returns submissions that have expired at `now` and were not announced, in the order of
    /// expiry.
    async fn unannounced(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(Subject, Timestamp)>, StoreError> {
        struct ExpiredRow {
            subject: Subject,
            expires_at: Timestamp,
        }
        from_row!(ExpiredRow { expires_at; flatten subject });
        let (through, last) = self.announced_through().await?;
        let rows: Vec<ExpiredRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, partner_id, credential_id, batch_id, partner_chain, created_at, expires_at FROM submission
              WHERE state = 'incomplete' AND expires_at >= $1 AND expires_at <= $2 AND (expires_at > $1 OR id > $3)
              ORDER BY expires_at, id LIMIT $4",
        ).bind(through).bind(now).bind(last).bind(limit).fetch_all(connection).await)?;
        Ok(rows.into_iter().map(|row| (row.subject, row.expires_at)).collect())
    }
}
