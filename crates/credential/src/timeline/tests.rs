//! Lanes, gaps, totals and disagreements of combined careers.

use proptest::prelude::*;

use super::*;

fn month(text: &str) -> YearMonth {
    text.parse().expect("a month")
}

fn career(jobs: &[(&str, Option<&str>, &str)]) -> Career {
    let employment = jobs
        .iter()
        .map(|(start, end, last)| Employment {
            organisation: "A".to_owned(),
            role_classification: None,
            role_title: Some("B".to_owned()),
            start_date: month(start),
            end_date: end.map(month),
            last_processed_month: month(last),
        })
        .collect();
    Career::new(&[("Acme".to_owned(), CareerHistory { full_name: "X".to_owned(), employment })])
}

#[test]
fn sample_has_a_gap_of_one_month() {
    let career = career(&[("2020-01", Some("2022-12"), "2023-01"), ("2023-02", None, "2024-05")]);
    assert_eq!(career.gaps, [Gap { start: month("2023-01"), months: 1 }]);
    assert_eq!(career.total_months, 36 + 16);
    assert_eq!((career.lanes, career.jobs[1].is_open(), career.jobs[1].months()), (1, true, 16));
}

#[test]
fn months_after_the_last_processed_one_are_not_counted() {
    let career = career(&[("2020-01", Some("2050-12"), "2020-06"), ("2021-01", Some("2021-02"), "2021-02")]);
    assert_eq!((career.total_months, career.jobs[0].months(), career.jobs[0].last()), (8, 6, month("2020-06")));
    assert_eq!(career.jobs.iter().map(Job::is_open).collect::<Vec<_>>(), [true, false]);
    assert_eq!(career.gaps, [], "the first job may have continued");
    assert_eq!(
        (career.jobs[0].employment.planned_end(), career.last()),
        (Some(month("2050-12")), Some(month("2021-02")))
    );
}

#[test]
fn months_after_the_data_of_an_open_job_are_no_gap() {
    let gap = |start, months| vec![Gap { start: month(start), months }];
    for (end, gaps) in [
        (None, Vec::new()),
        (Some("2020-10"), gap("2020-11", 2)),
        (Some("2021-03"), Vec::new()),
        (Some("2020-06"), gap("2020-07", 6)),
    ] {
        let found = career(&[("2020-01", end, "2020-06"), ("2021-01", Some("2021-02"), "2021-02")]);
        assert_eq!((found.gaps, found.total_months), (gaps, 8), "{end:?}");
    }
    // A later job that has ended does not end the one that continues.
    let found = career(&[
        ("2020-01", None, "2020-06"),
        ("2020-03", Some("2020-12"), "2021-01"),
        ("2022-01", Some("2022-02"), "2022-02"),
    ]);
    assert_eq!((found.gaps, found.total_months), (Vec::new(), 14));
}

#[test]
fn jobs_that_have_not_begun_count_nothing() {
    let both = career(&[("2026-03", None, "2025-11"), ("2020-01", None, "2025-11")]);
    assert_eq!((both.total_months, both.jobs.len(), both.planned.len(), both.lanes), (71, 1, 1, 1));
    assert_eq!((both.gaps.len(), both.last()), (0, Some(month("2025-11"))));
    let alone = career(&[("2026-03", Some("2026-09"), "2025-11")]);
    assert_eq!((alone.total_months, alone.start(), alone.planned[0].months()), (0, None, 0));
}

#[test]
fn parallel_jobs_get_lanes_and_count_once() {
    let career = career(&[
        ("2020-01", Some("2020-12"), "2021-01"),
        ("2020-06", Some("2021-05"), "2021-06"),
        ("2021-01", Some("2021-02"), "2021-03"),
    ]);
    assert_eq!(career.jobs.iter().map(|job| job.lane).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!((career.total_months, career.gaps.len()), (17, 0));
}

fn job(organisation: &str, title: Option<&str>, start: &str, end: Option<&str>, last: &str) -> Employment {
    Employment {
        organisation: organisation.to_owned(),
        role_classification: Some("Software".to_owned()).filter(|_| title.is_none()),
        role_title: title.map(str::to_owned),
        start_date: month(start),
        end_date: end.map(month),
        last_processed_month: month(last),
    }
}

fn said(histories: &[(&str, Vec<Employment>)]) -> Vec<Disagreement> {
    let histories: Vec<(String, CareerHistory)> = histories
        .iter()
        .map(|(attester, employment)| {
            let history = CareerHistory { full_name: "X".to_owned(), employment: employment.clone() };
            ((*attester).to_owned(), history)
        })
        .collect();
    Career::new(&histories).disagreements
}

#[test]
fn only_contradicting_attesters_disagree() {
    let acme = job("Company B Pty. Ltd.", Some("Engineer"), "2020-01", Some("2022-12"), "2023-01");
    for (other, differ) in [
        (job("COMPANY  B", Some("engineer"), "2020-01", Some("2022-12"), "2022-12"), false),
        (job("Company-B, Inc", Some("Senior Engineer"), "2020-01", Some("2022-12"), "2023-01"), true),
        (job("Company B", Some("Engineer"), "2020-02", Some("2022-12"), "2023-01"), true),
        (job("Company B", Some("Engineer"), "2020-01", Some("2022-11"), "2023-01"), true),
        (job("Company B", Some("Engineer"), "2020-01", None, "2022-06"), false),
        (job("Company B", Some("Engineer"), "2020-01", None, "2022-12"), false),
        (job("Company B", Some("Engineer"), "2020-01", None, "2023-01"), true),
        (job("Company B", None, "2020-01", Some("2022-12"), "2023-01"), false),
        (job("Company C", Some("Chef"), "2020-02", Some("2022-12"), "2023-01"), false),
        (job("Company B", Some("Chef"), "2023-01", Some("2023-02"), "2023-02"), false),
    ] {
        let found = said(&[("Acme", vec![acme.clone()]), ("HR Cloud", vec![other.clone()])]);
        assert_eq!(found.len(), usize::from(differ), "{other:?}");
        assert_eq!(said(&[("Acme", vec![acme.clone(), other])]), [], "one source cannot contradict itself");
    }
}

#[test]
fn disagreement_names_employer_and_differing_jobs() {
    let first = job("Company B", Some("Engineer"), "2018-01", Some("2020-06"), "2023-01");
    let second = job("Company B", Some("Lead"), "2020-06", Some("2022-12"), "2023-01");
    let acme =
        vec![first.clone(), second.clone(), job("Elsewhere", Some("Cook"), "2015-01", Some("2016-01"), "2023-01")];
    assert_eq!(said(&[("Acme", acme.clone()), ("HR Cloud", vec![first.clone(), second])]), []);
    let whole = job("company b", Some("Employee"), "2018-01", Some("2022-12"), "2023-01");
    let found = said(&[("Acme", acme), ("HR Cloud", vec![whole]), ("University", vec![first])]);
    // By start, then the longer first: Elsewhere, the whole, the two alike, the second.
    assert_eq!(found, [Disagreement { organisation: "company b".to_owned(), jobs: vec![1, 2, 3, 4] }]);
}

#[test]
fn employer_names_compare_without_case_and_legal_form() {
    for (one, other, same) in [
        ("Company B", "company b LIMITED", true),
        ("O'Neil & Sons", "ONeil and Sons", false),
        ("O’Neil & Sons", "ONEIL, SONS", true),
        ("Société A S.A.", "société a", true),
        ("Company", "Company Ltd", true),
        ("Ltd", "Limited", false),
        ("Company B", "Company C", false),
    ] {
        assert_eq!(folded_employer(one) == folded_employer(other), same, "{one} and {other}");
    }
}

/// Returns the employers of these jobs in the order of a list.
fn listed(histories: &[(&str, Vec<Employment>)]) -> Vec<String> {
    let history = |(attester, employment): &(&str, Vec<Employment>)| {
        let history = CareerHistory { full_name: "X".to_owned(), employment: employment.clone() };
        ((*attester).to_owned(), history)
    };
    let career = Career::new(&histories.iter().map(history).collect::<Vec<_>>());
    career.listed().into_iter().map(|job| format!("{} {}", job.employment.organisation, job.attester)).collect()
}

#[test]
fn lists_start_with_the_latest_data_in_any_order_of_records() {
    let at = |organisation, start, end, last| job(organisation, Some("Cook"), start, end, last);
    let current = at("Current", "2015-02", None, "2026-10");
    let ended = at("Ended", "2020-01", Some("2022-12"), "2026-10");
    let stale = at("Stale", "2021-01", None, "2022-06");
    let planned = at("Planned", "2026-12", None, "2026-10");
    let expected = ["Planned Acme", "Current Acme", "Current Zeta", "Ended Acme", "Stale Acme"];
    let acme = vec![ended, planned, stale, current.clone()];
    let backwards: Vec<Employment> = acme.iter().rev().cloned().collect();
    for histories in [[("Acme", acme), ("Zeta", vec![current.clone()])], [("Zeta", vec![current]), ("Acme", backwards)]]
    {
        assert_eq!(listed(&histories), expected);
    }
}

#[test]
fn jobs_of_the_same_months_are_listed_by_employer_and_title() {
    let at = |organisation, title| job(organisation, Some(title), "2020-01", None, "2026-10");
    let jobs = vec![at("B", "Cook"), at("A", "Waiter"), at("A", "Cook")];
    let career = Career::new(&[("Acme".to_owned(), CareerHistory { full_name: "X".to_owned(), employment: jobs })]);
    let found: Vec<(&str, &str)> =
        career.listed().into_iter().map(|job| (job.employment.organisation.as_str(), job.employment.role())).collect();
    assert_eq!(found, [("A", "Cook"), ("A", "Waiter"), ("B", "Cook")]);
}

#[test]
fn adjacent_jobs_have_no_gap() {
    let career = career(&[("2020-01", Some("2020-01"), "2020-01"), ("2020-02", Some("2020-02"), "2020-02")]);
    assert_eq!((career.total_months, career.gaps.len(), career.lanes), (2, 0, 1));
    assert_eq!(Career::new(&[]).total_months, 0);
}

proptest! {
    #[test]
    fn every_month_is_covered_or_in_a_gap(spans in proptest::collection::vec((0..600i32, 0..120i32), 1..20)) {
        let first = month("1960-01");
        let employment: Vec<Employment> = spans.iter().map(|(start, length)| Employment {
            organisation: "A".to_owned(), role_classification: None, role_title: Some("B".to_owned()),
            start_date: first.plus_months(*start), end_date: Some(first.plus_months(start + length)),
            last_processed_month: first.plus_months(start + length),
        }).collect();
        let career = Career::new(&[("A".to_owned(), CareerHistory { full_name: "X".to_owned(), employment })]);
        let months: Vec<i32> = career.jobs.iter().map(Job::months).collect();
        prop_assert!(career.total_months <= months.iter().sum());
        prop_assert!(career.total_months >= *months.iter().max().expect("a job"));
        let whole = career.last().expect("a job").months_since(career.start().expect("a job")) + 1;
        prop_assert_eq!(career.total_months + career.gaps.iter().map(|gap| gap.months).sum::<i32>(), whole);
        for (index, job) in career.jobs.iter().enumerate() {
            for other in &career.jobs[index + 1..] {
                prop_assert!(job.lane != other.lane || job.last() < other.start() || other.last() < job.start());
            }
        }
    }
}
