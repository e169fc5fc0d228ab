//! NDJSON: one v2 body per line.
//!
//! Two members are for this client and are never sent. `credential_type` overrides the type for a
//! line, and `person` names the person in the file of links.

use std::collections::HashMap;

use bytes::Bytes;
use credential::{Context, ParseError, Submission, Type, locate};
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::entry::{Entry, Notes, Read};
use crate::error::Error;
use crate::group::nfc;
use crate::input::{Input, LONGEST_LINE, RowPosition, Scan};
use crate::json_texts;
use crate::other_json::OtherJson;
use crate::people::id_problem;
use crate::rejected_row::{RejectedRow, SourceSpan};
use crate::row_code::RowCode;
use crate::text_hash::hash;

/// An NDJSON file.
#[derive(Debug)]
pub struct Lines {
    /// The file.
    pub input: Input,
    rows: Vec<RowPosition>,
    credential_type: Type,
    /// Texts that belong to a job although they look like a remark.
    employed: Vec<String>,
    /// The name of each person in each type of credential, as a hash, and its line.
    names: HashMap<u64, (u64, u32)>,
}

/// A line with the client's own members removed.
struct NdjsonLine {
    /// The line with spaces instead of the client's members, so that positions do not change.
    body: String,
    person: String,
    credential_type: Option<String>,
}

impl Lines {
    /// Finds the positions of all lines.
    pub fn open(mut scan: Scan, credential_type: Type, employed: &[String]) -> Result<Self, Error> {
        let (mut rows, mut raw, mut first) = (Vec::new(), Vec::new(), Vec::new());
        let mut other = None;
        while let Some(row) = scan.row(None, LONGEST_LINE, &mut raw)? {
            match rows.len() {
                0 => (first, other) = (raw.clone(), OtherJson::of(&raw, None)),
                1 => other = OtherJson::of(&first, Some(&raw)),
                _ => {}
            }
            rows.push(row);
        }
        let input = scan.finish();
        if let Some(other) = other {
            return Err(other.refusal(&input.name));
        }
        Ok(Self { input, rows, credential_type, employed: employed.to_vec(), names: HashMap::new() })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Reads the credential on line `index`, counted from 0 without blank lines.
    pub fn read(&mut self, index: usize, context: &Context<'_>) -> Result<Read, Error> {
        let row = self.rows[index];
        let text = self.input.read(row)?;
        let NdjsonLine { body, person, credential_type } = NdjsonLine::read(&text);
        let credential_type = match credential_type.as_deref().map_or(Ok(self.credential_type), str::parse) {
            Ok(credential_type) => credential_type,
            Err(_) => return Ok(Err(vec![of_member(row, &text, person, "/credential_type", unknown_type())])),
        };
        // A line ending would break the file of links.
        if person.chars().any(char::is_control) {
            return Ok(Err(vec![of_member(row, &text, person, "/person", RejectedRow::with_control_character())]));
        }
        if let Some(message) = id_problem(&person).filter(|_| !person.is_empty()) {
            let (code, value) = (RowCode::PersonPlaceholder.as_str().to_owned(), person.clone());
            let problem = RejectedRow { code, value, message: message.to_owned(), ..RejectedRow::default() };
            return Ok(Err(vec![of_member(row, &text, person, "/person", problem)]));
        }
        let refused = |diagnostic: Diagnostic, pointer: String, value: String, suggestion: String| RejectedRow {
            line: row.line,
            person: person.clone(),
            credential_id: member(&text, "/credential_id").unwrap_or_default(),
            pointer,
            code: diagnostic.code,
            message: diagnostic.message,
            value,
            suggestion,
            span: Some(SourceSpan { source: text.clone(), range: diagnostic.span, help: diagnostic.help }),
            ..RejectedRow::default()
        };
        Ok(match Submission::parse_v2(credential_type, body.as_bytes(), context) {
            Ok(submission) => match self.problems(row, &text, (&person, credential_type), &submission) {
                found if found.is_empty() => Ok(Entry {
                    line: row.line,
                    person,
                    is_update: submission.replaces.is_some(),
                    credential_id: submission.credential_id,
                    credential_type,
                    body: Bytes::from(body),
                    notes: Notes::default(),
                }),
                found => Err(found),
            },
            Err(ParseError::Malformed(malformed)) => {
                let diagnostic = Diagnostic::of_malformed(&text, &malformed);
                Err(vec![refused(diagnostic, String::new(), String::new(), String::new())])
            }
            Err(ParseError::Invalid(field_errors)) => {
                let of = |field_error: credential::FieldError| {
                    let (pointer, value) =
                        (field_error.pointer.clone(), field_error.received.clone().unwrap_or_default());
                    let suggestion = field_error.suggestion.clone().unwrap_or_default();
                    refused(Diagnostic::of_fault(&text, field_error), pointer, value, suggestion)
                };
                Err(field_errors.into_iter().map(of).collect())
            }
        })
    }

    /// Returns the problems with texts that are valid, but not what they should be.
    fn problems(
        &mut self,
        row: RowPosition,
        text: &str,
        (person, known): (&str, Type),
        submission: &Submission,
    ) -> Vec<RejectedRow> {
        let fields = submission.fields();
        let other_name = self.other_name(row.line, person, known, &fields);
        let found = json_texts::problems(&fields, &self.employed).into_iter().chain(other_name).map(|found| {
            let pointer = found.pointer.clone();
            of_member(row, text, person.to_owned(), &pointer, found)
        });
        found.collect()
    }

    /// Refuses a name that another line of the person does not have, as in a table.
    fn other_name(&mut self, line: u32, person: &str, known: Type, fields: &Value) -> Option<RejectedRow> {
        let name = fields.get("full_name").and_then(Value::as_str).filter(|_| !person.is_empty())?;
        let found = (hash(&[&nfc(name).to_lowercase()]), line);
        let first = *self.names.entry(hash(&[known.name(), &nfc(person)])).or_insert(found);
        (first.0 != found.0).then(|| RejectedRow {
            pointer: "/fields/full_name".to_owned(),
            value: name.to_owned(),
            code: RowCode::RowsDiffer.as_str().to_owned(),
            message: format!(
                "Line {} has another name for the same person. If they are different people, give each an id of their \
                 own.",
                first.1
            ),
            ..RejectedRow::default()
        })
    }

    /// Adds the position in the file to a problem that the server reported for line `index`.
    pub fn located(&self, index: usize, mut rejected_row: RejectedRow) -> Result<RejectedRow, Error> {
        let source = self.input.read(self.rows[index])?;
        let range = locate(&source, &rejected_row.pointer).map(|location| location.value).unwrap_or_default();
        rejected_row.span = Some(SourceSpan { source, range, help: None });
        Ok(rejected_row)
    }
}

/// Returns a line as it is sent, and the credential type that it names. Positions in it do not
/// change.
pub fn as_sent(text: &str) -> (String, Option<String>) {
    let NdjsonLine { body, credential_type, .. } = NdjsonLine::read(text);
    (body, credential_type)
}

impl NdjsonLine {
    fn read(text: &str) -> Self {
        let (person, credential_type) = (member(text, "/person"), member(text, "/credential_type"));
        let mut body = text.to_owned();
        for (pointer, found) in [("/person", &person), ("/credential_type", &credential_type)] {
            if found.is_some() {
                body = without(&body, pointer);
            }
        }
        Self { body, person: person.unwrap_or_default(), credential_type }
    }
}

/// Returns the string at `pointer`.
fn member(text: &str, pointer: &str) -> Option<String> {
    serde_json::from_str(text.get(locate(text, pointer)?.value)?).ok()
}

/// Replaces the member at `pointer`, and one adjacent comma, with spaces.
fn without(text: &str, pointer: &str) -> String {
    let Some((name, value)) = locate(text, pointer).and_then(|found| Some((found.name?, found.value))) else {
        return text.to_owned();
    };
    let behind = text[value.end..].find(|character: char| !character.is_whitespace()).map(|at| value.end + at);
    let before = text[..name.start].rfind(|character: char| !character.is_whitespace());
    let is_comma = |at: &usize| text.as_bytes()[*at] == b',';
    let comma = behind.filter(is_comma).or(before.filter(is_comma));
    let keep = |at: usize| !((name.start..value.end).contains(&at) || Some(at) == comma);
    // Replaces bytes, not characters, so that positions do not change.
    let bytes = text.bytes().enumerate().map(|(at, byte)| if keep(at) { byte } else { b' ' });
    String::from_utf8(bytes.collect()).unwrap_or_else(|_| text.to_owned())
}

fn unknown_type() -> RejectedRow {
    let known: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
    RejectedRow {
        code: RowCode::CredentialTypeUnknown.as_str().to_owned(),
        message: format!("Unknown credential type. Use one of: {}.", known.join(", ")),
        ..RejectedRow::default()
    }
}

/// Completes a problem with one of the client's own members.
fn of_member(row: RowPosition, text: &str, person: String, pointer: &str, rejected_row: RejectedRow) -> RejectedRow {
    let range = locate(text, pointer).map(|found| found.value).unwrap_or_default();
    RejectedRow {
        line: row.line,
        person,
        credential_id: member(text, "/credential_id").unwrap_or_default(),
        pointer: pointer.to_owned(),
        span: Some(SourceSpan { source: text.to_owned(), range, help: None }),
        ..rejected_row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_and_type_are_removed_without_moving_the_rest() {
        for (text, person, left) in [
            (r#"{"person": "E1", "a": 1}"#, "E1", r#"{                "a": 1}"#),
            (r#"{"a": 1, "person": "Zoë"}"#, "Zoë", r#"{"a": 1                  }"#),
            (r#"{"person":"E1"}"#, "E1", r#"{             }"#),
            (r#"{"a":1,"person":"E1","b":2}"#, "E1", r#"{"a":1,              "b":2}"#),
            (r#"{"a": {"person": "E1"}}"#, "", r#"{"a": {"person": "E1"}}"#),
            (r#"{"person": 7}"#, "", r#"{"person": 7}"#),
            (r#"{"person"#, "", r#"{"person"#),
        ] {
            let line = NdjsonLine::read(text);
            assert_eq!((&*line.person, &*line.body), (person, left), "{text}");
            assert_eq!(line.body.len(), text.len());
        }
        let line = NdjsonLine::read(r#"{"credential_type":"education","person":"E1","a":1}"#);
        assert_eq!(
            (line.credential_type.as_deref(), line.body.trim_start_matches(['{', ' '])),
            (Some("education"), "\"a\":1}")
        );
    }

    proptest::proptest! {
        #[test]
        fn reading_any_line_keeps_its_length(text in "[{}\\[\\]\",: a1é]{0,40}|\\{\"(person|a)\":[\"{}a1é,:]{0,12}\\}") {
            proptest::prop_assert_eq!(NdjsonLine::read(&text).body.len(), text.len());
        }
    }
}
