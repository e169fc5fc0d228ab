//! Jobs without an end whose last processed month, from a column, is earlier than that of others in
//! the file: those people may have left.

use std::collections::HashMap;

use credential::YearMonth;

use crate::ends::{self, MONTH};
use crate::infer_columns::folded;
use crate::plan::Plan;
use crate::text_hash::hash;

/// Months by which people of one file may differ: some are paid by the week, some by the month.
const TOLERANCE: i32 = 1;

/// Maximum number of lines that are listed.
const LISTED: usize = 5;

/// The last row of a job.
#[derive(Clone, Copy, Debug)]
struct Last {
    month: YearMonth,
    line: u32,
    /// Whether it has an end, or a status says that the person is employed.
    is_settled: bool,
}

/// The last rows of all jobs, if a column has the last processed month.
#[derive(Debug, Default)]
pub struct Behind(HashMap<u64, Last>);

impl Behind {
    /// Looks at a row. Of several pay periods of a job the last one counts.
    pub fn row(&mut self, plan: &Plan, line: u32, cells: &[String], is_settled: bool) {
        if plan.columns_of(MONTH).is_none() {
            return;
        }
        let Some(month) = ends::processed(plan, cells).and_then(|month| month.parse().ok()) else { return };
        let fields = ["organisation", "role_title", "start_date"];
        let fields = fields.map(|field| plan.columns_of(field).unwrap_or_default());
        let columns = plan.person.iter().chain(fields.into_iter().flatten());
        let texts: Vec<String> =
            columns.map(|column| cells.get(*column).map(|cell| folded(cell)).unwrap_or_default()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let last = self.0.entry(hash(&texts)).or_insert(Last { month, line, is_settled });
        let is_settled = last.is_settled || is_settled;
        if month > last.month {
            *last = Last { month, line, is_settled };
        }
        last.is_settled = is_settled;
    }

    /// Returns what a person should confirm.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        let latest = self.0.values().map(|last| last.month).max()?;
        let is_behind = |last: &&Last| !last.is_settled && latest.months_since(last.month) > TOLERANCE;
        let mut behind: Vec<Last> = self.0.values().filter(is_behind).copied().collect();
        behind.sort_unstable_by_key(|last| last.line);
        let listed: Vec<String> =
            behind.iter().take(LISTED).map(|last| format!("line {} in {}", last.line, last.month)).collect();
        let more = if behind.len() > listed.len() { ", ..." } else { "" };
        let name = plan.columns_of(MONTH)?.first().map(|column| plan.label(*column))?;
        (!behind.is_empty()).then(|| {
            format!(
                "Warning: jobs without an end were last processed earlier than others of the file, which may mean that \
                 people left: {} of {}, while the column '{name}' reaches {} ({}{more}). Fill in the end if a person \
                 left",
                behind.len(),
                self.0.len(),
                latest,
                listed.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn warning(rows: &[(&str, bool)]) -> Option<String> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells("Emp ID,Name,Company,Job,Start,Pay period");
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut behind = Behind::default();
        for (line, (row, is_settled)) in (2..).zip(rows) {
            let (id, month) = row.split_once(' ').expect("an id and a month");
            behind.row(&plan, line, &cells(&format!("{id},Ada,A,Clerk,2015-01,{month}")), *is_settled);
        }
        behind.warning(&plan)
    }

    #[test]
    fn jobs_last_paid_before_others_are_confirmed() {
        let said = warning(&[("1 2026-10", false), ("2 2020-09", false), ("3 2026-10", false)]).expect("behind");
        for part in ["1 of 3", "'Pay period'", "2026-10", "line 3 in 2020-09"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(warning(&[("1 2026-10", false), ("2 2026-08", false)]).is_some());
    }

    #[test]
    fn months_that_differ_by_one_or_are_settled_are_ordinary() {
        for rows in [
            &[("1 2026-10", false), ("2 2026-10", false)][..],
            &[("1 2026-10", false), ("2 2026-09", false)],
            &[("1 2026-10", false), ("2 2020-09", true)],
            &[("1 2025-12", false), ("1 2026-10", false), ("1 2026-01", false)],
            &[("1 2026-01", false), ("2 2025-12", false)],
            &[("1 soon", false), ("2 2020-09", false)],
        ] {
            assert_eq!(warning(rows), None, "{rows:?}");
        }
    }
}
