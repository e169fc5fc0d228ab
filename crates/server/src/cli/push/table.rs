//! CSV: a header, and rows that belong to people.
//!
//! Rows of one person need not stand together. One pass over the file notes where each row is and whose; a person's rows are
//! read again when they are wanted. So the memory is about 24 bytes a row and 8 a person, and while the file is read another
//! 48 a person, whatever a row holds.

use std::collections::HashMap;

use bytes::Bytes;
use credential::{Context, Fault, Rejection, Shape, Submission};
use serde_json::{Map, Value, json};

use super::Stop;
use super::cells::{Cells, separator};
use super::dates;
use super::form::{complete, put};
use super::input::{Input, LONGEST_ROW, Row, Scan};
use super::mapping::{Mapping, Origin, Plan};
use super::refusal::{Refusal, Spot};
use super::source::{Digest, Entry, Read, digest};

/// There is no further row.
const NONE: u32 = u32::MAX;

/// A table whose rows are known.
#[derive(Debug)]
pub struct Table {
    /// The file.
    pub input: Input,
    /// What its columns mean.
    pub plan: Plan,
    /// Where each row is, and the next row of the same person.
    rows: Vec<(Row, u32)>,
    /// The first row of each person, or of each credential.
    first: Vec<u32>,
    cells: Cells,
}

/// A row that was read again.
struct Record {
    row: Row,
    text: String,
    cells: Vec<String>,
}

impl Record {
    fn cell(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).map(|cell| cell.trim()).unwrap_or_default()
    }
}

impl Table {
    /// Reads the header and finds the rows.
    pub fn open(mut scan: Scan, mapping: &Mapping, known: credential::Type, mail_links: bool) -> Result<Self, Stop> {
        let between = match mapping.separator {
            Some(character) => u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                Stop::Usage(format!("'{character}' cannot separate cells; use a comma, a semicolon or a tab"))
            })?,
            None => separator(scan.peek()?),
        };
        let (mut cells, mut raw) = (Cells::new(between), Vec::new());
        let empty = || Stop::Failed("the file is empty; its first row must name the columns".to_owned());
        scan.row(Some(between), LONGEST_ROW, &mut raw)?.ok_or_else(empty)?;
        let header: Vec<String> = cells.split(as_text(&raw)).iter().map(|name| name.trim().to_owned()).collect();
        if raw.contains(&b'\r') {
            return Err(Stop::Failed(
                "lines end in a carriage return alone; save the file with usual line ends".to_owned(),
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
            let number = number.ok_or_else(|| Stop::Failed("the file has more rows than can be counted".to_owned()))?;
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

    /// How many people, or credentials, there are.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    fn records(&mut self, index: usize) -> Result<Vec<Record>, Stop> {
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

    /// The credential of person number `index`.
    pub fn read(&mut self, index: usize, context: &Context<'_>) -> Result<Read, Stop> {
        let records = self.records(index)?;
        let group = Group { plan: &self.plan, cells: &self.cells, records: &records };
        let mut refusals = group.shape();
        let body = group.body(&mut refusals);
        if !refusals.is_empty() {
            return Ok(Err(refusals));
        }
        Ok(group.check(body, context))
    }

    /// `refusal`, which the server found with person number `index`, with its place.
    pub fn located(&mut self, index: usize, refusal: Refusal) -> Result<Refusal, Stop> {
        let records = self.records(index)?;
        let group = Group { plan: &self.plan, cells: &self.cells, records: &records };
        let (record, column) = group.place(&refusal.pointer, &refusal.suggestion);
        Ok(group.at(record, column, refusal))
    }
}

fn as_text(raw: &[u8]) -> &str {
    // The scan has looked that it is UTF-8.
    std::str::from_utf8(raw).unwrap_or_default()
}

/// The rows of one credential, and how to read them.
struct Group<'a> {
    plan: &'a Plan,
    cells: &'a Cells,
    records: &'a [Record],
}

impl Group<'_> {
    /// What is wrong with the rows as rows.
    fn shape(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let wanted = self.plan.header.len();
        for (index, record) in self.records.iter().enumerate() {
            let (found, column) = (record.cells.len(), record.cells.len().min(wanted).checked_sub(1));
            // Spreadsheets leave empty cells at the end out, or add some.
            let has_more = record.cells.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
            if has_more {
                let message = format!(
                    "This row has {found} cells, and the header {wanted}. Is a cell that holds the separator not in quotes?"
                );
                refusals.push(self.at(index, column, refusal("row.cells", message)));
            }
            let person = record.cell(self.plan.person);
            if self.plan.form.list.is_some() && person.is_empty() {
                let message = "This row does not say whose it is.".to_owned();
                refusals.push(self.at(index, self.plan.person, refusal("person.missing", message)));
            } else if person.chars().any(char::is_control) {
                let message = "This holds a control character, such as a line's end; take it out.".to_owned();
                refusals.push(self.at(index, self.plan.person, refusal("text.control", message)));
            }
        }
        refusals
    }

    /// What all rows must say alike in `columns`; an empty cell says nothing.
    fn alike(&self, columns: &[usize], refusals: &mut Vec<Refusal>) -> String {
        let said = columns.iter().map(|column| self.alike_in(*column, refusals)).filter(|text| !text.is_empty());
        said.collect::<Vec<_>>().join(" ")
    }

    fn alike_in(&self, column: usize, refusals: &mut Vec<Refusal>) -> String {
        let (mut said, mut by) = ("", 0);
        for (index, record) in self.records.iter().enumerate() {
            let text = record.cell(Some(column));
            if said.is_empty() {
                (said, by) = (text, index);
            } else if !text.is_empty() && text != said {
                let line = self.records[by].row.line;
                let message =
                    format!("Line {line} says '{}' of the same person; both must say the same.", shortened(said));
                let mut found = refusal("rows.differ", message);
                shortened(said).clone_into(&mut found.suggestion);
                refusals.push(self.at(index, Some(column), found));
            }
        }
        said.to_owned()
    }

    /// The body, but for the id.
    fn body(&self, refusals: &mut Vec<Refusal>) -> Body {
        let mut fields = Map::new();
        let mut items = vec![Map::new(); if self.plan.form.list.is_some() { self.records.len() } else { 0 }];
        for (target, origin) in self.plan.form.targets.iter().zip(&self.plan.origins) {
            let value = |text: &str| self.value(target.shape, !target.is_required, text);
            let texts: Vec<String> = match origin {
                Origin::Nothing => continue,
                Origin::Constant(text) => vec![text.clone(); if target.is_of_item { items.len() } else { 1 }],
                Origin::Columns(columns) if target.is_of_item => {
                    self.records.iter().map(|record| joined(record, columns)).collect()
                }
                Origin::Columns(columns) => vec![self.alike(columns, refusals)],
            };
            let into = if target.is_of_item { items.as_mut_slice() } else { std::slice::from_mut(&mut fields) };
            for (object, text) in into.iter_mut().zip(&texts) {
                if let Some(value) = value(text) {
                    put(object, &target.path, value);
                }
            }
        }
        complete(&mut fields, self.plan.form.credential_type.fields);
        if let Some((name, members)) = self.plan.form.list {
            items.iter_mut().for_each(|item| complete(item, members));
            fields.insert(name.to_owned(), items.into_iter().map(Value::Object).collect());
        }
        let single = |column: Option<usize>, refusals: &mut Vec<Refusal>| {
            column.map(|column| self.alike(&[column], refusals)).filter(|text| !text.is_empty())
        };
        let credential_id = single(self.plan.credential_id, refusals);
        let email = single(self.plan.email, refusals);
        Body { credential_id, email, fields }
    }

    fn value(&self, shape: Shape, is_optional: bool, text: &str) -> Option<Value> {
        if text.is_empty() {
            return None;
        }
        if dates::is_date(shape) {
            return self.plan.dates.convert(text, shape, is_optional).map(Value::from);
        }
        Some(match shape {
            Shape::Boolean => match &*text.to_ascii_lowercase() {
                "true" | "yes" | "y" | "1" => Value::from(true),
                "false" | "no" | "n" | "0" => Value::from(false),
                _ => Value::from(text),
            },
            Shape::List { .. } => text.split([';', '|']).map(str::trim).filter(|part| !part.is_empty()).collect(),
            _ => Value::from(text),
        })
    }

    fn check(&self, body: Body, context: &Context<'_>) -> Read {
        let (first, known) = (&self.records[0], self.plan.form.credential_type);
        let person = first.cell(self.plan.person).to_owned();
        let mut object = Map::from_iter([("fields".to_owned(), Value::Object(body.fields))]);
        // Until it is known what the body says in its normal form, any id will do.
        let given = body.credential_id.clone().unwrap_or_else(|| "derived".to_owned());
        object.insert("credential_id".to_owned(), given.into());
        if !self.plan.partner_chain.is_empty() {
            let chain = self.plan.partner_chain.iter().map(|name| json!({ "name": name }));
            object.insert("partner_chain".to_owned(), chain.collect());
        }
        if let Some(email) = body.email {
            object.insert("claim".to_owned(), json!({ "email": email }));
        }
        let text = Value::Object(object).to_string();
        let submission = match Submission::parse_v2(known, text.as_bytes(), context) {
            Ok(submission) => submission,
            Err(Rejection::Malformed(malformed)) => {
                return Err(vec![self.at(0, None, refusal("json", malformed.to_string()))]);
            }
            Err(Rejection::Invalid(faults)) => return Err(faults.into_iter().map(|fault| self.fault(fault)).collect()),
        };
        let credential_id = body.credential_id.unwrap_or_else(|| derived_id(known, &person, &submission));
        let sent = sent(&submission, &credential_id);
        Ok(Entry { line: first.row.line, person, credential_id, credential_type: known, body: Bytes::from(sent) })
    }

    /// A fault of the body, as a fault of a cell.
    fn fault(&self, fault: Fault) -> Refusal {
        let (record, column) = self.place(&fault.pointer, fault.suggestion.as_deref().unwrap_or_default());
        let mut found = refusal(fault.code.as_str(), fault.message);
        found.pointer = fault.pointer;
        found.value = fault.received.unwrap_or_default();
        // A member's name is of no use to somebody who has columns.
        if fault.code != credential::Code::MemberMissing {
            found.suggestion = fault.suggestion.unwrap_or_default();
        }
        self.at(record, column, found)
    }

    /// The row and the column that a pointer into the body means; where something is missing, `suggestion` names it.
    fn place(&self, pointer: &str, suggestion: &str) -> (usize, Option<usize>) {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let list = self.plan.form.list.map(|(name, _)| name);
        let (record, path, is_of_item) = match steps.as_slice() {
            ["fields", name, index, rest @ ..] if Some(*name) == list => {
                (index.parse().unwrap_or(0).min(self.records.len() - 1), rest, true)
            }
            ["fields", rest @ ..] => (0, rest, false),
            ["credential_id"] => return (0, self.plan.credential_id),
            ["claim", ..] => return (0, self.plan.email),
            _ => return (0, None),
        };
        let missing = [path, &[suggestion]].concat();
        let targets = self.plan.form.targets.iter().zip(&self.plan.origins);
        let mut columns = targets.filter_map(|(target, origin)| match origin {
            Origin::Columns(columns)
                if target.is_of_item == is_of_item && (path.starts_with(&target.path) || target.path == missing) =>
            {
                columns.first().copied()
            }
            _ => None,
        });
        (record, columns.next())
    }

    /// A refusal of a row, with its place.
    fn at(&self, record: usize, column: Option<usize>, mut refusal: Refusal) -> Refusal {
        let record = &self.records[record];
        refusal.line = record.row.line;
        record.cell(self.plan.person).clone_into(&mut refusal.person);
        if refusal.credential_id.is_empty() {
            record.cell(self.plan.credential_id).clone_into(&mut refusal.credential_id);
        }
        let place = match column {
            Some(column) => {
                self.plan.header[column].clone_into(&mut refusal.column);
                if refusal.value.is_empty() {
                    shortened(record.cell(Some(column))).clone_into(&mut refusal.value);
                }
                self.cells.place(&record.text, column)
            }
            None => 0..record.text.len(),
        };
        let of_dates = refusal.code == "date.format" && !self.plan.dates.are_told;
        let help = of_dates.then(|| "say how dates are written, such as: --date-format DD/MM/YYYY".to_owned());
        let named = (!refusal.column.is_empty()).then(|| format!("column {}", refusal.column));
        let suggested = (!refusal.suggestion.is_empty()).then(|| format!("write \"{}\"", refusal.suggestion));
        let help = help.or(suggested).into_iter().chain(named).reduce(|help, named| format!("{help} ({named})"));
        refusal.spot = Some(Spot { source: record.text.clone(), place, help });
        refusal
    }
}

/// What the rows say, before it is checked.
struct Body {
    credential_id: Option<String>,
    email: Option<String>,
    fields: Map<String, Value>,
}

fn refusal(code: &str, message: String) -> Refusal {
    Refusal { code: code.to_owned(), message, ..Refusal::default() }
}

fn joined(record: &Record, columns: &[usize]) -> String {
    let parts = columns.iter().map(|column| record.cell(Some(*column))).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(end, _)| &text[..end])
}

/// An id that is the same whenever the same is said of the same person, and another as soon as anything differs: a run that
/// is repeated finds what it pushed, and a correction takes the place of what it corrects. A UUID of version 8 (RFC 9562,
/// section 5.8).
fn derived_id(known: credential::Type, person: &str, submission: &Submission) -> String {
    let bytes = digest(&[b"tenure push, 1", known.name().as_bytes(), person.as_bytes(), &submission.payload()]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// The body of the request, from the normal form.
fn sent(submission: &Submission, credential_id: &str) -> String {
    let mut body = json!({ "credential_id": credential_id, "fields": submission.fields });
    if !submission.partner_chain.is_empty() {
        body["partner_chain"] = submission.partner_chain.iter().map(|name| json!({ "name": name })).collect();
    }
    if let Some(email) = &submission.claim {
        body["claim"] = json!({ "email": email });
    }
    body.to_string()
}

#[cfg(test)]
mod tests {
    use credential::{CareerHistory, Type};

    use super::super::mapping::Columns;
    use super::*;

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

        fn refusals(&mut self) -> Vec<(u32, String, String, String)> {
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
    fn rows_of_one_person_become_one_career_wherever_they_stand() {
        let rows = "1,Ada,Example,A,Clerk,2015-01,2016-01,2024-05\n2,Bo,Beispiel,B,Cook,2020-01,,2024-05\n\n,,,,,,,\n\
            1,Ada,,C,Chief,2017-01,present,2024-05\n";
        let mut read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
        assert_eq!((read.table.len(), read.table.rows()), (2, 3), "a row of empty cells is none");
        let entries: Vec<Entry> = read.entries().into_iter().map(|entry| entry.expect("no fault")).collect();
        let careers: Vec<CareerHistory> = entries.iter().map(career).collect();
        assert_eq!((&*careers[0].full_name, careers[0].employment.len()), ("Ada Example", 2));
        assert_eq!((&*careers[0].employment[1].organisation, careers[0].employment[1].end_date), ("C", None));
        assert_eq!((&*entries[0].person, entries[0].line, &*entries[1].person, entries[1].line), ("1", 2, "2", 3));
    }

    #[test]
    fn a_derived_id_stays_while_nothing_is_said_anew() {
        let ids = |rows: &str| -> Vec<String> {
            let mut read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
            read.entries().into_iter().map(|entry| entry.expect("no fault").credential_id).collect()
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
    fn faults_are_faults_of_cells() {
        let rows = "1,Ada,Example,A,Clerk,2015-01,2014-01,2024-05\n2,Bo,Beispiel,,Cook,01/02/2020,,2024-05\n\
            ,Cy,Example,A,Clerk,2015-01,,2024-05\n4,Di,Example,A,,2015-01,,2024-05\n5,Ed,Example,A,B,C,2015-01,,2024-05\n\
            6,Flo,Example,A,Clerk,2015-01,,2024-05\n6,Flo,Sample,A,Clerk,2015-01,,2024-05\n";
        let mut read = open(&format!("{HEADER}{rows}"), &Mapping::default(), Type::default());
        let found = read.refusals();
        let text =
            |line, column: &str, code: &str, value: &str| (line, column.to_owned(), code.to_owned(), value.to_owned());
        let expected = [
            text(2, "To", "date.order", "2014-01"),
            text(3, "Company", "member.missing", ""),
            text(3, "From", "date.format", "01/02/2020"),
            text(4, "Emp ID", "person.missing", ""),
            text(5, "", "one_of.missing", ""),
            text(6, "Pay period", "row.cells", ""),
            text(8, "Surname", "rows.differ", "Sample"),
        ];
        assert_eq!(found, expected);
        let Err(refusals) = read.entries().remove(1) else { panic!("refused") };
        let spot = refusals[1].spot.clone().expect("a place");
        assert_eq!(&spot.source[spot.place], "01/02/2020");
        assert!(spot.help.is_some_and(|help| help.contains("--date-format") && help.contains("column From")));
    }

    #[test]
    fn constants_chains_addresses_and_given_ids_are_sent() {
        let mut mapping =
            Mapping { partner_chain: vec!["Holding".into()], email: Some("Mail".into()), ..Mapping::default() };
        mapping.constants.insert("last_processed_month".into(), "05/2024".into());
        mapping.columns.insert("role_title".into(), Columns::of("Grade+Job"));
        let text =
            "Credential ID,ID,Name,Mail,Employer,Grade,Job,Start\nX-1,7,Ada,ada@example.org,A,Senior,Clerk,2020-01\n";
        let mut read = open(text, &mapping, Type::default());
        let entry = read.entries().remove(0).expect("no fault");
        let body: Value = serde_json::from_slice(&entry.body).expect("JSON");
        assert_eq!((&*entry.credential_id, &body["claim"]["email"]), ("X-1", &json!("ada@example.org")));
        assert_eq!(body["partner_chain"], json!([{ "name": "Holding" }]));
        let career = career(&entry);
        assert_eq!(career.employment[0].role_title.as_deref(), Some("Senior Clerk"));
        assert_eq!(career.employment[0].last_processed_month.to_string(), "2024-05");
    }

    #[test]
    fn another_type_is_a_row_each() {
        let education: Type = "education".parse().expect("a type");
        let text = "Full name|University|Degree|conferral_year|with honours|Majors\n\
            Ada|X|BSc|2020-07-01|yes|Mathematics; Physics\nAda|Y|MSc|2022|no|\n";
        let mut read = open(text, &Mapping::default(), education);
        let entries: Vec<Entry> = read.entries().into_iter().map(|entry| entry.expect("no fault")).collect();
        assert_eq!(entries.len(), 2);
        let body: Value = serde_json::from_slice(&entries[0].body).expect("JSON");
        let fields = &body["fields"];
        assert_eq!((&fields["conferral_year"], &fields["with_honours"]), (&json!("2020"), &json!(true)));
        assert_eq!(fields["majors"], json!(["Mathematics", "Physics"]));
    }
}
