//! Shared links of updated careers: what they show does not depend on who opened them when.

use axum::http::Method;
use serde_json::json;

use super::support::{Job, career_of, push, push_and_allow, replacing, share};
use crate::shares::look;
use crate::support::app::{PUSH, TestApp};
use crate::support::response::content;

const BEFORE: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];
const AFTER: [Job; 1] = [("Company A", "Chief Surgeon", "2020-01", "", "2026-10")];

async fn withdraw(test: &TestApp, token: &str, credential_id: &str) {
    let reason = json!({ "reason": "A mistake." }).to_string();
    let path = format!("{PUSH}/{credential_id}");
    test.send(test.api(Method::DELETE, &path, token, &reason)).await.assert_status(204);
}

/// Asserts that the link shows this title and whether every check passed.
async fn assert_shows(test: &TestApp, path: &str, title: &str, passes: bool, context: &str) {
    let page = look(test, path).await.assert_status(200).text;
    assert!(page.contains(title), "{context}: {page}");
    let together = if passes { "hire-all-passed" } else { "hire-some-failed" };
    assert!(page.contains(&format!("data-together=\"{together}\"")), "{context}: {page}");
}

/// The clock stands still, so a cached status list would still be current.
#[tokio::test]
async fn withdrawn_credential_is_revoked_on_the_next_view_of_its_link() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let link = share(&mut person, id, &[]).await;
    assert_shows(&test, &link, "Clerk", true, "before").await;
    withdraw(&test, &token, "1").await;
    assert_shows(&test, &link, "Clerk", false, "after").await;
}

#[tokio::test]
async fn current_link_shows_the_newer_version_whenever_it_is_opened() {
    for (is_opened, end) in [(false, "withdrawn"), (true, "withdrawn"), (false, "deleted"), (true, "deleted")] {
        let context = format!("opened in between: {is_opened}, {end}");
        let test = TestApp::new().await;
        let token = test.token(&test.partner().await).await;
        let mut person = test.signed_in("ada@example.org").await;
        let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
        let link = share(&mut person, older, &[("keep_current", "yes")]).await;
        let fixed = share(&mut person, older, &[]).await;
        let update = push(&test, &token, &replacing(career_of("2", &AFTER), "1")).await;
        assert_eq!(update["status"], "verified");
        if is_opened {
            assert_shows(&test, &link, "Chief Surgeon", true, &context).await;
        }
        match end {
            "withdrawn" => withdraw(&test, &token, "1").await,
            _ => drop(person.post(&format!("/wallet/credentials/{older}/delete"), &[]).await.assert_status(303)),
        }
        assert_shows(&test, &link, "Chief Surgeon", true, &context).await;
        assert_shows(&test, &fixed, "Clerk", false, &context).await;
        withdraw(&test, &token, "2").await;
        assert_shows(&test, &link, "Chief Surgeon", false, &context).await;
    }
}

#[tokio::test]
async fn current_link_does_not_go_on_to_a_withdrawn_version() {
    for is_first in [true, false] {
        let test = TestApp::new().await;
        let token = test.token(&test.partner().await).await;
        let mut person = test.signed_in("ada@example.org").await;
        let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
        let link = share(&mut person, older, &[("keep_current", "yes")]).await;
        let update = push(&test, &token, &replacing(career_of("2", &AFTER), "1")).await;
        assert!(!content(&update).is_nil());
        // In either order, both are withdrawn before anyone opens the link.
        for id in if is_first { ["1", "2"] } else { ["2", "1"] } {
            withdraw(&test, &token, id).await;
        }
        test.mails().await;
        let page = look(&test, &link).await.assert_status(200).text;
        assert!(!page.contains("Chief Surgeon"), "{page}");
        assert_shows(&test, &link, "Clerk", false, "both are withdrawn").await;
    }
}
