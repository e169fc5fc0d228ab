//! Group commit: requests that arrive together are committed together.
//!
//! One or more tasks write all requests of one kind. Each takes up to 256 queued requests, writes
//! them in one transaction, and responds to each caller after the commit. Under load, the cost of a
//! durable write is shared. If a group fails, its requests are retried one by one, so that one bad
//! request does not fail the others.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::{Store, StoreError};

/// Most queued requests. Another one is rejected with 503 rather than kept waiting.
const QUEUE: usize = 4096;
/// Timeout of a group. Without it, a silent database would block all later groups.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Writes requests of one kind.
pub trait GroupWriter: Send + Sync + 'static {
    type Request: Send + Sync + 'static;
    /// The response to a request.
    type Response: Send + 'static;

    /// Most requests in one group.
    const MAX: usize = 256;

    /// Returns the store that is written to.
    fn store(&self) -> &Store;

    /// Returns the number of groups that are written concurrently. More than one is useful if the
    /// database processes them in parallel: while one waits for the database, the next is prepared.
    fn lanes(&self) -> usize {
        1
    }

    /// Writes all of `requests` durably, or none. Returns one response per request, in order.
    ///
    /// # Errors
    /// Nothing was written, unless the database timed out.
    fn write(&self, requests: &[Self::Request])
    -> impl Future<Output = Result<Vec<Self::Response>, StoreError>> + Send;
}

/// Channel for the response to one request.
type Reply<W> = oneshot::Sender<Result<<W as GroupWriter>::Response, StoreError>>;

/// A queued request and the channel for its response.
type Queued<W> = (<W as GroupWriter>::Request, Reply<W>);

/// Handle to the tasks that write for `W`; cheap to clone. When the last clone is dropped, the
/// tasks finish the queue and end.
pub struct GroupCommit<W: GroupWriter> {
    queue: mpsc::Sender<Queued<W>>,
    failed_at: Failure,
}

/// When the database was unavailable for the last group; `None` if that was written.
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

    /// Returns whether the database was unavailable for the last group, less than `time` ago.
    pub fn failed_within(&self, time: Duration) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| at.elapsed() < time)
    }

    /// Ends a failure, since another writer has just used the same connections successfully.
    pub fn clear_failure(&self) {
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Queues `request` at once, and returns once it is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full or the database cannot write; nothing is
    /// stored then. Also returned if the database times out; the outcome is then unknown, and the
    /// caller has to retry.
    pub fn commit(&self, request: W::Request) -> impl Future<Output = Result<W::Response, StoreError>> + Send + use<W> {
        let (reply, answered) = oneshot::channel();
        let is_queued = self.queue.try_send((request, reply)).is_ok();
        async move {
            if !is_queued {
                return Err(StoreError::Unavailable("the commit queue is full".to_owned()));
            }
            answered.await.map_err(|_| StoreError::Unavailable("the commit task has ended".to_owned()))?
        }
    }
}

/// Writes queued requests, one group after the other.
async fn write_groups<W: GroupWriter>(
    writer: Arc<W>,
    waiting: Arc<Mutex<mpsc::Receiver<Queued<W>>>>,
    failed_at: Failure,
) {
    let (mut group, mut requests, mut replies) = (Vec::with_capacity(W::MAX), Vec::new(), Vec::new());
    // One task waits for the queue, the others for the mutex.
    while waiting.lock().await.recv_many(&mut group, W::MAX).await > 0 {
        for (request, reply) in group.drain(..) {
            requests.push(request);
            replies.push(reply);
        }
        let results = commit(&*writer, &requests).await;
        requests.clear();
        let has_failed = results.iter().any(|result| matches!(result, Err(StoreError::Unavailable(_))));
        *failed_at.lock().unwrap_or_else(PoisonError::into_inner) = has_failed.then(Instant::now);
        for (reply, result) in replies.drain(..).zip(results) {
            // A caller that has gone away needs no response. The request was written all the same.
            let _ = reply.send(result);
        }
    }
}

/// Returns one result per request, in order.
async fn commit<W: GroupWriter>(writer: &W, requests: &[W::Request]) -> Vec<Result<W::Response, StoreError>> {
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

async fn bounded<W: GroupWriter>(writer: &W, requests: &[W::Request]) -> Result<Vec<W::Response>, StoreError> {
    let silent =
        |_| StoreError::Unavailable("the database does not respond; the outcome of the write is unknown".to_owned());
    // Pinned here, because each wrapper would move this large future once more.
    let writing = pin!(writer.write(requests));
    timeout(TIMEOUT, writer.store().cancel_on_disconnect(writing)).await.map_err(silent)?
}
