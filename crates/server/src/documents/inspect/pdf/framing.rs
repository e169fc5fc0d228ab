//! The bytes around the objects of a signed file: tables, ends of revisions and the byte ranges of
//! signatures.
//!
//! A signed file is delivered unchanged, so viewers must find the inspected objects in it. Viewers
//! that consider a file damaged search it for objects instead of reading its tables. So every table
//! row must have the exact format, and nothing that looks like an object, a table or an end may
//! occur anywhere else, including streams and strings.

use std::collections::HashSet;
use std::ops::Range;

use super::super::error::InspectError;
use super::syntax::{damaged, is_space};

/// Maximum number of white-space bytes at the end of the file.
const TRAILING: usize = 32;

/// Checks a file whose tables start at `sections`, and whose tables and objects are in `spans`.
///
/// # Errors
/// A viewer might read the file differently.
pub(super) fn check(bytes: &[u8], sections: &[usize], spans: &[(usize, usize)]) -> Result<(), InspectError> {
    let mut keywords = HashSet::new();
    for (start, _) in spans.iter().filter(|(start, _)| !bytes[*start..].starts_with(b"xref")) {
        keywords.insert(
            header(bytes, *start).ok_or_else(|| damaged("an object is not where its cross-reference table says"))?,
        );
    }
    if positions(bytes, b"obj").any(|at| !keywords.contains(&at) && may_begin_object(bytes, at)) {
        return Err(damaged("something in it looks like an object"));
    }
    let mut tables = 0;
    for at in sections {
        if bytes[*at..].starts_with(b"xref") {
            table(bytes, *at).ok_or_else(|| damaged("its cross-reference table is written in an unusual way"))?;
            tables += 1;
        } else if !bytes[*at].is_ascii_digit() {
            return Err(damaged("its cross-reference table is not where it should be"));
        }
    }
    if positions(bytes, b"trailer").count() != tables {
        return Err(damaged("something in it looks like a cross-reference table"));
    }
    ends(bytes, sections).ok_or_else(|| damaged("it does not end as it should"))
}

/// Checks that each signature covers the file except for itself up to the end of a revision, and
/// that the newest one covers the whole file.
///
/// # Errors
/// A signature does not.
pub(super) fn check_ranges(bytes: &[u8], ranges: &[Vec<usize>]) -> Result<(), InspectError> {
    let wrong = || {
        InspectError::new(
            "The PDF file was changed after it was signed, or only a part of it is signed. Send it without the \
             signature.",
        )
    };
    let mut covered = 0;
    for range in ranges {
        let [0, before, after, length] = range.as_slice() else { return Err(wrong()) };
        let end = after.checked_add(*length).filter(|end| *end <= bytes.len()).ok_or_else(wrong)?;
        let contents = bytes.get(*before..*after).ok_or_else(wrong)?;
        let hex = contents.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).ok_or_else(wrong)?;
        // A signature is a DER sequence.
        if !hex.starts_with(b"30") || !hex.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
        covered = covered.max(end);
    }
    if bytes[covered..].iter().all(|byte| is_space(*byte)) { Ok(()) } else { Err(wrong()) }
}

/// Returns the offsets at which `word` occurs.
fn positions<'b>(bytes: &'b [u8], word: &'static [u8]) -> impl Iterator<Item = usize> + 'b {
    bytes.windows(word.len()).enumerate().filter(move |(_, window)| *window == word).map(|(at, _)| at)
}

/// Returns the offset of the word `obj` of the object at `start`: `12 0 obj`, with single spaces.
fn header(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let number = digits(rest);
    let generation = digits(rest.get(number + 1..)?);
    let at = number + generation + 2;
    let is_exact = number > 0 && generation > 0 && rest[number] == b' ' && rest.get(at - 1) == Some(&b' ');
    (is_exact && rest[at..].starts_with(b"obj")).then_some(start + at)
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Returns whether a viewer that searches for objects may consider `obj` at `at` the start of one:
/// it is a separate word, or follows two numbers.
fn may_begin_object(bytes: &[u8], at: usize) -> bool {
    let ends_word = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let before = &bytes[..at];
    let starts_word = before.last().is_none_or(|byte| byte.is_ascii_digit() || !byte.is_ascii_alphanumeric());
    let is_word = starts_word && before.last().is_some_and(u8::is_ascii) && ends_word(bytes.get(at + 3));
    let (generation, between) = trimmed(before);
    let is_numbered = between > 0 && before[..generation].last().is_some_and(u8::is_ascii_digit);
    is_word && bytes.get(at + 3).is_some_and(u8::is_ascii) || is_numbered
}

/// Returns the length of `bytes` without trailing white space, and the length of that white space.
fn trimmed(bytes: &[u8]) -> (usize, usize) {
    let space = bytes.iter().rev().take_while(|byte| is_space(**byte)).count();
    (bytes.len() - space, space)
}

/// Parses one end of line.
fn line_end(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r' | b'\n', ..] => Some(1),
        _ => None,
    }
}

/// Parses a table with rows of exactly 20 bytes (ISO 32000-2, section 7.5.4).
fn table(bytes: &[u8], at: usize) -> Option<()> {
    let mut rest = bytes.get(at + 4..)?;
    rest = &rest[line_end(rest)?..];
    while !rest.starts_with(b"trailer") {
        let first = digits(rest);
        let count = digits(rest.get(first + 1..)?);
        let rows: usize = std::str::from_utf8(&rest[first + 1..first + 1 + count]).ok()?.parse().ok()?;
        if first == 0 || rest[first] != b' ' {
            return None;
        }
        rest = &rest[first + 1 + count..];
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
        rest = &rest[line_end(rest)?..];
        let length = rows.checked_mul(20).filter(|length| *length <= rest.len())?;
        let (table, after) = rest.split_at(length);
        table.chunks_exact(20).all(is_row).then_some(())?;
        rest = after;
    }
    Some(())
}

fn is_row(row: &[u8]) -> bool {
    row[..10].iter().chain(&row[11..16]).all(u8::is_ascii_digit)
        && row[10] == b' '
        && row[16] == b' '
        && matches!(row[17], b'n' | b'f')
        && matches!(&row[18..], b" \n" | b" \r" | b"\r\n")
}

/// Checks that each `startxref` is followed by a line with the offset of a table and a line with
/// `%%EOF`, and that nothing follows the last one.
fn ends(bytes: &[u8], sections: &[usize]) -> Option<()> {
    let mut last = 0..0;
    for at in positions(bytes, b"startxref") {
        let mut end = at + 9;
        end += line_end(&bytes[end..])?;
        let number = digits(&bytes[end..]);
        let place: Range<usize> = end..end + number;
        let table: usize = std::str::from_utf8(&bytes[place.clone()]).ok()?.parse().ok()?;
        end = place.end;
        end += line_end(&bytes[end..])?;
        bytes[end..].starts_with(b"%%EOF").then_some(())?;
        // A linearized file has offset 0 after its first table.
        (table == 0 || sections.contains(&table)).then_some(())?;
        last = table..end + 5;
    }
    let rest = bytes.get(last.end..)?;
    let is_end = rest.len() <= TRAILING && rest.iter().all(|byte| is_space(*byte));
    (is_end && sections.first() == Some(&last.start)).then_some(())
}
