//! The request log of partners: stores what was collected in memory, and deletes old entries.

use crate::app::App;
use crate::flows::expiry::BATCH;
use crate::request_log::Unwritten;
use store::StoreError;

/// Stores the requests that were collected since the last call, in one transaction.
///
/// # Errors
/// The store cannot be used. The requests stay in memory for the next call. If the outcome of the
/// commit is unknown, they may then be counted twice.
pub async fn write(app: &App) -> Result<(), StoreError> {
    let Some(taken) = app.request_log().take() else { return Ok(()) };
    let written = app.store().cancel_on_disconnect(store_all(app, &taken)).await;
    if written.is_err() {
        app.metrics().requests_not_logged(app.request_log().put_back(taken));
    }
    written
}

async fn store_all(app: &App, taken: &Unwritten) -> Result<(), StoreError> {
    let counts = taken.counts();
    let mut tx = app.store().write().await?;
    tx.log_requests(taken.failed()).await?;
    tx.count_requests(&counts).await?;
    tx.commit().await
}

/// Deletes entries at the end of their retention period. Returns less than [`BATCH`] if none are
/// left.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_old(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store().write().await?;
    let deleted = tx.forget_requests(app.trusted_time().now() - app.config().retention.request_log, BATCH).await?;
    tx.commit().await?;
    Ok(deleted)
}
