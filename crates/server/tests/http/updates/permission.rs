//! The permission to update, on the consent page of an update that it does not cover.

use serde_json::json;
use uuid::Uuid;

use super::support::{Job, career_of, push, push_and_allow, replacing};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::moments::without_times;
use crate::support::response::content;

const JOBS: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];
const WIDER: [Job; 2] = [JOBS[0], ("Company B", "Lead", "2026-10", "", "2026-10")];

/// Returns whether the box for the permission is ticked on the consent page of `asked`.
async fn is_preset(person: &mut Browser<'_>, asked: Uuid) -> (bool, String) {
    let path = person.open(asked).await.redirect().to_owned();
    let page = without_times(&person.text(&path).await);
    let start = page.find(&format!("id=\"one-current-{asked}\"")).expect("the box");
    let is_ticked = page[start..].split('>').next().expect("its end").contains(" checked");
    (is_ticked, page)
}

#[tokio::test]
async fn permission_in_force_is_preset_and_kept() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_allow(&test, &token, &mut person, &career_of("1", &JOBS)).await;
    let asked = content(&push(&test, &token, &replacing(career_of("2", &WIDER), "1")).await);
    let (is_ticked, page) = is_preset(&mut person, asked).await;
    assert!(is_ticked, "{page}");
    assert!(page.contains("You allowed <bdi>Acme Payroll</bdi> to do this on 23 November 2026."), "{page}");
    person.accept_with(asked, &[(&format!("current-{asked}"), "on")]).await;
    let record = person.text(&format!("/wallet/credentials/{asked}")).await;
    assert!(record.contains("You replaced the earlier version and kept this permission."), "{record}");
    assert!(record.contains("Stop updates") && !record.contains("This permission ended"), "{record}");
    assert_eq!(push(&test, &token, &replacing(career_of("3", &WIDER), "2")).await["status"], "verified");
}

#[tokio::test]
async fn history_says_that_a_permission_was_not_kept() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_allow(&test, &token, &mut person, &career_of("1", &JOBS)).await;
    let asked = content(&push(&test, &token, &replacing(career_of("2", &WIDER), "1")).await);
    person.accept(asked).await;
    let record = person.text(&format!("/wallet/credentials/{asked}")).await;
    assert!(record.contains("You replaced the earlier version and did not keep this permission"), "{record}");
    assert!(!record.contains("Stop updates"), "{record}");
    assert_eq!(push(&test, &token, &replacing(career_of("3", &WIDER), "2")).await["status"], json!(null));
    let asked = content(&push(&test, &token, &replacing(career_of("4", &WIDER), "2")).await);
    assert!(!is_preset(&mut person, asked).await.0, "there is no permission any more");
}
