//! Numbers of a workbook whose format writes zeros or a text in front, such as `000123` or `E123`:
//! an id as it is shown, and as a CSV file of the sheet has it (D-287).
//!
//! The reader of workbooks does not return number formats, so they are read from the XML.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use calamine::DataRef;
use zip::ZipArchive;

/// A part of a number format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Digit,
    Text(char),
}

/// A format of zeros with texts before and between them, such as `000000`, `"E"0000` or
/// `"EMP-"General`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Format(Vec<Piece>);

impl Format {
    /// Parses a format. Returns `None` for those that add neither zeros nor letters, and those with
    /// a text at the end, which is a unit.
    fn parse(code: &str) -> Option<Self> {
        let (mut pieces, mut characters) = (Vec::new(), code.chars());
        while let Some(character) = characters.next() {
            match character {
                '0' => pieces.push(Piece::Digit),
                // These places are empty in a shorter number.
                '#' if is_place(characters.as_str()) => {}
                '#' => pieces.push(Piece::Digit),
                'G' | 'g' if is_general(characters.as_str()) => {
                    pieces.push(Piece::Digit);
                    characters = characters.as_str()[GENERAL.len()..].chars();
                }
                '\\' => pieces.push(Piece::Text(characters.next()?)),
                '"' => pieces.extend(characters.by_ref().take_while(|next| *next != '"').map(Piece::Text)),
                '-' | ' ' => pieces.push(Piece::Text(character)),
                // The format of negative numbers follows.
                ';' => break,
                _ => return None,
            }
        }
        let is_letter = |piece: &Piece| matches!(piece, Piece::Text(character) if character.is_alphanumeric());
        let has_letter = pieces.iter().any(is_letter);
        let format = Self(pieces);
        ((format.width() > 1 || has_letter) && format.0.last() == Some(&Piece::Digit)).then_some(format)
    }

    fn width(&self) -> usize {
        self.0.iter().filter(|piece| **piece == Piece::Digit).count()
    }

    /// Writes a number. Digits that are more than the format has stand at its first one.
    fn shown(&self, digits: &str) -> String {
        let width = self.width();
        let padded = format!("{digits:0>width$}");
        let (mut more, rest) = padded.split_at(padded.len() - width);
        let (mut rest, mut text) = (rest.chars(), String::new());
        for piece in &self.0 {
            match piece {
                Piece::Text(character) => text.push(*character),
                Piece::Digit => {
                    text.push_str(std::mem::take(&mut more));
                    text.extend(rest.next());
                }
            }
        }
        text
    }
}

/// The rest of the name of the format `General`.
const GENERAL: &str = "eneral";

fn is_general(rest: &str) -> bool {
    rest.get(..GENERAL.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(GENERAL))
}

/// Returns whether a format has another place for a digit after this one.
fn is_place(rest: &str) -> bool {
    rest.chars().take_while(|character| *character != ';').any(|character| matches!(character, '0' | '#'))
}

/// The cells of a sheet that have such a format.
#[derive(Debug, Default)]
pub struct PaddedNumbers {
    /// The format of each style of the workbook.
    styles: Vec<Option<Format>>,
    /// The positions of the cells, and their styles.
    cells: Vec<((u32, u32), usize)>,
}

impl PaddedNumbers {
    /// Finds the cells of the sheet `sheet`. The caller has checked the size of the content.
    ///
    /// # Errors
    /// There is such a format, but the sheet was not found.
    pub fn read(bytes: &[u8], sheet: &str) -> Result<Self, &'static str> {
        let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(Self::default()) };
        let styles = part(&mut archive, "xl/styles.xml").map(|xml| styles(&xml)).unwrap_or_default();
        if styles.iter().all(Option::is_none) {
            return Ok(Self::default());
        }
        let missing = "the number formats of the sheet were not found";
        let xml = part_of(&mut archive, sheet).and_then(|name| part(&mut archive, &name)).ok_or(missing)?;
        let mut cells = cells(&xml, &styles);
        cells.sort_unstable();
        Ok(Self { styles, cells })
    }

    /// Returns a number as the workbook shows it; `None` if its cell has no such format.
    pub fn shown(&self, position: (u32, u32), value: &DataRef<'_>) -> Option<String> {
        let at = self.cells.binary_search_by_key(&position, |(known, _)| *known).ok()?;
        let digits = match value {
            DataRef::Int(number) if *number >= 0 => number.to_string(),
            DataRef::Float(number) if number.fract() == 0.0 && (0.0..1e15).contains(number) => {
                format!("{:.0}", number.abs())
            }
            _ => return None,
        };
        let (_, style) = self.cells.get(at)?;
        Some(self.styles.get(*style)?.as_ref()?.shown(&digits))
    }
}

/// Returns the text of a part of the archive.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<String> {
    let is_named = |known: &&str| known.trim_start_matches('/').eq_ignore_ascii_case(name);
    let name = archive.file_names().find(is_named)?.to_owned();
    let mut bytes = Vec::new();
    archive.by_name(&name).ok()?.read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

/// Returns the name of the part with the sheet `sheet`.
fn part_of(archive: &mut ZipArchive<Cursor<&[u8]>>, sheet: &str) -> Option<String> {
    let workbook = part(archive, "xl/workbook.xml")?;
    let is_named = |tag: &Tag<'_>| tag.value("name").is_some_and(|name| unescaped(name) == sheet);
    let id = tags(&workbook).find(|tag| tag.name == "sheet" && is_named(tag))?.value("id")?;
    let relations = part(archive, "xl/_rels/workbook.xml.rels")?;
    let target = tags(&relations).find(|tag| tag.name == "Relationship" && tag.value("Id") == Some(id))?;
    let target = unescaped(target.value("Target")?);
    Some(target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned))
}

/// Returns the format of each style.
fn styles(xml: &str) -> Vec<Option<Format>> {
    let (mut codes, mut styles, mut is_within) = (BTreeMap::new(), Vec::new(), false);
    for tag in tags(xml) {
        match tag.name {
            "numFmt" => {
                codes.insert(tag.value("numFmtId"), tag.value("formatCode"));
            }
            "cellXfs" => is_within = !tag.is_end,
            "xf" if is_within && !tag.is_end => {
                let code = codes.get(&tag.value("numFmtId")).copied().flatten();
                styles.push(code.and_then(|code| Format::parse(&unescaped(code))));
            }
            _ => {}
        }
    }
    styles
}

/// Returns the cells that have one of the formats. Cells without a position follow the one before.
fn cells(xml: &str, styles: &[Option<Format>]) -> Vec<((u32, u32), usize)> {
    let (mut cells, mut row, mut column) = (Vec::new(), 0_u32, 0_u32);
    for tag in tags(xml) {
        match tag.name {
            "row" => {
                let number = tag.value("r").and_then(|row| row.parse::<u32>().ok()?.checked_sub(1));
                row = number.unwrap_or(row);
                if tag.is_end || tag.is_empty {
                    (row, column) = (row.saturating_add(1), 0);
                }
            }
            "c" if !tag.is_end => {
                (row, column) = tag.value("r").and_then(position).unwrap_or((row, column));
                let style = tag.value("s").and_then(|style| style.parse::<usize>().ok());
                let padded = style.filter(|style| styles.get(*style).is_some_and(Option::is_some));
                cells.extend(padded.filter(|_| !tag.is_empty).map(|style| ((row, column), style)));
                column = column.saturating_add(1);
            }
            _ => {}
        }
    }
    cells
}

/// Returns the row and the column of a cell such as B4, from 0.
fn position(address: &str) -> Option<(u32, u32)> {
    let (letters, row) = address.split_at(address.find(|character: char| character.is_ascii_digit())?);
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        let letter = letter.to_ascii_uppercase().checked_sub(b'A').filter(|letter| *letter < 26)?;
        column.checked_mul(26)?.checked_add(u32::from(letter) + 1)
    })?;
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

/// A tag of an XML text.
#[derive(Clone, Copy, Debug)]
struct Tag<'a> {
    /// Its name without a prefix.
    name: &'a str,
    is_end: bool,
    /// Whether the element ends with this tag.
    is_empty: bool,
    text: &'a str,
}

impl<'a> Tag<'a> {
    /// Returns the value of an attribute, by its name without a prefix.
    fn value(&self, name: &str) -> Option<&'a str> {
        self.text.match_indices(name).find_map(|(at, _)| {
            let is_name = self.text[..at].ends_with(|before: char| before.is_whitespace() || before == ':');
            let rest = self.text[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
            let quote = rest.chars().next().filter(|quote| is_name && matches!(*quote, '"' | '\''))?;
            rest[1..].split(quote).next()
        })
    }
}

fn tags(xml: &str) -> impl Iterator<Item = Tag<'_>> {
    xml.split('<').skip(1).map(|part| {
        let text = part.split('>').next().unwrap_or_default();
        let name = text.trim_start_matches('/').split(|end: char| end.is_whitespace() || end == '/').next();
        let name = name.unwrap_or_default();
        Tag {
            name: name.rsplit(':').next().unwrap_or_default(),
            is_end: text.starts_with('/'),
            is_empty: text.ends_with('/'),
            text,
        }
    })
}

fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    named.into_iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spreadsheet::tests::book;

    #[test]
    fn numbers_are_shown_with_their_zeros() {
        for (code, digits, expected) in [
            ("000000", "123", Some("000123")),
            ("000000", "1234567", Some("1234567")),
            ("00", "0", Some("00")),
            ("\"E\"0000", "12", Some("E0012")),
            ("000\\-00\\-0000", "123456789", Some("123-45-6789")),
            ("000-000", "1234567", Some("1234-567")),
            ("0000;-0000", "7", Some("0007")),
            ("0", "7", None),
            ("General", "7", None),
            ("0.00", "7", None),
            ("#,##0", "7", None),
            ("00\" h\"", "7", None),
            ("yyyy-mm-dd", "7", None),
            ("@", "7", None),
            ("\\", "7", None),
            ("", "7", None),
            ("\"E\"0", "12", Some("E12")),
            ("\"EMP-\"General", "12", Some("EMP-12")),
            ("\"E\"#", "12", Some("E12")),
            ("\"E\"###0", "12", Some("E12")),
            ("\\E0;-0", "7", Some("E7")),
            ("#", "7", None),
            ("-0", "7", None),
            ("General\" h\"", "7", None),
            ("\"E\"#,##0", "7", None),
            ("\"USD \"0.00", "7", None),
        ] {
            assert_eq!(Format::parse(code).map(|format| format.shown(digits)).as_deref(), expected, "{code}: {digits}");
        }
    }

    #[test]
    fn ids_of_a_workbook_are_read_as_they_are_shown() {
        let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let row = |cells: &str| format!("<row>{cells}</row>");
        let rows = row(&text("Employee No"))
            + &row("<c s=\"2\"><v>123</v></c><c s=\"2\"/><c s=\"0\"><v>123</v></c>")
            + "<row r=\"4\"><c r=\"C4\" s=\"2\"><v>7</v></c><c r=\"D4\" s=\"2\" t=\"str\"><v>8</v></c></row>";
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.xlsx");
        std::fs::write(&path, book(&[("Staff &amp; more", &rows), ("Other", "")], "<sst/>")).expect("written");
        let sheet = crate::spreadsheet::read(&path, None).expect("read");
        assert_eq!(String::from_utf8_lossy(&sheet.text), "Employee No\n000123,,123\n\n,,000007,8\n");
    }

    #[test]
    fn positions_are_read() {
        assert_eq!((position("A1"), position("AB12")), (Some((0, 0)), Some((11, 27))));
        assert_eq!((position("A0"), position("12"), position("\u{e4}1"), position("A")), (None, None, None, None));
    }
}
