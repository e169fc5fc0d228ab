//! Updates that give a job another title: pages and the mail say what it was before.

use serde_json::json;

use super::support::{Job, career_of, push, push_and_accept, push_and_allow, replacing, share};
use crate::shares::look;
use crate::support::app::TestApp;
use crate::support::response::content;

const BEFORE: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];
const AFTER: [Job; 1] = [("Company A", "Chief Surgeon", "2020-01", "", "2026-10")];
const CLERK_BEFORE: &str = "Job title until September 2026: <bdi>Clerk</bdi>";

#[tokio::test]
async fn pages_and_mail_say_what_a_title_was_before() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let following = share(&mut person, older, &[("keep_current", "yes")]).await;
    let before = look(&test, &following).await.assert_status(200).text;
    assert!(!before.contains("Job title until"), "{before}");
    let mails = test.mails().await.len();
    let update = push(&test, &token, &replacing(career_of("2", &AFTER), "1")).await;
    assert_eq!(update["status"], "verified");
    let newer = content(&update);
    let made_later = share(&mut person, newer, &[]).await;
    for link in [&following, &made_later] {
        let page = look(&test, link).await.assert_status(200).text;
        assert!(page.contains("Chief Surgeon") && page.contains(CLERK_BEFORE), "{page}");
    }
    for path in ["/wallet", "/wallet/print", &format!("/wallet/credentials/{newer}")] {
        let page = person.text(path).await;
        assert!(page.contains("Chief Surgeon") && page.contains(CLERK_BEFORE), "{path}: {page}");
    }
    let mail = test.mails().await.split_off(mails);
    let said = "The job title is now: Chief Surgeon. Until September 2026 it was: Clerk.";
    assert!(mail.len() == 1 && mail[0].contains(said), "{mail:?}");
    // The next update changes only months.
    let later: [Job; 1] = [("Company A", "Chief Surgeon", "2020-01", "", "2026-11")];
    let update = push(&test, &token, &replacing(career_of("3", &later), "2")).await;
    assert_eq!(update["status"], "verified");
    assert!(look(&test, &following).await.assert_status(200).text.contains(CLERK_BEFORE));
}

#[tokio::test]
async fn titles_that_the_person_corrected_are_not_earlier_ones() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let corrected: [Job; 1] = [("Company A", "Head Clerk", "2020-01", "", "2026-09")];
    let newer = push_and_accept(&test, &token, &mut person, &replacing(career_of("2", &corrected), "1")).await;
    let page = person.text(&format!("/wallet/credentials/{newer}")).await;
    assert!(page.contains("Head Clerk") && !page.contains("Job title until"), "{page}");
}

#[tokio::test]
async fn added_job_categories_are_named_like_titles() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let link = share(&mut person, older, &[("keep_current", "yes")]).await;
    let mut body = career_of("2", &[("Company A", "Clerk", "2020-01", "", "2026-10")]);
    body["fields"]["employment"][0]["role_classification"] = json!("Chief Executives");
    assert_eq!(push(&test, &token, &replacing(body, "1")).await["status"], "verified");
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains("No job category until September 2026"), "{wallet}");
    let page = look(&test, &link).await.assert_status(200).text;
    let is_shown = page.contains("Chief Executives");
    assert_eq!(page.contains("No job category until September 2026"), is_shown, "{page}");
}

#[tokio::test]
async fn new_degree_in_the_name_is_asked_and_then_followed() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = push_and_allow(&test, &token, &mut person, &career_of("1", &BEFORE)).await;
    let link = share(&mut person, older, &[("keep_current", "yes")]).await;
    let mut body = career_of("2", &[("Company A", "Clerk", "2020-01", "", "2026-10")]);
    body["fields"]["full_name"] = json!("Dr Ada Example, MBA");
    let asked = push(&test, &token, &replacing(body, "1")).await;
    assert_eq!(asked["status"], json!(null));
    assert!(!look(&test, &link).await.assert_status(200).text.contains("MBA"));
    person.accept(content(&asked)).await;
    let page = look(&test, &link).await.assert_status(200).text;
    assert!(page.contains("Dr Ada Example, MBA"), "{page}");
}
