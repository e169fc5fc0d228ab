//! From the link to the wallet, and deletion (docs/partner-api.md section 8).

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use futures::future::join_all;
use serde_json::json;
use store::domain::submission::SubmissionState;
use tenure::flows::outbox::send_due;
use tenure::jobs::run_retention;
use uuid::Uuid;

/// A marker in every pushed name.
const MARK: &str = "Marker-Lovelace";

async fn open(person: &mut Browser<'_>, id: Uuid) -> crate::support::response::TestResponse {
    let location = person.open(id).await.redirect().to_owned();
    person.get(&location).await
}

#[tokio::test]
async fn accepting_a_link_adds_the_credential_to_the_wallet() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut body = career("1");
    body["partner_chain"] = json!([{ "name": "Parent Bureau" }, { "name": "Child Bureau" }]);
    let answer = test.post(PUSH, &token, &body).await.json();
    let id: Uuid = answer["request_id"].as_str().expect("an id").parse().expect("a UUID");
    let mut person = test.browser();
    person.get("/partner/add/careerHistory").await.assert_status(200);
    assert_eq!(person.open(id).await.redirect(), "/sign-in");
    let sign_in = person.get("/sign-in").await.assert_status(200);
    assert!(sign_in.text.contains("<bdi>Acme Payroll</bdi> has sent your career history."));
    assert!(!sign_in.text.contains(MARK));
    let link = answer["redirect_uri"].as_str().expect("a link").replace('&', "&#38;");
    for offered in ["Continue on your phone", "QR code for this link</title>", &link] {
        assert!(sign_in.text.contains(offered), "{offered}");
    }
    let location = person.sign_in("ada@example.org").await;
    assert_eq!(location, format!("/requests/{id}"));
    let consent = person.get(&location).await.assert_status(200);
    for said in [
        "Acme Payroll",
        MARK,
        "Company A",
        "Engineer",
        "Jan 2020 – Dec 2022",
        "23 November 2026, 09:00 UTC",
        "25 November 2026, 09:00 UTC",
        "via <bdi>Parent Bureau</bdi>, then <bdi>Child Bureau</bdi>",
        "Add to my wallet",
        "Decline",
        "Career timeline</title>",
    ] {
        assert!(consent.text.contains(said), "{said}");
    }
    assert_eq!(person.post(&format!("{location}/accept"), &[]).await.redirect(), "/wallet");
    let wallet = person.get("/wallet").await.assert_status(200);
    for said in [
        "Added to your wallet.",
        MARK,
        "4 years 4 months of experience",
        "Career timeline</title>",
        "Confirmed by <bdi>Acme Payroll</bdi> · data to May 2024",
    ] {
        assert!(wallet.text.contains(said), "{said}");
    }
    assert!(!person.get("/wallet").await.text.contains("Added to your wallet."), "a notice is shown once");
    let record = person.get(&format!("/wallet/credentials/{id}")).await.assert_status(200);
    for said in [
        "<bdi>Acme Payroll</bdi> sent it.",
        "You opened it",
        "You added it to your wallet.",
        "via <bdi>Parent Bureau</bdi>, then <bdi>Child Bureau</bdi>",
    ] {
        assert!(record.text.contains(said), "{said}");
    }
}

#[tokio::test]
async fn link_is_bound_to_the_first_account() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut ada = test.signed_in("ada@example.org").await;
    let mut eve = test.signed_in("eve@example.org").await;
    open(&mut ada, id).await.assert_status(200);
    let refused = open(&mut eve, id).await.assert_status(403);
    for secret in [MARK, "Company", "Acme", "Engineer", "Career history"] {
        assert!(!refused.text.contains(secret), "{secret}: {}", refused.text);
    }
    for choice in ["accept", "decline"] {
        eve.post(&format!("/requests/{id}/{choice}"), &[]).await.assert_status(403);
    }
    let mut stranger = test.browser();
    stranger.open(id).await;
    let sign_in = stranger.get("/sign-in").await.text;
    assert!(!sign_in.contains("Acme"), "a bound link does not even name its partner");
    assert!(!sign_in.contains(&id.to_string()), "nor is it offered for another device");
    assert_eq!(test.status(&token, "1").await["status"], "incomplete");
    ada.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    open(&mut eve, id).await.assert_status(403);
    for path in [format!("/wallet/credentials/{id}"), format!("/wallet/credentials/{id}/delete")] {
        eve.get(&path).await.assert_status(404);
    }
    eve.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    assert!(ada.get("/wallet").await.text.contains(MARK), "it is still there");
}

#[tokio::test]
async fn unknown_link_is_reported() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    open(&mut person, Uuid::from_u128(7)).await.assert_status(404);
    for form in [[("content", "not-a-uuid")], [("link", "https://localhost/without-fragment")], [("other", "")]] {
        person.post("/partner/add/careerHistory", &form).await.assert_status(422);
    }
    person.get("/partner/add/salary").await.assert_status(404);
    let id = Uuid::from_u128(8);
    let link = format!("http://localhost:8080/partner/add/careerHistory#clientId=1&documentType=none&content={id}");
    let pasted = person.post("/partner/add/careerHistory", &[("link", &link)]).await.assert_status(303);
    assert_eq!(pasted.header("location"), format!("/requests/{id}"));
}

#[tokio::test]
async fn declining_deletes_the_data_immediately() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    open(&mut person, id).await.assert_status(200);
    person.post(&format!("/requests/{id}/decline"), &[]).await.assert_status(303);
    let outcome = open(&mut person, id).await.assert_status(200);
    assert!(outcome.text.contains("You declined this") && !outcome.text.contains(MARK));
    let stored = test
        .app
        .store()
        .read()
        .await
        .expect("a transaction")
        .linked_submission(id, test.app.now())
        .await
        .expect("read");
    assert!(matches!(stored.expect("known").state, SubmissionState::Declined { .. }));
    person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    assert!(!person.get("/wallet").await.text.contains(MARK), "what is declined cannot be accepted");
    assert_eq!(test.push(&token, "1").await, id, "within 48 hours the same id leads to the same link");
}

#[tokio::test]
async fn repeated_and_late_decisions_are_harmless() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let (id, late) = (test.push(&token, "1").await, test.push(&token, "2").await);
    let mut person = test.signed_in("ada@example.org").await;
    open(&mut person, id).await;
    open(&mut person, late).await;
    for _ in 0..2 {
        person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    }
    person.post(&format!("/requests/{id}/decline"), &[]).await.assert_status(303);
    assert_eq!(test.status(&token, "1").await["status"], "verified");
    assert_eq!(person.get("/wallet").await.text.matches("class=\"card\">\n      <h3>").count(), 1);
    test.advance(Duration::from_secs(48 * 3600));
    person.post(&format!("/requests/{late}/accept"), &[]).await.assert_status(303);
    person.get(&format!("/requests/{late}")).await.assert_status(410);
    assert_eq!(test.status(&test.token(&partner).await, "2").await["status"], "canceled");
}

#[tokio::test]
async fn undecided_submission_waits_in_the_wallet() {
    let test = TestApp::new().await;
    let id = test.push(&test.token(&test.partner().await).await, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    assert!(person.text("/wallet").await.contains("Nothing here yet"));
    open(&mut person, id).await;
    let wallet = person.get("/wallet").await.assert_status(200);
    assert!(
        wallet.text.contains("<bdi>Acme Payroll</bdi> sent your career history.")
            && wallet.text.contains(&format!("/requests/{id}"))
    );
}

#[tokio::test]
async fn export_is_complete_and_one_credential_can_be_deleted() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut ids = Vec::new();
    for credential in ["1", "2"] {
        let id = test.push(&token, credential).await;
        open(&mut person, id).await;
        person.post(&format!("/requests/{id}/accept"), &[]).await;
        ids.push(id);
        // The export is in the order of acceptance.
        test.advance(Duration::from_secs(1));
    }
    let export = person.get("/wallet/export").await.assert_status(200);
    assert!(export.header("content-disposition").contains("tenure-wallet.json"));
    let export = export.json();
    assert_eq!(export["account"]["email"], "ada@example.org");
    assert_eq!(export["credentials"].as_array().expect("a list").len(), 2);
    assert_eq!(export["credentials"][0]["fields"], career("1")["fields"]);
    let events = export["credentials"][0]["events"].as_array().expect("a list");
    let events: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(events, ["pushed", "link_opened", "opened", "accepted", "superseded"]);
    // More concurrent exports than read connections: an export must not hold one while it waits for
    // another.
    let mut windows: Vec<_> = (0..8).map(|_| test.browser()).collect();
    for window in &mut windows {
        window.cookies.clone_from(&person.cookies);
    }
    for answer in join_all(windows.iter_mut().map(|window| window.get("/wallet/export"))).await {
        answer.assert_status(200);
    }
    let delete = format!("/wallet/credentials/{}/delete", ids[0]);
    assert!(person.text(&delete).await.contains("Delete this credential?"));
    for _ in 0..2 {
        person.post(&delete, &[]).await.assert_status(303);
    }
    assert_eq!(person.get("/wallet/export").await.json()["credentials"].as_array().expect("a list").len(), 1);
    assert!(open(&mut person, ids[0]).await.assert_status(200).text.contains("You deleted this"));
    assert_eq!(test.status(&token, "1").await["status"], "verified", "what was final stays final");
}

#[tokio::test]
async fn account_deletion_destroys_its_key_and_data() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let (held, waiting) = (test.push(&token, "1").await, test.push(&token, "2").await);
    open(&mut person, held).await;
    person.post(&format!("/requests/{held}/accept"), &[]).await;
    open(&mut person, waiting).await;
    let stored = test.app.store().read().await.expect("a transaction").linked_submission(held, test.app.now()).await;
    let SubmissionState::Accepted { holder, sealed, .. } = stored.expect("read").expect("known").state else {
        panic!("accepted")
    };
    let label: [&[u8]; 2] = [b"submission", held.as_bytes()];
    assert!(test.app.keyring().open_for_holder(holder, &label, &sealed).await.is_ok());
    person.post("/account/delete", &[]).await.assert_status(422);
    assert_eq!(person.post("/account/delete", &[("understood", "yes")]).await.redirect(), "/");
    assert!(test.app.keyring().open_for_holder(holder, &label, &sealed).await.is_err(), "an old copy cannot be opened");
    person.get("/wallet").await.assert_status(303);
    assert_eq!(test.status(&token, "1").await["status"], "verified");
    assert_eq!(test.status(&token, "2").await["status"], "canceled");
    let mut again = test.signed_in("ada@example.org").await;
    assert!(again.text("/wallet").await.contains("Nothing here yet"));
    open(&mut again, held).await.assert_status(403);
}

#[tokio::test]
async fn key_destruction_is_retried_until_it_succeeds() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let held = test.push(&token, "1").await;
    open(&mut person, held).await;
    person.post(&format!("/requests/{held}/accept"), &[]).await;
    let stored = test.app.store().read().await.expect("a transaction").linked_submission(held, test.app.now()).await;
    let SubmissionState::Accepted { holder, .. } = stored.expect("read").expect("known").state else {
        panic!("accepted")
    };
    // If the deletion of an account cannot be recorded, its key is kept.
    let in_the_way = test.folder.path().join("deleted-accounts");
    std::fs::create_dir(&in_the_way).expect("a folder");
    person.post("/account/delete", &[("understood", "yes")]).await;
    for _ in 0..60 {
        test.advance(Duration::from_secs(3600));
        send_due(&test.app).await.expect("tried");
    }
    // Longer than the lifetime of any epoch key.
    run_retention(&test.app).await.expect("ended");
    let has_key = async || test.app.keyring().seal_for_holder(holder, &[b"label"], b"plain").await.is_ok();
    assert!(has_key().await);
    std::fs::remove_dir(&in_the_way).expect("removed");
    test.advance(Duration::from_secs(3600));
    assert_eq!(send_due(&test.app).await.expect("sent"), 1);
    assert!(!has_key().await, "destroyed in the end");
    assert_eq!(test.app.store().read().await.expect("a transaction").outbox_length().await.expect("read"), 0);
}

#[tokio::test]
async fn deletion_revokes_issued_credentials() {
    let test = TestApp::new().await;
    let (acme, other) = (test.token(&test.partner().await).await, test.token(&test.partner().await).await);
    let (one, other) = (test.push(&acme, "1").await, test.push(&other, "2").await);
    let mut person = test.signed_in("ada@example.org").await;
    open(&mut person, one).await.assert_status(200);
    assert_eq!(test.sign(one).await, None, "nothing is signed before it is accepted");
    for id in [other, one] {
        open(&mut person, id).await.assert_status(200);
        person.post(&format!("/requests/{id}/accept"), &[]).await.assert_status(303);
    }
    let (first, second) = (test.sign(one).await.expect("signed"), test.sign(other).await.expect("signed"));
    person.post(&format!("/wallet/credentials/{one}/delete"), &[]).await.assert_status(303);
    assert!(test.is_revoked(first).await && !test.is_revoked(second).await);
    assert_eq!(test.sign(one).await, None, "what is deleted is not signed again");
    person.post("/account/delete", &[("understood", "yes")]).await.assert_status(303);
    assert!(test.is_revoked(second).await);
}

#[tokio::test]
async fn partner_text_is_escaped() {
    let test = TestApp::new().await;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=1>";
    let token = test.token(&test.partner_named(evil, "write.career_history").await).await;
    let mut body = career("1");
    body["fields"]["full_name"] = json!(evil);
    body["fields"]["employment"][0]["organisation"] = json!(evil);
    body["fields"]["employment"][1]["role_classification"] = json!(evil);
    body["partner_chain"] = json!([{ "name": evil }]);
    let id: Uuid = test.post(PUSH, &token, &body).await.assert_status(201).json()["request_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("a UUID");
    let mut person = test.browser();
    person.open(id).await;
    let mut pages = vec![person.get("/sign-in").await.assert_status(200)];
    person.sign_in("ada@example.org").await;
    pages.push(open(&mut person, id).await.assert_status(200));
    pages.push(person.get("/wallet").await.assert_status(200));
    person.post(&format!("/requests/{id}/accept"), &[]).await;
    for path in ["/wallet".to_owned(), format!("/wallet/credentials/{id}"), format!("/wallet/credentials/{id}/delete")]
    {
        pages.push(person.get(&path).await.assert_status(200));
    }
    for page in pages {
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src"), "{}", page.text);
        assert!(page.text.contains("alert(1)"), "it is shown, as text");
    }
}
