//! Columns with a side, such as the hand of a person: `Left` is one beside `Right`.

use std::collections::BTreeSet;

use crate::employment_words::ColumnKind;
use crate::infer_columns::folded;

/// Sides without case and punctuation.
const SIDES: [&str; 6] = ["left", "lefthanded", "right", "righthanded", "both", "ambidextrous"];

/// The columns with a right side, and those with a value that is no side.
#[derive(Debug, Default)]
pub struct Sides {
    with_right: BTreeSet<usize>,
    with_others: BTreeSet<usize>,
}

impl Sides {
    /// Looks at a row, of which a status or a flag is never a side.
    pub fn row(&mut self, columns: &[(usize, ColumnKind, String)], cells: &[String]) {
        for (column, ..) in columns.iter().filter(|(_, kind, _)| *kind == ColumnKind::Other) {
            let text = folded(cells.get(*column).map(String::as_str).unwrap_or_default());
            if text.starts_with("right") {
                self.with_right.insert(*column);
            }
            if !text.is_empty() && !SIDES.contains(&&*text) {
                self.with_others.insert(*column);
            }
        }
    }

    /// Returns whether a column has sides only, on both sides or on the right one.
    pub fn has(&self, column: usize) -> bool {
        self.with_right.contains(&column) && !self.with_others.contains(&column)
    }
}
