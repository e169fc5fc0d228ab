//! Files whose data was once pushed wrongly without a word, and ordinary ones beside them.

use crate::cases::read_with;

/// Reads a file as `tenure push` does. The error is a message, or the codes of the rows.
fn read(name: &str, text: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    read_with(path.to_str().expect("a path"), &[]).map(|entries| entries.len())
}

fn stopped(table: &str, parts: &[&str]) {
    let said = read("people.csv", table).expect_err(table);
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

fn is_read(table: &str) {
    assert!(read("people.csv", table).is_ok(), "{table}: {:?}", read("people.csv", table));
}

const HEADER: &str = "Employee No,Full name,Company,Job title,Start date,End date";

#[test]
fn a_single_row_with_one_more_cell_is_shifted() {
    let header = "Employee No,Start date,End date,First name,Last name,Address,Company,Job title,Grade";
    let row = |id: &str| format!("{id},2016-07-01,,Cy,Muster,High House,Sample Co,Driver,B");
    let shifted = "1003,2016-07-01,,Cy,Muster,High House, Leeds,Sample Co,Driver,";
    stopped(&format!("{header}\n{}\n{shifted}\n", row("1")), &["[row.cells]", "10 cells, but the header has 9"]);
    is_read(&format!("{header}\n{},\n{},\n", row("1"), row("2")));
}

#[test]
fn files_of_an_earlier_month_stop() {
    let rows = "1,Ada Example,A,Clerk,2015-01,\n";
    for line in ["Payroll October 2020", "As of 31/10/2020,,,,,", "Stand: 31.10.2020"] {
        stopped(&format!("{line}\n{HEADER}\n{rows}"), &["names 2020-10", "--set last_processed_month=2020-10"]);
    }
    stopped(&format!("{HEADER}\n{rows}Printed on 31/10/2020,,,,,\n"), &["'Printed on 31/10/2020'", "2020-10"]);
    for line in ["Payroll October 2026", "As of 31/10/2026,,,,,", "Sample Co since 01.04.1998"] {
        is_read(&format!("{line}\n{HEADER}\n{rows}"));
    }
    is_read(&format!("{HEADER}\n{rows}Printed on 05/11/2026,,,,,\n"));
    for (columns, row) in [
        ("Report Date", "2020-10-31"),
        ("Run Date", "31.10.2020"),
        ("As at", "2020-10-31"),
        ("Period", "P10 2020"),
        ("Year,Month", "2020,10"),
        ("Pay Year,Pay Month", "2020,October"),
        ("Pay Period Start", "2020-10-01"),
    ] {
        stopped(&format!("{HEADER},{columns}\n1,Ada Example,A,Clerk,2015-01,,{row}\n"), &["2020", "2026-10"]);
    }
    for (columns, row) in [
        ("Report Date", "2026-11-05"),
        ("Period", "Monthly"),
        ("Year,Month", "2026,10"),
        ("Pay Period Start", "2026-09-28"),
    ] {
        is_read(&format!("{HEADER},{columns}\n1,Ada Example,A,Clerk,2015-01,,{row}\n"));
    }
}

#[test]
fn values_of_another_column_are_refused() {
    let table = |row: &str| {
        format!(
            "{HEADER},Status,Currency,Gender,Date of birth\n1,Ada Example,Sample Co,Clerk,2015-01-05,,Active,GBP,Female,\n\
             {row}\n3,Cy Muster,Sample Co,Driver,2015-01-05,,Active,GBP,Male,1990-01-15\n"
        )
    };
    for (row, part) in [
        ("2,Bo Sample,Driver,Sample Co,2015-01-05,,Active,GBP,Male,", "Company [text.garbled]: The employer"),
        ("2,Bo Sample,Sample Co,Active,2015-01-05,,Active,GBP,Male,", "Job title [text.garbled]: Other rows"),
        ("2,Bo Sample,GBP,Driver,2015-01-05,,Active,GBP,Male,", "Company [text.garbled]: Other rows"),
        ("2,Female,Sample Co,Driver,2015-01-05,,Active,GBP,Male,", "Full name [name.placeholder]"),
        ("2,http://x,Sample Co,Driver,2015-01-05,,Active,GBP,Male,", "Full name [name.login]"),
        ("2,Bo Sample,Sample Co,SW1A 1AA,2015-01-05,,Active,GBP,Male,", "a postcode"),
        ("2,Bo Sample,QQ123456C,Driver,2015-01-05,,Active,GBP,Male,", "a National Insurance number"),
        ("2,Bo Sample,Sample Co,Driver,1999-01-05,,Active,GBP,Male,1990-01-15", "Start date [date.placeholder]"),
        ("TRUE,Bo Sample,Sample Co,Driver,2015-01-05,,Active,GBP,Male,", "Employee No [person.placeholder]"),
    ] {
        stopped(&table(row), &[part]);
    }
    for row in [
        "2,Bo Male,Sample Co,Clerk,2015-01-05,,Active,GBP,Male,",
        "2,Bo Sample,Muster Co,Cook,2015-01-05,,Active,EUR,Male,2000-01-15",
    ] {
        is_read(&table(row));
    }
}

#[test]
fn columns_and_titles_of_people_who_left_stop() {
    for (columns, value) in [
        ("Full & final", "Done"),
        ("Gratuity paid", "Yes"),
        ("Access", "Revoked"),
        ("Account", "Locked"),
        ("AD Account disabled", "Yes"),
        ("Group", "Deleted"),
        ("Group", "Never started"),
        ("Group", "Voluntary severance"),
        ("Group", "\u{e25}\u{e32}\u{e2d}\u{e2d}\u{e01}"),
        ("Group", "\u{d1f4}\u{c0ac}"),
        ("Group", "\u{110}\u{e3} ngh\u{1ec9} vi\u{1ec7}c"),
        ("Group", "Ayr\u{131}ld\u{131}"),
        ("Group", "Meletak jawatan"),
        ("Group", "Ehemalig"),
        ("\u{9000}\u{8077}", "\u{25cb}"),
    ] {
        stopped(&format!("{HEADER},{columns}\n1,Ada Example,A,Clerk,2015-01,,{value}\n"), &["still employed", value]);
    }
    for (columns, value) in [
        ("Full & final", ""),
        ("Gratuity paid", "120.50"),
        ("Access", "Full"),
        ("Account,Status", "Locked,Active"),
        ("Payslip", "Released"),
        ("Interview", "No show"),
        ("Starter form", "P45"),
        ("\u{9000}\u{8077}", ""),
        ("\u{5728}\u{7c4d}", "\u{25cb}"),
    ] {
        is_read(&format!("{HEADER},{columns}\n1,Ada Example,A,Clerk,2015-01,,{value}\n"));
    }
    let row = |name: &str, company: &str, title: &str| format!("{HEADER}\n1,{name},{company},{title},2015-01,\n");
    for title in ["Driver (2015-2020)", "Driver (through 2020)", "Driver (ex)", "Previous Driver", "Fahrer i.R."] {
        stopped(&row("Ada Example", "A", title), &["Job title [status.left]"]);
    }
    stopped(&row("Ada Example", "ZZ Leavers", "Driver"), &["Company [status.left]"]);
    stopped(&row("DO NOT USE Ada", "A", "Driver"), &["Full name [name.remark]"]);
    is_read(&row("Ada Example", "Sample Co (UK)", "Fellow (2024-2027)"));
}

#[test]
fn lines_of_one_person_have_one_name_and_an_id() {
    let line = |person: &str, name: &str, id: &str| {
        let mut body = (credential::Type::default().sample)();
        body["person"] = person.into();
        body["fields"]["full_name"] = name.into();
        body["credential_id"] = id.into();
        body.to_string()
    };
    let read = |lines: [String; 2]| read("people.ndjson", &lines.join("\n"));
    let said = read([line("E1", "Ada Example", "a"), line("E1", "Bo Sample", "b")]).expect_err("two people");
    assert!(said.contains("[rows.differ]") && said.contains("Line 1"), "{said}");
    for person in ["0", "N/A", "1.00E+05", "TRUE"] {
        let said = read([line(person, "Ada Example", "a"), line("E2", "Bo Sample", "b")]).expect_err(person);
        assert!(said.contains("[person.placeholder]"), "{said}");
    }
    for lines in [
        [line("E1", "Ada Example", "a"), line("E1", "ADA EXAMPLE", "b")],
        [line("E1", "Ada Example", "a"), line("E2", "Bo Sample", "b")],
        [line("", "Ada Example", "a"), line("", "Bo Sample", "b")],
    ] {
        assert_eq!(read(lines), Ok(2));
    }
}
