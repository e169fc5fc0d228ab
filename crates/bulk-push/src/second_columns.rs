//! Finds rows in which two columns for one field disagree, such as `End date` and `Termination
//! date` or `Company` and `Employer`, people who came back after their end, months of pay that
//! contradict the last processed month, and columns for a second job.

use crate::employment_words::{is_yes, words};
use crate::ends::{self, END, MONTH};
use crate::error::Error;
use crate::infer_columns::{folded, folded_name, is_name_of};
use crate::likely_date::likely_month;
use crate::name_text::is_placeholder;
use crate::plan::Plan;
use crate::printable::printable;
use crate::resolver::{TEXTS, could_be};
use crate::word_lists::{HONORIFICS, is_in};
use periods::Periods;

mod paid_months;
mod periods;

const START: &str = "start_date";

/// Words for the start of an employment in the name of a column.
const STARTS: &str = "\
    hire hired rehire rehired start started starting join joined joining entry commence commenced commencement \
    reemployed reinstated eintritt eintrittsdatum wiedereintritt entr\u{e9}e embauche ingreso bergabung \u{5165}\u{793e}";

/// Parts of the names of columns with the start of something else than the employment, or with an
/// opinion on a rehire.
const OTHER_STARTS: &str = "\
    probation visa permit benefit insurance salary pay period leave notice school course project training shift \
    pension superannuation membership allowance eligib vaccin licence license contact health union \
    loan manager supervisor tax dataentry positionstart jobstart rolestart holidayyear leaveyear taxyear fiscalyear payyear";

/// Words for the start of an earlier employment, or of one in the same group, before the start of
/// this one.
const EARLIER_STARTS: &str = "original initial first group continuous recognised recognized";

/// The columns that may disagree.
#[derive(Debug, Default)]
pub struct SecondColumns {
    /// The field, the column that fills it, and another one with a date for it.
    pairs: Vec<(&'static str, usize, usize)>,
    /// The same for columns with a text.
    texts: Vec<(&'static str, usize, usize)>,
    rehires: Vec<usize>,
    paid: Vec<usize>,
    periods: Periods,
    numbered: Vec<usize>,
}

impl SecondColumns {
    /// Finds the columns. A column with the same name as the used one was left out by choice.
    pub fn new(plan: &Plan) -> Self {
        if plan.form.list.is_none() {
            return Self::default();
        }
        let name = |column: usize| folded_name(&plan.header[column]);
        let unused = || plan.watched.iter().copied();
        let mut found = Self::default();
        if let Some([used, ..]) = plan.columns_of(START) {
            let is_second = |column: &usize| is_start(&plan.header[*column]) && name(*column) != name(*used);
            found.pairs.extend(unused().filter(is_second).map(|column| (START, *used, column)));
        }
        if let Some([used, ..]) = plan.columns_of(END) {
            let is_second = |column: &usize| is_name_of(END, &plan.header[*column]) && name(*column) != name(*used);
            let others = unused().filter(is_second).chain(plan.other_ends.iter().copied());
            found.pairs.extend(others.map(|column| (END, *used, column)));
        }
        for field in TEXTS {
            let Some([used]) = plan.columns_of(field) else { continue };
            let is_second = |column: &usize| {
                could_be(field, &plan.header, *used)
                    && could_be(field, &plan.header, *column)
                    && name(*column) != name(*used)
            };
            found.texts.extend(unused().filter(is_second).map(|column| (field, *used, column)));
        }
        found.rehires = unused().filter(|column| is_rehire(&plan.header[*column])).collect();
        found.paid = unused().filter(|column| paid_months::is_paid(&plan.header[*column])).collect();
        found.periods = Periods::new(plan);
        found.numbered = unused().filter(|column| is_numbered(plan, *column)).collect();
        found
    }

    /// Checks a row.
    pub fn row(&self, plan: &Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        self.dates(plan, line, cells)?;
        self.months(plan, line, cells)?;
        if let Some(column) = self.numbered.iter().find(|column| !cell(**column).is_empty()) {
            let (name, value) = (plan.label(*column), printable(cell(*column)));
            return Err(Error::Usage(format!(
                "line {line}: the column '{name}' has '{value}' and may be about a second job, which would not be \
                 pushed. Write a row for each job, or exclude the column with --ignore-column \"{name}\""
            )));
        }
        for (field, used, second) in &self.texts {
            let (first, other) = (cell(*used), cell(*second));
            let is_honorific = || HONORIFICS.split_whitespace().any(|known| folded(other) == known);
            let is_none = |text: &str| text.is_empty() || is_placeholder(text);
            if is_none(first) || is_none(other) || folded(first) == folded(other) || is_honorific() {
                continue;
            }
            let (used, second) = (plan.label(*used), plan.label(*second));
            return Err(Error::Usage(format!(
                "line {line}: '{used}' is '{}', but '{second}' is '{}', and both may be the {field}. Choose one with \
                 --column {field}=\"{used}\" or --column {field}=\"{second}\"",
                printable(first),
                printable(other)
            )));
        }
        Ok(())
    }

    fn dates(&self, plan: &Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let end = ends::month(plan, cells);
        for column in &self.rehires {
            let name = plan.label(*column);
            if is_yes(&folded(cell(*column))) {
                return Err(Error::Usage(format!(
                    "line {line}: the column '{name}' says that the person came back. Write a row for each job, or \
                     exclude the column with --ignore-column \"{name}\""
                )));
            }
            let Some((rehired, end)) = ends::read(plan, cell(*column), START).zip(end.as_ref()) else { continue };
            if rehired >= *end {
                return Err(Error::Usage(format!(
                    "line {line}: the person came back in {} (column '{name}'), after the end in {}, which belongs to \
                     an earlier job. Write a row for each job, or exclude the column with --ignore-column \"{name}\"",
                    printable(&rehired),
                    printable(end)
                )));
            }
        }
        for (field, used, second) in &self.pairs {
            let Some(first) = ends::read(plan, cell(*used), field).or_else(|| far_end(plan, field, cell(*used))) else {
                continue;
            };
            let Some(other) = ends::read(plan, cell(*second), field).or_else(|| likely_month(cell(*second))) else {
                continue;
            };
            if first != other && !(*field == START && other < first && is_earlier(&plan.header[*second])) {
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

    /// Refuses a row that was last paid before its last processed month, but has no end by then.
    fn months(&self, plan: &Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        if self.paid.is_empty() && self.periods.are_none() {
            return Ok(());
        }
        let Some(processed) = ends::processed(plan, cells) else { return Ok(()) };
        if ends::month(plan, cells).map_or_else(|| ends::has(plan, cells), |end| end <= processed) {
            return Ok(());
        }
        let paid = self
            .paid
            .iter()
            .filter_map(|column| Some((*column, paid_months::before(plan, cell(*column), &processed)?)));
        if let Some((column, paid)) = paid.chain(self.periods.before(plan, cells, &processed)).next() {
            let name = plan.label(column);
            return Err(Error::Usage(format!(
                "line {line}: the column '{name}' says {}, but {MONTH} is {}, so the job would be confirmed for months \
                 without pay. Use --column {MONTH}=\"{name}\" instead of --set, fill in the end, or exclude the column \
                 with --ignore-column \"{name}\"",
                printable(&paid),
                printable(&processed)
            )));
        }
        Ok(())
    }
}

/// Returns the text of an end that lies too far ahead to be one: another column with a date
/// contradicts it.
fn far_end(plan: &Plan, field: &str, text: &str) -> Option<String> {
    let is_far = field == END && plan.dates.is_ahead(text);
    (is_far && ends::read(plan, text, field).is_none()).then(|| text.to_owned())
}

/// Returns whether a column has the start of an employment: `Hire date`, `Latest start` or
/// `Wiedereintritt`.
fn is_start(header: &str) -> bool {
    let name = folded_name(header);
    let is_word = |word: &String| is_in(STARTS, word);
    let is_other = OTHER_STARTS.split_whitespace().any(|part| name.contains(part));
    // A field may be filled with the start of a position, but the employment started before it.
    let is_position = ["positionstartdate", "jobstartdate", "rolestartdate"].contains(&&*name);
    (is_name_of(START, header) && !is_position)
        || (!is_other && (words(header).iter().any(is_word) || name.contains("hire") || name.contains("startdate")))
}

/// Returns whether a column has a start that may lie before the one of this employment.
fn is_earlier(header: &str) -> bool {
    words(header).iter().any(|word| is_in(EARLIER_STARTS, word))
}

fn is_rehire(header: &str) -> bool {
    let name = folded_name(header);
    let is_again = ["rehire", "reemploy", "reinstate", "wiedereintritt"].iter().any(|part| name.contains(part));
    // Such a column is about whether a person who left may come back.
    let is_wish = ["eligib", "rehirable", "rehireable", "norehire", "notrehire"].iter().any(|part| name.contains(part));
    is_again && !is_wish
}

/// Returns whether a column has the name of a field and a number, such as `Company 2`.
fn is_numbered(plan: &Plan, column: usize) -> bool {
    let name = folded_name(&plan.header[column]);
    let bare = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let is_field = |field: &str| plan.columns_of(field).is_some() && is_name_of(field, bare);
    bare.len() < name.len() && !bare.is_empty() && TEXTS.into_iter().chain([START, END]).any(is_field)
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(header: &str, row: &str) -> Result<(), String> {
        check_with(&Mapping::default(), header, row)
    }

    fn check_with(mapping: &Mapping, header: &str, row: &str) -> Result<(), String> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells(&format!("Emp ID,Name,Company,Job,Pay period,{header}"));
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(mapping, Type::default(), header, false, today).expect("whole");
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
        assert!(check(ends, "2010-01,9999-12-31,2018-03").is_err(), "an end is no end");
    }

    #[test]
    fn any_second_start_must_agree() {
        for name in [
            "Last Hire Date",
            "LAST_HIRE_DT",
            "Most Recent Hire Date",
            "Latest Start Date",
            "Latest hire date",
            "Current Start Date",
            "Last rehire",
            "Rehired",
            "Wiedereintritt",
            "First hire date",
            "Original Start Date",
            "Re-entry",
        ] {
            let header = format!("Hire date,{name}");
            assert!(check(&header, "2010-01,2023-04-15").is_err(), "{name}");
            assert!(check(&header, "2010-01,04/15/2023").is_err(), "{name}");
            assert_eq!(check(&header, "2010-01,2010-01-31"), Ok(()), "{name}");
            assert_eq!(check(&header, "2010-01,"), Ok(()), "{name}");
        }
        for name in ["Original hire date", "First hire date", "Group joining date"] {
            let header = format!("Hire date,{name}");
            assert_eq!(check(&header, "2010-01,2004-09-01"), Ok(()), "{name}: of an earlier employment");
            assert!(check(&header, "2010-01,2010-02-01").is_err(), "{name}");
        }
        assert!(check("Hire date,Last hire date", "2010-01,2004-09-01").is_err());
        assert!(check("Hire date,Rehired", "2010-01,Yes").is_err());
        assert!(!is_rehire("Do not rehire") && !is_rehire("Rehire eligible") && is_rehire("Rehire date"));
        for name in [
            "Probation start date",
            "Eligible for rehire",
            "Salary start date",
            "Position Start Date",
            "Holiday year start",
            "Student loan start",
            "Manager start",
        ] {
            assert_eq!(check(&format!("Hire date,{name}"), "2010-01,2023-04-15"), Ok(()), "{name}");
        }
    }

    #[test]
    fn two_columns_for_one_text_must_agree() {
        let said = check("Start,Employer", "2010-01,B").expect_err("which?");
        assert!(said.contains("'Company' is 'A'") && said.contains("--column organisation=\"Employer\""), "{said}");
        assert_eq!(check("Start,Employer", "2010-01,a"), Ok(()));
        assert_eq!(check("Start,Employer", "2010-01,N/A"), Ok(()));
        assert!(check("Start,Organization", "2010-01,Engineering").is_err());
        assert_eq!(check("Start,Organization,Worker type", "2010-01,Engineering,Employee"), Ok(()), "a department");
        assert!(check("Start,Title", "2010-01,Chief").is_err());
        assert_eq!(check("Start,Title", "2010-01,Ms"), Ok(()));
        assert_eq!(check("Start,Job profile", "2010-01,Clerk II"), Ok(()));
        let chosen = Mapping {
            columns: [("organisation".to_owned(), crate::mapping::Columns::of("Company"))].into(),
            chosen_now: vec!["organisation".to_owned()],
            ..Mapping::default()
        };
        assert_eq!(check_with(&chosen, "Start,Employer", "2010-01,B"), Ok(()));
    }

    #[test]
    fn pay_before_the_processed_month_stops() {
        for header in ["Payment date", "Final pay period", "Pay Date", "Last Check Date", "YTD as of"] {
            assert!(check(&format!("Start,End date,{header}"), "2010-01,,2020-03-31").is_err(), "{header}");
        }
        let said = check("Start,End date,Last pay date", "2010-01,,2020-03-31").expect_err("not paid");
        assert!(said.contains("2020-03") && said.contains("2026-10"), "{said}");
        assert_eq!(check("Start,End date,Last paid", "2010-01,,2026-10-28"), Ok(()));
        assert_eq!(check("Start,End date,Last pay rise", "2010-01,,2020-04-01"), Ok(()), "no month of pay");
        assert_eq!(check("Start,End date,Probation period end date", "2010-01,,2010-06-30"), Ok(()));
        assert_eq!(check("Start,End date,Last paid", "2010-01,2020-04,2020-03-31"), Ok(()));
        assert!(check("Start,End date,Last paid", "2010-01,2027-01,2020-03-31").is_err());
        let set = Mapping { constants: [(MONTH.to_owned(), "2026-10".to_owned())].into(), ..Mapping::default() };
        let header = "Emp ID,Name,Company,Job,Start,Pay period".split(',').map(str::to_owned).collect();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&set, Type::default(), header, false, today).expect("whole");
        let row = |month: &str| ["1", "Ada", "A", "Clerk", "2010-01", month].map(str::to_owned);
        let second = SecondColumns::new(&plan);
        assert!(second.row(&plan, 2, &row("2020-03")).is_err());
        assert!(second.row(&plan, 2, &row("01/12/2020 - 31/12/2020")).is_err());
        assert!(second.row(&plan, 2, &row("M12 2020")).is_err());
        assert!(second.row(&plan, 2, &row("2026-10")).is_ok());
    }

    #[test]
    fn numbered_columns_of_a_second_job_stop() {
        let header = "Start,Company 2,Start date 2";
        assert!(check(header, "2010-01,B,2015-01").is_err());
        assert_eq!(check(header, "2010-01,,"), Ok(()));
    }

    #[test]
    fn people_who_came_back_are_not_pushed_as_gone() {
        let said = check("Start,End date,Rehire date", "2010-01,2015-01,2018-03").expect_err("back");
        assert!(said.contains("came back in 2018-03") && said.contains("earlier job"), "{said}");
    }
}
