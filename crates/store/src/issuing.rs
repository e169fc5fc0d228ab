//! Issuing: how what signed credentials need of the store is written in one transaction.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroU32;
use std::time::Duration;

use uuid::Uuid;

use super::group::{GroupCommit, GroupWriter};
use super::{GrantIssued, Redemption, StatusPlace, Store, StoreError, Tx, WantedEntry};
use ambient::Rng;

use ambient::{Clock, Timestamp};

/// How many positions a status list has: large enough that a credential hides among many, and, packed, some 128 KiB that
/// compress well while few are revoked.
pub const STATUS_LIST_CAPACITY: NonZeroU32 = NonZeroU32::new(1 << 20).expect("it is not zero");

/// What one answer to a wallet needs.
#[derive(Clone, Debug, Default)]
pub struct IssueRequest {
    /// A status entry for each credential that is to be signed.
    pub entries: Vec<WantedEntry>,
    /// SHA-256 of the challenges that were answered for it: each counts once, whoever answers it.
    pub nonces: Vec<[u8; 32]>,
    /// The grant of a wallet that is used.
    pub grant: Option<GrantIssued>,
}

/// What one answer to a wallet got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    /// A place for each entry, in order; `None` where nothing may be signed (any more).
    Places(Vec<Option<StatusPlace>>),
    /// A challenge was answered before; nothing is given.
    NonceUsed,
}

/// What is written together.
#[derive(Debug)]
enum Work {
    Issue(IssueRequest),
    Redeem(Redemption),
}

/// What became of it.
#[derive(Debug)]
enum Done {
    Issued(Issued),
    Redeemed(bool),
}

fn mixed_up() -> StoreError {
    StoreError::Broken("an answer belongs to another question".to_owned())
}

/// The way to the task that writes what issuing needs; cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuing(GroupCommit<Issues>);

impl Issuing {
    /// Starts the task; lists that it opens have `capacity` positions. An answered challenge is remembered
    /// for `nonce_lifetime`, as long as a wallet can answer it.
    pub fn start(store: Store, clock: Clock, rng: Rng, nonce_lifetime: Duration, capacity: NonZeroU32) -> Self {
        Self(GroupCommit::start(Issues { store, clock, rng, nonce_lifetime, capacity }))
    }

    /// Gives what `request` needs; returns once that is durable, so that nothing is signed for a place that a crash could
    /// give again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is given then.
    pub async fn issue(&self, request: IssueRequest) -> Result<Issued, StoreError> {
        match self.0.commit(Work::Issue(request)).await? {
            Done::Issued(issued) => Ok(issued),
            Done::Redeemed(_) => Err(mixed_up()),
        }
    }

    /// Gives a place for each of `entries`, for credentials that no wallet asks for; `None` where nothing may be signed.
    ///
    /// # Errors
    /// As [`Issuing::issue`].
    pub async fn give(&self, entries: Vec<WantedEntry>) -> Result<Vec<Option<StatusPlace>>, StoreError> {
        match self.issue(IssueRequest { entries, ..IssueRequest::default() }).await? {
            Issued::Places(places) => Ok(places),
            Issued::NonceUsed => Err(mixed_up()),
        }
    }

    /// Hands in a code for a token: once. False if it was handed in before, or is over.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is handed in then.
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
    type Answer = Done;

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
        // A token may have been ended since the request was let in.
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
        // Submissions first, then lists by age: see the head of `status_list`.
        tx.hold_issuable(&wanted.iter().map(|wanted| wanted.submission).collect()).await?;
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

/// For each piece of work, whether the challenges that it answers were never answered before, here or by an earlier one.
async fn fresh(tx: &mut Tx, work: &[Work], until: Timestamp) -> Result<Vec<bool>, StoreError> {
    let nonces = |work: &Work| match work {
        Work::Issue(request) => request.nonces.clone(),
        Work::Redeem(_) => Vec::new(),
    };
    // In one order, so that two nodes do not wait for each other.
    let all: BTreeSet<[u8; 32]> = work.iter().flat_map(nonces).collect();
    let taken = tx.take_nonces(&all.into_iter().collect::<Vec<_>>(), until).await?;
    let mut left: HashSet<Vec<u8>> = taken.into_iter().collect();
    // Whoever comes first takes it; all of one piece of work's challenges must be left.
    let take = |work: &Work| nonces(work).iter().all(|nonce| left.remove(nonce.as_slice()));
    Ok(work.iter().map(take).collect())
}
