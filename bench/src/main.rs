//! `tenure-bench run`: durable pushes a second, beside the floor and the echo, in one run. `sign`: signed and checked
//! credentials a second, beside the bare signature. `issue`: whole OpenID4VCI flows a second.
//!
//! Owns the order of things; asserts nothing about time.

mod drive;
mod issue;
mod report;
mod round;
mod servers;
mod sign;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// The same allocator as Tenure's, so that the ratio is not about allocators.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Tenure's pushes beside a floor.
#[derive(Debug, Parser)]
#[command(name = "tenure-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start each server in turn, push, and report.
    Run(Run),
    /// Sign and check career histories on one core, in this process.
    Sign(Sign),
    /// Have wallets fetch credentials: token, nonce, credential.
    Issue(Run),
    /// Serve the floor (started by `run`).
    Floor(servers::Serve),
    /// Serve the echo (started by `run`).
    Echo(servers::Serve),
}

/// What a run is made of.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// The binary to measure; `tenure` beside this one if not given.
    #[arg(long)]
    tenure: Option<PathBuf>,
    /// Keep-alive connections, one request under way on each.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds measured in a round.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where the servers keep their data.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
    /// The repository, for results and docs/performance.md.
    #[arg(long, default_value = ".")]
    repository: PathBuf,
}

/// What a run of `sign` is made of.
#[derive(Clone, Debug, Args)]
pub struct Sign {
    /// How long each kind of work is measured in a round, in milliseconds.
    #[arg(long, default_value_t = 500)]
    milliseconds: u64,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// The repository, for results.
    #[arg(long, default_value = ".")]
    repository: PathBuf,
}

impl Run {
    fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[expect(clippy::print_stderr, reason = "failures are for the person at the terminal")]
fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(run) => round::run(&run).and_then(|rounds| report::write(&run, &rounds)),
        Command::Sign(sign) => sign::run(&sign),
        Command::Issue(run) => issue::run(&run),
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
