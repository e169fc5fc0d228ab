//! Updates within batches.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Job, NAME, career_of, current, push, push_and_accept, push_and_allow, replacing};
use crate::support::app::TestApp;
use crate::support::response::content;

const BATCH: &str = "/api/partner/v2/add/requests/batch";

const JOBS: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];

fn sample(name: &str, id: &str) -> Value {
    let mut body = (name.parse::<credential::Type>().expect("a type").sample)();
    body["credential_id"] = json!(id);
    body
}

#[tokio::test]
async fn batch_page_offers_a_choice_for_each_version() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let first = push_and_accept(&test, &token, &mut person, &career_of("1", &JOBS)).await;
    test.advance(Duration::from_secs(1));
    let batch = json!({
        "credential_id": "b",
        "career_history": replacing(career_of("2", &JOBS), "1"),
        "right_to_work_items": [sample("right_to_work", "right")],
    });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    person.open(content(&answer)).await;
    let page = person.text(&format!("/requests/{}", content(&answer))).await;
    let item = |page: &str, form: &str| {
        let (_, rest) = page.split_once(form).expect("a form");
        rest.split('"').next().expect("an id").to_owned()
    };
    let choice = item(&page, "name=\"version-");
    assert!(
        choice.ends_with(&first.to_string()) && page.contains("This would replace what <bdi>Acme Payroll</bdi> sent"),
        "{page}"
    );
    assert!(!page.contains("Add all 2"), "a choice is made for each item: {page}");
    let career = &choice[..36];
    assert!(
        page.contains(&format!("<form id=\"accept-{career}\" method=\"post\" action=\"/requests/{career}/accept\">"))
    );
    person
        .post(&format!("/requests/{career}/accept"), &[(&format!("version-{choice}"), "keep")])
        .await
        .assert_status(303);
    assert_eq!(current(&mut person).await, ["1", "2"]);
    // Without a version to choose, all items can be added at once, with consent for updates of the
    // career.
    let mut right = sample("right_to_work", "right-2");
    right["fields"]["full_name"] = json!(NAME);
    let batch = json!({
        "credential_id": "c",
        "career_history": career_of("3", &[("Company B", "Lead", "2026-10", "", "2026-10")]),
        "right_to_work_items": [right],
    });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    let whole = content(&answer);
    person.open(whole).await;
    let page = person.text(&format!("/requests/{whole}")).await;
    assert!(page.contains("Add all 2"), "{page}");
    let career = item(&page, "name=\"current-");
    person.post(&format!("/requests/{whole}/accept"), &[(&format!("current-{career}"), "on")]).await.assert_status(303);
    let update = replacing(career_of("4", &[("Company B", "Lead", "2026-10", "", "2026-11")]), "3");
    assert_eq!(push(&test, &token, &update).await["status"], "verified");
}

#[tokio::test]
async fn covered_item_is_verified_and_others_stay_pending() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_allow(&test, &token, &mut person, &career_of("1", &JOBS)).await;
    let mut batch = json!({
        "credential_id": "b",
        "career_history": replacing(career_of("2", &JOBS), "1"),
        "right_to_work_items": [sample("right_to_work", "right")],
    });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    assert_eq!(answer["status"], json!(null), "an item waits");
    assert_eq!(test.status(&token, "2").await["status"], "verified");
    assert_eq!(test.status(&token, "right").await["status"], "incomplete");
    assert_eq!(current(&mut person).await, ["2"]);
    assert!(person.text("/wallet").await.contains("<bdi>Acme Payroll</bdi> sent your right to work."));
    let mut eve = test.signed_in("eve@example.org").await;
    eve.open(content(&answer)).await;
    eve.get(&format!("/requests/{}", content(&answer))).await.assert_status(403);
    let again = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    assert_eq!(again, answer);

    batch["credential_id"] = json!("c");
    batch["career_history"] = replacing(career_of("3", &JOBS), "2");
    batch.as_object_mut().expect("an object").remove("right_to_work_items");
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    assert_eq!(
        (&answer["status"], &test.status(&token, "c").await["status"]),
        (&json!("verified"), &json!("verified"))
    );
    assert_eq!(test.post(BATCH, &token, &batch).await.assert_status(201).json(), answer);
}

#[tokio::test]
async fn batch_about_several_people_needs_decisions() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (mut ada, mut eve) = (test.signed_in("ada@example.org").await, test.signed_in("eve@example.org").await);
    push_and_allow(&test, &token, &mut ada, &career_of("ada-1", &JOBS)).await;
    let known = sample("right_to_work", "eve-1");
    let theirs =
        test.post("/api/partner/v2/add/requests/right_to_work", &token, &known).await.assert_status(201).json();
    eve.accept(content(&theirs)).await;
    let batch = json!({
        "credential_id": "b",
        "career_history": replacing(career_of("ada-2", &JOBS), "ada-1"),
        "right_to_work_items": [replacing(sample("right_to_work", "eve-2"), "eve-1")],
    });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    assert_eq!(test.status(&token, "ada-2").await["status"], "verified", "only one of them is covered by a consent");
    ada.open(content(&answer)).await;
    let page = ada.text(&format!("/requests/{}", content(&answer))).await;
    assert!(!page.contains("would replace"), "another person's credential is not named: {page}");
    assert_eq!(current(&mut eve).await, ["eve-1"]);
}
