//! Tests of the texts of the verdict.

use credential::CareerData;

use super::*;
use crate::flows::share::Replacement;
use crate::web::shared_page::conclusion::Reason;
use ambient::Timestamp;

const SINCE: Timestamp = Timestamp::from_micros(1_793_500_000_000_000);

fn facts(partner: &str, data_to: Option<&str>) -> Facts {
    let data_to = data_to.map(|month| month.parse().expect("a month"));
    let data = CareerData { data_to, ..CareerData::default() };
    Facts { name: "Ada Example".to_owned(), partner: partner.to_owned(), data, ..Facts::default() }
}

/// Adds a job at Company A with old data to `facts`.
fn with_old_job(mut facts: Facts, data_to: &str, passed_end: Option<&str>) -> Facts {
    let month = |text: &str| text.parse().expect("a month");
    let organisation = "Company A".to_owned();
    let job = OldJob { organisation, data_to: month(data_to), passed_end: passed_end.map(month) };
    facts.data.old_jobs.push(job);
    facts
}

fn view(facts: Vec<Facts>, reasons: Vec<Reason>) -> VerdictView {
    let titles = vec!["Career history".to_owned(); facts.len()];
    let names = vec!["Ada Example".to_owned()];
    VerdictView::new(
        &Conclusion { facts, reasons, names, comparison: Comparison::Same, is_confirmed: None },
        &titles,
        &Text::default(),
    )
}

fn plain(html: &str) -> String {
    html.replace("<bdi>", "").replace("</bdi>", "")
}

#[test]
fn verdict_names_partners_and_the_last_month_of_their_data() {
    let payroll = || facts("Northwind Payroll", Some("2026-10"));
    let others = ["A", "B", "C"].map(|name| facts(name, None));
    for (facts, sentence) in [
        (vec![payroll()], "Confirmed by Northwind Payroll, data to October 2026. Not revoked."),
        (vec![others[0].clone()], "Confirmed by A. Not revoked."),
        (
            vec![payroll(), others[0].clone()],
            "Confirmed by Northwind Payroll (data to October 2026) and A. Not revoked.",
        ),
        (
            [vec![payroll()], others.to_vec()].concat(),
            "Confirmed by Northwind Payroll (data to October 2026), A and 2 others. Not revoked.",
        ),
    ] {
        let view = view(facts, Vec::new());
        assert_eq!(plain(view.sentence()), sentence);
    }
}

#[test]
fn confirmed_sentence_mentions_old_data() {
    let old = |partner, data_to, old: &str| with_old_job(facts(partner, Some(data_to)), old, None);
    let planned = || with_old_job(facts("Acme", Some("2024-05")), "2024-05", Some("2025-01"));
    let reason = |cause, at| Reason { cause, presentation: Some(at), is_of_check: false };
    for (facts, sentence) in [
        (
            vec![old("Acme", "2024-05", "2024-05")],
            "Confirmed by Acme, with data to May 2024. The current job may have ended since.",
        ),
        (
            vec![old("Acme", "2026-10", "2024-05")],
            "Confirmed by Acme (data to October 2026). A current job has older data, so it may have ended.",
        ),
        (
            vec![old("Acme", "2024-05", "2024-05"), facts("Board", None)],
            "Confirmed by Acme (data to May 2024) and Board. A current job has older data, so it may have ended.",
        ),
        (
            vec![with_old_job(old("Acme", "2024-05", "2024-05"), "2024-05", None)],
            "Confirmed by Acme (data to May 2024). Current jobs have older data, so they may have ended.",
        ),
        (
            vec![planned()],
            "Confirmed by Acme (data to May 2024). The planned end of a job has passed and is not confirmed.",
        ),
        (
            vec![with_old_job(planned(), "2024-05", None)],
            "Confirmed by Acme (data to May 2024). A current job has older data, so it may have ended.",
        ),
    ] {
        let only = view(facts.clone(), vec![reason(Cause::OldData, 0)]);
        assert_eq!((plain(only.sentence()), only.level), (sentence.to_owned(), Level::Doubtful));
        for other in [Cause::Unchecked, Cause::Replaced, Cause::Revoked] {
            let view = view(facts.clone(), vec![reason(other, 0), reason(Cause::OldData, 0)]);
            assert!(!view.sentence().contains("Confirmed by"), "{other:?}: {}", view.sentence());
        }
    }
}

#[test]
fn every_cause_has_a_sentence_with_the_credential_in_it() {
    let facts = Facts {
        expiry: credential::Date::parse("2026-05-03").ok(),
        replaced: Some(Replacement { since: SINCE, has_newer: true }),
        ..with_old_job(facts("Northwind Payroll", None), "2024-05", None)
    };
    let every = Cause::OF_CHECKS.into_iter().chain([Cause::AwaitingGraduation, Cause::OldData]);
    for cause in every {
        let said = sentence(cause, &facts, "Career history", &Text::default());
        assert!(said.contains("<bdi>Northwind Payroll</bdi>") && !said.contains("Unknown"), "{cause:?}: {said}");
    }
    let dated = |cause| plain(&sentence(cause, &facts, "Licence", &Text::default()));
    assert!(dated(Cause::Expired).contains("3 May 2026") && dated(Cause::Replaced).contains("1 November 2026"));
    assert!(dated(Cause::OldData).contains("Company A after May 2024"));
}

#[test]
fn newer_version_is_only_mentioned_if_it_is_known() {
    const NEWER: &str = "has been available since";
    let said = |replaced| {
        let facts = Facts { replaced, ..facts("Acme", None) };
        plain(&sentence(Cause::Replaced, &facts, "Career history", &Text::default()))
    };
    assert!(said(Some(Replacement { since: SINCE, has_newer: true })).contains(NEWER));
    for replaced in [Some(Replacement { since: SINCE, has_newer: false }), None] {
        let said = said(replaced);
        assert!(!said.to_lowercase().contains("newer") && said.ends_with("Ask Ada Example for a new link."), "{said}");
        assert_eq!(said.contains("has not been current since"), replaced.is_some(), "{said}");
    }
}

#[test]
fn names_are_shown_with_comparison_and_holder_declaration() {
    let said = |names: [&str; 2], is_confirmed| {
        let comparison = credential::names::consistency(&names);
        let names = names.map(str::to_owned).to_vec();
        let reasons = vec![Reason { cause: Cause::DifferentNames, presentation: None, is_of_check: false }];
        let conclusion = Conclusion { facts: Vec::new(), reasons, names, comparison, is_confirmed };
        let view = VerdictView::new(&conclusion, &[], &Text::default());
        (plain(&view.reasons[0].html), plain(&view.names))
    };
    let (reason, row) = said(["John Doe", "Jane Roe"], Some(false));
    assert!(reason.starts_with("These records are in different names: John Doe and Jane Roe."), "{reason}");
    assert!(reason.ends_with("The holder has not said that all the names are theirs."), "{reason}");
    assert_eq!(row, "John Doe and Jane Roe. The names are different.");
    let (reason, _) = said(["Võ Đức Mạnh", "VO DUC MANH"], Some(true));
    assert!(reason.starts_with("These records are in similar names") && reason.contains("The holder says"), "{reason}");
    let (reason, _) = said(["王小禾", "Wang Xiaohe"], None);
    assert!(reason.contains("cannot be compared") && !reason.contains("The holder says"), "{reason}");
}

#[test]
fn single_name_that_only_the_holder_confirms_has_own_words() {
    for (name, is_single) in [("Suharjo", true), ("FNU Suharjo", true), ("Ada Example", false)] {
        let reasons = vec![Reason { cause: Cause::HolderSays, presentation: None, is_of_check: false }];
        let (names, comparison) = (vec![name.to_owned()], Comparison::Same);
        let conclusion = Conclusion { facts: Vec::new(), reasons, names, comparison, is_confirmed: Some(true) };
        let view = VerdictView::new(&conclusion, &[], &Text::default());
        let said = plain(&view.reasons[0].html);
        assert!(said.contains(&format!("says that the name {name} is theirs. ")), "{said}");
        assert!(said.ends_with(" Ask for proof of identity."), "{said}");
        assert_eq!(said.contains("It is one name only, which many people may have."), is_single, "{said}");
        assert_eq!(said.contains("They also hold records in another name"), !is_single, "{said}");
    }
}

#[test]
fn worst_reason_gives_the_level_and_the_sentence() {
    let reason = |cause| Reason { cause, presentation: Some(0), is_of_check: true };
    for (causes, level) in
        [(vec![Cause::Replaced], Level::Doubtful), (vec![Cause::Revoked, Cause::OldData], Level::Failed)]
    {
        let view = view(vec![facts("A", None)], causes.into_iter().map(reason).collect());
        assert_eq!(view.level, level);
        assert!(!view.sentence().contains("Confirmed by"), "{}", view.sentence());
    }
}
