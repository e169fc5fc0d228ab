//! The consent page of an update: which version it would replace, and the person's choice.

use serde_json::json;

use super::support::{Job, NAME, career_of, current, push, push_and_accept, replacing};
use crate::support::app::TestApp;
use crate::support::moments::without_times;
use crate::support::response::content;

const PURPOSE: &str = "For the post of an engineer";

#[tokio::test]
async fn consent_page_shows_what_an_update_replaces() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let first = career_of("1", &[("Company A", "Clerk", "2020-01", "", "2026-09")]);
    let first = push_and_accept(&test, &token, &mut person, &first).await;
    let form = [("part", &*format!("{first}/employment/0")), ("days", "14"), ("purpose", PURPOSE)];
    person.post(&format!("/wallet/credentials/{first}/share"), &form).await.assert_status(303);
    let second = career_of(
        "2",
        &[("Company A", "Lead", "2020-01", "2026-10", "2026-10"), ("Company A", "Head", "2026-10", "", "2026-10")],
    );
    let second = content(&push(&test, &token, &replacing(second, "1")).await);
    let page = person.open(second).await.redirect().to_owned();
    let page = without_times(&person.text(&page).await);
    for said in [
        "This would replace what <bdi>Acme Payroll</bdi> sent on 23 November 2026: Clerk at Company A.",
        "<bdi>Company A</bdi>: changed from <bdi>Clerk</bdi> to <bdi>Lead</bdi>",
        "<bdi>Company A</bdi>: ended in October 2026",
        "<bdi>Company A</bdi>: data to October 2026 instead of September 2026",
        "Added: <bdi>Head</bdi> at <bdi>Company A</bdi>, Oct 2026 – present",
        PURPOSE,
        "Let <bdi>Acme Payroll</bdi> keep this up to date",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let choice = format!("version-{second}-{first}");
    let radio = |value: &str| {
        let start = page.find(&format!("id=\"{choice}-{value}\"")).expect("a radio button");
        page[start..].split('>').next().expect("its end").contains("checked")
    };
    assert!(radio("replace") && !radio("keep"));
    assert!(!page.contains("name=\"current-{second}\" checked"), "a standing consent is off by default");
    person.accept_with(second, &[(&choice, "replace")]).await;
    assert_eq!(current(&mut person).await, ["2"]);
    let record = without_times(&person.text(&format!("/wallet/credentials/{second}")).await);
    assert!(record.contains("You chose to replace the version from 23 November 2026."), "{record}");
    assert!(!record.contains("Updated by Acme Payroll"), "it was the person who accepted it");
    assert_eq!(test.sign(first).await, None);
}

#[tokio::test]
async fn kept_versions_are_both_current() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let jobs = [("Company A", "Clerk", "2020-01", "", "2026-09")];
    let first = push_and_accept(&test, &token, &mut person, &career_of("1", &jobs)).await;
    let second = content(&push(&test, &token, &replacing(career_of("2", &jobs), "1")).await);
    let page = person.open(second).await.redirect().to_owned();
    assert!(person.text(&page).await.contains("<p>Both versions look the same.</p>"));
    person.accept_with(second, &[(&format!("version-{second}-{first}"), "keep")]).await;
    assert_eq!(current(&mut person).await, ["1", "2"]);
    assert!(test.sign(first).await.is_some() && test.sign(second).await.is_some());
    for id in [first, second] {
        let record = without_times(&person.text(&format!("/wallet/credentials/{id}")).await);
        assert!(record.contains("You chose to keep both this and the version from 23 November 2026."), "{record}");
    }
}

#[tokio::test]
async fn new_employer_at_one_provider_replaces_nothing() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let old = career_of("old", &[("Company A", "Clerk", "2020-01", "2026-06", "2026-06")]);
    let new = [("Company B", "Lead", "2026-07", "", "2026-10")];
    let old = push_and_accept(&test, &token, &mut person, &old).await;
    let unnamed = content(&push(&test, &token, &career_of("new", &new)).await);
    person.open(unnamed).await;
    let page = person.text(&format!("/requests/{unnamed}")).await;
    assert!(!page.contains("would replace"), "one says nothing about the other: {page}");
    person.accept(unnamed).await;
    assert_eq!(current(&mut person).await, ["old", "new"]);
    // Even if the partner names the old career, the page preselects keeping both.
    let named = content(&push(&test, &token, &replacing(career_of("named", &new), "old")).await);
    person.open(named).await;
    let page = without_times(&person.text(&format!("/requests/{named}")).await);
    for said in [
        "This would replace what <bdi>Acme Payroll</bdi> sent on 23 November 2026: Clerk at Company A.",
        "Removed: <bdi>Clerk</bdi> at <bdi>Company A</bdi>, Jan 2020 – Jun 2026",
        &format!("value=\"keep\" checked aria-describedby=\"version-{named}-{old}-keep-help\""),
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // It covers the career that was pushed without `replaces`, so the page preselects replacing
    // that one.
    assert!(
        page.contains(&format!(
            "value=\"replace\" checked aria-describedby=\"version-{named}-{unnamed}-replace-help\""
        ))
    );
    person.accept(named).await;
    assert_eq!(current(&mut person).await, ["old", "named"]);
}

#[tokio::test]
async fn career_with_less_data_replaces_nothing_by_default() {
    const CLERK: Job = ("Company A", "Clerk", "2020-01", "2022-12", "2026-09");
    const LEAD: Job = ("Company A", "Lead", "2023-01", "", "2026-09");
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_accept(&test, &token, &mut person, &career_of("1", &[CLERK, LEAD])).await;
    for (id, jobs) in
        [("a job less", vec![LEAD]), ("earlier data", vec![CLERK, ("Company A", "Lead", "2023-01", "", "2026-08")])]
    {
        push_and_accept(&test, &token, &mut person, &replacing(career_of(id, &jobs), "1")).await;
        assert!(current(&mut person).await.contains(&"1".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn career_with_another_name_replaces_nothing_by_default() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let jobs = [("Company A", "Clerk", "2020-01", "", "2026-09")];
    push_and_accept(&test, &token, &mut person, &career_of("1", &jobs)).await;
    let mut renamed = career_of("2", &jobs);
    renamed["fields"]["full_name"] = json!("Jane Roe");
    let renamed = content(&push(&test, &token, &replacing(renamed, "1")).await);
    person.open(renamed).await;
    let page = person.text(&format!("/requests/{renamed}")).await;
    assert!(page.contains(&format!("Name: changed from <bdi>{NAME}</bdi> to <bdi>Jane Roe</bdi>")), "{page}");
    person.accept(renamed).await;
    assert_eq!(current(&mut person).await, ["1", "2"]);
}

#[tokio::test]
async fn older_version_accepted_later_is_filed_as_earlier() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = career_of("1", &[("Company A", "Clerk", "2020-01", "", "2026-09")]);
    let older = content(&push(&test, &token, &older).await);
    let newer = career_of("2", &[("Company A", "Clerk", "2020-01", "", "2026-10")]);
    let newer = push_and_accept(&test, &token, &mut person, &replacing(newer, "1")).await;
    person.open(older).await;
    let page = person.text(&format!("/requests/{older}")).await;
    assert!(page.contains("You already have a newer version") && page.contains("Keep this one as an earlier version"));
    let choice = format!("version-{older}-{newer}");
    person.accept_with(older, &[(&choice, "replace"), (&format!("current-{older}"), "on")]).await;
    assert_eq!(current(&mut person).await, ["2"]);
    let record = person.text(&format!("/wallet/credentials/{older}")).await;
    assert!(
        !record.contains("you allowed <bdi>Acme Payroll</bdi> to keep this up to date"),
        "no consent is given for what is superseded at once"
    );
}

#[tokio::test]
async fn other_types_are_replaced_only_by_name() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let known: credential::Type = "microcredential".parse().expect("a type");
    let mut ids = Vec::new();
    for (id, replaces) in [("1", None), ("2", None), ("3", Some("1"))] {
        let mut body = (known.sample)();
        body["credential_id"] = json!(id);
        body["fields"]["expiry_date"] =
            json!(format!("202{id}-03-01").replace("2021", "2027").replace("2022", "2028").replace("2023", "2029"));
        let body = if let Some(replaces) = replaces { replacing(body, replaces) } else { body };
        test.advance(std::time::Duration::from_secs(1));
        let pushed = test.post(&format!("/api/partner/v2/add/requests/{known}"), &token, &body).await;
        let pushed = content(&pushed.assert_status(201).json());
        person.open(pushed).await;
        let page = person.text(&format!("/requests/{pushed}")).await;
        assert_eq!(page.contains("would replace"), replaces.is_some(), "{id}");
        assert!(!page.contains("keep this up to date"), "no standing consent for this type");
        person.accept(pushed).await;
        ids.push(pushed);
    }
    assert_eq!(current(&mut person).await, ["2", "3"]);
    person.post(&format!("/wallet/credentials/{}/updates/allow", ids[2]), &[]).await.assert_status(404);
}

#[tokio::test]
async fn versions_of_another_person_or_partner_are_not_offered() {
    let test = TestApp::new().await;
    let acme = test.token(&test.partner().await).await;
    let cloud = test.token(&test.partner_named("HR Cloud", "write.career_history").await).await;
    let jobs = [("Company A", "Clerk", "2020-01", "", "2026-09")];
    let (mut ada, mut eve) = (test.signed_in("ada@example.org").await, test.signed_in("eve@example.org").await);
    let theirs = push_and_accept(&test, &acme, &mut eve, &career_of("1", &jobs)).await;
    let other = push_and_accept(&test, &cloud, &mut ada, &career_of("1", &jobs)).await;
    let update = content(&push(&test, &acme, &replacing(career_of("2", &jobs), "1")).await);
    ada.open(update).await;
    let page = ada.text(&format!("/requests/{update}")).await;
    assert!(!page.contains("would replace"), "{page}");
    let choices = [theirs, other].map(|version| format!("version-{update}-{version}"));
    ada.accept_with(update, &choices.each_ref().map(|choice| (choice.as_str(), "replace"))).await;
    assert_eq!(current(&mut ada).await, ["1", "2"]);
    assert_eq!(current(&mut eve).await, ["1"]);
}
