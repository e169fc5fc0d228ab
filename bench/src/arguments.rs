//! What the sub-commands take from the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{place, point};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// One short round of the most telling points: some minutes.
    Quick,
    /// Everything.
    Full,
}

/// What a run is made of.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// How much is measured.
    #[arg(value_enum, default_value = "full")]
    pub preset: Preset,
    /// This part alone; may be given several times.
    #[arg(long, value_enum)]
    pub chapter: Vec<point::Chapter>,
    /// This database alone.
    #[arg(long, value_enum)]
    pub database: Option<place::Database>,
    /// Begin anew where an earlier run of the same was interrupted.
    #[arg(long)]
    pub anew: bool,
    /// The binary to measure; `tenure` beside this one if not given.
    #[arg(long)]
    pub tenure: Option<PathBuf>,
    /// Seconds measured of a load in a round; 5, or 3 of the quick preset.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// Rounds; the median counts. 3, or 1 of the quick preset.
    #[arg(long)]
    pub rounds: Option<usize>,
    /// Where the servers keep their data: 25 GB for the full preset.
    #[arg(long, default_value = "target/bench")]
    pub dir: PathBuf,
    /// Where PostgreSQL's programs are.
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    pub postgres_bin: PathBuf,
    /// The repository, for results and docs/performance.md; nothing is written there if it is not given.
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

/// What a run of `issue` is made of.
#[derive(Clone, Debug, Args)]
pub struct Issue {
    /// The binary to measure; `tenure` beside this one if not given.
    #[arg(long)]
    pub tenure: Option<PathBuf>,
    /// Keep-alive connections, one request under way on each.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Seconds measured in a round.
    #[arg(long, default_value_t = 6)]
    pub seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    pub warm_up: u64,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Where the servers keep their data.
    #[arg(long, default_value = "target/bench")]
    pub dir: PathBuf,
    /// The repository, for results.
    #[arg(long, default_value = ".")]
    pub repository: PathBuf,
}

/// What a run of `sign` is made of.
#[derive(Clone, Debug, Args)]
pub struct Sign {
    /// How long each kind of work is measured in a round, in milliseconds.
    #[arg(long, default_value_t = 500)]
    pub milliseconds: u64,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 9)]
    pub rounds: usize,
    /// The repository, for results.
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
