//! Standing consents: covered updates are verified immediately, all others need consent.

use axum::http::Method;
use serde_json::{Value, json};
use tenure::flows::webhook_delivery::deliver_due;

use super::support::{DAY, Job, career_of, current, push, push_and_accept, push_and_allow, replacing};
use crate::support::app::{PUSH, TestApp};
use crate::support::browser::Browser;
use crate::support::receiver::Receiver;
use crate::support::response::content;

const WEBHOOKS: &str = "/api/partner/v2/webhooks";

const JOBS: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];

/// Returns a push of the career at `employer` with data up to the `month`th month after August
/// 2026.
fn monthly(employer: &'static str, credential_id: &str, month: usize) -> Value {
    let mut body = career_of(credential_id, &[(employer, "Clerk", "2020-01", "", "2026-09")]);
    let months = 2026 * 12 + 8 + month;
    body["fields"]["employment"][0]["last_processed_month"] = json!(format!("{}-{:02}", months / 12, months % 12 + 1));
    body
}

#[tokio::test]
async fn monthly_updates_for_a_year_are_verified_at_once() {
    let test = TestApp::builder().setting("webhooks.allow_loopback", "true").start().await;
    let (partner, receiver) = (test.partner().await, Receiver::start().await);
    let token = test.token(&partner).await;
    let hook = json!({ "url": receiver.url(), "events": ["atsp_request.created", "atsp_request.verified"] });
    test.post(WEBHOOKS, &token, &hook).await.assert_status(201);
    let mut person = test.signed_in("ada@example.org").await;
    push_and_allow(&test, &token, &mut person, &monthly("Company A", "A-0", 0)).await;
    push_and_accept(&test, &token, &mut person, &monthly("Company B", "B-0", 0)).await;
    let mails = test.mails().await.len();
    for month in 1..=12 {
        test.advance(DAY * 31);
        let token = test.token(&partner).await;
        let (id, earlier) = (format!("A-{month}"), format!("A-{}", month - 1));
        let update = push(&test, &token, &replacing(monthly("Company A", &id, month), &earlier)).await;
        assert_eq!(update["status"], "verified", "{month}: {update}");
        assert_eq!(test.status(&token, &id).await["status"], "verified");
        assert_eq!(test.status(&token, &earlier).await["status"], "verified", "that the person had it stays so");
        assert!(test.sign(content(&update)).await.is_some());
        // Pending mails would expire within a month.
        test.mails().await;
    }
    let mut person = test.signed_in("ada@example.org").await;
    assert_eq!(current(&mut person).await, ["B-0", "A-12"], "the other employer's career is not touched");
    let wallet = person.plain("/wallet").await;
    assert!(wallet.contains("Updated by Acme Payroll on ") && wallet.contains("Earlier versions (12)"), "{wallet}");
    assert_eq!(wallet.matches("Updated by Acme Payroll").count(), 1);
    let all = test.mails().await;
    let told: Vec<&String> =
        all[mails..].iter().filter(|mail| mail.contains("Subject: Acme Payroll updated your career history")).collect();
    assert_eq!(told.len(), 12);
    assert!(told.iter().all(|mail| mail.contains("/wallet") && !mail.contains("Company") && !mail.contains("Example")));
    while deliver_due(&test.app).await.expect("delivered") > 0 {}
    let events: Vec<(Value, Value)> = receiver
        .received()
        .iter()
        .map(|event| event.json())
        .map(|event| (event["type"].clone(), event["credential_id"].clone()))
        .collect();
    let verified = |id: &str| (json!("atsp_request.verified"), json!(id));
    assert!(
        (0..=12).all(|month| events.iter().filter(|event| **event == verified(&format!("A-{month}"))).count() == 1),
        "{events:?}"
    );
}

async fn with_consent(test: &TestApp) -> (String, Browser<'_>) {
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_allow(test, &token, &mut person, &career_of("1", &JOBS)).await;
    (token, person)
}

#[tokio::test]
async fn updates_outside_of_the_consent_need_a_decision() {
    let test = TestApp::new().await;
    let (token, mut person) = with_consent(&test).await;
    let later: Job = ("Company A", "Clerk", "2020-01", "", "2026-10");
    let mut renamed = career_of("name", &[later]);
    renamed["fields"]["full_name"] = json!("Jane Roe");
    let mut titled = career_of("title", &[later]);
    titled["fields"]["full_name"] = json!("Engr Ada Example, PhD");
    let mut chained = career_of("chain", &[later]);
    chained["partner_chain"] = json!([{ "name": "Bureau" }]);
    for (what, body) in [
        ("another name", renamed),
        ("a licence and a degree in the name", titled),
        ("another chain of institutions", chained),
        ("a new employer", career_of("employer", &[later, ("Company B", "Lead", "2026-10", "", "2026-10")])),
        ("an employer less", career_of("instead", &[("Company B", "Lead", "2026-10", "", "2026-10")])),
        ("an earlier start", career_of("start", &[("Company A", "Clerk", "2019-01", "", "2026-10")])),
        ("earlier data", career_of("data", &[("Company A", "Clerk", "2020-01", "", "2026-08")])),
        ("a job in the past", career_of("past", &[later, ("Company A", "Head", "2010-01", "2012-01", "2026-10")])),
    ] {
        let id = body["credential_id"].as_str().expect("an id").to_owned();
        let answer = push(&test, &token, &replacing(body, "1")).await;
        assert_eq!(answer["status"], json!(null), "{what}: {answer}");
        assert!(answer["redirect_uri"].as_str().expect("a link").contains("/partner/add/careerHistory#"), "{what}");
        let status = test.status(&token, &id).await;
        assert_eq!((&status["status"], &status["finalized_at"]), (&json!("incomplete"), &json!(null)), "{what}");
        assert_eq!(current(&mut person).await, ["1"], "{what}");
    }
    let unnamed = push(&test, &token, &career_of("unnamed", &[later])).await;
    assert_eq!(unnamed["status"], json!(null), "what names nothing updates nothing");
    let covered = push(&test, &token, &replacing(career_of("covered", &[later]), "1")).await;
    assert_eq!(covered["status"], "verified");
}

#[tokio::test]
async fn update_after_ended_consent_needs_a_decision() {
    let test = TestApp::new().await;
    let (token, mut person) = with_consent(&test).await;
    let update = push(&test, &token, &replacing(career_of("2", &JOBS), "1")).await;
    let page = format!("/wallet/credentials/{}", content(&update));
    let record = person.text(&page).await;
    assert!(
        record.contains("you allowed <bdi>Acme Payroll</bdi> to keep this up to date.")
            && record.contains("Stop updates"),
        "{record}"
    );
    assert!(
        record.contains(
            "It was accepted automatically, because you allowed <bdi>Acme Payroll</bdi> to keep it up to date."
        ),
        "{record}"
    );
    person.post(&format!("{page}/updates/stop"), &[]).await.assert_status(303);
    let record = person.text(&page).await;
    assert!(
        record.contains("Updates stopped.") && record.contains("Let <bdi>Acme Payroll</bdi> keep this up to date"),
        "{record}"
    );
    let asked = push(&test, &token, &replacing(career_of("3", &JOBS), "2")).await;
    assert_eq!((&asked["status"], current(&mut person).await), (&json!(null), vec!["2".to_owned()]));
    // Allowing updates again does not accept pending pushes, only later ones.
    person.post(&format!("{page}/updates/allow"), &[]).await.assert_status(303);
    assert_eq!(test.status(&token, "3").await["status"], "incomplete");
    let update = push(&test, &token, &replacing(career_of("4", &JOBS), "2")).await;
    assert_eq!(update["status"], "verified");
}

#[tokio::test]
async fn stopping_on_an_outdated_page_stops_the_update_too() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let first = push_and_allow(&test, &token, &mut person, &career_of("1", &JOBS)).await;
    assert_eq!(push(&test, &token, &replacing(career_of("2", &JOBS), "1")).await["status"], "verified");
    person.post(&format!("/wallet/credentials/{first}/updates/stop"), &[]).await.assert_status(303);
    assert_eq!(push(&test, &token, &replacing(career_of("3", &JOBS), "2")).await["status"], json!(null));
}

#[tokio::test]
async fn update_of_an_ended_credential_needs_a_decision() {
    for (what, ends_by) in [("deleted", "delete"), ("withdrawn", "withdraw"), ("account deleted", "account")] {
        let test = TestApp::new().await;
        let token = test.token(&test.partner().await).await;
        let mut person = test.signed_in("ada@example.org").await;
        let id = push_and_allow(&test, &token, &mut person, &career_of("1", &JOBS)).await;
        match ends_by {
            "delete" => drop(person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303)),
            "account" => drop(person.post("/account/delete", &[("understood", "yes")]).await.assert_status(303)),
            _ => {
                let request = test.api(Method::DELETE, &format!("{PUSH}/1"), &token, r#"{"reason":"A mistake."}"#);
                test.send(request).await.assert_status(204);
            }
        }
        let asked = push(&test, &token, &replacing(career_of("2", &JOBS), "1")).await;
        assert_eq!(asked["status"], json!(null), "{what}: {asked}");
        let status = test.status(&token, "2").await;
        assert_eq!((&status["status"], &status["reason"]), (&json!("incomplete"), &json!(null)), "{what}");
    }
}

#[tokio::test]
async fn consent_continues_only_if_given_for_the_new_version() {
    let test = TestApp::new().await;
    let (token, mut person) = with_consent(&test).await;
    let wider = [JOBS[0], ("Company B", "Lead", "2026-10", "", "2026-10")];
    let asked = content(&push(&test, &token, &replacing(career_of("2", &wider), "1")).await);
    person.accept(asked).await;
    assert_eq!(current(&mut person).await, ["2"]);
    assert_eq!(
        push(&test, &token, &replacing(career_of("3", &wider), "2")).await["status"],
        json!(null),
        "the box was not ticked"
    );
    let asked = content(&push(&test, &token, &replacing(career_of("4", &wider), "2")).await);
    person.accept_with(asked, &[(&format!("current-{asked}"), "on")]).await;
    assert_eq!(push(&test, &token, &replacing(career_of("5", &wider), "4")).await["status"], "verified");
}

#[tokio::test]
async fn repeated_update_is_verified_and_mailed_once() {
    let test = TestApp::new().await;
    let (token, _) = with_consent(&test).await;
    let mails = test.mails().await.len();
    let mut body = replacing(career_of("2", &JOBS), "1");
    body["notify"] = json!({ "email": "ada@example.org" });
    let first = push(&test, &token, &body).await;
    let again = push(&test, &token, &body).await;
    assert_eq!((&first, &first["status"]), (&again, &json!("verified")), "no warning, and the same link");
    let sent = test.mails().await.split_off(mails);
    assert!(sent.len() == 1 && sent[0].contains("updated your career history"), "no link to open: {sent:?}");
}

#[tokio::test]
async fn updates_are_limited_by_the_mails_a_person_gets() {
    let test = TestApp::new().await;
    let (token, mut person) = with_consent(&test).await;
    let most = test.app.config().sign_in.codes_per_address;
    for number in 0..most {
        let (id, earlier) = (format!("{}", number + 2), format!("{}", number + 1));
        assert_eq!(
            push(&test, &token, &replacing(career_of(&id, &JOBS), &earlier)).await["status"],
            "verified",
            "{id}"
        );
    }
    let (id, earlier) = (format!("{}", most + 2), format!("{}", most + 1));
    let limited = push(&test, &token, &replacing(career_of(&id, &JOBS), &earlier)).await;
    assert_eq!(
        (&limited["status"], current(&mut person).await),
        (&json!(null), vec![earlier]),
        "then the person is asked"
    );
}
