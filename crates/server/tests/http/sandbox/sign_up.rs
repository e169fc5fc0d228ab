//! Sign-up for a sandbox partner by email.

use std::time::Duration;

use serde_json::json;
use tenure::jobs::run_retention;

use super::with_notify;
use crate::support::app::{PUSH, TestApp, TestPartner};

const DAY: Duration = Duration::from_secs(86_400);

async fn open_to_all() -> TestApp {
    TestApp::builder().setting("sandbox.sign_up", "true").start().await
}

/// Asks for a link and returns its path, from the newest mail.
async fn link_for(test: &TestApp, email: &str, name: &str) -> String {
    // Mails are sorted by id, and ids contain the time in milliseconds.
    test.advance(Duration::from_millis(1));
    let sent = test.browser().post("/sandbox", &[("email", email), ("name", name)]).await;
    assert_eq!(sent.redirect(), "/sandbox/sent");
    let mail = test.mails().await.pop().expect("a mail").replace("=\r\n", "").replace("=3D", "=");
    assert!(mail.contains(&format!("To: {email}")), "{mail}");
    let token = mail.split_once("/sandbox/create/").expect("a link").1;
    let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(token.len());
    format!("/sandbox/create/{}", &token[..end])
}

/// Returns the text of an element of a page.
fn shown(page: &str, id: &str) -> String {
    let text = page.split_once(&format!("<pre id=\"{id}\"")).expect("an element").1;
    text.split_once('>').expect("a start").1.split_once("</pre>").expect("an end").0.to_owned()
}

async fn signed_up(test: &TestApp, email: &str, name: &str) -> TestPartner {
    let link = link_for(test, email, name).await;
    let page = test.browser().post(&link, &[]).await.assert_status(200).text;
    TestPartner { id: shown(&page, "new-id").parse().expect("an id"), secret: shown(&page, "new-secret") }
}

#[tokio::test]
async fn sign_up_is_off_unless_the_operator_allows_it() {
    let test = TestApp::new().await;
    test.get("/sandbox").await.assert_status(404);
    test.browser().post("/sandbox", &[("email", "a@example.org"), ("name", "A")]).await.assert_status(404);
}

#[tokio::test]
async fn mailed_link_creates_one_sandbox_partner() {
    let test = open_to_all().await;
    let link = link_for(&test, "dev@example.org", "Dana & Co.").await;
    let mut browser = test.browser();
    for _ in 0..2 {
        let page = browser.text(&link).await;
        assert!(page.contains("Dana &amp; Co. (sandbox)") || page.contains("Dana &#38; Co. (sandbox)"), "{page}");
    }
    assert_eq!(test.app.store().read().await.expect("a transaction").partners().await.expect("read").len(), 0);
    let page = browser.post(&link, &[]).await.assert_status(200).text;
    let partner =
        TestPartner { id: shown(&page, "new-id").parse().expect("an id"), secret: shown(&page, "new-secret") };
    let token = test.token(&partner).await;
    test.post(PUSH, &token, &with_notify("1", "consents@sandbox.invalid")).await.assert_status(201);
    test.post("/api/partner/v2/sandbox/clock", &token, &json!({ "advance": "1h" })).await.assert_status(200);
    for again in [browser.get(&link).await, browser.post(&link, &[]).await] {
        assert_eq!(again.status, 410, "a link works once");
        assert!(!again.text.contains(&partner.secret));
    }
}

#[tokio::test]
async fn expired_and_forged_links_create_nothing() {
    let test = open_to_all().await;
    let link = link_for(&test, "dev@example.org", "Dana").await;
    let forged = format!("{}AAAA", &link[..link.len() - 4]);
    test.browser().post(&forged, &[]).await.assert_status(410);
    test.advance(Duration::from_secs(3_600));
    test.browser().post(&link, &[]).await.assert_status(410);
    assert_eq!(test.app.store().read().await.expect("a transaction").partners().await.expect("read").len(), 0);
}

#[tokio::test]
async fn sign_up_form_says_what_is_wrong() {
    let test = open_to_all().await;
    for (email, name, said) in [
        ("nobody", "Dana", "Enter an email address"),
        ("dev@example.org", "", "Enter a name of at most 60"),
        ("dev@example.org", "Dana (UK)", "The name cannot contain “(”"),
        ("dev@example.org", "Dana\u{202e}", "Enter a name of at most 60"),
        ("dev@example.org", "T E N U R E", "The name cannot contain “Tenure”"),
    ] {
        let page = test.browser().post("/sandbox", &[("email", email), ("name", name)]).await.assert_status(422).text;
        assert!(page.contains(said) && page.contains("aria-invalid"), "{page}");
    }
    assert_eq!(test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read"), 0);
}

#[tokio::test]
async fn sign_up_does_not_reveal_whether_an_address_is_known() {
    let test = open_to_all().await;
    signed_up(&test, "known@example.org", "Known").await;
    let mut pages = Vec::new();
    for email in ["known@example.org", "new@example.org"] {
        let answer = test.browser().post("/sandbox", &[("email", email), ("name", "Dana")]).await;
        pages.push((answer.status, answer.redirect().to_owned(), answer.text.clone()));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn sign_ups_are_limited_per_address_and_network() {
    let test = open_to_all().await;
    let form = |email: &str| [("email", email.to_owned()), ("name", "Dana".to_owned())];
    let mut statuses = Vec::new();
    for number in 0..12 {
        let email = if number < 4 { "dev@example.org".to_owned() } else { format!("dev{number}@example.org") };
        let form = form(&email);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        statuses.push(test.browser().post("/sandbox", &form).await.status.as_u16());
    }
    assert_eq!(statuses[..4], [303, 303, 303, 429], "three of an address");
    let sent = statuses.iter().filter(|status| **status == 303).count();
    assert_eq!(sent, 10, "ten of a network, without the one that the limit of the address refused");
}

#[tokio::test]
async fn number_of_sandbox_partners_is_bounded() {
    let test = TestApp::builder().settings(&[("sandbox.sign_up", "true"), ("sandbox.max_partners", "4")]).start().await;
    for number in 0..3 {
        signed_up(&test, "dev@example.org", &format!("Dana {number}")).await;
    }
    test.advance(DAY);
    let fourth = link_for(&test, "dev@example.org", "Dana 4").await;
    let page = test.browser().post(&fourth, &[]).await.assert_status(409).text;
    assert!(page.contains("You have enough sandbox partners"), "{page}");
    let full = link_for(&test, "third@example.org", "Third").await;
    signed_up(&test, "other@example.org", "Other").await;
    let page = test.browser().post(&full, &[]).await.assert_status(409).text;
    assert!(page.contains("No sandbox partner is free"), "{page}");
    let mails = test.mails().await.len();
    let form = [("email", "fourth@example.org"), ("name", "Fourth")];
    for answer in [test.get("/sandbox").await, test.browser().post("/sandbox", &form).await] {
        let page = answer.assert_status(409).text;
        assert!(page.contains("No sandbox partner is free"), "before a mail is sent: {page}");
    }
    assert_eq!(test.mails().await.len(), mails);
}

#[tokio::test]
async fn unused_sandbox_partner_is_disabled_after_90_days() {
    let test = open_to_all().await;
    let (used, unused) =
        (signed_up(&test, "a@example.org", "Used").await, signed_up(&test, "b@example.org", "Unused").await);
    let operators = test.sandbox_partner().await;
    test.advance(DAY * 60);
    run_retention(&test.app).await.expect("done");
    test.token(&used).await;
    test.advance(DAY * 31);
    run_retention(&test.app).await.expect("done");
    test.token(&used).await;
    test.token(&operators).await;
    let mut tx = test.app.store().write().await.expect("a transaction");
    let found = tx.partner(unused.id).await.expect("read").expect("there");
    assert!(!found.is_active());
    // Who it was is forgotten, and the operator may enable it again.
    assert!(!tx.may_mail(unused.id, b"anyone").await.expect("read"));
    assert!(tx.enable_partner(unused.id).await.expect("enabled"));
    tx.commit().await.expect("committed");
    run_retention(&test.app).await.expect("done");
    test.token(&unused).await;
}

#[tokio::test]
async fn signed_up_partner_can_mail_only_its_own_address() {
    let test = open_to_all().await;
    let token = test.token(&signed_up(&test, "dev@example.org", "Dana").await).await;
    let problem = test.post(PUSH, &token, &with_notify("1", "victim@example.org")).await.assert_status(422);
    assert_eq!(problem.errors(), [("sandbox.recipient".to_owned(), "/notify/email".to_owned())]);
    test.post(PUSH, &token, &with_notify("2", "Dev@example.org")).await.assert_status(201);
    let operators = test.token(&test.sandbox_partner().await).await;
    test.post(PUSH, &operators, &with_notify("1", "victim@example.org")).await.assert_status(201);
}
