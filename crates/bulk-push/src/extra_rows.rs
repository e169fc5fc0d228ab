//! Rows that are not people: totals and footers, which are skipped, and headings of sections.

use crate::error::Error;
use crate::infer_columns::folded;
use crate::input::ExtraContent;
use crate::plan::Plan;
use crate::printable::printable;
use crate::report_dates::SkippedLines;

/// First cells of rows with totals.
const TOTALS: [&str; 10] =
    ["total", "totals", "grandtotal", "subtotal", "count", "sum", "summe", "gesamt", "totaux", "totale"];

/// Starts of lines below the rows of a report.
const FOOTERS: [&str; 22] = [
    "end of report",
    "end of file",
    "end of list",
    "end of data",
    "report end",
    "eof",
    "printed",
    "print date",
    "date printed",
    "generated",
    "report generated",
    "report run",
    "report date",
    "run date",
    "run on",
    "run by",
    "exported",
    "export date",
    "created on",
    "created by",
    "confidential",
    "page",
];

/// Words of what a footer counts, as in `3 records`. A count of people may be the heading of a
/// section, such as `3 leavers`.
const COUNTED: [&str; 8] = ["record", "records", "row", "rows", "line", "lines", "entries", "items"];

/// Words after them, and the plural in `3 record(s)`.
const AFTER_COUNTED: [&str; 13] = [
    "affected",
    "s",
    "in",
    "total",
    "found",
    "listed",
    "selected",
    "returned",
    "exported",
    "printed",
    "processed",
    "shown",
    "read",
];

/// Counts the rows that are not people.
#[derive(Debug)]
pub struct ExtraRows {
    /// The counts so far.
    pub extra: ExtraContent,
    /// The footers.
    pub below: SkippedLines,
    footer: Option<String>,
    /// Whether a row has been a person.
    has_people: bool,
}

impl ExtraRows {
    pub fn new(extra: ExtraContent) -> Self {
        Self { extra, below: SkippedLines::default(), footer: None, has_people: false }
    }

    /// Returns whether a row is empty, a footer or a total, and counts it.
    pub fn takes(&mut self, line: u32, plan: &Plan, cells: &[String]) -> Result<bool, Error> {
        if cells.iter().all(|cell| cell.trim().is_empty()) || (!self.has_people && is_ruler(cells)) {
            return Ok(true);
        }
        if let Some(text) = footer(cells) {
            self.extra.footers += 1;
            self.footer = Some(text);
            self.below.add(cells.iter().map(String::as_str));
            return Ok(true);
        }
        if is_total(line, plan.header.len(), cells, plan.person)? {
            self.extra.totals += 1;
            return Ok(true);
        }
        match &self.footer {
            Some(footer) => Err(below_a_footer(line, footer)),
            None => {
                self.has_people = true;
                Ok(false)
            }
        }
    }
}

/// Returns whether a row is the line that tools for databases draw below the header.
fn is_ruler(cells: &[String]) -> bool {
    let mut filled = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    filled.all(|cell| cell.chars().all(|character| "-=_+: ".contains(character)))
}

/// Returns the text of a row that can only be a footer, such as `*** End of report ***`.
fn footer(cells: &[String]) -> Option<String> {
    let filled: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let (first, others) = filled.split_first()?;
    let text = first.trim_matches(|character: char| !character.is_alphanumeric()).to_lowercase();
    let starts = |known: &&str| {
        // A person may be called Page or Eof, but no person is called `Page 1`.
        text.strip_prefix(*known).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let is_footer = text.is_empty() || FOOTERS.iter().any(starts) || is_count(&text);
    (is_footer && others.iter().all(|cell| is_numeric(cell))).then(|| printable(first))
}

/// Returns whether a text is the number of rows, as in `3 records found`, `Records: 3` or `Number
/// of records: 3`.
fn is_count(text: &str) -> bool {
    let words: Vec<&str> = text.split(|end: char| !end.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let first = words.iter().position(|word| !is_number(word)).unwrap_or_default();
    let (numbers, rest) = words.split_at(first);
    match rest {
        [counted, after @ ..] if !numbers.is_empty() => {
            COUNTED.contains(counted) && after.iter().all(|word| AFTER_COUNTED.contains(word))
        }
        ["number" | "no", "of", counted, after @ ..] => {
            COUNTED.contains(counted) && after.iter().all(|word| is_number(word))
        }
        [counted, "count", after @ ..] => COUNTED.contains(counted) && after.iter().all(|word| is_number(word)),
        ["records" | "rows" | "entries" | "items", after @ ..] => {
            !after.is_empty() && after.iter().all(|word| is_number(word))
        }
        _ => false,
    }
}

/// Refuses a row below a footer: it is of another table.
fn below_a_footer(line: u32, footer: &str) -> Error {
    Error::Usage(format!(
        "line {line}: rows follow below '{footer}', which seems to end the table. Remove that line, or push each table \
         as its own file"
    ))
}

/// Returns whether a row has totals. Refuses headings of sections, such as `Leavers`, because the
/// rows below may not be what they seem. A row with an id in the column `person` is a person, also
/// of a company called Total.
fn is_total(line: u32, columns: usize, cells: &[String], person: Option<usize>) -> Result<bool, Error> {
    let filled: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let Some((first, others)) = filled.split_first() else { return Ok(false) };
    let id = person.and_then(|column| cells.get(column)).map(|cell| cell.trim()).unwrap_or_default();
    let is_full = filled.len() * 2 > columns && others.iter().any(|cell| !is_numeric(cell));
    if is_full && !id.is_empty() && id != *first {
        return Ok(false);
    }
    let name = folded(first);
    let is_word = TOTALS.contains(&name.trim_end_matches(|character: char| character.is_ascii_digit()));
    if (is_word || name.starts_with("total")) && others.iter().all(|cell| is_numeric(cell)) {
        return Ok(true);
    }
    if columns > 2 && (others.is_empty() || name == "grandtotal" || name == "total") {
        return Err(Error::Usage(format!(
            "line {line}: the row has only '{}' and may be the heading of a section, such as of people who left. Remove \
             such rows, or push each section as its own file",
            printable(first)
        )));
    }
    Ok(false)
}

fn is_numeric(cell: &str) -> bool {
    cell.chars().all(|character| !character.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn read(row: &str) -> Result<bool, String> {
        let cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        is_total(7, cells.len().max(3), &cells, Some(1)).map_err(|stop| stop.to_string())
    }

    #[test]
    fn totals_are_skipped_and_sections_stop() {
        for row in ["Total,,,", "Grand total,1,1,2010-01", "Total: 12,,,", ",Count,12,", "Total employees,,,"] {
            assert_eq!(read(row), Ok(true), "{row}");
        }
        assert_eq!(read("1001,Ada,Example,A"), Ok(false));
        assert_eq!(read(",,,"), Ok(false));
        let said = read("Leavers,,,").expect_err("a section");
        assert!(said.contains("line 7") && said.contains("'Leavers'"), "{said}");
        let cells = ["Total", "Ada", "A", "Clerk"].map(str::to_owned);
        assert!(is_total(7, 4, &cells, Some(0)).is_err(), "never a person");
        assert!(is_total(7, 4, &cells, None).is_err(), "never a person");
    }

    #[test]
    fn people_of_a_company_called_total_are_people() {
        assert_eq!(read("Total,1001,Ada Example,Clerk,2019-04"), Ok(false), "of the company Total");
        assert_eq!(read("Grand Total,1001,Ada Example,Clerk,2019-04"), Ok(false), "of the company Grand Total");
        assert_eq!(read("Total,3,,,"), Ok(true), "a number is no person");
        assert!(read("Total,1001,Ada,,,,").is_err(), "few cells");
    }

    #[test]
    fn rulers_below_the_header_are_skipped() {
        let header = "Emp ID,Name,Company,Job,Start,Pay period".split(',').map(str::to_owned).collect();
        let today = jiff::civil::date(2026, 11, 23);
        let plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let cells = |row: &str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
        let (ruler, person) = (cells("------,----,-------,---,-----,---"), cells("1,Ada,A,Clerk,2015-01,2026-10"));
        let mut rows = ExtraRows::new(ExtraContent::default());
        assert!(rows.takes(2, &plan, &ruler).is_ok_and(|is_taken| is_taken));
        assert!(rows.takes(3, &plan, &person).is_ok_and(|is_taken| !is_taken));
        assert_eq!(rows.extra, ExtraContent::default());
        assert!(rows.takes(4, &plan, &ruler).is_ok_and(|is_taken| is_taken));
        assert!(rows.takes(5, &plan, &person).is_err(), "below people it ends the table");
    }

    #[test]
    fn footers_are_recognised_by_their_words() {
        let of = |row: &str| footer(&row.split(',').map(str::to_owned).collect::<Vec<_>>());
        for row in
            ["*** End of report ***", "Printed on 30/11/2026,,,", "Page 1 of 3", "Run date,30/11/2026", "-----,,"]
        {
            assert!(of(row).is_some(), "{row}");
        }
        for row in [
            "3 records",
            "1 record(s),,",
            "1 200 rows",
            "12 rows selected.",
            "Records: 3",
            "Number of records,3",
            "Record count: 3",
            "-- 3 records found --",
            "(2 rows affected)",
        ] {
            assert!(of(row).is_some(), "{row}");
        }
        for row in ["3 leavers,,", "3 employees", "Records,,", "3,records", "3 records of leavers", "Line 3,,"] {
            assert_eq!(of(row), None, "{row}");
        }
        for row in ["Leavers,,,", "Page,Ada,A,Clerk", "Printedon,,", "1001,Ada", ",,"] {
            assert_eq!(of(row), None, "{row}");
        }
    }
}
