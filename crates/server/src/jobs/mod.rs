//! Background jobs: loops that call flows.
//!
//! Every job polls the store for due work, so a restart loses nothing. Several nodes may run the
//! same jobs: work that one node has claimed is skipped by the others.

mod fetches;
mod nodes;
mod outbox;
mod periodic;
mod retention;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::document_sweep::delete_orphans;
use crate::flows::outbox::maintain;
use crate::flows::{files, request_log};
use crate::outbox::Lane;
use ambient::Timestamp;
use periodic::Job;

pub use retention::run_retention;

/// Pause of the outbox maintenance job.
const OUTBOX_PAUSE: Duration = Duration::from_secs(5);

/// Pause between two writes of the request log.
const REQUEST_LOG_PAUSE: Duration = Duration::from_secs(1);

/// Pause before files of the settings are read again. They are small, so reading them costs less
/// than telling whether they have changed.
const FILES_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two sweeps of the object store.
const SWEEP_PAUSE: Duration = Duration::from_secs(3600);

/// Starts all jobs. They end soon after `stop`.
pub fn start(app: &App, stop: &CancellationToken) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    nodes::start(app, stop, &mut jobs);
    jobs.spawn(webhooks::run(app.clone(), stop.clone()));
    let job = |name, pause| Job { name, app: app.clone(), stop: stop.clone(), pause };
    // The server stores the last requests itself, after it has finished them.
    jobs.spawn(job("request log", REQUEST_LOG_PAUSE).run(|app| async move { request_log::write(&app).await }));
    for lane in Lane::ALL {
        jobs.spawn(outbox::run(app.clone(), lane, stop.clone()));
    }
    jobs.spawn(job("outbox", OUTBOX_PAUSE).run_cancelled(|app| async move { maintain(&app).await }));
    jobs.spawn(fetches::run(app.clone(), stop.clone()));
    jobs.spawn(job("files", FILES_PAUSE).run_cancelled(|app| async move { files::reload(&app).await }));
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
    jobs.spawn(job("object sweep", SWEEP_PAUSE).run_cancelled(sweep));
    let pause = (app.config().retention.incomplete / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
    jobs.spawn(job("retention", pause).run_cancelled(|app| async move { run_retention(&app).await }));
    jobs
}
