//! Ends what is over: submissions nobody accepted, the keys that sealed them, codes, sessions, stored answers.

use std::time::Duration;

use crate::app::App;
use crate::domain::presentation::REMEMBERED;
use crate::store::{AnnouncementKind, StoreError};
use crate::verification;

/// How many rows one transaction ends, so that pushes never wait long behind it.
const BATCH: i64 = 500;

/// Ends everything whose time is over.
///
/// # Errors
/// The store or the key ring cannot be used; the next run goes on.
pub async fn end_what_is_over(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    loop {
        let begun = app.now();
        if expire(app).await? < BATCH.unsigned_abs() {
            break;
        }
        // Pushes wait behind a batch; so that they seldom do, the database rests for longer than it worked.
        tokio::time::sleep(app.now().since(begun) * 3).await;
    }
    while expire_verifications(app).await? == BATCH.unsigned_abs() {}
    let retention = &app.config.retention;
    let mut tx = app.store.write().await?;
    tx.end_verification_results(now - retention.ring_key_lifetime()).await?;
    tx.commit().await?;
    drop_payloads(app).await?;
    // After the rows, the keys: what a copy of the data still holds can be opened by nobody.
    let destroyed = app.keyring.destroy_expired(now, retention.ring_key_lifetime()).await?;
    if destroyed > 0 {
        app.metrics.destroyed_keys(destroyed);
        tracing::info!(destroyed, "ring keys destroyed");
    }
    let mut tx = app.store.write().await?;
    tx.forget_sign_ins(now).await?;
    tx.forget_sessions(now).await?;
    tx.forget_console_sessions(now).await?;
    tx.forget_ceremonies(now).await?;
    tx.forget_answers(now - retention.idempotency).await?;
    tx.forget_submissions(now - retention.status, BATCH).await?;
    tx.end_shares(now).await?;
    tx.forget_shares(now - retention.status, BATCH).await?;
    tx.forget_presentations(now - REMEMBERED, BATCH).await?;
    tx.forget_verifications(now - retention.status, BATCH).await?;
    tx.commit().await?;
    super::webhooks::end_deliveries(app, BATCH).await?;
    drop_status_lists(app).await?;
    forget_issuances(app).await?;
    app.limits.forget_idle();
    app.tokens.refresh_keys(&app.keyring, &app.chance, now).await?;
    app.issuer_keys.refresh(&app.keyring, &app.chance, now).await?;
    super::end_waits_for_keeping(app).await?;
    super::delete_dropped_objects(app).await
}

/// On PostgreSQL, lets go of what was pushed in periods whose last submission has had its time, and makes room for the periods
/// to come.
async fn drop_payloads(app: &App) -> Result<(), StoreError> {
    let (now, retention) = (app.now(), &app.config.retention);
    let first = (now - retention.incomplete).floor(retention.ring_period());
    loop {
        let mut tx = app.store.write().await?;
        let is_done = tx.drop_payloads(first, BATCH).await?;
        if is_done {
            tx.add_payload_partitions(now, retention.ring_period()).await?;
        }
        tx.commit().await?;
        if is_done {
            return Ok(());
        }
    }
}

/// Deletes status lists that nobody asks for any more: all of their credentials ended a day ago, which is more than
/// anybody's clock is wrong.
async fn drop_status_lists(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    loop {
        let mut tx = app.store.write().await?;
        let gone = tx.drop_status_lists(now - Duration::from_secs(86_400), now, BATCH).await?;
        tx.commit().await?;
        if gone == 0 {
            return Ok(());
        }
    }
}

/// Forgets what wallets asked for and was over an hour ago: whoever looks at an offer's page still sees how it ended.
async fn forget_issuances(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    loop {
        let mut tx = app.store.write().await?;
        let gone = tx.forget_issuances(now - Duration::from_secs(3600), now, BATCH).await?;
        tx.commit().await?;
        if gone < BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}

/// Tells partners of submissions whose time is over; returns how many, at most a batch.
///
/// # Errors
/// The store cannot be used.
pub async fn expire(app: &App) -> Result<u64, StoreError> {
    let now = app.now();
    if !app.store.read().await?.is_anything_over(now).await? {
        return Ok(0);
    }
    let mut tx = app.store.write().await?;
    let expired = tx.expire_submissions(now, BATCH).await?;
    tx.commit().await?;
    let count = expired.len() as u64;
    app.metrics.submissions("expired", count);
    app.deliveries_due.notify_one();
    Ok(count)
}

/// Ends what partners asked and nobody answered in time, and tells them; returns how many, at most a batch.
///
/// # Errors
/// The store cannot be used.
pub async fn expire_verifications(app: &App) -> Result<u64, StoreError> {
    let now = app.now();
    let due = app.store.read().await?.count_due_verifications(now).await?;
    if due == 0 {
        return Ok(0);
    }
    let mut tx = app.store.write().await?;
    let expired = tx.expire_verifications(now, BATCH).await?;
    verification::announce(&mut tx, &expired, AnnouncementKind::RequestCanceled).await?;
    tx.commit().await?;
    app.deliveries_due.notify_one();
    let count = expired.len() as u64;
    app.metrics.verifications("expired", count);
    Ok(count)
}
