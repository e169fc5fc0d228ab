//! The entrance of pushes: plain ones and all others have a queue each.

use std::time::Duration;

use ambient::SteadyClock;

use super::commit::{NewRequest, Pushed, Pushes, Request};
use super::group::GroupCommit;
use super::plain_push::PlainPushes;
use super::{Alongside, Store, StoreError};

/// Handle to the tasks that write pushes; cheap to clone.
#[derive(Clone, Debug)]
pub struct PushWriter {
    plain: GroupCommit<PlainPushes>,
    others: GroupCommit<Pushes>,
}

impl PushWriter {
    /// Starts the tasks.
    pub fn start(store: Store, clock: impl Into<SteadyClock>) -> Self {
        let others = GroupCommit::start(Pushes::new(store.clone(), clock.into()));
        Self { plain: GroupCommit::start(PlainPushes::new(store, others.clone())), others }
    }

    /// Returns whether the database was unavailable for the last group of either queue, less than
    /// `time` ago. A group of plain pushes that only passes them on writes nothing, so it does not
    /// end the failure of the others. One that is written does so on PostgreSQL, where both use the
    /// same connections.
    pub fn failed_within(&self, time: Duration) -> bool {
        self.plain.failed_within(time) || self.others.failed_within(time)
    }

    /// Stores `new` unless its partner has that id already. Returns once that is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is
    /// stored then. Also returned if the database times out; the outcome is then unknown, and the
    /// caller has to retry.
    pub async fn push(&self, new: NewRequest) -> Result<Pushed, StoreError> {
        self.push_with(new, Alongside::default()).await
    }

    /// Does the same as [`PushWriter::push`], and stores `alongside` only if `new` is stored.
    ///
    /// # Errors
    /// See [`PushWriter::push`].
    pub async fn push_with(&self, new: NewRequest, alongside: Alongside) -> Result<Pushed, StoreError> {
        match new {
            NewRequest::One(new) if new.assets.is_empty() && alongside.is_empty() => self.plain.commit(new).await?,
            new => self.others.commit(Request::new(new, alongside)).await,
        }
    }
}
