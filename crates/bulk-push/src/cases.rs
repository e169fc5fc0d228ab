//! Files that once went wrong, from `fixtures/cases`, with their right results.

use std::path::Path;

use clap::Parser;
use credential::{CareerHistory, Context};
use serde_json::Value;

use crate::entry::Entry;
use crate::journal::PreviousRun;
use crate::reading::ReadingArgs;
use crate::spreadsheet::tests::book;

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    reading: ReadingArgs,
}

/// Reads a case with the month set, as `tenure push` does on 2026-11-23. The error is a message, or
/// the codes and messages of the rows.
pub fn read_with(file: &str, options: &[&str]) -> Result<Vec<Entry>, String> {
    let now = "2026-11-23T09:00:00Z".parse().expect("a time");
    let month = ["push", "--set", "last_processed_month=2026-10"];
    let CommandLine { reading } = CommandLine::parse_from(month.iter().chain(options));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(file);
    let mut source = reading.open(&path, now).map_err(|stop| stop.to_string())?;
    let (mut entries, mut refused) = (Vec::new(), Vec::new());
    for index in 0..source.len() {
        match source.read(index, &Context::new(now), &PreviousRun::default()).map_err(|stop| stop.to_string())? {
            Ok(entry) => entries.push(entry),
            Err(rows) => {
                refused.extend(rows.into_iter().map(|row| format!("{} [{}]: {}", row.column, row.code, row.message)));
            }
        }
    }
    if refused.is_empty() { Ok(entries) } else { Err(refused.join("\n")) }
}

fn read(file: &str) -> Result<Vec<Entry>, String> {
    read_with(file, &[])
}

fn careers(entries: &[Entry]) -> Vec<CareerHistory> {
    let career = |entry: &Entry| {
        let body: Value = serde_json::from_slice(&entry.body).expect("JSON");
        CareerHistory::from_fields(&body["fields"]).expect("a career")
    };
    entries.iter().map(career).collect()
}

fn refused(file: &str, options: &[&str], parts: &[&str]) {
    let said = read_with(file, options).expect_err(file);
    assert!(parts.iter().all(|part| said.contains(part)), "{file}: {said}");
    assert!(!said.chars().any(|character| character.is_control() && character != '\n'), "{file}: {said:?}");
}

#[test]
fn dates_without_separators_are_never_guessed() {
    refused("d09_serial.csv", &[], &["Start date [date.format]", "day number", "2019-04-01"]);
    refused("d32_serial_end.csv", &[], &["End date [date.format]", "day number", "2021-03-31"]);
    refused("d06_yymmdd.csv", &[], &["2001-12", "2020-01-12", "--date-format YYMMDD"]);
    let told = careers(&read_with("d06_yymmdd.csv", &["--date-format", "YYMMDD"]).expect("told"));
    assert_eq!(told[0].employment[0].start_date.to_string(), "2020-01");
    refused("d08_z_utc.csv", &[], &["Start date [date.format]", "time in UTC"]);
}

#[test]
fn far_ends_mean_no_end_and_are_counted() {
    for file in ["d01_oracle_eot.csv", "d02_eot2999.csv", "d03_eot2099.csv"] {
        let entries = read(file).expect(file);
        assert_eq!((careers(&entries)[0].employment[0].end_date, entries[0].notes.far_ends), (None, 1), "{file}");
    }
}

#[test]
fn words_for_no_end_must_be_confirmed() {
    for file in ["d19c_end_none.csv", "d18_end_leaver.csv"] {
        refused(file, &[], &["End date [date.format]", "--empty-end"]);
        let entries = read_with(file, &["--empty-end"]).expect(file);
        assert_eq!(careers(&entries)[0].employment[0].end_date, None, "{file}");
    }
}

#[test]
fn experience_ends_with_the_last_processed_month() {
    let careers = careers(&read("d46_end_after_lpm.csv").expect("read"));
    let job = &careers[0].employment[0];
    assert_eq!(
        (job.end_date.map(|end| end.to_string()).as_deref(), job.known_until().to_string()),
        (Some("2026-12"), "2026-10".to_owned())
    );
}

#[test]
fn future_starts_have_one_error_at_the_start() {
    let said = read("d47_start_future.csv").expect_err("refused");
    assert!(said.starts_with("Start date [date.future]") && said.contains("lies in the future"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(read_with("d47_start_future.csv", &["--allow-future-start"]).is_ok());
}

#[test]
fn births_are_in_the_past() {
    let options = ["--type", "digital_identity", "--date-format", "DD/MM/YY"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases/g02_id.csv");
    let CommandLine { reading } = CommandLine::parse_from(["push"].iter().chain(&options));
    let now = "2026-11-23T09:00:00Z".parse().expect("a time");
    let mut source = reading.open(&path, now).expect("read");
    let born: Vec<Value> = (0..source.len())
        .map(|index| {
            let read = source.read(index, &Context::new(now), &PreviousRun::default()).expect("readable");
            let body: Value = serde_json::from_slice(&read.expect("valid").body).expect("JSON");
            body["fields"]["date_of_birth"].clone()
        })
        .collect();
    assert_eq!(born, ["1952-06-15", "1975-06-15"]);
}

#[test]
fn repeated_rows_become_one_job() {
    let entries = read("f06_dup.csv").expect("read");
    assert_eq!((careers(&entries)[0].employment.len(), entries[0].notes.merged), (1, 2));
}

#[test]
fn names_are_whole_and_compared_in_one_form() {
    assert_eq!(careers(&read("c04_middle.csv").expect("read"))[0].full_name, "Jane Marie Smith-Example");
    let joined = ["--column", "full_name=First Name+Last Name"];
    refused("c04_middle.csv", &joined, &["'Middle Name'", "--ignore-column"]);
    let ignoring = [&joined[..], &["--ignore-column", "Middle Name"]].concat();
    let ignored = careers(&read_with("c04_middle.csv", &ignoring).expect("read"));
    assert_eq!(ignored[0].full_name, "Jane Smith-Example");
    assert_eq!(careers(&read("f05c_nfd.csv").expect("one name"))[0].employment.len(), 2);
    let formula = careers(&read("f08_formula_name.csv").expect("read"));
    let job = &formula[0].employment[0];
    assert_eq!(
        (&*formula[0].full_name, &*job.organisation, job.role_title.as_deref()),
        ("Ada Example", "Sample Co", Some("Clerk"))
    );
}

#[test]
fn repeated_headers_and_malformed_quotes_are_refused() {
    refused(
        "e05_duphead.csv",
        &[],
        &["two columns have the name 'Start date'", "--column start_date=", "Start date#2"],
    );
    let chosen = careers(&read_with("e05_duphead.csv", &["--column", "start_date=Start date#1"]).expect("chosen"));
    assert_eq!(chosen[0].employment[0].start_date.to_string(), "2019-04");
    refused("f25b_spacequote.csv", &[], &["f25b_spacequote.csv:2:7", "malformed quoting"]);
}

#[test]
fn encodings_are_named_and_read_with_the_encoding_option() {
    refused("f12_utf16_nobom.csv", &[], &["UTF-16", "--encoding utf-16le"]);
    refused("f13_sjis.csv", &[], &["f13_sjis.csv:2:6", "Shift-JIS", "--encoding shift_jis"]);
    refused("f14b_cp1252_92.csv", &[], &["f14b_cp1252_92.csv:2:11", "Windows-1252", "--encoding windows-1252"]);
    let name = |file, encoding| careers(&read_with(file, &["--encoding", encoding]).expect(file))[0].full_name.clone();
    assert_eq!(name("f12_utf16_nobom.csv", "utf-16le"), "Ada Example");
    assert_eq!(name("f13_sjis.csv", "shift_jis"), "\u{5c71}\u{7530} \u{592a}\u{90ce}");
    assert_eq!(name("f14b_cp1252_92.csv", "windows-1252"), "Ada O\u{2019}Example");
}

#[test]
fn placeholders_are_empty_and_damaged_text_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("people.csv");
    for (row, part) in [
        ("Ada Example,N/A,Clerk", "Company [field.missing]"),
        ("Ada Example,Sample Co,TBA", "[any_of.missing]"),
        ("Ada Example,Caf\u{c3}\u{a9} Ltd,Clerk", "Company [text.garbled]"),
        ("Ada Example,'Sample Co,Clerk", "Company [text.garbled]"),
        ("Pawe\u{b3} Nowak,Sample Co,Clerk", "Full name [name.garbled]"),
        ("Ada Example (1001),Sample Co,Clerk", "Full name [name.remark]"),
    ] {
        let head = "Employee No,Full name,Company,Job title,Start date,End date\n";
        std::fs::write(&path, format!("{head}1001,{row},2019-04,2022-05\n")).expect("written");
        refused(path.to_str().expect("a path"), &[], &[part]);
    }
}

#[test]
fn headers_are_found_and_separators_are_named() {
    for file in ["e01_sep.csv", "e02_preamble.csv"] {
        assert_eq!(careers(&read(file).expect(file))[0].full_name, "Ada Example", "{file}");
    }
    refused("f22_caret.csv", &[], &["'^'", "--separator '^'"]);
    assert!(read_with("f22_caret.csv", &["--separator", "^"]).is_ok());
}

#[test]
fn workbooks_are_read_like_tables() {
    let text = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let header = ["Employee No", "Full name", "Company", "Job title", "Start date", "End date"];
    let header: String = header.iter().map(text).collect();
    let person: String = ["0001", "Ada Example", "Sample Co", "Clerk"].iter().map(text).collect();
    let rows = format!(
        "<row r=\"1\">{}</row><row r=\"3\">{header}</row><row r=\"4\">{person}<c s=\"1\"><v>43556</v></c><c/></row>",
        text(&"Staff list")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("people.xlsx");
    std::fs::write(&path, book(&[("Staff", &rows), ("Notes", &rows)], "<sst/>")).expect("written");
    let path = path.to_str().expect("a path");
    refused(path, &[], &["several sheets", "--sheet NAME"]);
    std::fs::write(path, book(&[("Leavers", &rows)], "<sst/>")).expect("written");
    refused(path, &[], &["sheet 'Leavers'", "--sheet \"Leavers\""]);
    assert!(read_with(path, &["--sheet", "Leavers"]).is_ok());
    std::fs::write(path, book(&[("Staff", &rows), ("Notes", &rows)], "<sst/>")).expect("written");
    let entries = read_with(path, &["--sheet", "Staff"]).expect("read");
    let job = &careers(&entries)[0].employment[0];
    assert_eq!((entries[0].line, &*entries[0].person, job.start_date.to_string()), (4, "0001", "2019-04".to_owned()));
    std::fs::write(path, [0xd0, 0xcf, 0x11, 0xe0, 0xa1]).expect("written");
    refused(path, &[], &["old Excel file", ".xlsx"]);
}

#[test]
fn cells_merged_over_several_rows_are_refused() {
    let text = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let header = ["Employee No", "Full name", "Company", "Job title", "Start date", "Team"];
    let header: String = header.iter().map(text).collect();
    let person: String = ["0001", "Ada Example", "Sample Co", "Clerk", "2019-04-01"].iter().map(text).collect();
    let rows = |merged: &str| {
        format!(
            "<row r=\"1\">{header}</row><row r=\"2\">{person}</row></sheetData><mergeCells><mergeCell ref=\"{merged}\"/>\
             </mergeCells><sheetData>"
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("people.xlsx");
    let path = path.to_str().expect("a path");
    for (merged, is_refused) in [("C2:C4", true), ("F2:F4", false), ("A2:E2", false), ("A1:B2", true)] {
        std::fs::write(path, book(&[("Staff", &rows(merged))], "<sst/>")).expect("written");
        let said = read_with(path, &[]).err().unwrap_or_default();
        assert_eq!(said.contains(merged) && said.contains("Unmerge"), is_refused, "{merged}: {said}");
    }
}

#[test]
fn headers_of_erpnext_workday_and_adp_are_known() {
    let erpnext = careers(&read("c02_frappe.csv").expect("read"));
    let ends: Vec<Option<String>> =
        erpnext.iter().map(|career| career.employment[0].end_date.map(|end| end.to_string())).collect();
    assert_eq!(ends, [None, Some("2020-03".to_owned())]);
    // Its organisation may be a department, and it has no job title.
    refused("c07_workday.csv", &[], &["--column role_title=COLUMN", "--column organisation=\"Organization\""]);
    let told = ["--set", "role_title=Engineer", "--column", "organisation=Organization"];
    let workday = careers(&read_with("c07_workday.csv", &told).expect("read"));
    assert_eq!((&*workday[0].full_name, &*workday[0].employment[0].organisation), ("Jane Sample", "Engineering"));
    refused("f49_adp_id.csv", &[], &["'Ada Example'", "lines 2 and 3", "--person \"ID\""]);
}
