//! `tenure-bench run`: durable pushes and statuses, beside the floor and the echo, by connections, size, nodes and type.
//! `sign`: signed and checked credentials a second, beside the bare signature. `issue`: whole OpenID4VCI flows a second.
//!
//! Owns the order of things; asserts nothing about time.

mod arguments;
mod bench;
mod drive;
mod expiring;
mod issue;
mod load;
mod machine;
mod measure;
mod medians;
mod place;
mod plot;
mod point;
mod postgres;
mod prefill;
mod process;
mod report;
mod servers;
mod sign;
mod suite;
mod tables;

use std::process::ExitCode;

use arguments::{Issue, Run, Sign};
use clap::{Parser, Subcommand};

/// The same allocator as Tenure's, so that the ratio is not about allocators.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Tenure beside a floor.
#[derive(Debug, Parser)]
#[command(name = "tenure-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the suite and report. One that was interrupted goes on where it stopped.
    Run(Run),
    /// Report what `run` has measured so far.
    Report(Run),
    /// Sign and check career histories on one core, in this process.
    Sign(Sign),
    /// Have wallets fetch credentials: token, nonce, credential.
    Issue(Issue),
    /// Serve the floor (started by `run`).
    Floor(servers::Serve),
    /// Serve the echo (started by `run`).
    Echo(servers::Serve),
}

/// Reports also what there is where some of it could not be measured.
fn measured(run: &Run) -> Result<(), String> {
    let (points, failed) = suite::run(run)?;
    report::write(run, &points)?;
    if failed == 0 { Ok(()) } else { Err(format!("{failed} steps failed; the same command tries those again")) }
}

#[expect(clippy::print_stderr, reason = "failures are for the person at the terminal")]
fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(run) => measured(&run),
        Command::Report(run) => suite::earlier(&run).and_then(|points| report::write(&run, &points)),
        Command::Sign(sign) => sign::run(&sign),
        Command::Issue(issue) => issue::run(&issue),
        Command::Floor(serve) => servers::floor(&serve),
        Command::Echo(serve) => servers::echo(&serve),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("tenure-bench: {message}");
            ExitCode::FAILURE
        }
    }
}
