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
    assert!(text.contains("people.csv:2:3: invalid UTF-8") && text.contains("0xEB") && text.contains("'ë'"), "{text}");
    assert!(said(scan(b"\xff\xfen\0", Some(b','))).contains("UTF-16; add --encoding utf-16le"));
    assert!(said(scan(b"n\0a\0m\0e\0", Some(b','))).contains("UTF-16; add --encoding utf-16le"));
    assert!(said(scan(b"a\n\"b,\nc\n", Some(b','))).contains(":2: a quote"));
    assert!(said(scan(&[b'x'; 300], Some(b','))).contains(":1: this row is longer than 200 bytes"));
}

#[test]
fn rows_that_change_after_they_were_found_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("people.csv");
    std::fs::write(&path, "1,2020\n2,2021\n").expect("written");
    let (mut scan, mut raw) = (Scan::open(&path).expect("there"), Vec::new());
    let first = scan.row(Some(b','), 200, &mut raw).expect("readable").expect("a row");
    let second = scan.row(Some(b','), 200, &mut raw).expect("readable").expect("a row");
    assert!(scan.row(Some(b','), 200, &mut raw).expect("readable").is_none());
    let input = scan.finish();
    assert_eq!(input.read(second).expect("as it was"), "2,2021");
    // Rewritten in place, with the same length.
    std::fs::write(&path, "1,2020\n2,    \n").expect("written");
    assert_eq!(input.read(first).expect("as it was"), "1,2020");
    assert!(input.has_its_length().is_ok());
    let said = input.read(second).expect_err("changed").to_string();
    assert!(said.contains("people.csv changed") && said.contains("--allow-changed-input"), "{said}");
    std::fs::write(&path, "1,2020\n2,2021\n3,2022\n").expect("written");
    assert!(input.read(second).is_ok() && input.has_its_length().is_err(), "a row was added");
    let both = |row: RowPosition| std::mem::size_of_val(&(row, 0_u32));
    assert_eq!(both(first), 24);
}

#[test]
fn missing_last_line_endings_are_noticed() {
    let text = |bytes: &[u8]| {
        let (mut scan, mut raw) = (Scan::of_text("a", bytes.to_vec()), Vec::new());
        let (mut rows, mut is_open_ended) = (Vec::new(), false);
        while scan.row(Some(b','), 200, &mut raw).expect("readable").is_some() {
            rows.push(String::from_utf8_lossy(&raw).into_owned());
            is_open_ended = scan.is_open_ended;
        }
        (rows.join("|"), is_open_ended)
    };
    assert_eq!(text(b"a,b\n1,2\n"), ("a,b|1,2".to_owned(), false));
    assert_eq!(text(b"a,b\n1,2"), ("a,b|1,2".to_owned(), true));
    assert_eq!(text(b"a,b\r\n1,2\r\n\x1a"), ("a,b|1,2".to_owned(), false));
    assert_eq!(text(b"a,b\n1,2\x1a"), ("a,b|1,2".to_owned(), true));
    let said = Scan::open(Path::new("-")).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("standard input") && said.contains("save it to a file"), "{said}");
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
