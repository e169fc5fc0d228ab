//! How many credentials of a run have reached which state.

use crate::input::ExtraContent;

/// How many credentials of a run have reached which state.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// All credentials of the file.
    pub total: u64,
    /// Pushed by this run.
    pub pushed: u64,
    /// Pushed by earlier runs.
    pub already: u64,
    /// Refused before anything was sent.
    pub skipped: u64,
    /// Refused by the server.
    pub refused: u64,
    /// Given up because the server kept failing.
    pub failed: u64,
    /// Updates that were verified at once.
    pub updated: u64,
    /// Updates that their holders must accept first.
    pub asked: u64,
    /// Links that replace earlier ones.
    pub replaced: u64,
    /// Warnings from the server.
    pub warnings: u64,
    /// Ends too far ahead to be one, which were left out.
    pub far_ends: u64,
    /// Rows that repeated a job.
    pub merged: u64,
    /// Totals, footers, and hidden rows and sheets of the file.
    pub extra: ExtraContent,
    /// Pushed by earlier runs, but without a row in the file of links: pushed again.
    pub lost_links: u64,
    /// How long the run took.
    pub seconds: f64,
}

impl Counts {
    /// Creates the counts for `total` credentials, none of them done.
    pub fn of(total: usize) -> Self {
        Self { total: u64::try_from(total).unwrap_or(u64::MAX), ..Self::default() }
    }

    /// Returns how many credentials this run has completed.
    pub fn here(&self) -> u64 {
        self.pushed + self.refused + self.failed
    }

    /// Returns how many credentials this run or an earlier one completed, or skipped.
    pub fn done(&self) -> u64 {
        self.here() + self.already + self.skipped
    }

    /// Returns how many credentials remain to be pushed.
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.done())
    }
}
