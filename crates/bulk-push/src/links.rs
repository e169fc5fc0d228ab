//! Reads the file of links that a push has written.

use std::collections::HashMap;
use std::path::Path;

use credential::Type;

use crate::cells::separator;
use crate::encodings;
use crate::error::Error;
use crate::file_kind::{FileKind, refusal};
use crate::formula_cells::unguarded;
use crate::heading::declared_separator;
use crate::printable::printable;
use crate::spreadsheet;

/// One row of the file of links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkRow {
    /// The person, as named in the input file.
    pub person: String,
    /// The credential's id.
    pub credential_id: String,
    pub redirect_uri: String,
    /// The server's id of the request.
    pub request_id: String,
}

impl LinkRow {
    /// Returns the credential type that the link's path names.
    pub fn credential_type(&self) -> Option<Type> {
        let (_, path) = self.redirect_uri.split_once("/partner/add/")?;
        let name = path.split(['#', '?', '/']).next()?;
        credential::ALL.iter().copied().find(|known| known.redirect_name == name)
    }
}

/// Reads the rows, also of a file that a spreadsheet has saved. Of several rows with one
/// `credential_id` only the last counts.
///
/// # Errors
/// The file cannot be read, or is not a whole file of links.
pub fn read(path: &Path) -> Result<Vec<LinkRow>, Error> {
    let name = path.display().to_string();
    parse(&name, &text(&name, path)?)
}

/// Reads the file as UTF-8: a workbook and UTF-16 are converted.
fn text(name: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = match FileKind::of(path) {
        FileKind::Workbook => return spreadsheet::read(path, None).map(|sheet| sheet.text),
        FileKind::Other(what) => return Err(refusal(name, what)),
        FileKind::Text => std::fs::read(path),
    };
    let bytes = bytes.map_err(|error| Error::Failed(format!("{name} cannot be read: {error}")))?;
    let bytes = match encodings::utf16(&bytes) {
        Some(encoding) => encodings::read(path, encoding)?,
        None => bytes,
    };
    if std::str::from_utf8(&bytes).is_err() {
        return Err(Error::Usage(format!("{name} is not UTF-8. Save it as \"CSV UTF-8\" in Excel, or as UTF-8")));
    }
    Ok(bytes)
}

fn parse(name: &str, bytes: &[u8]) -> Result<Vec<LinkRow>, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (head, below) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1));
    let declared = declared_separator(String::from_utf8_lossy(head).trim_end_matches(['\r', '\n']));
    let bytes = if declared.is_some() { below } else { bytes };
    let delimiter = declared.unwrap_or_else(|| separator(bytes));
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let malformed = |error: csv::Error| Error::Usage(format!("{name} is not a file of links: {error}"));
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |wanted: &str| header.iter().position(|found| found.trim().eq_ignore_ascii_case(wanted));
    let Some(id) = column("credential_id") else {
        return Err(Error::Usage(format!(
            "{name} is not a file of links: it has no column credential_id. `tenure push FILE` writes FILE.links.csv"
        )));
    };
    let (person, link, request) = (column("person"), column("redirect_uri"), column("request_id"));
    let needed = [Some(id), link, request].into_iter().flatten().max().unwrap_or_default();
    let is_whole = bytes.ends_with(b"\n");
    let (mut rows, mut places): (Vec<LinkRow>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let is_last = record.position().is_some_and(|at| is_last_row(bytes, at.byte()));
        // A spreadsheet may leave out empty cells at the end of a row.
        if record.len() <= needed || is_last && !is_whole && record.len() < header.len() {
            return Err(cut(name, record.get(id).unwrap_or_default()));
        }
        let cell = |column: Option<usize>| column.and_then(|at| record.get(at)).unwrap_or_default().to_owned();
        let row = LinkRow {
            person: unguarded(&cell(person)).to_owned(),
            credential_id: unguarded(&cell(Some(id))).to_owned(),
            redirect_uri: cell(link),
            request_id: cell(request),
        };
        if row.credential_id.is_empty() {
            continue;
        }
        if is_rounded(&row.credential_id) {
            return Err(Error::Usage(format!(
                "{name}: a spreadsheet has changed the credential_id {}. Use the file that `tenure push` wrote",
                printable(&row.credential_id)
            )));
        }
        match places.get(&row.credential_id) {
            Some(at) => rows[*at] = row,
            None => {
                places.insert(row.credential_id.clone(), rows.len());
                rows.push(row);
            }
        }
    }
    if rows.is_empty() {
        return Err(Error::Failed(format!("{name} has no links")));
    }
    Ok(rows)
}

/// Returns whether no row follows the one at this offset.
fn is_last_row(bytes: &[u8], at: u64) -> bool {
    let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    !rest.trim_ascii().contains(&b'\n')
}

fn cut(name: &str, id: &str) -> Error {
    Error::Usage(format!(
        "{name} is not whole: the row of the credential_id '{}' is cut. Use the file that `tenure push` wrote",
        printable(id)
    ))
}

/// Returns whether a spreadsheet has rounded an id of many digits, as to 1.23457E+15.
fn is_rounded(id: &str) -> bool {
    let Some((digits, exponent)) = id.split_once("E+") else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.contains(['.', ',']) && is_number(&digits.replace(['.', ','], "")) && is_number(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "person,credential_id,redirect_uri,request_id,status\n";

    /// Writes a file and reads its links.
    fn saved(bytes: &[u8]) -> Result<Vec<LinkRow>, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("links.csv");
        std::fs::write(&path, bytes).expect("written");
        read(&path)
    }

    /// Returns the rows of a sheet with the cells of `table`.
    fn sheet(table: &str) -> String {
        let cell = |(column, text): (u8, &str), row: usize| {
            let place = format!("{}{row}", char::from(b'A' + column));
            format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        let row = |(line, row): (&str, usize)| {
            let cells: String = (0..).zip(line.split(',')).map(|one| cell(one, row)).collect();
            format!("<row r=\"{row}\">{cells}</row>")
        };
        table.lines().zip(1..).map(row).collect()
    }

    #[test]
    fn files_of_excel_are_read() {
        let table = format!("{HEAD}E1,a,https://x/1,1,\nE2,b,https://x/2,2\n");
        let tabs = table.replace(',', "\t").replace('\n', "\r\n");
        let utf16: Vec<u8> = format!("\u{feff}{tabs}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            table.clone().into_bytes(),
            tabs.into_bytes(),
            utf16,
            format!("sep=,\r\n{table}").into_bytes(),
            format!("\u{feff}sep=;\n{}", table.replace(',', ";")).into_bytes(),
            spreadsheet::tests::book(&[("links", &sheet(&table))], "<sst uniqueCount=\"0\"></sst>"),
        ] {
            let rows = saved(&bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)));
            let seen: Vec<(&str, &str)> = rows.iter().map(|row| (&*row.credential_id, &*row.request_id)).collect();
            assert_eq!(seen, [("a", "1"), ("b", "2")]);
        }
        let refused = saved(b"person,credential_id\nZo\xeb,a\n").expect_err("Windows-1252").to_string();
        assert!(refused.contains("CSV UTF-8"), "{refused}");
        let refused = saved(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").expect_err("an old workbook").to_string();
        assert!(refused.contains(".xlsx"), "{refused}");
        assert!(
            matches!(read(Path::new("/no/such/links.csv")), Err(Error::Failed(said)) if said.contains("cannot be read"))
        );
    }

    #[test]
    fn files_that_are_cut_or_changed_are_refused() {
        let whole = format!("{HEAD}E1,a,https://x/1,1,\nE2,b,https://x/2,22,\n");
        assert_eq!(saved(whole.trim_end().as_bytes()).expect("whole").len(), 2);
        for missing in 2..20 {
            let refused = saved(&whole.as_bytes()[..whole.len() - missing]).map(|rows| rows.len());
            let refused = refused.expect_err("cut").to_string();
            assert!(refused.contains("is cut"), "{missing}: {refused}");
        }
        let rounded = saved(format!("{HEAD}E1,1.23457E+15,https://x/1,1,\n").as_bytes()).expect_err("rounded");
        assert!(rounded.to_string().contains("a spreadsheet has changed"), "{rounded}");
    }

    #[test]
    fn the_last_row_of_a_credential_counts() {
        let text = "person,credential_id,redirect_uri,request_id,status\nE1,a,https://x/1,1,\nE2,b,https://x/2,2,\n\
                    E1,a,https://x/partner/add/careerHistory#clientId=1,3,\n";
        let rows = parse("links.csv", text.as_bytes()).expect("links");
        let seen: Vec<(&str, &str)> = rows.iter().map(|row| (&*row.credential_id, &*row.request_id)).collect();
        assert_eq!(seen, [("a", "3"), ("b", "2")]);
        assert_eq!(rows[0].credential_type(), Some(Type::default()));
        assert_eq!(rows[1].credential_type(), None, "a link of another server names no type");
    }

    #[test]
    fn files_that_a_spreadsheet_saved_are_read() {
        let text = "\u{feff}person;credential_id;redirect_uri;request_id\r\nE1;a;https://x/1;1\r\n";
        assert_eq!(parse("links.csv", text.as_bytes()).expect("links")[0].person, "E1");
    }

    #[test]
    fn other_files_are_refused() {
        let refused = parse("people.csv", b"Name,Company\nAda,A\n").expect_err("no links").to_string();
        assert!(refused.contains("no column credential_id") && refused.contains("FILE.links.csv"), "{refused}");
        assert!(parse("links.csv", b"person,credential_id\n").expect_err("empty").to_string().contains("no links"));
    }
}
