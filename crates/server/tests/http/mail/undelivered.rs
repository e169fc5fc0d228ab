//! The status of a link whose mail failed, and how a partner has it mailed again.

use std::time::Duration;

use serde_json::{Value, json};
use tenure::flows::outbox::send_due;
use tenure::flows::webhook_delivery::deliver_due;

use super::support::{fresh_token, plain, push_link, server, waiting, with_notify};
use crate::support::app::PUSH;
use crate::support::receiver::Receiver;
use crate::support::relay::{Relay, Step, Tls};

const UNKNOWN: (Step, Option<&str>) = (Step::RcptTo, Some("550 5.1.1 <ada@example.org> is unknown"));

fn codes(answer: &Value) -> Vec<&str> {
    let warnings = answer["warnings"].as_array().into_iter().flatten();
    warnings.map(|warning| warning["code"].as_str().expect("a code")).collect()
}

#[tokio::test]
async fn rejected_recipient_ends_the_mail_and_a_repeat_sends_again() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let token = fresh_token(&test, &test.partner().await).await;
    relay.fail(Some(UNKNOWN));
    let first = push_link(&test, &token, "1", "ada@example.org").await;
    send_due(&test.app).await.expect("tried");
    assert_eq!(waiting(&test).await, 0, "given up at the first attempt");
    let status = test.status(&token, "1").await;
    assert_eq!(status["notify"], json!({ "state": "failed", "reason": "recipient_rejected" }));
    assert_eq!(status["status"], "incomplete");
    relay.fail(None);
    let again = push_link(&test, &token, "1", "ada.lovelace@example.org").await;
    assert_eq!((&again["redirect_uri"], codes(&again)), (&first["redirect_uri"], vec![]));
    assert_eq!(codes(&push_link(&test, &token, "1", "eve@example.org").await), ["notify.already_sent"]);
    send_due(&test.app).await.expect("sent");
    let accepted = relay.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].0, "ada.lovelace@example.org");
    assert_eq!(test.status(&token, "1").await.get("notify"), None);
    assert_eq!(codes(&push_link(&test, &token, "1", "eve@example.org").await), ["notify.already_sent"]);
    let metrics = test.app.metrics().encode();
    assert!(metrics.contains(r#"outcome="given_up"} 1"#) && metrics.contains("tenure_mail_failing 0"), "{metrics}");
}

#[tokio::test]
async fn rejected_recipient_of_a_batch_is_shown_and_mailed_again() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let token = fresh_token(&test, &test.partner().await).await;
    let mut batch = credential::batch_sample();
    batch["notify"] = json!({ "email": "ada@example.org" });
    let id = batch["credential_id"].as_str().expect("an id").to_owned();
    relay.fail(Some(UNKNOWN));
    let push = async || test.post("/api/partner/v2/add/requests/batch", &token, &batch).await.assert_status(201).json();
    push().await;
    send_due(&test.app).await.expect("tried");
    assert_eq!(test.status(&token, &id).await["notify"]["reason"], "recipient_rejected");
    relay.fail(None);
    assert_eq!(codes(&push().await), Vec::<&str>::new());
    send_due(&test.app).await.expect("sent");
    assert_eq!(relay.accepted().len(), 1);
    assert_eq!(test.status(&token, &id).await.get("notify"), None);
}

#[tokio::test]
async fn webhook_and_console_show_an_undelivered_link() {
    let relay = Relay::start(Tls::None).await;
    let receiver = Receiver::start().await;
    let test = server(&plain(&relay), &[("webhooks.allow_loopback", "true")]).await;
    let partner = test.partner().await;
    let token = fresh_token(&test, &partner).await;
    let wanted = json!({ "url": receiver.url(), "events": ["atsp_request.notify_failed"] });
    test.post("/api/partner/v2/webhooks", &token, &wanted).await.assert_status(201);
    relay.fail(Some(UNKNOWN));
    let answer = push_link(&test, &token, "1", "ada@example.org").await;
    send_due(&test.app).await.expect("tried");
    deliver_due(&test.app).await.expect("delivered");
    let event: Value = serde_json::from_slice(&receiver.received()[0].body).expect("JSON");
    assert_eq!(event["type"], "atsp_request.notify_failed");
    assert_eq!((&event["request_id"], &event["credential_id"]), (&answer["request_id"], &json!("1")));
    assert!(!event.to_string().contains("example.org"));
    let mut browser = test.browser();
    let form = [("client_id", &*partner.id.to_string()), ("client_secret", &partner.secret)];
    browser.post("/console/sign-in", &form).await.assert_status(303);
    let page = browser.text(&format!("/console/submissions/{}", answer["request_id"].as_str().expect("an id"))).await;
    assert!(page.contains("The email with the link was not delivered") && !page.contains("example.org"), "{page}");
}

#[tokio::test]
async fn link_that_expired_unmailed_is_shown() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let partner = test.partner().await;
    let token = fresh_token(&test, &partner).await;
    push_link(&test, &token, "1", "ada@example.org").await;
    relay.fail(Some((Step::Auth, Some("535 5.7.8 wrong password"))));
    for _ in 0..49 {
        send_due(&test.app).await.expect("tried");
        test.advance(Duration::from_secs(3600));
    }
    send_due(&test.app).await.expect("tried");
    let token = fresh_token(&test, &partner).await;
    let status = test.status(&token, "1").await;
    assert_eq!((&status["status"], &status["notify"]["reason"]), (&json!("canceled"), &json!("expired")));
    relay.fail(None);
    test.advance(Duration::from_secs(60));
    test.post(PUSH, &token, &with_notify("1", "ada@example.org")).await.assert_status(201);
    send_due(&test.app).await.expect("sent");
    assert_eq!(relay.accepted().len(), 1, "a new request, whose link is mailed");
    assert_eq!(test.status(&token, "1").await.get("notify"), None);
}
