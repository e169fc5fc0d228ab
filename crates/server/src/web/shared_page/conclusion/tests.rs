//! Conclusions for each possible problem of a presentation.

use credential::verification::{NotShown, StatusKinds};
use serde_json::json;

use super::*;

/// Returns a report in which every step passed, except those in `changes`.
fn report(claims: Value, changes: &[(Step, StepOutcome, Option<&'static str>)]) -> Report {
    let verdict = |step: Step| {
        let change = changes.iter().find(|(changed, ..)| *changed == step);
        let (outcome, code) = change.map_or((StepOutcome::Passed, None), |(_, outcome, code)| (*outcome, *code));
        Verdict { step, outcome, reason: String::new(), code, asked: None }
    };
    let Value::Object(claims) = claims else { panic!("claims are an object") };
    let verdicts = Step::ALL.map(verdict).to_vec();
    let (not_shown, status_kinds) = (NotShown::default(), StatusKinds::Listed);
    Report { verdicts, claims, expired_on: None, not_shown, status_kinds, has_binding: false }
}

fn career(name: &str, partner: &str, end: Option<&str>, data_to: &str) -> Value {
    json!({
        "full_name": name,
        "attested_by": { "name": partner },
        "employment": [{ "organisation": "Company A", "role_title": "Engineer", "start_date": "2020-01", "end_date": end, "last_processed_month": data_to }],
    })
}

fn conclude_at(time: &str, reports: &[Report]) -> Conclusion {
    let presented: Vec<Presented<'_>> = reports.iter().map(|report| Presented { report, replaced: None }).collect();
    let now = time.parse::<jiff::Timestamp>().expect("a time");
    conclude(&presented, None, Timestamp::from_micros(now.as_microsecond()))
}

fn concluded(reports: &[Report]) -> Conclusion {
    conclude_at("2026-11-23T09:00:00Z", reports)
}

fn causes(conclusion: &Conclusion) -> Vec<(Cause, Option<usize>)> {
    conclusion.reasons.iter().map(|reason| (reason.cause, reason.presentation)).collect()
}

#[test]
fn passing_checks_of_current_data_give_level_confirmed() {
    let found = concluded(&[report(career("Ada Example", "Northwind Payroll", None, "2026-10"), &[])]);
    assert_eq!((found.level(), found.reasons.len()), (Level::Confirmed, 0));
    assert_eq!(found.partners(), [("Northwind Payroll", "2026-10".parse().ok())]);
}

#[test]
fn failed_and_missing_checks_give_their_cause() {
    let failed = |step, code| (step, StepOutcome::Failed, Some(code));
    for (change, cause, level) in [
        (failed(Step::Status, "revoked"), Cause::Revoked, Level::Failed),
        (failed(Step::Status, "suspended"), Cause::Suspended, Level::Failed),
        (failed(Step::Status, "replaced"), Cause::Replaced, Level::Doubtful),
        (failed(Step::Status, "expired"), Cause::Unchecked, Level::Doubtful),
        (failed(Step::Status, "unknown_status"), Cause::Invalid, Level::Failed),
        (failed(Step::Dates, "expired"), Cause::Expired, Level::Failed),
        (failed(Step::Dates, "not_yet_valid"), Cause::NotValid, Level::Failed),
        (failed(Step::Signature, "signature"), Cause::Invalid, Level::Failed),
        (failed(Step::Holder, "sd_hash"), Cause::Invalid, Level::Failed),
        (failed(Step::Schema, "a code of a later release"), Cause::Invalid, Level::Failed),
        ((Step::Status, StepOutcome::NotChecked, None), Cause::Unchecked, Level::Doubtful),
    ] {
        let found = concluded(&[report(career("Ada", "Acme", None, "2026-10"), &[change])]);
        assert_eq!((causes(&found), found.level()), (vec![(cause, Some(0))], level), "{change:?}");
    }
}

#[test]
fn unchecked_steps_are_omitted_beside_failed_ones() {
    let changes = [
        (Step::Signature, StepOutcome::Failed, Some("malformed")),
        (Step::Issuer, StepOutcome::NotChecked, None),
        (Step::Holder, StepOutcome::Failed, Some("not_bound")),
    ];
    let found = concluded(&[report(json!({}), &changes)]);
    assert_eq!(causes(&found), [(Cause::Invalid, Some(0))]);
}

#[test]
fn expired_credentials_fail_with_their_last_day() {
    let known: credential::Type = "universal_credential".parse().expect("a type");
    let licence = json!({
        "iss": "https://passport.example",
        "vct": credential::format::sd_jwt_vc::vct(known, "https://passport.example"),
        "full_name": "Ada",
        "attested_by": { "name": "Board" },
        "expiry_date": "2026-11-22",
    });
    assert_eq!(concluded(&[report(licence.clone(), &[])]).level(), Level::Confirmed, "the check of dates decides");
    let found = concluded(&[report(licence, &[(Step::Dates, StepOutcome::Failed, Some("expired"))])]);
    assert_eq!((causes(&found), found.level()), (vec![(Cause::Expired, Some(0))], Level::Failed));
    assert_eq!(found.facts[0].expiry, Date::parse("2026-11-22").ok());
}

#[test]
fn courses_that_are_not_conferred_are_doubtful() {
    let course = |awaiting: Value| json!({ "full_name": "Ada", "attested_by": { "name": "University" }, "awaiting_graduation": awaiting });
    let found = concluded(&[report(course(json!(true)), &[])]);
    assert_eq!((causes(&found), found.level()), (vec![(Cause::AwaitingGraduation, Some(0))], Level::Doubtful));
    assert_eq!(concluded(&[report(course(json!(false)), &[])]).level(), Level::Confirmed);
}

#[test]
fn old_data_on_a_job_that_goes_on_is_doubtful() {
    for (end, data_to, is_old) in [
        (None, "2026-05", false),
        (None, "2026-04", true),
        (Some("2027-01"), "2026-04", true),
        (Some("2022-12"), "2023-01", false),
    ] {
        let found = concluded(&[report(career("Ada", "Acme", end, data_to), &[])]);
        assert_eq!(found.reasons.len(), usize::from(is_old), "{end:?} {data_to}");
        let old: Vec<_> = found.facts[0].data.old_jobs.iter().map(|job| (&*job.organisation, job.data_to)).collect();
        let expected: Vec<(&str, YearMonth)> =
            is_old.then(|| ("Company A", "2026-04".parse().expect("a month"))).into_iter().collect();
        assert_eq!(old, expected);
    }
}

#[test]
fn a_planned_end_is_not_confirmed_when_it_has_passed() {
    let claims = || report(career("Ada", "Acme", Some("2026-12"), "2026-05"), &[]);
    for (time, passed_end) in [
        ("2026-11-30T09:00:00Z", None),
        ("2026-12-01T09:00:00Z", Some(None)),
        ("2026-12-31T09:00:00Z", Some(None)),
        ("2027-01-01T09:00:00Z", Some("2026-12".parse().ok())),
    ] {
        let found = conclude_at(time, &[claims()]);
        let ends: Vec<_> = found.facts[0].data.old_jobs.iter().map(|job| job.passed_end).collect();
        assert_eq!(ends, passed_end.into_iter().collect::<Vec<Option<YearMonth>>>(), "{time}");
        assert_eq!(found.is_only_old(), !ends.is_empty(), "{time}");
    }
}

#[test]
fn different_dates_of_birth_are_doubtful() {
    let identity = |born: &str| report(json!({ "full_name": "John Doe", "date_of_birth": born }), &[]);
    assert_eq!(concluded(&[identity("1990-01-01"), identity("1990-01-01")]).level(), Level::Confirmed);
    let found = concluded(&[identity("1990-01-01"), identity("1971-05-05")]);
    assert_eq!((causes(&found), found.level()), (vec![(Cause::DifferentBirthDates, None)], Level::Doubtful));
}

#[test]
fn dates_of_birth_of_the_wallet_are_doubtful_whatever_is_shown() {
    let identity = |born: Option<&str>| report(json!({ "full_name": "John Doe", "date_of_birth": born }), &[]);
    let (one, other) = (Some("1990-01-01"), Some("1971-05-05"));
    for (shown, says_so) in [(vec![None], false), (vec![one, None], false), (vec![one, other], true)] {
        let reports: Vec<Report> = shown.iter().map(|born| identity(*born)).collect();
        let found = concluded(&reports).with_birth_dates(true);
        assert_eq!((causes(&found), found.level()), (vec![(Cause::DifferentBirthDates, None)], Level::Doubtful));
        assert_eq!(found.shows_birth_dates(), says_so, "{shown:?}");
    }
    assert_eq!(concluded(&[identity(one)]).with_birth_dates(false).level(), Level::Confirmed);
}

#[test]
fn different_names_are_doubtful_and_each_is_named() {
    let reports = [
        report(career("John Doe", "Acme", None, "2026-10"), &[]),
        report(career("JOHN DOE", "Acme", None, "2026-10"), &[]),
        report(career("Jane Roe", "Hospital", None, "2026-10"), &[]),
    ];
    let found = concluded(&reports);
    assert_eq!((causes(&found), found.level()), (vec![(Cause::DifferentNames, None)], Level::Doubtful));
    assert_eq!((found.names.join(", "), found.comparison), ("John Doe, Jane Roe".to_owned(), Comparison::Different));
    let similar = ["Võ Đức Mạnh", "VO DUC MANH"].map(|name| report(career(name, "Acme", None, "2026-10"), &[]));
    let found = concluded(&similar);
    assert_eq!((causes(&found), found.comparison.verdict()), (vec![(Cause::DifferentNames, None)], "similar"));
}

#[test]
fn confirmed_names_in_other_scripts_are_no_doubt() {
    let now = "2026-11-23T09:00:00Z".parse::<jiff::Timestamp>().expect("a time");
    for (names, is_confirmed, level) in [
        (vec!["王小禾", "Wang Xiaohe"], Some(true), Level::Confirmed),
        (vec!["王小禾", "Wang Xiaohe"], Some(false), Level::Doubtful),
        (vec!["王小禾", "Wang Xiaohe"], None, Level::Doubtful),
        (vec!["王小禾", "Wang Xiaohe", "Xiaohe Wang"], Some(true), Level::Doubtful),
        (vec!["Peter 陳大文", "Peter Chan"], Some(true), Level::Confirmed),
        (vec!["Peter 陳大文", "John Smith"], Some(true), Level::Doubtful),
        (vec!["Ana Barnes", "Ana Bames"], Some(true), Level::Doubtful),
        (vec!["Võ Đức Mạnh", "VO DUC MANH"], Some(true), Level::Doubtful),
        (vec!["John Doe", "Jane Roe"], Some(true), Level::Doubtful),
    ] {
        let shown = names.iter().map(|name| report(career(name, "Acme", None, "2026-10"), &[]));
        let reports: Vec<Report> = shown.collect();
        let presented: Vec<Presented<'_>> = reports.iter().map(|report| Presented { report, replaced: None }).collect();
        let found = conclude(&presented, is_confirmed, Timestamp::from_micros(now.as_microsecond()));
        assert_eq!(found.level(), level, "{names:?} {is_confirmed:?}");
        assert_eq!(found.names, names, "each name is shown");
    }
}

#[test]
fn a_newer_version_is_doubtful_as_soon_as_it_is_known() {
    let (claims, now) = (career("Ada", "Acme", None, "2026-10"), Timestamp::from_micros(1_793_500_000_000_000));
    // The cached status list may be older than the newer version.
    for checks in [vec![], vec![(Step::Status, StepOutcome::Failed, Some("replaced"))]] {
        let report = report(claims.clone(), &checks);
        let replaced = Some(Replacement { since: now, has_newer: true });
        let found = conclude(&[Presented { report: &report, replaced }], None, now);
        assert_eq!((causes(&found), found.level()), (vec![(Cause::Replaced, Some(0))], Level::Doubtful));
        assert_eq!(found.facts[0].replaced, replaced);
        assert!(found.is_only_replaced() && !found.is_only_old());
    }
}

#[test]
fn month_of_a_partner_is_that_of_a_job_that_goes_on() {
    let ended = || report(career("Ada", "Acme", Some("2024-05"), "2026-11"), &[]);
    let goes_on = || report(career("Ada", "Acme", None, "2026-07"), &[]);
    for (reports, month) in
        [(vec![ended(), goes_on()], "2026-07"), (vec![goes_on(), ended()], "2026-07"), (vec![ended()], "2026-11")]
    {
        assert_eq!(concluded(&reports).partners(), [("Acme", month.parse().ok())]);
    }
}

#[test]
fn partners_are_named_once_and_the_worst_reason_comes_first() {
    let reports = [
        report(career("Ada", "Acme", None, "2024-05"), &[]),
        report(career("Ada", "Acme", None, "2026-10"), &[]),
        report(
            json!({ "full_name": "Ada", "attested_by": { "name": "Board" } }),
            &[(Step::Status, StepOutcome::Failed, Some("revoked"))],
        ),
    ];
    let found = concluded(&reports);
    assert_eq!(found.partners(), [("Acme", "2026-10".parse().ok()), ("Board", None)]);
    assert_eq!(causes(&found), [(Cause::Revoked, Some(2)), (Cause::OldData, Some(0))]);
    assert_eq!(found.level(), Level::Failed);
    assert!(!found.is_only_replaced());
}
