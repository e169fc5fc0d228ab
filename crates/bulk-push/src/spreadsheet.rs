//! Reads a sheet of an Excel workbook (`.xlsx`) as the text of a table.
//!
//! Each row of the sheet becomes the line with its number, so that messages name the row that the
//! spreadsheet shows. A workbook is a ZIP archive, so its memory is bounded before it is read.

use std::io::{Cursor, Read};
use std::path::Path;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use zip::ZipArchive;

use crate::error::Error;
use crate::file_kind::{other_archive, refusal};
use crate::hidden_rows::HiddenRows;
use crate::input::Merged;
use crate::padded_numbers::PaddedNumbers;
use crate::printable::printable;

/// Maximum size of a workbook.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// Maximum size of its unpacked content.
const LARGEST_CONTENT: u64 = 128 * 1024 * 1024;
/// Maximum size of the text of a sheet. Cells can share one long text.
const LARGEST_TEXT: usize = 256 * 1024 * 1024;
/// Maximum number of columns.
const MAX_COLUMNS: usize = 1024;
/// Excel's maximum number of rows.
const MAX_ROWS: u32 = 1_048_576;
/// The separator of cells in the text.
pub const SEPARATOR: char = ',';

type Workbook<'a> = Xlsx<Cursor<&'a [u8]>>;

/// A sheet as text, and what it does not show.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Its name.
    pub title: String,
    /// Comma-separated text.
    pub text: Vec<u8>,
    /// The cells that are merged over several rows.
    pub merged: Vec<Merged>,
    /// Rows that are hidden or filtered out, which the text has too. They are counted in all
    /// sheets.
    pub hidden_rows: u64,
    /// Hidden sheets with rows, which are not read.
    pub hidden_sheets: u64,
}

/// Reads the sheet `wanted`, or else the only one with content, as comma-separated text.
pub fn read(path: &Path, wanted: Option<&str>) -> Result<Sheet, Error> {
    let name = printable(&path.display().to_string());
    let refuse = |error: std::io::Error| Error::Failed(format!("{name} cannot be read: {error}"));
    if std::fs::metadata(path).map_err(refuse)?.len() > LARGEST_FILE {
        return Err(too_large(&name));
    }
    let bytes = std::fs::read(path).map_err(refuse)?;
    let hidden_rows = check_size(&name, &bytes, LARGEST_CONTENT)?;
    let mut book: Workbook<'_> = calamine::open_workbook_from_rs::<Workbook<'_>, _>(Cursor::new(bytes.as_slice()))
        .map_err(|error| unreadable(&name, &error))?;
    let (sheet, hidden_sheets) = sheet(&mut book, &name, wanted)?;
    let merged = merged(&mut book, &name, &sheet)?;
    let padded = PaddedNumbers::read(&bytes, &sheet).map_err(|error| unreadable(&name, &error))?;
    Ok(Sheet { text: text(&mut book, &name, &sheet, &padded)?, title: sheet, merged, hidden_rows, hidden_sheets })
}

/// Returns the cells that are merged over several rows.
fn merged(book: &mut Workbook<'_>, name: &str, sheet: &str) -> Result<Vec<Merged>, Error> {
    let found = book.merge_cells_by_sheet_name(sheet).map_err(|error| unreadable(name, &error))?;
    let column = |column: u32| usize::try_from(column).unwrap_or(usize::MAX);
    let merged = found.into_iter().filter(|cells| cells.end.0 > cells.start.0).map(|cells| Merged {
        range: format!("{}:{}", address(cells.start), address(cells.end)),
        last_row: cells.end.0.saturating_add(1),
        columns: column(cells.start.1)..=column(cells.end.1).min(MAX_COLUMNS),
    });
    Ok(merged.collect())
}

/// Returns the name of a cell, such as B4, from its row and column.
fn address((row, column): (u32, u32)) -> String {
    let (mut letters, mut left) = (String::new(), u64::from(column) + 1);
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.insert(0, char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    format!("{letters}{}", u64::from(row) + 1)
}

fn too_large(name: &str) -> Error {
    Error::Failed(format!("{name} is too large for a workbook; save the sheet as \"CSV UTF-8\" and push that"))
}

fn unreadable(name: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Failed(printable(&format!(
        "{name} cannot be read as an Excel workbook: {error}. Save it as .xlsx without a password, or as \"CSV UTF-8\""
    )))
}

/// Unpacks the archive without keeping it, because the sizes that it declares may be wrong. Returns
/// the number of hidden rows.
fn check_size(name: &str, bytes: &[u8], most: u64) -> Result<u64, Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(name, &error))?;
    if let Some(what) = other_archive(&archive.file_names().collect::<Vec<_>>()) {
        return Err(refusal(name, what));
    }
    let (mut left, mut hidden) = (most, HiddenRows::default());
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| unreadable(name, &error))?;
        let has_texts = file.name().to_ascii_lowercase().ends_with("sharedstrings.xml");
        let mut unpacked = file.take(left + 1);
        hidden.begin();
        let mut texts = Vec::new();
        let read = if has_texts {
            unpacked.read_to_end(&mut texts).map(|read| u64::try_from(read).unwrap_or(u64::MAX))
        } else {
            std::io::copy(&mut unpacked, &mut hidden)
        };
        let read = read.map_err(|error| unreadable(name, &error))?;
        left = left.checked_sub(read).ok_or_else(|| too_large(name))?;
        if claims_too_many(&texts) {
            return Err(unreadable(name, &"it declares more texts than it has"));
        }
    }
    Ok(hidden.count)
}

/// Returns whether the list of texts declares more of them than fit into it. The reader reserves
/// memory for the declared number.
fn claims_too_many(texts: &[u8]) -> bool {
    let attribute: &[u8] = b"uniqueCount";
    let most = texts.len() / b"<si/>".len();
    let after = |at: usize| texts[at + attribute.len()..].iter().copied();
    let number = |at: usize| -> String {
        let digits = after(at).skip_while(|byte| !byte.is_ascii_digit()).take_while(u8::is_ascii_digit).take(20);
        digits.map(char::from).collect()
    };
    let mut places = texts.windows(attribute.len()).enumerate().filter(|(_, found)| *found == attribute);
    places.any(|(at, _)| !number(at).parse::<usize>().is_ok_and(|number| number <= most))
}

/// Chooses the sheet. Returns its name, and the number of hidden sheets with rows.
fn sheet(book: &mut Workbook<'_>, name: &str, wanted: Option<&str>) -> Result<(String, u64), Error> {
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let sheets: Vec<(String, bool)> =
        sheets.map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect();
    let listed = |names: &[&str]| printable(&names.join(", "));
    if let Some(wanted) = wanted {
        let found = sheets.iter().find(|(sheet, _)| sheet.trim().eq_ignore_ascii_case(wanted.trim()));
        let names: Vec<&str> = sheets.iter().map(|(sheet, _)| sheet.as_str()).collect();
        return found.map(|(sheet, _)| (sheet.clone(), 0)).ok_or_else(|| {
            Error::Usage(format!("{name} has no sheet '{wanted}'. Its sheets are: {}", listed(&names)))
        });
    }
    let (mut full, mut hidden) = (Vec::new(), 0);
    for (sheet, is_visible) in &sheets {
        if *is_visible {
            full.extend(has_content(book, name, sheet)?.then_some(sheet.as_str()));
        } else {
            hidden += u64::from(has_content(book, name, sheet).unwrap_or(true));
        }
    }
    match full.as_slice() {
        [one] => Ok(((*one).to_owned(), hidden)),
        [] => Err(Error::Failed(format!("{name} has no sheet with rows"))),
        several => Err(Error::Usage(format!(
            "{name} has several sheets with rows: {}. Choose one with --sheet NAME",
            listed(several)
        ))),
    }
}

fn has_content(book: &mut Workbook<'_>, name: &str, sheet: &str) -> Result<bool, Error> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| unreadable(name, &error))?;
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(name, &error))? {
        if !shown(cell.get_value()).is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the cells of a sheet as comma-separated text.
fn text(book: &mut Workbook<'_>, name: &str, sheet: &str, padded: &PaddedNumbers) -> Result<Vec<u8>, Error> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| unreadable(name, &error))?;
    let (mut text, mut row, mut length, mut at) = (String::new(), Vec::<String>::new(), 0, 0);
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|error| unreadable(name, &error))? {
        let (line, column) = cell.pos;
        let value = padded.shown(cell.pos, &cell.value).unwrap_or_else(|| shown(&cell.value));
        if cell.formula.is_some() && matches!(cell.value, DataRef::Empty) {
            return Err(Error::Failed(printable(&format!(
                "{name}: the formula in {} has no stored value. Open the file in a spreadsheet program, and save it \
                 again",
                address(cell.pos)
            ))));
        }
        if value.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if line < at || line >= MAX_ROWS || column >= MAX_COLUMNS {
            let place = format!("row {}, column {} is out of order or too far away", u64::from(line) + 1, column + 1);
            return Err(unreadable(name, &place));
        }
        if line > at {
            put(&mut text, &mut row);
            text.extend((at..line).map(|_| '\n'));
            (at, length) = (line, 0);
        }
        length += value.len();
        if text.len() + length > LARGEST_TEXT {
            return Err(too_large(name));
        }
        row.resize(row.len().max(column + 1), String::new());
        row[column] = value;
    }
    put(&mut text, &mut row);
    text.push('\n');
    Ok(text.into_bytes())
}

/// Adds a row to the text and empties it.
fn put(text: &mut String, row: &mut Vec<String>) {
    for (index, cell) in row.drain(..).enumerate() {
        if index > 0 {
            text.push(SEPARATOR);
        }
        if cell.contains([SEPARATOR, '"']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
}

/// Returns the text of a cell: dates as ISO 8601, and numbers as the digits of an id.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        // Excel keeps 15 digits, so a longer id has lost its end. This form of it is refused.
        DataRef::Float(number) if number.fract() == 0.0 => format!("{number:E}").replace('E', "E+"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(is) => is.to_string(),
        // A formula of an empty cell is the day 0.
        DataRef::DateTime(date) if date.is_datetime() && date.as_f64() < 1.0 => "0000-00-00".to_owned(),
        DataRef::DateTime(date) if date.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            // Milliseconds are rounded, so the end of a day may be the hour 24.
            let (hour, minute, second) = if hour > 23 { (23, 59, 59) } else { (hour, minute, second) };
            let time = format!(" {hour:02}:{minute:02}:{second:02}");
            let time = if time == " 00:00:00" { "" } else { time.as_str() };
            format!("{year:04}-{month:02}-{day:02}{time}")
        }
        DataRef::DateTime(duration) => duration.as_f64().to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => one_line(text),
        DataRef::SharedString(text) => one_line(text),
    }
}

/// Replaces line endings within a cell, because each row is one line of the text.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::file_kind::FileKind;

    const ROWS: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Start date</t></is></c></row>
        <row r="2"><c r="A2" s="1"/></row>
        <row r="4"><c r="A4"><v>1001</v></c><c r="B4" s="1"><v>43556</v></c><c r="C4" t="str"><f>A1</f><v>Ada, "A"</v></c>
        <c r="D4" t="s"><v>1</v></c><c r="E4" t="b"><v>1</v></c><c r="F4"><f>1+1</f><v>2.5</v></c><c r="G4" s="1"><v>0</v></c></row>"#;

    /// Returns a workbook with sheets of these rows.
    pub fn book(sheets: &[(&str, &str)], texts: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut add = |name: &str, content: &str| {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("started");
            zip.write_all(content.as_bytes()).expect("written");
        };
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let (mut list, mut relations) = (String::new(), String::new());
        for (index, (name, rows)) in sheets.iter().enumerate() {
            list += &format!("<sheet name=\"{name}\" sheetId=\"{}\" r:id=\"r{index}\"/>", index + 1);
            relations += &format!(
                "<Relationship Id=\"r{index}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{index}.xml\"/>"
            );
            let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>");
            add(&format!("xl/worksheets/sheet{index}.xml"), &sheet);
        }
        let root = format!(
            "<Relationships xmlns=\"{package}\"><Relationship Id=\"r0\" Type=\"{office}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        );
        add("_rels/.rels", &root);
        add("xl/_rels/workbook.xml.rels", &format!("<Relationships xmlns=\"{package}\">{relations}</Relationships>"));
        let workbook = format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{list}</sheets></workbook>");
        add("xl/workbook.xml", &workbook);
        let styles = "<numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"000000\"/></numFmts>\
            <cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs>";
        add("xl/styles.xml", &format!("<styleSheet xmlns=\"{main}\">{styles}</styleSheet>"));
        add("xl/sharedStrings.xml", texts);
        zip.finish().expect("finished").into_inner()
    }

    const TEXTS: &str = "<sst uniqueCount=\"2\"><si><t>Employee No</t></si><si><t>two\nlines</t></si></sst>";

    fn read_book(bytes: &[u8], sheet: Option<&str>) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.xlsx");
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(FileKind::of(&path), FileKind::Workbook);
        let sheet = read(&path, sheet).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(sheet.text).expect("UTF-8"))
    }

    #[test]
    fn cells_are_read_by_their_type_on_the_line_of_their_row() {
        let text = read_book(&book(&[("People", ROWS), ("Empty", "")], TEXTS), None).expect("read");
        let row = "1001,2019-04-01,\"Ada, \"\"A\"\"\",two lines,true,2.5,0000-00-00";
        assert_eq!(text, format!("Employee No,Start date\n\n\n{row}\n"));
    }

    #[test]
    fn formulas_without_a_stored_value_are_refused() {
        let rows = r#"<row r="1"><c r="A1"><v>1</v></c><c r="AB1"><f>TODAY()</f></c></row>"#;
        let said = read_book(&book(&[("People", rows)], TEXTS), None).expect_err("no value");
        assert!(said.contains("formula in AB1"), "{said}");
        let empty = r#"<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="str"><f>A2</f><v></v></c></row>"#;
        assert_eq!(read_book(&book(&[("People", empty)], TEXTS), None).expect("an empty text"), "1\n");
    }

    #[test]
    fn one_of_several_sheets_must_be_chosen() {
        let bytes = book(&[("People", ROWS), ("Old", ROWS)], TEXTS);
        let said = read_book(&bytes, None).expect_err("which?");
        assert!(said.contains("People, Old") && said.contains("--sheet NAME"), "{said}");
        assert!(read_book(&bytes, Some("people")).is_ok());
        let said = read_book(&bytes, Some("New")).expect_err("none");
        assert!(said.contains("no sheet 'New'") && said.contains("People, Old"), "{said}");
        assert!(read_book(&book(&[("People", "")], TEXTS), None).is_err());
    }

    #[test]
    fn hostile_workbooks_are_refused_before_they_are_read() {
        let bomb = book(&[("People", &" ".repeat(1024 * 1024))], TEXTS);
        let said = check_size("people.xlsx", &bomb, 1024 * 1024).expect_err("too large").to_string();
        assert!(bomb.len() < 16 * 1024 && said.contains("too large"), "{said}");
        let lie = TEXTS.replace("\"2\"", "\"99999999999\"");
        let said = read_book(&book(&[("People", ROWS)], &lie), None).expect_err("a lie");
        assert!(said.contains("more texts than it has"), "{said}");
        let far = "<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>";
        assert!(read_book(&book(&[("People", far)], TEXTS), None).is_err_and(|said| said.contains("too far away")));
        assert!(read_book(b"PK\x03\x04 and no more", None).is_err_and(|said| said.contains("Excel workbook")));
    }

    #[test]
    fn hidden_rows_and_sheets_are_counted() {
        let cell = |row: u32| format!("<c r=\"A{row}\"><v>{row}</v></c>");
        let rows = format!(
            "<row r=\"1\">{}</row><row r=\"2\" hidden=\"1\">{}</row><row hidden=\"true\" r=\"3\"/>\
             <row r=\"4\" hidden=\"1\"></row><row r=\"5\" hidden=\"0\">{}</row>",
            cell(1),
            cell(2),
            cell(5)
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.xlsx");
        std::fs::write(&path, book(&[("People", &rows), ("Old\" state=\"hidden", ROWS)], TEXTS)).expect("written");
        let sheet = read(&path, None).expect("the visible one");
        assert_eq!((sheet.hidden_rows, sheet.hidden_sheets, &*sheet.text), (1, 1, &b"1\n2\n\n\n5\n"[..]));
    }

    #[test]
    fn other_archives_are_named() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("content.xml", zip::write::SimpleFileOptions::default()).expect("started");
        let bytes = zip.finish().expect("finished").into_inner();
        let said = read_book(&bytes, None).expect_err("no workbook");
        assert!(said.contains("OpenDocument") && said.contains("Save it as .xlsx"), "{said}");
    }

    #[test]
    fn empty_rows_take_one_byte_each() {
        let empty: String =
            (2..20_000).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"/></row>")).collect();
        let rows = format!("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>{empty}");
        assert_eq!(read_book(&book(&[("People", &rows)], TEXTS), None).expect("read"), "1\n");
    }
}
