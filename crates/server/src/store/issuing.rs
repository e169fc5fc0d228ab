//! Issuing: how what signed credentials need of the store is written in one transaction.

use std::num::NonZeroU32;

use super::group::{GroupCommit, GroupWriter};
use super::{StatusPlace, Store, StoreError, WantedEntry};
use crate::chance::Chance;
use crate::time::Clock;

/// How many positions a status list has: large enough that a credential hides among many, and, packed, some 128 KiB that
/// compress well while few are revoked.
pub const STATUS_LIST_CAPACITY: NonZeroU32 = NonZeroU32::new(1 << 20).expect("it is not zero");

/// What one answer to a wallet needs.
#[derive(Clone, Debug)]
pub struct IssueRequest {
    /// A status entry for each credential that is to be signed.
    pub entries: Vec<WantedEntry>,
}

/// What one answer to a wallet got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// A place for each entry, in order; `None` where nothing may be signed (any more).
    pub places: Vec<Option<StatusPlace>>,
}

/// The way to the task that writes what issuing needs; cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuing(GroupCommit<Issues>);

impl Issuing {
    /// Starts the task; lists that it opens have `capacity` positions.
    pub fn start(store: Store, clock: Clock, chance: Chance, capacity: NonZeroU32) -> Self {
        Self(GroupCommit::start(Issues { store, clock, chance, capacity }))
    }

    /// Gives what `request` needs; returns once that is durable, so that nothing is signed for a place that a crash could
    /// give again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is given then.
    pub async fn issue(&self, request: IssueRequest) -> Result<Issued, StoreError> {
        self.0.commit(request).await
    }
}

struct Issues {
    store: Store,
    clock: Clock,
    chance: Chance,
    capacity: NonZeroU32,
}

impl GroupWriter for Issues {
    type Request = IssueRequest;
    type Answer = Issued;

    async fn write(&self, requests: &[IssueRequest]) -> Result<Vec<Issued>, StoreError> {
        let mut tx = self.store.write().await?;
        let wanted: Vec<WantedEntry> = requests.iter().flat_map(|request| &request.entries).copied().collect();
        let places = tx.give_status_entries(&wanted, self.capacity, &self.chance, self.clock.now()).await?;
        tx.commit().await?;
        let mut places = places.into_iter();
        Ok(requests
            .iter()
            .map(|request| Issued { places: places.by_ref().take(request.entries.len()).collect() })
            .collect())
    }
}
