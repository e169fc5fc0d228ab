//! The API explorer of a sandbox partner.

use super::support::console;
use crate::support::app::{PUSH, TestApp, career};

fn pascal_case(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

#[tokio::test]
async fn explorer_is_limited_to_sandbox_partners() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let closed = browser.text("/console/explorer").await;
    assert!(closed.contains("For sandbox partners only") && !closed.contains("<textarea"));
    let body = career("from-a-page").to_string();
    let form = [("operation", "addCareerHistory"), ("path", PUSH), ("body", &body)];
    browser.post("/console/explorer", &form).await.assert_status(403);
    let token = test.token(&partner).await;
    test.get_with("/api/partner/v1/submissions/from-a-page/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn explorer_sends_real_requests_and_shows_responses() {
    let test = TestApp::new().await;
    let partner = test.sandbox_partner().await;
    let mut browser = console(&test, &partner).await;
    for known in credential::ALL {
        let page = browser.text(&format!("/console/explorer?operation=add{}", pascal_case(known.name()))).await;
        assert!(page.contains("Push: Universal credential</option>") && !page.contains("Push: Credential<"), "{page}");
        for method in ["DELETE", "POST"] {
            assert_eq!(page.matches(&format!("Withdraw: Education ({method})</option>")).count(), 1, "{page}");
        }
        assert!(page.contains(known.title) && page.contains("&#34;credential_id&#34;: &#34;try-"), "{known}");
    }
    let body = serde_json::to_string_pretty(&career("from-a-page")).expect("JSON");
    let form = [("operation", "addCareerHistory"), ("path", PUSH), ("body", &body)];
    let pushed = browser.post("/console/explorer", &form).await.assert_status(200).text;
    for part in [
        "201 Created",
        "redirect_uri",
        "Open the link as the person",
        "ratelimit",
        "-H &#34;Authorization: Bearer $TOKEN&#34;",
    ] {
        assert!(pushed.contains(part), "{part}: {pushed}");
    }
    let token = test.token(&partner).await;
    assert_eq!(test.status(&token, "from-a-page").await["status"], "incomplete");
    let asked = browser.text("/console/explorer?operation=listSubmissionStatuses").await;
    assert!(asked.contains("&#34;from-a-page&#34;"), "a status is asked of what was pushed last");
    let wrong = body.replace("2020-01", "January 2020");
    let field_errors = browser
        .post("/console/explorer", &[("operation", "addCareerHistory"), ("path", PUSH), ("body", &wrong)])
        .await
        .assert_status(200)
        .text;
    assert!(
        field_errors.contains("422 Unprocessable") && field_errors.contains("/fields/employment/0/start_date"),
        "{field_errors}"
    );
    let line = wrong.lines().position(|line| line.contains("January 2020")).expect("a line") + 1;
    assert!(field_errors.contains(&format!("line {line} of the body")), "{field_errors}");
    assert!(field_errors.contains("Did you mean 2020-01?"), "{field_errors}");
    let missing = r#"{ "credential_id": "x", "fields": { "full_name": "Ada Lovelace" } }"#;
    let form = [("operation", "addCareerHistory"), ("path", PUSH), ("body", missing)];
    let page = browser.post("/console/explorer", &form).await.assert_status(200).text;
    assert!(page.contains("Missing field") && !page.contains("Did you mean"), "{page}");
    let token_form = format!("grant_type=client_credentials&client_id={}", partner.id);
    let path = "/api/partner/v1/oauth/token";
    for (secret, status) in [(partner.secret.as_str(), "200 OK"), ("no-such-secret", "401 Unauthorized")] {
        let form = [("operation", "createToken"), ("path", path), ("body", &token_form), ("client_secret", secret)];
        let answer = browser.post("/console/explorer", &form).await.assert_status(200).text;
        assert!(
            answer.contains(status) && answer.contains("client_secret=$CLIENT_SECRET") && !answer.contains(secret),
            "{answer}"
        );
    }
    for path in ["/console/credentials/rotate", "https://elsewhere.example/api/partner/", "/api/partner/v2/{id}"] {
        let form = [("operation", "addCareerHistory"), ("path", path), ("body", "{}")];
        browser.post("/console/explorer", &form).await.assert_status(422);
    }
    browser.post("/console/explorer", &[("operation", "nothing"), ("path", PUSH)]).await.assert_status(404);
}
