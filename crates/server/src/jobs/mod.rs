//! Background jobs: loops that call flows.
//!
//! Every job polls the store for due work, so a restart loses nothing. Several nodes may run the
//! same jobs: work that one node has claimed is skipped by the others. A round is cancelled when
//! its database connection is lost, which has the same effect as a crash.

mod fetches;
mod nodes;
mod outbox;
mod request_log;
mod retention;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::document_sweep::delete_orphans;
use crate::flows::files;
use crate::flows::outbox::maintain;
use crate::outbox::Lane;
use ambient::Timestamp;
use store::StoreError;

pub use retention::end_what_is_over;

/// Maximum pause of the outbox maintenance job.
const WOKEN_PAUSE: Duration = Duration::from_secs(5);

/// Pause before files of the settings are read again. They are small, so reading them costs less
/// than telling whether they have changed.
const FILES_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two sweeps of the object store.
const SWEEP_PAUSE: Duration = Duration::from_secs(3600);

/// A periodic job.
struct Job {
    name: &'static str,
    app: App,
    stop: CancellationToken,
    pause: Duration,
}

impl Job {
    /// Runs `round` until the job is stopped. `woken` ends a pause early. A failed round is logged
    /// and retried after a pause.
    async fn run<R, W>(self, mut round: impl FnMut(App) -> R, woken: impl Fn(App) -> W)
    where
        R: Future<Output = Result<(), StoreError>>,
        W: Future<Output = ()>,
    {
        let Self { name, app, stop, pause } = self;
        while !stop.is_cancelled() {
            if let Err(error) = app.store().cancel_on_disconnect(round(app.clone())).await {
                tracing::warn!(job = name, %error, "a job failed; it will be retried");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken(app.clone()) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Starts all jobs. They end soon after `stop`.
pub fn start(app: &App, stop: &CancellationToken) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    nodes::start(app, stop, &mut jobs);
    jobs.spawn(webhooks::run(app.clone(), stop.clone()));
    jobs.spawn(request_log::run(app.clone(), stop.clone()));
    let job = |name, pause| Job { name, app: app.clone(), stop: stop.clone(), pause };
    for lane in Lane::ALL {
        jobs.spawn(outbox::run(app.clone(), lane, stop.clone()));
    }
    jobs.spawn(job("outbox", WOKEN_PAUSE).run(|app| async move { maintain(&app).await }, |_| std::future::pending()));
    jobs.spawn(fetches::run(app.clone(), stop.clone()));
    let reload = |app: App| async move { files::reload(&app).await };
    jobs.spawn(job("files", FILES_PAUSE).run(reload, |_| std::future::pending()));
    // The first sweep lists all objects, because it is unknown how long the server was down. Later
    // sweeps only list recent ones.
    let since = Arc::new(AtomicI64::new(0));
    let sweep = move |app: App| {
        let since = since.clone();
        async move {
            delete_orphans(&app, Timestamp::from_micros(since.load(Ordering::Relaxed))).await?;
            let recent = app.trusted_time().now() - app.config().object_storage.orphan_age - 3 * SWEEP_PAUSE;
            since.store(recent.micros(), Ordering::Relaxed);
            Ok(())
        }
    };
    jobs.spawn(job("object sweep", SWEEP_PAUSE).run(sweep, |_| std::future::pending()));
    let pause = (app.config().retention.incomplete / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
    jobs.spawn(
        job("retention", pause).run(|app| async move { end_what_is_over(&app).await }, |_| std::future::pending()),
    );
    jobs
}
