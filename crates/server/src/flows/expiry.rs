//! Expiry of requests without a decision in time: submissions (48 hours) and verification requests.
//! Their partners are notified.

use crate::app::App;
use crate::flows::{BATCH, verification_request};
use store::StoreError;

/// Expires due submissions and records the events. Returns their number, at most [`BATCH`].
///
/// # Errors
/// The store cannot be used.
pub async fn expire_submissions(app: &App) -> Result<u64, StoreError> {
    let now = app.trusted_time().now();
    if !app.store().read().await?.is_anything_over(now).await? {
        return Ok(0);
    }
    let mut tx = app.store().write().await?;
    let expired = tx.expire_submissions(now, BATCH).await?;
    tx.commit().await?;
    let count = expired.len() as u64;
    app.metrics().submissions("expired", count);
    app.deliveries_due().notify_one();
    Ok(count)
}

/// Expires due verification requests and records the events. Returns their number, at most
/// [`BATCH`].
///
/// # Errors
/// The store cannot be used.
pub async fn expire_verifications(app: &App) -> Result<u64, StoreError> {
    let now = app.trusted_time().now();
    let due = app.store().read().await?.count_due_verifications(now).await?;
    if due == 0 {
        return Ok(0);
    }
    let mut tx = app.store().write().await?;
    let expired = tx.expire_verifications(now, BATCH).await?;
    verification_request::announce(&mut tx, &expired, now).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    let count = expired.len() as u64;
    app.metrics().verifications("expired", count);
    Ok(count)
}
