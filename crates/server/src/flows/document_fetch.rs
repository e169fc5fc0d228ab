//! Fetches documents from the addresses that partners have pushed.

use std::time::Duration;

use credential::MOST_BYTES;
use futures::{StreamExt as _, stream};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::documents::{UploadError, Written, label};
use ambient::{Backoff, Timestamp};
use store::StoreError;
use store::domain::asset::{Asset, AssetState, Failure};
use store::domain::submission::{Sealed, State};

/// How many documents are fetched at once.
const CONCURRENCY: usize = 8;
/// How many are taken in one transaction.
const BATCH: i64 = 32;
/// How many rounds of [`CONCURRENCY`] a batch takes, and one more.
const ROUNDS: u32 = 5;
/// Attempts to fetch a document from an unreachable address, in about half an hour.
const MAX_ATTEMPTS: i64 = 7;
const RETRIES: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(960) };

/// Fetches the documents that are due; returns how many were taken.
///
/// # Errors
/// The store cannot be used; what was taken is due again later.
pub async fn fetch_due(app: &App) -> Result<usize, StoreError> {
    let now = app.now();
    // Longer than all of them take at the slowest, so that no other node takes one meanwhile.
    let lease = ROUNDS * app.config().outbound.timeout + Duration::from_secs(60);
    // Mostly nothing is due: then no write transaction is begun, which others would wait for.
    if app.store().read().await?.count_assets_to_fetch(now).await? == 0 {
        return Ok(0);
    }
    let mut tx = app.store().write().await?;
    let due = tx.take_assets_to_fetch(now, now + lease, BATCH).await?;
    tx.commit().await?;
    let count = due.len();
    let fetches = stream::iter(due).map(|(asset, attempts)| fetch(app, asset, attempts));
    let mut outcomes = fetches.buffer_unordered(CONCURRENCY);
    while let Some(outcome) = outcomes.next().await {
        // A failed one is due again later, and does not hold up the others.
        if let Err(error) = outcome {
            tracing::warn!(%error, "a document could not be worked on");
        }
    }
    Ok(count)
}

async fn fetch(app: &App, asset: Asset, attempts: i64) -> Result<(), StoreError> {
    let submission = app.store().read().await?.linked_submission(asset.submission_id, app.now()).await?;
    let Some(submission) = submission else { return Ok(()) };
    // Once the person has answered, nothing is added to what they saw.
    let State::Incomplete { sealed, .. } = &submission.state else { return Ok(()) };
    let period = sealed.period;
    let state = match written(app, &asset, period, submission.partner_id).await {
        Ok(written) => app.documents().stored(asset.id, period, written).await?,
        Err(UploadError::Store(error)) => return Err(error),
        Err(UploadError::Interrupted(Failure::Unreachable)) if attempts < MAX_ATTEMPTS => {
            let mut tx = app.store().write().await?;
            tx.put_off_asset(asset.id, app.now() + RETRIES.wait(attempts)).await?;
            return tx.commit().await;
        }
        Err(UploadError::Interrupted(failure)) => Some(AssetState::Failed(failure)),
        Err(UploadError::TooLarge) => Some(AssetState::Failed(Failure::TooLarge)),
        Err(UploadError::Refused(_)) => Some(AssetState::Failed(Failure::ContentRefused)),
    };
    let Some(state) = state else { return Ok(()) };
    let mut tx = app.store().write().await?;
    if tx.change_asset(asset.id, &state, app.now()).await? {
        tx.commit().await?;
        app.metrics().documents(if matches!(state, AssetState::Stored(_)) { "fetched" } else { "failed" });
    } else if let AssetState::Stored(object) = &state {
        drop(tx);
        app.documents().discard(object.name).await;
    }
    Ok(())
}

async fn written(app: &App, asset: &Asset, period: Timestamp, partner: Uuid) -> Result<Written, UploadError> {
    let refused = || UploadError::Interrupted(Failure::AddressRefused);
    let AssetState::Fetching { sealed } = &asset.state else { return Err(refused()) };
    let sealed = Sealed { period, bytes: sealed.clone() };
    let address = app.keyring().open_sealed(&sealed, &label(&asset.id)).await?;
    let address = address.and_then(|bytes| Url::parse(std::str::from_utf8(&bytes).ok()?).ok()).ok_or_else(refused)?;
    // The operator may have changed the list since the push.
    let partner = app.store().read().await?.partner(partner).await?;
    let allowed = partner.is_some_and(|partner| {
        partner.is_active() && address.host_str().is_some_and(|host| partner.may_fetch_from(host))
    });
    if !allowed {
        return Err(refused());
    }
    let limit = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let source = app.documents().outbound.fetch(&address, limit).await.map_err(UploadError::Interrupted)?;
    app.documents().take_in(asset.kind, source).await
}
