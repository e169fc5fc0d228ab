//! Reading several statements from one snapshot, on either database.

use futures::future::BoxFuture;

use crate::database::Store;
use crate::error::StoreError;
use crate::tx::Tx;

impl Store {
    /// Begins a transaction that reads one snapshot: no statement sees a change that an earlier one
    /// did not see.
    ///
    /// On SQLite every read transaction does. On PostgreSQL each statement of [`Store::read`] has a
    /// snapshot of its own (READ COMMITTED); this costs one more statement.
    ///
    /// # Errors
    /// No connection is available.
    pub fn snapshot(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(async move {
            let mut tx = self.read().await?;
            if let Tx::Postgres(transaction) = &mut tx {
                sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    .execute(&mut **transaction)
                    .await?;
            }
            Ok(tx)
        })
    }
}
