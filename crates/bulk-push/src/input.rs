//! Reads the input file as bytes: finds its rows, computes its hash and validates UTF-8.
//!
//! This module decides where rows end; csv-core splits them into cells. Both follow RFC 4180.
//!
//! Rows are read again when they are pushed, and compared with what was validated (D-270).

use std::fs::File;
use std::io::{BufRead as _, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use aws_lc_rs::digest;
use credential::encoding::{hex, sha256};

use crate::encoding_survey::Survey;
use crate::encodings;
use crate::error::Error;
use crate::printable::{printable, printable_lines};
use crate::quoting::At;

/// Maximum length of a table row, in bytes.
pub const LONGEST_ROW: usize = 1024 * 1024;
/// Maximum length of an NDJSON line, in bytes. A body may contain documents.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// The position of a row. Packed, because there may be millions: with the number of another row it
/// takes 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct RowPosition {
    /// The offset in bytes.
    pub offset: u64,
    /// The length in bytes, without the line ending.
    pub length: u32,
    /// The number of its first line, from 1.
    pub line: u32,
    /// The start of the SHA-256 of its bytes.
    check: u32,
}

/// Returns the start of the hash of a row. It finds accidents, not attacks: the owner of the file
/// also chooses its rows.
fn check(bytes: &[u8]) -> u32 {
    let [a, b, c, d, ..] = sha256(bytes);
    u32::from_be_bytes([a, b, c, d])
}

/// The bytes of a file, or its text after it was converted.
#[derive(Debug)]
enum Bytes {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(text) => text.read(buffer),
        }
    }
}

/// Cells of a workbook that are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Their range, such as A2:A5.
    pub range: String,
    /// The number of the last row, from 1.
    pub last_row: u32,
    /// The columns, from 0.
    pub columns: std::ops::RangeInclusive<usize>,
}

/// Numbers of rows and sheets that are no people or are hidden, for the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtraContent {
    /// Rows with totals, which are skipped.
    pub totals: u64,
    /// Lines below the rows, such as the time of printing, which are skipped.
    pub footers: u64,
    /// Rows that a spreadsheet hides, which are read.
    pub hidden_rows: u64,
    /// Sheets that a spreadsheet hides, which are not read.
    pub hidden_sheets: u64,
}

/// Reads a file from start to end.
pub struct Scan {
    name: String,
    /// Cells that are merged over several rows.
    pub merged: Vec<Merged>,
    /// Totals, footers, and hidden rows and sheets of the file.
    pub extra: ExtraContent,
    /// Whether the last row has no line ending, as at the end of a file that was cut.
    pub is_open_ended: bool,
    /// Whether the text is that of a sheet, whose rows have no empty cells at their end.
    pub is_sheet: bool,
    /// Whether the name of the sheet says that there are people who left and others.
    pub is_of_both: bool,
    reader: BufReader<Bytes>,
    hash: digest::Context,
    survey: Survey,
    offset: u64,
    line: u32,
}

impl Scan {
    /// Opens a file and skips a byte order mark.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let name = printable(&path.display().to_string());
        let refuse = |error: std::io::Error| Error::Failed(format!("{name} cannot be read: {error}"));
        if path == Path::new("-") {
            return Err(Error::Usage(
                "standard input cannot be pushed, because the data is read twice; save it to a file, and push that"
                    .to_owned(),
            ));
        }
        let file = File::open(path).map_err(refuse)?;
        let metadata = file.metadata().map_err(refuse)?;
        if metadata.is_dir() {
            return Err(Error::Usage(format!("{name} is a folder; name a CSV or NDJSON file in it")));
        }
        if !metadata.is_file() {
            return Err(Error::Usage(format!(
                "{name} is not a regular file; it is read twice, so a pipe does not work"
            )));
        }
        let mut reader = BufReader::with_capacity(64 * 1024, Bytes::File(file));
        let mut hash = digest::Context::new(&digest::SHA256);
        let start = reader.fill_buf().map_err(refuse)?;
        if let Some(encoding) = encodings::other_unicode(start) {
            return Err(Error::Failed(format!(
                "{name} is {encoding}, which is not supported; save it as UTF-8 (in Excel \"CSV UTF-8\"), and push it \
                 again"
            )));
        }
        if let Some(encoding) = encodings::utf16(start) {
            return Err(Error::Failed(format!(
                "{name} is UTF-16; add --encoding {encoding}, or save it as UTF-8 (in Excel \"CSV UTF-8\"), and push it \
                 again"
            )));
        }
        if start.contains(&0) {
            return Err(Error::Failed(format!(
                "{name} is not a text file; push a CSV or NDJSON file (a spreadsheet can be saved as \"CSV UTF-8\")"
            )));
        }
        let mut offset = 0;
        if start.starts_with(b"\xef\xbb\xbf") {
            hash.update(&start[..3]);
            reader.consume(3);
            offset = 3;
        }
        Ok(Self { offset, hash, ..Self::new(name, reader) })
    }

    /// Reads text that was converted from the file `name`.
    pub fn of_text(name: &str, text: Vec<u8>) -> Self {
        Self::new(printable(name), BufReader::with_capacity(64 * 1024, Bytes::Memory(Cursor::new(text))))
    }

    fn new(name: String, reader: BufReader<Bytes>) -> Self {
        Self {
            name,
            merged: Vec::new(),
            extra: ExtraContent::default(),
            is_open_ended: false,
            is_sheet: false,
            is_of_both: false,
            reader,
            hash: digest::Context::new(&digest::SHA256),
            survey: Survey::default(),
            offset: 0,
            line: 1,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the start of the unread input.
    pub fn peek(&mut self) -> Result<&[u8], Error> {
        let name = &self.name;
        self.reader.fill_buf().map_err(|error| Error::Failed(format!("{name} cannot be read: {error}")))
    }

    /// Skips lines above the header.
    pub fn skip_lines(&mut self, count: usize) -> Result<(), Error> {
        let mut raw = Vec::new();
        for _ in 0..count {
            raw.clear();
            self.fill(None, LONGEST_ROW, &mut raw)?;
            if raw.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the next row that is not blank into `raw`. A row is one line, or several lines if
    /// `separator` is given and quotes contain line endings.
    pub fn row(
        &mut self,
        separator: Option<u8>,
        longest: usize,
        raw: &mut Vec<u8>,
    ) -> Result<Option<RowPosition>, Error> {
        loop {
            raw.clear();
            let (offset, line) = (self.offset, self.line);
            self.fill(separator, longest, raw)?;
            if raw.is_empty() {
                return Ok(None);
            }
            if let Err(error) = std::str::from_utf8(raw) {
                return Err(self.not_utf8(line, raw, error.valid_up_to()));
            }
            self.survey.line(line, raw);
            let is_open_ended = raw.last() != Some(&b'\n');
            while raw.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                raw.pop();
            }
            // DOS programs end a text with Ctrl-Z.
            while is_open_ended && raw.last() == Some(&0x1a) {
                raw.pop();
            }
            if !raw.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a) {
                self.is_open_ended = is_open_ended;
                let length = u32::try_from(raw.len()).unwrap_or(u32::MAX);
                return Ok(Some(RowPosition { offset, length, line, check: check(raw) }));
            }
        }
    }

    fn fill(&mut self, separator: Option<u8>, longest: usize, raw: &mut Vec<u8>) -> Result<(), Error> {
        let (name, first) = (&self.name, self.line);
        let mut at = At::CellStart;
        loop {
            let from = raw.len();
            let room = u64::try_from(longest + 2 - from).unwrap_or(u64::MAX);
            let read = (&mut self.reader).take(room).read_until(b'\n', raw);
            let read = read.map_err(|error| Error::Failed(format!("{name} cannot be read: {error}")))?;
            self.hash.update(&raw[from..]);
            self.offset += u64::try_from(read).unwrap_or_default();
            self.line = self.line.saturating_add(1);
            at = raw[from..].iter().fold(at, |at, byte| at.step(*byte, separator.unwrap_or(0)));
            let is_open = separator.is_some() && at == At::Quoted;
            if raw.len() > longest {
                let cause = if is_open { "; a quote (\") may have been opened and never closed" } else { "" };
                return Err(Error::Failed(format!("{name}:{first}: this row is longer than {longest} bytes{cause}")));
            }
            if !is_open {
                return Ok(());
            }
            if read == 0 {
                return Err(Error::Failed(format!(
                    "{name}:{first}: a quote (\") is opened in this row and never closed"
                )));
            }
        }
    }

    fn not_utf8(&mut self, line: u32, raw: &[u8], at: usize) -> Error {
        let before = &raw[..at];
        let first = line + u32::try_from(before.iter().filter(|byte| **byte == b'\n').count()).unwrap_or_default();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        self.survey.line(line, raw);
        let (mut rest, most) = (Vec::new(), u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX));
        while (&mut self.reader).take(most).read_until(b'\n', &mut rest).is_ok_and(|read| read > 0) {
            self.survey.line(self.line, &rest);
            self.line = self.line.saturating_add(1);
            rest.clear();
        }
        let advice = self.survey.advice(raw.get(at).copied().unwrap_or_default());
        Error::Failed(printable_lines(&format!(
            "{}:{first}:{column}: invalid UTF-8. {advice}, or save it as UTF-8 (in Excel \"CSV UTF-8\"), and push it \
             again. Nothing was sent",
            self.name
        )))
    }

    /// Returns the file once it has been read to its end.
    pub fn finish(self) -> Input {
        let digest = hex(self.hash.finish().as_ref());
        Input { name: self.name, bytes: self.reader.into_inner(), length: self.offset, digest }
    }
}

/// A file with known row positions.
#[derive(Debug)]
pub struct Input {
    /// Its name, for messages.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub digest: String,
    bytes: Bytes,
    length: u64,
}

impl Input {
    /// Reads a row again. Refuses one that is not what was read first.
    pub fn read(&self, row: RowPosition) -> Result<String, Error> {
        let length = usize::try_from(row.length).unwrap_or_default();
        let bytes = match &self.bytes {
            Bytes::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, row.offset).ok().map(|()| bytes)
            }
            Bytes::Memory(text) => {
                let start = usize::try_from(row.offset).unwrap_or(usize::MAX);
                text.get_ref().get(start..start.saturating_add(length)).map(<[u8]>::to_vec)
            }
        };
        let bytes = bytes.filter(|bytes| check(bytes) == row.check);
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| self.changed())
    }

    /// Refuses a file that is longer or shorter than when its rows were found.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn has_its_length(&self) -> Result<(), Error> {
        match &self.bytes {
            Bytes::File(file) if !file.metadata().is_ok_and(|metadata| metadata.len() == self.length) => {
                Err(self.changed())
            }
            _ => Ok(()),
        }
    }

    /// Creates the error for a file that changed after its rows were found.
    pub fn changed(&self) -> Error {
        Error::Failed(format!(
            "{} changed after it was validated. Only what was validated has been pushed. Run the command again to \
             validate the new file; if people were pushed, add --allow-changed-input",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests;
