//! What a table as a whole says about people who left, which no single row does.

use std::collections::BTreeMap;

use crate::employment_words::ColumnKind;
use crate::infer_columns::folded;
use crate::plan::Plan;
use crate::printable::printable;

/// Minimum number of rows of a table that is surveyed. The people of a smaller one are all shown.
const MIN_ROWS: usize = 4;

/// Rows without an end from which a rare value is one.
const MIN_OPEN_ROWS: usize = 20;

/// Maximum number of different values of a column that is the same but for few rows.
const MAX_VALUES: usize = 3;

/// A value, and its rows.
#[derive(Debug, Default)]
struct Counted {
    /// The value as it is written first.
    text: String,
    rows: usize,
    /// Rows of which no status says that the person is employed.
    unsure: usize,
}

/// The values of a column, without case and punctuation.
type Counts = BTreeMap<String, Counted>;

/// Counts rows with and without an end, and the values of the latter.
#[derive(Debug, Default)]
pub struct Survey {
    open: usize,
    /// Rows without an end whose status says that the person is employed.
    sure: usize,
    ended: usize,
    /// The values of each column; `None` if there are too many.
    values: BTreeMap<usize, Option<Counts>>,
}

impl Survey {
    /// Counts a row with an end.
    pub fn add_ended(&mut self) {
        self.ended += 1;
    }

    /// Counts a row without an end. With `is_sure`, a status says that the person is employed.
    pub fn row(&mut self, columns: &[(usize, ColumnKind, String)], cells: &[String], is_sure: bool) {
        self.open += 1;
        for (column, ..) in columns.iter().filter(|(_, kind, _)| *kind != ColumnKind::Harmless) {
            let Some(counts) = self.values.entry(*column).or_insert_with(|| Some(Counts::new())) else { continue };
            let text = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            let counted =
                counts.entry(folded(text)).or_insert_with(|| Counted { text: text.to_owned(), ..Counted::default() });
            counted.rows += 1;
            counted.unsure += usize::from(!is_sure);
            if counts.len() > MAX_VALUES {
                self.values.insert(*column, None);
            }
        }
    }

    /// Counts a row without an end whose status says that the person is employed.
    pub fn add_sure(&mut self) {
        self.sure += 1;
    }

    /// Returns what a person should confirm.
    pub fn warning(&self, plan: &Plan) -> Option<String> {
        let mut found = Vec::new();
        if self.ended == 0 && self.open >= MIN_ROWS && self.sure < self.open {
            found.push(format!(
                "Warning: no row has an end, so all people in {} rows are pushed as still employed",
                self.open
            ));
        }
        let rare = self.values.iter().filter_map(|(column, counts)| self.rare(plan, *column, counts.as_ref()?));
        let rare: Vec<String> = rare.collect();
        if !rare.is_empty() {
            found.push(format!(
                "Warning: columns that no field uses have another value for few people, which may mean that they \
                 left:\n{}\nExclude a column that says nothing about the employment: --ignore-column COLUMN",
                rare.join("\n")
            ));
        }
        (!found.is_empty()).then(|| found.join("\n"))
    }

    /// Describes the rare values of a column that is the same for most rows.
    fn rare(&self, plan: &Plan, column: usize, counts: &Counts) -> Option<String> {
        let most = counts.values().map(|counted| counted.rows).max()?;
        let others = self.open - most;
        if self.open < MIN_OPEN_ROWS || others == 0 || others * MIN_OPEN_ROWS > self.open {
            return None;
        }
        let shown =
            |counted: &Counted| format!("'{}' ({} of {} rows)", printable(&counted.text), counted.rows, self.open);
        // Somebody who is active may be the only one in a country or a grade.
        let is_unclear = |counted: &&Counted| counted.rows != most && counted.unsure > 0;
        let listed: Vec<String> = counts.values().filter(is_unclear).map(shown).collect();
        (!listed.is_empty()).then(|| format!("  the column '{}' says {}", plan.label(column), listed.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn warning(values: &[&str], ends: usize) -> Option<String> {
        warning_of(values, ends, |_| false)
    }

    /// Surveys rows, those of which a status says that the person is employed if `is_sure`.
    fn warning_of(values: &[&str], ends: usize, is_sure: impl Fn(&str) -> bool) -> Option<String> {
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period", "Cohort"].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let (mut survey, columns) = (Survey::default(), [(6, ColumnKind::Other, "cohort".to_owned())]);
        (0..ends).for_each(|_| survey.add_ended());
        for value in values {
            let cells = ["1", "Ada", "A", "Clerk", "2015-01", "2026-10", value].map(str::to_owned);
            survey.row(&columns, &cells, is_sure(value));
        }
        survey.warning(&plan)
    }

    #[test]
    fn rare_values_and_tables_without_an_end_are_confirmed() {
        let values = |common: usize, rare: usize| [vec!["B"; common], vec!["Z"; rare]].concat();
        let said = warning(&values(39, 1), 1).expect("rare");
        assert!(said.contains("'Cohort' says 'Z' (1 of 40 rows)") && said.contains("--ignore-column"), "{said}");
        assert_eq!(warning(&values(30, 10), 1), None, "not rare");
        assert_eq!(warning(&values(40, 0), 1), None);
        assert_eq!(warning(&values(3, 1), 1), None, "too few rows");
        let said = warning(&values(4, 0), 0).expect("no end");
        assert!(said.contains("no row has an end") && said.contains("4 rows"), "{said}");
        assert_eq!(warning(&values(3, 0), 0), None, "they are all shown");
        let mut survey = Survey { open: 4, sure: 3, ..Survey::default() };
        let header = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period"].map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        assert!(survey.warning(&plan).is_some(), "one row does not say that the person is employed");
        survey.add_sure();
        assert_eq!(survey.warning(&plan), None, "each row says so");
    }

    #[test]
    fn rare_values_of_people_with_an_active_status_are_ordinary() {
        let values = [vec!["B"; 58], vec!["Z", "Y"]].concat();
        assert_eq!(warning_of(&values, 1, |_| true), None, "each row has such a status");
        assert_eq!(warning_of(&values, 1, |value| value != "B"), None, "the rare ones have it");
        let said = warning_of(&values, 1, |value| value != "Z").expect("rare");
        assert!(said.contains("says 'Z' (1 of 60 rows)") && !said.contains("'Y'"), "{said}");
    }
}
