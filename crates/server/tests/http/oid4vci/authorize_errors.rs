//! Errors of the authorization endpoint: shown to the person, with the reason for the developer.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use uuid::Uuid;

use super::authorization::{VERIFIER, answered, arrive, authorization, push};
use super::support::{holder, refused, second_credential};
use crate::support::app::TestApp;
use crate::support::wallet::TestWallet;

#[tokio::test]
async fn authorization_errors_show_the_reason() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let direct = "/oid4vci/authorize?client_id=wallet-1&response_type=code&redirect_uri=https%3A%2F%2Fwallet.example";
    for (path, status, code, reason) in [
        (direct, 400, "invalid_request", "pushed_authorization_request_endpoint"),
        ("/oid4vci/authorize", 400, "invalid_request", "request_uri"),
        ("/oid4vci/authorize?request_uri=https%3A%2F%2Fx.example", 400, "invalid_request", "request_uri"),
        ("/oid4vci/authorize?client_id=a&client_id=b", 400, "invalid_request", "repeated parameter"),
        (
            "/oid4vci/authorize?client_id=a&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A00000000-0000-4000-8000-000000000000",
            410,
            "invalid_request_uri",
            "has expired",
        ),
    ] {
        let page = person.get(path).await.assert_status(status);
        assert!(page.text.contains(&format!("<code>{code}</code>")) && page.text.contains(reason), "{}", page.text);
        assert_eq!(page.header("location"), "", "never a redirect to an unchecked address");
        assert!(!page.text.contains("wallet.example"), "{}", page.text);
        assert!(page.text.contains(page.header("x-request-id")), "the number to quote");
    }
}

// Conforms: OIDF issuer: FAPI 2: request_uri expired or of another client
#[tokio::test]
async fn request_uri_of_another_client_is_named() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let pushed = push(&TestWallet::new(&test), &authorization(VERIFIER)).await.assert_status(201);
    let uri = pushed.json()["request_uri"].as_str().expect("a request").to_owned();
    for client in ["?client_id=another&", "?client_id=&", "?"] {
        let page = person.get(&format!("/oid4vci/authorize{client}request_uri={uri}")).await.assert_status(400);
        let reason = "client_id must be that of the pushed request";
        assert!(page.text.contains("<code>invalid_request</code>") && page.text.contains(reason), "{}", page.text);
        assert_eq!(page.header("location"), "");
    }
    // The request is still there for its own client.
    assert_eq!(arrive(&mut person, &pushed).await, "/sign-in");
}

#[tokio::test]
async fn ended_authorization_requests_do_not_redirect() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let page = arrive(&mut person, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201)).await;
    person.get(&page).await.assert_status(200);
    let (mut stranger, _) = second_credential(&test).await;
    for path in [page.clone(), format!("{page}/allow"), format!("{page}/deny")] {
        let answer = match path == page {
            true => stranger.get(&path).await,
            false => stranger.post(&path, &[("credential", &id.to_string())]).await,
        };
        let answer = answer.assert_status(410);
        assert!(answer.text.contains("<code>invalid_request_uri</code>"), "{}", answer.text);
        assert_eq!(answer.header("location"), "");
    }
    test.advance(Duration::from_secs(3_601));
    let expired = person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await;
    assert!(!expired.header("location").contains("wallet.example"), "{}", expired.header("location"));
}

#[tokio::test]
async fn unreadable_decisions_get_a_page_and_decide_nothing() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let page = arrive(&mut person, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201)).await;
    person.get(&page).await.assert_status(200);
    let cookies: Vec<String> = person.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let allow = async |content_type: &str, body: &[u8]| {
        let request = Request::post(format!("{page}/allow"))
            .header(header::CONTENT_TYPE, content_type)
            .header(header::COOKIE, cookies.join("; "))
            .header("sec-fetch-site", "same-origin");
        test.send(request.body(Body::from(body.to_vec())).expect("a request")).await
    };
    let (form, chosen) = ("application/x-www-form-urlencoded", format!("credential={id}"));
    for content_type in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        let refused = allow(content_type, chosen.as_bytes()).await.assert_status(415);
        assert_eq!(refused.header("content-type"), "text/html; charset=utf-8", "{content_type}");
    }
    let invalid = allow(form, b"credential=\xff&\xfe=1").await.assert_status(422);
    assert_eq!(invalid.header("content-type"), "text/html; charset=utf-8");
    assert!(invalid.text.contains("Choose at least one credential"), "{}", invalid.text);
    assert!(answered(allow(form, chosen.as_bytes()).await.redirect()).contains_key("code"));
}

// Conforms: RFC 6749 4.1.2.1
#[tokio::test]
async fn declined_authorization_redirects_with_access_denied() {
    let test = TestApp::new().await;
    let (mut person, _) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let page = arrive(&mut person, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201)).await;
    person.get(&page).await.assert_status(200);
    let answer = answered(person.post(&format!("{page}/deny"), &[]).await.redirect());
    assert_eq!((answer["error"].as_str(), answer["state"].as_str()), ("access_denied", "s-1"));
    assert_eq!(answer["iss"], test.app.config().base());
    assert_eq!(answer["error_description"], "The person declined the request.");
}

/// A wallet's request for a push that its person then declines.
#[tokio::test]
async fn declined_push_leads_back_to_the_wallet() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let wallet = TestWallet::new(&test);
    let mut form = authorization(VERIFIER);
    form.push(("issuer_state", id.to_string()));
    let mut person = test.browser();
    assert_eq!(arrive(&mut person, &push(&wallet, &form).await.assert_status(201)).await, "/sign-in");
    let consent = person.sign_in("ada@example.org").await;
    let page = person.post(&format!("{consent}/decline"), &[]).await.redirect().to_owned();
    assert!(page.starts_with("/oid4vci/authorize/"), "{page}");
    person.get(&page).await.assert_status(200);
    let answer = answered(person.post(&format!("{page}/deny"), &[]).await.redirect());
    assert_eq!((answer["error"].as_str(), answer["state"].as_str()), ("access_denied", "s-1"));
}

/// Returns the request of a wallet that follows the offer of a push.
fn for_push(id: Uuid) -> Vec<(&'static str, String)> {
    let mut form = authorization(VERIFIER);
    form.push(("issuer_state", id.to_string()));
    form
}

// Conforms: OpenID4VCI 5.1.3
#[tokio::test]
async fn accepted_push_is_issued_to_a_wallet_that_requests_it() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let page = arrive(&mut person, &push(&wallet, &for_push(id)).await.assert_status(201)).await;
    assert!(page.starts_with("/oid4vci/authorize/"), "{page}");
    person.get(&page).await.assert_status(200);
    let allowed = person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await;
    assert!(answered(allowed.redirect()).contains_key("code"));
    // The same after signing in, in another browser.
    let mut signed_out = test.browser();
    let pushed = push(&wallet, &for_push(id)).await.assert_status(201);
    assert_eq!(arrive(&mut signed_out, &pushed).await, "/sign-in");
    let page = signed_out.sign_in("ada@example.org").await;
    assert!(page.starts_with("/oid4vci/authorize/"), "{page}");
    assert!(signed_out.text(&page).await.contains(&id.to_string()));
}

// Conforms: RFC 6749 4.1.2.1
#[tokio::test]
async fn ended_push_leads_back_to_the_wallet() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let wallet = TestWallet::new(&test);
    let mut person = test.signed_in("ada@example.org").await;
    let (declined, expired) = (test.push(&token, "1").await, test.push(&token, "2").await);
    let (unknown, others) = (Uuid::from_u128(4), second_credential(&test).await.1);
    for id in [declined, expired] {
        let request = push(&wallet, &for_push(id)).await.assert_status(201);
        assert_eq!(arrive(&mut person, &request).await, format!("/requests/{id}"), "while it is pending");
    }
    person.post(&format!("/requests/{declined}/decline"), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(48 * 3600));
    let mut person = test.signed_in("ada@example.org").await;
    for id in [declined, expired, unknown, others] {
        let page = arrive(&mut person, &push(&wallet, &for_push(id)).await.assert_status(201)).await;
        assert!(page.starts_with("/oid4vci/authorize/"), "{page}");
        let shown = person.get(&page).await.assert_status(200);
        assert!(!shown.text.contains(&format!("value=\"{id}\"")), "{}", shown.text);
        let answer = answered(person.post(&format!("{page}/deny"), &[]).await.redirect());
        assert_eq!((answer["error"].as_str(), answer["state"].as_str()), ("access_denied", "s-1"));
    }
}

// Conforms: RFC 6749 4.1.2.1
#[tokio::test]
async fn unsupported_response_mode_is_refused() {
    let test = TestApp::new().await;
    let wallet = TestWallet::new(&test);
    let with = async |mode: &str| {
        let mut form = authorization(VERIFIER);
        form.push(("response_mode", mode.to_owned()));
        push(&wallet, &form).await
    };
    for mode in ["fragment", "form_post", "query.jwt", "direct_post"] {
        let answer = with(mode).await;
        refused(&answer, 400, "invalid_request");
        assert!(answer.text.contains("response_mode"), "{}", answer.text);
    }
    with("query").await.assert_status(201);
}
