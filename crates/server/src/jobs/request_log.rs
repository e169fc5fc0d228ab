//! Stores the request log ([`crate::flows::request_log`]).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::request_log;

/// Pause between two writes.
const PAUSE: Duration = Duration::from_secs(1);

/// Stores collected requests once a second until `stop`. The server stores the last ones itself,
/// after it has finished its requests.
pub async fn run(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = request_log::write(&app).await {
            tracing::warn!(%error, "storing the request log failed; it will be retried");
        }
    }
}
