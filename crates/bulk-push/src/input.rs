//! Reads the input file as bytes: finds its rows, computes its hash and validates UTF-8.
//!
//! This module decides where rows end; csv-core splits them into cells. Both follow RFC 4180.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use aws_lc_rs::digest;
use credential::encoding::hex;

use crate::encodings;
use crate::error::Error;
use crate::printable::printable;
use crate::quoting::At;

/// Maximum length of a table row, in bytes.
pub const LONGEST_ROW: usize = 1024 * 1024;
/// Maximum length of an NDJSON line, in bytes. A body may contain documents.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// The position of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The offset in bytes.
    pub offset: u64,
    /// The length in bytes, without the line ending.
    pub length: u32,
    /// The number of its first line, from 1.
    pub line: u32,
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

/// Reads a file from start to end.
pub struct Scan {
    name: String,
    /// Cells that are merged over several rows.
    pub merged: Vec<Merged>,
    reader: BufReader<Bytes>,
    hash: digest::Context,
    offset: u64,
    line: u32,
}

impl Scan {
    /// Opens a file and skips a byte order mark.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let name = printable(&path.display().to_string());
        let refuse = |error: std::io::Error| Error::Failed(format!("{name} cannot be read: {error}"));
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
        Ok(Self { name, merged: Vec::new(), reader, hash, offset, line: 1 })
    }

    /// Reads text that was converted from the file `name`.
    pub fn of_text(name: &str, text: Vec<u8>) -> Self {
        let reader = BufReader::with_capacity(64 * 1024, Bytes::Memory(Cursor::new(text)));
        let hash = digest::Context::new(&digest::SHA256);
        Self { name: printable(name), merged: Vec::new(), reader, hash, offset: 0, line: 1 }
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
    pub fn row(&mut self, separator: Option<u8>, longest: usize, raw: &mut Vec<u8>) -> Result<Option<Row>, Error> {
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
            while raw.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                raw.pop();
            }
            if !raw.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(Row { offset, length: u32::try_from(raw.len()).unwrap_or(u32::MAX), line }));
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

    fn not_utf8(&self, line: u32, raw: &[u8], at: usize) -> Error {
        let before = &raw[..at];
        let line = line + u32::try_from(before.iter().filter(|byte| **byte == b'\n').count()).unwrap_or_default();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        let seems = encodings::describe(raw, raw.get(at).copied().unwrap_or_default());
        Error::Failed(printable(&format!(
            "{}:{line}:{column}: invalid UTF-8. {seems}, or save it as UTF-8 (in Excel \"CSV UTF-8\"), and push it \
             again. Nothing was sent",
            self.name
        )))
    }

    /// Returns the file once it has been read to its end.
    pub fn finish(self) -> Input {
        let digest = hex(self.hash.finish().as_ref());
        Input { name: self.name, bytes: self.reader.into_inner(), digest }
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
}

impl Input {
    /// Reads a row again.
    pub fn read(&self, row: Row) -> Result<String, Error> {
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
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| self.changed())
    }

    /// Creates the error for a file that changed after its rows were found.
    pub fn changed(&self) -> Error {
        Error::Failed(format!(
            "{} changed while it was being pushed; start again with a file that does not change",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::Cells;

    fn scan(bytes: &[u8], separator: Option<u8>) -> Result<Vec<(u32, String)>, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.csv");
        std::fs::write(&path, bytes).expect("written");
        let (mut scan, mut raw, mut rows) = (Scan::open(&path)?, Vec::new(), Vec::new());
        while let Some(row) = scan.row(separator, 200, &mut raw)? {
            rows.push(row);
        }
        let input = scan.finish();
        assert_eq!(input.digest.len(), 64);
        rows.into_iter().map(|row| Ok((row.line, input.read(row)?))).collect()
    }

    fn said(result: Result<Vec<(u32, String)>, Error>) -> String {
        match result.expect_err("refused") {
            Error::Failed(said) | Error::Usage(said) => said,
        }
    }

    #[test]
    fn rows_are_numbered_by_their_first_line() {
        let rows = scan(b"\xef\xbb\xbfa,b\r\n\r\n\"x\r\ny\",2\n  \n3,4", Some(b',')).expect("rows");
        let rows: Vec<(u32, &str)> = rows.iter().map(|(line, text)| (*line, &**text)).collect();
        assert_eq!(rows, [(1, "a,b"), (3, "\"x\r\ny\",2"), (6, "3,4")]);
        assert_eq!(scan(b"{\"a\": \"\n", None).expect("lines of JSON may have any quotes").len(), 1);
        assert_eq!(scan(b"", Some(b',')).expect("nothing"), []);
    }

    #[test]
    fn invalid_utf8_is_rejected_with_line_and_column() {
        let text = said(scan(b"name\nZo\xeb,1\n", Some(b',')));
        assert!(
            text.contains("people.csv:2:3: invalid UTF-8") && text.contains("0xEB") && text.contains("'ë'"),
            "{text}"
        );
        assert!(said(scan(b"\xff\xfen\0", Some(b','))).contains("UTF-16; add --encoding utf-16le"));
        assert!(said(scan(b"n\0a\0m\0e\0", Some(b','))).contains("UTF-16; add --encoding utf-16le"));
        assert!(said(scan(b"a\n\"b,\nc\n", Some(b','))).contains(":2: a quote"));
        assert!(said(scan(&[b'x'; 300], Some(b','))).contains(":1: this row is longer than 200 bytes"));
    }

    proptest::proptest! {
        /// Rows are found here and split by csv-core, so both must agree on where rows end.
        #[test]
        fn rows_match_those_of_the_csv_crate(text in "[ab,\"\n]{0,40}") {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|record| record.expect("cells").iter().map(ToOwned::to_owned).collect()).collect();
            if let Ok(rows) = scan(text.as_bytes(), Some(b',')) {
                let mut cells = Cells::new(b',');
                let says_something = |row: &Vec<String>| row.len() > 1 || !row[0].trim().is_empty();
                let found: Vec<_> = rows.iter().map(|(_, row)| cells.split(row)).filter(says_something).collect();
                let expected: Vec<_> = expected.into_iter().filter(says_something).collect();
                proptest::prop_assert_eq!(found, expected);
            }
        }
    }
}
