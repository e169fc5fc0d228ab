//! Verification requests in the console.

use serde_json::json;

use super::support::{HOUR, SECRETS, console};
use crate::support::app::TestApp;
use crate::verification::support::{ask, asker, holder, share_all};

/// Returns the address of the page of the only listed request.
fn listed(page: &str) -> String {
    let after = page.split("class=\"row-id\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    after.expect("a request").to_owned()
}

#[tokio::test]
async fn verification_requests_are_shown_without_personal_data() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let mut browser = console(&test, &partner).await;
    assert!(browser.text("/console/verifications").await.contains("No verification requests yet."));
    let (id, content) = ask(&test, &token, &json!({ "request_id": "case-7" })).await;
    let list = browser.text("/console/verifications").await;
    assert!(list.contains("case-7") && list.contains("Pending"), "{list}");
    let address = listed(&list);
    assert!(!address.contains(&id), "{address}");
    let open = browser.text(&address).await;
    assert!(open.contains("The person has not responded yet.") && !open.contains("Decided"), "{open}");
    assert!(open.contains("<dt>Expires</dt>"), "{open}");
    let (mut person, _) = holder(&test, "ada@example.org").await;
    share_all(&mut person, content).await;
    let shared = browser.text(&address).await;
    assert!(shared.contains("The person shared what you requested.") && shared.contains("Decided"), "{shared}");
    assert!(!shared.contains("<dt>Expires</dt>"), "{shared}");
    for page in [&list, &open, &shared] {
        assert!(SECRETS.iter().chain(&["ada@example.org"]).all(|secret| !page.contains(secret)), "{page}");
        assert!(!page.contains(&content.to_string()), "the row id opens the request");
    }
    let found = browser.post("/console/verifications/find", &[("id", " case-7 ")]).await.redirect().to_owned();
    assert!(found.starts_with("/console/verifications/") && !found.contains("case"), "{found}");
    assert!(browser.text(&found).await.contains("case-7"));
    let missed = browser.post("/console/verifications/find", &[("id", "<b>no</b>")]).await.assert_status(404).text;
    assert!(missed.contains("No verification request has this ID.") && missed.contains("&#60;b&#62;no"), "{missed}");
}

#[tokio::test]
async fn verification_requests_are_filtered_and_end_with_a_reason() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    ask(&test, &token, &json!({ "request_id": "overdue-1" })).await;
    test.advance(HOUR);
    let token = test.token(&partner).await;
    for number in 0..26 {
        test.advance(std::time::Duration::from_millis(1));
        ask(&test, &token, &json!({ "request_id": format!("new-{number:02}") })).await;
    }
    let mut browser = console(&test, &partner).await;
    let first = browser.text("/console/verifications?type=career_history").await;
    assert!(first.contains("new-25") && !first.contains("new-00") && !first.contains("overdue-1"), "{first}");
    let next = first.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|link| link.contains("before="));
    let next = next.expect("there is more").replace("&#38;", "&");
    assert!(next.contains("type=career_history"), "{next}");
    let second = browser.text(&next).await;
    assert!(second.contains("new-00") && second.contains("overdue-1") && !second.contains("new-25"), "{second}");
    let ended = browser.text("/console/verifications?state=canceled").await;
    assert!(ended.contains("overdue-1") && !ended.contains("new-"), "{ended}");
    let shown = browser.text(&listed(&ended)).await;
    assert!(shown.contains("The person did not respond in time."), "{shown}");
    assert!(shown.contains("<dt>Expired</dt>") && !shown.contains("<dt>Expires</dt>"), "{shown}");
    let none = browser.text("/console/verifications?type=education").await;
    assert!(none.contains("No verification requests match these filters."), "{none}");
    let other = test.partner().await;
    let mut theirs = console(&test, &other).await;
    assert!(!theirs.text("/console/verifications").await.contains("overdue-1"));
    theirs.get(&listed(&ended)).await.assert_status(404);
    theirs.post("/console/verifications/find", &[("id", "overdue-1")]).await.assert_status(404);
}
