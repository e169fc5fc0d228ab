//! Issuing: the store's part of signing credentials, written in group commits.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroU32;
use std::time::Duration;

use uuid::Uuid;

use super::group::{GroupCommit, GroupWriter};
use super::{GrantIssued, Redemption, StatusPlace, Store, StoreError, Tx, WantedEntry};
use ambient::Rng;

use ambient::{Clock, Timestamp};

/// Number of positions in a status list. A credential hides among a million others. With two bits
/// each, a list has 256 KiB, which compress well while few are revoked.
pub const STATUS_LIST_CAPACITY: NonZeroU32 = NonZeroU32::new(1 << 20).expect("it is not zero");

/// Store's part of one response to a wallet.
#[derive(Clone, Debug, Default)]
pub struct IssueRequest {
    /// One status entry per credential to sign.
    pub entries: Vec<WantedEntry>,
    /// SHA-256 of the nonces that the request proves. Each can be used once.
    pub nonces: Vec<[u8; 32]>,
    /// The wallet's grant that is used, if any.
    pub grant: Option<GrantIssued>,
}

/// Result of an [`IssueRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    /// One status list index per entry, in order; `None` for credentials that must not be signed.
    Places(Vec<Option<StatusPlace>>),
    /// A nonce was used before. Nothing is issued.
    NonceUsed,
}

/// A request to the writing task.
#[derive(Debug)]
enum Work {
    Issue(IssueRequest),
    Redeem(Redemption),
}

/// The response to [`Work`], of the same kind.
#[derive(Debug)]
enum Done {
    Issued(Issued),
    Redeemed(bool),
}

fn mixed_up() -> StoreError {
    StoreError::Broken("a response belongs to another request".to_owned())
}

/// Handle to the task that writes for issuing; cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuing(GroupCommit<Issues>);

impl Issuing {
    /// Starts the task. Status lists that it creates have `capacity` positions. A used nonce is
    /// remembered for `nonce_lifetime`, as long as it would be valid.
    pub fn start(store: Store, clock: Clock, rng: Rng, nonce_lifetime: Duration, capacity: NonZeroU32) -> Self {
        Self(GroupCommit::start(Issues { store, clock, rng, nonce_lifetime, capacity }))
    }

    /// Allocates the status entries that `request` needs. Returns once they are durable, so that a
    /// crash cannot make an index of a signed credential available again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is
    /// allocated then. Also returned if the database times out; the outcome is then unknown.
    pub async fn issue(&self, request: IssueRequest) -> Result<Issued, StoreError> {
        match self.0.commit(Work::Issue(request)).await? {
            Done::Issued(issued) => Ok(issued),
            Done::Redeemed(_) => Err(mixed_up()),
        }
    }

    /// Allocates a status list index for each of `entries`, for credentials without a wallet's
    /// request. `None` for credentials that must not be signed.
    ///
    /// # Errors
    /// See [`Issuing::issue`].
    pub async fn give(&self, entries: Vec<WantedEntry>) -> Result<Vec<Option<StatusPlace>>, StoreError> {
        match self.issue(IssueRequest { entries, ..IssueRequest::default() }).await? {
            Issued::Places(places) => Ok(places),
            Issued::NonceUsed => Err(mixed_up()),
        }
    }

    /// Redeems a code for a token, once. Returns false if the code was redeemed before or has
    /// expired.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is
    /// redeemed then. Also returned if the database times out; the outcome is then unknown.
    pub async fn redeem(&self, redemption: Redemption) -> Result<bool, StoreError> {
        match self.0.commit(Work::Redeem(redemption)).await? {
            Done::Redeemed(redeemed) => Ok(redeemed),
            Done::Issued(_) => Err(mixed_up()),
        }
    }
}

struct Issues {
    store: Store,
    clock: Clock,
    rng: Rng,
    nonce_lifetime: Duration,
    capacity: NonZeroU32,
}

impl GroupWriter for Issues {
    type Request = Work;
    type Response = Done;

    fn store(&self) -> &Store {
        &self.store
    }

    async fn write(&self, work: &[Work]) -> Result<Vec<Done>, StoreError> {
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let fresh = fresh(&mut tx, work, now + self.nonce_lifetime).await?;
        let grants = work.iter().filter_map(|work| match work {
            Work::Issue(request) => request.grant.as_ref(),
            Work::Redeem(_) => None,
        });
        let issuances: Vec<Uuid> = grants.map(|grant| grant.issuance).collect();
        // A token may have been ended since the request was authorized.
        let living = tx.living_issuances(&issuances, now).await?;
        let is_given = |request: &IssueRequest, fresh: bool| {
            fresh && request.grant.as_ref().is_none_or(|grant| living.contains(&grant.issuance))
        };
        let given = || {
            work.iter().zip(&fresh).filter_map(|(work, fresh)| match work {
                Work::Issue(request) if is_given(request, *fresh) => Some(request),
                _ => None,
            })
        };
        let wanted: Vec<WantedEntry> = given().flat_map(|request| &request.entries).copied().collect();
        // Lock order: submissions first, then lists by age. See the head of `status_list`.
        tx.lock_issuable(&wanted.iter().map(|wanted| wanted.submission).collect()).await?;
        let mut replaced = Vec::new();
        for grant in given().filter_map(|request| request.grant.as_ref()) {
            replaced.extend(tx.record_issued(grant, now).await?);
        }
        tx.revoke_places(&replaced, now).await?;
        let mut places = tx.give_status_entries(&wanted, self.capacity, &self.rng, now).await?.into_iter();
        let mut done = Vec::with_capacity(work.len());
        for (work, fresh) in work.iter().zip(&fresh) {
            done.push(match work {
                Work::Redeem(redemption) => Done::Redeemed(tx.redeem_issuance(redemption, now).await?),
                Work::Issue(_) if !fresh => Done::Issued(Issued::NonceUsed),
                Work::Issue(request) if is_given(request, *fresh) => {
                    Done::Issued(Issued::Places(places.by_ref().take(request.entries.len()).collect()))
                }
                Work::Issue(request) => Done::Issued(Issued::Places(vec![None; request.entries.len()])),
            });
        }
        tx.commit().await?;
        Ok(done)
    }
}

/// Returns for each request whether all of its nonces are unused, in the database and in the
/// requests before it.
async fn fresh(tx: &mut Tx, work: &[Work], until: Timestamp) -> Result<Vec<bool>, StoreError> {
    let nonces = |work: &Work| match work {
        Work::Issue(request) => request.nonces.clone(),
        Work::Redeem(_) => Vec::new(),
    };
    // Sorted, so that two nodes cannot deadlock.
    let all: BTreeSet<[u8; 32]> = work.iter().flat_map(nonces).collect();
    let taken = tx.take_nonces(&all.into_iter().collect::<Vec<_>>(), until).await?;
    let mut left: HashSet<Vec<u8>> = taken.into_iter().collect();
    // The first request with a nonce uses it. A request succeeds only if all of its nonces were
    // unused.
    let take = |work: &Work| nonces(work).iter().all(|nonce| left.remove(nonce.as_slice()));
    Ok(work.iter().map(take).collect())
}
