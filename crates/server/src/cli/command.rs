//! What sub-commands share: the settings they read, and how they end.

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::config::Config;

/// A sub-command failed; the message is for the person at the terminal.
pub(super) type Outcome = Result<ExitCode, String>;

/// Which store a sub-command works on.
#[derive(Clone, Debug, Args)]
pub(super) struct StoreArguments {
    /// The folder with the database, the key ring and the root key.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite in the data folder.
    #[arg(long, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// A file with settings; `tenure config` prints them all.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl StoreArguments {
    /// The settings: default, file, environment, then these and `more`.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(super) fn load(&self, more: &[(&'static str, Option<String>)]) -> Result<Config, String> {
        let data = self.data.as_ref().map(|path| path.display().to_string());
        let own = [("storage.data", data), ("storage.database_url", self.database_url.clone())];
        let overrides: Vec<(&str, String)> = own
            .into_iter()
            .chain(more.iter().cloned())
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .collect();
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        Config::load(self.config.as_deref(), environment, &overrides).map_err(|error| error.to_string())
    }
}

/// A variable of the environment that is no setting of the server.
#[expect(clippy::disallowed_methods, reason = "beside the settings, which StoreArguments reads")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs `work` on a runtime with all cores.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(work)
}

/// Writes `text` and a line feed to standard output, in one piece.
///
/// # Errors
/// It cannot be written.
pub(super) fn write_stdout(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{}\n", text.trim_end_matches('\n')).as_bytes())?;
    stdout.flush()
}

/// Like [`write_stdout`]; a reader that stops reading, such as `head`, is not an error.
///
/// # Errors
/// It cannot be written.
pub(super) fn print(text: &str) -> Result<(), String> {
    match write_stdout(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
