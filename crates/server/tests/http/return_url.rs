//! The field `return_url` of a push: where the person continues after deciding (docs/partner-api.md
//! section 4).

use std::time::Duration;

use credential::Type;
use serde_json::{Value, json};

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::response::content;

const BATCH: &str = "/api/partner/v2/add/requests/batch";
const BACK: &str = "https://hr.example/added?case=7";
const LIST: &str = "https://hr.example/added?case=7 https://hr.example/other";

fn returning(credential_id: &str, url: impl Into<Value>) -> Value {
    let mut body = career(credential_id);
    body["return_url"] = url.into();
    body
}

fn batch(credential_id: &str) -> Value {
    let mut right = ("right_to_work".parse::<Type>().expect("a type").sample)();
    right["credential_id"] = json!(format!("{credential_id}-right"));
    let career = career(&format!("{credential_id}-career"));
    right["fields"]["full_name"] = career["fields"]["full_name"].clone();
    json!({
        "credential_id": credential_id,
        "career_history": career,
        "right_to_work_items": [right],
        "return_url": BACK,
    })
}

async fn listed(test: &TestApp) -> (TestPartner, String) {
    let partner = test.partner().await;
    test.allow_callbacks(&partner, LIST).await;
    let token = test.token(&partner).await;
    (partner, token)
}

fn field_error(code: &str, pointer: &str) -> (String, String) {
    (code.to_owned(), pointer.to_owned())
}

#[tokio::test]
async fn person_is_redirected_after_accepting_or_declining() {
    let test = TestApp::new().await;
    let (_, token) = listed(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    for (id, choice, status) in [("a b", "accept", "verified"), ("no", "decline", "canceled")] {
        let answer = test.post(PUSH, &token, &returning(id, BACK)).await.assert_status(201).json();
        let page = person.open(content(&answer)).await.redirect().to_owned();
        let consent = person.get(&page).await.assert_status(200);
        assert!(consent.text.contains("You return to hr.example."), "{}", consent.text);
        let policy = consent.header("content-security-policy");
        assert!(policy.ends_with("form-action 'self' https://hr.example"), "{policy}");
        let back = format!("{BACK}&credential_id={}&status={status}", id.replace(' ', "+"));
        // A double click gets the same redirect.
        for _ in 0..2 {
            assert_eq!(person.post(&format!("{page}/{choice}"), &[]).await.redirect(), back);
        }
        assert_eq!(test.status(&token, &id.replace(' ', "%20")).await["status"], status);
    }
    // Without a return URL the person stays on this site.
    let id = test.push(&token, "stays").await;
    let page = person.open(id).await.redirect().to_owned();
    let consent = person.get(&page).await.assert_status(200);
    assert!(!consent.text.contains("You return to"));
    assert_eq!(person.post(&format!("{page}/accept"), &[]).await.redirect(), "/wallet");
}

#[tokio::test]
async fn person_is_redirected_once_the_whole_batch_is_decided() {
    let test = TestApp::new().await;
    let (_, token) = listed(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let link = content(&test.post(BATCH, &token, &batch("b")).await.assert_status(201).json());
    let page = person.open(link).await.redirect().to_owned();
    let consent = person.get(&page).await.assert_status(200);
    assert!(consent.text.contains("You return to hr.example."));
    let forms = consent.text.split("action=\"/requests/").skip(1).filter_map(|part| part.split_once("/accept\""));
    let items: Vec<String> = forms.map(|(id, _)| id.to_owned()).filter(|id| *id != link.to_string()).collect();
    let next = person.post(&format!("/requests/{}/decline", items[0]), &[]).await;
    assert_eq!(next.redirect(), page, "another item still waits");
    let next = person.post(&format!("/requests/{}/accept", items[1]), &[]).await;
    assert_eq!(next.redirect(), format!("{BACK}&credential_id=b&status=verified"));
    for (id, choice, status) in [("all", "accept", "verified"), ("none", "decline", "canceled")] {
        let link = content(&test.post(BATCH, &token, &batch(id)).await.assert_status(201).json());
        person.open(link).await.assert_status(303);
        let next = person.post(&format!("/requests/{link}/{choice}"), &[]).await;
        assert_eq!(next.redirect(), format!("{BACK}&credential_id={id}&status={status}"));
    }
}

#[tokio::test]
async fn unlisted_address_is_reported_with_all_other_errors() {
    let test = TestApp::new().await;
    let (partner, token) = listed(&test).await;
    let unknown = field_error("return_url.unknown", "/return_url");
    for url in ["https://hr.example/", "https://eve.example/added", "http://hr.example/added?case=7", "added", "//hr"] {
        let refused = test.post(PUSH, &token, &returning("1", url)).await.assert_status(422);
        assert_eq!(refused.errors(), std::slice::from_ref(&unknown), "{url}");
        let dry = test.post(&format!("{PUSH}?dry_run=true"), &token, &returning("1", url)).await.assert_status(422);
        assert_eq!(dry.errors(), std::slice::from_ref(&unknown));
    }
    let refused = test.post(PUSH, &token, &returning("1", "https://eve.example/")).await.assert_status(422).json();
    let message = refused["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("The list has: https://hr.example/added?case=7, https://hr.example/other."), "{message}");
    let mut body = returning("1", "https://eve.example/");
    body["fields"]["employment"][0]["start_date"] = json!("01/2020");
    body["salary"] = json!(1);
    let refused = test.post(PUSH, &token, &body).await.assert_status(422);
    let others =
        [field_error("date.format", "/fields/employment/0/start_date"), field_error("field.unknown", "/salary")];
    let mut found = refused.errors();
    found.sort();
    assert_eq!(found, [others[0].clone(), others[1].clone(), unknown.clone()]);
    let mut whole = batch("b");
    whole["return_url"] = json!("https://eve.example/");
    whole["right_to_work_items"][0]["fields"]["country"] = json!("Singapore");
    let mut found = test.post(BATCH, &token, &whole).await.assert_status(422).errors();
    found.sort();
    assert!(found.len() > 1 && found.contains(&unknown), "{found:?}");
    for (url, code) in
        [(json!(1), "type.mismatch"), (json!(""), "text.empty"), (json!("x".repeat(2001)), "text.too_long")]
    {
        let refused = test.post(PUSH, &token, &returning("1", url)).await.assert_status(422);
        assert_eq!(refused.errors(), [field_error(code, "/return_url")]);
    }
    test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(404);
    // The list belongs to one partner, and changes take effect immediately.
    let other = test.token(&test.partner().await).await;
    test.post(PUSH, &other, &returning("1", BACK)).await.assert_status(422);
    test.allow_callbacks(&partner, "https://eve.example/").await;
    test.post(PUSH, &token, &returning("1", "https://eve.example/")).await.assert_status(201);
    test.post(PUSH, &token, &returning("2", Value::Null)).await.assert_status(201);
}

#[tokio::test]
async fn items_and_v1_have_no_return_url() {
    let test = TestApp::new().await;
    let (_, token) = listed(&test).await;
    let mut whole = batch("b");
    whole["career_history"]["return_url"] = json!(BACK);
    let refused = test.post(BATCH, &token, &whole).await.assert_status(422);
    assert_eq!(refused.errors(), [field_error("field.unknown", "/career_history/return_url")]);
    let mut v1 = Type::default().v1_sample().expect("v1 takes it");
    v1["return_url"] = json!(BACK);
    let refused = test.post("/api/partner/v1/add/career_history", &token, &v1).await.assert_status(422);
    assert_eq!(refused.errors(), [field_error("field.unknown", "/return_url")]);
}

#[tokio::test]
async fn repeated_push_keeps_the_first_return_url() {
    let test = TestApp::new().await;
    let (_, token) = listed(&test).await;
    let first = test.post(PUSH, &token, &returning("1", BACK)).await.assert_status(201).json();
    assert_eq!(test.post(PUSH, &token, &returning("1", BACK)).await.assert_status(201).json(), first);
    for other in [json!("https://hr.example/other"), Value::Null] {
        let again = test.post(PUSH, &token, &returning("1", other)).await.assert_status(201).json();
        assert_eq!(again["redirect_uri"], first["redirect_uri"]);
        assert_eq!(again["warnings"][0]["code"], "duplicate.different_body");
    }
    let whole = test.post(BATCH, &token, &batch("b")).await.assert_status(201).json();
    assert_eq!(test.post(BATCH, &token, &batch("b")).await.assert_status(201).json(), whole);
    let item = test.post(PUSH, &token, &career("b-career")).await.assert_status(201).json();
    assert_eq!(item["warnings"], Value::Null, "a batch has one for all of its items");
    let mut person = test.signed_in("ada@example.org").await;
    let page = person.open(content(&first)).await.redirect().to_owned();
    let next = person.post(&format!("{page}/accept"), &[]).await;
    assert_eq!(next.redirect(), format!("{BACK}&credential_id=1&status=verified"));
}

#[tokio::test]
async fn removed_return_urls_get_no_redirects() {
    let test = TestApp::new().await;
    let (partner, token) = listed(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut links = Vec::new();
    for id in ["removed", "expired"] {
        links.push(content(&test.post(PUSH, &token, &returning(id, BACK)).await.assert_status(201).json()));
    }
    test.allow_callbacks(&partner, "https://hr.example/other").await;
    let page = person.open(links[0]).await.redirect().to_owned();
    let consent = person.get(&page).await.assert_status(200);
    assert!(!consent.text.contains("hr.example") && !consent.header("content-security-policy").contains("hr.example"));
    assert_eq!(person.post(&format!("{page}/accept"), &[]).await.redirect(), "/wallet");
    test.allow_callbacks(&partner, LIST).await;
    let page = person.open(links[1]).await.redirect().to_owned();
    // An expired submission was not decided: a choice redirects to its page, which says so.
    test.advance(Duration::from_secs(47 * 3600));
    let late = content(&test.post(PUSH, &test.token(&partner).await, &returning("late", BACK)).await.json());
    person.open(late).await.assert_status(303);
    test.advance(Duration::from_secs(3600));
    for choice in ["accept", "decline"] {
        assert_eq!(person.post(&format!("{page}/{choice}"), &[]).await.redirect(), page);
    }
    person.get(&page).await.assert_status(410);
    test.disable(&partner).await;
    assert_eq!(person.post(&format!("/requests/{late}/decline"), &[]).await.redirect(), format!("/requests/{late}"));
}
