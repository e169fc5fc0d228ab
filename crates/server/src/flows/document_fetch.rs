//! Fetches documents from the addresses that partners have pushed.
//!
//! Partners take turns, and the hosts of a partner (D-436): the store finds the next document of
//! each host, and a place is refilled as soon as it is free. A first attempt waits five seconds for
//! a response, and hosts that were silent are tried last (D-239).
//!
//! Claims, leases and backoffs follow the clock, as the due times of new documents do. Whether a
//! document is still wanted follows the trusted time, so that a clock that jumps ends no fetch.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use uuid::Uuid;

use crate::app::App;
use crate::flows::document_attempt::{Fetch, prepare, run};
use crate::flows::silent_hosts::{HostState, SilentHosts};
use ambient::Timestamp;
use store::StoreError;

/// Maximum number of concurrent fetches.
const PLACES: usize = 32;
/// Host of documents that were pushed without one, by an earlier release.
const NO_HOST: i64 = 0;
/// Maximum number of these that get their host in one step.
const CHUNK: i64 = 256;

/// A fetch in progress, or about to begin.
#[derive(Clone, Copy, Debug)]
struct Busy {
    partner: Uuid,
    host: i64,
    /// See [`places_to_leave`].
    leaves: usize,
}

/// Returns how many places must be free, before a fetch begins, for itself and for each fetch of
/// its partner that leaves as many or more. `None` if no fetch may begin from a host in `state`,
/// from which `running` fetches are in progress.
///
/// So partners share the places equally, and some are left for others. A partner on its own has at
/// most 11 fetches: hosts that respond find a place beside 8 fetches from hosts of which nothing is
/// known, and these beside 2 from hosts that were silent.
fn places_to_leave(state: HostState, running: usize) -> Option<usize> {
    match (state, running) {
        (HostState::Responds, 0) => Some(2),
        (HostState::Responds, 1) | (HostState::Unknown, 0) => Some(3),
        (HostState::Doubtful, 0) => Some(15),
        _ => None,
    }
}

/// Fetches due documents.
#[derive(Debug)]
pub struct Fetcher {
    app: App,
    /// Running fetches, each of which returns whether the host has responded.
    running: JoinSet<Result<bool, StoreError>>,
    busy: HashMap<Id, Busy>,
    silent: SilentHosts,
}

impl Fetcher {
    /// Creates a fetcher for all due documents in the store.
    pub fn new(app: &App) -> Self {
        let (running, busy, silent) = (JoinSet::new(), HashMap::new(), SilentHosts::default());
        Self { app: app.clone(), running, busy, silent }
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
        let (count, fetches) = app.store().cancel_on_disconnect(self.take()).await?;
        for (fetch, busy) in fetches {
            let running = self.running.spawn(run(app.clone(), fetch));
            self.busy.insert(running.id(), busy);
        }
        Ok(count)
    }

    /// Claims the documents whose fetches may begin now. Returns how many were claimed, and those
    /// to fetch.
    async fn take(&self) -> Result<(usize, Vec<(Fetch, Busy)>), StoreError> {
        let (app, now) = (&self.app, self.app.now());
        // Usually nothing is due. Reading first avoids a write transaction that others would wait
        // for.
        let due = app.store().read().await?.hosts_to_fetch(now).await?;
        // Must exceed the time of a fetch: until the response, of the document, and of its
        // inspection.
        let lease = (now, now + 3 * app.config().outbound.timeout + Duration::from_secs(60));
        let mut count = 0;
        if due.iter().any(|(host, _)| *host == NO_HOST) {
            count += add_hosts(app, lease).await?;
        }
        let next = self.next(&due);
        if next.is_empty() {
            return Ok((count, Vec::new()));
        }
        let (mut taken, mut fetches) = (Vec::new(), Vec::new());
        let mut tx = app.store().write().await?;
        for busy in next {
            let documents = tx.take_assets_to_fetch(lease, busy.host, 1).await?;
            taken.extend(documents.into_iter().map(|document| (document, busy)));
        }
        tx.commit().await?;
        count += taken.len();
        for (document, busy) in taken {
            fetches.extend(prepare(app, document).await?.map(|fetch| (fetch, busy)));
        }
        Ok((count, fetches))
    }

    /// Returns the fetches that may begin now from the hosts and partners in `due`. Partners with
    /// few fetches go first, then hosts without a fetch, then those whose last fetch is the longest
    /// ago.
    fn next(&self, due: &[(i64, Uuid)]) -> Vec<Busy> {
        let now = self.app.trusted_time().now();
        let mut busy: Vec<Busy> = self.busy.values().copied().collect();
        let started = busy.len();
        while busy.len() < PLACES {
            let waiting = due.iter().filter(|(host, _)| *host != NO_HOST).filter_map(|&(host, partner)| {
                let running = busy.iter().filter(|other| other.host == host).count();
                let leaves = places_to_leave(self.silent.state(host, now), running)?;
                let of_partner = busy.iter().filter(|other| other.partner == partner);
                let alike = of_partner.clone().filter(|other| other.leaves >= leaves).count();
                let has_room = (alike + 1) * leaves <= PLACES - busy.len();
                has_room.then(|| (of_partner.count(), running, Busy { partner, host, leaves }))
            });
            let next = waiting.min_by_key(|(held, running, next)| (*held, *running, self.silent.last_fetch(next.host)));
            let Some((.., next)) = next else { break };
            busy.push(next);
        }
        busy.split_off(started)
    }
}

/// Stores the hosts of documents that were pushed without one. Returns how many were claimed.
async fn add_hosts(app: &App, lease: (Timestamp, Timestamp)) -> Result<usize, StoreError> {
    let mut tx = app.store().write().await?;
    let taken = tx.take_assets_to_fetch(lease, NO_HOST, CHUNK).await?;
    tx.commit().await?;
    let (count, mut hosts) = (taken.len(), Vec::new());
    for document in taken {
        if let Some(fetch) = prepare(app, document).await? {
            hosts.push((fetch.asset.id, app.documents().host_tag(fetch.partner, fetch.address.as_ref())));
        }
    }
    let mut tx = app.store().write().await?;
    for (id, host) in hosts {
        tx.set_asset_host(id, host, lease.0).await?;
    }
    tx.commit().await?;
    Ok(count)
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
