//! Warnings and documents of v1, whose responses contain only the link (docs/partner-api.md section
//! 6).

use axum::http::Method;
use credential::Type;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::response::TestResponse;

const BATCH: &str = "/api/partner/v1/add/batch";

fn sample(name: &str, id: &str) -> Value {
    let mut sample = name.parse::<Type>().expect("a type").v1_sample().expect("a sample");
    sample["id"] = json!(id);
    sample
}

/// Returns the codes in the `Tenure-Warning` headers.
fn warnings(answer: &TestResponse) -> Vec<String> {
    let values = answer.headers.get_all("tenure-warning").iter();
    let code = |value: &str| {
        let (code, message) = value.split_once(";message=\"").expect("a message");
        assert!(message.ends_with('"') && message.matches('"').count() == 1, "{value}");
        code.to_owned()
    };
    values.map(|value| code(value.to_str().expect("ASCII"))).collect()
}

#[tokio::test]
async fn v1_warnings_are_headers() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let path = "/api/partner/v1/add/microcredential";
    let mut push = sample("microcredential", "1");
    assert_eq!(warnings(&test.post(path, &token, &push).await.assert_status(201)), [""; 0]);
    push["data"]["credential"]["microcredential_name"] = json!("Certificate of Completion");
    let answer = test.post(path, &token, &push).await.assert_status(201);
    assert_eq!(warnings(&answer), ["duplicate.different_body", "name.says_nothing"]);
    assert_eq!(answer.json().as_object().expect("an object").len(), 1);
    push["id"] = json!("2");
    let batch = json!({ "id": "batch", "credentials": [push] });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201);
    assert_eq!(warnings(&answer), ["name.says_nothing"]);
}

#[tokio::test]
async fn v1_warnings_point_into_the_callers_body() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let said = |answer: &TestResponse| -> String {
        let values = answer.headers.get_all("tenure-warning").iter();
        Vec::from_iter(values.map(|value| value.to_str().expect("ASCII"))).join("\n")
    };
    let mut career = sample("career_history", "1");
    career["data"]["credential"]["employment"][1]["start_date"] = json!("2027-02");
    career["data"]["credential"]["employment"][1]["last_processed_month"] = json!("2026-11");
    let answer = test.post("/api/partner/v1/add/career_history", &token, &career).await.assert_status(201);
    assert!(said(&answer).contains("The job at /data/credential/employment/1 starts in 2027-02"), "{}", said(&answer));
    let vague = |id: &str| {
        let mut push = sample("microcredential", id);
        push["data"]["credential"]["microcredential_name"] = json!("Badge");
        push
    };
    career["id"] = json!("2");
    let credentials = json!([career, vague("\u{e9}3"), vague("4")]);
    let batch = json!({ "id": "batch", "credentials": credentials });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201);
    let text = said(&answer);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("/credentials/0/data/credential/employment/1 (id 2) starts in 2027-02"), "{text}");
    let names = "/credentials/1/data/credential/microcredential_name (id %c3%a93), \
                 /credentials/2/data/credential/microcredential_name (id 4) does not";
    assert!(text.contains(names), "{text}");
    let v2 = json!({ "credential_id": "v2", "microcredential_items": [{
        "credential_id": "5",
        "fields": vague("5")["data"]["credential"],
    }] });
    let answer = test.post("/api/partner/v2/add/requests/batch", &token, &v2).await.assert_status(201).json();
    let message = answer["warnings"][0]["message"].as_str().expect("a text");
    assert!(message.contains("/microcredential_items/0/fields/microcredential_name (id 5)"), "{message}");
}

#[tokio::test]
async fn v1_warnings_of_a_full_batch_fit_into_few_headers() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let item = |index: usize| {
        let mut push = sample("microcredential", &format!("{index}-{}", "x".repeat(200)));
        // Each spelling is a message of its own.
        let is_upper = |place: usize| (index >> place) & 1 == 1;
        let letters = "certificate of completion".chars().enumerate();
        let letters = letters.map(|(place, letter)| if is_upper(place) { letter.to_ascii_uppercase() } else { letter });
        push["data"]["credential"]["microcredential_name"] = json!(String::from_iter(letters));
        push
    };
    let batch = json!({ "id": "batch", "credentials": Vec::from_iter((0..100).map(item)) });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201);
    let found = warnings(&answer);
    assert!((2..=8).contains(&found.len()), "{found:?}");
    assert_eq!(found.last().map(String::as_str), Some("warnings.truncated"));
    let bytes: usize = answer.headers.get_all("tenure-warning").iter().map(|value| value.len() + 14).sum();
    assert!(bytes <= 2048, "{bytes}");
}

#[tokio::test]
async fn every_v1_response_says_that_v1_is_deprecated() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let v2 = "/api/partner/v2/add/requests";
    for (method, path, status, successor) in [
        (Method::POST, "/api/partner/v1/add/education?page=2", 400, Some(format!("{v2}/education"))),
        (Method::PUT, "/api/partner/v1/add/education", 405, Some(format!("{v2}/education"))),
        (Method::POST, "/api/partner/v1/add/universal_credential", 404, Some(format!("{v2}/universal_credential"))),
        (Method::POST, "/api/partner/v1/add/salary", 404, None),
        (Method::DELETE, "/api/partner/v1/submissions/status", 405, Some("/api/partner/v2/submissions/status".into())),
    ] {
        let answer = test.send(test.api(method, path, &token, "{}")).await.assert_status(status);
        assert_eq!(answer.header("deprecation"), "@1795392000", "{path}");
        let link = successor.map(|successor| format!("<{successor}>; rel=\"successor-version\"")).unwrap_or_default();
        assert_eq!(answer.header("link"), link, "{path}");
    }
    let token_endpoint = test.get("/api/partner/v1/oauth/token").await.assert_status(405);
    assert_eq!((token_endpoint.header("deprecation"), token_endpoint.header("link")), ("", ""));
}

#[tokio::test]
async fn v1_lists_only_its_own_types() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for name in ["universal_credential", "salary"] {
        let answer = test.post(&format!("/api/partner/v1/add/{name}"), &token, &json!({})).await.assert_status(404);
        let detail = answer.json()["detail"].as_str().expect("a text").to_owned();
        let (_, listed) = detail.split_once("Use one of: ").expect("a list");
        assert!(listed.contains("education") && !listed.contains("universal_credential"), "{detail}");
        let answer = test.post("/api/partner/v2/add/requests/salary", &token, &json!({})).await.assert_status(404);
        assert!(answer.text.contains("universal_credential"), "{}", answer.text);
    }
}

#[tokio::test]
async fn v1_document_type_without_a_document_warns() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for (name, kind, warns) in [
        ("education", "pdf", true),
        ("education", "open_cert", true),
        ("education", "none", false),
        ("microcredential", "png", true),
        // Its only document type, so it promises nothing.
        ("english_proficiency", "english_assessment", false),
        ("career_history", "none", false),
    ] {
        let path = format!("/api/partner/v1/add/{name}");
        for is_null in [true, false] {
            let mut push = sample(name, &format!("{name}-{kind}-{is_null}"));
            push["document_type"] = json!(kind);
            if is_null {
                push["data"]["document"] = Value::Null;
            }
            let dry = test.post(&format!("{path}?dry_run=true"), &token, &push).await.assert_status(200).json();
            assert_eq!(dry["warnings"][0]["code"] == "document.missing", warns, "{name} {kind}");
            let answer = test.post(&path, &token, &push).await.assert_status(201);
            assert_eq!(warnings(&answer).contains(&"document.missing".to_owned()), warns, "{name} {kind}");
            let link = answer.json()["redirect_uri"].as_str().expect("a link").to_owned();
            assert!(link.contains("&documentType=none&"), "{link}");
        }
    }
    let mut push = sample("education", "fetched");
    push["document_type"] = json!("pdf");
    push["data"]["document"] = json!("https://documents.example.edu/a.pdf");
    let answer = test.post("/api/partner/v1/add/education", &token, &push).await.assert_status(201);
    assert_eq!(warnings(&answer), [""; 0]);
    let status = test.status(&token, "fetched").await;
    assert_eq!(status["assets"], json!([{ "asset_id": "document", "state": "fetching" }]));
}

#[tokio::test]
async fn v1_open_cert_is_stored_as_the_document() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let document = include_str!("../../../credential/tests/opencerts/single.json");
    let mut push = sample("education", "single");
    push["document_type"] = json!("open_cert");
    push["data"]["document"] = json!(document);
    let answer = test.post("/api/partner/v1/add/education", &token, &push).await.assert_status(201);
    assert_eq!(warnings(&answer), [""; 0]);
    let mut item = push.clone();
    item["id"] = json!("item");
    if let Some(item) = item.as_object_mut() {
        item.remove("document_type");
    }
    let batch = json!({ "id": "batch", "credentials": [item] });
    test.post(BATCH, &token, &batch).await.assert_status(201);
    for id in ["single", "item"] {
        let status = test.status(&token, id).await;
        assert_eq!(status["assets"], json!([{ "asset_id": "document", "state": "stored" }]), "{id}");
    }
}
