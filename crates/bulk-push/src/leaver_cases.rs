//! People who left, in columns that no list of names or words knows.

use credential::Type;

use crate::leavers::Leavers;
use crate::mapping::Mapping;
use crate::plan::Plan;

/// Reads a table with these columns besides the usual ones.
fn read(mapping: &Mapping, more: &str, rows: &[&str]) -> Result<(), String> {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let today = jiff::civil::date(2026, 11, 23);
    let header = cells(&format!("Emp ID,Name,Company,Job,Start,Pay period,{more}"));
    let mut plan = Plan::new(mapping, Type::default(), header, false, today).expect("whole");
    let mut leavers = Leavers::new(&plan);
    leavers.header(&plan).map_err(|stop| stop.to_string())?;
    for (line, row) in (2..).zip(rows) {
        let row = cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,{row}"));
        leavers.row(&mut plan, line, &row).map_err(|stop| stop.to_string())?;
    }
    leavers.finish(&mut plan).map(drop).map_err(|stop| stop.to_string())
}

#[test]
fn columns_that_tell_people_apart_need_a_meaning() {
    for (more, rows) in [
        ("Last action", ["Zzz", "Hire"]),
        ("Last action,End date", ["Zzz,", "Hire,"]),
        ("Lifecycle", ["Offboarding", "Onboarding"]),
    ] {
        let said = read(&Mapping::default(), more, &rows).expect_err(more);
        let name = more.trim_end_matches(",End date");
        assert!(said.contains(&format!("--ignore-column \"{name}\"")) && said.contains("--left-status"), "{said}");
        let ignoring = vec![name.to_owned()];
        let told = Mapping { ignored_now: ignoring.clone(), ignore: ignoring, ..Mapping::default() };
        assert_eq!(read(&told, more, &rows), Ok(()), "{more}");
    }
    assert_eq!(read(&Mapping::default(), "Last action,End date", &["Separation,2020-03-31", "Hire,"]), Ok(()));
    assert_eq!(read(&Mapping::default(), "Last action,Status", &["Zzz,Active", "Hire,Active"]), Ok(()));
    let told = Mapping { left_status: vec!["Zzz".to_owned()], ..Mapping::default() };
    assert_eq!(read(&told, "Last action", &["Zzz", "Hire"]), Ok(()), "such rows are refused");
}

#[test]
fn rehire_flags_benefits_and_short_statuses_stop() {
    for (header, value) in [
        ("Rehire eligible", "Yes"),
        ("Rehire eligible", "No"),
        ("Eligible for rehire", "Yes"),
        ("Do not rehire", "Yes"),
        ("Seniority end", "2023-03-31"),
        ("Benefits end", "2023-03-31"),
        ("Insurance end date", "2023-03-31"),
        ("EE Stat", "9"),
        ("Worker type", "Past"),
        ("Last action", "Separation"),
        ("Network user", "Disabled"),
    ] {
        let said = read(&Mapping::default(), header, &[value]);
        assert!(said.is_err_and(|said| said.contains("--ignore-column")), "{header}: {value}");
    }
    for (header, value) in [
        ("Rehire eligible", ""),
        ("Rehire eligible", "N/A"),
        ("Benefits end date", "2027-03-31"),
        ("Seniority date", "2020-01-31"),
        ("Insurance expiry", "2023-03-31"),
    ] {
        assert_eq!(read(&Mapping::default(), header, &[value]), Ok(()), "{header}: {value}");
    }
}
