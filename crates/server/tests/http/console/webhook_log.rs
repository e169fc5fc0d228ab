//! What the console shows of deliveries: bodies, responses and the health of webhooks.

use std::time::Duration;

use super::support::console;
use crate::support::app::TestApp;
use crate::support::receiver::Receiver;
use crate::webhooks::support::{deliver, register, server, tell};

#[tokio::test]
async fn delivery_log_shows_the_body_and_the_response() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    receiver.answer(&[500]);
    let long = "x".repeat(5000);
    receiver.say(&format!("<script>alert(1)</script>\u{1b}[31m\u{202e}{long}"));
    tell(&test, &partner, &["case-7"]).await;
    assert_eq!(deliver(&test).await, 1);
    let mut browser = console(&test, &partner).await;
    let page = browser.text(&format!("/console/webhooks/{id}")).await;
    let sent = String::from_utf8(receiver.received()[0].body.to_vec()).expect("text");
    assert!(page.contains(&sent.replace('"', "&#34;")), "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;[31mx"), "{page}");
    assert!(!page.contains("<script>alert") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    let kept = page.matches('x').count();
    assert!((900..1200).contains(&kept), "{kept} of 5,000 are kept");
}

#[tokio::test]
async fn webhook_list_shows_when_each_last_worked() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let receiver = Receiver::start().await;
    register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    let mut browser = console(&test, &partner).await;
    let page = browser.text("/console/webhooks").await;
    assert_eq!(page.matches("None recorded").count(), 2, "{page}");
    tell(&test, &partner, &["one"]).await;
    assert_eq!(deliver(&test).await, 1);
    test.advance(Duration::from_secs(60));
    receiver.answer(&[503]);
    tell(&test, &partner, &["two"]).await;
    assert_eq!(deliver(&test).await, 1);
    let page = browser.text("/console/webhooks").await;
    for part in ["23 November 2026, 09:00 UTC", "23 November 2026, 09:01 UTC", "<dd>50 %</dd>", "<dd>1</dd>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("None recorded"), "{page}");
}

#[tokio::test]
async fn paused_webhook_sends_again_when_the_pause_ends() {
    let test = server().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    receiver.answer(&[500; 1000]);
    let requests: Vec<String> = (0..40).map(|number| format!("r{number}")).collect();
    tell(&test, &partner, &requests.iter().map(String::as_str).collect::<Vec<_>>()).await;
    deliver(&test).await;
    let page = console(&test, &partner).await.text(&format!("/console/webhooks/{id}")).await;
    assert!(page.contains("Paused until"), "{page}");
    assert!(page.contains("Next attempt when the pause ends") && !page.contains("Queued"), "{page}");
}

#[tokio::test]
async fn responses_from_opened_networks_are_not_kept() {
    let settings = [("webhooks.allow_loopback", "true"), ("outbound.allowed_networks", "127.0.0.0/8")];
    let test = TestApp::builder().settings(&settings).start().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let receiver = Receiver::start().await;
    let (id, _) = register(&test, &token, &receiver.url(), &["vwsp_request.verified"]).await;
    receiver.answer(&[500]);
    receiver.say("internal-secret");
    tell(&test, &partner, &["case-7"]).await;
    assert_eq!(deliver(&test).await, 1);
    let page = console(&test, &partner).await.text(&format!("/console/webhooks/{id}")).await;
    assert!(page.contains("Your server returned 500") && !page.contains("internal-secret"), "{page}");
}
