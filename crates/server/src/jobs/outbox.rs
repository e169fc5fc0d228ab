//! Runs the lanes of the outbox ([`crate::flows::outbox`]), each in its own task.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::flows::outbox::LaneSender;
use crate::outbox::Lane;

/// Maximum time between two polls for due messages.
const LOOK: Duration = Duration::from_secs(2);
/// Minimum time between two polls while the mail server is paused.
const SHORTEST_LOOK: Duration = Duration::from_millis(50);
/// Maximum time between two polls while mails wait for a session. Those of a slow domain are then
/// put back.
const WAITING_LOOK: Duration = Duration::from_millis(100);

/// Sends the messages in `lane` until `stop`, and then waits for those in progress.
pub async fn run(app: App, lane: Lane, stop: CancellationToken) {
    let mut sender = LaneSender::new(&app, lane);
    loop {
        let is_stopping = stop.is_cancelled();
        if let Err(error) = sender.step(!is_stopping).await {
            tracing::warn!(lane = lane.name(), %error, "processing the outbox failed; it will be retried");
        } else if is_stopping && sender.is_idle() {
            return;
        }
        let (now, paused_until) = (app.now(), app.mailer().health().paused_until(app.now()));
        let longest = if sender.is_waiting() { WAITING_LOOK } else { LOOK };
        let look = paused_until.map_or(longest, |until| until.since(now).clamp(SHORTEST_LOOK, longest));
        tokio::select! {
            () = stop.cancelled(), if !is_stopping => {}
            () = sender.attempt_ended() => {}
            () = app.outbox().filled(lane) => {}
            () = tokio::time::sleep(look) => {}
        }
    }
}
