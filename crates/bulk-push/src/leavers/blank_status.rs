//! Rows without a status in a file in which most rows have one.

use std::collections::BTreeMap;

use crate::employment_words::ColumnKind;
use crate::plan::Plan;

/// Rows with a status from which a row without one is unusual.
const MIN_FILLED: usize = 3;

/// Maximum number of lines that are listed.
const LISTED: usize = 5;

/// What a column with a status has.
#[derive(Debug, Default)]
struct Cells {
    filled: usize,
    blank: usize,
    /// The first lines of blank cells.
    lines: Vec<u32>,
}

/// Counts the cells of the columns with a status.
#[derive(Debug, Default)]
pub struct BlankStatus(BTreeMap<usize, Cells>);

impl BlankStatus {
    /// Counts a row. A blank cell says nothing if the row `is_settled`: it has an end, or another
    /// status says that the person is employed.
    pub fn row(&mut self, columns: &[(usize, ColumnKind, String)], line: u32, cells: &[String], is_settled: bool) {
        // Most columns called State are a part of the address.
        let statuses = columns.iter().filter(|(_, kind, name)| *kind == ColumnKind::Status && name != "state");
        for (column, ..) in statuses {
            let found = self.0.entry(*column).or_default();
            if cells.get(*column).is_some_and(|cell| !cell.trim().is_empty()) {
                found.filled += 1;
            } else if !is_settled {
                found.blank += 1;
                if found.lines.len() < LISTED {
                    found.lines.push(line);
                }
            }
        }
    }

    /// Returns what a person should confirm.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        let is_unusual =
            |(_, found): &(&usize, &Cells)| found.blank > 0 && found.filled >= MIN_FILLED && found.blank < found.filled;
        let described = |(column, found): (&usize, &Cells)| {
            let lines: Vec<String> = found.lines.iter().map(u32::to_string).collect();
            let more = if found.blank > lines.len() { ", ..." } else { "" };
            let name = plan.label(*column);
            format!(
                "Warning: rows without an end have no status, which may mean that people left: {} of {} rows (lines \
                 {}{more}) in the column '{name}'. Fill in the end if a person left. Exclude a column that says nothing \
                 about the employment: --ignore-column \"{name}\"",
                found.blank,
                found.blank + found.filled,
                lines.join(", ")
            )
        };
        let found: Vec<String> = self.0.iter().filter(is_unusual).map(described).collect();
        (!found.is_empty()).then(|| found.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn rows_without_a_status_among_others_are_confirmed() {
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period", "Status"].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let columns = [(6, ColumnKind::Status, "status".to_owned())];
        let warning = |statuses: &[&str], is_settled: bool| {
            let mut found = BlankStatus::default();
            for (line, status) in (2..).zip(statuses) {
                let cells = ["1", "Ada", "A", "Clerk", "2015-01", "2026-10", status].map(str::to_owned);
                found.row(&columns, line, &cells, is_settled);
            }
            found.warning(&plan)
        };
        let said = warning(&["Active", "", "Active", "Terminated"], false).expect("empty");
        assert!(said.contains("1 of 4 rows (lines 3)") && said.contains("--ignore-column \"Status\""), "{said}");
        assert_eq!(warning(&["Active", "", "Active", "Terminated"], true), None, "settled");
        assert_eq!(warning(&["Active", "", "Active"], false), None, "too few rows");
        assert_eq!(warning(&["Active", "", "", "", "Active", "Active"], false), None, "mostly empty");
    }
}
