//! Group commit: pushes that arrive together are committed together.
//!
//! One task owns the writing of pushes. It takes what is queued, up to 256, writes it in one transaction and answers
//! each caller after that commit; under load the cost of a durable write is shared. If a batch fails, its rows are
//! tried one by one, so that one bad row fails alone.

use std::collections::HashSet;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::event::EventKind;
use super::{NewSubmission, Store, StoreError, Tx};
use crate::domain::submission::Submission;
use crate::time::{Clock, Timestamp};

/// Most pushes in one transaction.
const BATCH: usize = 256;
/// Most pushes that wait; one more is turned away with 503 rather than kept waiting for long.
const QUEUE: usize = 4096;

/// What became of a push.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// Stored under the id it was given.
    Created,
    /// The partner has pushed this id before; that submission stands.
    Existing(Box<Submission>),
    /// The partner was disabled meanwhile; nothing was stored.
    PartnerDisabled,
}

struct Request {
    new: NewSubmission,
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
        f.debug_struct("Request").field("id", &self.new.id).finish_non_exhaustive()
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
    pub async fn push(&self, new: NewSubmission) -> Result<Pushed, StoreError> {
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

/// One transaction for the whole batch; an outcome for each request, in order.
async fn write(store: &Store, clock: &Clock, batch: &[Request]) -> Result<Vec<Pushed>, StoreError> {
    let now = clock.now();
    let mut tx = store.write().await?;
    let partners: HashSet<Uuid> = batch.iter().map(|request| request.new.partner_id).collect();
    let active = tx.active_partners(&partners.into_iter().collect::<Vec<_>>()).await?;
    let wanted: Vec<&NewSubmission> =
        batch.iter().map(|request| &request.new).filter(|new| active.contains(&new.partner_id)).collect();
    let inserted: HashSet<Uuid> = tx.insert_submissions(&wanted).await?.into_iter().collect();
    let mut created: Vec<Uuid> = inserted.iter().copied().collect();
    let mut outcomes = Vec::with_capacity(batch.len());
    for Request { new, .. } in batch {
        outcomes.push(if !active.contains(&new.partner_id) {
            Pushed::PartnerDisabled
        } else if inserted.contains(&new.id) {
            Pushed::Created
        } else {
            let outcome = settle(&mut tx, new, now).await?;
            if outcome == Pushed::Created {
                created.push(new.id);
            }
            outcome
        });
    }
    created.sort_unstable();
    tx.record_events(&created, EventKind::Pushed, now).await?;
    tx.commit().await?;
    Ok(outcomes)
}

/// The id is taken: by a submission that stands, or by one whose time is over.
async fn settle(tx: &mut Tx, new: &NewSubmission, now: Timestamp) -> Result<Pushed, StoreError> {
    if let Some(existing) = tx.current_submission(new.partner_id, &new.credential_id, now).await? {
        if !existing.may_be_replaced(now) {
            return Ok(Pushed::Existing(Box::new(existing)));
        }
        tx.replace_submission(existing.id, new.partner_id, now).await?;
    }
    let inserted = tx.insert_submissions(&[new]).await?;
    if inserted.is_empty() {
        Err(StoreError::Unavailable("another node is pushing the same id".to_owned()))
    } else {
        Ok(Pushed::Created)
    }
}
