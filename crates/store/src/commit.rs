//! Pushes: how what partners send at the same time is written in one transaction.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use uuid::Uuid;

use super::event::{EventKind, Subject};
use super::group::{GroupCommit, GroupWriter};
use super::{Alongside, NewBatch, NewSubmission, Store, StoreError, Tx};
use crate::domain::asset::Asset;
use crate::domain::batch::Batch;
use crate::domain::submission::Submission;
use ambient::{Clock, Timestamp};

/// What a partner pushes at once.
#[derive(Clone, Debug)]
pub enum NewRequest {
    /// One submission.
    One(Box<NewSubmission>),
    /// A batch.
    Batch(NewBatch),
}

impl NewRequest {
    /// The id of its link.
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

/// What became of a push.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// Stored under the id it was given.
    Created,
    /// The partner has pushed this id before; that submission stands.
    Existing(Box<Submission>),
    /// The partner has pushed this batch before, and it stands.
    ExistingBatch(Box<Batch>),
    /// These ids stand for other requests of the partner; nothing was stored.
    Taken(Vec<String>),
    /// The partner was disabled meanwhile; nothing was stored.
    PartnerDisabled,
}

/// The way to the task that writes pushes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Committer(GroupCommit<Pushes>);

impl Committer {
    /// Starts the task.
    pub fn start(store: Store, clock: Clock) -> Self {
        Self(GroupCommit::start(Pushes { store, clock, wary: AtomicU32::new(0) }))
    }

    /// Whether the last group could not be stored because of the database, less than `time` ago.
    pub fn failed_within(&self, time: Duration) -> bool {
        self.0.failed_within(time)
    }

    /// Stores `new` unless its partner has that id already; returns once that is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is stored then. Or if it does not
    /// answer in time: then nobody knows, and the push has to be repeated.
    pub async fn push(&self, new: NewRequest) -> Result<Pushed, StoreError> {
        self.push_with(new, Alongside::default()).await
    }

    /// As [`Committer::push`]; `alongside` is stored if, and only if, `new` is.
    ///
    /// # Errors
    /// As of [`Committer::push`].
    pub async fn push_with(&self, new: NewRequest, alongside: Alongside) -> Result<Pushed, StoreError> {
        self.0.commit(Request { new, alongside }).await
    }
}

struct Request {
    new: NewRequest,
    alongside: Alongside,
}

impl Request {
    /// The submission, if nothing else is to be stored with it.
    fn alone(&self) -> Option<&NewSubmission> {
        match &self.new {
            NewRequest::One(new) if new.assets.is_empty() && self.alongside.is_empty() => Some(new),
            _ => None,
        }
    }
}

struct Pushes {
    store: Store,
    clock: Clock,
    /// So many groups more are written carefully.
    wary: AtomicU32,
}

/// A group is tried twice if it cannot be stored at once: something of it was pushed before, another node is at the same, or
/// somebody is to be told of it.
/// So many that follow it go the careful way, so that whoever repeats all the time costs a sixteenth more, not twice as much.
const WARY_FOR: u32 = 16;

impl GroupWriter for Pushes {
    type Request = Request;
    type Answer = Pushed;

    fn store(&self) -> &Store {
        &self.store
    }

    async fn write(&self, requests: &[Request]) -> Result<Vec<Pushed>, StoreError> {
        if let Some(new) = self.hoped_for(requests) {
            if self.store.insert_at_once(&new).await? {
                return Ok(vec![Pushed::Created; requests.len()]);
            }
            self.wary.store(WARY_FOR, Ordering::Relaxed);
        }
        self.write_carefully(requests).await
    }
}

impl Pushes {
    /// What may be stored at once, if one may hope that nothing of it is there yet.
    fn hoped_for<'a>(&self, requests: &'a [Request]) -> Option<Vec<&'a NewSubmission>> {
        if !matches!(self.store, Store::Postgres { .. }) {
            return None;
        }
        let is_wary = self.wary.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if is_wary { None } else { requests.iter().map(Request::alone).collect() }
    }

    async fn write_carefully(&self, requests: &[Request]) -> Result<Vec<Pushed>, StoreError> {
        let now = self.clock.now();
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
                NewRequest::One(new) => settle(&mut tx, new, now).await?,
                NewRequest::Batch(batch) => settle_batch(&mut tx, batch, now).await?,
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
        // Last, since two nodes that push for the same partner may count in the same row.
        let mut subjects: Vec<Subject> = created().map(Subject::from).collect();
        subjects.sort_unstable_by_key(|subject| subject.id);
        tx.tell_and_count(&pushers.listeners, &subjects, EventKind::Pushed, now).await?;
        tx.commit().await?;
        Ok(outcomes)
    }
}

/// What an id of a partner stands for.
enum InTheWay {
    Nothing,
    Submission(Submission),
    Batch(Batch),
}

impl InTheWay {
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

    /// False if it is another now than when it was looked at.
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

/// How often an id is looked at again that another node changes in the same moment.
const LOOKS: usize = 3;

fn raced() -> StoreError {
    StoreError::Unavailable("another node is pushing the same id".to_owned())
}

/// The id of one submission is taken: by one that stands, or by one whose time is over.
async fn settle(tx: &mut Tx, new: &NewSubmission, now: Timestamp) -> Result<Pushed, StoreError> {
    for _ in 0..LOOKS {
        let existing = InTheWay::of(tx, new.partner_id, &new.credential_id, now).await?;
        if !existing.may_be_replaced(now) {
            return Ok(match existing {
                InTheWay::Submission(existing) => Pushed::Existing(Box::new(existing)),
                _ => Pushed::Taken(vec![new.credential_id.clone()]),
            });
        }
        if existing.replace(tx, now).await? && !tx.insert_submissions(&[new]).await?.is_empty() {
            return Ok(Pushed::Created);
        }
    }
    Err(raced())
}

/// A batch goes in whole, or nothing is changed.
async fn settle_batch(tx: &mut Tx, new: &NewBatch, now: Timestamp) -> Result<Pushed, StoreError> {
    let Some(partner) = new.items.first().map(|item| item.partner_id) else { return Ok(Pushed::Taken(Vec::new())) };
    let ids = [new.credential_id.as_str()].into_iter().chain(new.items.iter().map(|item| item.credential_id.as_str()));
    let (mut replaceable, mut taken) = (Vec::new(), Vec::new());
    for id in tx.taken_ids(partner, &ids.collect::<Vec<_>>()).await? {
        match InTheWay::of(tx, partner, &id, now).await? {
            existing if existing.may_be_replaced(now) => replaceable.push(existing),
            InTheWay::Batch(existing) if id == new.credential_id => {
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
