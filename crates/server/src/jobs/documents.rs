//! Documents without a request: fetched from their addresses, deleted when their time is over, swept when nothing
//! knows them.

use std::time::Duration;

use credential::MOST_BYTES;
use futures::{StreamExt as _, stream};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::documents::{self, NotTaken, Written};
use ambient::{Backoff, Timestamp};
use store::StoreError;
use store::domain::asset::{Asset, AssetState, Failure};
use store::domain::submission::{Sealed, State};

/// How many documents are fetched at once.
const AT_ONCE: usize = 8;
/// How many are taken in one transaction.
const BATCH: i64 = 32;
/// How many turns a batch takes, one more than it should.
const TURNS: u32 = 5;
/// Attempts to fetch a document from an unreachable address, in about half an hour.
const MAX_ATTEMPTS: i64 = 7;
const RETRIES: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(960) };
/// How many rows one transaction ends.
const ROWS: i64 = 500;

/// Fetches the documents that are due; returns how many were taken.
///
/// # Errors
/// The store cannot be used; what was taken is due again later.
pub async fn fetch_due(app: &App) -> Result<usize, StoreError> {
    let now = app.now();
    // Longer than all of them take at the slowest, so that no other node takes one meanwhile.
    let again = now + TURNS * app.config().outbound.timeout + Duration::from_secs(60);
    // Mostly there is nothing, and then nobody who writes is kept waiting.
    if app.store().read().await?.count_assets_to_fetch(now).await? == 0 {
        return Ok(0);
    }
    let mut tx = app.store().write().await?;
    let due = tx.take_assets_to_fetch(now, again, BATCH).await?;
    tx.commit().await?;
    let count = due.len();
    let mut outcomes = stream::iter(due).map(|(asset, tries)| fetch(app, asset, tries)).buffer_unordered(AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        // One that cannot be worked on is due again later, and keeps nobody else waiting.
        if let Err(error) = outcome {
            tracing::warn!(%error, "a document could not be worked on");
        }
    }
    Ok(count)
}

async fn fetch(app: &App, asset: Asset, tries: i64) -> Result<(), StoreError> {
    let submission = app.store().read().await?.linked_submission(asset.submission_id, app.now()).await?;
    let Some(submission) = submission else { return Ok(()) };
    // Once the person has answered, nothing is added to what they saw.
    let State::Incomplete { sealed, .. } = &submission.state else { return Ok(()) };
    let period = sealed.period;
    let state = match written(app, &asset, period, submission.partner_id).await {
        Ok(written) => documents::stored(app, asset.id, period, written).await?,
        Err(NotTaken::Store(error)) => return Err(error),
        Err(NotTaken::Interrupted(Failure::Unreachable)) if tries < MAX_ATTEMPTS => {
            let mut tx = app.store().write().await?;
            tx.put_off_asset(asset.id, app.now() + RETRIES.wait(tries)).await?;
            return tx.commit().await;
        }
        Err(NotTaken::Interrupted(failure)) => Some(AssetState::Failed(failure)),
        Err(NotTaken::TooLarge) => Some(AssetState::Failed(Failure::TooLarge)),
        Err(NotTaken::Refused(_)) => Some(AssetState::Failed(Failure::ContentRefused)),
    };
    let Some(state) = state else { return Ok(()) };
    let mut tx = app.store().write().await?;
    if tx.change_asset(asset.id, &state, app.now()).await? {
        tx.commit().await?;
        app.metrics().documents(if matches!(state, AssetState::Stored(_)) { "fetched" } else { "failed" });
    } else if let AssetState::Stored(object) = &state {
        drop(tx);
        documents::discard(app, object.name).await;
    }
    Ok(())
}

async fn written(app: &App, asset: &Asset, period: Timestamp, partner: Uuid) -> Result<Written, NotTaken> {
    let refused = || NotTaken::Interrupted(Failure::AddressRefused);
    let AssetState::Fetching { sealed } = &asset.state else { return Err(refused()) };
    let sealed = Sealed { period, bytes: sealed.clone() };
    let address = app.keyring().open_sealed(&sealed, &documents::label(&asset.id)).await?;
    let address = address.and_then(|bytes| Url::parse(std::str::from_utf8(&bytes).ok()?).ok()).ok_or_else(refused)?;
    let partner = app.store().read().await?.partner(partner).await?;
    let allowed = partner.is_some_and(|partner| {
        partner.is_active() && address.host_str().is_some_and(|host| partner.may_fetch_from(host))
    });
    if !allowed {
        return Err(refused());
    }
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let source = app.documents().outbound.fetch(&address, most).await.map_err(NotTaken::Interrupted)?;
    documents::take_in(app, asset.kind, source).await
}

/// Deletes the documents of accepted credentials whose wallets were not kept in time.
///
/// # Errors
/// The store cannot be used.
pub async fn end_waits_for_keeping(app: &App) -> Result<(), StoreError> {
    loop {
        let mut tx = app.store().write().await?;
        let (ended, deleted) = tx.end_waits_for_keeping(app.now(), ROWS).await?;
        tx.commit().await?;
        for _ in 0..deleted {
            app.metrics().documents("deleted");
        }
        if ended < ROWS.unsigned_abs() {
            return Ok(());
        }
    }
}

/// Deletes the objects that nothing names any more.
///
/// # Errors
/// The store or the object store cannot be used; the next run goes on.
pub async fn delete_dropped_objects(app: &App) -> Result<(), StoreError> {
    loop {
        let dropped = app.store().read().await?.dropped_objects(ROWS).await?;
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

/// Deletes objects that were made from `since` on, are older than any upload may be, and are known to nobody: what a
/// server that was killed left between the object and its row. Returns how many.
///
/// # Errors
/// The store or the object store cannot be used.
pub async fn delete_orphans(app: &App, since: Timestamp) -> Result<usize, StoreError> {
    let before = app.now() - app.config().objects.orphan_age;
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
