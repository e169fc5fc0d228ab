//! Fetches documents from the addresses that partners have pushed.
//!
//! A slot is refilled as soon as it is free, and each partner and host has a limited number of
//! slots. Hosts that do not respond delay only their own documents: a first attempt waits five
//! seconds for a response, hosts that were silent twice are tried last (D-239), documents that wait
//! for a slow host are put aside for those of other hosts (D-392), and a slow fetch leaves its slot
//! to another host (D-400).
//!
//! Claims, leases and backoffs follow the clock, as the due times of new documents do. Whether a
//! document is still wanted follows the trusted time, so that a clock that jumps ends no fetch.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::App;
use crate::flows::document_attempt::{Fetch, prepare, run};
use crate::flows::silent_hosts::{HostState, PartnerHost, SilentHosts};
use ambient::Timestamp;
use store::StoreError;

/// Maximum number of concurrent fetches.
const PLACES: usize = 32;
/// Maximum number of concurrent fetches per partner, without slow ones.
const PER_PARTNER: usize = 4;
/// The same with slow ones, while at least half of all places are free.
const WITH_SLOW_PER_PARTNER: usize = 12;
/// Maximum number of these from hosts of which nothing is known. With those from hosts that were
/// silent they leave one to hosts that respond.
const UNKNOWN_PER_PARTNER: usize = 9;
/// Maximum number of concurrent fetches per host.
const PER_HOST: usize = 2;
/// Maximum number of concurrent fetches from hosts that were silent.
const DOUBTFUL_PLACES: usize = PLACES / 2;
/// The same per partner, so that its other hosts have slots left.
const DOUBTFUL_PER_PARTNER: usize = PER_PARTNER / 2;
/// Maximum number of documents of a partner that are claimed at once.
const REFILL: usize = 2;
/// The same if a slow host delays the partner's documents. Most are then put aside.
const SKIM: usize = 32;
/// Maximum number of documents of such a partner that stay claimed until their host has a slot.
const WAITING: usize = 64;
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

/// A fetch in progress.
#[derive(Debug)]
struct Busy {
    host: PartnerHost,
    is_doubtful: bool,
    began: Instant,
}

impl Busy {
    fn is_slow(&self) -> bool {
        self.began.elapsed() >= SLOW
    }
}

/// The next step for a claimed document.
#[derive(Debug)]
enum Turn {
    Fetch {
        is_doubtful: bool,
    },
    /// It stays claimed.
    Wait,
    /// It is due again soon, and others are claimed meanwhile.
    Aside,
    /// It is due again when its host has rested.
    Skip,
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
    /// When the last document that was put aside is due, for each host.
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
        let mut claimed = std::mem::take(&mut self.waiting);
        claimed.extend(taken);
        // Documents of a partner with a slow host wait without a place of their own. They must not
        // take the places for which documents of other partners were claimed.
        claimed.sort_by_cached_key(|fetch| self.of_partner(fetch.partner).count());
        let mut returned = Vec::new();
        for fetch in claimed {
            let host = fetch.host();
            match self.turn(&host) {
                Turn::Fetch { is_doubtful } => {
                    let running = self.running.spawn(run(app.clone(), fetch));
                    self.busy.insert(running.id(), Busy { host, is_doubtful, began: Instant::now() });
                }
                Turn::Wait => self.waiting.push(fetch),
                Turn::Aside => returned.push((fetch.asset.id, self.put_aside(host))),
                Turn::Skip => returned.push((fetch.asset.id, app.now() + SKIPPED)),
            }
        }
        let now = app.now();
        self.aside.retain(|_, last| *last > now);
        give_back(&app, &returned).await?;
        Ok(count)
    }

    fn turn(&self, host: &PartnerHost) -> Turn {
        let now = self.app.trusted_time().now();
        match self.silent.state(host, now) {
            // One silence may be chance, but most such hosts are silent again.
            HostState::Good if self.silent.was_silent(host, now) => {
                if self.may_try(host) {
                    Turn::Fetch { is_doubtful: true }
                } else {
                    Turn::Aside
                }
            }
            HostState::Good if self.may_run(host) => Turn::Fetch { is_doubtful: false },
            HostState::Good if self.is_slow(host) && self.waiting_for(host) >= PER_HOST => Turn::Aside,
            HostState::Good if self.waiting_of(host.0) >= WAITING => Turn::Aside,
            HostState::Good => Turn::Wait,
            HostState::Doubtful if self.may_try(host) => Turn::Fetch { is_doubtful: true },
            // Another attempt would most likely end as the last one did.
            HostState::Doubtful | HostState::Resting => Turn::Skip,
        }
    }

    /// Returns the running fetches of a partner.
    fn of_partner(&self, partner: Uuid) -> impl Iterator<Item = &Busy> {
        self.busy.values().filter(move |busy| busy.host.0 == partner)
    }

    /// Returns the number of running fetches from a host, of all partners.
    fn at_host(&self, (_, host): &PartnerHost) -> usize {
        self.busy.values().filter(|busy| busy.host.1 == *host).count()
    }

    /// Returns the number of claimed documents of a partner that wait for a slot at a host.
    fn waiting_for(&self, host: &PartnerHost) -> usize {
        self.waiting.iter().filter(|fetch| fetch.host() == *host).count()
    }

    /// Returns the number of claimed documents of a partner that wait for a slot.
    fn waiting_of(&self, partner: Uuid) -> usize {
        self.waiting.iter().filter(|fetch| fetch.partner == partner).count()
    }

    /// Returns whether a fetch from a host takes long, of any partner.
    fn is_slow(&self, (_, host): &PartnerHost) -> bool {
        self.busy.values().any(|busy| busy.host.1 == *host && busy.is_slow())
    }

    /// Returns the partners that a slow host delays.
    fn slowed(&self) -> HashSet<Uuid> {
        let fetching = self.busy.values().filter(|busy| busy.is_slow()).map(|busy| busy.host.0);
        let waiting = self.waiting.iter().filter(|fetch| self.is_slow(&fetch.host())).map(|fetch| fetch.partner);
        fetching.chain(waiting).collect()
    }

    /// Returns whether a partner may have another fetch from a host.
    fn has_slot(&self, host: &PartnerHost) -> bool {
        let all = self.of_partner(host.0).count();
        let quick = self.of_partner(host.0).filter(|busy| !busy.is_slow()).count();
        let has_room = self.busy.len() < PLACES / 2 && all < WITH_SLOW_PER_PARTNER;
        let is_free = self.busy.len() < PLACES && self.at_host(host) < PER_HOST;
        is_free && quick < PER_PARTNER && (all < PER_PARTNER || has_room)
    }

    /// Returns whether a document of a host may be fetched now. A host that has not responded yet
    /// has one fetch at a time.
    fn may_run(&self, host: &PartnerHost) -> bool {
        let is_unknown = |busy: &&Busy| !busy.is_doubtful && !self.silent.responds(&busy.host);
        let may_begin = || {
            self.of_partner(host.0).all(|busy| busy.host != *host)
                && self.of_partner(host.0).filter(is_unknown).count() < UNKNOWN_PER_PARTNER
        };
        self.has_slot(host) && (self.silent.responds(host) || may_begin())
    }

    /// Returns whether a host that was silent may be tried now: one fetch at a time, in some of the
    /// slots.
    fn may_try(&self, host: &PartnerHost) -> bool {
        let doubtful = self.busy.values().filter(|busy| busy.is_doubtful).count();
        let of_partner = self.of_partner(host.0).filter(|busy| busy.is_doubtful).count();
        doubtful < DOUBTFUL_PLACES
            && of_partner < DOUBTFUL_PER_PARTNER
            && self.has_slot(host)
            && self.of_partner(host.0).all(|busy| busy.host != *host)
    }

    /// Returns when another document of a host that is put aside is due again.
    fn put_aside(&mut self, host: PartnerHost) -> Timestamp {
        let now = self.app.now();
        let last = self.aside.entry(host).or_insert(now);
        *last = (*last + ASIDE_INTERVAL).clamp(now + SLOW, now + SKIPPED);
        *last
    }

    async fn take(&self) -> Result<Vec<Fetch>, StoreError> {
        let (app, now) = (&self.app, self.app.now());
        let slowed = &self.slowed();
        // Those of a partner with a slow host do not keep others from being claimed.
        let counts = |partner: &Uuid| !slowed.contains(partner);
        let waiting = || self.waiting.iter().map(|fetch| fetch.partner).filter(counts);
        let free = PLACES.saturating_sub(self.busy.len() + waiting().count());
        // Usually nothing is due. Checking first avoids a write transaction that others would wait
        // for.
        if free == 0 || app.store().read().await?.count_assets_to_fetch(now).await? == 0 {
            return Ok(Vec::new());
        }
        let mut held: HashMap<Uuid, usize> = HashMap::new();
        for partner in self.busy.values().map(|busy| busy.host.0).chain(waiting()) {
            *held.entry(partner).or_default() += 1;
        }
        let holding: Vec<Uuid> = held.keys().copied().collect();
        held.retain(|partner, held| slowed.contains(partner) || *held + REFILL > PER_PARTNER);
        let full: Vec<Uuid> = held.into_keys().collect();
        // Must exceed the time to fetch all documents that one partner has claimed from one host:
        // a few that are slow, or `WAITING` that are not.
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
        if taken.len() < free && !slowed.is_empty() {
            let others = holding.into_iter().chain(taken.iter().map(|(_, partner, _)| *partner));
            let others: Vec<Uuid> = others.filter(counts).collect();
            let most = i64::try_from(SKIM).unwrap_or(1);
            taken.extend(tx.take_assets_to_fetch((now, now + lease), &others, most, most).await?);
        }
        tx.commit().await?;
        let mut fetches = Vec::with_capacity(taken.len());
        for taken in taken {
            fetches.extend(prepare(app, taken).await?);
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
