//! Builds one credential from its rows, and maps field errors back to cells.

use std::borrow::Cow;

use bytes::Bytes;
use credential::{Context, FieldError, ParseError, Shape, Submission};
use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

use crate::cells::Cells;
use crate::dates::{self, Reading};
use crate::ends::{self, END};
use crate::entry::{Entry, Notes, Read, digest};
use crate::form::{Target, complete, put};
use crate::input::RowPosition;
use crate::name_text::is_placeholder;
use crate::names::{NameParts, in_order, is_no_part};
use crate::people::Identity;
use crate::plan::{Origin, Plan};
use crate::rejected_row::{RejectedRow, SourceSpan};
use crate::repeated_jobs::{ContradictionError, distinct};
use crate::row_code::RowCode;
use crate::starts;

/// A row that was read again.
pub struct Record {
    /// Its position.
    pub row: RowPosition,
    pub text: String,
    pub cells: Vec<String>,
}

impl Record {
    /// Returns the trimmed text of the cell in `column`; empty without one.
    pub fn cell(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).map(|cell| cell.trim()).unwrap_or_default()
    }
}

/// The rows of one credential, and how to read them.
pub struct Group<'a> {
    /// The meaning of the columns.
    pub plan: &'a Plan,
    /// The unused columns with a part of the name.
    pub name_parts: &'a NameParts,
    /// The unused columns that have one value for a person.
    pub identity: &'a Identity,
    /// Splits rows.
    pub cells: &'a Cells,
    /// The rows.
    pub records: &'a [Record],
    /// Whether rows may leave out empty cells at their end.
    pub has_short_rows: bool,
    /// The line of a last row without a line ending, which may have been cut.
    pub open_line: Option<u32>,
}

impl Group<'_> {
    /// Returns the value of `columns`, which must be equal in all rows. Empty cells are ignored.
    fn alike(&self, columns: &[usize], rejected: &mut Vec<RejectedRow>) -> String {
        let said = columns.iter().map(|column| (*column, self.alike_in(*column, rejected)));
        let is_part =
            |(column, text): &(usize, String)| !text.is_empty() && !is_no_part(self.plan, columns, *column, text);
        said.filter(is_part).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    fn alike_in(&self, column: usize, rejected: &mut Vec<RejectedRow>) -> String {
        let (mut said, mut by) = ("", 0);
        for (index, record) in self.records.iter().enumerate() {
            let text = record.cell(Some(column));
            if said.is_empty() || (self.is_in_other_case(column, said, text) && has_better_case(text, said)) {
                (said, by) = (text, index);
            } else if !text.is_empty() && nfc(text) != nfc(said) && !self.is_in_other_case(column, said, text) {
                let line = self.records[by].row.line;
                let message = format!(
                    "Line {line} has '{}' for the same person. Both rows must have the same value.",
                    shortened(said)
                );
                let mut found = rejected_row(RowCode::RowsDiffer, message);
                shortened(said).clone_into(&mut found.suggestion);
                rejected.push(self.at(index, Some(column), found));
            }
        }
        said.to_owned()
    }

    /// Returns whether texts differ in their case only. An id is another one then.
    fn is_in_other_case(&self, column: usize, one: &str, other: &str) -> bool {
        let is_id = [self.plan.credential_id, self.plan.replaces].contains(&Some(column));
        !is_id && nfc(one) != nfc(other) && nfc(one).to_lowercase() == nfc(other).to_lowercase()
    }

    /// Builds the body, without a derived id.
    pub fn body(&self, rejected: &mut Vec<RejectedRow>) -> Body {
        let (mut fields, mut notes) = (Map::new(), Notes::default());
        let mut items = vec![Map::new(); if self.plan.form.list.is_some() { self.records.len() } else { 0 }];
        for (target, origin) in self.plan.form.targets.iter().zip(&self.plan.origins) {
            let texts: Vec<String> = match origin {
                Origin::Nothing => continue,
                Origin::Constant(text) => vec![text.clone(); if target.is_of_item { items.len() } else { 1 }],
                Origin::Columns(_) if target.is_of_item && target.path == [END] => {
                    self.records.iter().map(|record| ends::text(self.plan, &record.cells)).collect()
                }
                Origin::Columns(columns) if target.is_of_item => {
                    self.records.iter().map(|record| joined(record, columns)).collect()
                }
                Origin::Columns(columns) => vec![in_order(self.plan, columns, self.alike(columns, rejected))],
            };
            let into = if target.is_of_item { items.as_mut_slice() } else { std::slice::from_mut(&mut fields) };
            for (object, text) in into.iter_mut().zip(&texts) {
                if let Some(value) = self.value(target, text, &mut notes) {
                    put(object, &target.path, value);
                }
            }
        }
        complete(&mut fields, self.plan.form.credential_type.fields);
        let mut kept = vec![0];
        if let Some((name, members)) = self.plan.form.list {
            self.refuse_wrong_starts(&items, rejected);
            self.identity.columns.iter().for_each(|column| drop(self.alike_in(*column, rejected)));
            items.iter_mut().for_each(|item| complete(item, members));
            kept = self.distinct(&items, rejected);
            notes.merged = items.len() - kept.len();
            let items = kept.iter().map(|index| Value::Object(std::mem::take(&mut items[*index])));
            fields.insert(name.to_owned(), items.collect());
        }
        let single = |column: Option<usize>, rejected: &mut Vec<RejectedRow>| {
            column.map(|column| self.alike(&[column], rejected)).filter(|text| !text.is_empty())
        };
        let credential_id = single(self.plan.credential_id, rejected);
        let replaces = single(self.plan.replaces, rejected);
        let email = single(self.plan.email, rejected);
        Body { credential_id, replaces, email, fields, kept, notes }
    }

    /// Returns the rows that stay, or refuses rows that contradict each other.
    fn distinct(&self, items: &[Map<String, Value>], rejected: &mut Vec<RejectedRow>) -> Vec<usize> {
        distinct(items).unwrap_or_else(|ContradictionError(first, second)| {
            let column = self.end_column();
            let message = format!(
                "Line {} has the same job with another end. Correct one of the rows, or remove it.",
                self.records[first].row.line
            );
            rejected.push(self.at(second, column, rejected_row(RowCode::RowsDiffer, message)));
            (0..items.len()).collect()
        })
    }

    /// Returns the column with the end of a job.
    pub fn end_column(&self) -> Option<usize> {
        self.plan.columns_of(END).and_then(|columns| columns.first().copied())
    }

    /// Refuses starts that stand for no date, are the date of birth or too long ago, and starts in
    /// the future.
    fn refuse_wrong_starts(&self, items: &[Map<String, Value>], rejected: &mut Vec<RejectedRow>) {
        let column = self.plan.columns_of("start_date").and_then(|columns| columns.first().copied());
        for (index, item) in items.iter().enumerate() {
            let start = item.get("start_date").and_then(Value::as_str).unwrap_or_default();
            let (text, birth) = (self.records[index].cell(column), self.records[index].cell(self.identity.birth));
            let is_open = !item.contains_key(END);
            let too_long_ago = || starts::too_long_ago(self.plan, start).filter(|_| is_open);
            if let Some((code, message)) = starts::problem(self.plan, text, start, birth).or_else(too_long_ago) {
                rejected.push(self.at(index, column, rejected_row(code, message)));
            }
        }
    }

    fn value(&self, target: &Target, text: &str, notes: &mut Notes) -> Option<Value> {
        if text.is_empty() {
            return None;
        }
        let shape = target.shape;
        if dates::is_date(shape) {
            let field = target.path.last().copied().unwrap_or_default();
            return match self.plan.dates.convert(text, shape, !target.is_required, field) {
                Reading::Date(text) => Some(Value::from(text)),
                Reading::Open => None,
                Reading::Far => {
                    notes.far_ends += 1;
                    None
                }
            };
        }
        Some(match shape {
            Shape::Boolean => match &*text.to_ascii_lowercase() {
                "true" | "yes" | "y" | "1" => Value::from(true),
                "false" | "no" | "n" | "0" => Value::from(false),
                _ => Value::from(text),
            },
            Shape::List { .. } => text.split([';', '|']).map(str::trim).filter(|part| !part.is_empty()).collect(),
            Shape::Text if is_placeholder(text) => return None,
            _ => Value::from(text),
        })
    }

    pub fn check(&self, body: Body, context: &Context<'_>) -> Read {
        let (first, known) = (&self.records[0], self.plan.form.credential_type);
        let person = first.cell(self.plan.person).to_owned();
        let mut object = Map::from_iter([("fields".to_owned(), Value::Object(body.fields))]);
        // The derived id depends on the normal form, so a placeholder is validated first.
        let given = body.credential_id.clone().unwrap_or_else(|| "derived".to_owned());
        object.insert("credential_id".to_owned(), given.into());
        if !self.plan.partner_chain.is_empty() {
            let chain = self.plan.partner_chain.iter().map(|name| json!({ "name": name }));
            object.insert("partner_chain".to_owned(), chain.collect());
        }
        if let Some(replaces) = body.replaces {
            object.insert("replaces".to_owned(), replaces.into());
        }
        if let Some(email) = body.email {
            object.insert("notify".to_owned(), json!({ "email": email }));
        }
        let text = Value::Object(object).to_string();
        let submission = match Submission::parse_v2(known, text.as_bytes(), context) {
            Ok(submission) => submission,
            Err(ParseError::Malformed(malformed)) => {
                return Err(vec![self.at(0, None, rejected_row(RowCode::Json, malformed.to_string()))]);
            }
            Err(ParseError::Invalid(field_errors)) => {
                let error = |field_error| self.field_error(field_error, &body.kept);
                return Err(field_errors.into_iter().map(error).collect());
            }
        };
        let credential_id = body.credential_id.unwrap_or_else(|| derived_id(known, &person, &submission));
        let sent = sent(&submission, &credential_id);
        Ok(Entry {
            line: first.row.line,
            person,
            credential_id,
            credential_type: known,
            is_update: submission.replaces.is_some(),
            body: Bytes::from(sent),
            notes: body.notes,
        })
    }

    /// Converts a field error of the body to a problem with a cell.
    fn field_error(&self, field_error: FieldError, kept: &[usize]) -> RejectedRow {
        let suggestion = field_error.suggestion.as_deref().unwrap_or_default();
        let (record, column) = self.place(&field_error.pointer, suggestion, kept);
        let (code, value) = (field_error.code.as_str().to_owned(), field_error.received.unwrap_or_default());
        let mut found = RejectedRow {
            code,
            message: field_error.message,
            pointer: field_error.pointer,
            value,
            ..RejectedRow::default()
        };
        // The suggestion is a field name, which does not help with a table.
        if field_error.code != credential::Code::FieldMissing {
            found.suggestion = field_error.suggestion.unwrap_or_default();
        }
        self.at(record, column, found)
    }

    /// Returns the row and column for a JSON Pointer into the body. If a field is missing,
    /// `suggestion` is its name. `kept` are the rows of the items.
    pub fn place(&self, pointer: &str, suggestion: &str, kept: &[usize]) -> (usize, Option<usize>) {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let list = self.plan.form.list.map(|(name, _)| name);
        let (record, path, is_of_item) = match steps.as_slice() {
            ["fields", name, index, rest @ ..] if Some(*name) == list => {
                let index = index.parse().unwrap_or(0).min(kept.len().saturating_sub(1));
                (kept.get(index).copied().unwrap_or_default(), rest, true)
            }
            ["fields", rest @ ..] => (0, rest, false),
            ["credential_id"] => return (0, self.plan.credential_id),
            ["replaces"] => return (0, self.plan.replaces),
            ["notify", ..] => return (0, self.plan.email),
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

    /// Adds the position in the file.
    pub fn at(&self, record: usize, column: Option<usize>, mut rejected_row: RejectedRow) -> RejectedRow {
        let record = &self.records[record];
        rejected_row.line = record.row.line;
        record.cell(self.plan.person).clone_into(&mut rejected_row.person);
        if rejected_row.credential_id.is_empty() {
            record.cell(self.plan.credential_id).clone_into(&mut rejected_row.credential_id);
        }
        let range = match column {
            Some(column) => {
                self.plan.header[column].clone_into(&mut rejected_row.column);
                if rejected_row.value.is_empty() {
                    shortened(record.cell(Some(column))).clone_into(&mut rejected_row.value);
                }
                self.cells.place(&record.text, column)
            }
            None => 0..record.text.len(),
        };
        let mut help = None;
        if rejected_row.code == "date.format" {
            let is_end =
                self.plan.columns_of("end_date").is_some_and(|ends| column.is_some_and(|at| ends.contains(&at)));
            help.clone_from(&self.plan.dates.hint);
            if let Some((message, explained)) = self.plan.dates.explain(&rejected_row.value, is_end) {
                (rejected_row.message, help) = (message, Some(explained));
            }
        }
        if rejected_row.code == "field.missing" && !rejected_row.column.is_empty() {
            let help = Some(format!("fill in the column {}", rejected_row.column));
            rejected_row.span = Some(SourceSpan { source: record.text.clone(), range, help });
            return rejected_row;
        }
        let named = (!rejected_row.column.is_empty()).then(|| format!("column {}", rejected_row.column));
        let suggested = (!rejected_row.suggestion.is_empty()).then(|| format!("write \"{}\"", rejected_row.suggestion));
        let help = help.or(suggested).into_iter().chain(named).reduce(|help, named| format!("{help} ({named})"));
        rejected_row.span = Some(SourceSpan { source: record.text.clone(), range, help });
        rejected_row
    }
}

/// The body before validation.
pub struct Body {
    credential_id: Option<String>,
    replaces: Option<String>,
    email: Option<String>,
    fields: Map<String, Value>,
    /// The row of each item of the list.
    pub kept: Vec<usize>,
    notes: Notes,
}

pub fn rejected_row(code: RowCode, message: String) -> RejectedRow {
    RejectedRow { code: code.as_str().to_owned(), message, ..RejectedRow::default() }
}

/// Returns the text of a field that several columns may fill.
pub fn joined(record: &Record, columns: &[usize]) -> String {
    let parts = columns.iter().map(|column| record.cell(Some(*column))).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// Returns the text in Unicode's composed form, in which equal names are equal.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Returns whether a text has capitals and small letters, but the other one does not.
fn has_better_case(text: &str, other: &str) -> bool {
    let is_mixed = |text: &str| text.contains(char::is_lowercase) && text.contains(char::is_uppercase);
    is_mixed(text) && !is_mixed(other)
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(end, _)| &text[..end])
}

/// Derives an id from the person and the content: a repeated run finds what it pushed before, and a
/// correction gets a new id. The result is a UUIDv8 (RFC 9562, section 5.8).
fn derived_id(known: credential::Type, person: &str, submission: &Submission) -> String {
    let bytes = digest(&[b"tenure push, 1", known.name().as_bytes(), person.as_bytes(), &submission.payload()]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Serializes the request body in its normal form.
fn sent(submission: &Submission, credential_id: &str) -> String {
    let mut body = json!({ "credential_id": credential_id, "fields": submission.fields() });
    if !submission.partner_chain.is_empty() {
        body["partner_chain"] = submission.partner_chain.iter().map(|name| json!({ "name": name })).collect();
    }
    if let Some(replaces) = &submission.replaces {
        body["replaces"] = replaces.as_str().into();
    }
    if let Some(email) = &submission.notify {
        body["notify"] = json!({ "email": email });
    }
    body.to_string()
}
