//! The checks of a table that need every row, before the rows are read again as credentials.

use crate::date_formats::DateFormats;
use crate::dates::is_date;
use crate::ends::MONTH;
use crate::error::Error;
use crate::leavers::Leavers;
use crate::people::People;
use crate::plan::{Origin, Plan};
use crate::printable::printable;
use crate::rounded_ids::RoundedIds;
use crate::second_columns::SecondColumns;
use crate::short_dates::ShortDates;

/// Maximum number of values that are shown of a column that no field uses, and their length.
const SAMPLES: (usize, usize) = (3, 24);

/// The checks, and what they have found so far.
#[derive(Debug)]
pub struct RowChecks {
    leavers: Leavers,
    people: People,
    second_columns: SecondColumns,
    rounded_ids: RoundedIds,
    short_dates: ShortDates,
    formats: DateFormats,
    /// The columns with dates.
    dates: Vec<usize>,
}

impl RowChecks {
    /// Prepares the checks, and checks the header.
    pub fn new(plan: &Plan) -> Result<Self, Error> {
        let leavers = Leavers::new(plan);
        leavers.header(plan)?;
        let targets = plan.form.targets.iter().zip(&plan.origins);
        let columns = targets.filter(|(target, _)| is_date(target.shape)).filter_map(|(_, origin)| match origin {
            Origin::Columns(columns) => Some(columns),
            _ => None,
        });
        let dates = columns.flatten().chain(&plan.other_ends).copied().collect();
        let (people, second_columns) = (People::default(), SecondColumns::new(plan));
        let (rounded_ids, short_dates) = (RoundedIds::new(plan), ShortDates::default());
        let formats = DateFormats::default();
        Ok(Self { leavers, people, second_columns, rounded_ids, short_dates, formats, dates })
    }

    pub fn row(&mut self, plan: &mut Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let months = plan.columns_of(MONTH).unwrap_or_default();
        for (column, cell) in self.dates.iter().filter_map(|column| Some((*column, cells.get(*column)?))) {
            self.formats.add(cell);
            // A report may write its month in its own way.
            if !months.contains(&column) {
                self.short_dates.add(column, line, cell);
            }
        }
        for column in &plan.watched {
            let cell = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            let samples = plan.samples.entry(*column).or_default();
            if !cell.is_empty() && samples.len() < SAMPLES.0 {
                let cell = printable(&cell.chars().take(SAMPLES.1).collect::<String>());
                if !samples.contains(&cell) {
                    samples.push(cell);
                }
            }
        }
        self.rounded_ids.row(line, cells);
        self.second_columns.row(plan, line, cells)?;
        self.leavers.row(plan, line, cells)?;
        self.people.row(plan, line, cells)
    }

    /// Reports what was found in all rows. Returns a warning about what the caller overruled or
    /// should look at.
    pub fn finish(self, plan: &mut Plan) -> Result<Option<String>, Error> {
        self.rounded_ids.check(plan)?;
        self.short_dates.check(plan)?;
        plan.dates.hint = self.formats.hint();
        let unsure = self.rounded_ids.warning(plan);
        let warnings: Vec<String> = [self.leavers.finish(plan)?, unsure].into_iter().flatten().collect();
        Ok((!warnings.is_empty()).then(|| warnings.join("\n")))
    }
}
