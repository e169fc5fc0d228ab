//! The command line: one file for each sub-command.

mod backup;
mod check;
mod command;
mod completions;
mod config;
mod demo;
mod doctor;
mod inspect_document;
mod key_file;
mod key_origins;
mod man;
mod offline_files;
mod partner;
mod push;
mod renamed_options;
mod restore;
mod serve;
mod verified;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The open career passport: partners push credentials, people keep them, hirers check them.
#[derive(Debug, Parser)]
#[command(name = "tenure", version = env!("TENURE_VERSION"), about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Run a demonstration on this machine: a server with a sandbox partner and a submission to
    /// open.
    Demo(demo::Demo),
    /// Add, list, change, rotate and disable partners (OAuth clients); works while the server runs.
    Partner(partner::PartnerArguments),
    /// Check everything that a server depends on, and suggest a fix for each problem.
    Doctor(doctor::Doctor),
    /// Make a backup of the data and the keys; works while the server runs.
    Backup(backup::Backup),
    /// Restore a backup into an empty data folder or database.
    Restore(restore::Restore),
    /// Validate bodies of pushes before sending them, and show every error.
    Check(check::Check),
    /// Push a CSV, Excel (.xlsx) or NDJSON file to a server, and save the links: for payroll
    /// bureaus.
    Push(Box<bulk_push::Args>),
    /// Ask for the status of every credential in a file of links.
    Status(bulk_push::StatusArgs),
    /// Withdraw the credentials in a file of links.
    Withdraw(bulk_push::WithdrawArgs),
    /// Forward the events of your webhooks to a receiver on this machine, during development.
    Listen(bulk_push::ListenArgs),
    /// Verify a signed credential or a presentation, and explain each step.
    Verify(verify::Verify),
    /// Inspect a document; started by the server.
    #[command(hide = true)]
    InspectDocument(inspect_document::InspectDocument),
    /// Print every setting with its meaning and default, or the values in effect.
    Config(config::ConfigArguments),
    /// Print the completions of a shell.
    Completions(completions::Completions),
    /// Write the man pages into a folder.
    Man(man::Man),
}

impl Cli {
    /// Parses the command line. Ends the process after help, the version and wrong usage.
    pub fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| renamed_options::explain(error).exit())
    }

    /// Runs the sub-command. Returns its exit code, or 1 with a message on standard error. clap
    /// reports wrong usage with exit code 2. docs/reference/cli.md lists the exit codes.
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
            Command::Push(arguments) => push::run(|surroundings| arguments.run(surroundings)),
            Command::Status(arguments) => push::run(|surroundings| arguments.run(surroundings)),
            Command::Withdraw(arguments) => push::run(|surroundings| arguments.run(surroundings)),
            Command::Listen(arguments) => push::run(|surroundings| arguments.run(surroundings)),
            Command::Verify(verify) => verify.run(),
            Command::InspectDocument(inspect) => inspect.run(),
            Command::Config(config) => config.run(),
            Command::Completions(completions) => completions.run::<Self>(),
            Command::Man(man) => man.run::<Self>(),
        };
        outcome.unwrap_or_else(|message| {
            eprintln!("tenure: {message}");
            ExitCode::FAILURE
        })
    }
}
