//! Retention, the cleanup of the database: destroys the keys of submissions that have ended, and
//! deletes every row at the end of its retention period.
//!
//! The data of a submission that was not accepted is deleted after 48 hours
//! (`retention.incomplete`).
//!
//! Each function is one step of [`jobs::run_retention`](crate::jobs::run_retention), except
//! [`delete_full_rate_limits`], which only nodes on PostgreSQL need.

use std::time::Duration;

use crate::app::App;
use crate::flows::BATCH;
use ambient::Timestamp;
use store::domain::presentation::REMEMBERED;
use store::{StoreError, day};

/// Number of future epochs whose partitions exist. Pushes then find theirs even after the job did
/// not run for an hour.
const PARTITIONS_AHEAD: u32 = 3;

/// How long an issuance is kept after its end, so that its offer's page can still show how it
/// ended.
const ISSUANCE_KEPT: Duration = Duration::from_secs(3600);

/// How long a status list is kept after its last credential has expired. Must exceed any clock
/// error.
const STATUS_LIST_KEPT: Duration = Duration::from_secs(86_400);

/// How many days sent warnings are recorded. Must exceed the remaining lifetime of a warned item.
const WARNING_KEPT_DAYS: i64 = 3;

/// Creates and rotates signing keys that are due.
///
/// # Errors
/// The key ring cannot be used.
pub async fn refresh_signing_keys(app: &App) -> Result<(), StoreError> {
    app.tokens().refresh_keys(app.trusted_time().now()).await?;
    app.issuer_keys().refresh(app.trusted_time().now()).await
}

/// Returns the first epoch that has not ended, if each submission has `lifetime`. An epoch ends
/// with its last submission, which may be pushed just before the next epoch begins.
fn first_living(app: &App, lifetime: Duration) -> Timestamp {
    (app.trusted_time().now() - lifetime).floor(app.config().retention.epoch_length())
}

/// Returns the epochs before `first` with submissions that are still pending, because the lifetime
/// setting was longer when they were pushed.
async fn promised(app: &App, first: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    // The query scans all pending submissions. It runs only while a key is due for destruction,
    // once per epoch.
    if !app.keyring().has_before(first).await? {
        return Ok(Vec::new());
    }
    app.store().acquire().await?.waiting_periods(first, app.trusted_time().now()).await
}

/// Destroys the epoch keys whose submissions have all ended. Data encrypted with them can no longer
/// be decrypted, in backups either.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn destroy_epoch_keys(app: &App) -> Result<(), StoreError> {
    let first = first_living(app, app.config().retention.epoch_key_lifetime());
    let destroyed = app.keyring().destroy_before(first, &promised(app, first).await?).await?;
    if destroyed > 0 {
        app.metrics().destroyed_keys(destroyed);
        tracing::info!(destroyed, "destroyed epoch keys");
    }
    Ok(())
}

/// Erases the bytes of destroyed keys from the files of the key ring.
///
/// # Errors
/// The key ring cannot be used.
pub async fn erase_destroyed_keys(app: &App) -> Result<(), StoreError> {
    if !app.keyring().erase_destroyed().await? {
        tracing::debug!("destroyed keys could not be erased from the files yet; it will be retried");
    }
    Ok(())
}

/// Deletes rows of small tables in one transaction: sign-ins, sessions, ceremonies, stored
/// responses, warnings, shares, presentations and verification requests.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_short_lived(app: &App) -> Result<(), StoreError> {
    let (now, retention) = (app.trusted_time().now(), &app.config().retention);
    let mut tx = app.store().write().await?;
    tx.end_verification_results(now - retention.epoch_key_lifetime()).await?;
    tx.forget_sign_ins(now).await?;
    tx.forget_sessions(now).await?;
    tx.forget_console_sessions(now).await?;
    tx.forget_ceremonies(now).await?;
    tx.forget_answers(now - retention.idempotency).await?;
    tx.forget_warnings(day(now) - WARNING_KEPT_DAYS, now).await?;
    tx.end_shares(now).await?;
    tx.forget_shares(now - retention.status, BATCH).await?;
    tx.forget_presentations(now - REMEMBERED, BATCH).await?;
    tx.forget_verifications(now - retention.status, BATCH).await?;
    tx.commit().await
}

/// Deletes submissions at the end of their status's retention period. Returns their number, at most
/// [`BATCH`].
///
/// # Errors
/// The store cannot be used.
pub async fn delete_submissions(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store().write().await?;
    let deleted = tx.forget_submissions(app.trusted_time().now() - app.config().retention.status, BATCH).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// On PostgreSQL, creates the partitions of future epochs. Each has its own transaction, since it
/// may have to wait for a lock.
///
/// # Errors
/// The store cannot be used.
pub async fn add_partitions(app: &App) -> Result<(), StoreError> {
    let (now, period) = (app.now(), app.config().retention.epoch_length());
    let mut outcome = Ok(());
    for ahead in 1..=PARTITIONS_AHEAD {
        let add = async {
            let mut tx = app.store().write().await?;
            tx.add_payload_partition((now + period * ahead).floor(period), period).await?;
            tx.commit().await
        };
        outcome = outcome.and(add.await);
    }
    outcome
}

/// On PostgreSQL, drops the payloads of epochs whose submissions have all ended.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn drop_payloads(app: &App) -> Result<(), StoreError> {
    let first = first_living(app, app.config().retention.incomplete);
    let first = promised(app, first).await?.first().copied().unwrap_or(first);
    loop {
        let mut tx = app.store().write().await?;
        let is_done = tx.drop_payloads(first, BATCH).await?;
        tx.commit().await?;
        if is_done {
            return Ok(());
        }
    }
}

/// Deletes status lists whose credentials have all expired.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_status_lists(app: &App) -> Result<(), StoreError> {
    let now = app.trusted_time().now();
    loop {
        let mut tx = app.store().write().await?;
        let deleted = tx.drop_status_lists(now - STATUS_LIST_KEPT, now, BATCH).await?;
        tx.commit().await?;
        if deleted == 0 {
            return Ok(());
        }
    }
}

/// Deletes issuances to wallets that have ended.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_issuances(app: &App) -> Result<(), StoreError> {
    let now = app.trusted_time().now();
    loop {
        let mut tx = app.store().write().await?;
        let deleted = tx.forget_issuances(now - ISSUANCE_KEPT, now, BATCH).await?;
        tx.commit().await?;
        if deleted < BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}

/// Deletes rate limit buckets that are full again.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_full_rate_limits(app: &App) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.forget_allowances(app.now()).await?;
    tx.commit().await
}
