//! The checks of a table that need every row, before the rows are read again as credentials.

use crate::date_formats::DateFormats;
use crate::dates::is_date;
use crate::ends::{self, MONTH};
use crate::error::Error;
use crate::extra_cells::ExtraCells;
use crate::leavers::Leavers;
use crate::open_jobs::OpenJobs;
use crate::people::People;
use crate::plan::{Origin, Plan};
use crate::printable::printable;
use crate::rounded_ids::RoundedIds;
use crate::second_columns::SecondColumns;
use crate::shifted_values::Values;
use crate::short_dates::ShortDates;
use crate::similar_ids::SimilarIds;

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
    extra_cells: ExtraCells,
    similar_ids: SimilarIds,
    open_jobs: OpenJobs,
    values: Values,
    /// The columns with dates.
    dates: Vec<usize>,
    /// Whether a title names people who left and others, so that some rows must have an end.
    pub needs_end: bool,
    has_end: bool,
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
        let (needs_end, has_end) = (false, false);
        Ok(Self {
            leavers,
            people,
            second_columns,
            rounded_ids,
            short_dates,
            formats,
            extra_cells: ExtraCells::default(),
            similar_ids: SimilarIds::default(),
            open_jobs: OpenJobs::default(),
            values: Values::default(),
            dates,
            needs_end,
            has_end,
        })
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
        self.has_end |= self.needs_end && ends::has(plan, cells);
        self.extra_cells.row(cells.len(), plan.header.len());
        self.rounded_ids.row(line, cells);
        self.similar_ids.row(plan, line, cells);
        self.open_jobs.row(plan, line, cells);
        self.values.row(plan, cells);
        self.second_columns.row(plan, line, cells)?;
        self.leavers.row(plan, line, cells)?;
        self.people.row(plan, line, cells)
    }

    /// Reports what was found in all rows. Returns a warning about what the caller overruled or
    /// should look at.
    pub fn finish(self, plan: &mut Plan) -> Result<Option<String>, Error> {
        if self.needs_end && !self.has_end {
            let said = "the title or the name of the sheet names people who left, but no row has an end. Push people who \
                        left with the end of each job. To read the rows as they are, leave out the title with \
                        --skip-rows COUNT, or name the sheet with --sheet";
            return Err(Error::Usage(said.to_owned()));
        }
        self.rounded_ids.check(plan)?;
        self.short_dates.check(plan)?;
        plan.dates.hint = self.formats.hint();
        plan.has_odd_cells = self.extra_cells.are_odd();
        plan.shifted = self.values.found();
        let unsure = [self.rounded_ids.warning(plan), self.similar_ids.warning(plan), self.open_jobs.warning()];
        let left = self.leavers.finish(plan)?;
        let warnings: Vec<String> = left.into_iter().chain(unsure.into_iter().flatten()).collect();
        Ok((!warnings.is_empty()).then(|| warnings.join("\n")))
    }
}
