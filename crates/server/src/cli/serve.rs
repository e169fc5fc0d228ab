//! `tenure serve`.

use std::process::ExitCode;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::command::{Outcome, StoreArguments, block_on};
use crate::app::{App, StartError};
use crate::config::Config;
use crate::{backup, log, server};
use ambient::{Clock, Rng};

/// Run the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    store: StoreArguments,
    /// Where to listen, like 127.0.0.1:8080.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The address people and partners reach it by, like https://passport.example.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// How mail leaves: console, dir:DIR, or smtp://user:password@host:587?tls=required.
    #[arg(long, value_name = "WAY")]
    mail: Option<String>,
}

impl Serve {
    pub(super) fn run(self) -> Outcome {
        let config = self.store.load(&[
            ("server.listen", self.listen),
            ("server.base_url", self.base_url),
            ("mail.transport", self.mail),
        ])?;
        log::start(&config.log)?;
        block_on(serve(config, false, |_| {}))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Serves until SIGTERM or SIGINT; `ready` is called once requests are answered.
pub(super) async fn serve(config: Config, demo: bool, ready: impl FnOnce(&App)) -> Result<(), String> {
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let stop = CancellationToken::new();
    stop_on_signals(&stop)?;
    let open = || async {
        backup::refuse_unfinished(&config.storage.data, &config.storage.database_url).map_err(StartError::Operator)?;
        App::open(config.clone(), Clock::System, Rng::System, demo).await
    };
    let announce = |app: &App| {
        tracing::info!(%listen, base_url = app.config().base(), version = env!("CARGO_PKG_VERSION"), "ready");
        ready(app);
    };
    server::serve(listener, config.server.head_timeout, open, announce, stop).await.map_err(|error| error.to_string())
}

fn stop_on_signals(stop: &CancellationToken) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
}
