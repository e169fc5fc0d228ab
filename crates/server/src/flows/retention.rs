//! What ends with time: the keys that sealed pending submissions, and every row that has been kept long enough.
//!
//! Each function is one step of [`jobs::end_what_is_over`](crate::jobs::end_what_is_over), except
//! [`delete_full_rate_limits`], which only nodes on PostgreSQL need.

use std::time::Duration;

use crate::app::App;
use crate::flows::expiry::BATCH;
use ambient::Timestamp;
use store::domain::presentation::REMEMBERED;
use store::{StoreError, day};

/// How many periods ahead have their partition, so that pushes find one after an hour without the server.
const PARTITIONS_AHEAD: u32 = 3;

/// How long an issuance is kept after its end, so that the page of its offer can say how it ended.
const ISSUANCE_KEPT: Duration = Duration::from_secs(3600);

/// How long a status list is kept after its last credential has expired; longer than any clock is wrong.
const STATUS_LIST_KEPT: Duration = Duration::from_secs(86_400);

/// How many days it is noted of what a person was warned: longer than it lives on after the warning.
const WARNING_KEPT_DAYS: i64 = 3;

/// Creates and replaces signing keys that are due.
///
/// # Errors
/// The key ring cannot be used.
pub async fn refresh_signing_keys(app: &App) -> Result<(), StoreError> {
    app.tokens().refresh_keys(app.keyring(), app.rng(), app.trusted_time().now()).await?;
    app.issuer_keys().refresh(app.keyring(), app.rng(), app.trusted_time().now()).await
}

/// The first period that has not ended where each submission has `lifetime`: the last submission of a period comes just
/// before the next one begins.
fn first_living(app: &App, lifetime: Duration) -> Timestamp {
    (app.trusted_time().now() - lifetime).floor(app.config().retention.ring_period())
}

/// The periods before `first` with submissions that are still pending, because the setting was longer when they were
/// pushed.
async fn promised(app: &App, first: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    // The query scans all pending submissions, so it runs only while a key is due, which is once a period.
    if !app.keyring().has_before(first).await? {
        return Ok(Vec::new());
    }
    app.store().glance().await?.waiting_periods(first, app.trusted_time().now()).await
}

/// Destroys the epoch keys whose submissions have all ended. What they sealed cannot be opened any more, in backups either.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn destroy_epoch_keys(app: &App) -> Result<(), StoreError> {
    let first = first_living(app, app.config().retention.ring_key_lifetime());
    let destroyed = app.keyring().destroy_before(first, &promised(app, first).await?).await?;
    if destroyed > 0 {
        app.metrics().destroyed_keys(destroyed);
        tracing::info!(destroyed, "ring keys destroyed");
    }
    Ok(())
}

/// Erases the bytes of destroyed keys from the files of the key ring.
///
/// # Errors
/// The key ring cannot be used.
pub async fn erase_destroyed_keys(app: &App) -> Result<(), StoreError> {
    if !app.keyring().erase_destroyed().await? {
        tracing::debug!("destroyed keys could not be erased from the files yet; it is tried again");
    }
    Ok(())
}

/// Ends and deletes what there is little of, in one transaction: sign-ins, sessions, ceremonies, stored responses, warnings,
/// shares, presentations, verification requests.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_short_lived(app: &App) -> Result<(), StoreError> {
    let (now, retention) = (app.trusted_time().now(), &app.config().retention);
    let mut tx = app.store().write().await?;
    tx.end_verification_results(now - retention.ring_key_lifetime()).await?;
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

/// Deletes submissions whose status has been kept long enough; returns how many, at most [`BATCH`].
///
/// # Errors
/// The store cannot be used.
pub async fn delete_submissions(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store().write().await?;
    let deleted = tx.forget_submissions(app.trusted_time().now() - app.config().retention.status, BATCH).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// On PostgreSQL, creates the partitions of the periods to come: each in a transaction of its own, since one may have to
/// wait for a lock.
///
/// # Errors
/// The store cannot be used.
pub async fn add_partitions(app: &App) -> Result<(), StoreError> {
    let (now, period) = (app.now(), app.config().retention.ring_period());
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

/// On PostgreSQL, drops the payloads of periods whose submissions have all ended.
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

/// Deletes the rate limits that are full again.
///
/// # Errors
/// The store cannot be used.
pub async fn delete_full_rate_limits(app: &App) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.forget_allowances(app.now()).await?;
    tx.commit().await
}
