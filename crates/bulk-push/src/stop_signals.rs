//! Signals that end a run after the requests in flight.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// After the first signal, requests in flight may finish. The second signal cancels them.
pub fn stop_on_signals(stop: &CancellationToken, drop: &CancellationToken) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut hang_up = if ends_with_its_terminal(&status) {
        Some(signal(SignalKind::hangup()).map_err(|error| error.to_string())?)
    } else {
        None
    };
    let (stop, drop) = (stop.clone(), drop.clone());
    tokio::spawn(async move {
        for token in [stop, drop] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = received(&mut hang_up) => {}
            }
            token.cancel();
        }
    });
    Ok(())
}

/// Returns whether a closed terminal ends this process. Under `nohup` it does not: the signal is
/// ignored, and a handler would undo that. Without the status it is unknown, and nothing changes.
fn ends_with_its_terminal(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    ignored.is_some_and(|mask| mask & 1 == 0)
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending::<()>().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_hangups_stay_ignored() {
        let status = |mask: &str| format!("Name:\ttenure\nSigBlk:\t0000000000000000\nSigIgn:\t{mask}\n");
        assert!(ends_with_its_terminal(&status("0000000000001000")));
        assert!(!ends_with_its_terminal(&status("0000000000001001")), "under nohup");
        assert!(!ends_with_its_terminal(""));
    }
}
