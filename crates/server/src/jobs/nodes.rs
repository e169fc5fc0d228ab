//! Keeps a node in step with the other nodes on the same database.
//!
//! It reloads what other nodes change, shares rate limit counts with them, and drops unusable
//! connections. On SQLite there is only one node, and none of this runs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::periodic::Job;
use crate::app::App;
use crate::flows::retention;
use crate::rate_limit::SHARED_EVERY;
use store::{Notice, Notices, StoreError};

/// Timeout of a reload, which must exceed the time that another node may hold a lock on the rows;
/// and the pause before a retry.
const TIMEOUT: Duration = Duration::from_secs(25);
const AGAIN: Duration = Duration::from_secs(1);

/// Number of sharing rounds between two deletions of full rate limit buckets: about one minute.
const ROUNDS: u32 = 60;

/// Starts the tasks of a node that shares its database with others.
pub fn start(app: &App, stop: &CancellationToken, jobs: &mut JoinSet<()>) {
    let Some(notices) = app.store().notices() else { return };
    jobs.spawn(listen(app.clone(), stop.clone(), notices));
    if app.config().rate_limit.enabled {
        let job = Job { name: "rate limits", app: app.clone(), stop: stop.clone(), pause: SHARED_EVERY };
        let mut round = 0_u32;
        jobs.spawn(job.run(move |app| {
            round = round.wrapping_add(1);
            let deletes = round.is_multiple_of(ROUNDS);
            async move { share_limits(&app, deletes).await }
        }));
    }
}

/// Disables the cache of statuses when listening ends, for whatever reason.
struct ListenGuard<'a>(&'a App);

impl Drop for ListenGuard<'_> {
    fn drop(&mut self) {
        self.0.store().changes().lose();
    }
}

async fn listen(app: App, stop: CancellationToken, mut notices: Notices) {
    let _deaf_at_last = ListenGuard(&app);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            notice = notices.next() => match notice {
                Notice::Lost => {
                    app.store().changes().lose();
                    give_up(&app);
                }
                Notice::Schema => {
                    app.store().renew();
                    app.keyring().store().renew();
                }
                Notice::Partners => app.active_partners().clear(),
                Notice::Submission(changed) => app.store().changes().note(&[changed]),
                Notice::Keys => read_keys(&app, &stop).await,
                Notice::Connected => {
                    app.active_partners().clear();
                    read_keys(&app, &stop).await;
                }
            },
        }
    }
}

/// Reloads the keys, retrying until it succeeds.
///
/// Notices queue up meanwhile and none is lost. The cache of statuses is disabled until they are
/// processed.
async fn read_keys(app: &App, stop: &CancellationToken) {
    app.store().changes().lose();
    try_to_read_keys(app, stop).await;
    app.store().changes().follow();
}

async fn try_to_read_keys(app: &App, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let silent = |_| StoreError::Unavailable("the database does not respond".to_owned());
        match timeout(TIMEOUT, retention::refresh_signing_keys(app)).await.map_err(silent).and_then(|read| read) {
            Ok(()) => return,
            // A broken key does not become valid by retrying. The node keeps the keys that it has,
            // and retention reads them again.
            Err(error @ StoreError::Broken(_)) => {
                tracing::error!(%error, "keys that another node may have changed are invalid");
                return;
            }
            Err(error) => tracing::warn!(%error, "keys that another node may have changed could not be loaded"),
        }
        // The connection for notices may be the first one to detect that the database server is
        // gone.
        give_up(app);
        sleep(AGAIN).await;
    }
}

fn give_up(app: &App) {
    app.store().give_up();
    app.keyring().store().give_up();
}

/// Shares rate limits with other nodes. `deletes`: whether to delete full buckets too.
async fn share_limits(app: &App, deletes: bool) -> Result<(), StoreError> {
    app.limits().share().await?;
    if deletes {
        app.store().cancel_on_disconnect(retention::delete_full_rate_limits(app)).await?;
    }
    Ok(())
}
