//! A transaction on either database. Each aggregate's SQL is in its own file, as methods of [`Tx`].

use std::ops::{Deref, DerefMut};

use futures::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Database, Encode, Postgres, QueryBuilder, Sqlite, Transaction, Type};
use uuid::Uuid;

use crate::error::StoreError;
use crate::invalidation::{Changes, PendingInvalidations};

/// Runs the same body in both arms of a [`Tx`], with the native connection as `$connection`.
macro_rules! dispatch {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::tx::Tx::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::tx::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}
pub(crate) use dispatch;

/// Returns the chunk size of a multi-row insert with `left` rows to go. Multiples of 16 keep the
/// number of prepared statements small.
pub(crate) fn chunk_size(left: usize) -> usize {
    const STEP: usize = 16;
    if left < STEP { left } else { left.min(256) / STEP * STEP }
}

/// Writes a parenthesized list of parameters, for use after `IN`.
pub(crate) fn push_list<DB, T>(query: &mut QueryBuilder<DB>, values: impl IntoIterator<Item = T>)
where
    DB: Database,
    T: for<'t> Encode<'t, DB> + Type<DB>,
{
    query.push("(");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

/// A transaction on either database, or a connection in autocommit mode from [`Store::acquire`].
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Conn<Sqlite>),
    /// On PostgreSQL.
    Postgres(Conn<Postgres>),
}

/// The connection of a [`Tx`], and the cache entries that it invalidates.
#[derive(Debug)]
pub struct Conn<D: Database> {
    kind: ConnKind<D>,
    changed: PendingInvalidations,
}

#[derive(Debug)]
enum ConnKind<D: Database> {
    Transaction(Transaction<'static, D>),
    Autocommit(PoolConnection<D>),
}

impl<D: Database> Deref for Conn<D> {
    type Target = D::Connection;
    fn deref(&self) -> &D::Connection {
        match &self.kind {
            ConnKind::Transaction(transaction) => transaction,
            ConnKind::Autocommit(connection) => connection,
        }
    }
}

impl<D: Database> DerefMut for Conn<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match &mut self.kind {
            ConnKind::Transaction(transaction) => transaction,
            ConnKind::Autocommit(connection) => connection,
        }
    }
}

impl<D: Database> Conn<D> {
    pub(crate) fn transaction(transaction: Transaction<'static, D>, changes: &Changes) -> Self {
        Self { kind: ConnKind::Transaction(transaction), changed: PendingInvalidations::new(changes) }
    }

    pub(crate) fn autocommit(connection: PoolConnection<D>, changes: &Changes) -> Self {
        Self { kind: ConnKind::Autocommit(connection), changed: PendingInvalidations::new(changes) }
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        let Self { kind, changed } = self;
        let ConnKind::Transaction(transaction) = kind else { return Ok(()) };
        if changed.submissions.is_empty() {
            return transaction.commit().await;
        }
        // Runs in its own task, so that cancelling the caller cannot drop `changed` before the
        // commit. A read in between would cache the old status as current.
        let committing = tokio::spawn(async move {
            let committed = transaction.commit().await;
            drop(changed);
            committed
        });
        committing.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Tx {
    /// Commits the transaction. Dropping a [`Tx`] rolls it back.
    ///
    /// # Errors
    /// The database could not write and nothing is stored, or the connection was lost and the
    /// outcome is unknown.
    pub fn commit(self) -> BoxFuture<'static, Result<(), StoreError>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(transaction) => transaction.commit().await?,
                Self::Postgres(transaction) => transaction.commit().await?,
            }
            Ok(())
        })
    }

    /// Records that the status of these submissions changes, to invalidate cached ones when the
    /// transaction ends.
    pub(crate) fn note_changed(&mut self, submissions: &[Uuid]) {
        match self {
            Self::Sqlite(transaction) => transaction.changed.submissions.extend(submissions),
            Self::Postgres(transaction) => transaction.changed.submissions.extend(submissions),
        }
    }

    /// Returns the clause that skips rows that another node has locked; empty on SQLite, which has
    /// one writer.
    pub(crate) fn skip_taken(&self) -> &'static str {
        if matches!(self, Self::Postgres(_)) { "FOR UPDATE SKIP LOCKED" } else { "" }
    }
}
