//! Deletes documents of wallets that were never claimed, and objects without a row.

use crate::app::App;
use crate::flows::BATCH;
use ambient::Timestamp;
use store::StoreError;

/// Deletes the documents of accepted credentials whose wallets were not claimed in time.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_unclaimed(app: &App) -> Result<(), StoreError> {
    loop {
        let mut tx = app.store().write().await?;
        let (ended, deleted) = tx.end_waits_for_keeping(app.trusted_time().now(), BATCH).await?;
        tx.commit().await?;
        for _ in 0..deleted {
            app.metrics().documents("deleted");
        }
        if ended < BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}

/// Deletes the objects whose rows were deleted.
///
/// # Errors
/// The store or the object store cannot be used. The next run continues.
pub async fn delete_dropped_objects(app: &App) -> Result<(), StoreError> {
    loop {
        let dropped = app.store().read().await?.dropped_objects(BATCH).await?;
        let mut deleted = Vec::with_capacity(dropped.len());
        for object in dropped {
            match app.documents().objects.delete(object).await {
                Ok(()) => deleted.push(object),
                Err(error) => tracing::warn!(%error, "deleting an object failed; it will be retried"),
            }
        }
        if deleted.is_empty() {
            return Ok(());
        }
        let mut tx = app.store().write().await?;
        for object in deleted {
            tx.forget_dropped_object(object).await?;
        }
        tx.commit().await?;
    }
}

/// Deletes objects without a row that were created at or after `since` and are older than any
/// running upload. A crash between writing the object and its row leaves such objects behind.
/// Returns their number.
///
/// # Errors
/// The store or the object store cannot be used.
pub async fn delete_orphans(app: &App, since: Timestamp) -> Result<usize, StoreError> {
    let before = app.trusted_time().now() - app.config().object_storage.orphan_age;
    let mut deleted = app.documents().objects.delete_unfinished(before).await?;
    for name in app.documents().objects.made_between(since, before).await? {
        if !app.store().read().await?.is_object_known(name).await? {
            app.documents().objects.delete(name).await?;
            app.metrics().documents("orphaned");
            deleted += 1;
        }
    }
    if deleted > 0 {
        tracing::info!(deleted, "deleted orphaned objects");
    }
    Ok(deleted)
}
