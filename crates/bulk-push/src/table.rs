//! CSV: a header, and rows that belong to people.
//!
//! Rows of one person may be anywhere. One pass over the file records the position and person of
//! each row, and the rows are read again when they are needed. This takes about 24 bytes per row
//! and 8 per person, and another 48 per person during the pass, whatever the size of a row.

use std::collections::HashMap;

use credential::Context;

use crate::cells::{Cells, separator};
use crate::entry::{Digest, Read, digest};
use crate::error::Error;
use crate::group::{Group, Record};
use crate::input::{Input, LONGEST_ROW, Row, Scan};
use crate::mapping::{Mapping, Plan};
use crate::rejected_row::RejectedRow;

/// Marks the last row of a person.
const NONE: u32 = u32::MAX;

/// A table with the positions of its rows.
#[derive(Debug)]
pub struct Table {
    /// The file.
    pub input: Input,
    /// The mapping of its columns.
    pub plan: Plan,
    /// The position of each row, and the next row of the same person.
    rows: Vec<(Row, u32)>,
    /// The first row of each person, or of each credential.
    first: Vec<u32>,
    cells: Cells,
}

impl Table {
    /// Reads the header and finds the positions of all rows.
    pub fn open(mut scan: Scan, mapping: &Mapping, known: credential::Type, mail_links: bool) -> Result<Self, Error> {
        let between = match mapping.separator {
            Some(character) => u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                Error::Usage(format!("'{character}' cannot be a separator; use a comma, a semicolon or a tab"))
            })?,
            None => separator(scan.peek()?),
        };
        let (mut cells, mut raw) = (Cells::new(between), Vec::new());
        let empty = || Error::Failed("the file is empty; the first row must have the column names".to_owned());
        scan.row(Some(between), LONGEST_ROW, &mut raw)?.ok_or_else(empty)?;
        let header: Vec<String> = cells.split(as_text(&raw)).iter().map(|name| name.trim().to_owned()).collect();
        if raw.contains(&b'\r') {
            return Err(Error::Failed(
                "lines end with carriage returns only; save the file with common line endings".to_owned(),
            ));
        }
        let plan = Plan::new(mapping, known, header, mail_links)?;
        let (mut rows, mut first) = (Vec::new(), Vec::new());
        let mut last_of: HashMap<Digest, u32> = HashMap::new();
        while let Some(row) = scan.row(Some(between), LONGEST_ROW, &mut raw)? {
            let found = cells.split(as_text(&raw));
            if found.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let number = u32::try_from(rows.len()).ok().filter(|number| *number != NONE);
            let number = number.ok_or_else(|| Error::Failed("the file has too many rows".to_owned()))?;
            rows.push((row, NONE));
            let person = plan.person.and_then(|column| found.get(column)).map(|cell| cell.trim()).unwrap_or_default();
            let earlier = if plan.form.list.is_some() && !person.is_empty() {
                last_of.insert(digest(&[person.as_bytes()]), number)
            } else {
                None
            };
            match earlier.and_then(|earlier| rows.get_mut(usize::try_from(earlier).ok()?)) {
                Some((_, next)) => *next = number,
                None => first.push(number),
            }
        }
        Ok(Self { input: scan.finish(), plan, rows, first, cells })
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
        let is_theirs = |record: &Record| record.cell(self.plan.person) == records[0].cell(self.plan.person);
        if records.is_empty() || (self.plan.form.list.is_some() && !records.iter().all(is_theirs)) {
            return Err(self.input.changed());
        }
        Ok(records)
    }

    /// Reads the credential of person `index`.
    pub fn read(&mut self, index: usize, context: &Context<'_>) -> Result<Read, Error> {
        let records = self.records(index)?;
        let group = Group { plan: &self.plan, cells: &self.cells, records: &records };
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
        let group = Group { plan: &self.plan, cells: &self.cells, records: &records };
        let (record, column) = group.place(&rejected_row.pointer, &rejected_row.suggestion);
        Ok(group.at(record, column, rejected_row))
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
        let table = Table::open(Scan::open(&path).expect("there"), mapping, known, false);
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
