//! Periodic jobs: a round, a pause, and the next round.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use store::StoreError;

/// A periodic job.
#[derive(Debug)]
pub struct Job {
    /// Name in log lines.
    pub name: &'static str,
    pub app: App,
    /// Ends the job.
    pub stop: CancellationToken,
    /// Pause between two rounds.
    pub pause: Duration,
}

impl Job {
    /// Runs `round` until the job is stopped. A failed round is logged and retried after a pause.
    pub async fn run<R>(self, mut round: impl FnMut(App) -> R)
    where
        R: Future<Output = Result<(), StoreError>>,
    {
        let Self { name, app, stop, pause } = self;
        while !stop.is_cancelled() {
            if let Err(error) = round(app.clone()).await {
                tracing::warn!(job = name, %error, "a job failed; it will be retried");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Runs `round` as [`Job::run`] does, and cancels it when the database connection is lost. This
    /// has the same effect as a crash, so it is not for rounds that take data from memory.
    pub async fn run_cancelled<R>(self, mut round: impl FnMut(App) -> R)
    where
        R: Future<Output = Result<(), StoreError>>,
    {
        let cancelled = move |app: App| {
            // On the heap, because each wrapper would copy the large future.
            let work = Box::pin(round(app.clone()));
            async move { app.store().cancel_on_disconnect(work).await }
        };
        self.run(cancelled).await;
    }
}
