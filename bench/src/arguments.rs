//! Arguments of the sub-commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{place, point};

/// How much a run measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// One short round of the most informative points; takes a few minutes.
    Quick,
    /// Every point.
    Full,
}

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// How much to measure.
    #[arg(value_enum, default_value = "full")]
    pub preset: Preset,
    /// Measure only this part; may be given several times.
    #[arg(long, value_enum)]
    pub chapter: Vec<point::Chapter>,
    /// Measure only this database.
    #[arg(long, value_enum)]
    pub database: Option<place::Database>,
    /// Start again from the beginning instead of continuing an interrupted run.
    #[arg(long)]
    pub anew: bool,
    /// Binary to measure; by default the `tenure` next to this binary.
    #[arg(long)]
    pub tenure: Option<PathBuf>,
    /// Seconds measured for each load in a round; 5 by default, 3 with the quick preset.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// Number of rounds, of which the median is reported; 3 by default, 1 with the quick preset.
    #[arg(long)]
    pub rounds: Option<usize>,
    /// Data folder of the servers; the full preset needs 25 GB.
    #[arg(long, default_value = "target/bench")]
    pub dir: PathBuf,
    /// Folder with the PostgreSQL programs.
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    pub postgres_bin: PathBuf,
    /// Repository to write results and docs/operate/performance.md into; without it nothing is
    /// written.
    #[arg(long)]
    pub repository: Option<PathBuf>,
}

impl Run {
    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.preset == Preset::Quick { 1 } else { 3 })
    }

    pub fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(if self.preset == Preset::Quick { 3 } else { 5 })
    }

    pub fn warm_up(&self) -> u64 {
        2
    }
}

/// Arguments of `issue`.
#[derive(Clone, Debug, Args)]
pub struct Issue {
    /// Binary to measure; by default the `tenure` next to this binary.
    #[arg(long)]
    pub tenure: Option<PathBuf>,
    /// Number of keep-alive connections, with one request in flight on each.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Seconds measured in each round.
    #[arg(long, default_value_t = 6)]
    pub seconds: u64,
    /// Seconds of warm-up before each measurement.
    #[arg(long, default_value_t = 2)]
    pub warm_up: u64,
    /// Number of rounds, of which the median is reported.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Data folder of the servers.
    #[arg(long, default_value = "target/bench")]
    pub dir: PathBuf,
    /// Repository to write the results into.
    #[arg(long, default_value = ".")]
    pub repository: PathBuf,
}

/// Arguments of `sign`.
#[derive(Clone, Debug, Args)]
pub struct Sign {
    /// Milliseconds to measure each kind of work in a round.
    #[arg(long, default_value_t = 500)]
    pub milliseconds: u64,
    /// Number of rounds, of which the median is reported.
    #[arg(long, default_value_t = 9)]
    pub rounds: usize,
    /// Repository to write the results into.
    #[arg(long, default_value = ".")]
    pub repository: PathBuf,
}

impl Issue {
    pub fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
