//! What is measured, and what was found: the rows of `points.jsonl`.

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
    /// Pushes and statuses by what is stored already.
    Sizes,
    /// Pushes with one node and two.
    Nodes,
    /// Pushes by credential type.
    Types,
    /// Pushes with statuses between them.
    Polling,
    /// Pushes while a million submissions become due.
    Expiring,
}

impl Chapter {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Connections, Self::Sizes, Self::Nodes, Self::Types, Self::Polling, Self::Expiring];
}

/// What is measured: all that tells one figure from another but the round.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// The part that it belongs to.
    pub chapter: Chapter,
    /// On which database.
    pub database: Database,
    /// How many submissions are stored already.
    pub stored: u64,
    /// How many connections push.
    pub connections: usize,
    /// How many nodes serve.
    pub nodes: usize,
    /// What is pushed.
    pub credential_type: String,
    /// Tenure, floor, echo.
    pub server: String,
}

/// A start of servers, and what is asked of them one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is measured.
    #[serde(flatten)]
    pub cell: Cell,
    /// Which time.
    pub round: usize,
}

/// What one step found of one load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Of what.
    #[serde(flatten)]
    pub step: Step,
    /// Which load.
    pub load: Load,
    /// The figures, by name.
    pub figures: BTreeMap<String, f64>,
    /// Figures over time, where they are asked for: seconds and milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<(f64, f64)>,
}

impl Cell {
    /// What is asked one after the other.
    pub fn loads(&self) -> &'static [Load] {
        match self.chapter {
            Chapter::Sizes => &[Load::Push, Load::Status, Load::Bulk],
            Chapter::Polling => &[Load::Push, Load::Mixed],
            _ => &[Load::Push],
        }
    }
}
