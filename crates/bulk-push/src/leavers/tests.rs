//! People who left, in tables with one row.

use credential::Type;

use super::*;
use crate::mapping::Mapping;

fn check(mapping: &Mapping, header: &str, row: &str) -> Result<(), String> {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let header = format!("Emp ID,Name,Company,Job,Start,Pay period,{header}");
    let today = jiff::civil::date(2026, 11, 23);
    let mut plan = Plan::new(mapping, Type::default(), cells(&header), false, today).expect("whole");
    let mut leavers = Leavers::new(&plan);
    let row = cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,{row}"));
    let checked = leavers.header(&plan).and_then(|()| leavers.row(&mut plan, 2, &row));
    checked.and_then(|()| leavers.finish(&mut plan)).map(drop).map_err(|stop| stop.to_string())
}

#[test]
fn leavers_are_not_pushed_as_employed() {
    for (header, row) in [
        ("Status", "Terminated"),
        ("Employment status", "Left"),
        ("Status,End date", "Inactive,"),
        ("Active", "No"),
        ("Position status", "T"),
        ("Terminated,End date", "Yes,"),
        ("Date of separation from company", "2021-03-31"),
        ("Separation reason,End date", "Resigned,"),
        ("Resignation effective,End date", "2021-03-31,9999-12-31"),
        ("Austritt", ""),
    ] {
        let said = check(&Mapping::default(), header, row).expect_err(header);
        assert!(said.contains("--ignore-column") && said.contains("--column end_date"), "{said}");
    }
}

#[test]
fn unknown_columns_with_dates_or_values_stop() {
    for (header, row) in [
        ("LWD", "2020-01-31"),
        ("DOE", "31/01/2020"),
        ("Contract expiry", "31 Jan 2020"),
        ("Slutdatum", "43861"),
        ("\u{9000}\u{8077}\u{65e5}", "2020-01-31"),
        ("Remarks", "Resigned 31/03/2020"),
        ("Current", "No"),
        ("Has left", "Yes"),
        ("Enabled", "No"),
        ("FTE", "0"),
        ("Status", "Inactive - Resigned"),
        ("Status", "3 - Terminated"),
        ("Status", "Sorti"),
        ("Status", "0"),
    ] {
        let said = check(&Mapping::default(), header, row).expect_err(header);
        assert!(said.contains("--ignore-column") && said.contains("line 2"), "{header}: {said}");
    }
}

#[test]
fn saved_ignores_still_check_for_people_who_left() {
    let ignore = vec!["Status".to_owned()];
    let saved = Mapping { ignore: ignore.clone(), ..Mapping::default() };
    assert_eq!(check(&saved, "Status", "Whatever"), Ok(()));
    assert!(check(&saved, "Status", "Terminated").is_err());
    let now = Mapping { ignored_now: ignore.clone(), ..saved.clone() };
    assert_eq!(check(&now, "Status", "Terminated"), Ok(()));
    let accepted = Mapping { ignore_left: ignore, ..saved };
    assert_eq!(check(&accepted, "Status", "Terminated"), Ok(()));
}

#[test]
fn ignored_columns_about_leavers_are_warned_of_in_each_run() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let today = jiff::civil::date(2026, 11, 23);
    let warning = |mapping: &Mapping, name: &str, value: &str| {
        let header = cells(&format!("Emp ID,Name,Company,Job,Start,Pay period,{name}"));
        let mut plan = Plan::new(mapping, Type::default(), header, false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        leavers.row(&mut plan, 2, &cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,{value}"))).expect("read");
        let warning = leavers.finish(&mut plan).expect("a warning at most");
        (warning.unwrap_or_default(), plan.mapping)
    };
    for (name, value) in [("Status", "Left"), ("Termination date", "2020-03-31"), ("To", "31/03/2020")] {
        let ignore = vec![name.to_owned()];
        let now = Mapping { ignore: ignore.clone(), ignored_now: ignore.clone(), ..Mapping::default() };
        let (said, saved) = warning(&now, name, value);
        assert!(said.contains(name) && said.contains(value), "{said}");
        assert_eq!(warning(&now, name, "").0, "", "{name}");
        let saved = Mapping { ignored_now: Vec::new(), ..saved };
        assert!(warning(&saved, name, value).0.contains(value), "{name}: a saved mapping confirms nothing");
    }
    let saved = Mapping { ignore: vec!["End date".to_owned()], ..Mapping::default() };
    assert!(warning(&saved, "End date", "2020-03-31").0.contains("2020-03-31"), "of a later month");
    assert_eq!(warning(&saved, "End date", "2027-03-31").0, "");
}

#[test]
fn ends_of_credentials_are_mapped_or_stop() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let today = jiff::civil::date(2026, 11, 23);
    let known: Type = "education".parse().expect("a type");
    let header = cells("Full name,University,Degree,conferral_year,with honours,Majors,Revoked on");
    let mut plan = Plan::new(&Mapping::default(), known, header, false, today).expect("whole");
    let mut read = |revoked: &str| {
        let mut leavers = Leavers::new(&plan);
        let row = cells(&format!("Ada,X,BSc,2020,no,,{revoked}"));
        leavers.row(&mut plan, 3, &row).and_then(|()| leavers.finish(&mut plan)).map_err(|stop| stop.to_string())
    };
    assert_eq!(read(""), Ok(None));
    let said = read("2024-01-01").expect_err("revoked");
    assert!(said.contains("'Revoked on'") && said.contains("--ignore-column"), "{said}");
}

#[test]
fn columns_that_agree_or_are_ignored_do_not_stop() {
    for (header, row) in [
        ("Status,End date", "Left,2021-03-31"),
        ("Status", "Active"),
        ("Active", "Yes"),
        ("Terminated,End date", "No,"),
        ("Planned end of employment,End date", "2027-03-31,"),
        ("Probation end date", "2021-03-31"),
        ("Status", ""),
        ("Disabled,End date", "No,"),
        ("Disability,End date", "Yes,"),
        ("Final settlement,End date", "-,"),
        ("Hours,End date", "38,"),
        ("Overtime hours,End date", "0,"),
        ("Tenure (months),End date", "81,"),
        ("Tenure,End date", "6y 9m,"),
        ("Tenure,End date", "6 years,"),
        ("Tenure,End date", "80 maanden,"),
        ("Service,End date", "14,"),
        ("STAT2,End date", "3,"),
        ("STAT 2,End date", ","),
        ("Manager,End date", "Cy Sample (left),"),
        ("Desk,End date", "Left side,"),
        ("FLSA Status,End date", "Non-Exempt,"),
        ("Direct deposit,End date", "Inactive,"),
        ("Employment Status,End date", "3,"),
        ("Service Date,End date", "2020-01-01,"),
        ("LOA end date,End date", "2021-03-31,"),
        ("Seniority,End date", "2,"),
        ("Payroll,End date", "Monthly,"),
        ("Work address,End date", "1 Main St,"),
        ("Work address,End date", "5 March Road,"),
        ("Team,End date", "10 Marketing,"),
        ("Left?,End date", "No,"),
        ("Tgl Lahir,End date", "1990-01-15,"),
        ("Leave Return Date,End date", "2021-03-31,"),
        ("Employment Status: Date,End date", "2021-03-31,"),
        ("Company car end,End date", "2021-03-31,"),
        ("Annual leave left,End date", "12,"),
        ("Status,Disabled,End date", "Active,Yes,"),
        ("Military status,End date", "Discharged,"),
        ("Offer status,End date", "Accepted,"),
        ("Payment status,End date", "Paid,"),
        ("Pension scheme,End date", "Left scheme,"),
        ("Status,End date", "L - Leave of Absence,"),
        ("Austrittsart,End date", ","),
        ("Austrittsart", ""),
    ] {
        assert_eq!(check(&Mapping::default(), header, row), Ok(()), "{header}: {row}");
    }
    let ignoring = Mapping { ignore: vec!["Hand".into()], ..Mapping::default() };
    assert_eq!(check(&ignoring, "Hand", "Left"), Ok(()));
    assert!(check(&Mapping::default(), "Hand", "Left").is_err());
}

#[test]
fn hands_are_left_and_right() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let today = jiff::civil::date(2026, 11, 23);
    for (values, is_side) in [
        (["Left", "Right", "Right"], true),
        (["Left", "Left", ""], false),
        (["Left", "Right", "Other"], false),
        (["Left", "Right", "Resigned"], false),
    ] {
        let header = cells("Emp ID,Name,Company,Job,Start,Pay period,End date,Hand");
        let mut plan = Plan::new(&Mapping::default(), Type::default(), header, false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        for (line, value) in (2..).zip(values) {
            let row = cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,,{value}"));
            leavers.row(&mut plan, line, &row).expect("read");
        }
        assert_eq!(leavers.finish(&mut plan).is_ok(), is_side, "{values:?}");
    }
}

#[test]
fn credentials_that_are_not_valid_stop() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let today = jiff::civil::date(2026, 11, 23);
    for (kind, header, value, is_stopped) in [
        ("education", "Status", "Withdrawn", true),
        ("education", "Outcome", "Failed", true),
        ("education", "Status", "Conferred", false),
        ("education", "Campus", "Revoked", true),
    ] {
        let known: Type = kind.parse().expect("a type");
        let names = cells(&format!("Full name,University,Degree,conferral_year,with honours,Majors,{header}"));
        let mut plan = Plan::new(&Mapping::default(), known, names, false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        leavers.row(&mut plan, 2, &cells(&format!("Ada,X,BSc,2020,no,,{value}"))).expect("read");
        assert_eq!(leavers.finish(&mut plan).is_err(), is_stopped, "{header}: {value}");
    }
}

#[test]
fn status_values_are_listed_and_need_a_meaning() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let header = cells("Emp ID,Name,Company,Job,Start,Pay period,End date,Status");
    let today = jiff::civil::date(2026, 11, 23);
    let read = |mapping: &Mapping| {
        let mut plan = Plan::new(mapping, Type::default(), header.clone(), false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        for (line, status) in (2..).zip(["Zzz", "Gone", "Zzz", "Active"]) {
            let row = cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,,{status}"));
            leavers.row(&mut plan, line, &row).expect("read");
        }
        let left = says_left(&plan, &cells("1,Ada,A,Clerk,2020-01,2026-10,,Gone"));
        leavers.finish(&mut plan).map(|_| left).map_err(|stop| stop.to_string())
    };
    let said = read(&Mapping::default()).expect_err("unknown");
    let parts = ["'Zzz' (2 rows, the first on line 2)", "'Gone' (line 3)", "--employed-status", "--left-status"];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    let employed_status = vec!["zzz".to_owned()];
    let said = read(&Mapping { employed_status: employed_status.clone(), ..Mapping::default() });
    assert!(said.is_err_and(|said| !said.contains("Zzz") && said.contains("Gone")));
    let left_status = vec!["Gone".to_owned()];
    assert_eq!(read(&Mapping { employed_status, left_status, ..Mapping::default() }), Ok(true));
}

#[test]
fn free_text_and_phrases_stop() {
    for (header, value) in [
        ("Remarks,End date", "laid off,"),
        ("Remarks,End date", "31 March,"),
        ("Notes 1,End date", "20200331,"),
        ("Notes 1,End date", "43921,"),
        ("Type,End date", "Alumni,"),
        ("Last day worked,End date", "31 March,"),
        ("Final pay,End date", "Yes,"),
        ("FTE,End date", "0%,"),
        ("P45 issued,End date", "Yes,"),
        ("Comment,End date", "2020.03,"),
        ("Status,End date", "X,"),
        ("Disabled,End date", "Yes,"),
        ("Term reason,End date", "Resigned voluntarily,"),
        ("Final settlement,End date", "Paid,"),
        ("Department,End date", "Ex-staff,"),
        ("Cost centre,End date", "999 LEFT,"),
        ("Info,End date", "left in March,"),
        ("Hours,End date", "0,"),
        ("Headcount,End date", "0,"),
        ("Tenure (months),End date", "14,"),
        ("Tenure,End date", "2y 2m,"),
        ("Length of service,End date", "2 years 2 months,"),
        ("Service,End date", "26 mths,"),
        ("STAT2,End date", "0,"),
        ("STAT 2,End date", "1,"),
        ("STAT2,End date", "2,"),
        ("Reason code,End date", "RED,"),
        ("Location,End date", "TERMINATED - Sydney,"),
        ("PA0000-STAT2,End date", "0,"),
        ("Employee Group,End date", "Retiree/pens.,"),
        ("On payroll,End date", "No,"),
        ("Vacant,End date", "Yes,"),
        ("LOS,End date", "2,"),
        ("Seniority,End date", "2 years,"),
        ("Datum2,End date", "31 Desember 2020,"),
        ("Status,Disabled,End date", "Full time,Yes,"),
    ] {
        assert!(check(&Mapping::default(), header, value).is_err(), "{header}: {value}");
    }
    assert_eq!(check(&Mapping::default(), "Marital status", "Separated"), Ok(()));
    assert_eq!(check(&Mapping::default(), "Remarks,End date", "-,"), Ok(()));
}

#[test]
fn abbreviations_of_people_who_left_stop() {
    for (header, value) in [
        ("Class,End date", "TERM,"),
        ("Emp stat,End date", "T,"),
        ("Sts,End date", "L,"),
        ("A/I,End date", "I,"),
        ("Act/Inact,End date", "Inact,"),
        ("Actv,End date", "N,"),
        ("In service,End date", "N,"),
        ("Employment,End date", "No,"),
        ("Group,End date", "Not working,"),
    ] {
        assert!(check(&Mapping::default(), header, value).is_err(), "{header}: {value}");
    }
    for (header, value) in [
        ("Emp stat,End date", "A,"),
        ("A/I,End date", "A,"),
        ("Actv,End date", "Y,"),
        ("Employment,End date", "Full time,"),
        ("Probezeit bis,End date", "30.06.2020,"),
        ("Fin p\u{e9}riode d'essai,End date", "2020-06-30,"),
        ("Contract signed,End date", "2019-12-12,"),
        ("Continuous service date,End date", "2020-01-01,"),
        ("Date of marriage,End date", "2020-06-30,"),
        ("Paid to,End date", "2026-10-31,"),
        ("Last pay rise,End date", "2020-06-30,"),
        ("Billing,End date", "Term 1,"),
    ] {
        assert_eq!(check(&Mapping::default(), header, value), Ok(()), "{header}: {value}");
    }
}

#[test]
fn numbers_of_a_status_are_not_guessed() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let today = jiff::civil::date(2026, 11, 23);
    let read = |name: &str, told: &[&str], rows: &[&str]| {
        let employed_status = told.iter().map(|value| (*value).to_owned()).collect();
        let mapping = Mapping { employed_status, ..Mapping::default() };
        let header = cells(&format!("Emp ID,Name,Company,Job,Start,Pay period,End date,{name}"));
        let mut plan = Plan::new(&mapping, Type::default(), header, false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        for (line, row) in (2..).zip(rows) {
            leavers.row(&mut plan, line, &cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,{row}"))).expect("read");
        }
        leavers.finish(&mut plan).map(drop).map_err(|stop| stop.to_string())
    };
    assert_eq!(read("Status", &[], &[",1", ",1"]), Ok(()));
    assert_eq!(read("Status", &[], &[",1", "2020-03,2"]), Ok(()), "the end of the other is given");
    let said = read("Employment status", &["3"], &[",3", ",1"]).expect_err("unclear");
    assert!(said.contains("'1' (line 3)") && !said.contains("'3'"), "{said}");
    assert_eq!(read("Employment status", &["3", "1"], &[",3", ",1"]), Ok(()));
    assert!(read("STAT2", &[], &[",3", ",1"]).is_err());
    assert_eq!(read("STAT2", &["1"], &[",3", ",1"]), Ok(()), "on leave");
    assert_eq!(read("Employment status", &[], &[",3", ",3"]), Ok(()), "SAP's label");
    assert_eq!(read("Employment status", &[], &[",3", "2020-03,0"]), Ok(()));
    let said = read("Employment status", &[], &[",3", ",Active"]).expect_err("unclear");
    assert!(said.contains("'3' (line 2)"), "{said}");
}

#[test]
fn zero_pay_is_confirmed() {
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let header = cells("Emp ID,Name,Company,Job,Start,Pay period,End date,Gross pay,Status");
    let today = jiff::civil::date(2026, 11, 23);
    let warning = |rows: &[&str]| {
        let mut plan = Plan::new(&Mapping::default(), Type::default(), header.clone(), false, today).expect("whole");
        let mut leavers = Leavers::new(&plan);
        for (line, row) in (2..).zip(rows) {
            leavers.row(&mut plan, line, &cells(&format!("1,Ada,A,Clerk,2020-01,2026-10,{row}"))).expect("read");
        }
        leavers.finish(&mut plan).expect("a warning at most").unwrap_or_default()
    };
    let said = warning(&[",100,", ",0,", ",90,"]);
    assert!(said.contains("1 of 3 rows (lines 3)") && said.contains("--ignore-column \"Gross pay\""), "{said}");
    assert_eq!(warning(&[",100,", ",0,Active", ",90,"]), "");
    assert_eq!(warning(&[",100,", ",0,On unpaid leave", ",90,"]), "");
    assert_eq!(warning(&[",100,", "2026-03,0,", ",90,"]), "", "the end is given");
}

#[test]
fn active_people_with_a_past_end_stop() {
    let said = check(&Mapping::default(), "Contract end date,Status", "2020-03-31,Active").expect_err("which?");
    assert!(said.contains("'Active'") && said.contains("2020-03"), "{said}");
    assert_eq!(check(&Mapping::default(), "End date,Status", "2026-11-30,Active"), Ok(()));
    assert!(check(&Mapping::default(), "End date,STAT2", "2020-03-31,3").is_err());
    assert_eq!(check(&Mapping::default(), "End date,STAT2", "2020-03-31,0"), Ok(()));
}

#[test]
fn saved_mappings_stop_at_new_values_of_ignored_statuses() {
    let ignore = vec!["Status".to_owned()];
    let ignore_values = [("Status".to_owned(), vec!["Zzz".to_owned()])].into();
    let saved = Mapping { ignore, ignore_values, ..Mapping::default() };
    assert_eq!(check(&saved, "Status", "Zzz"), Ok(()));
    assert_eq!(check(&saved, "Status", "Active"), Ok(()));
    assert!(check(&saved, "Status", "Suspended").is_err());
}
