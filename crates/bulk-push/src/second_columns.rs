//! Finds rows in which two columns for one date disagree, such as `End date` and `Termination
//! date`, and people who came back after their end.

use credential::Shape;

use crate::dates::Reading;
use crate::error::Error;
use crate::infer_columns::{folded, is_name_of};
use crate::plan::Plan;
use crate::printable::printable;

/// The columns that may disagree.
#[derive(Debug, Default)]
pub struct SecondColumns {
    /// The field, the column that fills it, and an unused one with another of its names.
    pairs: Vec<(&'static str, usize, usize)>,
    rehires: Vec<usize>,
}

impl SecondColumns {
    /// Finds the columns. A column with the same name as the used one was left out by choice.
    pub fn new(plan: &Plan) -> Self {
        if plan.form.list.is_none() {
            return Self::default();
        }
        let unused: Vec<usize> = plan.unmapped().filter(|column| !plan.ignored.contains(column)).collect();
        let mut found = Self::default();
        for field in ["start_date", "end_date"] {
            let Some([used]) = plan.columns_of(field) else { continue };
            let name = |column: usize| folded(&plan.header[column]);
            let is_second = |column: &&usize| {
                let is_named = is_name_of(field, &plan.header[**column])
                    || (field == "start_date" && name(**column).contains("rehiredate"));
                is_named && name(**column) != name(*used)
            };
            found.pairs.extend(unused.iter().filter(is_second).map(|column| (field, *used, *column)));
        }
        let is_rehire = |column: &usize| {
            let name = folded(&plan.header[*column]);
            name.contains("rehire") || name.contains("reemploy")
        };
        found.rehires = unused.into_iter().filter(is_rehire).collect();
        found
    }

    /// Checks a row.
    pub fn row(&self, plan: &Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let month = |column: usize, field: &str| match plan.dates.convert(cell(column), Shape::YearMonth, true, field) {
            Reading::Date(month) if !month.is_empty() => Some(month),
            _ => None,
        };
        let end = plan.columns_of("end_date").and_then(|columns| month(*columns.first()?, "end_date"));
        for column in &self.rehires {
            let Some((rehired, end)) = month(*column, "start_date").zip(end.as_ref()) else { continue };
            if rehired >= *end {
                let name = plan.label(*column);
                return Err(Error::Usage(format!(
                    "line {line}: the person came back in {} (column '{name}'), after the end in {}, which belongs to \
                     an earlier job. Write a row for each job, or exclude the column with --ignore-column \"{name}\"",
                    printable(&rehired),
                    printable(end)
                )));
            }
        }
        for (field, used, second) in &self.pairs {
            let Some((first, other)) = month(*used, field).zip(month(*second, field)) else { continue };
            if first != other {
                let (used, second) = (plan.label(*used), plan.label(*second));
                return Err(Error::Usage(format!(
                    "line {line}: '{used}' is {}, but '{second}' is {}. Choose one with --column {field}=COLUMN, and \
                     exclude the other with --ignore-column",
                    printable(&first),
                    printable(&other)
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(header: &str, row: &str) -> Result<(), String> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells(&format!("Emp ID,Name,Company,Job,Pay period,{header}"));
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let row = cells(&format!("1,Ada,A,Clerk,2026-10,{row}"));
        SecondColumns::new(&plan).row(&plan, 2, &row).map_err(|stop| stop.to_string())
    }

    #[test]
    fn two_columns_for_one_date_must_agree() {
        let ends = "Start date,End date,Termination date";
        let said = check(ends, "2010-01,2015-01,2018-03").expect_err("which?");
        assert!(said.contains("'End date' is 2015-01") && said.contains("--ignore-column"), "{said}");
        assert_eq!(check(ends, "2010-01,2015-01,2015-01-31"), Ok(()));
        assert_eq!(check(ends, "2010-01,2015-01,"), Ok(()));
        assert!(check("Hire date,Start date", "2010-01,2015-01").is_err());
        assert!(check("Hire date,Rehire date", "2010-01,2015-01").is_err());
    }

    #[test]
    fn people_who_came_back_are_not_pushed_as_gone() {
        let said = check("Start,End date,Rehire date", "2010-01,2015-01,2018-03").expect_err("back");
        assert!(said.contains("came back in 2018-03") && said.contains("earlier job"), "{said}");
    }
}
