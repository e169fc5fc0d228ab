//! Plain pushes: one new submission with nothing else to store, check or announce.
//!
//! They are most of all pushes, and a group of them takes one round trip: a statement on
//! PostgreSQL, a message to a thread on SQLite. A push that turns out not to be plain, for example
//! because its id is in use, is passed on to [`crate::commit`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;

use super::commit::{Pushed, Pushes, Request};
use super::group::{GroupCommit, GroupWriter};
use super::{NewSubmission, Store, StoreError};

/// Writes plain pushes.
pub(crate) struct PlainPushes {
    store: Store,
    /// Writes those that are not plain after all.
    others: GroupCommit<Pushes>,
    /// Number of groups left that are passed on without an attempt.
    passed_on: AtomicU32,
}

/// Number of groups that are passed on after an attempt failed on PostgreSQL.
///
/// There, an attempt stores all of its group or nothing: it fails if a row exists already, another
/// node pushes the same ids, or a partner has a webhook for pushes. The group is then written a
/// second time. With this limit, a partner that always repeats its pushes costs one extra attempt
/// in 16 groups rather than one each.
const SLOW_PATH_GROUPS: u32 = 16;

impl PlainPushes {
    pub(crate) fn new(store: Store, others: GroupCommit<Pushes>) -> Self {
        Self { store, others, passed_on: AtomicU32::new(0) }
    }

    async fn insert_all_or_none(&self, new: &[Arc<NewSubmission>]) -> Result<bool, StoreError> {
        let one_less = |left: u32| left.checked_sub(1);
        if self.passed_on.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            return Ok(false);
        }
        let new: Vec<&NewSubmission> = new.iter().map(|new| &**new).collect();
        let is_stored = self.store.insert_at_once(&new).await?;
        if is_stored {
            // Without this, a node would stay unready after an outage in which pushes were passed
            // on, because none is passed on any more.
            self.others.clear_failure();
        } else {
            self.passed_on.store(SLOW_PATH_GROUPS, Ordering::Relaxed);
        }
        Ok(is_stored)
    }
}

impl GroupWriter for PlainPushes {
    type Request = Arc<NewSubmission>;
    type Response = Result<Pushed, StoreError>;

    fn store(&self) -> &Store {
        &self.store
    }

    async fn write(&self, new: &[Arc<NewSubmission>]) -> Result<Vec<Self::Response>, StoreError> {
        let stored = match &self.store {
            Store::Sqlite { .. } => self.store.insert_each(new.to_vec()).await?,
            Store::Postgres { .. } => vec![self.insert_all_or_none(new).await?; new.len()],
        };
        // Queued in order: of two pushes with the same id, the first one is stored.
        let rest = new.iter().zip(&stored).filter(|(_, is_stored)| !**is_stored);
        let rest: Vec<_> = rest.map(|(new, _)| self.others.commit(Request::plain(new.clone()))).collect();
        let mut rest = join_all(rest).await.into_iter();
        let outcome = |is_stored| if is_stored { Some(Ok(Pushed::Created)) } else { rest.next() };
        Ok(stored.into_iter().filter_map(outcome).collect())
    }
}
