//! The navigation of error pages: that of the visitor's session.

use axum::body::Body;
use axum::http::{Request, header};

use crate::support::app::TestApp;
use crate::support::browser::Browser;

const MISSING: &str = "/wallet/credentials/00000000-0000-0000-0000-000000000007";

fn offers_sign_in(page: &str) -> bool {
    let (wallet, sign_in) = (page.contains("action=\"/sign-out\""), page.contains("href=\"/sign-in\""));
    assert_ne!(wallet, sign_in, "one of the two: {page}");
    sign_in
}

/// Gets a path that no route matches, as a browser with these cookies.
async fn unmatched(test: &TestApp, browser: &Browser<'_>) -> String {
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request =
        Request::get("/nothing").header(header::ACCEPT, "text/html").header(header::COOKIE, cookies.join("; "));
    test.send(request.body(Body::empty()).expect("a request")).await.assert_status(404).text
}

#[tokio::test]
async fn error_pages_know_the_session() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    assert!(!offers_sign_in(&person.get(MISSING).await.assert_status(404).text));
    assert!(!offers_sign_in(&unmatched(&test, &person).await));
    let visitor = test.browser();
    assert!(offers_sign_in(&unmatched(&test, &visitor).await));
    let mut forged = test.browser();
    forged.cookies = person.cookies.keys().map(|name| (name.clone(), "forged".to_owned())).collect();
    assert!(offers_sign_in(&unmatched(&test, &forged).await));
    let mut before = test.browser();
    before.cookies.clone_from(&person.cookies);
    person.post("/sign-out", &[]).await.assert_status(303);
    assert!(offers_sign_in(&unmatched(&test, &before).await), "the session has ended");
}

#[tokio::test]
async fn rejected_forms_say_what_is_wrong() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let large = person.post("/wallet/share", &[("purpose", &"x".repeat(3_000_000))]).await.assert_status(413).text;
    assert!(large.contains("longer than this site accepts"), "{large}");
    let cookies: Vec<String> = person.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let json = Request::post("/wallet/share")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookies.join("; "))
        .header("sec-fetch-site", "same-origin");
    let wrong = test.send(json.body(Body::from("{}")).expect("a request")).await.assert_status(415).text;
    assert!(wrong.contains("This form was not sent correctly") && !wrong.contains("urlencoded"), "{wrong}");
}

#[tokio::test]
async fn error_pages_keep_the_wallet_while_the_store_fails() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    test.app.store().close().await;
    assert!(!offers_sign_in(&person.get("/wallet").await.assert_status(503).text));
}
