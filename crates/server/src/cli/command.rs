//! Shared parts of the sub-commands: their settings and their results.

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::backup;
use crate::config::{Config, EffectiveSetting, Storage};
use store::{Part, Store};

/// Result of a sub-command. The error message is shown at the terminal.
pub(super) type CommandResult = Result<ExitCode, String>;

/// Options that select the store.
#[derive(Clone, Debug, Args)]
pub(super) struct StoreArguments {
    /// Folder with the database, the key ring and the root key.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// URL of a PostgreSQL database to use instead of SQLite in the data folder.
    #[arg(long, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// File with settings; `tenure config` prints all of them.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl StoreArguments {
    /// Loads the settings: defaults, file, environment, then these options and `more`.
    pub(super) fn load(&self, more: &[(&'static str, Option<String>)]) -> Result<Config, String> {
        let loaded = Config::load(self.config.as_deref(), environment(), &self.overrides(more));
        loaded.map_err(|error| error.to_string())
    }

    /// Lists the settings that [`Self::load`] loads, each with its origin.
    pub(super) fn effective(&self, more: &[(&'static str, Option<String>)]) -> Result<Vec<EffectiveSetting>, String> {
        let listed = Config::effective(self.config.as_deref(), &environment(), &self.overrides(more));
        listed.map_err(|error| error.to_string())
    }

    /// Returns the settings that options set.
    fn overrides(&self, more: &[(&'static str, Option<String>)]) -> Vec<(&'static str, String)> {
        let data = self.data.as_ref().map(|path| path.display().to_string());
        let own = [("storage.data_dir", data), ("storage.database_url", self.database_url.clone())];
        let all = own.into_iter().chain(more.iter().cloned());
        all.filter_map(|(key, value)| value.map(|value| (key, value))).collect()
    }
}

/// Logs which `TENURE_` variables are ignored.
pub(super) fn warn_of_ignored_variables() {
    for variable in Config::ignored_variables(&environment()) {
        tracing::warn!(variable, "an environment variable is ignored: it is no setting. See tenure config");
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Vec<(String, String)> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

/// Refuses storage in which no server has created a database. Otherwise a misspelt `--data` would
/// look like a server without partners.
pub(super) async fn require_data(storage: &Storage) -> Result<(), String> {
    let (data, url) = (&storage.data_dir, &storage.database_url);
    if Store::exists(Part::Data, data, url).await.map_err(|error| error.to_string())? {
        return Ok(());
    }
    backup::refuse_unfinished(data, url)?;
    let half = data.join(Part::Keyring.file());
    let data = data.display();
    Err(match (url.is_empty(), storage.data_dir.exists()) {
        (false, _) => "the PostgreSQL database is empty: no server was started on it. Check --database-url".to_owned(),
        (true, true) if half.exists() => {
            format!("{data} has a key ring, but its {} is missing. Put it back, or restore a backup", Part::Data.file())
        }
        (true, true) => format!("{data} has no database: no server was started on it. Check --data"),
        (true, false) => format!("{data} does not exist. Check --data"),
    })
}

/// Returns an environment variable that is not a setting of the server.
#[expect(clippy::disallowed_methods, reason = "beside the settings, which StoreArguments reads")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs `work` on a multi-threaded runtime.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(work)
}

/// Writes `text` and a line feed to standard output in one write.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn write_stdout(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{}\n", text.trim_end_matches('\n')).as_bytes())?;
    stdout.flush()
}

/// Like [`write_stdout`], but ignores a reader that closes the pipe, such as `head`.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn print(text: &str) -> Result<(), String> {
    match write_stdout(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("cannot write to standard output: {error}")),
        _ => Ok(()),
    }
}
