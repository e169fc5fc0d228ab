//! Background jobs: loops that call flows.
//!
//! Every job asks the store what is due, so a restart loses nothing and several nodes may run the same jobs: what one takes,
//! others leave. A round whose connection to the database is lost is given up, as when the server is killed in it.

mod nodes;
mod retention;
mod webhooks;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::document_fetch::fetch_due;
use crate::flows::document_sweep::delete_orphans;
use crate::flows::outbox::send_due;
use ambient::Timestamp;

pub use retention::end_what_is_over;

/// How long the outbox rests when nothing wakes it.
const OUTBOX_PAUSE: Duration = Duration::from_secs(5);

/// How long the sweep of the object store rests.
const SWEEP_PAUSE: Duration = Duration::from_secs(3600);

/// Starts all jobs; they end soon after `stop`.
pub fn start(app: &App, stop: &CancellationToken) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    nodes::start(app, stop, &mut jobs);
    let (sender, sender_stop) = (app.clone(), stop.clone());
    jobs.spawn(async move {
        while !sender_stop.is_cancelled() {
            match sender.store().unless_lost(send_due(&sender)).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "the outbox could not be worked on"),
            }
            tokio::select! {
                () = sender_stop.cancelled() => {}
                () = sender.outbox().filled() => {}
                () = tokio::time::sleep(OUTBOX_PAUSE) => {}
            }
        }
    });
    let (fetcher, fetcher_stop) = (app.clone(), stop.clone());
    jobs.spawn(async move {
        while !fetcher_stop.is_cancelled() {
            match fetcher.store().unless_lost(fetch_due(&fetcher)).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "documents could not be fetched; it is tried again"),
            }
            tokio::select! {
                () = fetcher_stop.cancelled() => {}
                () = fetcher.documents().to_fetch.notified() => {}
                () = tokio::time::sleep(OUTBOX_PAUSE) => {}
            }
        }
    });
    jobs.spawn(webhooks::run(app.clone(), stop.clone()));
    let (sweeper, sweeper_stop) = (app.clone(), stop.clone());
    jobs.spawn(async move {
        // Everything at the start, since nobody knows how long the server was away; then what is recent.
        let mut since = Timestamp::from_micros(0);
        while !sweeper_stop.is_cancelled() {
            match sweeper.store().unless_lost(delete_orphans(&sweeper, since)).await {
                Ok(_) => since = sweeper.now() - sweeper.config().objects.orphan_age - 3 * SWEEP_PAUSE,
                Err(error) => tracing::warn!(%error, "the object store could not be swept; it is tried again"),
            }
            tokio::select! {
                () = sweeper_stop.cancelled() => {}
                () = tokio::time::sleep(SWEEP_PAUSE) => {}
            }
        }
    });
    let (keeper, keeper_stop) = (app.clone(), stop.clone());
    jobs.spawn(async move {
        let pause = (keeper.config().retention.incomplete / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
        while !keeper_stop.is_cancelled() {
            if let Err(error) = keeper.store().unless_lost(end_what_is_over(&keeper)).await {
                tracing::warn!(%error, "retention could not be done; it is tried again");
            }
            tokio::select! {
                () = keeper_stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    });
    jobs
}
