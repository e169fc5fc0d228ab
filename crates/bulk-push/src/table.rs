//! CSV: a header, and rows that belong to people.
//!
//! Rows of one person may be anywhere. One pass over the file records the position and person of
//! each row, and the rows are read again when they are needed. This takes about 24 bytes per row
//! and 8 per person, and another 48 per person during the pass, whatever the size of a row.

use std::collections::HashMap;

use credential::Context;
use jiff::civil::Date;

use crate::cells::Cells;
use crate::cut_end::CutEnd;
use crate::entry::{Digest, Read, digest};
use crate::error::Error;
use crate::extra_rows::ExtraRows;
use crate::group::{Group, Record, nfc};
use crate::heading::Heading;
use crate::input::{ExtraContent, Input, LONGEST_ROW, RowPosition, Scan};
use crate::mapping::Mapping;
use crate::names::NameParts;
use crate::people::Identity;
use crate::plan::Plan;
use crate::rejected_row::RejectedRow;
use crate::report_dates::SkippedLines;
use crate::row_checks::RowChecks;
use crate::table_checks::{clean, has_line_endings, has_no_merged_rows, holds_no_row, is_well_quoted, is_whole_name};

/// Marks the last row of a person.
const NONE: u32 = u32::MAX;

/// A table with the positions of its rows.
#[derive(Debug)]
pub struct Table {
    /// The file.
    pub input: Input,
    /// The mapping of its columns.
    pub plan: Plan,
    /// Lines above the header, which are not read.
    pub lines_above: usize,
    /// The texts of these lines, and of the lines below the rows.
    pub skipped: [Vec<String>; 2],
    /// Totals, footers, and hidden rows and sheets of the file.
    pub extra: ExtraContent,
    /// A warning about columns that are ignored.
    pub warning: Option<String>,
    /// The position of each row, and the next row of the same person.
    rows: Vec<(RowPosition, u32)>,
    /// The first row of each person, or of each credential.
    first: Vec<u32>,
    name_parts: NameParts,
    identity: Identity,
    cells: Cells,
    /// Whether rows may leave out empty cells at their end.
    has_short_rows: bool,
    /// The last line, if the file ends without a line ending.
    open_line: Option<u32>,
}

impl Table {
    /// Reads the header and finds the positions of all rows.
    pub fn open(
        mut scan: Scan,
        mapping: &Mapping,
        known: credential::Type,
        mail_links: bool,
        today: Date,
    ) -> Result<Self, Error> {
        let Heading { separator: between, lines_above, is_of_both } = Heading::find(scan.peek()?, mapping)?;
        let above = SkippedLines::above(scan.peek()?, lines_above, between);
        scan.skip_lines(lines_above)?;
        let (mut cells, mut raw) = (Cells::new(between), Vec::new());
        let empty = || Error::Failed("the file is empty; the first row must have the column names".to_owned());
        let row = scan.row(Some(between), LONGEST_ROW, &mut raw)?.ok_or_else(empty)?;
        is_well_quoted(&scan, row, &raw, between)?;
        let mut header: Vec<String> = cells.split(as_text(&raw)).iter().map(|name| clean(name)).collect();
        has_line_endings(&raw)?;
        let mut unnamed: Vec<usize> = (0..header.len()).filter(|column| header[*column].is_empty()).collect();
        unnamed.iter().for_each(|column| header[*column] = format!("column {}", column + 1));
        let mut plan = Plan::new(mapping, known, header, mail_links, today)?;
        has_no_merged_rows(&scan, &plan, row.line)?;
        is_whole_name(&plan)?;
        let (mut checks, mut cut_end) = (RowChecks::new(&plan)?, CutEnd::new(&plan));
        checks.needs_end = is_of_both || scan.is_of_both;
        let (mut found, mut extra_rows) = (Rows::default(), ExtraRows::new(scan.extra));
        while let Some(row) = scan.row(Some(between), LONGEST_ROW, &mut raw)? {
            is_well_quoted(&scan, row, &raw, between)?;
            let cells = cells.split(as_text(&raw));
            holds_no_row(&scan, &plan, (row.line, between), &cells)?;
            if extra_rows.takes(row.line, &plan, &cells)? {
                continue;
            }
            cut_end.row(row.line, &cells, scan.is_open_ended);
            unnamed.retain(|column| cells.get(*column).is_none_or(|cell| cell.trim().is_empty()));
            checks.row(&mut plan, row.line, &cells)?;
            let person = plan.person.and_then(|column| cells.get(column)).map(|cell| cell.trim()).unwrap_or_default();
            found.add(row, if plan.form.list.is_some() { person } else { "" })?;
        }
        let open_line = cut_end.check()?;
        let old = [above.check(&plan)?, extra_rows.below.check(&plan)?].into_iter().flatten();
        let warnings: Vec<String> = old.chain(checks.finish(&mut plan)?).collect();
        // A column without a name and without values is not shown.
        let is_used = |plan: &Plan, column: usize| !plan.unmapped().any(|unused| unused == column);
        unnamed.retain(|column| !is_used(&plan, *column));
        unnamed.iter().for_each(|column| plan.header[*column].clear());
        let Rows { rows, first, .. } = found;
        let (name_parts, identity) = (NameParts::new(&plan), Identity::new(&plan));
        let (extra, has_short_rows) = (extra_rows.extra, scan.is_sheet || mapping.allow_short_rows);
        Ok(Self {
            input: scan.finish(),
            plan,
            lines_above,
            skipped: [above.texts, extra_rows.below.texts],
            extra,
            warning: (!warnings.is_empty()).then(|| warnings.join("\n")),
            rows,
            first,
            name_parts,
            identity,
            cells,
            has_short_rows,
            open_line,
        })
    }

    /// Returns the number of people or credentials.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    fn records(&mut self, index: usize) -> Result<Vec<Record>, Error> {
        let (mut records, mut number) = (Vec::new(), self.first[index]);
        while let Some((row, next)) = usize::try_from(number).ok().and_then(|number| self.rows.get(number)).copied() {
            let text = self.input.read(row)?;
            let cells = self.cells.split(&text);
            records.push(Record { row, text, cells });
            number = next;
        }
        let person = |record: &Record| nfc(record.cell(self.plan.person)).into_owned();
        let is_theirs = |record: &Record| person(record) == person(&records[0]);
        if records.is_empty() || (self.plan.form.list.is_some() && !records.iter().all(is_theirs)) {
            return Err(self.input.changed());
        }
        Ok(records)
    }

    fn group<'a>(&'a self, records: &'a [Record]) -> Group<'a> {
        let (plan, name_parts, identity, cells) = (&self.plan, &self.name_parts, &self.identity, &self.cells);
        let (has_short_rows, open_line) = (self.has_short_rows, self.open_line);
        Group { plan, name_parts, identity, cells, records, has_short_rows, open_line }
    }

    /// Reads the credential of person `index`.
    pub fn read(&mut self, index: usize, context: &Context<'_>) -> Result<Read, Error> {
        let records = self.records(index)?;
        let group = self.group(&records);
        let mut rejected = group.shape();
        let body = group.body(&mut rejected);
        if !rejected.is_empty() {
            return Ok(Err(rejected));
        }
        Ok(group.check(body, context))
    }

    /// Adds the position in the file to a problem that the server reported for person `index`.
    pub fn located(&mut self, index: usize, rejected_row: RejectedRow) -> Result<RejectedRow, Error> {
        let records = self.records(index)?;
        let group = self.group(&records);
        let kept = group.body(&mut Vec::new()).kept;
        let (record, column) = group.place(&rejected_row.pointer, &rejected_row.suggestion, &kept);
        Ok(group.at(record, column, rejected_row))
    }
}

/// The rows that were found, and those of each person.
#[derive(Default)]
struct Rows {
    rows: Vec<(RowPosition, u32)>,
    first: Vec<u32>,
    last_of: HashMap<Digest, u32>,
}

impl Rows {
    /// Adds a row of `person`; without one, it is a credential of its own.
    fn add(&mut self, row: RowPosition, person: &str) -> Result<(), Error> {
        let number = u32::try_from(self.rows.len()).ok().filter(|number| *number != NONE);
        let number = number.ok_or_else(|| Error::Failed("the file has too many rows".to_owned()))?;
        self.rows.push((row, NONE));
        let earlier =
            if person.is_empty() { None } else { self.last_of.insert(digest(&[nfc(person).as_bytes()]), number) };
        match earlier.and_then(|earlier| self.rows.get_mut(usize::try_from(earlier).ok()?)) {
            Some((_, next)) => *next = number,
            None => self.first.push(number),
        }
        Ok(())
    }
}

fn as_text(raw: &[u8]) -> &str {
    // The scan has checked that it is UTF-8.
    std::str::from_utf8(raw).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use credential::{CareerHistory, Type};
    use serde_json::{Value, json};

    use super::*;
    use crate::entry::Entry;
    use crate::mapping::Columns;

    struct Read {
        table: Table,
        _folder: tempfile::TempDir,
    }

    fn open(text: &str, mapping: &Mapping, known: Type) -> Read {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.csv");
        std::fs::write(&path, text).expect("written");
        let today = jiff::civil::date(2026, 11, 23);
        let table = Table::open(Scan::open(&path).expect("there"), mapping, known, false, today);
        Read { table: table.unwrap_or_else(|stop| panic!("{stop:?}")), _folder: folder }
    }

    impl Read {
        fn entries(&mut self) -> Vec<super::Read> {
            let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
            (0..self.table.len()).map(|index| self.table.read(index, &context).expect("readable")).collect()
        }

        fn rejected(&mut self) -> Vec<(u32, String, String, String)> {
            let found = self.entries().into_iter().filter_map(Result::err).flatten();
            found.map(|found| (found.line, found.column, found.code, found.value)).collect()
        }
    }

    fn career(entry: &Entry) -> CareerHistory {
        let body: Value = serde_json::from_slice(&entry.body).expect("JSON");
        CareerHistory::from_fields(&body["fields"]).expect("a career")
    }

    const HEADER: &str = "Emp ID,Given name,Surname,Company,Job title,From,To,Pay period\n";

    #[test]
    fn scattered_rows_of_one_person_become_one_career() {
        let rows = "1,Ada,Example,A,Clerk,2015-01,2016-01,2024-05\n2,Bo,Beispiel,B,Cook,2020-01,,2024-05\n\n,,,,,,,\n\
            1,Ada,,C,Chief,2017-01,present,2024-05\n";
        let mut read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
        assert_eq!((read.table.len(), read.table.rows()), (2, 3), "a row of empty cells is none");
        let entries: Vec<Entry> = read.entries().into_iter().map(|entry| entry.expect("no error")).collect();
        let careers: Vec<CareerHistory> = entries.iter().map(career).collect();
        assert_eq!((&*careers[0].full_name, careers[0].employment.len()), ("Ada Example", 2));
        assert_eq!((&*careers[0].employment[1].organisation, careers[0].employment[1].end_date), ("C", None));
        assert_eq!((&*entries[0].person, entries[0].line, &*entries[1].person, entries[1].line), ("1", 2, "2", 3));
    }

    #[test]
    fn unnamed_columns_totals_and_clean_names_are_shown() {
        let header = HEADER.replace("To,Pay", "\"To\u{202e}\",,Pay").replace("period\n", "period,\n");
        let rows = "1,Ada,Example,A,Clerk,2015-01,,note,2024-05,\nTotal,,,,,,,,,\n";
        let mut read = open(&format!("{header}{rows}"), &Mapping::default(), Type::default());
        assert_eq!((read.table.rows(), read.table.extra.totals), (1, 1));
        assert_eq!(read.table.plan.unused(), ["column 8"]);
        assert_eq!(read.table.plan.header[6], "To");
        assert!(read.entries().remove(0).is_ok());
    }

    #[test]
    fn short_rows_are_refused_unless_they_are_allowed() {
        let header = "Emp ID,Name,Company,Job,Start,Pay period,End\n";
        let text = format!("{header}1,Ada,A,Clerk,2015-01,2024-05\n2,Bo,A,Clerk,2015-01,2024-05,");
        let codes = |text: &str, allow: bool| -> Vec<(u32, String)> {
            let mapping = Mapping { allow_short_rows: allow, ..Mapping::default() };
            let found = open(text, &mapping, Type::default()).rejected();
            found.into_iter().map(|(line, _, code, _)| (line, code)).collect()
        };
        assert_eq!(codes(&text, false), [(2, "row.cells".to_owned())]);
        assert_eq!(codes(&text, true), []);
        let cut = text.trim_end_matches(',');
        assert_eq!(codes(cut, true), [(3, "row.cells".to_owned())], "the last row was cut");
        let unnamed = text.replace("End\n", "\n");
        assert_eq!(codes(&unnamed, false), [], "a column without a name may be missing");
    }

    #[test]
    fn footers_end_a_table() {
        let rows = "1,Ada,Example,A,Clerk,2015-01,,2024-05\n*** End of report ***\nPage 1,,,,,,,\n";
        let read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
        assert_eq!((read.table.len(), read.table.extra.footers), (1, 2));
        let text = format!("{HEADER}{rows}{rows}");
        let today = jiff::civil::date(2026, 11, 23);
        let scan = Scan::of_text("people.csv", text.into_bytes());
        let said = Table::open(scan, &Mapping::default(), Type::default(), false, today).expect_err("two tables");
        assert!(said.to_string().contains("line 5") && said.to_string().contains("'Page 1'"), "{said}");
    }

    #[test]
    fn names_with_a_comma_are_reordered_only_with_name_order() {
        let text = "Emp ID,Name,Company,Job,Start,Pay period\n1,\"Example, Ada\",A,Clerk,2015-01,2024-05\n";
        let told = Mapping { name_order: Some("family-given".into()), ..Mapping::default() };
        let entry = open(text, &told, Type::default()).entries().remove(0).expect("no error");
        assert_eq!(career(&entry).full_name, "Ada Example");
        let refused = open(text, &Mapping::default(), Type::default()).rejected();
        assert_eq!((refused.len(), &*refused[0].1, &*refused[0].2), (1, "Name", "name.order"));
    }

    #[test]
    fn derived_ids_change_only_when_the_data_changes() {
        let ids = |rows: &str| -> Vec<String> {
            let mut read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
            read.entries().into_iter().map(|entry| entry.expect("no error").credential_id).collect()
        };
        let (ada, bo) = ("1,Ada,Example,A,Clerk,2015-01,,2024-05\n", "2,Bo,Beispiel,B,Cook,2020-01,,2024-05\n");
        let both = ids(&format!("{ada}{bo}"));
        assert_eq!(
            ids(&format!("{bo}{ada}")),
            [both[1].clone(), both[0].clone()],
            "the order of people does not matter"
        );
        assert_eq!(ids(&ada.replace("Ada", " Ada ")), both[..1], "nor does what is trimmed");
        assert_ne!(ids(&ada.replace("Clerk", "Chief"))[0], both[0]);
        assert_ne!(ids(&ada.replace("1,Ada", "3,Ada"))[0], both[0], "another person of the same name and job");
        let id: uuid::Uuid = both[0].parse().expect("a UUID");
        assert_eq!(id.get_version_num(), 8);
    }

    #[test]
    fn rejected_rows_report_line_and_column() {
        let rows = "1,Ada,Example,A,Clerk,2015-01,2014-01,2024-05\n2,Bo,Beispiel,,Cook,01/02/2020,,2024-05\n\
            ,Cy,Example,A,Clerk,2015-01,,2024-05\n4,Di,Example,A,,2015-01,,2024-05\n5,Ed,Example,A,B,C,2015-01,,2024-05\n\
            6,Flo,Example,A,Clerk,2015-01,,2024-05\n6,Flo,Sample,A,Clerk,2015-01,,2024-05\n";
        let mut read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
        let found = read.rejected();
        let text =
            |line, column: &str, code: &str, value: &str| (line, column.to_owned(), code.to_owned(), value.to_owned());
        let expected = [
            text(2, "To", "date.order", "2014-01"),
            text(3, "Company", "field.missing", ""),
            text(3, "From", "date.format", "01/02/2020"),
            text(4, "Emp ID", "person.missing", ""),
            text(5, "", "any_of.missing", ""),
            text(6, "Pay period", "row.cells", ""),
            text(8, "Surname", "rows.differ", "Sample"),
        ];
        assert_eq!(found, expected);
        let Err(rejected) = read.entries().remove(1) else { panic!("refused") };
        let span = rejected[1].span.clone().expect("a place");
        assert_eq!(&span.source[span.range], "01/02/2020");
        assert!(span.help.is_some_and(|help| help.contains("--date-format") && help.contains("column From")));
        assert!(rejected[1].message.contains("is ambiguous") && rejected[1].message.contains("--date-format"));
        let help = rejected[0].span.clone().and_then(|span| span.help);
        assert_eq!(help.as_deref(), Some("fill in the column Company"));
    }

    #[test]
    fn constants_chains_emails_and_given_ids_are_sent() {
        let mut mapping =
            Mapping { partner_chain: vec!["Holding".into()], email: Some("Mail".into()), ..Mapping::default() };
        mapping.constants.insert("last_processed_month".into(), "05/2024".into());
        mapping.columns.insert("role_title".into(), Columns::of("Grade+Job"));
        let text =
            "Credential ID,ID,Name,Mail,Employer,Grade,Job,Start\nX-1,7,Ada,ada@example.org,A,Senior,Clerk,2020-01\n";
        let mut read = open(text, &mapping, Type::default());
        let entry = read.entries().remove(0).expect("no error");
        let body: Value = serde_json::from_slice(&entry.body).expect("JSON");
        assert_eq!((&*entry.credential_id, &body["notify"]["email"]), ("X-1", &json!("ada@example.org")));
        assert_eq!(body["partner_chain"], json!([{ "name": "Holding" }]));
        let career = career(&entry);
        assert_eq!(career.employment[0].role_title.as_deref(), Some("Senior Clerk"));
        assert_eq!(career.employment[0].last_processed_month.to_string(), "2024-05");
    }

    #[test]
    fn education_rows_become_one_credential_each() {
        let education: Type = "education".parse().expect("a type");
        let text = "Full name|University|Degree|conferral_year|with honours|Majors\n\
            Ada|X|BSc|2020-07-01|yes|Mathematics; Physics\nAda|Y|MSc|2022|no|\n";
        let mut read = open(text, &Mapping::default(), education);
        let entries: Vec<Entry> = read.entries().into_iter().map(|entry| entry.expect("no error")).collect();
        assert_eq!(entries.len(), 2);
        let body: Value = serde_json::from_slice(&entries[0].body).expect("JSON");
        let fields = &body["fields"];
        assert_eq!((&fields["conferral_year"], &fields["with_honours"]), (&json!("2020"), &json!(true)));
        assert_eq!(fields["majors"], json!(["Mathematics", "Physics"]));
    }
}
