//! Deletes documents: those of wallets that were never claimed, and objects that no row names.

use crate::app::App;
use ambient::Timestamp;
use store::StoreError;

/// How many rows one transaction changes.
const BATCH: i64 = 500;

/// Deletes the documents of accepted credentials whose wallets were not kept in time.
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
/// The store or the object store cannot be used; the next run goes on.
pub async fn delete_dropped_objects(app: &App) -> Result<(), StoreError> {
    loop {
        let dropped = app.store().read().await?.dropped_objects(BATCH).await?;
        let mut deleted = Vec::with_capacity(dropped.len());
        for object in dropped {
            match app.documents().objects.delete(object).await {
                Ok(()) => deleted.push(object),
                Err(error) => tracing::warn!(%error, "an object could not be deleted; it is tried again"),
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

/// Deletes objects that were made from `since` on, are older than any upload may be, and have no row: what a server
/// that was killed left between writing the object and its row. Returns how many.
///
/// # Errors
/// The store or the object store cannot be used.
pub async fn delete_orphans(app: &App, since: Timestamp) -> Result<usize, StoreError> {
    let before = app.trusted_time().now() - app.config().objects.orphan_age;
    let mut deleted = app.documents().objects.delete_unfinished(before).await?;
    for name in app.documents().objects.made_between(since, before).await? {
        if !app.store().read().await?.is_object_known(name).await? {
            app.documents().objects.delete(name).await?;
            app.metrics().documents("orphaned");
            deleted += 1;
        }
    }
    if deleted > 0 {
        tracing::info!(deleted, "orphaned objects deleted");
    }
    Ok(deleted)
}
