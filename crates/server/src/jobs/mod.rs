//! What happens without a request: sending what the outbox holds, and ending what is over.
//!
//! Every job asks the store what is due, so a restart loses nothing and several nodes may run the same jobs.

mod outbox;
mod retention;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;

pub use outbox::{Outgoing, send_due};
pub use retention::end_what_is_over;

/// How long the outbox rests when nothing wakes it.
const OUTBOX_PAUSE: Duration = Duration::from_secs(5);

/// Starts all jobs; they end soon after `stop`.
pub fn start(app: &App, stop: &CancellationToken) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    let (sender, sender_stop) = (app.clone(), stop.clone());
    jobs.spawn(async move {
        while !sender_stop.is_cancelled() {
            match send_due(&sender).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "the outbox could not be worked on"),
            }
            tokio::select! {
                () = sender_stop.cancelled() => {}
                () = sender.outbox_filled.notified() => {}
                () = tokio::time::sleep(OUTBOX_PAUSE) => {}
            }
        }
    });
    let (keeper, keeper_stop) = (app.clone(), stop.clone());
    jobs.spawn(async move {
        let pause = (keeper.config.retention.incomplete / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
        while !keeper_stop.is_cancelled() {
            if let Err(error) = end_what_is_over(&keeper).await {
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
