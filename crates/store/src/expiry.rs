//! Expiry: telling partners of what nobody has answered in time.
//!
//! A submission's time being over is read from its `expires_at`; its state stays as it is. One cursor says how far
//! partners have been told. Who answers and who tells exclude each other by it: nothing is accepted of which a partner
//! was told that it is over.

use std::time::Duration;

use uuid::Uuid;

use super::event::{EventKind, Subject};
use super::{StoreError, Tx, from_row, on};

use ambient::Timestamp;

/// What holds the cursor (PostgreSQL's advisory locks have numbers): shared by those who answer, alone for who tells.
/// It is taken before any row is, so that nobody waits in a circle. SQLite has one writer.
const CURSOR: i64 = 0x7465_6e75_7265_0002;

/// Longest period that one epoch key seals, whatever the settings say.
pub const LONGEST_RING_PERIOD: Duration = Duration::from_secs(3600);

/// What one node does at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    /// Telling partners of what is over.
    Telling,
    /// Deleting what was over long ago.
    Forgetting,
    /// Warning people of what ends.
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
    /// Keeps others from this work until the end of the transaction; false if another node is at it.
    pub(super) async fn is_alone_at(&mut self, work: Work) -> Result<bool, StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(true) };
        let is_alone = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(work.lock());
        Ok(is_alone.fetch_one(&mut **transaction).await?)
    }

    /// Keeps others from telling partners until the end of the transaction. Returns until when they were told.
    pub(super) async fn hold_cursor(&mut self) -> Result<Timestamp, StoreError> {
        if let Self::Postgres(transaction) = self {
            sqlx::query("SELECT pg_advisory_xact_lock_shared($1)").bind(CURSOR).execute(&mut **transaction).await?;
        }
        Ok(self.told_through().await?.0)
    }

    /// As [`Tx::hold_cursor`]; returns the instant until which what expires is over: `now`, or a later one if partners were
    /// told by a clock that is ahead.
    pub(super) async fn hold_expiry(&mut self, now: Timestamp) -> Result<Timestamp, StoreError> {
        Ok(self.hold_cursor().await?.max(now))
    }

    /// Whether there is anything to tell at `now`.
    pub async fn is_anything_over(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(!self.over(now, 1).await?.is_empty())
    }

    /// Tells partners of up to `limit` submissions whose time is over at `now`, counts them, and lets go of what is in their
    /// rows and of their documents; returns their ids. None where another node is at it.
    ///
    /// # Errors
    /// The store cannot be used, or those who answer did not make room in time.
    pub async fn expire_submissions(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Uuid>, StoreError> {
        if !self.is_alone_at(Work::Telling).await? {
            return Ok(Vec::new());
        }
        if let Self::Postgres(transaction) = self {
            sqlx::query("SET LOCAL lock_timeout = '5s'").execute(&mut **transaction).await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CURSOR).execute(&mut **transaction).await?;
        }
        let mut over = self.over(now, limit).await?;
        let Some((last, through)) = over.last().map(|(subject, expires_at)| (subject.id, *expires_at)) else {
            return Ok(Vec::new());
        };
        on!(self, connection => sqlx::query("UPDATE expiry SET through = $1, submission_id = $2")
            .bind(through).bind(last).execute(connection).await.map(drop))?;
        over.sort_unstable_by_key(|(subject, _)| subject.id);
        let ids: Vec<Uuid> = over.iter().map(|(subject, _)| subject.id).collect();
        self.empty_rows(&ids).await?;
        self.drop_assets(&ids).await?;
        let listeners = self.listeners(&over.iter().map(|(subject, _)| subject.partner_id).collect()).await?;
        // At the instant that its row says: told once more, by a server that was restored, it is the same event.
        let happened: Vec<_> = over.iter().map(|(subject, expires_at)| (subject, *expires_at)).collect();
        self.tell(&listeners, &happened, EventKind::Expired, now).await?;
        let subjects: Vec<Subject> = over.into_iter().map(|(subject, _)| subject).collect();
        self.count_events(&subjects, EventKind::Expired).await?;
        Ok(ids)
    }

    /// The periods before `first` in which something was pushed that still has its time at `now`, in order.
    pub async fn waiting_periods(&mut self, first: Timestamp, now: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        // What came later is passed over in the index, by its id, which is made a moment before or after it is sealed: a
        // period that began before `first` may end after it, if periods were longer then.
        let last = (first + LONGEST_RING_PERIOD + Duration::from_secs(60)).lowest_id();
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT DISTINCT ring_period FROM submission
              WHERE state = 'incomplete' AND expires_at > $1 AND id < $2 AND ring_period < $3 ORDER BY ring_period",
        ).bind(now).bind(last).bind(first).fetch_all(connection).await)?)
    }

    async fn told_through(&mut self) -> Result<(Timestamp, Uuid), StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT through, submission_id FROM expiry").fetch_one(connection).await)?,
        )
    }

    /// What is over at `now` and was not told, as it became over.
    async fn over(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(Subject, Timestamp)>, StoreError> {
        struct Row {
            subject: Subject,
            expires_at: Timestamp,
        }
        from_row!(Row { expires_at; flatten subject });
        let (through, last) = self.told_through().await?;
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as(
            "SELECT id, partner_id, credential_id, batch_id, partner_chain, created_at, expires_at FROM submission
              WHERE state = 'incomplete' AND expires_at >= $1 AND expires_at <= $2 AND (expires_at > $1 OR id > $3)
              ORDER BY expires_at, id LIMIT $4",
        ).bind(through).bind(now).bind(last).bind(limit).fetch_all(connection).await)?;
        Ok(rows.into_iter().map(|row| (row.subject, row.expires_at)).collect())
    }
}
