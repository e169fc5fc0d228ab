//! The median of each figure over all rounds.

use std::collections::BTreeMap;

use crate::load::Load;
use crate::place::Database;
use crate::point::{Cell, Chapter, Point};

/// The median of each figure over all rounds, by cell and load.
#[derive(Debug)]
pub struct Medians(BTreeMap<(Cell, Load), BTreeMap<String, f64>>);

impl Medians {
    /// Computes the medians of `points`.
    pub fn of(points: &[Point]) -> Self {
        let mut all: BTreeMap<(Cell, Load), BTreeMap<String, Vec<f64>>> = BTreeMap::new();
        for point in points {
            let figures = all.entry((point.step.cell.clone(), point.load)).or_default();
            for (name, figure) in &point.figures {
                figures.entry(name.clone()).or_default().push(*figure);
            }
        }
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let of = |figures: BTreeMap<String, Vec<f64>>| {
            figures.into_iter().map(|(name, values)| (name, median(values))).collect()
        };
        Self(all.into_iter().map(|(what, figures)| (what, of(figures))).collect())
    }

    /// Returns the measured cells of a server in a chapter, in order.
    pub fn cells(&self, chapter: Chapter, database: Database, server: &str) -> Vec<&Cell> {
        let mut cells: Vec<&Cell> = self
            .0
            .keys()
            .map(|(cell, _)| cell)
            .filter(|cell| cell.chapter == chapter && cell.database == database && cell.server == server)
            .collect();
        cells.dedup();
        cells
    }

    /// Returns a figure of `cell` under `load`.
    pub fn figure(&self, cell: &Cell, load: Load, name: &str) -> Option<f64> {
        self.0.get(&(cell.clone(), load))?.get(name).copied()
    }

    /// Returns the push figure of `server` for the same parameters as `cell`.
    pub fn beside(&self, cell: &Cell, server: &str, name: &str) -> Option<f64> {
        self.figure(&Cell { server: server.to_owned(), ..cell.clone() }, Load::Push, name)
    }

    /// Returns the floor's push figure for the same parameters as `cell`.
    pub fn floor(&self, cell: &Cell, name: &str) -> Option<f64> {
        self.beside(cell, "floor", name)
    }

    /// Returns the medians as a JSON list, for result files.
    pub fn listed(&self) -> Vec<serde_json::Value> {
        let each = |((cell, load), figures): (&(Cell, Load), &BTreeMap<String, f64>)| serde_json::json!({ "of": cell, "load": load, "median": figures });
        self.0.iter().map(each).collect()
    }
}
