//! How a request ends: shared, declined, expired or deleted; each end happens once.

use std::time::Duration;

use ambient::Rng;
use serde_json::{Value, json};
use store::domain::submission::Sealed;
use store::domain::verification::VerificationState;
use store::{Part, Store};
use tenure::flows::verification_request::{
    AtConsent, Checked, HolderResponse, NotShown, Presented, VerificationResult, finish as end,
};
use tenure::jobs::run_retention;
use tenure::keys::Keyring;
use uuid::Uuid;

use super::support::{ASK, CALLBACK, HOUR, ask, asker, form, holder, listen, result, send, share_all, told};
use crate::support::app::TestApp;

const QUARTER: Duration = Duration::from_secs(900);

#[tokio::test]
async fn declined_request_discloses_nothing_and_stays_declined() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK })).await;
    let page = person.open_verification(content).await;
    let parts = form(&person.text(&page).await);
    let back = format!("https://hr.example/back?case=7&request_id={request_id}&status=canceled");
    for path in ["cancel", "cancel", "share"] {
        // A repeated and a changed response both redirect with the first outcome.
        let answer = send(&mut person, &format!("{page}/{path}"), &parts).await.assert_status(303);
        assert_eq!(answer.header("location"), back, "{path}");
    }
    let found = result(&test, &token, &request_id).await;
    assert_eq!(
        (&found["status"], &found["credential"], &found["verification"]),
        (&json!("canceled"), &Value::Null, &Value::Null)
    );
    assert_eq!(found["reason"], "declined");
    assert_eq!(told(&test, partner.id, hook).await, [("vwsp_request.canceled".to_owned(), request_id)]);
    let done = person.plain(&page).await;
    assert!(
        done.contains("You declined the request from Harbour Hiring") && done.contains("Back to Harbour Hiring"),
        "{done}"
    );
    assert!(person.get("/wallet/shown").await.text.contains("You have not shared anything with an organisation"));
}

#[tokio::test]
async fn concurrent_decisions_have_one_outcome() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    for round in 0..8 {
        let (request_id, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK })).await;
        let page = person.open_verification(content).await;
        let parts = form(&person.text(&page).await);
        let (mut one, mut other) = (test.browser(), test.browser());
        one.cookies.clone_from(&person.cookies);
        other.cookies.clone_from(&person.cookies);
        let (share, cancel) = (format!("{page}/share"), format!("{page}/{}", ["share", "cancel"][round % 2]));
        let (first, second) = tokio::join!(send(&mut one, &share, &parts), send(&mut other, &cancel, &parts));
        let status = result(&test, &token, &request_id).await["status"].as_str().expect("a status").to_owned();
        for answer in [first.assert_status(303), second.assert_status(303)] {
            assert!(answer.header("location").ends_with(&format!("&status={status}")), "{}", answer.header("location"));
        }
        let of_this = told(&test, partner.id, hook).await.into_iter().filter(|(_, about)| *about == request_id);
        assert_eq!(of_this.map(|(kind, _)| kind).collect::<Vec<_>>(), [format!("vwsp_request.{status}")]);
    }
}

#[tokio::test]
async fn request_expires_after_15_minutes_with_an_event() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (opened, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK, "purpose": "Secret" })).await;
    let (unopened, other) = ask(&test, &token, &json!({ "purpose": "Secret" })).await;
    let page = person.open_verification(content).await;
    let parts = form(&person.text(&page).await);
    test.advance(QUARTER - Duration::from_secs(1));
    run_retention(&test.app).await.expect("done");
    assert_eq!(result(&test, &token, &opened).await["status"], "incomplete", "not a second too early");
    test.advance(Duration::from_secs(1));
    // The request expires by the clock, without the expiry job.
    let over = result(&test, &token, &opened).await;
    assert_eq!((&over["status"], &over["finalized_at"]), (&json!("canceled"), &json!("2026-11-23T09:15:00Z")));
    assert_eq!(over["reason"], "expired");
    for answer in [
        person.get(&page).await,
        send(&mut person, &format!("{page}/share"), &parts).await,
        person.post(&format!("{page}/cancel"), &[]).await,
    ] {
        let answer = answer.assert_status(410);
        assert!(answer.text.contains("This request has expired") && !answer.text.contains("Secret"), "{}", answer.text);
    }
    let late = person.open_verification(other).await;
    person.get(&late).await.assert_status(410);
    assert_eq!(told(&test, partner.id, hook).await, []);
    for _ in 0..2 {
        run_retention(&test.app).await.expect("done, and again");
    }
    let mut announced = told(&test, partner.id, hook).await;
    announced.sort();
    let mut expected = [opened.clone(), unopened].map(|id| ("vwsp_request.canceled".to_owned(), id)).to_vec();
    expected.sort();
    assert_eq!(announced, expected);
    assert_eq!(result(&test, &token, &opened).await, over, "the same as before");
    test.post(ASK, &token, &json!({ "request_id": opened })).await.assert_status(409);
}

#[tokio::test]
async fn result_is_readable_for_48_hours_and_then_destroyed() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (request_id, content) =
        ask(&test, &token, &json!({ "callback_url": CALLBACK, "purpose": "For Ada's post" })).await;
    share_all(&mut person, content).await;
    let sealed = async || {
        let mut tx = test.app.store().read().await.expect("a transaction");
        let found = tx.linked_verification(content, test.app.now()).await.expect("read").expect("known");
        let VerificationState::Verified { result, .. } = found.state else { panic!("{:?}", found.state) };
        (found.request, result)
    };
    let (Some(request), Some(shown)) = sealed().await else { panic!("both are there") };
    let copies = [
        (request, b"verification".as_slice(), "For Ada's post"),
        (shown, b"verification-result".as_slice(), "Marker-Lovelace"),
    ];
    // Tries to read a copy of the database with the root key and the current key ring.
    let opened = async |sealed: &Sealed, label: &[u8]| {
        let ring = Store::open(Part::Keyring, test.folder.path(), "", 1).await.expect("the ring opens");
        let keyring = Keyring::open(ring, test.folder.path(), HOUR, Rng::System).await.expect("the root key is right");
        let plain = keyring.open_sealed(sealed, &[label, content.as_bytes()]).await.expect("readable");
        plain.map(|plain| String::from_utf8_lossy(&plain).into_owned())
    };
    for (sealed, label, said) in &copies {
        assert!(!String::from_utf8_lossy(&sealed.bytes).contains(said));
        assert!(opened(sealed, label).await.expect("while its key lives").contains(said));
    }
    test.advance(48 * HOUR - Duration::from_secs(1));
    run_retention(&test.app).await.expect("done");
    let token = test.token(&partner).await;
    assert_eq!(result(&test, &token, &request_id).await["credential"]["full_name"], "Ada Marker-Lovelace");
    test.advance(Duration::from_secs(1));
    // The request expires by the clock, without the expiry job.
    let over = result(&test, &token, &request_id).await;
    assert_eq!(
        (&over["status"], &over["credential"], &over["verification"]),
        (&json!("verified"), &Value::Null, &Value::Null)
    );
    run_retention(&test.app).await.expect("done");
    assert_eq!(sealed().await, (None, None));
    assert!(person.text("/wallet/shown").await.contains("Company A"), "the wallet remembers");
    assert!(!person.text(&format!("/verifications/{content}")).await.contains("hr.example"));
    test.advance(HOUR);
    run_retention(&test.app).await.expect("done");
    for (sealed, label, _) in &copies {
        assert_eq!(opened(sealed, label).await, None, "its key is destroyed");
    }
    test.advance(400 * 24 * HOUR);
    run_retention(&test.app).await.expect("done");
    let token = test.token(&partner).await;
    test.get_with(&format!("/api/partner/v2/verify/requests/{request_id}"), &token).await.assert_status(404);
}

#[tokio::test]
async fn account_deletion_deletes_verification_results() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (shown, content) = ask(&test, &token, &json!({})).await;
    share_all(&mut person, content).await;
    let (open_still, other) = ask(&test, &token, &json!({})).await;
    person.open_verification(other).await;
    person.post("/account/delete", &[("understood", "yes")]).await.assert_status(303);
    let after = result(&test, &token, &shown).await;
    assert_eq!((&after["status"], &after["credential"]), (&json!("verified"), &Value::Null));
    assert_eq!(result(&test, &token, &open_still).await["status"], "canceled");
    let told = told(&test, partner.id, hook).await;
    assert_eq!(told, [("vwsp_request.verified".to_owned(), shown), ("vwsp_request.canceled".to_owned(), open_still)]);
    let entries = test.app.store().read().await.expect("a transaction").status_entries(id).await.expect("read");
    assert!(
        !entries.is_empty() && entries.iter().all(|entry| entry.revoked_at.is_some()),
        "and what was signed is revoked"
    );
    // A new account with the same email is a different holder.
    let mut again = test.signed_in("ada@example.org").await;
    for content in [content, other] {
        assert_eq!(again.get(&format!("/verifications/{content}")).await.status, 410);
    }
}

/// Returns a result like that of an outside wallet.
fn brought(credential: &Value) -> VerificationResult {
    VerificationResult {
        credential: credential.as_object().expect("an object").clone(),
        withheld: Vec::new(),
        verification: Checked {
            valid: true,
            verdict: "valid".to_owned(),
            checked_at: "2026-11-23T09:00:00Z".to_owned(),
            at_consent: AtConsent::default(),
            issuer: Some("https://university.example".to_owned()),
            trusted_by: None,
            format: Some("dc+sd-jwt".to_owned()),
            vct: None,
            attested_by: None,
            attested_at: None,
            checks: Vec::new(),
            expired_on: None,
            not_shown: NotShown::default(),
            presentation: Some(Presented {
                format: "dc+sd-jwt".to_owned(),
                token: "token".to_owned(),
                audience: "x509_hash:abc".to_owned(),
                nonce: "n".to_owned(),
            }),
        },
        confirmed_by_holder: false,
        birth_dates_differ: false,
        issuer_jwt: None,
    }
}

#[tokio::test]
async fn external_response_ends_the_request_without_extra_claims() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let mut person = test.signed_in("ada@example.org").await;
    let finish = async |content: Uuid, credential: Value| {
        let found =
            test.app.store().read().await.expect("a transaction").linked_verification(content, test.app.now()).await;
        let found = found.expect("read").expect("known");
        let result = || Box::new(brought(&credential));
        let response = || HolderResponse::Presented { result: result(), record: None, presentation: None };
        let first = end(&test.app, &found, response()).await.expect("done");
        (first, end(&test.app, &found, response()).await.expect("done"))
    };
    let (exact, one) = ask(&test, &token, &json!({ "claims": ["full_name"] })).await;
    assert_eq!(finish(one, json!({ "full_name": "Ada" })).await, (true, false), "once");
    let found = result(&test, &token, &exact).await;
    assert_eq!(
        (&found["credential"], &found["verification"]["issuer"]),
        (&json!({ "full_name": "Ada" }), &json!("https://university.example"))
    );
    assert_eq!(found["verification"]["presentation"]["token"], "token");
    let (more, other) = ask(&test, &token, &json!({ "claims": ["full_name"] })).await;
    finish(other, json!({ "full_name": "Ada", "employment": [], "salary": 1 })).await;
    let found = result(&test, &token, &more).await;
    assert_eq!(
        (&found["credential"], &found["verification"]["presentation"]),
        (&json!({ "full_name": "Ada" }), &Value::Null)
    );
    assert_eq!(found.get("withheld"), None, "everything asked for was shown");
    let kinds: Vec<String> = told(&test, partner.id, hook).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["vwsp_request.verified", "vwsp_request.verified"]);
    let page = person.open_verification(one).await;
    assert!(
        person.get(&page).await.assert_status(410).text.contains("This request was already answered"),
        "whoever opens it later"
    );
}
