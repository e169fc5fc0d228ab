//! `tenure serve`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::command::{CommandResult, StoreArguments, block_on, warn_of_ignored_variables};
use crate::app::{App, StartError};
use crate::config::Config;
use crate::{backup, log, server};
use ambient::{Clock, Rng};
use store::{FolderLock, FolderLockError};

/// Run the server.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    store: StoreArguments,
    /// Address and port to listen on, like 127.0.0.1:8080.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Public address for people and partners, like https://passport.example.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Mail transport: console, dir:DIR, or smtp://user:password@host:587?tls=required.
    #[arg(long, value_name = "TRANSPORT")]
    mail: Option<String>,
}

impl Serve {
    pub(super) fn run(self) -> CommandResult {
        let config = self.store.load(&[
            ("server.listen", self.listen),
            ("server.base_url", self.base_url),
            ("mail.transport", self.mail),
        ])?;
        let logging = log::start(&config.log)?;
        warn_of_ignored_variables();
        let dropped = logging.dropped;
        block_on(serve(config, false, |app| app.metrics().count_dropped_log_lines(dropped)))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// File descriptors reserved for everything but client connections: databases, documents, mail,
/// webhooks.
const OTHER_FILES: usize = 256;

/// Raises the limit of open files to the maximum, and lowers the number of connections to fit.
fn limit_connections(config: &mut Config) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let allowed = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let allowed = allowed.map_or(usize::MAX, |allowed| usize::try_from(allowed).unwrap_or(usize::MAX));
    let most = allowed.saturating_sub(OTHER_FILES).max(MIN_CONNECTIONS);
    if most < config.server.max_connections {
        tracing::warn!(
            max_connections = most,
            "the connection limit was lowered: the limit of open files is {allowed}"
        );
        config.server.max_connections = most;
    }
}

/// Lower bound on connections, whatever the limit of open files.
const MIN_CONNECTIONS: usize = 64;

/// Serves until SIGTERM or SIGINT. Calls `ready` once the server accepts requests.
pub(super) async fn serve(mut config: Config, demo: bool, ready: impl FnOnce(&App)) -> Result<(), String> {
    limit_connections(&mut config);
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| cannot_listen(listen, &error))?;
    let stop = CancellationToken::new();
    stop_on_signals(&stop)?;
    let lock = OnceLock::new();
    let open = || async {
        let opening = async {
            lock_folder(&lock, &config)?;
            backup::refuse_unfinished(&config.storage.data_dir, &config.storage.database_url)
                .map_err(StartError::Operator)?;
            App::open(config.clone(), Clock::System, Rng::System, demo).await
        };
        match opening.await {
            // A demonstration has no links to print until its store is open, so it ends (D-414).
            Err(error) if demo => Err(StartError::Operator(error.to_string())),
            opened => opened,
        }
    };
    let announce = |app: &App| {
        tracing::info!(%listen, base_url = app.config().base(), version = env!("CARGO_PKG_VERSION"), "ready");
        ready(app);
    };
    server::serve(listener, &config.server, open, announce, stop).await.map_err(|error| error.to_string())
}

fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> String {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => ". Stop the other program or choose another address with --listen",
        ErrorKind::AddrNotAvailable => ". Choose an address of this machine with --listen",
        ErrorKind::PermissionDenied => ". Choose a port from 1024 on with --listen",
        _ => "",
    };
    format!("cannot listen on {listen}: {error}{advice}")
}

/// Locks the data folder, unless `lock` already contains a lock. Servers on one PostgreSQL may
/// share a folder; a SQLite database has one server.
fn lock_folder(lock: &OnceLock<FolderLock>, config: &Config) -> Result<(), StartError> {
    if lock.get().is_some() {
        return Ok(());
    }
    let storage = &config.storage;
    let taken = if storage.database_url.is_empty() {
        FolderLock::exclusive(&storage.data_dir)
    } else {
        FolderLock::shared(&storage.data_dir)
    };
    let taken = taken.map_err(|error| match error {
        FolderLockError::Store(error) => StartError::Store(error),
        in_use @ FolderLockError::InUse(_) => StartError::Operator(in_use.to_string()),
    })?;
    let _ = lock.set(taken);
    Ok(())
}

/// The number of the signal on Linux, the BSDs and macOS.
const SIGXFSZ: i32 = 25;

fn stop_on_signals(stop: &CancellationToken) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    // Sent when a terminal closes, and by some service managers. By default it kills the process.
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| error.to_string())?;
    // Sent at a limit of file sizes (RLIMIT_FSIZE). By default it kills the process. With a handler
    // the write fails, as on a full disk.
    let _ = signal(SignalKind::from_raw(SIGXFSZ)).map_err(|error| error.to_string())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => tracing::info!("SIGHUP is ignored; restart to reload the settings"),
            }
        }
        stop.cancel();
    });
    Ok(())
}
