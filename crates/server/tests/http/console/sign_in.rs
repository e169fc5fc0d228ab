//! Signing in and out, sessions, and access to another partner's data.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use credential::encoding::sha256;
use uuid::Uuid;

use super::support::{HOUR, console, is_signed_in, make_webhook, pages, sign_in};
use crate::support::app::{TestApp, TestPartner};
use crate::support::response::TestResponse;

#[tokio::test]
async fn console_sign_in_sets_a_host_only_strict_cookie() {
    let test = TestApp::builder().setting("server.base_url", "https://passport.example").start().await;
    let partner = test.partner().await;
    let mut browser = test.browser();
    let form = browser.get("/console/sign-in").await.assert_status(200);
    assert!(form.text.contains("Client secret") && form.text.contains(r#"type="password""#));
    let answer = sign_in(&mut browser, &format!(" {} ", partner.id), &partner.secret).await.assert_status(303);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-tenure-console="), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=28800"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(browser.get("/console/sign-in").await.redirect(), "/console");
    let page = browser.get("/console").await;
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.text.contains(&partner.secret) && page.text.contains("Acme Payroll"));
}

#[tokio::test]
async fn failed_console_sign_ins_get_identical_responses() {
    let test = TestApp::new().await;
    let (partner, disabled) = (test.partner().await, test.partner().await);
    test.disable(&disabled).await;
    let mut answers = Vec::new();
    for (id, secret) in [
        (partner.id.to_string(), "no-such-secret"),
        (Uuid::from_u128(7).to_string(), partner.secret.as_str()),
        ("nobody-7".to_owned(), partner.secret.as_str()),
        (disabled.id.to_string(), disabled.secret.as_str()),
    ] {
        let answer = sign_in(&mut test.browser(), &id, secret).await.assert_status(422);
        assert!(answer.headers.get("set-cookie").is_none() && answer.text.contains(r#"role="alert""#));
        assert!(!answer.text.contains(secret), "what was typed as the secret is not sent back");
        answers.push(answer.text.replace(&id, "ID"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

/// Tries to sign in from `address`, behind a proxy.
async fn attempt(test: &TestApp, partner: &TestPartner, address: &str, secret: &str) -> TestResponse {
    let body = format!("client_id={}&client_secret={secret}", partner.id);
    let request = Request::post("/console/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", address);
    test.send(request.body(Body::from(body)).expect("a request")).await
}

#[tokio::test]
async fn console_sign_in_is_rate_limited_by_ip() {
    let test = TestApp::builder().setting("server.trusted_proxies", "1").start().await;
    let partner = test.partner().await;
    let attempt = async |address: String, secret: &str| attempt(&test, &partner, &address, secret).await;
    // Neither the port nor an address that the client sends itself bypasses the limit.
    for number in 0..60 {
        attempt(format!("198.51.100.{number}, 192.0.2.1:{number}"), "no-such-secret").await.assert_status(422);
    }
    let refused = attempt("192.0.2.1".to_owned(), &partner.secret).await.assert_status(429);
    assert!(
        refused.text.contains("Too many attempts")
            && refused.header("retry-after").parse::<u32>().expect("seconds") > 30
    );
    attempt("192.0.2.2".to_owned(), &partner.secret).await.assert_status(303);
    // Addresses that cannot be parsed share the peer's limit.
    for number in 0..60 {
        attempt(format!("nonsense-{number}"), "no-such-secret").await.assert_status(422);
    }
    attempt("unknown".to_owned(), &partner.secret).await.assert_status(429);
    test.advance(HOUR);
    attempt("192.0.2.1".to_owned(), &partner.secret).await.assert_status(303);
}

#[tokio::test]
async fn strangers_cannot_lock_a_partner_out_of_its_console() {
    let test = TestApp::builder().setting("server.trusted_proxies", "1").start().await;
    let partner = test.partner().await;
    let attempt = async |address: String, secret: &str| attempt(&test, &partner, &address, secret).await;
    for number in 0..400 {
        attempt(format!("198.51.100.{}", number % 200), "no-such-secret").await.assert_status(422);
    }
    attempt("192.0.2.3".to_owned(), &partner.secret).await.assert_status(303);
}

#[tokio::test]
async fn console_pages_without_a_session_redirect_to_sign_in() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = Uuid::from_u128(7);
    for (method, path) in pages(id) {
        let mut visitor = test.browser();
        let answer = if method == Method::GET { visitor.get(&path).await } else { visitor.post(&path, &[]).await };
        let back = if method == Method::GET { format!("?to={path}") } else { String::new() };
        assert_eq!(answer.redirect(), format!("/console/sign-in{back}"), "{method} {path}");
    }
    let mut person = test.signed_in("ada@example.org").await;
    person.get("/console").await.assert_status(303);
    for (to, leads) in [
        ("/console/webhooks", "/console/webhooks"),
        ("https://evil.example", "/console"),
        ("//evil.example", "/console"),
        ("/wallet", "/console"),
    ] {
        let mut browser = test.browser();
        let form = browser.get(&format!("/console/sign-in?to={to}")).await.assert_status(200);
        assert_eq!(form.text.contains(r#"name="to""#), leads == to, "{to}");
        let answer = browser
            .post(
                "/console/sign-in",
                &[("client_id", &partner.id.to_string()), ("client_secret", &partner.secret), ("to", to)],
            )
            .await;
        assert_eq!(browser.get(answer.redirect()).await.redirect(), leads, "{to}");
    }
}

#[tokio::test]
async fn console_hides_other_partners_data() {
    let test = TestApp::new().await;
    let (one, other) = (test.partner().await, test.partner_named("Other Payroll", "write.career_history").await);
    let token = test.token(&one).await;
    let request = test.push(&token, "mine").await;
    let mut mine = console(&test, &one).await;
    let webhook = make_webhook(&mut mine, "https://hooks.example.com/tenure").await;
    mine.get(&format!("/console/submissions/{request}")).await.assert_status(200);
    let mut theirs = console(&test, &other).await;
    theirs.get(&format!("/console/submissions/{request}")).await.assert_status(404);
    theirs.post("/console/submissions/find", &[("id", "mine")]).await.assert_status(404);
    theirs.post("/console/submissions/find", &[("id", &request.to_string())]).await.assert_status(404);
    let of_webhook = pages(webhook)
        .into_iter()
        .filter(|(_, path)| path.contains("/webhooks/") && path.contains(&webhook.to_string()));
    let form = [
        ("url", "https://evil.example/x"),
        ("event", "atsp_request.created"),
        ("from", "2026-11-23T00:00"),
        ("to", "2026-11-24T00:00"),
    ];
    for (method, path) in of_webhook {
        let answer = if method == Method::GET { theirs.get(&path).await } else { theirs.post(&path, &form).await };
        assert_eq!(answer.status, 404, "{method} {path}");
        assert!(
            answer.text.contains("belong to another client") && answer.text.contains("/console"),
            "an error is a page of the console"
        );
    }
    assert!(!theirs.get("/console/webhooks").await.text.contains("hooks.example.com"));
    assert!(!theirs.get("/console/submissions").await.text.contains("mine"));
    assert!(mine.text(&format!("/console/webhooks/{webhook}")).await.contains("hooks.example.com/tenure"));
}

#[tokio::test]
async fn secret_rotation_ends_all_other_console_sessions() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let (mut mine, mut colleague) = (console(&test, &partner).await, console(&test, &partner).await);
    let before = mine.cookies.clone();
    let page = mine.text("/console/credentials").await;
    assert!(page.contains("One other browser is signed in.") && page.contains("Never rotated"), "{page}");
    assert!(mine.text("/console/credentials/rotate").await.contains("Rotate secret"));
    let shown = mine.post("/console/credentials/rotate", &[]).await.assert_status(200).text;
    let secret = shown
        .split(r#"<pre id="new-secret""#)
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1))
        .and_then(|rest| rest.split('<').next())
        .expect("the secret");
    assert!(is_signed_in(&mut mine).await && mine.cookies != before);
    let answer = colleague.get("/console/submissions").await.assert_status(303);
    assert_eq!(answer.header("location"), "/console/sign-in?to=/console/submissions");
    assert!(colleague.get("/console/sign-in").await.text.contains("Your session has ended."));
    mine.cookies = before;
    assert!(!is_signed_in(&mut mine).await, "nor does the old cookie live on");
    sign_in(&mut test.browser(), &partner.id.to_string(), &partner.secret).await.assert_status(422);
    let renewed = TestPartner { id: partner.id, secret: secret.to_owned() };
    test.token(&renewed).await;
    let mut mine = console(&test, &renewed).await;
    // The command line rotates the secret.
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert!(tx.rotate_partner(partner.id, &sha256(b"another"), test.app.now()).await.expect("rotated"));
    tx.commit().await.expect("committed");
    assert!(!is_signed_in(&mut mine).await);
}

#[tokio::test]
async fn console_session_ends_by_time_sign_out_and_disabling() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut early = console(&test, &partner).await;
    test.advance(8 * HOUR - Duration::from_secs(1));
    assert!(is_signed_in(&mut early).await);
    test.advance(Duration::from_secs(1));
    assert!(!is_signed_in(&mut early).await, "a visit does not prolong it");
    let (mut mine, mut colleague) = (console(&test, &partner).await, console(&test, &partner).await);
    mine.post("/console/sign-out-others", &[]).await.assert_status(303);
    assert!(is_signed_in(&mut mine).await && !is_signed_in(&mut colleague).await);
    let stolen = mine.cookies.clone();
    assert_eq!(mine.post("/console/sign-out", &[]).await.redirect(), "/console/sign-in");
    mine.cookies = stolen;
    assert!(!is_signed_in(&mut mine).await, "the cookie is worth nothing after sign-out");
    let mut last = console(&test, &partner).await;
    test.disable(&partner).await;
    assert!(!is_signed_in(&mut last).await);
}

#[tokio::test]
async fn cross_site_form_is_rejected() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let cookie: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::post("/console/credentials/rotate")
        .header("cookie", cookie.join("; "))
        .header("host", "localhost:8080")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    test.send(request.body(Body::empty()).expect("a request")).await.assert_status(403);
    assert!(is_signed_in(&mut browser).await, "nothing was rotated");
}
