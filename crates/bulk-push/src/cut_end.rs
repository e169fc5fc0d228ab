//! Notices that a file was cut in its last row: within a date, which may still be one, as `2020-1`
//! of `2020-12`, or before a cell that all other rows have (D-286).

use crate::dates::is_date;
use crate::employment_words::ColumnKind;
use crate::error::Error;
use crate::plan::{Origin, Plan};
use crate::printable::printable;

/// Minimum number of other rows that all have a value in the last column, if the last row has none.
const MIN_FILLED: usize = 3;

/// How a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Filled,
    Empty,
    /// It has fewer cells than the header.
    Short,
}

/// How the rows before the last one end.
#[derive(Debug, Default)]
struct Tails {
    filled: usize,
    empty: usize,
    short: usize,
}

impl Tails {
    fn add(&mut self, tail: Tail) {
        match tail {
            Tail::Filled => self.filled += 1,
            Tail::Empty => self.empty += 1,
            Tail::Short => self.short += 1,
        }
    }
}

/// The groups of digits in a date, and the digits of the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct DateForm {
    groups: usize,
    last: usize,
}

impl DateForm {
    /// Returns the form of a date that has digits only.
    fn of(text: &str) -> Option<Self> {
        let is_separator = |character: char| "-/. ".contains(character);
        let is_date = text.chars().all(|character| character.is_ascii_digit() || is_separator(character));
        let groups: Vec<&str> = text.split(is_separator).collect();
        let last = groups.last().map_or(0, |last| last.len());
        (is_date && text.starts_with(|first: char| first.is_ascii_digit()))
            .then_some(Self { groups: groups.len(), last })
    }

    fn most(self, other: Self) -> Self {
        Self { groups: self.groups.max(other.groups), last: self.last.max(other.last) }
    }

    fn is_shorter(self, other: Self) -> bool {
        self.groups < other.groups || self.last < other.last
    }
}

/// The longest dates of each column, and the date at the end of the last row.
#[derive(Debug)]
pub struct CutEnd {
    /// The columns with dates.
    columns: Vec<(usize, Option<DateForm>)>,
    last: Option<(usize, DateForm, u32, String)>,
    /// The number of columns.
    width: usize,
    /// Whether an empty cell in the last column changes the body of a push.
    is_last_used: bool,
    /// The number of cells in the last row, and how it ends.
    end: Option<(usize, Tail)>,
    others: Tails,
    /// The line of the last row, if it has no line ending.
    open_line: Option<u32>,
}

impl CutEnd {
    pub fn new(plan: &Plan) -> Self {
        let targets = plan.form.targets.iter().zip(&plan.origins).filter(|(target, _)| is_date(target.shape));
        let columns = targets.filter_map(|(_, origin)| match origin {
            Origin::Columns(columns) => Some(columns.clone()),
            Origin::Nothing | Origin::Constant(_) => None,
        });
        let columns = columns.flatten().map(|column| (column, None)).collect();
        let width = plan.header.len();
        let is_last_used = width.checked_sub(1).is_some_and(|last| is_used(plan, last));
        let (end, others) = (None, Tails::default());
        Self { columns, last: None, width, is_last_used, end, others, open_line: None }
    }

    /// Adds a row, which is the last one if it has no line ending.
    pub fn row(&mut self, line: u32, cells: &[String], is_open_ended: bool) {
        self.open_line = is_open_ended.then_some(line);
        let tail = match cells.get(self.width.saturating_sub(1)..).and_then(<[String]>::first) {
            None => Tail::Short,
            Some(last) if last.trim().is_empty() => Tail::Empty,
            Some(_) => Tail::Filled,
        };
        if let Some((_, earlier)) = self.end.replace((cells.len(), tail)) {
            self.others.add(earlier);
        }
        if let Some((column, form, ..)) = self.last.take() {
            self.add(column, form);
        }
        for column in self.columns.iter().map(|(column, _)| *column).collect::<Vec<_>>() {
            let text = cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
            match DateForm::of(text) {
                Some(form) if column + 1 == cells.len() => self.last = Some((column, form, line, text.to_owned())),
                Some(form) => self.add(column, form),
                None => {}
            }
        }
    }

    fn add(&mut self, column: usize, form: DateForm) {
        let known = self.columns.iter_mut().filter(|(known, _)| *known == column);
        known.for_each(|(_, most)| *most = Some(most.unwrap_or_default().most(form)));
    }

    /// Returns the line of a last row without a line ending. Refuses one that lacks cells, and one
    /// whose date is shorter than the others of its column, or, if it is the only one there, than
    /// those of other columns.
    pub fn check(&self) -> Result<Option<u32>, Error> {
        if let Some(error) = self.lacks_cells() {
            return Err(error);
        }
        let last = self.last.as_ref().filter(|_| self.open_line.is_some());
        let Some((column, form, line, text)) = last else { return Ok(self.open_line) };
        let own = self.columns.iter().find(|(known, _)| known == column).and_then(|(_, most)| *most);
        let all = || self.columns.iter().filter_map(|(_, most)| *most).reduce(DateForm::most);
        if !own.or_else(all).is_some_and(|most| form.is_shorter(most)) {
            return Ok(self.open_line);
        }
        Err(Error::Failed(format!(
            "line {line}: the file ends here without a line ending, and its last date '{}' is shorter than the others, \
             so it may have been cut. Export the file again. If it is whole, add a line ending",
            printable(text)
        )))
    }

    /// Refuses a last row without a line ending that ends before a cell that every other row has.
    fn lacks_cells(&self) -> Option<Error> {
        let (line, (count, tail)) = self.open_line.zip(self.end)?;
        let Tails { filled, empty, short } = self.others;
        let lacks = match tail {
            Tail::Short if short == 0 && filled + empty > 0 => {
                format!("its last row has {count} cells of {}", self.width)
            }
            Tail::Empty if self.is_last_used && short == 0 && empty == 0 && filled >= MIN_FILLED => {
                "its last cell is empty, as in no other row".to_owned()
            }
            _ => return None,
        };
        Some(Error::Failed(format!(
            "line {line}: the file ends here without a line ending, and {lacks}, so the file may be cut off. Export it \
             again. If it is whole, add a line ending"
        )))
    }
}

/// Returns whether a column is pushed, or says something about the employment.
fn is_used(plan: &Plan, column: usize) -> bool {
    let is_telling = || {
        !matches!(ColumnKind::of(&plan.header[column]), ColumnKind::Harmless | ColumnKind::Other | ColumnKind::Remark)
    };
    !plan.unmapped().any(|unused| unused == column) || (plan.watched.contains(&column) && is_telling())
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(rows: &[&str], is_open_ended: bool) -> Result<Option<u32>, String> {
        let header = ["Emp ID", "Name", "Company", "Job", "Pay period", "Start", "End"].map(str::to_owned).to_vec();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut cut_end = CutEnd::new(&plan);
        for (line, row) in (2..).zip(rows) {
            let cells: Vec<String> = format!("1,Ada,A,Clerk,2026-10,{row}").split(',').map(str::to_owned).collect();
            cut_end.row(line, &cells, is_open_ended);
        }
        cut_end.check().map_err(|error| error.to_string())
    }

    #[test]
    fn dates_that_were_cut_at_the_end_are_refused() {
        for rows in [
            &["2019-04,2020-12", "2019-04,2020-1"][..],
            &["2019-04,2020-1"][..],
            &["04/01/2019,03/31/20"][..],
            &["2019-04-01,2020-12-31", "2019-04-01,2020-12"][..],
            &["2019-04-01,2020-12-31", "2019-04-01,2020-"][..],
        ] {
            let said = check(rows, true).expect_err("cut");
            assert!(said.contains("may have been cut") && said.contains("add a line ending"), "{said}");
            assert_eq!(check(rows, false), Ok(None), "{rows:?}");
        }
    }

    #[test]
    fn rows_that_were_cut_before_a_cell_are_refused() {
        let ended = "2019-04,2020-12";
        for (rows, part) in [
            (&["2019-04,2020-12", "2019-04"][..], "6 cells of 7"),
            (&["2019-04,", "2019-04"][..], "6 cells of 7"),
            (&[ended, ended, ended, "2019-04,"][..], "last cell is empty"),
        ] {
            let said = check(rows, true).expect_err("cut");
            assert!(said.contains("may be cut off") && said.contains(part), "{said}");
            assert_eq!(check(rows, false), Ok(None), "{rows:?}");
        }
        for rows in [
            &["2019-04"][..],
            &["2019-04", "2019-04"][..],
            &[ended, ended, ended, "2019-04,", "2019-04,"][..],
            &[ended, "2019-04,", ended, ended, "2019-04,"][..],
        ] {
            assert!(check(rows, true).is_ok_and(|line| line.is_some()), "{rows:?}");
        }
    }

    #[test]
    fn last_columns_that_say_nothing_may_be_empty() {
        let today = jiff::civil::date(2026, 11, 23);
        for (name, value, is_refused) in [("Status", "Active", true), ("Phone", "0123", false)] {
            let header = format!("Emp ID,Name,Company,Job,Pay period,Start,{name}");
            let header = header.split(',').map(str::to_owned).collect();
            let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
            let mut cut_end = CutEnd::new(&plan);
            for (line, last) in (2..).zip([value, value, value, ""]) {
                let cells = format!("1,Ada,A,Clerk,2026-10,2019-04,{last}");
                cut_end.row(line, &cells.split(',').map(str::to_owned).collect::<Vec<_>>(), line == 5);
            }
            assert_eq!(cut_end.check().is_err(), is_refused, "{name}");
        }
    }

    #[test]
    fn whole_files_may_lack_the_last_line_ending() {
        for rows in [
            &["2019-04,2020-12"][..],
            &["2019-04,2020-12", "2019-04,"][..],
            &["2019-04-01,2020-12", "2019-04-01,2021-01"][..],
            &["12/31/2019,12/31/2020", "1/5/2019,1/5/2020"][..],
            &["2019-04,May 2020", "2019-04,Mai 20"][..],
            &["2019-04,present"][..],
        ] {
            assert!(check(rows, true).is_ok_and(|line| line.is_some()), "{rows:?}");
        }
    }
}
