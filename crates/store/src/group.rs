//! Group commit: requests that arrive together are committed together.
//!
//! One task, or a few, own the writing of one kind of request. Each takes what is queued, up to 256, has it written in one
//! transaction and answers each caller after that commit; under load the cost of a durable write is shared. If a group fails,
//! its requests are tried one by one, so that one bad request fails alone.

use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::{Store, StoreError};

/// Most requests that wait; one more is turned away with 503 rather than kept waiting for long.
const QUEUE: usize = 4096;
/// How long a group may take: a database that has fallen silent would otherwise keep every later one waiting for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes requests of one kind.
pub trait GroupWriter: Send + Sync + 'static {
    /// What a caller wants written.
    type Request: Send + Sync + 'static;
    /// What a caller is told.
    type Answer: Send + 'static;

    /// Most requests in one group.
    const MOST: usize = 256;

    /// Where it is written.
    fn store(&self) -> &Store;

    /// How many groups are under way at once. More than one where the database works on them side by side: while one waits
    /// for its answer, another is made.
    fn lanes(&self) -> usize {
        1
    }

    /// Writes all of `requests` together and durably, or nothing; an answer for each, in order.
    ///
    /// # Errors
    /// Nothing is written then, unless the database fell silent.
    fn write(&self, requests: &[Self::Request]) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// Where the answer to one request goes.
type Reply<W> = oneshot::Sender<Result<<W as GroupWriter>::Answer, StoreError>>;

/// A request that waits, and where its answer goes.
type Queued<W> = (<W as GroupWriter>::Request, Reply<W>);

/// The way to the tasks that write for `W`; cheap to clone. They end, after what is queued, when the last clone is dropped.
pub struct GroupCommit<W: GroupWriter> {
    queue: mpsc::Sender<Queued<W>>,
    failed_at: Failure,
}

/// When the database could not be used for the last group; `None` if it was written.
type Failure = Arc<std::sync::Mutex<Option<Instant>>>;

impl<W: GroupWriter> Clone for GroupCommit<W> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), failed_at: self.failed_at.clone() }
    }
}

impl<W: GroupWriter> std::fmt::Debug for GroupCommit<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupCommit").field("free", &self.queue.capacity()).finish()
    }
}

impl<W: GroupWriter> GroupCommit<W> {
    /// Starts the tasks.
    pub fn start(writer: W) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (writer, waiting) = (Arc::new(writer), Arc::new(Mutex::new(waiting)));
        let failed_at = Failure::default();
        for _ in 0..writer.lanes() {
            tokio::spawn(write_groups(writer.clone(), waiting.clone(), failed_at.clone()));
        }
        Self { queue, failed_at }
    }

    /// Whether the database could not be used for the last group, and that was less than `time` ago.
    pub fn failed_within(&self, time: Duration) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| at.elapsed() < time)
    }

    /// Writes `request`; returns once that is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is stored then. Or if it does not
    /// answer in time: then nobody knows, and the caller has to repeat what it asked for.
    pub async fn commit(&self, request: W::Request) -> Result<W::Answer, StoreError> {
        let (reply, answered) = oneshot::channel();
        self.queue
            .try_send((request, reply))
            .map_err(|_| StoreError::Unavailable("more requests wait than can be committed".to_owned()))?;
        answered.await.map_err(|_| StoreError::Unavailable("the committing task has ended".to_owned()))?
    }
}

/// Writes group after group of what is waiting.
async fn write_groups<W: GroupWriter>(
    writer: Arc<W>,
    waiting: Arc<Mutex<mpsc::Receiver<Queued<W>>>>,
    failed_at: Failure,
) {
    let (mut group, mut requests, mut replies) = (Vec::with_capacity(W::MOST), Vec::new(), Vec::new());
    // Of several tasks one waits at the queue, the others for their turn there.
    while waiting.lock().await.recv_many(&mut group, W::MOST).await > 0 {
        for (request, reply) in group.drain(..) {
            requests.push(request);
            replies.push(reply);
        }
        let results = commit(&*writer, &requests).await;
        requests.clear();
        let has_failed = results.iter().any(|result| matches!(result, Err(StoreError::Unavailable(_))));
        *failed_at.lock().unwrap_or_else(PoisonError::into_inner) = has_failed.then(Instant::now);
        for (reply, result) in replies.drain(..).zip(results) {
            // A caller that has gone away needs no answer; what was written counts all the same.
            let _ = reply.send(result);
        }
    }
}

/// A result for each request, in order.
async fn commit<W: GroupWriter>(writer: &W, requests: &[W::Request]) -> Vec<Result<W::Answer, StoreError>> {
    match bounded(writer, requests).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if requests.len() == 1 || matches!(error, StoreError::Unavailable(_)) => {
            requests.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut results = Vec::with_capacity(requests.len());
            for request in requests {
                results.push(bounded(writer, std::slice::from_ref(request)).await.map(|mut one| one.remove(0)));
            }
            results
        }
    }
}

async fn bounded<W: GroupWriter>(writer: &W, requests: &[W::Request]) -> Result<Vec<W::Answer>, StoreError> {
    let silent = |_| StoreError::Unavailable("the database does not answer; what was written may count".to_owned());
    timeout(PATIENCE, writer.store().unless_lost(writer.write(requests))).await.map_err(silent)?
}
