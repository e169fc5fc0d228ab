//! What unused columns say about people who left: every value, with its lines and the number of
//! rows.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::printable::printable;

/// Maximum number of values that are listed for a column.
const LISTED: usize = 12;

/// Maximum number of different values that are counted for a column.
const COUNTED: usize = 1000;

/// Maximum length of a value in a message, in characters.
const LONGEST: usize = 60;

/// The values of a column: their first line and number of rows.
type Values = BTreeMap<String, (u32, usize)>;

/// The values that were found, by column.
#[derive(Debug, Default)]
pub struct Findings(BTreeMap<usize, Values>);

impl Findings {
    /// Adds a value of a row.
    pub fn add(&mut self, column: usize, value: &str, line: u32) {
        let values = self.0.entry(column).or_default();
        let value: String = value.chars().take(LONGEST).collect();
        if values.len() < COUNTED || values.contains_key(&value) {
            values.entry(value).or_insert((line, 0)).1 += 1;
        }
    }

    /// Keeps the values of the columns that `is_kept` returns true for.
    pub fn keep(&mut self, is_kept: impl Fn(usize) -> bool) {
        self.0.retain(|column, _| is_kept(*column));
    }

    /// Adds the values of other columns.
    pub fn extend(&mut self, others: Self) {
        for (column, values) in others.0 {
            self.0.entry(column).or_default().extend(values);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.0.keys().copied()
    }

    /// Describes the values of each column, the most frequent first, one column a line.
    pub fn text(&self, plan: &Plan) -> String {
        let described = |(column, values): (&usize, &Values)| {
            let mut values: Vec<(&String, &(u32, usize))> = values.iter().collect();
            values.sort_by_key(|(_, (line, count))| (std::cmp::Reverse(*count), *line));
            let more = values.len().saturating_sub(LISTED);
            let listed = values.iter().take(LISTED).map(|(value, (line, count))| {
                let value = printable(value);
                if *count == 1 {
                    format!("'{value}' (line {line})")
                } else {
                    format!("'{value}' ({count} rows, the first on line {line})")
                }
            });
            let more = (more > 0).then(|| format!("and {more} more values"));
            let listed = listed.chain(more).collect::<Vec<_>>().join(", ");
            format!("  the column '{}' says {listed}", plan.label(*column))
        };
        self.0.iter().map(described).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn values_are_counted_and_bounded() {
        let names = ["Emp ID", "Name", "Company", "Job", "Start", "Pay period", "Status"];
        let header = names.map(str::to_owned).into();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut findings = Findings::default();
        assert!(findings.is_empty());
        for (line, value) in [(2, "Gone"), (3, "Left"), (4, "Gone")] {
            findings.add(6, value, line);
        }
        assert_eq!(
            findings.text(&plan),
            "  the column 'Status' says 'Gone' (2 rows, the first on line 2), 'Left' (line 3)"
        );
        (0..2000).for_each(|number| findings.add(6, &format!("V{number}"), 9));
        assert!(findings.text(&plan).ends_with("and 988 more values"), "{}", findings.text(&plan));
    }
}
