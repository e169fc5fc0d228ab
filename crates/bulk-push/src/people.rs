//! Checks that the person column identifies people, and that the rows of a person are about one.

use std::collections::HashMap;

use crate::date_pattern::month_name;
use crate::employment_words::is_birth;
use crate::error::Error;
use crate::infer_columns::folded;
use crate::likely_date::earliest;
use crate::name_text::is_quoted;
use crate::plan::Plan;
use crate::printable::printable;
use crate::unclear_dates::split_time;

/// Values that stand for no id, without case and punctuation.
const NO_IDS: [&str; 28] = [
    "noid",
    "nonumber",
    "noemployeeid",
    "noemployeenumber",
    "na",
    "null",
    "none",
    "nil",
    "nan",
    "pending",
    "tba",
    "tbc",
    "tbd",
    "unknown",
    "new",
    "newhire",
    "newstarter",
    "temp",
    "test",
    "xxx",
    "notassigned",
    "notavailable",
    "notapplicable",
    "undefined",
    "blank",
    "missing",
    "true",
    "false",
];

/// Returns why a value is no id: it stands for none, or a spreadsheet has damaged it. Rows of
/// different people would have it in common.
pub fn id_problem(id: &str) -> Option<&'static str> {
    let name = folded(id);
    if is_rounded(id) {
        return Some("A spreadsheet has rounded this id. Format the column as text, and export the file again.");
    }
    if is_date(id) {
        return Some(
            "A spreadsheet may have turned this id into a date. Format the column as text, and export the file again.",
        );
    }
    if is_quoted(id) {
        return Some(
            "The id is in quotes that CSV does not have. Remove them, or export the file with double quotes (\").",
        );
    }
    let is_zero = !name.is_empty() && name.bytes().all(|byte| byte == b'0');
    (name.is_empty() || is_zero || NO_IDS.contains(&&*name))
        .then_some("This is not an id, so rows of different people may have it. Write the id of the person.")
}

/// Returns whether a number is written with an exponent, such as `1.00E+05` or `1.23457E14`.
/// `12E34` may be an id.
fn is_rounded(id: &str) -> bool {
    let Some((number, exponent)) = id.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.starts_with(|first: char| first.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
        && (exponent.strip_prefix(['+', '-']).is_some_and(is_number)
            || (number.contains(['.', ',']) && is_number(exponent)))
}

/// Returns whether an id is a date with a day, as spreadsheets write 2018-01-01, or `1-Jan` and
/// `Feb-02` of an id such as FEB-02. Years and months may be ids, as in `2018-01`.
fn is_date(id: &str) -> bool {
    let alone = split_time(id).map_or(id, |(date, _)| date);
    let groups: Vec<&str> = alone.split(['-', '/', '.', ' ']).filter(|group| !group.is_empty()).collect();
    let is_number = |group: &str, most: usize| group.len() <= most && group.bytes().all(|byte| byte.is_ascii_digit());
    let is_month = |group: &str| {
        let mut rest = group;
        let is_written =
            group.contains(char::is_lowercase) && (group.starts_with(char::is_uppercase) || group.len() > 3);
        is_written && month_name(&mut rest).is_some() && rest.is_empty()
    };
    match groups.as_slice() {
        [first, second] => {
            (is_number(first, 2) && is_month(second)) || (is_month(first) && second.len() == 2 && is_number(second, 2))
        }
        [first, second, third] if is_month(second) => is_number(first, 2) && is_number(third, 4),
        [first, second, third] => {
            let has_year = (first.len() == 4 && third.len() <= 2) || (third.len() == 4 && first.len() <= 2);
            let is_numeric = is_number(first, 4) && is_number(second, 2) && is_number(third, 4);
            has_year && is_numeric && earliest(alone, "").is_some()
        }
        _ => false,
    }
}

/// Unused columns that have one value for a person.
#[derive(Debug)]
pub struct Identity {
    /// The columns: dates of birth, email addresses and national numbers.
    pub columns: Vec<usize>,
    /// The column with the date of birth.
    pub birth: Option<usize>,
}

impl Identity {
    /// Finds the columns.
    pub fn new(plan: &Plan) -> Self {
        const PARTS: [&str; 14] = [
            "dateofbirth",
            "birthdate",
            "birthday",
            "dob",
            "geburtsdatum",
            "datedenaissance",
            "fechadenacimiento",
            "tanggallahir",
            "email",
            "mailaddress",
            "nationalid",
            "socialsecurity",
            "nationalinsurance",
            "taxfilenumber",
        ];
        let birth = |column: &usize| {
            let name = folded(&plan.header[*column]);
            is_birth(&name) || PARTS.iter().take(8).any(|part| name.contains(part))
        };
        let is_one = |column: &usize| {
            let name = folded(&plan.header[*column]);
            is_birth(&name) || name == "ssn" || name == "nino" || PARTS.iter().any(|part| name.contains(part))
        };
        // The email addresses of managers and emergency contacts belong to others.
        let is_own = |column: &usize| {
            let name = folded(&plan.header[*column]);
            let others = ["manager", "supervisor", "emergency", "contact", "spouse", "partner", "dependent", "child"];
            !others.iter().any(|other| name.contains(other))
        };
        let columns: Vec<usize> = plan.watched.iter().copied().filter(is_one).filter(is_own).collect();
        let birth = columns.iter().copied().find(birth);
        Self { columns, birth }
    }
}

/// Checks that a person column that was inferred from `ID` does not number the rows.
#[derive(Debug, Default)]
pub struct People {
    names: HashMap<String, (String, u32)>,
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

    #[test]
    fn placeholders_and_damaged_numbers_are_no_ids() {
        for id in [
            "N/A",
            "NULL",
            "0",
            "000",
            "Pending",
            "#####",
            "1.00E+05",
            "*None",
            "-",
            "1E+05",
            "1.5E+16",
            "no id",
            "'1001'",
            "1.23457E+14",
            "1,23457E+14",
            "1.23457E14",
            "1.2345678901234568e17",
            "2018-01-01",
            "2018-01-01 00:00:00",
            "01/02/2018",
            "1-Jan",
            "01. Jan",
            "Feb-02",
            "1-Jan-18",
            "01-janv",
            "TRUE",
            "false",
        ] {
            assert!(id_problem(id).is_some(), "{id}");
        }
        for id in ["1", "100", "E-1", "12E34", "Ada", "HR-EMP-00001", "ada@example.com"] {
            assert_eq!(id_problem(id), None, "{id}");
        }
        for id in
            ["2018-01", "1/2018", "FEB-02", "MAR-1001", "Mar-1001", "10-11-12", "20180101", "Jan Example", "mar.12"]
        {
            assert_eq!(id_problem(id), None, "{id}");
        }
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
