//! Exports of nine payroll and HR systems, each pushed as it is with one command.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::support::{Bureau, outcome};
use crate::tenure::ended;

/// The file of each system, its options, and what the person at the terminal sees of two people.
const EXPORTS: [(&str, &[&str], [&str; 2]); 9] = [
    (
        "adp.csv",
        &["--set", "organisation=Sample Co", "--date-format", "MM/DD/YYYY"],
        ["000101: Ada M Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "erpnext.csv",
        &["--set", "last_processed_month=2026-10"],
        ["Ada Marie Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "gusto.csv",
        &[
            "--person",
            "Work email",
            "--set",
            "organisation=Sample Co",
            "--set",
            "last_processed_month=2026-10",
            "--date-format",
            "MM/DD/YYYY",
        ],
        ["ada@example.com: Ada M Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "keypay.csv",
        &["--set", "organisation=Sample Co", "--set", "last_processed_month=2026-10", "--date-format", "DD/MM/YYYY"],
        ["501: Ada Marie Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "myob.txt",
        &["--set", "organisation=Sample Co", "--set", "last_processed_month=2026-10", "--date-format", "DD/MM/YYYY"],
        ["EMP0001: Ada Example", "Driver Grade 1, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "orangehrm.csv",
        &["--set", "organisation=Sample Co", "--set", "last_processed_month=2026-10"],
        ["0101: Ada Marie Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "talenox.csv",
        &["--set", "organisation=Sample Co", "--set", "last_processed_month=2026-10", "--date-format", "DD/MM/YYYY"],
        ["TX-1: Ada Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "workday.csv",
        &["--set", "last_processed_month=2026-10"],
        ["21001: Ada Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
    (
        "xero.csv",
        &["--person", "Email", "--set", "organisation=Sample Co", "--set", "last_processed_month=2026-10"],
        ["ada@example.com: Ada Marie Example", "Driver, Sample Co: from 2015-07 to 2020-03"],
    ),
];

/// The longest time from a file to its links.
const LONGEST: Duration = Duration::from_secs(60);

#[test]
fn nine_exports_are_pushed_with_one_command_each() {
    let bureau = Bureau::new(&[]);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../bulk-push/fixtures/exports");
    let files: BTreeSet<String> = std::fs::read_dir(fixtures)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, EXPORTS.iter().map(|(file, ..)| (*file).to_owned()).collect::<BTreeSet<String>>());
    for (file, options, expected) in EXPORTS {
        bureau.write(file, std::fs::read(format!("{fixtures}/{file}")).expect("an export"));
        let started = Instant::now();
        let (code, said) = bureau.push(&[&[file][..], options].concat());
        let took = started.elapsed();
        assert!(code == Some(0) && took < LONGEST, "{file} took {took:?}: {code:?} {said}");
        for part in expected {
            assert!(said.contains(part), "{file}: {part}: {said}");
        }
        assert!(said.contains("and still employed in 2026-10") && said.contains("2 people pushed"), "{file}: {said}");
        assert_eq!(bureau.links(&format!("{file}.links.csv")).len(), 2, "{file}");
    }
    assert_eq!(bureau.stored(), 18);
}

#[test]
fn push_without_a_terminal_needs_a_confirmation() {
    let bureau = Bureau::new(&[]);
    let push = |arguments: &[&str]| outcome(&ended(&mut bureau.unconfirmed(arguments)));
    let table = |name: &str, person: u32| {
        let header = "Employee No,Name,Company,Job,Start,End date,Pay period";
        bureau.write(name, format!("{header}\n{person},Ada,A,Clerk,2020-01,,2024-05\n"));
    };
    table("people.csv", 1);
    let (code, said) = push(&["people.csv", "--save-mapping", "bureau.toml"]);
    assert!(code == Some(2) && said.contains("add --yes") && said.contains("person"), "{said}");
    assert_eq!(bureau.stored(), 0);
    assert_eq!(push(&["people.csv", "--yes"]).0, Some(0));
    table("next.csv", 2);
    let (code, said) = push(&["next.csv", "--mapping", "bureau.toml"]);
    assert!(code == Some(0) && bureau.stored() == 2, "a saved mapping was confirmed: {said}");
}

#[test]
fn leavers_are_never_pushed_as_employed() {
    let bureau = Bureau::new(&[]);
    let table = "Employee No,Name,Company,Job,Start,Pay period,Employment status\n\
        1,Ada,A,Clerk,2020-01,2024-05,Active\n2,Bo,A,Cook,2020-01,2024-05,Terminated\n";
    bureau.write("people.csv", table);
    let (code, said) = bureau.push(&["people.csv", "--yes"]);
    assert!(code == Some(2) && said.contains("line 3") && said.contains("'Terminated'"), "{said}");
    assert!(said.contains("--ignore-column \"Employment status\"") && bureau.stored() == 0, "{said}");
    let options = ["people.csv", "--ignore-column", "Employment status", "--save-mapping", "bureau.toml"];
    let (code, said) = bureau.push(&options);
    assert!(code == Some(0) && said.contains("Employment status  ignored"), "{said}");
    let (code, said) = bureau.push(&["people.csv", "--mapping", "bureau.toml"]);
    assert!(code == Some(0) && said.contains("2 people already pushed"), "{said}");
}

#[test]
fn ignored_ends_in_the_past_are_confirmed_in_each_run() {
    let bureau = Bureau::new(&[]);
    let table = |name: &str, person: u32, end: &str| {
        let header = "Employee No,Name,Company,Job,Start,Pay period,Termination date";
        bureau.write(name, format!("{header}\n{person},Ada,A,Clerk,2020-01,2024-05,{end}\n"));
    };
    table("people.csv", 1, "");
    let options = ["people.csv", "--ignore-column", "Termination date", "--save-mapping", "bureau.toml"];
    assert_eq!(bureau.push(&options).0, Some(0));
    table("next.csv", 2, "2021-03-31");
    let later = ["next.csv", "--mapping", "bureau.toml"];
    let (code, said) = outcome(&ended(&mut bureau.unconfirmed(&later)));
    assert!(code == Some(2) && said.contains("'2021-03-31' (line 2)") && said.contains("add --yes"), "{said}");
    assert_eq!(bureau.stored(), 1);
    assert_eq!(bureau.push(&later).0, Some(0));
    assert_eq!(bureau.stored(), 2);
}
