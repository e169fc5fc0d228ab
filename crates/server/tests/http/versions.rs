//! Careers of one holder: a newer one supersedes the versions of the same partner that it covers;
//! contradicting partners are shown together.

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use crate::support::moments::without_times;
use serde_json::{Value, json};
use uuid::Uuid;

async fn push(test: &TestApp, token: &str, body: &Value) -> Uuid {
    test.advance(Duration::from_secs(1));
    let answer = test.post(PUSH, token, body).await.assert_status(201).json();
    answer["request_id"].as_str().expect("an id").parse().expect("a UUID")
}

fn version(credential_id: &str, title: &str) -> Value {
    let mut body = career(credential_id);
    body["fields"]["employment"][1]["role_title"] = json!(title);
    body
}

async fn accept(person: &mut Browser<'_>, id: Uuid) {
    person.accept(id).await;
}

#[tokio::test]
async fn newer_career_supersedes_the_older_one() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let first = push(&test, &token, &version("1", "Engineer")).await;
    let second = push(&test, &token, &version("2", "Lead")).await;
    let mut person = test.signed_in("ada@example.org").await;
    accept(&mut person, first).await;
    let old = test.sign(first).await.expect("signed");
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains("Engineer at Company B") && !wallet.contains("Earlier versions"));
    accept(&mut person, second).await;
    let new = test.sign(second).await.expect("signed");
    assert!(test.is_replaced(old).await && !test.is_replaced(new).await);
    assert_eq!(test.sign(first).await, None);

    let wallet = without_times(&person.text("/wallet").await);
    let (main, earlier) = wallet.split_once("Earlier versions (1)").expect("earlier versions");
    assert!(main.contains("Lead at Company B") && !main.contains("Engineer at Company B"));
    assert_eq!(main.matches("Confirmed by <bdi>Acme Payroll</bdi>").count(), 2, "one career of two jobs");
    assert!(
        earlier.contains("Engineer at Company B")
            && earlier.contains("Replaced by a newer version on 23 November 2026.")
    );
    let record = without_times(&person.text(&format!("/wallet/credentials/{first}")).await);
    assert!(record.contains("Replaced by a newer version on 23 November 2026."));
    assert!(record.contains("<bdi>Acme Payroll</bdi> sent a newer version, which replaced it."));
    assert!(!record.contains("/offer"), "it is not offered to another wallet");
    let sent_to = person.post(&format!("/wallet/credentials/{first}/offer"), &[]).await.redirect().to_owned();
    assert_eq!(sent_to, format!("/wallet/credentials/{second}"), "the newer version is offered");
    person.post(&format!("/wallet/credentials/{second}/offer"), &[]).await.assert_status(303);
    let export = person.get("/wallet/export").await.assert_status(200).json();
    let superseded: Vec<bool> =
        export["credentials"].as_array().expect("a list").iter().map(|one| one["superseded_at"].is_string()).collect();
    assert_eq!(superseded, [true, false]);
    assert_eq!(test.status(&token, "1").await["status"], "verified", "the person did accept it");

    person.post(&format!("/wallet/credentials/{second}/delete"), &[]).await.assert_status(303);
    let wallet = person.text("/wallet").await;
    assert!(wallet.contains("Earlier versions (1)") && !wallet.contains("Confirmed by"), "nothing comes back to life");
    assert_eq!(test.sign(first).await, None);
}

#[tokio::test]
async fn older_career_accepted_later_is_superseded_at_once() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let first = push(&test, &token, &version("1", "Engineer")).await;
    let second = push(&test, &token, &version("2", "Lead")).await;
    let mut person = test.signed_in("ada@example.org").await;
    accept(&mut person, second).await;
    accept(&mut person, first).await;
    assert_eq!(test.sign(first).await, None);
    assert!(test.sign(second).await.is_some());
    let wallet = without_times(&person.text("/wallet").await);
    let (main, earlier) = wallet.split_once("Earlier versions (1)").expect("earlier versions");
    assert!(main.contains("Lead at Company B") && earlier.contains("Engineer at Company B"));
}

#[tokio::test]
async fn other_types_and_partners_do_not_supersede() {
    let test = TestApp::new().await;
    let (acme, cloud) = (test.partner().await, test.partner_named("HR Cloud", "write.career_history").await);
    let (acme, cloud) = (test.token(&acme).await, test.token(&cloud).await);
    let mut person = test.signed_in("ada@example.org").await;
    for (token, id) in [(&acme, "1"), (&cloud, "2")] {
        let pushed = push(&test, token, &version(id, "Engineer")).await;
        accept(&mut person, pushed).await;
    }
    for known in credential::ALL.iter().filter(|known| !known.may_continue(&(known.sample)()["fields"])) {
        for number in ["1", "2"] {
            let mut body = (known.sample)();
            body["credential_id"] = json!(format!("{known}-{number}"));
            let path = format!("/api/partner/v2/add/requests/{known}");
            let pushed = test.post(&path, &acme, &body).await.assert_status(201).json();
            accept(&mut person, pushed["request_id"].as_str().expect("an id").parse().expect("a UUID")).await;
        }
    }
    let wallet = person.text("/wallet").await;
    assert!(!wallet.contains("Earlier versions"));
    assert!(!wallet.contains("give different details"), "the two say the same");
}

#[tokio::test]
async fn contradicting_partners_are_shown_side_by_side() {
    let test = TestApp::new().await;
    let (acme, cloud) = (test.partner().await, test.partner_named("HR Cloud", "write.career_history").await);
    let (acme, cloud) = (test.token(&acme).await, test.token(&cloud).await);
    let one = push(&test, &acme, &version("1", "Engineer")).await;
    let mut body = version("2", "Lead <i>Engineer</i>");
    body["fields"]["employment"][1]["organisation"] = json!("COMPANY B Pty. Ltd.");
    body["fields"]["employment"][1]["start_date"] = json!("2023-05");
    let other = push(&test, &cloud, &body).await;
    let mut person = test.signed_in("ada@example.org").await;
    accept(&mut person, one).await;
    accept(&mut person, other).await;
    let said = [
        "<div class=\"doubt\">\n  <p><strong><bdi>Acme Payroll</bdi> and <bdi>HR Cloud</bdi> give different details about <bdi>Company B</bdi>.",
        "<bdi>Acme Payroll</bdi>: <bdi>Engineer</bdi>. Feb 2023 – present (confirmed to May 2024).",
        "<bdi>HR Cloud</bdi>: <bdi>Lead &lt;i&gt;Engineer&lt;/i&gt;</bdi>. May 2023 – present (confirmed to May 2024).",
    ];
    let wallet = person.text("/wallet").await;
    for said in said {
        assert_eq!(wallet.matches(said).count(), 1, "{said}");
    }
    assert!(!wallet.contains("about Company A"), "of that they say the same");
    assert!(wallet.contains("COMPANY B Pty. Ltd."), "each is shown as it was sent");
    for id in [one, other] {
        let record = person.text(&format!("/wallet/credentials/{id}")).await;
        assert!(said.iter().all(|said| record.contains(said)), "{id}");
    }
    // A correction resolves the contradiction.
    let mut corrected = version("3", "Engineer");
    corrected["fields"]["employment"][1]["organisation"] = json!("Company B");
    corrected["replaces"] = json!("2");
    let corrected = push(&test, &cloud, &corrected).await;
    let replace = format!("version-{corrected}-{other}");
    person.accept_with(corrected, &[(&replace, "replace")]).await;
    let wallet = person.text("/wallet").await;
    assert!(!wallet.contains("give different details") && wallet.contains("Earlier versions (1)"));
    let record = person.text(&format!("/wallet/credentials/{other}")).await;
    assert!(!record.contains("give different details"), "an earlier version says nothing now");
}
