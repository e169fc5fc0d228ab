//! One transaction on either database. The SQL of each aggregate stands in a file of its own, as methods of [`Tx`].

use std::ops::{Deref, DerefMut};

use futures::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Database, Encode, Postgres, QueryBuilder, Sqlite, Transaction, Type};
use uuid::Uuid;

use crate::changes::{Changed, Changes};
use crate::error::StoreError;

/// Runs one body in both arms of a [`Tx`], with the native connection as `$connection`.
macro_rules! on {
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
pub(crate) use on;

/// Of `left` rows, how many go into one statement of many values: so many that few statements do, of few different lengths,
/// since each length is prepared once and kept.
pub(crate) fn rows_at_once(left: usize) -> usize {
    const STEP: usize = 16;
    if left < STEP { left } else { left.min(256) / STEP * STEP }
}

/// Writes `values` in brackets, for what comes after `IN`.
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

/// One transaction, on either database; or a connection alone, from [`Store::glance`].
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Handle<Sqlite>),
    /// On PostgreSQL.
    Postgres(Handle<Postgres>),
}

/// What a [`Tx`] speaks through, and what it has changed.
#[derive(Debug)]
pub struct Handle<D: Database> {
    way: Way<D>,
    changed: Changed,
}

#[derive(Debug)]
enum Way<D: Database> {
    Transaction(Transaction<'static, D>),
    /// A connection outside of any.
    Alone(PoolConnection<D>),
}

impl<D: Database> Deref for Handle<D> {
    type Target = D::Connection;
    fn deref(&self) -> &D::Connection {
        match &self.way {
            Way::Transaction(transaction) => transaction,
            Way::Alone(connection) => connection,
        }
    }
}

impl<D: Database> DerefMut for Handle<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        match &mut self.way {
            Way::Transaction(transaction) => transaction,
            Way::Alone(connection) => connection,
        }
    }
}

impl<D: Database> Handle<D> {
    pub(crate) fn transaction(transaction: Transaction<'static, D>, changes: &Changes) -> Self {
        Self { way: Way::Transaction(transaction), changed: Changed::new(changes) }
    }

    pub(crate) fn alone(connection: PoolConnection<D>, changes: &Changes) -> Self {
        Self { way: Way::Alone(connection), changed: Changed::new(changes) }
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        let Self { way, changed } = self;
        let Way::Transaction(transaction) = way else { return Ok(()) };
        if changed.submissions.is_empty() {
            return transaction.commit().await;
        }
        // In a task of its own: a caller that goes away does not keep the database from committing, and what has changed must
        // not be told before it has.
        let committing = tokio::spawn(async move {
            let committed = transaction.commit().await;
            drop(changed);
            committed
        });
        committing.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Tx {
    /// Makes the transaction's changes durable and visible. A transaction that is dropped instead is undone.
    ///
    /// # Errors
    /// The database could not write; nothing of it counts then.
    pub fn commit(self) -> BoxFuture<'static, Result<(), StoreError>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(transaction) => transaction.commit().await?,
                Self::Postgres(transaction) => transaction.commit().await?,
            }
            Ok(())
        })
    }

    /// Notes that what partners are told of these submissions has changed.
    pub(crate) fn note_changed(&mut self, submissions: &[Uuid]) {
        match self {
            Self::Sqlite(transaction) => transaction.changed.submissions.extend(submissions),
            Self::Postgres(transaction) => transaction.changed.submissions.extend(submissions),
        }
    }

    /// How a statement that takes rows for itself leaves those that another node is taking. SQLite has one writer.
    pub(crate) fn skip_taken(&self) -> &'static str {
        if matches!(self, Self::Postgres(_)) { "FOR UPDATE SKIP LOCKED" } else { "" }
    }
}
