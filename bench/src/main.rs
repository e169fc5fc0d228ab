//! `tenure-bench run`: durable pushes and statuses compared with the floor and the echo, by
//! connections, stored submissions, nodes and type. `sign`: credentials signed and verified per
//! second, compared with the bare signature. `issue`: complete OpenID4VCI flows per second.
//!
//! Dispatches the sub-commands; nothing here asserts a time.

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

/// Tenure's allocator, so that the ratios do not depend on the allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Tenure against a minimal server, the floor.
#[derive(Debug, Parser)]
#[command(name = "tenure-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the suite and report the results. Continues an interrupted run.
    Run(Run),
    /// Report the results that `run` has measured so far.
    Report(Run),
    /// Sign and verify career histories on one core, in this process.
    Sign(Sign),
    /// Measure OpenID4VCI issuance: token, nonce, credential.
    Issue(Issue),
    /// Serve the floor (started by `run`).
    Floor(servers::Serve),
    /// Serve the floor on sqlx (started by `run`).
    SqlxFloor(servers::Serve),
    /// Serve the echo (started by `run`).
    Echo(servers::Serve),
}

/// Measures the suite and reports the results, also if some steps failed.
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
        Command::Floor(serve) => servers::floor::run(&serve),
        Command::SqlxFloor(serve) => servers::sqlx_floor::run(&serve),
        Command::Echo(serve) => servers::echo::run(&serve),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("tenure-bench: {message}");
            ExitCode::FAILURE
        }
    }
}
