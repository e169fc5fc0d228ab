//! The request log of partners: stores what was collected in memory, shows it to its partner, and
//! deletes old entries.

use uuid::Uuid;

use crate::app::App;
use crate::flows::BATCH;
use crate::request_log::Unwritten;
use ambient::Timestamp;
use store::{LoggedRequest, Page, RequestFilter, RequestTotal, StoreError};

/// A page of a partner's request log.
#[derive(Clone, Debug)]
pub struct RequestLogPage {
    pub failed: Page<LoggedRequest>,
    /// Counts of all requests.
    pub totals: Vec<RequestTotal>,
}

/// Returns a page of `partner`'s failed requests, newest first: at most `limit` that match `filter`
/// and are older than the request `before`. Also counts all their requests of a period.
///
/// # Errors
/// The store cannot be used.
pub async fn page(
    app: &App,
    partner: Uuid,
    filter: &RequestFilter,
    (before, limit): (Option<Uuid>, usize),
    (from, to): (Timestamp, Timestamp),
) -> Result<RequestLogPage, StoreError> {
    let mut tx = app.store().read().await?;
    let failed = tx.failed_requests(partner, filter, before, limit).await?;
    let totals = tx.request_totals(partner, from, to).await?;
    Ok(RequestLogPage { failed, totals })
}

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
