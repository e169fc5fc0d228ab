//! One attempt to fetch a document from the address that its partner has pushed.

use std::time::Duration;

use credential::MAX_BYTES;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::documents::{UploadError, Written, label};
use ambient::{Backoff, Timestamp};
use store::StoreError;
use store::domain::asset::{Asset, AssetState, Failure};
use store::domain::submission::{Sealed, SubmissionState};

/// Timeout of the first attempts. A host that takes longer to respond or fail counts as silent.
const QUICK_TIMEOUT: Duration = Duration::from_secs(5);
/// Number of attempts with [`QUICK_TIMEOUT`]. Later ones have the whole timeout of a fetch, since
/// some hosts take long to make a document.
const QUICK_ATTEMPTS: i64 = 2;
/// Number of attempts to fetch a document from an unreachable address. With the backoff they span
/// about half an hour.
const MAX_ATTEMPTS: i64 = 7;
const RETRIES: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(960) };

/// A document that was claimed for fetching.
#[derive(Debug)]
pub(super) struct Fetch {
    pub asset: Asset,
    pub partner: Uuid,
    attempts: i64,
    /// The epoch of the key that its submission is encrypted with.
    period: Timestamp,
    /// Its address; `None` if the address cannot be decrypted.
    pub address: Option<Url>,
}

/// Decrypts a document's address. Returns `None` once the holder has decided: nothing is added to
/// the credential that they saw.
pub(super) async fn prepare(
    app: &App,
    (asset, partner, attempts): (Asset, Uuid, i64),
) -> Result<Option<Fetch>, StoreError> {
    let now = app.trusted_time().now();
    let submission = app.store().read().await?.linked_submission(asset.submission_id, now).await?;
    let Some(SubmissionState::Incomplete { sealed, .. }) = submission.map(|submission| submission.state) else {
        return Ok(None);
    };
    let AssetState::Fetching { sealed: bytes, .. } = &asset.state else { return Ok(None) };
    let (period, bytes) = (sealed.period, bytes.clone());
    let address = app.keyring().open_sealed(&Sealed { period, bytes }, &label(&asset.id)).await?;
    let address = address.and_then(|bytes| Url::parse(std::str::from_utf8(&bytes).ok()?).ok());
    Ok(Some(Fetch { asset, partner, attempts, period, address }))
}

/// Fetches a document. Returns whether its host has responded.
pub(super) async fn run(app: App, fetch: Fetch) -> Result<bool, StoreError> {
    let began = Instant::now();
    let written = written(&app, &fetch).await;
    let silence = QUICK_TIMEOUT.min(app.config().outbound.timeout);
    let state = match written {
        Ok(written) => app.documents().stored(fetch.asset.id, fetch.period, written).await?,
        Err(UploadError::Store(error)) => return Err(error),
        Err(UploadError::Interrupted(Failure::Unreachable)) => {
            let has_responded = began.elapsed() < silence;
            unreachable(&app, &fetch).await?;
            return Ok(has_responded);
        }
        Err(UploadError::Interrupted(failure)) => Some(AssetState::Failed(failure)),
        Err(UploadError::TooLarge) => Some(AssetState::Failed(Failure::TooLarge)),
        Err(UploadError::Refused(_)) => Some(AssetState::Failed(Failure::ContentRefused)),
    };
    if let Some(state) = state {
        change(&app, &fetch, state).await?;
    }
    Ok(true)
}

/// Ends an attempt that could not reach the host: there is another one later, or it was the last.
async fn unreachable(app: &App, fetch: &Fetch) -> Result<(), StoreError> {
    if fetch.attempts >= MAX_ATTEMPTS {
        return change(app, fetch, AssetState::Failed(Failure::Unreachable)).await;
    }
    let mut tx = app.store().write().await?;
    tx.put_off_asset(fetch.asset.id, app.now() + RETRIES.wait(fetch.attempts)).await?;
    tx.commit().await
}

async fn change(app: &App, fetch: &Fetch, state: AssetState) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    if tx.change_asset(fetch.asset.id, &state, app.trusted_time().now()).await? {
        tx.commit().await?;
        app.metrics().documents(if matches!(state, AssetState::Stored(_)) { "fetched" } else { "failed" });
    } else if let AssetState::Stored(object) = &state {
        drop(tx);
        app.documents().discard(object.name).await;
    }
    Ok(())
}

async fn written(app: &App, fetch: &Fetch) -> Result<Written, UploadError> {
    let refused = || UploadError::Interrupted(Failure::AddressRefused);
    let address = fetch.address.as_ref().ok_or_else(refused)?;
    // The operator may have changed the list of allowed hosts since the push.
    let partner = app.store().read().await?.partner(fetch.partner).await?;
    let allowed = partner.is_some_and(|partner| {
        partner.is_active() && address.host_str().is_some_and(|host| partner.may_fetch_from(host))
    });
    if !allowed {
        return Err(refused());
    }
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let timeout = app.config().outbound.timeout;
    let timeout = if fetch.attempts <= QUICK_ATTEMPTS { QUICK_TIMEOUT.min(timeout) } else { timeout };
    let fetched = tokio::time::timeout(timeout, app.documents().outbound.fetch(address, limit)).await;
    let fetched = fetched.unwrap_or(Err(Failure::Unreachable));
    let source = fetched.map_err(UploadError::Interrupted)?;
    app.documents().take_in(fetch.partner, fetch.asset.kind, source).await
}
