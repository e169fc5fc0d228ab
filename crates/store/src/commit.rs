//! Pushes: concurrent pushes are written in one transaction (group commit, [`crate::group`]).
//!
//! Plain ones come here only if [`crate::plain_push`] could not store them.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use super::event::{EventKind, Subject};
use super::group::GroupWriter;
use super::{Alongside, NewBatch, NewSubmission, Store, StoreError, Tx};
use crate::domain::asset::Asset;
use crate::domain::batch::Batch;
use crate::domain::submission::Submission;
use ambient::{Moment, SteadyClock, Timestamp};

/// A push.
#[derive(Clone, Debug)]
pub enum NewRequest {
    /// One submission.
    One(Arc<NewSubmission>),
    Batch(NewBatch),
}

impl NewRequest {
    /// Returns the id of the link.
    fn link(&self) -> Uuid {
        match self {
            Self::One(new) => new.id,
            Self::Batch(batch) => batch.id,
        }
    }

    fn items(&self) -> &[NewSubmission] {
        match self {
            Self::One(new) => std::slice::from_ref(new),
            Self::Batch(batch) => &batch.items,
        }
    }
}

/// Result of a push.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// Stored under the given id.
    Created,
    /// The partner has pushed this id before. The existing submission is unchanged.
    Existing(Box<Submission>),
    /// The partner has pushed this batch before. The existing batch is unchanged.
    ExistingBatch(Box<Batch>),
    /// These ids are in use by other requests of the partner. Nothing was stored.
    Taken(Vec<String>),
    /// The partner was disabled. Nothing was stored.
    PartnerDisabled,
}

impl Pushed {
    /// Returns whether an earlier push is acknowledged once more.
    fn is_existing(&self) -> bool {
        matches!(self, Self::Existing(_) | Self::ExistingBatch(_))
    }
}

/// A push and the data that is stored with it.
pub(crate) struct Request {
    new: NewRequest,
    alongside: Alongside,
}

impl Request {
    pub(crate) fn new(new: NewRequest, alongside: Alongside) -> Self {
        Self { new, alongside }
    }

    /// Creates the request of a push with nothing alongside.
    pub(crate) fn plain(new: Arc<NewSubmission>) -> Self {
        Self::new(NewRequest::One(new), Alongside::default())
    }
}

/// Writes pushes of all kinds.
pub(crate) struct Pushes {
    store: Store,
    clock: SteadyClock,
}

impl Pushes {
    pub(crate) fn new(store: Store, clock: SteadyClock) -> Self {
        Self { store, clock }
    }
}

impl GroupWriter for Pushes {
    type Request = Request;
    type Response = Pushed;

    fn store(&self) -> &Store {
        &self.store
    }

    async fn write(&self, requests: &[Request]) -> Result<Vec<Pushed>, StoreError> {
        // A clock that is ahead must not decide that a request has expired and its id is free.
        let Moment { now, trusted } = self.clock.moment();
        let mut tx = self.store.write().await?;
        let all = || requests.iter().flat_map(|request| request.new.items());
        let partners: HashSet<Uuid> = all().map(|new| new.partner_id).collect();
        let pushers = tx.active_partners(&partners.into_iter().collect::<Vec<_>>()).await?;
        let singles = requests.iter().filter_map(|request| match &request.new {
            NewRequest::One(new) if pushers.has(new.partner_id) => Some(&**new),
            _ => None,
        });
        let inserted = tx.insert_submissions(&singles.collect::<Vec<_>>()).await?;
        let inserted: HashSet<Uuid> = inserted.into_iter().collect();
        let mut outcomes = Vec::with_capacity(requests.len());
        for Request { new, .. } in requests {
            let is_active = new.items().first().is_some_and(|item| pushers.has(item.partner_id));
            outcomes.push(match new {
                _ if !is_active => Pushed::PartnerDisabled,
                NewRequest::One(new) if inserted.contains(&new.id) => Pushed::Created,
                NewRequest::One(new) => resolve_conflict(&mut tx, new, trusted).await?,
                NewRequest::Batch(batch) => settle_batch(&mut tx, batch, trusted).await?,
            });
        }
        let stored = || {
            let stored = requests.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Pushed::Created);
            stored.map(|(request, _)| request)
        };
        let created = || stored().flat_map(|request| request.new.items());
        let assets: Vec<&Asset> = created().flat_map(|new| &new.assets).collect();
        tx.insert_assets(&assets, now).await?;
        for Request { new, alongside } in stored().filter(|request| !request.alongside.is_empty()) {
            tx.add_alongside(new.link(), alongside).await?;
        }
        // Counting comes last, since two nodes that push for one partner may update the same row.
        let mut subjects: Vec<Subject> = created().map(Subject::from).collect();
        subjects.sort_unstable_by_key(|subject| subject.id);
        tx.record_and_count(&pushers.listeners, &subjects, EventKind::Pushed, now).await?;
        if outcomes.iter().any(Pushed::is_existing) {
            tx.wait_for_earlier_commits().await?;
        }
        tx.commit().await?;
        Ok(outcomes)
    }
}

/// Current use of a partner's id.
enum ExistingRequest {
    Nothing,
    Submission(Submission),
    Batch(Batch),
}

impl ExistingRequest {
    async fn of(tx: &mut Tx, partner: Uuid, id: &str, now: Timestamp) -> Result<Self, StoreError> {
        Ok(match tx.current_submission(partner, id, now).await? {
            Some(existing) => Self::Submission(existing),
            None => tx.current_batch(partner, id, now).await?.map_or(Self::Nothing, Self::Batch),
        })
    }

    fn may_be_replaced(&self, now: Timestamp) -> bool {
        match self {
            Self::Nothing => true,
            Self::Submission(existing) => existing.may_be_replaced(now),
            Self::Batch(existing) => existing.may_be_replaced(now),
        }
    }

    /// Returns false if the row has changed since it was read.
    async fn replace(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
        match self {
            Self::Nothing => Ok(true),
            Self::Submission(existing) => tx.replace_submission(existing.id, existing.partner_id, now).await,
            Self::Batch(existing) => {
                tx.replace_batch(existing.id, existing.partner_id, now).await?;
                Ok(true)
            }
        }
    }
}

/// Most attempts to resolve an id that other nodes change at the same time.
const MAX_ATTEMPTS: usize = 3;

fn raced() -> StoreError {
    StoreError::Unavailable("another node is pushing the same id".to_owned())
}

/// Resolves a push whose id exists: returns the existing request, or replaces it if that is
/// allowed. If two nodes get the same id at once, the unique index admits one of them; the other
/// finds the row of the first here and returns its link.
async fn resolve_conflict(tx: &mut Tx, new: &NewSubmission, now: Timestamp) -> Result<Pushed, StoreError> {
    for _ in 0..MAX_ATTEMPTS {
        let existing = ExistingRequest::of(tx, new.partner_id, &new.credential_id, now).await?;
        if !existing.may_be_replaced(now) {
            return Ok(match existing {
                ExistingRequest::Submission(existing) => Pushed::Existing(Box::new(existing)),
                _ => Pushed::Taken(vec![new.credential_id.clone()]),
            });
        }
        if existing.replace(tx, now).await? && !tx.insert_submissions(&[new]).await?.is_empty() {
            return Ok(Pushed::Created);
        }
    }
    Err(raced())
}

/// Inserts a batch completely, or changes nothing.
async fn settle_batch(tx: &mut Tx, new: &NewBatch, now: Timestamp) -> Result<Pushed, StoreError> {
    let Some(partner) = new.items.first().map(|item| item.partner_id) else { return Ok(Pushed::Taken(Vec::new())) };
    let ids = [new.credential_id.as_str()].into_iter().chain(new.items.iter().map(|item| item.credential_id.as_str()));
    let (mut replaceable, mut taken) = (Vec::new(), Vec::new());
    for id in tx.taken_ids(partner, &ids.collect::<Vec<_>>()).await? {
        match ExistingRequest::of(tx, partner, &id, now).await? {
            existing if existing.may_be_replaced(now) => replaceable.push(existing),
            ExistingRequest::Batch(existing) if id == new.credential_id => {
                return Ok(Pushed::ExistingBatch(Box::new(existing)));
            }
            _ => taken.push(id),
        }
    }
    if !taken.is_empty() {
        return Ok(Pushed::Taken(taken));
    }
    for existing in replaceable {
        if !existing.replace(tx, now).await? {
            return Err(raced());
        }
    }
    if tx.insert_batch(new).await? { Ok(Pushed::Created) } else { Err(raced()) }
}
