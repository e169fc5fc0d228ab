//! Fetches documents from the addresses that partners have pushed.
//!
//! A slot is refilled as soon as it is free, and each partner and host has a limited number of
//! slots. Hosts that do not respond delay only their own documents: a first attempt waits five
//! seconds for a response, hosts that were silent twice are tried last (D-239), and documents that
//! wait for a slow host are put aside for those of other hosts (D-392).
//!
//! Claims, leases and backoffs follow the clock, as the due times of new documents do. Whether a
//! document is still wanted follows the trusted time, so that a clock that jumps ends no fetch.

use std::collections::HashMap;
use std::time::Duration;

use credential::MAX_BYTES;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::documents::{UploadError, Written, label};
use crate::flows::silent_hosts::{PartnerHost, SilentHosts, Standing};
use ambient::{Backoff, Timestamp};
use store::StoreError;
use store::domain::asset::{Asset, AssetState, Failure};
use store::domain::submission::{Sealed, State};

/// Maximum number of concurrent fetches.
const PLACES: usize = 32;
/// Maximum number of concurrent fetches per partner.
const PER_PARTNER: usize = 4;
/// Maximum number of concurrent fetches per host.
const PER_HOST: usize = 2;
/// Maximum number of concurrent fetches from hosts that were silent.
const DOUBTFUL_PLACES: usize = PLACES / 2;
/// The same per partner, so that its other hosts have slots left.
const DOUBTFUL_PER_PARTNER: usize = PER_PARTNER / 2;
/// How long a fetch waits for the start of the response, and whether longer counts as silence.
const PATIENCE: Duration = Duration::from_secs(5);
/// Number of attempts with [`PATIENCE`]. Later ones wait for the whole timeout of a fetch, since
/// some hosts take long to make a document.
const IMPATIENT_ATTEMPTS: i64 = 2;
/// Maximum number of documents of a partner that are claimed at once.
const REFILL: usize = 2;
/// Number of attempts to fetch a document from an unreachable address. With the backoff they span
/// about half an hour.
const MAX_ATTEMPTS: i64 = 7;
const RETRIES: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(960) };
/// How long a document waits that was not attempted because its host was silent. Longer than such a
/// host rests.
const SKIPPED: Duration = Duration::from_secs(120);
/// Duration of a fetch after which its host is slow. Of documents that wait for a slow host, a few
/// stay claimed and the others are put aside: hosts are encrypted in the database, so a document of
/// another host is found only by claiming those before it.
const SLOW: Duration = Duration::from_secs(2);
/// Interval at which documents of a slow host that were put aside are due again, one by one. Bounds
/// how often they are claimed in vain, and is about as fast as such a host responds.
const ASIDE_INTERVAL: Duration = Duration::from_secs(1);

/// A document that was claimed for fetching.
#[derive(Debug)]
struct Fetch {
    asset: Asset,
    partner: Uuid,
    attempts: i64,
    /// The epoch of the key that its submission is encrypted with.
    period: Timestamp,
    /// Its address; `None` if the address cannot be decrypted.
    address: Option<Url>,
}

impl Fetch {
    fn host(&self) -> PartnerHost {
        (self.partner, self.address.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned())
    }
}

/// A fetch in progress.
#[derive(Debug)]
struct Busy {
    host: PartnerHost,
    is_doubtful: bool,
    began: Instant,
}

/// Fetches due documents.
#[derive(Debug)]
pub struct Fetcher {
    app: App,
    /// Claimed documents that wait for a slot at their host.
    waiting: Vec<Fetch>,
    /// Running fetches, each of which returns whether the host has responded.
    running: JoinSet<Result<bool, StoreError>>,
    busy: HashMap<Id, Busy>,
    silent: SilentHosts,
    /// When the last document that was put aside is due, for slow hosts.
    aside: HashMap<PartnerHost, Timestamp>,
}

impl Fetcher {
    /// Creates a fetcher for all due documents in the store.
    pub fn new(app: &App) -> Self {
        let (running, busy, silent) = (JoinSet::new(), HashMap::new(), SilentHosts::default());
        Self { app: app.clone(), waiting: Vec::new(), running, busy, silent, aside: HashMap::new() }
    }

    /// Returns whether no fetch is running.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits until a fetch has ended. Without a running fetch it waits forever.
    pub async fn fetch_ended(&mut self) {
        let (id, outcome) = match self.running.join_next_with_id().await {
            Some(Ok((id, outcome))) => (id, outcome.map_err(|error| error.to_string())),
            Some(Err(error)) => (error.id(), Err(error.to_string())),
            None => return std::future::pending().await,
        };
        let ended = self.busy.remove(&id);
        match (outcome, ended) {
            (Ok(has_responded), Some(Busy { host, .. })) => {
                self.silent.record(host, has_responded, self.app.trusted_time().now());
            }
            (Ok(_), None) => {}
            // A failed fetch is due again later, and does not delay the others.
            (Err(error), _) => tracing::warn!(error, "processing a document failed"),
        }
    }

    /// Claims due documents and starts fetches up to the limits. Returns how many documents were
    /// claimed.
    ///
    /// # Errors
    /// The store cannot be used. Claimed documents are due again when their leases expire.
    pub async fn step(&mut self) -> Result<usize, StoreError> {
        let app = self.app.clone();
        let taken = app.store().cancel_on_disconnect(self.take()).await?;
        let count = taken.len();
        self.waiting.extend(taken);
        let mut skipped = Vec::new();
        for fetch in std::mem::take(&mut self.waiting) {
            let host = fetch.host();
            let is_doubtful = match self.silent.standing(&host, app.trusted_time().now()) {
                Standing::Good if self.may_run(&host) => false,
                Standing::Good if self.is_slow(&host) && self.waiting_for(&host) >= PER_HOST => {
                    skipped.push((fetch.asset.id, self.put_aside(host)));
                    continue;
                }
                Standing::Good => {
                    self.waiting.push(fetch);
                    continue;
                }
                Standing::Doubtful if self.may_try(&host) => true,
                // Another attempt would most likely end as the last one did.
                Standing::Doubtful | Standing::Resting => {
                    skipped.push((fetch.asset.id, app.now() + SKIPPED));
                    continue;
                }
            };
            let running = self.running.spawn(run(app.clone(), fetch));
            self.busy.insert(running.id(), Busy { host, is_doubtful, began: Instant::now() });
        }
        self.aside.retain(|host, _| self.busy.values().any(|busy| busy.host.1 == host.1));
        give_back(&app, &skipped).await?;
        Ok(count)
    }

    /// Returns the number of running fetches of a partner.
    fn of_partner(&self, (partner, _): &PartnerHost) -> usize {
        self.busy.values().filter(|busy| busy.host.0 == *partner).count()
    }

    /// Returns the number of running fetches from a host, of all partners.
    fn at_host(&self, (_, host): &PartnerHost) -> usize {
        self.busy.values().filter(|busy| busy.host.1 == *host).count()
    }

    /// Returns the number of claimed documents of a partner that wait for a slot at a host.
    fn waiting_for(&self, host: &PartnerHost) -> usize {
        self.waiting.iter().filter(|fetch| fetch.host() == *host).count()
    }

    /// Returns whether a fetch from a host takes long, of any partner.
    fn is_slow(&self, (_, host): &PartnerHost) -> bool {
        self.busy.values().any(|busy| busy.host.1 == *host && busy.began.elapsed() >= SLOW)
    }

    /// Returns whether a document of a host may be fetched now.
    fn may_run(&self, host: &PartnerHost) -> bool {
        self.of_partner(host) < PER_PARTNER && self.at_host(host) < PER_HOST
    }

    /// Returns whether a host that was silent may be tried now: one fetch at a time, in some of the
    /// slots.
    fn may_try(&self, host: &PartnerHost) -> bool {
        let doubtful = || self.busy.values().filter(|busy| busy.is_doubtful);
        let of_partner = doubtful().filter(|busy| busy.host.0 == host.0).count();
        doubtful().count() < DOUBTFUL_PLACES
            && of_partner < DOUBTFUL_PER_PARTNER
            && self.of_partner(host) < PER_PARTNER
            && self.at_host(host) == 0
    }

    /// Returns when another document of a slow host is due again.
    fn put_aside(&mut self, host: PartnerHost) -> Timestamp {
        let now = self.app.now();
        let last = self.aside.entry(host).or_insert(now);
        *last = (*last + ASIDE_INTERVAL).clamp(now + SLOW, now + SKIPPED);
        *last
    }

    async fn take(&self) -> Result<Vec<Fetch>, StoreError> {
        let (app, now) = (&self.app, self.app.now());
        let free = PLACES.saturating_sub(self.busy.len() + self.waiting.len());
        // Usually nothing is due. Checking first avoids a write transaction that others would wait
        // for.
        if free == 0 || app.store().read().await?.count_assets_to_fetch(now).await? == 0 {
            return Ok(Vec::new());
        }
        let mut held: HashMap<Uuid, usize> = HashMap::new();
        // Those of a slow host do not keep the partner's others from being claimed.
        let waiting = self.waiting.iter().filter(|fetch| !self.is_slow(&fetch.host())).map(|fetch| fetch.partner);
        for partner in self.busy.values().map(|busy| busy.host.0).chain(waiting) {
            *held.entry(partner).or_default() += 1;
        }
        let holding: Vec<Uuid> = held.keys().copied().collect();
        held.retain(|_, held| *held + REFILL > PER_PARTNER);
        let full: Vec<Uuid> = held.into_keys().collect();
        // Must exceed the time to fetch all documents that one partner has claimed from one host.
        let rounds = u32::try_from(PER_PARTNER / PER_HOST + 1).unwrap_or(u32::MAX);
        let lease = rounds * app.config().outbound.timeout + Duration::from_secs(60);
        let (each, limit) = (i64::try_from(REFILL).unwrap_or(1), i64::try_from(free).unwrap_or(1));
        let mut tx = app.store().write().await?;
        // Partners without a fetch go first. Otherwise a slot that becomes free would go to the
        // oldest document, and a newcomer would wait for all documents of the others.
        let mut taken = tx.take_assets_to_fetch((now, now + lease), &holding, each, limit).await?;
        let left = limit.saturating_sub(i64::try_from(taken.len()).unwrap_or(limit));
        if left > 0 && full.len() < holding.len() {
            taken.extend(tx.take_assets_to_fetch((now, now + lease), &full, each, left).await?);
        }
        tx.commit().await?;
        let mut fetches = Vec::with_capacity(taken.len());
        for (asset, partner, attempts) in taken {
            fetches.extend(prepare(app, asset, partner, attempts).await?);
        }
        Ok(fetches)
    }
}

/// Fetches documents until none is due. Returns how many were claimed.
///
/// # Errors
/// The store cannot be used. Claimed documents are due again when their leases expire.
pub async fn fetch_due(app: &App) -> Result<usize, StoreError> {
    let (mut fetcher, mut count) = (Fetcher::new(app), 0);
    loop {
        let taken = fetcher.step().await?;
        count += taken;
        if taken == 0 && fetcher.is_idle() {
            return Ok(count);
        }
        if !fetcher.is_idle() {
            fetcher.fetch_ended().await;
        }
    }
}

/// Decrypts a document's address. Returns `None` once the holder has decided: nothing is added to
/// the credential that they saw.
async fn prepare(app: &App, asset: Asset, partner: Uuid, attempts: i64) -> Result<Option<Fetch>, StoreError> {
    let now = app.trusted_time().now();
    let submission = app.store().read().await?.linked_submission(asset.submission_id, now).await?;
    let Some(State::Incomplete { sealed, .. }) = submission.map(|submission| submission.state) else { return Ok(None) };
    let AssetState::Fetching { sealed: bytes } = &asset.state else { return Ok(None) };
    let (period, bytes) = (sealed.period, bytes.clone());
    let address = app.keyring().open_sealed(&Sealed { period, bytes }, &label(&asset.id)).await?;
    let address = address.and_then(|bytes| Url::parse(std::str::from_utf8(&bytes).ok()?).ok());
    Ok(Some(Fetch { asset, partner, attempts, period, address }))
}

/// Fetches a document. Returns whether its host has responded.
async fn run(app: App, fetch: Fetch) -> Result<bool, StoreError> {
    let began = Instant::now();
    let written = written(&app, &fetch).await;
    let silence = PATIENCE.min(app.config().outbound.timeout);
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

/// Returns claimed documents that were not attempted, which does not count as an attempt. Each has
/// its id and when it is due again.
async fn give_back(app: &App, skipped: &[(Uuid, Timestamp)]) -> Result<(), StoreError> {
    if skipped.is_empty() {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    for (id, due_at) in skipped {
        tx.return_asset(*id, *due_at).await?;
    }
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
    let patience = if fetch.attempts <= IMPATIENT_ATTEMPTS { PATIENCE.min(timeout) } else { timeout };
    let fetched = tokio::time::timeout(patience, app.documents().outbound.fetch(address, limit)).await;
    let fetched = fetched.unwrap_or(Err(Failure::Unreachable));
    let source = fetched.map_err(UploadError::Interrupted)?;
    app.documents().take_in(fetch.partner, fetch.asset.kind, source).await
}
