//! Runs the fetches of documents ([`crate::flows::document_fetch`]).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::document_fetch::Fetcher;

/// Longest time between two looks for what is due.
const LOOK: Duration = Duration::from_secs(5);

/// Fetches what is due until `stop`. What is being fetched then is given up, and due again when its lease ends.
pub async fn run(app: App, stop: CancellationToken) {
    let mut fetcher = Fetcher::new(&app);
    while !stop.is_cancelled() {
        match fetcher.step().await {
            // A partner's next documents may be due already.
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "documents could not be fetched; it is tried again"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = fetcher.fetch_ended() => {}
            () = app.documents().to_fetch.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
