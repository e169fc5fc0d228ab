//! Runs webhook deliveries: each webhook that has something due gets a lane, a task that sends until nothing is due.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::flows::webhook_delivery;

/// How long is waited between two looks for what is due, unless woken; and at least, however often woken.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(20));

/// Runs lanes until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let mut lanes = JoinSet::new();
    let mut busy = HashSet::new();
    while !stop.is_cancelled() {
        match webhook_delivery::due(&app).await {
            Ok(due) => {
                for webhook in due.into_iter().filter(|webhook| busy.insert(*webhook)).collect::<Vec<_>>() {
                    let (app, stop) = (app.clone(), stop.clone());
                    lanes.spawn(async move {
                        match webhook_delivery::deliver(&app, webhook, &stop).await {
                            Ok(1..) => return webhook,
                            Ok(0) => {}
                            Err(error) => {
                                tracing::warn!(%error, "deliveries could not be worked on; they are tried again");
                            }
                        }
                        // What is due was taken by another node, or by a server that crashed: looking again at once would
                        // find the same.
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = tokio::time::sleep(LOOK.0) => {}
                        }
                        webhook
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "deliveries could not be looked for; it is tried again"),
        }
        let (longest, shortest) = LOOK;
        tokio::time::sleep(shortest).await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.deliveries_due().notified() => {}
            () = tokio::time::sleep(longest) => {}
            Some(ended) = lanes.join_next() => free(&mut busy, &ended),
        }
        while let Some(ended) = lanes.try_join_next() {
            free(&mut busy, &ended);
        }
    }
    // What is on its way is waited for; the caller does not wait for long.
    while lanes.join_next().await.is_some() {}
}

/// Notes that a lane has ended. Which one panicked is unknown, so after a panic every webhook may get a second lane, as if
/// there were two nodes.
fn free(busy: &mut HashSet<Uuid>, ended: &Result<Uuid, JoinError>) {
    match ended {
        Ok(webhook) => drop(busy.remove(webhook)),
        Err(_) => busy.clear(),
    }
}
