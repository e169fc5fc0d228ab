//! Runs webhook deliveries: each webhook with due deliveries gets a lane, a task that sends until
//! none is due.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::flows::webhook_delivery;

/// Maximum and minimum time between two polls for due deliveries. A wake-up shortens the wait, but
/// not below the minimum.
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
                                tracing::warn!(%error, "processing webhook deliveries failed; it will be retried");
                            }
                        }
                        // Another node, or a server that crashed, holds the lease on the due
                        // deliveries. Polling again immediately would find the same ones.
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = tokio::time::sleep(LOOK.0) => {}
                        }
                        webhook
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "looking for due deliveries failed; it will be retried"),
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
    // Waits for deliveries in progress. The caller limits the time of a shutdown.
    while lanes.join_next().await.is_some() {}
}

/// Marks the lane of a webhook as ended.
///
/// After a panic it is unknown which lane it was, so every webhook may get a second lane. This is
/// safe: it is the same situation as with two nodes.
fn free(busy: &mut HashSet<Uuid>, ended: &Result<Uuid, JoinError>) {
    match ended {
        Ok(webhook) => drop(busy.remove(webhook)),
        Err(_) => busy.clear(),
    }
}
