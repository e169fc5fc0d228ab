//! Ends what is over: submissions nobody accepted, the keys that sealed them, codes, sessions, stored answers.

use std::time::Duration;

use crate::app::App;
use crate::flows::document_sweep;
use crate::flows::expiry::{self, BATCH};
use ambient::Timestamp;
use store::StoreError;
use store::domain::presentation::REMEMBERED;

/// How many periods ahead have their partition: a server that was away for an hour finds one all the same.
const AHEAD: u32 = 3;

/// Ends everything whose time is over. A step that fails keeps no other from being taken, and is taken again in the next run.
///
/// # Errors
/// A step failed: the store or the key ring could not be used.
pub async fn end_what_is_over(app: &App) -> Result<(), StoreError> {
    app.limits().forget_idle();
    let mut outcome = Ok(());
    let mut done = |step: &'static str, result: Result<(), StoreError>| {
        if let Err(error) = result {
            tracing::warn!(step, %error, "a step of retention failed; it is tried again");
            outcome = Err(error);
        }
    };
    // What nothing may keep a node from comes first: keys that sign, and keys that must not be there any more.
    done("signing keys", refresh_keys(app).await);
    done("ring keys", destroy_keys(app).await);
    done("submissions", in_batches(app, || expiry::expire_submissions(app)).await);
    done("verifications", in_batches(app, || expiry::expire_verifications(app)).await);
    done("partitions", add_partitions(app).await);
    done("payloads", drop_payloads(app).await);
    done("short lives", forget_short_lives(app).await);
    done("statuses", in_batches(app, || forget_submissions(app)).await);
    done("deliveries", super::webhooks::end_deliveries(app, BATCH).await);
    done("status lists", drop_status_lists(app).await);
    done("issuances", forget_issuances(app).await);
    done("documents", document_sweep::delete_unclaimed(app).await);
    done("objects", document_sweep::delete_dropped_objects(app).await);
    outcome
}

async fn refresh_keys(app: &App) -> Result<(), StoreError> {
    app.tokens().refresh_keys(app.keyring(), app.rng(), app.now()).await?;
    app.issuer_keys().refresh(app.keyring(), app.rng(), app.now()).await
}

/// The first period that is not over, where each submission has `lifetime`: a period's last one comes just before the next
/// begins.
fn first_living(app: &App, lifetime: Duration) -> Timestamp {
    (app.now() - lifetime).floor(app.config().retention.ring_period())
}

/// The periods before `first` in which something was pushed that was promised more time, and still has it: the setting was
/// longer then.
async fn promised(app: &App, first: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    // Everything that waits is looked through for it; so only where a key is due, which is once a period, and more often for
    // as long as one is kept for what was promised.
    if !app.keyring().has_before(first).await? {
        return Ok(Vec::new());
    }
    app.store().glance().await?.waiting_periods(first, app.now()).await
}

/// What a copy of the data still holds can be opened by nobody then.
async fn destroy_keys(app: &App) -> Result<(), StoreError> {
    let first = first_living(app, app.config().retention.ring_key_lifetime());
    let destroyed = app.keyring().destroy_before(first, &promised(app, first).await?).await?;
    if destroyed > 0 {
        app.metrics().destroyed_keys(destroyed);
        tracing::info!(destroyed, "ring keys destroyed");
    }
    Ok(())
}

/// Forgets what few have and nobody misses: each in one go.
async fn forget_short_lives(app: &App) -> Result<(), StoreError> {
    let (now, retention) = (app.now(), &app.config().retention);
    let mut tx = app.store().write().await?;
    tx.end_verification_results(now - retention.ring_key_lifetime()).await?;
    tx.forget_sign_ins(now).await?;
    tx.forget_sessions(now).await?;
    tx.forget_console_sessions(now).await?;
    tx.forget_ceremonies(now).await?;
    tx.forget_answers(now - retention.idempotency).await?;
    tx.end_shares(now).await?;
    tx.forget_shares(now - retention.status, BATCH).await?;
    tx.forget_presentations(now - REMEMBERED, BATCH).await?;
    tx.forget_verifications(now - retention.status, BATCH).await?;
    tx.commit().await
}

/// Works on one batch after the other until one is not full. Pushes wait behind a batch; so that they seldom do, the database
/// rests in between for longer than it worked.
async fn in_batches<F>(app: &App, batch: impl Fn() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    loop {
        let begun = app.now();
        if batch().await? < BATCH.unsigned_abs() {
            return Ok(());
        }
        tokio::time::sleep(app.now().since(begun) * 3).await;
    }
}

async fn forget_submissions(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store().write().await?;
    let forgotten = tx.forget_submissions(app.now() - app.config().retention.status, BATCH).await?;
    tx.commit().await?;
    Ok(forgotten)
}

/// On PostgreSQL, makes room for the periods to come: each by itself, since one may have to wait.
async fn add_partitions(app: &App) -> Result<(), StoreError> {
    let (now, period) = (app.now(), app.config().retention.ring_period());
    let mut outcome = Ok(());
    for ahead in 1..=AHEAD {
        let add = async {
            let mut tx = app.store().write().await?;
            tx.add_payload_partition((now + period * ahead).floor(period), period).await?;
            tx.commit().await
        };
        outcome = outcome.and(add.await);
    }
    outcome
}

/// On PostgreSQL, lets go of what was pushed in periods whose last submission has had its time.
async fn drop_payloads(app: &App) -> Result<(), StoreError> {
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

/// Deletes status lists that nobody asks for any more: all of their credentials ended a day ago, which is more than
/// anybody's clock is wrong.
async fn drop_status_lists(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    loop {
        let mut tx = app.store().write().await?;
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
        let mut tx = app.store().write().await?;
        let gone = tx.forget_issuances(now - Duration::from_secs(3600), now, BATCH).await?;
        tx.commit().await?;
        if gone < BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}
