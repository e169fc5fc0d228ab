//! Keeps in step with the other nodes on the same database: what they change is read anew, what callers use up is counted
//! together, and connections that are of no use are let go of. On SQLite there is one node, and nothing of this runs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::retention;
use crate::rate_limit::SHARED_EVERY;
use store::{Notice, Notices, StoreError};

/// How long reading something anew may take: longer than another node may hold what is read. And how long is waited before it
/// is tried again.
const PATIENCE: Duration = Duration::from_secs(25);
const AGAIN: Duration = Duration::from_secs(1);

/// After so many rounds, buckets that are full again are forgotten in the database: once a minute.
const ROUNDS: u32 = 60;

/// Starts what a node among others has to do.
pub fn start(app: &App, stop: &CancellationToken, jobs: &mut JoinSet<()>) {
    let Some(notices) = app.store().notices() else { return };
    jobs.spawn(listen(app.clone(), stop.clone(), notices));
    if app.config().rate_limit.enabled {
        jobs.spawn(share_limits(app.clone(), stop.clone()));
    }
}

/// However listening ends, nothing is told from memory any more.
struct Deaf<'a>(&'a App);

impl Drop for Deaf<'_> {
    fn drop(&mut self) {
        self.0.store().changes().lose();
    }
}

async fn listen(app: App, stop: CancellationToken, mut notices: Notices) {
    let _deaf_at_last = Deaf(&app);
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

/// Reads the keys anew, as often as it takes. Notices wait meanwhile, and none is lost; until they are heard, statuses are not
/// told from memory.
async fn read_keys(app: &App, stop: &CancellationToken) {
    app.store().changes().lose();
    try_to_read_keys(app, stop).await;
    app.store().changes().follow();
}

async fn try_to_read_keys(app: &App, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let silent = |_| StoreError::Unavailable("the database does not answer".to_owned());
        match timeout(PATIENCE, refresh_keys(app)).await.map_err(silent).and_then(|read| read) {
            Ok(()) => return,
            // A key that makes no sense makes none a second later either. This node goes on with those that it knows, and
            // retention reads them again.
            Err(error @ StoreError::Broken(_)) => {
                tracing::error!(%error, "keys that another node may have changed are of no use");
                return;
            }
            Err(error) => tracing::warn!(%error, "keys that another node may have changed could not be read"),
        }
        // The connection that notices come by may be the first to know that the server is gone.
        give_up(app);
        sleep(AGAIN).await;
    }
}

fn give_up(app: &App) {
    app.store().give_up();
    app.keyring().store().give_up();
}

async fn refresh_keys(app: &App) -> Result<(), StoreError> {
    let now = app.trusted_time().now();
    app.tokens().refresh_keys(app.keyring(), app.rng(), now).await?;
    app.issuer_keys().refresh(app.keyring(), app.rng(), now).await
}

async fn share_limits(app: App, stop: CancellationToken) {
    for round in 1_u32.. {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(SHARED_EVERY) => {}
        }
        if let Err(error) = app.limits().share().await {
            tracing::warn!(%error, "limits could not be counted with other nodes; this node goes on alone");
        } else if round % ROUNDS == 0
            && let Err(error) = app.store().unless_lost(retention::delete_full_rate_limits(&app)).await
        {
            tracing::warn!(%error, "limits that are over could not be forgotten");
        }
    }
}
