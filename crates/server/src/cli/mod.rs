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
    /// Inspect a document for a server; started by it.
    #[command(hide = true)]
    InspectDocument(inspect_document::InspectDocument),
    /// Print every setting with its meaning and default.
    Config,
}

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
            Command::InspectDocument(inspect) => inspect.run(),
            Command::Config => print(crate::config::DEFAULT.trim_end()).map(|()| ExitCode::SUCCESS),
        };
        outcome.unwrap_or_else(|message| {
            eprintln!("tenure: {message}");
            ExitCode::FAILURE
        })
    }
}
