//! Reports rows that are not pushed: as annotated excerpts on the terminal, and as CSV for a
//! spreadsheet.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, renderer};
use crate::error::Error;
use crate::formula_cells::guarded;
use crate::printable::{printable, printable_lines, without_c1};

/// Maximum number of problems shown on the terminal; the file lists all.
const SHOWN: usize = 10;

/// Assumed terminal width; longer rows are cut around the problem.
const WIDTH: usize = 79;

const HEADER: [&str; 10] =
    ["line", "person", "credential_id", "outcome", "column", "pointer", "code", "message", "value", "suggestion"];

/// How severe a problem is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// The credential is refused.
    #[default]
    Refused,
    /// The server failed on the row.
    Failed,
    /// The credential was pushed, with a warning.
    Warning,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Warning => "warning",
        }
    }
}

/// A problem with a row: one line of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedRow {
    /// The line in the file.
    pub line: u32,
    /// The person, as named in the file.
    pub person: String,
    /// The credential, if it has an id.
    pub credential_id: String,
    /// How severe it is.
    pub severity: Severity,
    /// The column, if one is wrong.
    pub column: String,
    /// A JSON Pointer into the body.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// What to correct, for people.
    pub message: String,
    pub value: String,
    /// The suggested value.
    pub suggestion: String,
    /// The position in the file.
    pub span: Option<SourceSpan>,
}

impl RejectedRow {
    /// Creates the problem for a text with a control character, such as a line ending.
    pub fn with_control_character() -> Self {
        let message = "Contains a control character, such as a line ending. Remove it.".to_owned();
        Self { code: credential::Code::TextControl.as_str().to_owned(), message, ..Self::default() }
    }
}

/// A range of bytes in a row of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSpan {
    /// The row.
    pub source: String,
    /// The bytes of the row that are wrong.
    pub range: Range<usize>,
    /// How to correct it.
    pub help: Option<String>,
}

/// The report file, and how many problems were shown.
#[derive(Debug)]
pub struct RejectedRows {
    input: String,
    path: PathBuf,
    writer: Option<csv::Writer<File>>,
    shown: usize,
    is_quiet: bool,
}

impl RejectedRows {
    /// Begins a report on `input`. Removes the report of an earlier run; any other file is an
    /// error.
    pub fn begin(input: &str, path: &Path, is_quiet: bool) -> Result<Self, Error> {
        if let Ok(file) = File::open(path) {
            let mut first = String::new();
            let read = BufReader::new(file).read_line(&mut first);
            let is_ours = read.is_ok_and(|read| read == 0) || first.trim_end() == HEADER.join(",");
            if !is_ours {
                let name = path.display();
                return Err(Error::Usage(format!(
                    "{name} exists and is not a report of refusals; set another file with --refusals"
                )));
            }
            std::fs::remove_file(path).map_err(|error| cannot(path, &error))?;
        }
        Ok(Self { input: input.to_owned(), path: path.to_owned(), writer: None, shown: 0, is_quiet })
    }

    /// Writes a problem to the file. Returns the text to show if it is among the first ones.
    pub fn add(&mut self, rejected_row: &RejectedRow) -> Result<Option<String>, Error> {
        let path = self.path.clone();
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
                let mut writer = csv::Writer::from_writer(file.map_err(|error| cannot(&path, &error))?);
                writer.write_record(HEADER).map_err(|error| cannot(&path, &error))?;
                none.insert(writer)
            }
        };
        let line = rejected_row.line.to_string();
        let RejectedRow { person, credential_id, column, pointer, code, message, value, suggestion, .. } = rejected_row;
        let severity = rejected_row.severity.name();
        let row = [&line, person, credential_id, severity, column, pointer, code, message, value, suggestion];
        // A terminal that shows the file, or a spreadsheet, must not run its content.
        let row = row.map(|cell| guarded(&printable_lines(cell)).into_owned());
        writer.write_record(row).map_err(|error| cannot(&path, &error))?;
        self.shown += 1;
        Ok((!self.is_quiet && self.shown <= SHOWN).then(|| self.render(rejected_row)))
    }

    /// Returns the number of problems that were not shown on the terminal.
    pub fn unshown(&self) -> usize {
        self.shown.saturating_sub(SHOWN)
    }

    /// Returns the path of the report, if anything was written.
    pub fn path(&self) -> Option<&Path> {
        self.writer.as_ref().map(|_| &*self.path)
    }

    /// Flushes the file.
    pub fn flush(&mut self) -> Result<(), Error> {
        match &mut self.writer {
            Some(writer) => writer.flush().map_err(|error| cannot(&self.path, &error)),
            None => Ok(()),
        }
    }

    fn render(&self, rejected_row: &RejectedRow) -> String {
        let Some(span) = &rejected_row.span else {
            let message = printable(&rejected_row.message);
            return format!("{}:{}: {message} [{}]", self.input, rejected_row.line, rejected_row.code);
        };
        let renderer = renderer(&std::io::stderr()).term_width(WIDTH);
        let suggested =
            || (!rejected_row.suggestion.is_empty()).then(|| format!("write \"{}\"", rejected_row.suggestion));
        let diagnostic = Diagnostic {
            code: rejected_row.code.clone(),
            message: printable(&rejected_row.message),
            span: span.range.clone(),
            help: span.help.clone().or_else(suggested).map(|help| printable(&help)),
        };
        let line = usize::try_from(rejected_row.line).unwrap_or(1);
        diagnostic.render(&self.input, &without_c1(&span.source), line, &renderer) + "\n"
    }
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_run_nothing_in_terminals_and_spreadsheets() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.csv.refusals.csv");
        let mut rejected = RejectedRows::begin("people.csv", &path, true).expect("begun");
        let row = RejectedRow {
            line: 2,
            person: "\u{1b}[31m1".to_owned(),
            value: "=HYPERLINK(1)".to_owned(),
            suggestion: "a\u{202e}b".to_owned(),
            ..RejectedRow::default()
        };
        assert!(rejected.add(&row).expect("written").is_none());
        rejected.flush().expect("written");
        let text = std::fs::read_to_string(&path).expect("there");
        let line = "2,\u{fffd}[31m1,,refused,,,,,'=HYPERLINK(1),a\u{fffd}b";
        assert_eq!(text.lines().nth(1), Some(line));
    }
}
