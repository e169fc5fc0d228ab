//! Runs document fetches ([`crate::flows::document_fetch`]).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::document_fetch::Fetcher;

/// Maximum time between two polls for due documents.
const LOOK: Duration = Duration::from_secs(1);

/// Fetches due documents until `stop`. Fetches in progress are then cancelled, and are due again
/// when their leases expire.
pub async fn run(app: App, stop: CancellationToken) {
    let mut fetcher = Fetcher::new(&app);
    while !stop.is_cancelled() {
        match fetcher.step().await {
            // The same partner's next documents may be due already.
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "fetching documents failed; it will be retried"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = fetcher.fetch_ended() => {}
            () = app.documents().to_fetch.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
