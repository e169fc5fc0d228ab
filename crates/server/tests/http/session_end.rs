//! Sessions that end while a page or a form is open: sign-in leads back to it, with what was
//! entered.

use std::time::Duration;

use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::browser::Browser;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);
const EMAIL: &str = "ada@example.org";
const PURPOSE: &str = "For the post of an engineer";
const SHOWN_AGAIN: &str = "You were signed out before we could save this.";

/// Signs in a holder who has the sample; returns the browser and the credential's id.
async fn holder(test: &TestApp) -> (Browser<'_>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in(EMAIL).await;
    person.accept(id).await;
    (person, id)
}

/// Sends the form for a hirer's link without a session.
async fn send_share_form(person: &mut Browser<'_>, id: Uuid) -> String {
    let (path, part) = (format!("/wallet/credentials/{id}/share"), format!("{id}/employment/0"));
    let form = [("part", &*part), ("days", "7"), ("purpose", PURPOSE)];
    assert_eq!(person.post(&path, &form).await.redirect(), "/sign-in");
    path
}

#[tokio::test]
async fn sign_in_returns_to_the_page_that_was_asked_for() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    for page in ["/wallet/shares".to_owned(), "/account".to_owned(), format!("/wallet/credentials/{id}")] {
        test.advance(HOUR);
        person.post("/sign-out", &[]).await.assert_status(303);
        assert_eq!(person.get(&page).await.redirect(), "/sign-in");
        assert_eq!(person.sign_in(EMAIL).await, page);
        person.get(&page).await.assert_status(200);
    }
    for other in ["https://evil.example/wallet", "//evil.example", "/wallet//evil.example", "/sign-out"] {
        test.advance(HOUR);
        person.post("/sign-out", &[]).await.assert_status(303);
        person.cookies.insert("tenure-return".to_owned(), other.to_owned());
        assert_eq!(person.sign_in(EMAIL).await, "/wallet", "{other}");
    }
}

#[tokio::test]
async fn visitor_without_a_session_is_not_told_that_it_ended() {
    let test = TestApp::new().await;
    let mut stranger = test.browser();
    assert_eq!(stranger.get("/wallet/shares").await.redirect(), "/sign-in");
    assert!(!stranger.text("/sign-in").await.contains("You have been signed out"));
    let (mut person, _) = holder(&test).await;
    test.advance(31 * DAY);
    let ended = person.get("/wallet/shares").await;
    assert_eq!((ended.redirect(), ended.header("clear-site-data")), ("/sign-in", "\"cache\""));
    assert!(person.text("/sign-in").await.contains("You have been signed out. Sign in to continue."));
}

#[tokio::test]
async fn form_sent_after_the_session_ended_is_shown_again() {
    let test = TestApp::new().await;
    for is_expired in [false, true] {
        let (mut person, id) = holder(&test).await;
        if is_expired {
            test.advance(31 * DAY);
        } else {
            person.cookies.remove("tenure-session");
        }
        let path = send_share_form(&mut person, id).await;
        assert!(!person.cookies["tenure-form"].contains("engineer"), "it is encrypted");
        assert!(person.text("/sign-in").await.contains("You have been signed out, so nothing was saved."));
        assert_eq!(person.sign_in(EMAIL).await, path);
        let page = person.text(&path).await;
        assert!(page.contains(SHOWN_AGAIN) && page.contains(&format!("value=\"{PURPOSE}\"")), "{page}");
        assert!(page.contains("<option value=\"7\" selected"), "{page}");
        assert!(!person.text(&path).await.contains(PURPOSE), "once");
        test.advance(DAY);
    }
}

#[tokio::test]
async fn kept_form_is_not_shown_to_another_account() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    test.advance(31 * DAY);
    let path = send_share_form(&mut person, id).await;
    assert_eq!(person.sign_in("bea@example.org").await, path);
    assert!(!person.get(&path).await.text.contains(PURPOSE));
    assert!(!person.text("/wallet/share").await.contains(PURPOSE));
}

#[tokio::test]
async fn kept_form_ends_with_sign_out_and_after_an_hour() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    person.cookies.remove("tenure-session");
    let path = send_share_form(&mut person, id).await;
    person.post("/sign-out", &[]).await.assert_status(303);
    assert!(!person.cookies.contains_key("tenure-form") && !person.cookies.contains_key("tenure-return"));
    send_share_form(&mut person, id).await;
    test.advance(HOUR);
    assert_eq!(person.sign_in(EMAIL).await, path);
    assert!(!person.text(&path).await.contains(PURPOSE), "it was kept for an hour");
    person.cookies.insert("tenure-form".to_owned(), "0.AAAA".to_owned());
    person.text(&path).await;
}

#[tokio::test]
async fn consent_without_a_session_keeps_the_choices() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.browser();
    person.open(id).await.assert_status(303);
    let page = person.sign_in(EMAIL).await;
    let choice = format!("current-{id}");
    person.cookies.remove("tenure-session");
    let sent = person.post(&format!("{page}/accept"), &[(choice.as_str(), "on")]).await;
    assert_eq!(sent.redirect(), "/sign-in");
    assert_eq!(person.sign_in(EMAIL).await, page);
    let shown = person.text(&page).await;
    assert!(shown.contains(SHOWN_AGAIN) && shown.contains(&format!("name=\"{choice}\" checked")), "{shown}");
    assert_eq!(test.status(&token, "1").await["status"], "incomplete");
}

#[tokio::test]
async fn rejected_form_is_cached_until_signing_out() {
    let test = TestApp::new().await;
    let mut person = test.signed_in(EMAIL).await;
    let rejected = person.post("/account/delete", &[]).await.assert_status(422);
    assert_eq!(rejected.header("cache-control"), "private, no-cache");
    assert_eq!(person.get("/account/delete").await.header("cache-control"), "no-store");
    for path in ["/sign-out", "/account/sign-out-everywhere"] {
        let mut person = test.signed_in(EMAIL).await;
        assert_eq!(person.post(path, &[]).await.header("clear-site-data"), "\"cache\"", "{path}");
    }
    let token = test.token(&test.partner().await).await;
    let body = serde_json::json!({});
    let refused = test.post(crate::support::app::PUSH, &token, &body).await.assert_status(422);
    assert_eq!(refused.header("cache-control"), "no-store", "a response of the API");
}
