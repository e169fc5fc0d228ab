//! Rotating the client secret with an overlap, and revoking the old one.

use std::time::Duration;

use super::support::{HOUR, console, sign_in};
use crate::support::app::{TestApp, TestPartner};
use crate::support::browser::Browser;

const ROTATE: &str = "/console/credentials/rotate";

/// Returns the secret on the page after a rotation.
fn shown_secret(page: &str) -> String {
    let after = page.split(r#"<pre id="new-secret""#).nth(1).and_then(|rest| rest.split('>').nth(1));
    after.and_then(|rest| rest.split('<').next()).expect("the secret").to_owned()
}

/// Rotates the secret; the old one keeps working for `keep_old`.
async fn rotate(browser: &mut Browser<'_>, keep_old: &str) -> String {
    shown_secret(&browser.post(ROTATE, &[("keep_old", keep_old)]).await.assert_status(200).text)
}

async fn gets_token(test: &TestApp, partner: &TestPartner, secret: &str) -> bool {
    let (grant, id) = (("grant_type", "client_credentials"), partner.id.to_string());
    let answer = test.token_form(&[grant, ("client_id", &id), ("client_secret", secret)], None).await;
    assert!(answer.status == 200 || answer.status == 401, "{}", answer.text);
    answer.status == 200
}

#[tokio::test]
async fn console_rotation_keeps_the_old_secret_for_the_chosen_time() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut mine = console(&test, &partner).await;
    assert!(!mine.text("/console/credentials").await.contains("Old secret"));
    let form = mine.text(ROTATE).await;
    for choice in ["immediately", "for 1 hour", "for 24 hours", "for 7 days"] {
        assert!(form.contains(choice), "{form}");
    }
    let unknown = mine.post(ROTATE, &[("keep_old", "forever")]).await.assert_status(422);
    assert!(unknown.text.contains("Choose how long"), "{}", unknown.text);
    let page = mine.post(ROTATE, &[("keep_old", "24h")]).await.assert_status(200).text;
    assert!(page.contains("The old secret keeps working for the API until"), "{page}");
    let new = shown_secret(&page);
    let credentials = mine.text("/console/credentials").await;
    assert!(credentials.contains("Old secret") && credentials.contains("Works until"), "{credentials}");
    assert!(mine.text(ROTATE).await.contains("stops working now"));
    test.advance(24 * HOUR - Duration::from_secs(1));
    assert!(gets_token(&test, &partner, &partner.secret).await && gets_token(&test, &partner, &new).await);
    test.advance(Duration::from_secs(1));
    assert!(!gets_token(&test, &partner, &partner.secret).await && gets_token(&test, &partner, &new).await);
    let mut mine = console(&test, &TestPartner { id: partner.id, secret: new }).await;
    assert!(!mine.text("/console/credentials").await.contains("Old secret"));
}

#[tokio::test]
async fn second_rotation_ends_the_oldest_secret() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut mine = console(&test, &partner).await;
    let second = rotate(&mut mine, "7d").await;
    let third = rotate(&mut mine, "1h").await;
    assert!(!gets_token(&test, &partner, &partner.secret).await);
    assert!(gets_token(&test, &partner, &second).await && gets_token(&test, &partner, &third).await);
    let last = rotate(&mut mine, "").await;
    for ended in [&partner.secret, &second, &third] {
        assert!(!gets_token(&test, &partner, ended).await, "all stop at once without an overlap");
    }
    assert!(gets_token(&test, &partner, &last).await);
}

#[tokio::test]
async fn old_secret_does_not_sign_in_to_the_console() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut colleague = console(&test, &partner).await;
    let new = rotate(&mut console(&test, &partner).await, "24h").await;
    assert_eq!(colleague.get("/console").await.redirect(), "/console/sign-in?to=/console", "its session has ended");
    let id = partner.id.to_string();
    sign_in(&mut test.browser(), &id, &partner.secret).await.assert_status(422);
    sign_in(&mut test.browser(), &id, &new).await.assert_status(303);
}

#[tokio::test]
async fn console_revokes_the_old_secret() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut mine = console(&test, &partner).await;
    let new = rotate(&mut mine, "24h").await;
    assert!(mine.text("/console/credentials").await.contains("Revoke old secret"));
    for _ in 0..2 {
        let revoked = mine.post("/console/credentials/revoke-old", &[]).await;
        assert_eq!(revoked.redirect(), "/console/credentials");
        let page = mine.text("/console/credentials").await;
        assert!(page.contains("Old secret revoked.") && !page.contains("Revoke old secret"), "{page}");
    }
    assert!(!gets_token(&test, &partner, &partner.secret).await && gets_token(&test, &partner, &new).await);
}

#[tokio::test]
async fn of_concurrent_rotations_one_succeeds() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let (mut mine, mut colleague) = (console(&test, &partner).await, console(&test, &partner).await);
    let form = [("keep_old", "24h")];
    let (one, other) = tokio::join!(mine.post(ROTATE, &form), colleague.post(ROTATE, &form));
    let (done, refused) = if one.status == 200 { (one, other) } else { (other, one) };
    // The session of the second has ended, unless its request was in progress.
    assert!(refused.status == 409 || refused.status == 303, "{}", refused.text);
    let new = shown_secret(&done.assert_status(200).text);
    assert!(gets_token(&test, &partner, &partner.secret).await && gets_token(&test, &partner, &new).await);
}
