//! Mailed warnings a day before something of a person's expires (docs/partner-api.md section 8).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use serde_json::{Value, json};
use store::Undelivered;
use tenure::jobs::run_retention;
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, TestPartner, career};
use crate::support::browser::Browser;
use crate::support::response::content;
use crate::support::samples;

const HOUR: Duration = Duration::from_secs(3600);
const MICRO: &str = "/api/partner/v2/add/requests/microcredential";
const BATCH: &str = "/api/partner/v2/add/requests/batch";

/// Runs the jobs and returns the warnings that were mailed to `email`.
async fn warnings(test: &TestApp, email: &str) -> Vec<String> {
    run_retention(&test.app).await.expect("done");
    let readable = |mail: String| mail.replace("=\r\n", "").replace("=3D", "=");
    let mails = test.mails().await.into_iter().map(readable);
    let is_it = |mail: &String| mail.contains(&format!("To: {email}")) && mail.contains("Coming up soon:");
    mails.filter(is_it).collect()
}

async fn push_to(test: &TestApp, partner: &TestPartner, id: &str, email: &str) -> Value {
    let mut body = career(id);
    body["notify"] = json!({ "email": email });
    test.post(PUSH, &test.token(partner).await, &body).await.assert_status(201).json()
}

/// Pushes a credential with a document and accepts it.
async fn accept_document(test: &TestApp, partner: &TestPartner, person: &mut Browser<'_>) -> Uuid {
    let mut body = ("microcredential".parse::<Type>().expect("a type").sample)();
    let image = format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5)));
    body["credential_id"] = json!(test.app.id().to_string());
    body["assets"] = json!([{ "asset_id": "badge", "asset_type": "png", "asset_data": image }]);
    let answer = test.post(MICRO, &test.token(partner).await, &body).await.assert_status(201).json();
    person.accept(content(&answer)).await;
    content(&answer)
}

/// Shares every part of a credential and returns the path of the share's page.
async fn share(person: &mut Browser<'_>, credential: Uuid, days: &str) -> String {
    let path = format!("/wallet/credentials/{credential}/share");
    let form = person.text(&path).await;
    let parts = form.split("name=\"part\" value=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let mut pairs: Vec<(&str, &str)> = parts.map(|(part, _)| ("part", part)).collect();
    pairs.extend([("days", days), ("purpose", "My secret plan")]);
    person.post(&path, &pairs).await.redirect().to_owned()
}

#[tokio::test]
async fn unopened_link_is_warned_of_at_the_address_in_the_push() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let answer = push_to(&test, &partner, "1", "jane@example.org").await;
    test.push(&test.token(&partner).await, "silent").await;
    test.advance(24 * HOUR - Duration::from_secs(1));
    assert_eq!(warnings(&test, "jane@example.org").await.len(), 0, "not a second too early");
    test.advance(Duration::from_secs(1));
    let found = warnings(&test, "jane@example.org").await;
    assert_eq!(found.len(), 1);
    let link = answer["redirect_uri"].as_str().expect("a link");
    for said in [
        "Acme Payroll",
        "Career history",
        "25 November 2026, 09:00 UTC",
        link,
        "Subject: A deadline in your Tenure wallet is coming up",
    ] {
        assert!(found[0].contains(said), "{said}: {}", found[0]);
    }
    assert!(!found[0].contains("Marker-Lovelace") && !found[0].contains("Company"));
    for _ in 0..24 {
        test.advance(HOUR);
        assert_eq!(warnings(&test, "jane@example.org").await.len(), 1, "once");
    }
    assert_eq!(test.mails().await.len(), 2, "the link and the warning; of the other nobody's address is known");
}

#[tokio::test]
async fn opened_link_is_warned_of_at_the_account() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut person = test.signed_in("ada@example.org").await;
    let answers = [
        push_to(&test, &partner, "1", "jane@example.org").await,
        push_to(&test, &partner, "2", "jane@example.org").await,
    ];
    for answer in &answers {
        person.open(content(answer)).await.assert_status(303);
    }
    person.post(&format!("/requests/{}/decline", content(&answers[1])), &[]).await.assert_status(303);
    let batch = test.post(BATCH, &test.token(&partner).await, &credential::batch_sample()).await.json();
    person.open(content(&batch)).await.assert_status(303);
    test.advance(24 * HOUR);
    let found = warnings(&test, "ada@example.org").await;
    assert_eq!(found.len(), 1);
    for said in [
        answers[0]["redirect_uri"].as_str(),
        batch["redirect_uri"].as_str(),
        Some("3 credentials"),
        Some("2 deadlines in your Tenure wallet are coming up"),
    ] {
        assert!(found[0].contains(said.expect("a text")), "{said:?}: {}", found[0]);
    }
    let declined = answers[1]["redirect_uri"].as_str().expect("a link");
    assert!(!found[0].contains(declined), "it was answered");
    assert_eq!(warnings(&test, "jane@example.org").await.len(), 0, "the account has opened them");
}

#[tokio::test]
async fn link_that_is_opened_late_is_warned_of_an_hour_later() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = test.push(&test.token(&partner).await, "1").await;
    test.advance(30 * HOUR);
    let mut person = test.signed_in("ada@example.org").await;
    person.open(id).await.assert_status(303);
    test.advance(HOUR / 2);
    assert_eq!(warnings(&test, "ada@example.org").await.len(), 0, "they are reading it");
    test.advance(HOUR);
    assert_eq!(warnings(&test, "ada@example.org").await.len(), 1);
    person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
}

#[tokio::test]
async fn one_mail_a_day_lists_everything_that_ends() {
    let test = TestApp::builder().time("2026-11-23T23:00:00Z").start().await;
    let partner = test.partner().await;
    let mut person = test.signed_in("ada@example.org").await;
    let named = push_to(&test, &partner, "1", "ada@example.org").await;
    let credential = accept_document(&test, &partner, &mut person).await;
    share(&mut person, credential, "7").await;
    test.advance(2 * HOUR);
    // Also expires the day after tomorrow, but its warning is due only later on the same day.
    let later = push_to(&test, &partner, "2", "ada@example.org").await;
    // Documents are kept only if the person signs in again on a later day, which has not happened
    // yet.
    test.advance(22 * HOUR);
    let found = warnings(&test, "ada@example.org").await;
    assert_eq!(found.len(), 1, "{found:?}");
    for said in [
        named["redirect_uri"].as_str().expect("a link"),
        "The documents with this credential will be deleted on 25 November 2026, 23:00 UTC: Microcredential, from Acme Payroll.",
        "http://localhost:8080/wallet",
    ] {
        assert!(found[0].contains(said), "{said}: {}", found[0]);
    }
    assert!(!found[0].contains("stops working"), "the share has six days more");
    assert!(!found[0].contains(later["redirect_uri"].as_str().expect("a link")), "tomorrow's mail is early enough");
    test.advance(2 * HOUR);
    assert_eq!(warnings(&test, "ada@example.org").await.len(), 2, "it is the next day, and the second link is due");
    test.advance(5 * 24 * HOUR - 2 * HOUR);
    let found = warnings(&test, "ada@example.org").await;
    assert_eq!(found.len(), 3);
    assert!(
        found[2].contains("A link that you created on 23 November 2026 stops working on 30 November 2026, 23:00 UTC.")
    );
    assert!(!found[2].contains("secret plan") && !found[2].contains("/share/"), "{}", found[2]);
}

#[tokio::test]
async fn no_warnings_for_ended_shares_and_kept_documents() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut person = test.signed_in("ada@example.org").await;
    let credential = accept_document(&test, &partner, &mut person).await;
    let page = share(&mut person, credential, "7").await;
    share(&mut person, credential, "1").await;
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains("Documents: 2 days left. To keep them, open your wallet again on another day"), "{wallet}");
    let record = person.text(&format!("/wallet/credentials/{credential}")).await;
    assert!(record.contains("Documents: 2 days left."));
    test.advance(23 * HOUR);
    // A sign-in on a later day: from now on the documents are kept.
    let wallet = person.text("/wallet").await;
    assert!(!wallet.contains("days left") && !wallet.contains("hours left"), "{wallet}");
    test.advance(3 * HOUR);
    assert_eq!(warnings(&test, "ada@example.org").await.len(), 0, "and a share of a day is not warned of");
    person.post(&format!("{page}/revoke"), &[]).await.assert_status(303);
    for _ in 0..7 {
        test.advance(24 * HOUR);
        assert_eq!(warnings(&test, "ada@example.org").await.len(), 0);
    }
}

#[tokio::test]
async fn links_that_live_for_a_day_are_not_warned_of() {
    let test = TestApp::builder().setting("retention.incomplete", "24h").start().await;
    let partner = test.partner().await;
    push_to(&test, &partner, "1", "jane@example.org").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.open(test.push(&test.token(&partner).await, "2").await).await.assert_status(303);
    for _ in 0..24 {
        assert_eq!(warnings(&test, "jane@example.org").await.len() + warnings(&test, "ada@example.org").await.len(), 0);
        test.advance(HOUR);
    }
}

#[tokio::test]
async fn refused_address_is_not_mailed_again() {
    let test = TestApp::new().await;
    let answer = push_to(&test, &test.partner().await, "1", "jane@example.org").await;
    let mut tx = test.app.store().write().await.expect("a transaction");
    let reason = Undelivered::RecipientRejected;
    assert!(tx.note_undelivered(content(&answer), reason, test.app.now()).await.expect("noted"));
    tx.commit().await.expect("committed");
    test.advance(24 * HOUR);
    assert_eq!(warnings(&test, "jane@example.org").await.len(), 0);
}

#[tokio::test]
async fn pages_say_how_long_is_left() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut person = test.signed_in("ada@example.org").await;
    let credential = test.push(&test.token(&partner).await, "accepted").await;
    person.accept(credential).await;
    let page = share(&mut person, credential, "7").await;
    let waiting = test.push(&test.token(&partner).await, "waiting").await;
    person.open(waiting).await.assert_status(303);
    for (hours, waits, lasts) in
        [(0, "2 days left", "7 days left"), (24, "1 day left", "6 days left"), (20, "4 hours left", "5 days left")]
    {
        test.advance(hours * HOUR);
        assert!(person.text("/wallet").await.contains(waits), "{waits}");
        let consent = person.text(&format!("/requests/{waiting}")).await;
        assert!(
            consent.contains(&format!(
                "You have <time datetime=\"2026-11-25T09:00:00Z\" data-left>{waits}</time> (until <time"
            )) && consent.contains("25 November 2026, 09:00 UTC"),
            "{waits}"
        );
        for path in ["/wallet/shares", &page] {
            assert!(person.text(path).await.contains(lasts), "{path} {lasts}");
        }
    }
}

#[tokio::test]
async fn warning_and_its_address_are_stored_encrypted() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    push_to(&test, &partner, "1", "marked.person@example.org").await;
    test.mails().await;
    test.assert_no_file_contains(&["marked.person"]);
    test.advance(24 * HOUR);
    assert_eq!(warnings(&test, "marked.person@example.org").await.len(), 1);
    test.assert_no_file_contains(&["marked.person"]);
}
