//! Several jobs of one person at one employer that all have no end: a history of jobs without their
//! ends, of which only the last one goes on.

use std::collections::HashMap;

use crate::ends;
use crate::infer_columns::folded;
use crate::plan::Plan;
use crate::text_hash::{hash, short_hash};

/// Number of jobs from which they are hardly held at once.
const MANY: usize = 3;

/// Maximum number of lines that are listed.
const LISTED: usize = 5;

/// The first jobs without an end of a person at an employer: hashes of their starts and titles.
type Jobs = [(u32, u32); MANY];

/// The open jobs of all people.
#[derive(Debug, Default)]
pub struct OpenJobs {
    jobs: HashMap<u64, Jobs>,
    /// The first lines of people with many.
    lines: Vec<u32>,
    count: usize,
}

impl OpenJobs {
    /// Looks at a row. Jobs with one start or one title are one: rows of pay periods repeat it.
    pub fn row(&mut self, plan: &Plan, line: u32, cells: &[String]) {
        let Some(person) = plan.person.filter(|_| plan.form.list.is_some()) else { return };
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let text = |field: &str| {
            let columns = plan.columns_of(field).unwrap_or_default();
            folded(&columns.iter().map(|column| cell(*column)).collect::<String>())
        };
        let (start, title) = (text("start_date"), text("role_title") + &text("role_classification"));
        if start.is_empty() || title.is_empty() || ends::has(plan, cells) {
            return;
        }
        let job = (short_hash(&start), short_hash(&title));
        let jobs = self.jobs.entry(hash(&[cell(person), &text("organisation")])).or_default();
        // An unused place has zeros, which no text has in practice.
        let Some(free) = jobs.iter().position(|known| *known == (0, 0)) else { return };
        if jobs[..free].iter().any(|known| known.0 == job.0 || known.1 == job.1) {
            return;
        }
        jobs[free] = job;
        if free + 1 == MANY {
            self.count += 1;
            if self.lines.len() < LISTED {
                self.lines.push(line);
            }
        }
    }

    /// Returns what a person should confirm.
    pub fn warning(&self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let lines: Vec<String> = self.lines.iter().map(u32::to_string).collect();
        let more = if self.count > lines.len() { ", ..." } else { "" };
        Some(format!(
            "Warning: people with {MANY} or more jobs without an end at one employer, with other starts and titles: {} \
             (lines {}{more}). If these are earlier jobs, fill in their ends",
            self.count,
            lines.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn warning(rows: &[&str]) -> Option<String> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells("Emp ID,Name,Company,Job,Start,End date,Pay period");
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut found = OpenJobs::default();
        for (line, row) in (2..).zip(rows) {
            found.row(&plan, line, &cells(row));
        }
        found.warning()
    }

    #[test]
    fn histories_without_ends_are_confirmed() {
        let history = [
            "1,Ada,A,Clerk,2010-01,,2026-10",
            "1,Ada,A,Senior Clerk,2014-01,,2026-10",
            "2,Bo,A,Clerk,2010-01,,2026-10",
            "1,Ada,A,Manager,2018-01,,2026-10",
            "1,Ada,A,Director,2022-01,,2026-10",
        ];
        let said = warning(&history).expect("open");
        assert!(said.contains("titles: 1 (lines 5)"), "{said}");
    }

    #[test]
    fn jobs_held_at_once_and_repeated_rows_are_ordinary() {
        for rows in [
            &["1,Ada,A,Clerk,2010-01,,2026-10", "1,Ada,A,Tutor,2014-01,,2026-10"][..],
            &[
                "1,Ada,A,Clerk,2010-01,2013-12,2026-10",
                "1,Ada,A,Tutor,2014-01,2017-12,2026-10",
                "1,Ada,A,Cook,2018-01,,2026-10",
            ],
            &["1,Ada,A,Clerk,2010-01,,2026-08", "1,Ada,A,Clerk,2010-01,,2026-09", "1,Ada,A,Clerk,2010-01,,2026-10"],
            &["1,Ada,A,Clerk,2010-01,,2026-08", "1,Ada,A,Tutor,2010-01,,2026-09", "1,Ada,A,Cook,2010-01,,2026-10"],
            &["1,Ada,A,Clerk,2010-01,,2026-10", "1,Ada,B,Tutor,2014-01,,2026-10", "1,Ada,C,Cook,2018-01,,2026-10"],
        ] {
            assert_eq!(warning(rows), None, "{rows:?}");
        }
    }
}
