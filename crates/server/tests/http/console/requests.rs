//! The request log.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use tenure::flows::request_log::write;
use tenure::jobs::run_retention;

use super::support::{HOUR, SECRETS, console};
use crate::support::app::{PUSH, TestApp, career};

const ROUTE: &str = "/api/partner/v2/add/requests/{type}";

/// Returns the value of the counter of requests that are missing in the log.
async fn dropped(test: &TestApp) -> String {
    let metrics = test.text("/metrics").await;
    let line = metrics.lines().find(|line| line.starts_with("tenure_request_log_dropped_total ")).expect("a metric");
    line.to_owned()
}

#[tokio::test]
async fn request_log_lists_failures_without_personal_data() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut browser = console(&test, &partner).await;
    let empty = browser.text("/console/requests").await;
    assert!(empty.contains("No failed requests.") && empty.contains("No requests."), "{empty}");
    test.push(&token, "emp-0042").await;
    let mut wrong = career("emp-0043");
    wrong["fields"]["employment"][0]["start_date"] = json!("January 2020");
    let refused = test.post(PUSH, &token, &wrong).await.assert_status(422);
    test.get_with("/api/partner/v2/submissions/emp-0044/status", &token).await.assert_status(404);
    let before = browser.text("/console/requests").await;
    assert!(before.contains("No failed requests."), "a request itself stores nothing");
    write(&test.app).await.expect("stored");
    let page = browser.text("/console/requests").await;
    for part in [
        "422",
        &format!("POST {ROUTE}"),
        refused.header("x-request-id"),
        "href=\"/docs/errors#error-invalid\"",
        "href=\"/docs/errors#code-date.format\"",
        "href=\"/docs/errors#error-not-found\"",
        "data-column=\"Count\">1</td>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains(" UTC</time>") && !page.contains(" data-local>"), "times are in UTC, as the filters: {page}");
    for private in SECRETS.iter().chain(&["emp-00", "January", "no-such-secret"]) {
        assert!(!page.contains(private), "{private}: {page}");
    }
    let anchors = test.text("/docs/errors").await;
    for anchor in ["error-invalid", "code-date.format", "error-not-found"] {
        assert!(anchors.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
    assert_eq!(dropped(&test).await, "tenure_request_log_dropped_total 0");
}

#[tokio::test]
async fn request_log_is_filtered_and_paged() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    for number in 0..30 {
        test.advance(Duration::from_secs(10));
        let path = format!("/api/partner/v2/submissions/none-{number}/status");
        test.get_with(&path, &token).await.assert_status(404);
    }
    test.advance(Duration::from_secs(60));
    test.send(test.api(Method::POST, PUSH, &token, "{")).await.assert_status(400);
    write(&test.app).await.expect("stored");
    let mut browser = console(&test, &partner).await;
    let first = browser.text("/console/requests").await;
    assert_eq!(first.matches("class=\"request-what\"").count(), 25);
    let next = first.split("before=").nth(1).and_then(|rest| rest.split('"').next()).expect("there is more");
    let second = browser.text(&format!("/console/requests?before={next}")).await;
    assert_eq!(second.matches("class=\"request-what\"").count(), 6);
    let chosen = "/console/requests?state=4xx&route=%2Fapi%2Fpartner%2Fv2%2Fadd%2Frequests%2F%7Btype%7D";
    let pushes = browser.text(chosen).await;
    assert_eq!(pushes.matches("class=\"request-what\"").count(), 1, "{pushes}");
    assert!(pushes.contains("#error-malformed"), "{pushes}");
    let ours = browser.text("/console/requests?state=5xx").await;
    assert!(ours.contains("No failed requests match these filters."), "{ours}");
    let early = browser.text("/console/requests?from=2026-11-23T09:00&to=2026-11-23T09:01").await;
    assert_eq!(early.matches("class=\"request-what\"").count(), 5, "{early}");
    let wrong = browser.get("/console/requests?from=yesterday").await.assert_status(422).text;
    assert!(wrong.contains("Enter times like") && wrong.contains("aria-invalid"), "{wrong}");
    let reversed = "/console/requests?from=2026-11-23T09:01&to=2026-11-23T09:00";
    let reversed = browser.get(reversed).await.assert_status(422).text;
    assert!(reversed.contains("“From” is later than “To”") && reversed.contains("aria-invalid"), "{reversed}");
}

#[tokio::test]
async fn request_log_is_searched_by_request_id_and_code() {
    let test = TestApp::new().await;
    let (partner, other) = (test.partner().await, test.partner().await);
    let token = test.token(&partner).await;
    let mut wrong = career("emp-0043");
    wrong["fields"]["employment"][0]["start_date"] = json!("January 2020");
    let refused = test.post(PUSH, &token, &wrong).await.assert_status(422);
    test.get_with("/api/partner/v2/submissions/none/status", &token).await.assert_status(404);
    write(&test.app).await.expect("stored");
    let (mut browser, mut another) = (console(&test, &partner).await, console(&test, &other).await);
    let by_id = format!("/console/requests?request_id=+{}+", refused.header("x-request-id"));
    for (path, part, others) in [
        (&*by_id, "#code-date.format", "#error-not-found"),
        ("/console/requests?code=date.format", "#error-invalid", "#error-not-found"),
        ("/console/requests?code=not-found", "#error-not-found", "#code-date.format"),
    ] {
        let page = browser.text(path).await;
        assert_eq!(page.matches("class=\"request-what\"").count(), 1, "{path}: {page}");
        assert!(page.contains(part) && !page.contains(others), "{path}: {page}");
    }
    for path in ["/console/requests?request_id=none", "/console/requests?code=date"] {
        assert!(browser.text(path).await.contains("No failed requests match these filters."), "{path}");
    }
    assert!(another.text(&by_id).await.contains("No failed requests match these filters."));
    let page = browser.text("/console/requests").await;
    assert!(page.contains("Failed requests are listed, successful ones are only counted."), "{page}");
}

#[tokio::test]
async fn request_log_belongs_to_its_partner_and_ends() {
    let test = TestApp::new().await;
    let (partner, other) = (test.partner().await, test.partner().await);
    let token = test.token(&partner).await;
    test.get_with("/api/partner/v2/submissions/none/status", &token).await.assert_status(404);
    test.get_with("/api/partner/v2/submissions/none/status", "no-token").await.assert_status(401);
    write(&test.app).await.expect("stored");
    let shown = |page: &str| page.matches("class=\"request-what\"").count();
    assert_eq!(shown(&console(&test, &partner).await.text("/console/requests").await), 1);
    assert_eq!(shown(&console(&test, &other).await.text("/console/requests").await), 0);
    for (hours, left) in [(30 * 24 - 1, 1), (2, 0)] {
        test.advance(hours * HOUR);
        run_retention(&test.app).await.expect("ended");
        assert_eq!(shown(&console(&test, &partner).await.text("/console/requests").await), left, "{hours}");
    }
}

#[tokio::test]
async fn request_log_lists_requests_that_reach_no_operation() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.send(test.api(Method::PUT, PUSH, &token, "{}")).await.assert_status(405);
    test.get_with("/api/partner/v2/submision/secret-id/status", &token).await.assert_status(404);
    test.send(test.api(Method::POST, &format!("{PUSH}?dry-run=true"), &token, "{}")).await.assert_status(400);
    test.get_with("/api/partner/v2/submision/status", "no-token").await.assert_status(404);
    test.get_with("/nothing", &token).await.assert_status(404);
    write(&test.app).await.expect("stored");
    let page = console(&test, &partner).await.text("/console/requests").await;
    assert_eq!(page.matches("class=\"request-what\"").count(), 3, "{page}");
    for part in [&format!("<code>PUT {ROUTE}</code>"), "<code>GET unmatched</code>", "#error-malformed"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("secret-id"), "{page}");
}

#[tokio::test]
async fn request_log_waits_for_an_unavailable_store() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.get_with("/api/partner/v2/submissions/none/status", &token).await.assert_status(404);
    test.app.store().close().await;
    write(&test.app).await.expect_err("the store is closed");
    let kept = test.app.request_log().take().expect("the requests");
    assert_eq!((kept.failed().len(), kept.counts().len()), (1, 1));
}

#[tokio::test]
async fn console_pages_link_to_their_documentation() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    for (path, documentation) in [
        ("/console", "/docs"),
        ("/console/submissions", "/docs/guides/push"),
        ("/console/verifications", "/docs/guides/verify"),
        ("/console/requests", "/docs/errors"),
        ("/console/webhooks", "/docs/guides/webhooks"),
        ("/console/credentials", "/docs/guides/basics"),
        ("/console/explorer", "/docs/guides/sandbox"),
    ] {
        let page = browser.text(path).await;
        assert!(page.contains(&format!("<a href=\"{documentation}\">Documentation</a>")), "{path}: {page}");
        test.text(documentation).await;
    }
}
