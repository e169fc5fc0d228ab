//! The command line: one file for each sub-command.

mod backup;
mod check;
mod command;
mod demo;
mod doctor;
mod inspect_document;
mod partner;
mod push;
mod restore;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use command::print;

/// The open career passport: partners push credentials, people keep them, hirers check them.
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
    /// Run a demonstration on this machine: a server with a sandbox partner and a submission to
    /// open.
    Demo(demo::Demo),
    /// Add, list, rotate and disable partners (OAuth clients); works while the server runs.
    Partner(partner::PartnerArguments),
    /// Check everything that a server depends on, and suggest a fix for each problem.
    Doctor(doctor::Doctor),
    /// Make a backup of the data and the keys; works while the server runs.
    Backup(backup::Backup),
    /// Restore a backup into an empty data folder or database.
    Restore(restore::Restore),
    /// Validate the body of a push before sending it, and show every error.
    Check(check::Check),
    /// Push a CSV or NDJSON file of any size to a server, and save the links: for payroll bureaus.
    Push(Box<bulk_push::Args>),
    /// Verify a signed credential or a presentation, and explain each step.
    Verify(verify::Verify),
    /// Inspect a document; started by the server.
    #[command(hide = true)]
    InspectDocument(inspect_document::InspectDocument),
    /// Print every setting with its meaning and default.
    Config,
}

impl Cli {
    /// Runs the sub-command. Returns exit code 0, or 1 with a message on standard error. clap
    /// reports wrong usage with exit code 2.
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
            Command::InspectDocument(inspect) => inspect.run(),
            Command::Config => print(crate::config::DEFAULT.trim_end()).map(|()| ExitCode::SUCCESS),
        };
        outcome.unwrap_or_else(|message| {
            eprintln!("tenure: {message}");
            ExitCode::FAILURE
        })
    }
}
