//! One account is one person: the holder must confirm a credential in another name
//! (docs/partner-api.md section 8).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, all_scopes, career};
use crate::support::browser::{Browser, confirmations};
use crate::support::moments::without_times;
use crate::support::response::content;
use crate::verification::support::{ask, asker, result, share_all};

fn job(credential_id: &str, name: &str, title: &str) -> Value {
    let mut body = career(credential_id);
    body["fields"]["full_name"] = json!(name);
    body["fields"]["employment"] = json!([{ "organisation": "Clinic", "role_title": title, "start_date": "2020-01", "end_date": "2020-12", "last_processed_month": "2021-01" }]);
    body
}

/// Pushes a job and opens its link; returns the request's id.
async fn opened(test: &TestApp, person: &mut Browser<'_>, token: &str, body: &Value) -> Uuid {
    test.advance(std::time::Duration::from_secs(1));
    let id = content(&test.post(PUSH, token, body).await.assert_status(201).json());
    person.open(id).await.assert_status(303);
    id
}

async fn accept(person: &mut Browser<'_>, id: Uuid, form: &[(&str, &str)]) -> u16 {
    person.post(&format!("/requests/{id}/accept"), form).await.status.as_u16()
}

/// Accepts with every confirmation that the page requires.
async fn confirm(person: &mut Browser<'_>, id: Uuid) -> u16 {
    let fields = confirmations(&person.text(&format!("/requests/{id}")).await);
    let form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    accept(person, id, &form).await
}

/// Fills a wallet with John Doe's job and opens the link of Jane Roe's; returns the person, the
/// partner's token and the undecided request.
async fn john_and_jane<'a>(test: &'a TestApp) -> (Browser<'a>, String, Uuid) {
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    let first = opened(test, &mut person, &token, &job("1", "John Doe", "Porter")).await;
    assert_eq!(accept(&mut person, first, &[]).await, 303, "the first credential asks nothing");
    let other = test.token(&test.partner_named("Clinic Payroll", &all_scopes()).await).await;
    let second = opened(test, &mut person, &other, &job("2", "Jane Roe", "Chief Surgeon")).await;
    (person, other, second)
}

#[tokio::test]
async fn another_name_is_refused_without_confirmation() {
    let test = TestApp::new().await;
    let (mut person, token, id) = john_and_jane(&test).await;
    let page = person.text(&format!("/requests/{id}")).await;
    for said in [
        "Is this also your name?",
        "<bdi>Jane Roe</bdi>",
        "<bdi>John Doe</bdi>",
        "The names are different.",
        "This is also me",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let (own, reason) = (format!("own-name-{id}"), format!("name-reason-{id}"));
    let stranger = format!("own-name-{}", Uuid::from_u128(7));
    for (form, problem) in [
        (vec![], "own-name"),
        (vec![(reason.as_str(), "changed")], "own-name"),
        (vec![(own.as_str(), "on")], "name-reason"),
        (vec![(own.as_str(), "on"), (reason.as_str(), "because")], "name-reason"),
        (vec![(stranger.as_str(), "on"), (reason.as_str(), "changed")], "own-name"),
    ] {
        let refused = person.post(&format!("/requests/{id}/accept"), &form).await.assert_status(422).text;
        assert!(refused.contains(&format!("{problem}-{id}-problem\" class=\"problem\"")), "{form:?}: {refused}");
        assert_eq!(test.status(&token, "2").await["status"], "incomplete");
    }
    let refused = person.post(&format!("/requests/{id}/accept"), &[(&reason, "script")]).await.text;
    assert!(refused.contains("value=\"script\" selected") && refused.contains("Chief Surgeon"), "nothing is lost");
    let summary = "<div id=\"problem\" class=\"problem\" role=\"alert\" tabindex=\"-1\" autofocus>";
    let (before, after) = refused.split_once(summary).expect("a summary");
    assert!(before.contains("<title>Error: ") && !before.contains("<h1>"), "above everything else: {before}");
    assert!(after.contains(&format!("<li><a href=\"#own-name-{id}\">")), "{after}");
    assert!(!after.contains(&format!("href=\"#name-reason-{id}\"")), "that is chosen: {after}");
    assert!(!page.contains("id=\"problem\"") && !page.contains("<title>Error: "), "{page}");
    assert!(!person.text("/wallet").await.contains("Chief Surgeon"));
}

#[tokio::test]
async fn confirmed_name_is_recorded_in_the_consent() {
    let test = TestApp::new().await;
    let (mut person, token, id) = john_and_jane(&test).await;
    assert_eq!(confirm(&mut person, id).await, 303);
    let record = without_times(&person.text(&format!("/wallet/credentials/{id}")).await);
    for said in ["On 23 November 2026 you confirmed", "<bdi>Jane Roe</bdi>", "<bdi>John Doe</bdi>", "I changed my name"]
    {
        assert!(record.contains(said), "{said}: {record}");
    }
    let export = person.get("/wallet/export").await.json();
    let held = export["credentials"].as_array().expect("a list");
    let confirmed = |id: &str| {
        let found = held.iter().find(|held| held["credential_id"] == id);
        found.expect("it is held")["confirmed_name"].clone()
    };
    assert_eq!(
        (&confirmed("1"), &confirmed("2")),
        (&Value::Null, &json!({ "reason": "changed", "beside": ["John Doe"] }))
    );
    let again = test.post(PUSH, &token, &job("2", "Jane Roe", "Chief Surgeon")).await.json();
    assert_eq!(again["warnings"], Value::Null, "a repeat of the push is recognised: {again}");
    let third = opened(&test, &mut person, &token, &job("3", "ROE, Jane", "Surgeon")).await;
    assert_eq!(accept(&mut person, third, &[]).await, 303, "a confirmed name is not asked about again");
}

#[tokio::test]
async fn the_same_name_needs_no_confirmation() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    for (id, name) in [("1", "John Doe"), ("2", "DOE, John"), ("3", "Mr John Doe")] {
        let pushed = opened(&test, &mut person, &token, &job(id, name, "Porter")).await;
        assert!(!person.text(&format!("/requests/{pushed}")).await.contains("own-name"), "{name}");
        assert_eq!(accept(&mut person, pushed, &[]).await, 303, "{name}");
    }
    let similar = opened(&test, &mut person, &token, &job("4", "John Quentin Doe", "Porter")).await;
    let page = person.text(&format!("/requests/{similar}")).await;
    assert!(page.contains("Are both names yours?") && page.contains("has all the words of the other"), "{page}");
    assert_eq!(accept(&mut person, similar, &[]).await, 422);
}

#[tokio::test]
async fn confirmation_counts_for_the_names_that_were_shown() {
    let test = TestApp::new().await;
    let (mut person, token, jane) = john_and_jane(&test).await;
    let shown = confirmations(&person.text(&format!("/requests/{jane}")).await);
    let form: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (own, value) = form[0];
    for other in ["on", "", "yes", &value[1..]] {
        let refused = person.post(&format!("/requests/{jane}/accept"), &[(own, other), form[1]]).await;
        assert!(refused.assert_status(422).text.contains("has changed since you opened this page"), "{other}");
    }
    // Another name enters the wallet after the page is loaded and before its form is submitted.
    let max = opened(&test, &mut person, &token, &job("3", "Max Moe", "Nurse")).await;
    assert_eq!(confirm(&mut person, max).await, 303);
    let refused = person.post(&format!("/requests/{jane}/accept"), &form).await.assert_status(422).text;
    assert!(refused.contains("<bdi>Max Moe</bdi>") && refused.contains("value=\"changed\" selected"), "{refused}");
    assert_eq!(test.status(&token, "2").await["status"], "incomplete");
    assert_eq!(confirm(&mut person, jane).await, 303);
}

#[tokio::test]
async fn names_are_compared_with_the_verified_identity() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    let identity: credential::Type = "digital_identity".parse().expect("a type");
    let body = test.post("/api/partner/v2/add/requests/digital_identity", &token, &(identity.sample)()).await;
    person.accept(content(&body.assert_status(201).json())).await;
    let other = opened(&test, &mut person, &token, &job("1", "Jane Roe", "Chief Surgeon")).await;
    assert!(person.text(&format!("/requests/{other}")).await.contains("Your verified identity"));
    assert_eq!(accept(&mut person, other, &[]).await, 422);
    let same = opened(&test, &mut person, &token, &job("2", "John Doe", "Porter")).await;
    assert_eq!(accept(&mut person, same, &[]).await, 303);
}

#[tokio::test]
async fn batch_with_two_names_needs_the_second_confirmed() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    let mut item = ("right_to_work".parse::<credential::Type>().expect("a type").sample)();
    item["credential_id"] = json!("right");
    item["fields"]["full_name"] = json!("Jane Roe");
    let batch = json!({ "credential_id": "b", "career_history": job("1", "John Doe", "Porter"), "right_to_work_items": [item] });
    let answer = test.post("/api/partner/v2/add/requests/batch", &token, &batch).await.assert_status(201).json();
    let id = content(&answer);
    person.open(id).await.assert_status(303);
    let page = person.text(&format!("/requests/{id}")).await;
    assert_eq!(page.matches("This is also me</label>").count(), 1, "{page}");
    assert!(!page.contains("Add all 2") && page.contains("so add it by itself:"), "another name is accepted by itself");
    assert_eq!(page.matches("Confirm that the name is yours.</li>").count(), 1, "{page}");
    assert!(!page.contains("Choose whether it replaces what you have."), "{page}");
    assert!(page.contains("Then they are deleted.") && !page.contains("Then it is deleted."), "{page}");
    assert!(page.contains("Decline all 2"));
    assert_eq!(accept(&mut person, id, &[]).await, 422, "a forged request for both");
    assert_eq!(test.status(&token, "b").await["status"], "incomplete");
    person.accept(id).await;
    assert_eq!(test.status(&token, "b").await["status"], "verified");
}

#[tokio::test]
async fn concurrent_acceptances_do_not_skip_the_confirmation() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (mut one, mut other) = (test.signed_in("john@example.org").await, test.signed_in("john@example.org").await);
    let john = opened(&test, &mut one, &token, &job("1", "John Doe", "Porter")).await;
    let jane = opened(&test, &mut other, &token, &job("2", "Jane Roe", "Chief Surgeon")).await;
    let (first, second) = tokio::join!(accept(&mut one, john, &[]), accept(&mut other, jane, &[]));
    let mut found = [first, second];
    found.sort_unstable();
    assert_eq!(found, [303, 422]);
}

#[tokio::test]
async fn verification_result_names_its_subject() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (mut person, _, jane) = john_and_jane(&test).await;
    assert_eq!(confirm(&mut person, jane).await, 303);
    let mut subjects = Vec::new();
    for claims in [json!(["full_name"]), json!(["employment"])] {
        let (id, request) = ask(&test, &token, &json!({ "claims": claims })).await;
        assert_eq!(result(&test, &token, &id).await["subject"], Value::Null);
        share_all(&mut person, request).await;
        subjects.push(result(&test, &token, &id).await["subject"].clone());
    }
    // The name is always disclosed, also to a partner that did not request it.
    let jane = json!({ "names": ["Jane Roe"], "consistency": "same", "confirmed_by_holder": true });
    assert_eq!(subjects, [jane.clone(), jane]);
}

#[tokio::test]
async fn wallet_keeps_different_names_apart() {
    let test = TestApp::new().await;
    let (mut person, _, jane) = john_and_jane(&test).await;
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains("<h1><bdi>John Doe</bdi></h1>") && wallet.contains("1 year of experience"), "{wallet}");
    person.accept(jane).await;
    let third = test.token(&test.partner_named("Third Payroll", &all_scopes()).await).await;
    let again = opened(&test, &mut person, &third, &job("3", "DOE, John", "Driver")).await;
    assert_eq!(accept(&mut person, again, &[]).await, 303);
    let wallet = person.text("/wallet").await;
    assert!(!wallet.contains("<h1><bdi>"), "no name heads both");
    for said in ["<li><bdi>John Doe</bdi></li>", "<li><bdi>Jane Roe</bdi></li>"] {
        assert_eq!(wallet.matches(said).count(), 1, "{said}: {wallet}");
    }
    let careers: Vec<&str> = wallet.split("aria-labelledby=\"career-").skip(1).collect();
    assert_eq!(careers.len(), 2, "{wallet}");
    assert!(careers[0].contains("Porter") && !careers[0].contains("Chief Surgeon"));
    assert_eq!(wallet.matches("1 year of experience").count(), 2, "a total for each name");
    assert!(wallet.contains("timeline-wide-1-title") && wallet.contains("timeline-wide-2-title"));
}
