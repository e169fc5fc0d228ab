//! The command line: one file a sub-command. Owns what they share: the settings and how failures are shown.

mod backup;
mod check;
mod demo;
mod doctor;
mod partner;
mod push;
mod restore;
mod serve;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;

/// The open career passport: partners push what they know, people keep it, hirers check it.
#[derive(Debug, Parser)]
#[command(name = "tenure", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Try everything on this machine: a server with a sandbox partner and a submission to open.
    Demo(demo::Demo),
    /// Add, list, rotate and disable partners (OAuth clients); works while the server runs.
    Partner(partner::PartnerArguments),
    /// Look at everything that a server stands on, and say what to do about what is wrong.
    Doctor(doctor::Doctor),
    /// Make a backup of the data and the keys; works while the server runs.
    Backup(backup::Backup),
    /// Put a backup back, into an empty data folder or database.
    Restore(restore::Restore),
    /// Check the body of a push before sending it, and point at every fault.
    Check(check::Check),
    /// Push a CSV or NDJSON file of any size to a server, and keep the links: a payroll bureau's client.
    Push(Box<bulk_push::Args>),
    /// Check a signed credential or a showing of one, and explain each step.
    Verify(verify::Verify),
    /// Print every setting with its meaning and default.
    Config,
}

/// A sub-command failed; the message is for the person at the terminal.
type Outcome = Result<ExitCode, String>;

impl Cli {
    /// Runs the sub-command. Exit code 0, or 1 with a message on standard error; wrong usage is 2 and clap's.
    #[expect(clippy::print_stderr, reason = "failures are for the person at the terminal")]
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Demo(demo) => demo.run(),
            Command::Partner(partner) => partner.run(),
            Command::Doctor(doctor) => doctor.run(),
            Command::Backup(backup) => backup.run(),
            Command::Restore(restore) => restore.run(),
            Command::Check(check) => check.run(),
            Command::Push(arguments) => push::run(*arguments),
            Command::Verify(verify) => verify.run(),
            Command::Config => print(crate::config::DEFAULT),
        };
        outcome.unwrap_or_else(|message| {
            eprintln!("tenure: {message}");
            ExitCode::FAILURE
        })
    }
}

#[expect(clippy::print_stdout, reason = "this is what was asked for")]
#[expect(clippy::unnecessary_wraps, reason = "an arm of the dispatch")]
fn print(text: &str) -> Outcome {
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// Which store a sub-command works on.
#[derive(Clone, Debug, Args)]
struct StoreArguments {
    /// The folder with the database, the key ring and the root key.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite in the data folder.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// A file with settings; `tenure config` prints them all.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl StoreArguments {
    /// The settings: default, file, environment, then these and `more`.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn load(&self, more: &[(&'static str, Option<String>)]) -> Result<Config, String> {
        let data = self.data.as_ref().map(|path| path.display().to_string());
        let own = [("storage.data", data), ("storage.database_url", self.database_url.clone())];
        let overrides: Vec<(&str, String)> = own
            .into_iter()
            .chain(more.iter().cloned())
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .collect();
        Config::load(self.config.as_deref(), std::env::vars(), &overrides).map_err(|error| error.to_string())
    }
}

/// A variable of the environment that is no setting of the server.
#[expect(clippy::disallowed_methods, reason = "beside the settings, which StoreArguments reads")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs `work` on a runtime with all cores.
fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(work)
}
