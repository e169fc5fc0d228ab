//! The measured points: the rows of `points.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::load::Load;
use crate::place::Database;

/// A part of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Chapter {
    /// Pushes by the number of connections.
    Connections,
    /// Pushes and statuses by the number of stored submissions.
    Sizes,
    /// Pushes with one and two nodes.
    Nodes,
    /// Pushes by credential type.
    Types,
    /// Pushes mixed with status requests.
    Polling,
    /// Pushes while a million submissions expire.
    Expiring,
}

impl Chapter {
    /// All chapters, in order.
    pub const ALL: [Self; 6] =
        [Self::Connections, Self::Sizes, Self::Nodes, Self::Types, Self::Polling, Self::Expiring];
}

/// The parameters of a figure, except for the round.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// The chapter that it belongs to.
    pub chapter: Chapter,
    /// The database.
    pub database: Database,
    /// Number of submissions stored before the load.
    pub stored: u64,
    /// Number of connections.
    pub connections: usize,
    /// Number of nodes.
    pub nodes: usize,
    /// The pushed credential type.
    pub credential_type: String,
    /// `tenure`, `floor`, `sqlx-floor` or `echo`.
    pub server: String,
}

/// One start of servers, and the loads that run on them one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The parameters.
    #[serde(flatten)]
    pub cell: Cell,
    /// The number of the round.
    pub round: usize,
}

/// The figures of one load in a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// The load.
    pub load: Load,
    /// The figures by name.
    pub figures: BTreeMap<String, f64>,
    /// A time series where the chapter has one: seconds and milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<(f64, f64)>,
}

impl Cell {
    /// Returns the loads that run one after the other.
    pub fn loads(&self) -> &'static [Load] {
        match self.chapter {
            Chapter::Sizes => &[Load::Push, Load::Status, Load::Bulk],
            Chapter::Polling => &[Load::Push, Load::Mixed],
            _ => &[Load::Push],
        }
    }
}
