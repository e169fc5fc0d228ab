//! Group commit: pushes that arrive together are committed together.
//!
//! One task owns the writing of pushes. It takes what is queued, up to 256, writes it in one transaction and answers
//! each caller after that commit; under load the cost of a durable write is shared. If a batch fails, its rows are
//! tried one by one, so that one bad row fails alone.

use std::collections::HashSet;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::event::EventKind;
use super::{NewBatch, NewSubmission, Store, StoreError, Tx};
use crate::domain::asset::Asset;
use crate::domain::batch::Batch;
use crate::domain::submission::Submission;
use crate::time::{Clock, Timestamp};

/// Most pushes in one transaction.
const BATCH: usize = 256;
/// Most pushes that wait; one more is turned away with 503 rather than kept waiting for long.
const QUEUE: usize = 4096;

/// What a partner pushes at once.
#[derive(Clone, Debug)]
pub enum NewRequest {
    /// One submission.
    One(Box<NewSubmission>),
    /// A batch.
    Batch(NewBatch),
}

impl NewRequest {
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

struct Request {
    new: NewRequest,
    answer: oneshot::Sender<Result<Pushed, StoreError>>,
}

/// The way to the task that writes pushes; cheap to clone. The task ends, after what is queued, when the last clone is
/// dropped.
#[derive(Clone, Debug)]
pub struct Committer {
    queue: mpsc::Sender<Request>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("items", &self.new.items().len()).finish_non_exhaustive()
    }
}

impl Committer {
    /// Starts the task.
    pub fn start(store: Store, clock: Clock) -> Self {
        let (queue, mut requests) = mpsc::channel::<Request>(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while requests.recv_many(&mut batch, BATCH).await > 0 {
                commit(&store, &clock, &mut batch).await;
            }
        });
        Self { queue }
    }

    /// Stores `new` unless its partner has that id already; returns once that is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is stored then.
    pub async fn push(&self, new: NewRequest) -> Result<Pushed, StoreError> {
        let (answer, answered) = oneshot::channel();
        let request = Request { new, answer };
        self.queue
            .try_send(request)
            .map_err(|_| StoreError::Unavailable("more pushes wait than can be committed".to_owned()))?;
        answered.await.map_err(|_| StoreError::Unavailable("the committing task has ended".to_owned()))?
    }
}

async fn commit(store: &Store, clock: &Clock, batch: &mut Vec<Request>) {
    let results = match write(store, clock, batch).await {
        Ok(results) => results.into_iter().map(Ok).collect(),
        Err(error) if batch.len() == 1 || matches!(error, StoreError::Unavailable(_)) => vec![Err(error); batch.len()],
        Err(_) => {
            let mut results = Vec::with_capacity(batch.len());
            for request in batch.iter() {
                results.push(write(store, clock, std::slice::from_ref(request)).await.map(|mut one| one.remove(0)));
            }
            results
        }
    };
    for (request, result) in batch.drain(..).zip(results) {
        // A caller that has gone away needs no answer; its push counts all the same.
        let _ = request.answer.send(result);
    }
}

/// One transaction for all requests; an outcome for each, in order.
async fn write(store: &Store, clock: &Clock, requests: &[Request]) -> Result<Vec<Pushed>, StoreError> {
    let now = clock.now();
    let mut tx = store.write().await?;
    let all = || requests.iter().flat_map(|request| request.new.items());
    let partners: HashSet<Uuid> = all().map(|new| new.partner_id).collect();
    let active = tx.active_partners(&partners.into_iter().collect::<Vec<_>>()).await?;
    let singles = requests.iter().filter_map(|request| match &request.new {
        NewRequest::One(new) if active.contains(&new.partner_id) => Some(&**new),
        _ => None,
    });
    let inserted: HashSet<Uuid> = tx.insert_submissions(&singles.collect::<Vec<_>>()).await?.into_iter().collect();
    let mut outcomes = Vec::with_capacity(requests.len());
    for Request { new, .. } in requests {
        let is_active = new.items().first().is_some_and(|item| active.contains(&item.partner_id));
        outcomes.push(match new {
            _ if !is_active => Pushed::PartnerDisabled,
            NewRequest::One(new) if inserted.contains(&new.id) => Pushed::Created,
            NewRequest::One(new) => settle(&mut tx, new, now).await?,
            NewRequest::Batch(batch) => settle_batch(&mut tx, batch, now).await?,
        });
    }
    let created = || {
        let created = requests.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Pushed::Created);
        created.flat_map(|(request, _)| request.new.items())
    };
    let mut ids: Vec<Uuid> = created().map(|new| new.id).collect();
    ids.sort_unstable();
    tx.record_events(&ids, EventKind::Pushed, now).await?;
    let assets: Vec<&Asset> = created().flat_map(|new| &new.assets).collect();
    tx.insert_assets(&assets, now).await?;
    tx.commit().await?;
    Ok(outcomes)
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

    async fn replace(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Submission(existing) => tx.replace_submission(existing.id, existing.partner_id, now).await,
            Self::Batch(existing) => tx.replace_batch(existing.id, existing.partner_id, now).await,
        }
    }
}

fn raced() -> StoreError {
    StoreError::Unavailable("another node is pushing the same id".to_owned())
}

/// The id of one submission is taken: by one that stands, or by one whose time is over.
async fn settle(tx: &mut Tx, new: &NewSubmission, now: Timestamp) -> Result<Pushed, StoreError> {
    let existing = InTheWay::of(tx, new.partner_id, &new.credential_id, now).await?;
    if existing.may_be_replaced(now) {
        existing.replace(tx, now).await?;
        return if tx.insert_submissions(&[new]).await?.is_empty() { Err(raced()) } else { Ok(Pushed::Created) };
    }
    Ok(match existing {
        InTheWay::Submission(existing) => Pushed::Existing(Box::new(existing)),
        _ => Pushed::Taken(vec![new.credential_id.clone()]),
    })
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
        existing.replace(tx, now).await?;
    }
    if tx.insert_batch(new).await? { Ok(Pushed::Created) } else { Err(raced()) }
}
