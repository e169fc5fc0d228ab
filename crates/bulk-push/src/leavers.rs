//! Finds people who left, but would be pushed as employed because a column was not understood.
//!
//! A column that no field uses may hold the end of a job under an unknown name, or a status. If a
//! row without an end has a date there, or a value that is not known to mean employed, the run
//! stops until the column is mapped or ignored.

use credential::Shape;

use crate::dates::Reading;
use crate::employment_words::{Kind, has_left, is_end};
use crate::error::Error;
use crate::infer_columns::folded;
use crate::likely_date::earliest;
use crate::plan::{Origin, Plan};
use crate::printable::printable;

/// The field with the end of a job.
const END: &str = "end_date";

/// Parts of the names of columns that say that a credential ended.
const REVOKED: [&str; 5] = ["revoked", "withdrawn", "cancelled", "canceled", "suspended"];

/// Parts of the names of columns with the end of a credential's validity.
const EXPIRY: [&str; 5] = ["expir", "validto", "validuntil", "validthrough", "endofvalidity"];

/// Looks at the rows of a table.
#[derive(Debug)]
pub struct Leavers {
    /// Columns that no field uses, what they are, and their names without case and punctuation.
    columns: Vec<(usize, Kind, String)>,
    /// Columns about the employment that a mapping file ignores.
    ignored: Vec<(usize, String)>,
    /// Columns that the caller ignores now.
    accepted: Vec<(usize, String)>,
    /// Columns with the end of a credential that is not a career.
    ends: Vec<usize>,
    is_needed: bool,
}

impl Leavers {
    /// Chooses the columns to look at.
    pub fn new(plan: &Plan) -> Self {
        let end = plan.form.find(END).filter(|_| plan.form.list.is_some());
        let is_needed = end.is_some_and(|end| !matches!(plan.origins[end], Origin::Constant(_)));
        let unused = plan.unmapped().filter(|column| !plan.ignored.contains(column));
        let described = |column: usize| (column, Kind::of(&plan.header[column]), folded(&plan.header[column]));
        let columns: Vec<(usize, Kind, String)> = unused.map(described).collect();
        let about = plan.ignored.iter().copied().zip(plan.mapping.ignore.iter().cloned()).filter(|(column, name)| {
            let kind = Kind::of(&plan.header[*column]);
            !matches!(kind, Kind::Harmless | Kind::Other) && !plan.mapping.ignore_left.contains(name)
        });
        let (accepted, ignored) = about.partition(|(_, name)| plan.mapping.ignored_now.contains(name));
        let has_expiry = plan.form.find("expiry_date").is_some();
        let is_credential_end = |column: &usize| {
            let name = folded(&plan.header[*column]);
            let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
            plan.form.list.is_none() && (has(&REVOKED) || (has_expiry && has(&EXPIRY)))
        };
        let ends = columns.iter().map(|(column, ..)| *column).filter(is_credential_end).collect();
        Self { columns, ignored, accepted, ends, is_needed }
    }

    /// Checks that a column for the end was understood if there is one.
    pub fn header(&self, plan: &Plan) -> Result<(), Error> {
        let is_mapped = plan.columns_of(END).is_some();
        match self.columns.iter().find(|(column, ..)| is_end(&plan.header[*column])) {
            Some((column, ..)) if self.is_needed && !is_mapped => {
                let name = plan.label(*column);
                Err(Error::Usage(format!(
                    "the column '{name}' may say when a job ended, but no column fills {END}, so everybody would be \
                     pushed as employed. Map it with --column {END}=\"{name}\", or exclude it with --ignore-column \
                     \"{name}\""
                )))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a row whose person left has an end.
    pub fn row(&mut self, plan: &mut Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        if let Some(column) = self.ends.iter().find(|column| !is_no(cell(**column))) {
            let (name, value) = (plan.label(*column), printable(cell(*column)));
            return Err(Error::Usage(format!(
                "line {line}: the column '{name}' says '{value}', but no field uses it, so the credential would be \
                 pushed as valid. Map it with --column FIELD=\"{name}\", remove the row, or exclude the column with \
                 --ignore-column \"{name}\""
            )));
        }
        if !self.is_needed
            || plan.columns_of(END).unwrap_or_default().iter().any(|column| is_ended(plan, cell(*column)))
        {
            return Ok(());
        }
        let today = (i32::from(plan.today.year()), i32::from(plan.today.month()));
        let says_so = |(column, kind, name): &&(usize, Kind, String)| {
            let value = cell(*column);
            match earliest(value, name) {
                Some(month) if !matches!(kind, Kind::Harmless) => month <= today,
                _ if plan.dates.is_ahead(value) => false,
                _ => has_left(value) || !kind.agrees(name, value),
            }
        };
        if let Some((column, ..)) = self.columns.iter().find(says_so) {
            return Err(stop(plan, line, *column, cell(*column)));
        }
        let contradicts = |column: usize| {
            let value = cell(column);
            let is_flag = Kind::of(&plan.header[column]) == Kind::Positive;
            has_left(value) || (is_flag && !value.is_empty() && is_no(value))
        };
        if let Some((column, _)) = self.ignored.iter().find(|(column, _)| contradicts(*column)) {
            return Err(stop(plan, line, *column, cell(*column)));
        }
        let (known, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.accepted).into_iter().partition(|(column, _)| !contradicts(*column));
        self.accepted = known;
        plan.mapping.ignore_left.extend(left.into_iter().map(|(_, name)| name));
        Ok(())
    }
}

fn stop(plan: &Plan, line: u32, column: usize, value: &str) -> Error {
    let (name, value) = (plan.label(column), printable(value));
    Error::Usage(format!(
        "line {line}: the column '{name}' says '{value}', but the row would be pushed as still employed, because no \
         column gives its end. Map a column with --column {END}=COLUMN, correct the row, or exclude the column with \
         --ignore-column \"{name}\""
    ))
}

/// Returns whether the text of an end says that there is one.
fn is_ended(plan: &Plan, text: &str) -> bool {
    let read = || plan.dates.convert(text, Shape::YearMonth, true, END);
    !text.is_empty()
        && matches!(read(), Reading::Date(_))
        && plan.dates.explain(text, true).is_none_or(|(_, help)| !help.contains("--empty-end"))
}

fn is_no(value: &str) -> bool {
    matches!(&*value.to_ascii_lowercase(), "" | "no" | "n" | "false" | "f" | "0" | "-")
}

/// Checks that a person column that was inferred from `ID` does not number the rows.
#[derive(Debug, Default)]
pub struct People {
    names: std::collections::HashMap<String, (String, u32)>,
}

impl People {
    /// Checks that a name belongs to one value of the person column only.
    pub fn row(&mut self, plan: &Plan, line: u32, cells: &[String]) -> Result<(), Error> {
        let Some(person) = plan.person.filter(|_| plan.is_weak_person && plan.form.list.is_some()) else {
            return Ok(());
        };
        let cell = |column: usize| cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
        let name: Vec<&str> = plan.columns_of("full_name").unwrap_or_default().iter().map(|at| cell(*at)).collect();
        let (name, id) = (name.join(" "), cell(person).to_owned());
        if name.trim().is_empty() {
            return Ok(());
        }
        let first = self.names.entry(folded(&name)).or_insert_with(|| (id.clone(), line));
        if first.0 == id {
            return Ok(());
        }
        let (column, name) = (plan.label(person), printable(&name));
        Err(Error::Usage(format!(
            "'{name}' has several values in the column '{column}' (lines {} and {line}), so it may number the rows and not \
             the people. If these are different people, set --person \"{column}\"; otherwise set --person to a \
             column that is the same in all rows of a person",
            first.1
        )))
    }
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(mapping: &Mapping, header: &str, row: &str) -> Result<(), String> {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = format!("Emp ID,Name,Company,Job,Start,Pay period,{header}");
        let today = jiff::civil::date(2026, 11, 23);
        let mut plan = Plan::new(mapping, Type::default(), cells(&header), false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        let row = cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,{row}"));
        let checked = leavers.header(&plan).and_then(|()| leavers.row(&mut plan, 2, &row));
        checked.map_err(|stop| stop.to_string())
    }

    #[test]
    fn leavers_are_not_pushed_as_employed() {
        for (header, row) in [
            ("Status", "Terminated"),
            ("Employment status", "Left"),
            ("Status,End date", "Inactive,"),
            ("Active", "No"),
            ("Position status", "T"),
            ("Terminated,End date", "Yes,"),
            ("Date of separation from company", "2021-03-31"),
            ("Separation reason,End date", "Resigned,"),
            ("Resignation effective,End date", "2021-03-31,9999-12-31"),
            ("Austritt", ""),
        ] {
            let said = check(&Mapping::default(), header, row).expect_err(header);
            assert!(said.contains("--ignore-column") && said.contains("--column end_date"), "{said}");
        }
    }

    #[test]
    fn unknown_columns_with_dates_or_values_stop() {
        for (header, row) in [
            ("LWD", "2020-01-31"),
            ("DOE", "31/01/2020"),
            ("Contract expiry", "31 Jan 2020"),
            ("Slutdatum", "43861"),
            ("\u{9000}\u{8077}\u{65e5}", "2020-01-31"),
            ("Remarks", "Resigned 31/03/2020"),
            ("Current", "No"),
            ("Has left", "Yes"),
            ("Enabled", "No"),
            ("FTE", "0"),
            ("Status", "Inactive - Resigned"),
            ("Status", "3 - Terminated"),
            ("Status", "Sorti"),
            ("Status", "0"),
        ] {
            let said = check(&Mapping::default(), header, row).expect_err(header);
            assert!(said.contains("--ignore-column") && said.contains("line 2"), "{header}: {said}");
        }
    }

    #[test]
    fn saved_ignores_still_check_for_people_who_left() {
        let ignore = vec!["Status".to_owned()];
        let saved = Mapping { ignore: ignore.clone(), ..Mapping::default() };
        assert_eq!(check(&saved, "Status", "Whatever"), Ok(()));
        assert!(check(&saved, "Status", "Terminated").is_err());
        let now = Mapping { ignored_now: ignore.clone(), ..saved.clone() };
        assert_eq!(check(&now, "Status", "Terminated"), Ok(()));
        let accepted = Mapping { ignore_left: ignore, ..saved };
        assert_eq!(check(&accepted, "Status", "Terminated"), Ok(()));
    }

    #[test]
    fn ends_of_credentials_are_mapped_or_stop() {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let today = jiff::civil::date(2026, 11, 23);
        let known: Type = "education".parse().expect("a type");
        let header = cells("Full name,University,Degree,conferral_year,with honours,Majors,Revoked on");
        let mut plan = Plan::new(&Mapping::default(), known, header, false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        let row = |revoked: &str| cells(&format!("Ada,X,BSc,2020,no,,{revoked}"));
        assert!(leavers.row(&mut plan, 2, &row("")).is_ok());
        let said = leavers.row(&mut plan, 3, &row("2024-01-01")).expect_err("revoked").to_string();
        assert!(said.contains("'Revoked on'") && said.contains("--ignore-column"), "{said}");
    }

    #[test]
    fn columns_that_agree_or_are_ignored_do_not_stop() {
        for (header, row) in [
            ("Status,End date", "Left,2021-03-31"),
            ("Status", "Active"),
            ("Active", "Yes"),
            ("Terminated,End date", "No,"),
            ("Planned end of employment,End date", "2027-03-31,"),
            ("Probation end date", "2021-03-31"),
            ("Status", ""),
        ] {
            assert_eq!(check(&Mapping::default(), header, row), Ok(()), "{header}: {row}");
        }
        let ignoring = Mapping { ignore: vec!["Hand".into()], ..Mapping::default() };
        assert_eq!(check(&ignoring, "Hand", "Left"), Ok(()));
        assert!(check(&Mapping::default(), "Hand", "Left").is_err());
    }

    #[test]
    fn ids_that_number_the_rows_are_refused() {
        let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let header = cells("ID,First Name,Last Name,Company,Job,Start,Pay period");
        let today = jiff::civil::date(2026, 11, 23);
        let plan = |person: Option<&str>| {
            let mapping = Mapping { person: person.map(Into::into), ..Mapping::default() };
            Plan::new(&mapping, Type::default(), header.clone(), false, today).expect("whole")
        };
        let rows = ["1,Ada,Example,A,Clerk,2019-04,2026-10", "2,Ada,Example,B,Chief,2021-04,2026-10"];
        let read = |plan: &Plan| {
            let mut people = People::default();
            (2..).zip(rows).try_for_each(|(line, row)| people.row(plan, line, &cells(row)))
        };
        let said = read(&plan(None)).expect_err("which?").to_string();
        assert!(said.contains("lines 2 and 3") && said.contains("--person \"ID\""), "{said}");
        assert!(read(&plan(Some("ID"))).is_ok(), "it was chosen");
    }
}
