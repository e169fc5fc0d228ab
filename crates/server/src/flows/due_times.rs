//! Makes background work due that a wrong clock has postponed.
//!
//! Leases and backoffs follow the clock, so that work is done while it is ahead. Once it is back,
//! they end hours or days later, when the link in a mail or the document of a request has expired.

use crate::app::App;
use store::StoreError;

/// Makes work due that is postponed for longer than any lease or backoff.
///
/// # Errors
/// The store cannot be used.
pub async fn recall(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    // Usually there is none. Checking first avoids a write transaction that others would wait for.
    if !app.store().read().await?.has_distant_due_times(now).await? {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    let recalled = tx.recall_due_times(now).await?;
    tx.commit().await?;
    tracing::warn!(recalled, "work was postponed by a clock that was ahead; it is due now");
    app.outbox().wake();
    app.documents().to_fetch.notify_one();
    app.deliveries_due().notify_one();
    Ok(())
}
