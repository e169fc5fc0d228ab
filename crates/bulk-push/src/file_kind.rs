//! Recognises files that are no text, or whose text is no table, by their first bytes.

use std::io::Read as _;
use std::path::Path;

use crate::error::Error;

/// What the start of a file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A ZIP archive, such as a workbook.
    Workbook,
    /// A file of another kind, with its name.
    Other(&'static str),
    Text,
}

/// Starts of files in lower case, and what they are.
const STARTS: [(&[u8], &str); 9] = [
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or has a password"),
    (b"%pdf", "a PDF"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"{\\rtf", "a rich text document"),
    (b"<!doctype", "a web page (HTML), which some systems name .xls"),
    (b"<html", "a web page (HTML), which some systems name .xls"),
    (b"<table", "a web page (HTML), which some systems name .xls"),
    (b"<?xml", "an XML file, such as a spreadsheet of Excel 2003"),
    (b"mime-version:", "a web archive (MHTML), which some systems name .xls"),
];

/// Files in ZIP archives, and what archives with them are.
const ARCHIVES: [(&str, &str); 4] = [
    ("content.xml", "an OpenDocument file (.ods)"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
];

impl FileKind {
    /// Reads the first bytes of a file.
    pub fn of(path: &Path) -> Self {
        let mut start = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
        if read.is_ok() { Self::of_start(&start) } else { Self::Text }
    }

    fn of_start(start: &[u8]) -> Self {
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return Self::Workbook;
        }
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start().to_ascii_lowercase();
        let found = STARTS.iter().find(|(known, _)| text.starts_with(known));
        found.map_or(Self::Text, |(_, what)| Self::Other(what))
    }
}

/// Returns what a ZIP archive with these files is, if it is no workbook that can be read.
pub fn other_archive(names: &[&str]) -> Option<&'static str> {
    match ARCHIVES.iter().find(|(known, _)| names.contains(known)) {
        Some((_, what)) => Some(what),
        None if names.iter().any(|name| name.ends_with("workbook.xml")) => None,
        None => Some("a ZIP archive; unpack it first"),
    }
}

/// Creates the error for a file that is `what`.
pub fn refusal(name: &str, what: &str) -> Error {
    Error::Usage(format!("{name} is {what}. Save it as .xlsx without a password, or as \"CSV UTF-8\", and push that"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_what_they_are() {
        for (start, part) in [
            (&b"<html><body><table>"[..], "HTML"),
            (&b"\r\n  <TABLE border=1>"[..], "HTML"),
            (&b"\xef\xbb\xbf<?xml version=\"1.0\"?><Workbook>"[..], "Excel 2003"),
            (&b"%PDF-1.4\n"[..], "PDF"),
            (&b"\x1f\x8b\x08\0"[..], "gzip"),
            (&b"\xd0\xcf\x11\xe0\xa1"[..], "old Excel file"),
            (&b"MIME-Version: 1.0\r\n"[..], "MHTML"),
        ] {
            assert!(matches!(FileKind::of_start(start), FileKind::Other(what) if what.contains(part)), "{part}");
        }
        for text in [&b"Employee No,Name\n"[..], &b"{\"a\": 1}"[..], &b"<Name>,Job\n"[..], &b""[..]] {
            assert_eq!(FileKind::of_start(text), FileKind::Text);
        }
        assert_eq!(FileKind::of_start(b"PK\x03\x04abc"), FileKind::Workbook);
    }

    #[test]
    fn archives_are_named_by_their_files() {
        assert_eq!(other_archive(&["xl/workbook.xml", "xl/styles.xml"]), None);
        assert!(other_archive(&["mimetype", "content.xml"]).is_some_and(|what| what.contains(".ods")));
        assert!(other_archive(&["xl/workbook.bin"]).is_some_and(|what| what.contains(".xlsb")));
        assert!(other_archive(&["people.csv"]).is_some_and(|what| what.contains("unpack")));
    }
}
