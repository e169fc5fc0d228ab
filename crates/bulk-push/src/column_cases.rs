//! Tables whose columns were once misunderstood, with what becomes of them.

use crate::cases::read_with;

/// Reads a table and returns the jobs as they will be pushed, one line each.
fn read(table: &str, options: &[&str]) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("people.csv");
    std::fs::write(&path, table).expect("written");
    let entries = read_with(path.to_str().expect("a path"), options)?;
    let shown = crate::preview::preview(&entries);
    Ok(shown.lines().map(|line| line.trim().to_owned()).collect())
}

fn stopped(table: &str, options: &[&str], parts: &[&str]) {
    let said = read(table, options).expect_err("stopped");
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

const HEADER: &str = "Employee No,Full name,Company,Job title,Start date,End date";

#[test]
fn rows_of_one_id_are_about_one_person() {
    let row = |id: &str, organisation: &str, more: &str| {
        format!("{id},John Smith,{organisation},Clerk,2015-01,2016-01{more}\n")
    };
    let born = row("1", "A", ",1990-01-01") + &row("1", "B", ",1965-05-05");
    stopped(&format!("{HEADER},Date of birth\n{born}"), &[], &["Date of birth [rows.differ]"]);
    assert!(read(&format!("{HEADER},Date of birth\n{}", born.replace("1965-05-05", "")), &[]).is_ok());
    for names in [["John Smith", "JOHN SMITH"], ["john smith", "John Smith"]] {
        let rows =
            row("1", "A", "").replace("John Smith", names[0]) + &row("1", "B", "").replace("John Smith", names[1]);
        assert_eq!(read(&format!("{HEADER}\n{rows}"), &[]).expect("one person")[0], "1: John Smith", "{names:?}");
    }
    for id in ["N/A", "0", "1.00E+05", "#####", "*None"] {
        let rows = row(id, "A", "") + &row(id, "B", "");
        stopped(&format!("{HEADER}\n{rows}"), &[], &["Employee No [person.placeholder]"]);
    }
}

#[test]
fn status_options_decide_who_is_employed() {
    let table = format!("{HEADER},Status\n1,Ada Example,A,Clerk,2015-01,,Zzz\n2,Bo Sample,A,Clerk,2015-01,,Gone\n");
    stopped(&table, &[], &["'Zzz' (line 2), 'Gone' (line 3)", "--employed-status VALUE", "--left-status VALUE"]);
    stopped(&table, &["--employed-status", "Zzz"], &["'Gone'"]);
    stopped(&table, &["--employed-status", "Zzz", "--left-status", "gone"], &["[status.left]", "Fill in the end"]);
    let both = ["--employed-status", "Zzz", "--employed-status", "Gone"];
    assert_eq!(read(&table, &both).expect("employed").len(), 4);
}

#[test]
fn remarks_in_a_title_or_an_organisation_need_an_end() {
    let row = |organisation: &str, title: &str, end: &str| {
        format!("{HEADER}\n1,Ada Example,{organisation},{title},2015-01,{end}\n")
    };
    stopped(&row("A", "Driver (left)", ""), &[], &["Job title [status.left]", "Fill in the end"]);
    stopped(&row("Sample Co (former)", "Driver", ""), &[], &["Company [status.left]"]);
    stopped(&row("A", "Former clerk", ""), &[], &["Job title [status.left]"]);
    assert!(read(&row("A", "Driver (left)", "2020-03"), &[]).is_ok(), "the end is given");
    assert!(read(&row("A", "Driver (left)", ""), &["--employed-status", "Driver (left)"]).is_ok());
    assert!(read(&row("Former Foods", "Left Luggage Attendant", ""), &[]).is_ok());
    for title in ["Resigned 31/12/2020", "Retired Driver", "Ex Driver", "DO NOT USE"] {
        stopped(&row("A", title, ""), &[], &["Job title [status.left]"]);
        assert!(read(&row("A", title, "2020-03"), &[]).is_ok(), "{title}: the end is given");
        assert!(read(&row("A", title, ""), &["--employed-status", title]).is_ok(), "{title}");
    }
}

#[test]
fn shifted_cells_are_refused() {
    for (row, part) in [
        ("1,Cy Muster,Driver,2018-01-01,2020-12-31,", "Job title [text.garbled]"),
        ("1,Cy Muster,2018-01-01,Driver,2018-01,", "Company [text.garbled]"),
        ("1,Cy Muster,A,4200.00,2018-01,", "Job title [text.garbled]"),
        ("1,Cy Muster,1000,Driver,2018-01,", "Company [text.garbled]"),
        ("1,Cy Muster,A,cy@x.example,2018-01,", "Job title [text.garbled]"),
        ("1,2018-01-01 Muster,A,Driver,2018-01,", "Full name [name.remark]"),
        ("2018-01-01,Cy Muster,A,Driver,2018-01,", "Employee No [person.placeholder]"),
        ("1-Jan,Cy Muster,A,Driver,2018-01,", "Employee No [person.placeholder]"),
    ] {
        stopped(&format!("{HEADER}\n{row}\n"), &[], &[part]);
    }
}

#[test]
fn dates_out_of_the_time_of_a_job_are_refused() {
    for (start, end, part) in [
        ("2015-07-01", "3020-12-31", "End date [date.future]"),
        ("2015-07-01", "2077-12-31", "End date [date.future]"),
        ("1904-01-01", "", "Start date [date.placeholder]"),
        ("1918-05-01", "", "Start date [date.placeholder]"),
        ("2015-07-01", "2020-1", "line 2: the date '2020-1' in the column 'End date'"),
    ] {
        stopped(&format!("{HEADER}\n1,Cy Muster,A,Driver,{start},{end}\n"), &[], &[part]);
    }
    assert!(read(&format!("{HEADER}\n1,Cy Muster,A,Driver,1918-05-01,1950-12-31\n"), &[]).is_ok());
}

#[test]
fn repeated_headers_and_quotes_of_a_file_are_refused() {
    let row = "1,Ada Example,A,Clerk,2015-01,2016-01";
    stopped(&format!("{HEADER}\n{row}\n{HEADER}\n"), &[], &["[row.cells]: This row repeats the header"]);
    let quoted = "1,'Ada Example','Sample Co','Clerk',2015-01,2016-01";
    stopped(&format!("{HEADER}\n{quoted}\n"), &[], &["Company [text.garbled]", "Full name [name.garbled]"]);
}

#[test]
fn cells_that_may_hold_another_row_are_refused() {
    let swallowed = "Employee No,Address,Full name,Company,Job title,Start date,End date\n\
        1001,\"12 High St,Ada Example,A,Clerk,2019-04-01,\n1002,5 Low St\",Bo Sample,A,Driver,2018-01-01,2020-03-31\n";
    stopped(swallowed, &[], &[":2: malformed quoting", "'Address'", "another row"]);
    let last = format!(
        "{HEADER},Desk\n1001,Ada Example,A,Clerk,2019-04-01,,\"5 foot\n1002,Bo,A,Driver,2018-01,2020-03,4 foot\"\n"
    );
    stopped(&last, &[], &[":2: malformed quoting", "'Desk'"]);
    let address =
        format!("{HEADER},Address\n1001,Ada Example,A,Clerk,2019-04-01,,\"12 High St,\nSample Town, Sampleshire\"\n");
    assert!(read(&address, &[]).is_ok(), "an address of two lines");
    stopped(&address, &["--allow-short-rows"], &["another row"]);
}

#[test]
fn cut_files_and_rounded_ids_stop() {
    let cut = format!("{HEADER},Status\n1,Ada Example,A,Clerk,2015-01,,Active\n2,Bo Sample,A,Clerk,2015-01,2020-0");
    stopped(&cut, &[], &["line 3", "6 cells of 7", "may be cut off"]);
    assert!(read(&cut.replace("2020-0", "2020-03,Left"), &[]).is_ok(), "whole without a line ending");
    let long =
        "123456789012345000,Ada Example,A,Clerk,2015-01,2016-01\n123456789012346000,Bo,A,Clerk,2015-01,2016-01\n";
    stopped(&format!("{HEADER}\n{long}"), &[], &["'Employee No'", "123456789012345000", "after 15 digits"]);
    assert!(read(&format!("{HEADER}\n{}", long.replace("345000", "345001")), &[]).is_ok());
}

#[test]
fn employers_agree_or_one_is_chosen() {
    let table = "Employee No,Full name,Organization,Company,Job title,Start date\n1,Ada,Finance,A,Clerk,2015-01\n";
    stopped(table, &[], &["'Finance'", "--column organisation=\"Company\""]);
    for options in [["--column", "organisation=Company"], ["--ignore-column", "Organization"]] {
        let jobs = read(table, &options).expect("chosen");
        assert_eq!(jobs[1], "Clerk, A: from 2015-01 and still employed in 2026-10");
    }
}

#[test]
fn months_that_are_set_do_not_overrule_those_of_the_file() {
    let table = "Employee No,Full name,Company,Job title,Start date,Pay period\n1,Ada,A,Clerk,2015-01,2020-01\n";
    stopped(table, &[], &["'Pay period' says 2020-01", "--column last_processed_month=\"Pay period\""]);
}

#[test]
fn either_of_two_ends_is_used() {
    let table = "Employee No,Full name,Company,Job title,Start date,End date,Termination date\n\
        1,Ada,A,Clerk,2015-01,2018-01,\n2,Bo,A,Clerk,2015-01,,2019-01\n3,Cy,A,Clerk,2015-01,,\n";
    let jobs = read(table, &[]).expect("read");
    let until = |index: usize| jobs[index].rsplit_once("2015-01 ").map(|(_, until)| until.to_owned());
    let expected = ["to 2018-01", "to 2019-01", "and still employed in 2026-10"];
    assert_eq!([until(1), until(3), until(5)], expected.map(|until| Some(until.to_owned())));
}

#[test]
fn headers_in_other_languages_are_known() {
    let german = "Personalnummer;Familienname;Vorname;Mandant;T\u{e4}tigkeit;Eintrittsdatum;Austrittsdatum\n\
        1;Example;Ada;A;Clerk;01.04.2019;31.03.2020\n";
    assert_eq!(read(german, &[]).expect("read"), ["1: Ada Example", "Clerk, A: from 2019-04 to 2020-03"]);
    let french = "Matricule,Nom,Pr\u{e9}nom,Soci\u{e9}t\u{e9},Emploi,Date d'entr\u{e9}e,Date de sortie\n\
        1,Example,Ada,A,Clerk,1 avril 2019,31 mars 2020\n";
    assert_eq!(read(french, &[]).expect("read"), ["1: Ada Example", "Clerk, A: from 2019-04 to 2020-03"]);
}

#[test]
fn flags_of_people_who_left_are_not_ends() {
    let table = format!("{HEADER},Left?\n1,Ada Example,A,Clerk,2015-01,,No\n2,Bo Sample,A,Clerk,2015-01,2020-03,Yes\n");
    let jobs = read(&table, &[]).expect("read");
    assert_eq!(jobs[1], "Clerk, A: from 2015-01 and still employed in 2026-10");
    assert_eq!(jobs[3], "Clerk, A: from 2015-01 to 2020-03");
    stopped(&table.replace("2020-03", ""), &[], &["[date.format]"]);
}

#[test]
fn headers_and_dates_of_east_asia_are_read() {
    let table = "\u{5de5}\u{53f7},\u{59d3}\u{540d},\u{516c}\u{53f8},\u{804c}\u{4f4d},\u{5165}\u{804c}\u{65e5}\u{671f},\u{79bb}\u{804c}\u{65e5}\u{671f},\u{751f}\u{5e74}\u{6708}\u{65e5}\n\
        1,Ada Example,A,Clerk,2018\u{5e74}3\u{6708}14\u{65e5},2020\u{5e74}12\u{6708},1990\u{5e74}1\u{6708}2\u{65e5}\n";
    assert_eq!(read(table, &[]).expect("read"), ["1: Ada Example", "Clerk, A: from 2018-03 to 2020-12"]);
}

#[test]
fn titles_of_leavers_and_others_need_an_end() {
    let table = format!(
        "Leavers and Starters\n{HEADER}\n1,Ada Example,A,Clerk,2015-01,\n2,Bo Sample,A,Clerk,2015-01,2020-03\n"
    );
    assert_eq!(read(&table, &[]).expect("read").len(), 4);
    stopped(&table.replace("2020-03", ""), &[], &["no row has an end", "--skip-rows"]);
    assert!(read(&table.replace("2020-03", ""), &["--skip-rows", "1"]).is_ok());
}

#[test]
fn addresses_and_teams_are_not_past_dates() {
    for address in ["1 Main St", "10 Market St", "5 March Road", "10 Marketing", "5 - Marketing"] {
        let table = format!("{HEADER},Work address\n1,Ada Example,A,Clerk,2015-01,,{address}\n");
        assert!(read(&table, &[]).is_ok(), "{address}");
    }
}
