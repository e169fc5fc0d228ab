//! Who is not pushed, and why: on the terminal with the finger on the place, and in a file for a spreadsheet.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, renderer};
use crate::error::Error;

/// How many are shown on the terminal; the file has them all.
const SHOWN: usize = 10;

/// How wide a terminal is at least; a longer row is shown around the place.
const WIDTH: usize = 79;

const HEADER: [&str; 10] =
    ["line", "person", "credential_id", "outcome", "column", "pointer", "code", "message", "value", "suggestion"];

/// Whether it stands in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// The credential is not taken.
    #[default]
    Refused,
    /// The server could not take it, through no fault of the row.
    Failed,
    /// It was taken, and there is something to know.
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

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedRow {
    /// The line in the file.
    pub line: u32,
    /// The person, as the file names them.
    pub person: String,
    /// The credential, if it has an id.
    pub credential_id: String,
    /// Whether it stands in the way.
    pub severity: Severity,
    /// The column, if it is one's fault.
    pub column: String,
    /// The place in the body.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// What is wrong, and what to write instead.
    pub message: String,
    /// What stands there.
    pub value: String,
    /// What was probably meant.
    pub suggestion: String,
    /// The place in the file.
    pub span: Option<SourceSpan>,
}

impl RejectedRow {
    /// Of a text that would tear a file of lines.
    pub fn with_control_character() -> Self {
        let message = "This holds a control character, such as a line's end; take it out.".to_owned();
        Self { code: credential::Code::TextControl.as_str().to_owned(), message, ..Self::default() }
    }
}

/// A place in a file, with the row around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSpan {
    /// The row.
    pub source: String,
    /// What of it is meant.
    pub range: Range<usize>,
    /// What would help.
    pub help: Option<String>,
}

/// The file of refusals, and how many were shown.
#[derive(Debug)]
pub struct RejectedRows {
    input: String,
    path: PathBuf,
    writer: Option<csv::Writer<File>>,
    shown: usize,
    is_quiet: bool,
}

impl RejectedRows {
    /// For the refusals of `input`. A file of an earlier run is taken away, anything else is left alone.
    pub fn begin(input: &str, path: &Path, is_quiet: bool) -> Result<Self, Error> {
        if let Ok(file) = File::open(path) {
            let mut first = String::new();
            let read = BufReader::new(file).read_line(&mut first);
            let is_ours = read.is_ok_and(|read| read == 0) || first.trim_end() == HEADER.join(",");
            if !is_ours {
                let name = path.display();
                return Err(Error::Usage(format!(
                    "{name} is there, and is no list of refusals; name another by --refusals"
                )));
            }
            std::fs::remove_file(path).map_err(|error| cannot(path, &error))?;
        }
        Ok(Self { input: input.to_owned(), path: path.to_owned(), writer: None, shown: 0, is_quiet })
    }

    /// Writes one down, and shows the first ones; returns what to show.
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
        let row = [
            &line,
            person,
            credential_id,
            rejected_row.severity.name(),
            column,
            pointer,
            code,
            message,
            value,
            suggestion,
        ];
        writer.write_record(row).map_err(|error| cannot(&path, &error))?;
        self.shown += 1;
        Ok((!self.is_quiet && self.shown <= SHOWN).then(|| self.render(rejected_row)))
    }

    /// How many were written but not shown.
    pub fn unshown(&self) -> usize {
        self.shown.saturating_sub(SHOWN)
    }

    /// Whether there is a file.
    pub fn path(&self) -> Option<&Path> {
        self.writer.as_ref().map(|_| &*self.path)
    }

    /// Brings what was written onto the disk.
    pub fn flush(&mut self) -> Result<(), Error> {
        match &mut self.writer {
            Some(writer) => writer.flush().map_err(|error| cannot(&self.path, &error)),
            None => Ok(()),
        }
    }

    fn render(&self, rejected_row: &RejectedRow) -> String {
        let Some(span) = &rejected_row.span else {
            return format!("{}:{}: {} [{}]", self.input, rejected_row.line, rejected_row.message, rejected_row.code);
        };
        let renderer = renderer(&std::io::stderr()).term_width(WIDTH);
        let suggested =
            || (!rejected_row.suggestion.is_empty()).then(|| format!("write \"{}\"", rejected_row.suggestion));
        let diagnostic = Diagnostic {
            code: rejected_row.code.clone(),
            message: rejected_row.message.clone(),
            span: span.range.clone(),
            help: span.help.clone().or_else(suggested),
        };
        let line = usize::try_from(rejected_row.line).unwrap_or(1);
        diagnostic.render(&self.input, &span.source, line, &renderer) + "\n"
    }
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("{} cannot be written: {error}", path.display()))
}
