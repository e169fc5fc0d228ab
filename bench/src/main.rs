//! `tenure-bench run`: durable pushes and statuses, beside the floor and the echo, by connections, size, nodes and type.
//! `sign`: signed and checked credentials a second, beside the bare signature. `issue`: whole OpenID4VCI flows a second.
//!
//! Owns the order of things; asserts nothing about time.

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

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

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

/// What a run is made of.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// How much is measured.
    #[arg(value_enum, default_value = "full")]
    preset: suite::Preset,
    /// This part alone; may be given several times.
    #[arg(long, value_enum)]
    chapter: Vec<point::Chapter>,
    /// This database alone.
    #[arg(long, value_enum)]
    database: Option<place::Database>,
    /// Begin anew where an earlier run of the same was interrupted.
    #[arg(long)]
    anew: bool,
    /// The binary to measure; `tenure` beside this one if not given.
    #[arg(long)]
    tenure: Option<PathBuf>,
    /// Seconds measured of a load in a round; 5, or 3 of the quick preset.
    #[arg(long)]
    seconds: Option<u64>,
    /// Rounds; the median counts. 3, or 1 of the quick preset.
    #[arg(long)]
    rounds: Option<usize>,
    /// Where the servers keep their data: 25 GB for the full preset.
    #[arg(long, default_value = "target/bench")]
    dir: PathBuf,
    /// Where PostgreSQL's programs are.
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    postgres_bin: PathBuf,
    /// The repository, for results and docs/performance.md; nothing is written there if it is not given.
    #[arg(long)]
    repository: Option<PathBuf>,
}

impl Run {
    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.preset == suite::Preset::Quick { 1 } else { 3 })
    }

    fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(if self.preset == suite::Preset::Quick { 3 } else { 5 })
    }

    fn warm_up(&self) -> u64 {
        2
    }
}

/// What a run of `issue` is made of.
#[derive(Clone, Debug, Args)]
pub struct Issue {
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
    /// The repository, for results.
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

impl Issue {
    fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
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
