//! Runs the steps of retention ([`crate::flows::retention`]) in order.

use crate::app::App;
use crate::flows::{
    BATCH, document_sweep, due_times, end_warning, expiry, listeners, request_log, retention, sandbox_sign_up,
    webhook_delivery,
};
use store::StoreError;

/// Expires and deletes everything that is due. A failed step does not prevent the others from
/// running; the next run retries it.
///
/// # Errors
/// A step failed: the store or the key ring could not be used.
pub async fn run_retention(app: &App) -> Result<(), StoreError> {
    app.limits().forget_idle();
    let mut outcome = Ok(());
    let mut done = |step: &'static str, result: Result<(), StoreError>| {
        if let Err(error) = result {
            tracing::warn!(step, %error, "a step of retention failed; it will be retried");
            outcome = Err(error);
        }
    };
    app.metrics().clock_ahead(app.trusted_time().observe().await?);
    done("clock", app.trusted_time().record().await);
    done("due times", due_times::recall(app).await);
    // Keys come first: a node must always be able to sign, and must not keep keys that are due for
    // destruction.
    done("signing keys", retention::refresh_signing_keys(app).await);
    done("epoch keys", retention::destroy_epoch_keys(app).await);
    done("destroyed keys", retention::erase_destroyed_keys(app).await);
    // Warnings are sent before anything expires.
    done("warnings", end_warning::send(app).await);
    done("submissions", in_batches(app, || expiry::expire_submissions(app)).await);
    done("verifications", in_batches(app, || expiry::expire_verifications(app)).await);
    done("partitions", retention::add_partitions(app).await);
    done("payloads", retention::drop_payloads(app).await);
    done("short-lived rows", retention::delete_short_lived(app).await);
    done("statuses", in_batches(app, || retention::delete_submissions(app)).await);
    done("deliveries", webhook_delivery::expire(app, BATCH).await);
    done("listeners", listeners::delete_ended(app).await);
    done("request log", in_batches(app, || request_log::delete_old(app)).await);
    done("status lists", retention::delete_status_lists(app).await);
    done("issuances", retention::delete_issuances(app).await);
    done("unused sandboxes", sandbox_sign_up::disable_unused(app).await);
    done("documents", document_sweep::delete_unclaimed(app).await);
    done("objects", document_sweep::delete_dropped_objects(app).await);
    outcome
}

/// Runs `batch` until it returns less than a full batch.
///
/// Pushes wait while a batch runs. The pause between batches is three times as long as the last
/// batch took.
async fn in_batches<F>(app: &App, batch: impl Fn() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    loop {
        let taken = app.clock().stopwatch();
        if batch().await? < BATCH.unsigned_abs() {
            return Ok(());
        }
        tokio::time::sleep(taken.elapsed() * 3).await;
    }
}
