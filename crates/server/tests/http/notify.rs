//! Mailed links: a push returns its link, and mails it to the holder on request.

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const BATCH: &str = "/api/partner/v2/add/requests/batch";

fn with_notify(credential_id: &str, email: &str) -> Value {
    let mut body = career(credential_id);
    body["notify"] = json!({ "email": email });
    body
}

fn codes(answer: &Value) -> Vec<&str> {
    let warnings = answer["warnings"].as_array().into_iter().flatten();
    warnings.map(|warning| warning["code"].as_str().expect("a code")).collect()
}

/// Decodes a mail's text from quoted-printable.
fn readable(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn link_is_mailed_and_leads_to_consent() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test.post(PUSH, &token, &with_notify("1", " jane@example.org ")).await.assert_status(201).json();
    assert_eq!(codes(&answer), Vec::<&str>::new());
    let link = answer["redirect_uri"].as_str().expect("a link").to_owned();
    let mails = test.mails().await;
    assert_eq!(mails.len(), 1);
    let mail = readable(&mails[0]);
    for said in [
        "To: jane@example.org",
        "Subject: Acme Payroll has sent your career history - review by 25 Nov (UTC)",
        "Acme Payroll has sent you your career history.",
        &link,
        "It expires on 25 November 2026, 09:00 UTC",
        "did not expect this",
    ] {
        assert!(mail.contains(said), "{said}: {mail}");
    }
    assert!(!mail.contains("Marker-Lovelace") && !mail.contains("Company"), "it does not say what is said of her");

    let id: Uuid = answer["request_id"].as_str().expect("an id").parse().expect("a UUID");
    let mut person = test.signed_in("somebody.else@example.org").await;
    person.open(id).await.assert_status(303);
    let page = person.get(&format!("/requests/{id}")).await.assert_status(200);
    assert!(
        page.text.contains("Marker-Lovelace"),
        "the address mailed to is not what decides: who opens it first has it"
    );
    assert!(!page.text.contains("jane@example.org"));
    person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    let export = person.text("/wallet/export").await;
    assert!(!export.contains("jane@example.org"), "the address is no part of what is kept");
    assert_eq!(test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read"), 0);
}

#[tokio::test]
async fn repeated_push_does_not_mail_again() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let first = test.post(PUSH, &token, &with_notify("1", "jane@example.org")).await.assert_status(201).json();
    for (body, warnings) in [
        (with_notify("1", "jane@example.org"), vec!["notify.already_sent"]),
        (with_notify("1", "eve@example.org"), vec!["notify.already_sent"]),
        (career("1"), vec![]),
    ] {
        let again = test.post(PUSH, &token, &body).await.assert_status(201).json();
        assert_eq!((&again["redirect_uri"], codes(&again)), (&first["redirect_uri"], warnings));
    }
    assert_eq!(test.mails().await.len(), 1);
    // After expiry it is a new request, and its link is mailed again.
    test.advance(Duration::from_secs(48 * 3600));
    let token = test.token(&test.partner().await).await;
    let again = test.post(PUSH, &token, &with_notify("1", "jane@example.org")).await.assert_status(201).json();
    assert_eq!(codes(&again), Vec::<&str>::new());
    assert_eq!(test.mails().await.len(), 2);
}

#[tokio::test]
async fn link_mails_are_rate_limited_by_partner_and_recipient() {
    let test = TestApp::new().await;
    let most = test.app.config().sign_in.codes_per_address;
    let [one, other] = [test.token(&test.partner().await).await, test.token(&test.partner().await).await];
    for number in 0..most {
        // Each is repeated; a repeat does not count towards the limit.
        for warnings in [vec![], vec!["notify.already_sent"]] {
            let body = with_notify(&number.to_string(), "jane@example.org");
            assert_eq!(codes(&test.post(PUSH, &one, &body).await.assert_status(201).json()), warnings, "{number}");
        }
    }
    let refused = test.post(PUSH, &one, &with_notify("more", "JANE@example.org")).await.assert_status(201).json();
    assert_eq!(codes(&refused), ["notify.rate_limited"], "the push is taken all the same");
    assert_eq!(test.status(&one, "more").await["status"], "incomplete");
    assert_eq!(test.mails().await.len(), most as usize);
    test.post(PUSH, &one, &with_notify("other", "other@example.org")).await.assert_status(201);
    let theirs = test.post(PUSH, &other, &with_notify("1", "jane@example.org")).await.assert_status(201).json();
    assert_eq!(codes(&theirs), Vec::<&str>::new(), "another partner has its own limit");
    assert_eq!(test.mails().await.len(), most as usize + 2, "another address too");
    test.signed_in("jane@example.org").await;
}

#[tokio::test]
async fn batch_sends_one_link_mail() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut batch = credential::batch_sample();
    batch["notify"] = json!({ "email": "jane@example.org" });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    let mails = test.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("has sent you 3 credentials."), "{}", mails[0]);
    assert!(readable(&mails[0]).contains(answer["redirect_uri"].as_str().expect("a link")));
    let again = test.post(BATCH, &token, &batch).await.assert_status(201).json();
    assert_eq!(codes(&again), ["notify.already_sent"]);
    assert_eq!(test.mails().await.len(), 1);
}

/// The address may be the reason for a withdrawal.
#[tokio::test]
async fn queued_mail_of_a_withdrawn_or_declined_link_is_dropped() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("jane@example.org").await;
    let mails = test.mails().await.len();
    let push =
        async |id: &str| test.post(PUSH, &token, &with_notify(id, "jane@example.org")).await.assert_status(201).json();
    push("withdrawn").await;
    let declined = crate::support::response::content(&push("declined").await);
    push("waiting").await;
    let path = "/api/partner/v2/add/requests/career_history/withdrawn";
    test.send(test.api(Method::DELETE, path, &token, r#"{"reason": "Sent to another address."}"#))
        .await
        .assert_status(204);
    person.open(declined).await.assert_status(303);
    person.post(&format!("/requests/{declined}/decline"), &[]).await.assert_status(303);
    assert_eq!(test.mails().await.len(), mails + 1, "only the one that waits");
    assert_eq!(test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read"), 0);
}

#[tokio::test]
async fn invalid_mail_address_is_rejected_and_v1_has_none() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for (notify, code, pointer) in [
        (json!({ "email": "jane" }), "email.format", "/notify/email"),
        (json!({ "email": "jane@example.org\r\nBcc: eve@example.org" }), "email.format", "/notify/email"),
        (json!({ "email": null }), "field.null", "/notify/email"),
        (json!({}), "field.missing", "/notify"),
        (json!("jane@example.org"), "type.mismatch", "/notify"),
        (json!({ "email": "jane@example.org", "phone": "1" }), "field.unknown", "/notify/phone"),
    ] {
        let mut body = career("1");
        body["notify"] = notify.clone();
        let answer = test.post(PUSH, &token, &body).await.assert_status(422);
        assert_eq!(answer.errors(), [(code.to_owned(), pointer.to_owned())], "{notify}");
        let mut batch = credential::batch_sample();
        batch["notify"] = notify.clone();
        let answer = test.post(BATCH, &token, &batch).await.assert_status(422);
        assert_eq!(answer.errors(), [(code.to_owned(), pointer.to_owned())], "{notify}");
    }
    let mut batch = credential::batch_sample();
    batch["career_history"]["notify"] = json!({ "email": "jane@example.org" });
    let answer = test.post(BATCH, &token, &batch).await.assert_status(422);
    assert_eq!(answer.errors(), [("field.unknown".to_owned(), "/career_history/notify".to_owned())]);
    let mut v1 = credential::Type::default().v1_sample().expect("v1 takes it");
    v1["notify"] = json!({ "email": "jane@example.org" });
    let answer = test.post("/api/partner/v1/add/career_history", &token, &v1).await.assert_status(422);
    assert_eq!(answer.errors(), [("field.unknown".to_owned(), "/notify".to_owned())]);

    let mut body = with_notify("1", "jane@example.org");
    test.post(&format!("{PUSH}?dry_run=true"), &token, &body).await.assert_status(200);
    body["notify"] = Value::Null;
    test.post(PUSH, &token, &body).await.assert_status(201);
    assert_eq!(test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read"), 0);
}

#[tokio::test]
async fn no_file_contains_the_mail_address_in_plaintext() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.post(PUSH, &token, &with_notify("1", "marked.person@example.org")).await.assert_status(201);
    test.assert_no_file_contains(&["marked.person"]);
    assert_eq!(test.mails().await.len(), 1, "it was there to be found");
}
