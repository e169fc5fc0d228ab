//! Verification requests: asked by a partner, answered by a person on our own page, fetched by the partner (partner-api
//! section 10).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::app::{PUSH, TestApp, TestPartner, all_scopes, career};
use crate::support::browser::Browser;
use crate::support::response::{TestResponse, content};
use ambient::Rng;
use axum::http::Method;
use credential::format::sd_jwt_vc::SdJwtVc;
use credential::{Type, question_sample};
use proptest::prelude::*;
use serde_json::{Value, json};
use store::domain::submission::Sealed;
use store::domain::verification::State;
use store::domain::webhook::Webhook;
use store::{Part, Store};
use tenure::jobs::end_what_is_over;
use tenure::keyring::Keyring;
use tenure::verification::{self, Answer};
use tenure::verification_result::{Checked, Outcome, Presented};
use url::Url;
use uuid::Uuid;

const ASK: &str = "/api/partner/v2/verify/requests/career_history";
const CALLBACK: &str = "https://hr.example/back?case=7";
const HOUR: Duration = Duration::from_secs(3600);
const QUARTER: Duration = Duration::from_secs(900);

/// A partner that may send people back, and its token.
async fn asker(test: &TestApp) -> (TestPartner, String) {
    let partner = test.partner_named("Harbour Hiring", &all_scopes()).await;
    test.allow_callbacks(&partner, &format!("https://hr.example/other {CALLBACK}")).await;
    let token = test.token(&partner).await;
    (partner, token)
}

/// A person who holds the sample career, and its id.
async fn holder<'a>(test: &'a TestApp, email: &str) -> (Browser<'a>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in(email).await;
    let id = accept(test, &mut person, &token, PUSH, &career(email)).await;
    (person, id)
}

async fn accept(test: &TestApp, person: &mut Browser<'_>, token: &str, path: &str, body: &Value) -> Uuid {
    let answer = test.post(path, token, body).await.assert_status(201).json();
    let id = content(&answer);
    person.accept(id).await;
    id
}

/// Asks; returns the request's id for the partner, and the link's content.
async fn ask(test: &TestApp, token: &str, body: &Value) -> (String, Uuid) {
    let answer = test.post(ASK, token, body).await.assert_status(201).json();
    (answer["request_id"].as_str().expect("an id").to_owned(), content(&answer))
}

async fn result(test: &TestApp, token: &str, request_id: &str) -> Value {
    test.get_with(&format!("/api/partner/v2/verify/requests/{request_id}"), token).await.assert_status(200).json()
}

/// The form of a page, as a browser sends it: what is hidden, ticked and picked.
fn form(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.to_owned())
    };
    let inputs = page.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let is_sent = |tag: &&str| tag.contains("type=\"hidden\"") || tag.ends_with(" checked");
    inputs.filter(is_sent).filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
}

async fn send(person: &mut Browser<'_>, path: &str, form: &[(String, String)]) -> TestResponse {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    person.post(path, &form).await
}

/// Opens a request and shares all that is ticked; returns where that leads.
async fn share_all(person: &mut Browser<'_>, content: Uuid) -> String {
    let page = person.open_verification(content).await;
    let form = form(&person.text(&page).await);
    send(person, &format!("{page}/share"), &form).await.redirect().to_owned()
}

/// A webhook of `partner`; what it is told is read by [`told`].
async fn listen(test: &TestApp, partner: Uuid) -> Uuid {
    let webhook = Webhook {
        id: test.app.id(),
        partner_id: partner,
        url: "https://hr.example/hooks".to_owned(),
        name: None,
        description: None,
        events: "vwsp_request.verified vwsp_request.canceled".to_owned(),
        secret_sealed: vec![1],
        previous_secret_sealed: None,
        previous_until: None,
        created_at: test.app.now(),
        updated_at: test.app.now(),
        failures: 0,
        paused_until: None,
    };
    let mut tx = test.app.store().write().await.expect("a transaction");
    tx.add_webhook(&webhook).await.expect("added");
    tx.commit().await.expect("committed");
    webhook.id
}

async fn told(test: &TestApp, partner: Uuid, webhook: Uuid) -> Vec<(String, String)> {
    let mut tx = test.app.store().read().await.expect("a transaction");
    let mut told = tx.deliveries(webhook, partner, None, None, 100).await.expect("read");
    told.reverse();
    told.into_iter().map(|told| (told.kind, told.request_id)).collect()
}

#[tokio::test]
async fn every_type_is_asked_for_shown_and_fetched_with_its_checks() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let source = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    for known in credential::ALL {
        let sample = (known.sample)();
        accept(&test, &mut person, &source, &format!("/api/partner/v2/add/requests/{known}"), &sample).await;
        let path = format!("/api/partner/v2/verify/requests/{known}.json");
        let answer = test.post(&path, &token, &json!({ "purpose": "For a test" })).await.assert_status(201).json();
        let link = answer["redirect_uri"].as_str().expect("a link");
        let expected =
            format!("http://localhost:8080/partner/verify/{}#clientId={}&content=", known.redirect_name, partner.id);
        assert!(link.starts_with(&expected), "{link}");
        assert_eq!(answer["expires_at"], "2026-11-23T09:15:00Z");
        let request_id = answer["request_id"].as_str().expect("an id");
        assert_ne!(request_id, content(&answer).to_string(), "what stands in addresses opens nothing");
        assert_eq!(
            result(&test, &token, request_id).await,
            json!({ "request_id": request_id, "status": "incomplete", "finalized_at": null, "credential": null, "verification": null })
        );
        person.get(&format!("/partner/verify/{}", known.redirect_name)).await.assert_status(200);
        let here = share_all(&mut person, content(&answer)).await;
        let done = person.text(&here).await;
        assert!(done.contains("You showed this to Harbour Hiring on 23 November 2026"), "{known}: {done}");
        let shown = result(&test, &token, request_id).await;
        assert_eq!((&shown["status"], &shown["finalized_at"]), (&json!("verified"), &json!("2026-11-23T09:00:00Z")));
        let mut said = sample["fields"].clone();
        // What is null says nothing, and nothing of it is shown.
        said.as_object_mut().expect("fields").retain(|_, value| !value.is_null());
        assert_eq!(shown["credential"], said, "{known}");
        let checked = &shown["verification"];
        assert_eq!((&checked["valid"], &checked["attested_by"]), (&json!(true), &json!("Acme Payroll")));
        assert_eq!(
            (&checked["issuer"], &checked["attested_at"], &checked["checked_at"]),
            (&json!("http://localhost:8080"), &json!("2026-11-23"), &json!("2026-11-23T09:00:00Z"))
        );
        let verdicts: Vec<(&str, &str)> = checked["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .map(|check| (check["name"].as_str().unwrap_or_default(), check["outcome"].as_str().unwrap_or_default()))
            .collect();
        let steps = ["signature", "issuer", "holder", "status", "dates", "schema"];
        assert_eq!(verdicts, steps.map(|step| (step, "passed")), "{known}");
        assert!(checked["checks"][0]["reason"].as_str().is_some_and(|reason| reason.contains("ES256")));
        let token = checked["presentation"]["token"].as_str().expect("a token");
        let presented = SdJwtVc::read(token).expect("a presentation");
        let binding = &presented.sd_jwt.key_binding.as_ref().expect("bound").payload;
        assert_eq!(
            (&binding["aud"], &binding["nonce"]),
            (&checked["presentation"]["audience"], &checked["presentation"]["nonce"])
        );
    }
    test.get("/partner/verify/batch").await.assert_status(404);
    test.get("/partner/verify/salary").await.assert_status(404);
}

#[tokio::test]
async fn the_page_says_who_asks_what_for_and_what_and_the_person_leaves_out_what_they_like() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let body = json!({ "request_id": "HIRE-1", "callback_url": CALLBACK, "purpose": "<b>To</b> check & see", "claims": ["employment"] });
    let (request_id, content) = ask(&test, &token, &body).await;
    assert_eq!(request_id, "HIRE-1");
    let page = person.open_verification(content).await;
    let shown = person.get(&page).await.assert_status(200);
    for said in [
        "<h1>Harbour Hiring asks to see your Career history</h1>",
        "In their words: “&#60;b&#62;To&#60;/b&#62; check &#38; see”",
        "The jobs, in any order; jobs may overlap",
        "You are sent back to hr.example.",
        "Company A, Engineer, 2020-01, 2022-12, 2023-01",
        "They also see that Acme Payroll attests it, and when.",
        ">Share</button>",
        ">Cancel</button>",
        "You can answer until 23 November 2026, 09:15 UTC.",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    assert!(!shown.text.contains("Ada Marker-Lovelace"), "the name was not asked for");
    assert!(shown.header("content-security-policy").contains("form-action 'self' https://hr.example"));
    let parts = form(&shown.text);
    let expected: Vec<(String, String)> = [
        ("credential", id.to_string()),
        ("part", format!("{id}/employment/0")),
        ("part", format!("{id}/employment/1")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    assert_eq!(parts, expected, "everything asked for is ticked");
    let nothing = send(&mut person, &format!("{page}/share"), &parts[..1]).await.assert_status(422);
    assert!(nothing.text.contains("Tick at least one thing to show"), "{}", nothing.text);
    assert!(nothing.header("content-security-policy").contains("https://hr.example"));
    let back =
        send(&mut person, &format!("{page}/share"), &[parts[0].clone(), parts[2].clone()]).await.assert_status(303);
    assert_eq!(back.header("location"), "https://hr.example/back?case=7&request_id=HIRE-1&status=verified");
    let found = result(&test, &token, "HIRE-1").await;
    let second = career("x")["fields"]["employment"][1].clone();
    assert_eq!(found["credential"], json!({ "employment": [second] }));
    let whole = found.to_string();
    for hidden in ["Marker-Lovelace", "Company A"] {
        assert!(!whole.contains(hidden), "{hidden}");
    }
    let presented = found["verification"]["presentation"]["token"].as_str().expect("a token").to_owned();
    assert_eq!(SdJwtVc::read(&presented).expect("a presentation").disclosed.places.len(), 2, "the list and one job");
    assert_eq!(told(&test, partner.id, hook).await, [("vwsp_request.verified".to_owned(), "HIRE-1".to_owned())]);
    let shown_to = person.text("/wallet/shown").await;
    for said in [
        "<h2>Harbour Hiring</h2>",
        "Career history (Acme Payroll), on 23 November 2026, 09:00 UTC",
        "Company B, Software Engineer",
    ] {
        assert!(shown_to.contains(said), "{said}: {shown_to}");
    }
    assert!(!shown_to.contains("Company A"));
    let export = person.get("/wallet/export").await.assert_status(200).json();
    assert_eq!(
        (&export["shown"][0]["to"], &export["shown"][0]["at"]),
        (&json!("Harbour Hiring"), &json!("2026-11-23T09:00:00Z"))
    );
    assert!(person.get("/wallet").await.text.contains("href=\"/wallet/shown\""));
}

#[tokio::test]
async fn whoever_says_no_shows_nothing_and_an_answer_counts_once() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK })).await;
    let page = person.open_verification(content).await;
    let parts = form(&person.text(&page).await);
    let back = format!("https://hr.example/back?case=7&request_id={request_id}&status=canceled");
    for path in ["cancel", "cancel", "share"] {
        // A second click, and a change of mind, find it answered and lead on with what was answered.
        let answer = send(&mut person, &format!("{page}/{path}"), &parts).await.assert_status(303);
        assert_eq!(answer.header("location"), back, "{path}");
    }
    let found = result(&test, &token, &request_id).await;
    assert_eq!(
        (&found["status"], &found["credential"], &found["verification"]),
        (&json!("canceled"), &Value::Null, &Value::Null)
    );
    assert_eq!(told(&test, partner.id, hook).await, [("vwsp_request.canceled".to_owned(), request_id)]);
    let done = person.text(&page).await;
    assert!(done.contains("You said no to Harbour Hiring") && done.contains("Back to Harbour Hiring"), "{done}");
    assert!(person.get("/wallet/shown").await.text.contains("You have not shown anything yet."));
}

#[tokio::test]
async fn two_answers_at_once_are_one() {
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
async fn whoever_is_not_signed_in_comes_back_to_it() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    holder(&test, "ada@example.org").await;
    let (_, content) = ask(&test, &token, &json!({})).await;
    let mut stranger = test.browser();
    assert_eq!(stranger.open_verification(content).await, "/sign-in");
    let sign_in = stranger.text("/sign-in").await;
    assert!(
        sign_in.contains("Harbour Hiring asks you to show something from your wallet: Career history."),
        "{sign_in}"
    );
    let page = format!("/verifications/{content}");
    assert_eq!(stranger.sign_in("ada@example.org").await, page);
    assert!(stranger.text(&page).await.contains("Company A"));
    stranger.post("/sign-out", &[]).await.assert_status(303);
    assert_eq!(stranger.get(&page).await.redirect(), "/sign-in");
    assert!(!stranger.get("/sign-in").await.text.contains("Harbour Hiring"), "it is somebody's now");
    assert_eq!(stranger.sign_in("ada@example.org").await, page);
    for action in ["share", "cancel"] {
        let answer = test.browser().post(&format!("{page}/{action}"), &[]).await.assert_status(303);
        assert_eq!(answer.header("location"), "/sign-in", "{action}");
    }
}

#[tokio::test]
async fn another_person_learns_nothing_and_can_do_nothing() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (mut ada, id) = holder(&test, "ada@example.org").await;
    let (mut eve, hers) = holder(&test, "eve@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK, "purpose": "For ada" })).await;
    let page = format!("/verifications/{content}");
    eve.get(&page).await.assert_status(404);
    eve.post(&format!("{page}/cancel"), &[]).await.assert_status(404);
    ada.open_verification(content).await;
    let path = eve.open_verification(content).await;
    for answer in [
        eve.get(&path).await,
        eve.post(
            &format!("{page}/share"),
            &[("credential", &hers.to_string()), ("part", &format!("{hers}/full_name"))],
        )
        .await,
        eve.post(&format!("{page}/cancel"), &[]).await,
    ] {
        let answer = answer.assert_status(403);
        for told in ["Harbour", "For ada", "hr.example", "Company A"] {
            assert!(!answer.text.contains(told), "{told}: {}", answer.text);
        }
    }
    assert_eq!(result(&test, &token, &request_id).await["status"], "incomplete");
    // Nor can she show what is ada's: what is not in one's wallet is not there to pick.
    let (_, another) = ask(&test, &token, &json!({})).await;
    let page = eve.open_verification(another).await;
    let stolen = [("credential", id.to_string()), ("part", format!("{id}/full_name"))]
        .map(|(name, value)| (name.to_owned(), value));
    let answer = send(&mut eve, &format!("{page}/share"), &stolen).await.assert_status(422);
    assert!(answer.text.contains("Choose one of your credentials"), "{}", answer.text);
    eve.get(&format!("/verifications/{}", Uuid::nil())).await.assert_status(404);
}

#[tokio::test]
async fn of_several_credentials_one_is_picked_and_one_that_counts_no_more_is_not_there() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut ids = Vec::new();
    for name in ["Acme Payroll", "Beta Payroll"] {
        let source = test.token(&test.partner_named(name, &all_scopes()).await).await;
        ids.push((accept(&test, &mut person, &source, PUSH, &career(name)).await, source));
        test.advance(Duration::from_secs(1));
    }
    let (request_id, content) = ask(&test, &token, &json!({ "claims": ["full_name"] })).await;
    let page = person.open_verification(content).await;
    let text = person.text(&page).await;
    assert_eq!(text.matches("type=\"radio\" name=\"credential\"").count(), 2);
    let (old, new) = (ids[0].0, ids[1].0);
    assert_eq!(form(&text).first(), Some(&("part".to_owned(), format!("{old}/full_name"))));
    assert!(form(&text).contains(&("credential".to_owned(), new.to_string())), "the newest is picked at first");
    // What belongs to the other is sent along by a browser, and not shown.
    let both = [("credential", old), ("part", old), ("part", new)]
        .map(|(name, id)| (name.to_owned(), if name == "part" { format!("{id}/full_name") } else { id.to_string() }));
    send(&mut person, &format!("{page}/share"), &both).await.assert_status(303);
    let found = result(&test, &token, &request_id).await;
    assert_eq!(found["verification"]["attested_by"], "Acme Payroll");
    assert_eq!(found["credential"], json!({ "full_name": "Ada Marker-Lovelace" }));
    let withdraw = format!("{PUSH}/Beta%20Payroll");
    let reason = json!({ "reason": "A mistake" }).to_string();
    test.send(test.api(Method::DELETE, &withdraw, &ids[1].1, &reason)).await.assert_status(204);
    let (_, content) = ask(&test, &token, &json!({})).await;
    let page = person.open_verification(content).await;
    let text = person.text(&page).await;
    assert!(!text.contains("Beta Payroll") && text.contains("Acme Payroll"), "{text}");
    let gone = [("credential", new.to_string()), ("part", format!("{new}/full_name"))]
        .map(|(name, value)| (name.to_owned(), value));
    send(&mut person, &format!("{page}/share"), &gone).await.assert_status(422);
}

#[tokio::test]
async fn whoever_holds_nothing_of_it_is_told_so_and_can_still_say_no() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({})).await;
    let page = person.open_verification(content).await;
    let text = person.text(&page).await;
    assert!(text.contains("Your wallet holds nothing of this kind that counts: Career history."), "{text}");
    assert!(!text.contains(">Share</button>") && text.contains(">Cancel</button>"));
    send(&mut person, &format!("{page}/share"), &[]).await.assert_status(422);
    assert_eq!(person.post(&format!("{page}/cancel"), &[]).await.redirect(), page);
    assert!(person.text(&page).await.contains("You said no to Harbour Hiring"));
    assert_eq!(result(&test, &token, &request_id).await["status"], "canceled");
    // A credential that says nothing of what is asked for cannot be shown either.
    let mut identity = ("digital_identity".parse::<Type>().expect("a type").sample)();
    identity["fields"]["date_of_birth"] = Value::Null;
    let source = test.token(&test.partner().await).await;
    accept(&test, &mut person, &source, "/api/partner/v2/add/requests/digital_identity", &identity).await;
    let body = json!({ "claims": ["date_of_birth"] });
    let answer =
        test.post("/api/partner/v2/verify/requests/digital_identity", &token, &body).await.assert_status(201).json();
    let page = person.open_verification(crate::support::response::content(&answer)).await;
    assert!(person.text(&page).await.contains("says nothing of what they ask for"));
}

#[tokio::test]
async fn a_request_is_over_after_fifteen_minutes_and_its_partner_is_told() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (opened, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK, "purpose": "Secret" })).await;
    let (unopened, other) = ask(&test, &token, &json!({ "purpose": "Secret" })).await;
    let page = person.open_verification(content).await;
    let parts = form(&person.text(&page).await);
    test.advance(QUARTER - Duration::from_secs(1));
    end_what_is_over(&test.app).await.expect("done");
    assert_eq!(result(&test, &token, &opened).await["status"], "incomplete", "not a second too early");
    test.advance(Duration::from_secs(1));
    // The clock ends it, whether or not the job has come by.
    let over = result(&test, &token, &opened).await;
    assert_eq!((&over["status"], &over["finalized_at"]), (&json!("canceled"), &json!("2026-11-23T09:15:00Z")));
    for answer in [
        person.get(&page).await,
        send(&mut person, &format!("{page}/share"), &parts).await,
        person.post(&format!("{page}/cancel"), &[]).await,
    ] {
        let answer = answer.assert_status(410);
        assert!(answer.text.contains("This request is over") && !answer.text.contains("Secret"), "{}", answer.text);
    }
    let late = person.open_verification(other).await;
    person.get(&late).await.assert_status(410);
    assert_eq!(told(&test, partner.id, hook).await, []);
    for _ in 0..2 {
        end_what_is_over(&test.app).await.expect("done, and again");
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
async fn the_same_id_leads_to_the_same_link_while_it_is_open_and_is_taken_afterwards() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (other_partner, _) = asker(&test).await;
    let other = test.token(&other_partner).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let body = json!({ "request_id": "HIRE-1", "purpose": "For a post", "claims": ["employment", "full_name"] });
    let first = test.post(ASK, &token, &body).await.assert_status(201).json();
    test.advance(Duration::from_secs(60));
    let same = json!({ "request_id": "HIRE-1", "purpose": " For a post ", "claims": null });
    assert_eq!(test.post(ASK, &token, &same).await.assert_status(201).json(), first, "the same in other words");
    let differing = test.post(ASK, &token, &json!({ "request_id": "HIRE-1" })).await.assert_status(201).json();
    assert_eq!((&differing["redirect_uri"], &differing["expires_at"]), (&first["redirect_uri"], &first["expires_at"]));
    assert_eq!(differing["warnings"][0]["code"], "request.differs");
    let elsewhere = "/api/partner/v2/verify/requests/education";
    test.post(elsewhere, &token, &json!({ "request_id": "HIRE-1" })).await.assert_status(409);
    let theirs = test.post(ASK, &other, &body).await.assert_status(201).json();
    assert_ne!(theirs["redirect_uri"], first["redirect_uri"], "another partner's ids are its own");
    share_all(&mut person, content(&first)).await;
    let taken = test.post(ASK, &token, &body).await.assert_status(409).json();
    assert!(taken["detail"].as_str().is_some_and(|detail| detail.contains("use a new request_id")), "{taken}");
    assert_eq!(result(&test, &token, "HIRE-1").await["status"], "verified");
    test.post(ASK, &other, &body).await.assert_status(201);
    // Two without an id are two.
    let (one, two) = (ask(&test, &token, &json!({})).await, ask(&test, &token, &json!({})).await);
    assert!(one.0 != two.0 && one.1 != two.1);
}

#[tokio::test]
async fn results_are_the_asking_partner_s_and_need_their_scope() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (_, other) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({ "request_id": "a b/ü" })).await;
    share_all(&mut person, content).await;
    let path = "/api/partner/v2/verify/requests/a%20b%2F%C3%BC";
    assert_eq!(test.get_with(path, &token).await.assert_status(200).json()["request_id"], request_id);
    assert_eq!(test.get_with(&format!("{path}.json"), &token).await.assert_status(200).json()["status"], "verified");
    test.get_with(path, &other).await.assert_status(404);
    test.get_with("/api/partner/v2/verify/requests/unknown", &token).await.assert_status(404);
    test.get_with(&format!("/api/partner/v2/verify/requests/{content}"), &token).await.assert_status(404);
    let form = |scope| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", partner.id.to_string()),
            ("client_secret", partner.secret.clone()),
            ("scope", scope),
        ]
    };
    for (scope, read, write) in [
        ("write.career_history", 403, 201),
        ("read.career_history", 200, 403),
        ("read.education write.education", 403, 403),
    ] {
        let form = form(scope.to_owned());
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let narrow = test.token_form(&form, None).await.assert_status(200).json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        let answer = test.get_with(path, &narrow).await.assert_status(read);
        if read == 403 {
            let expected = r#"Bearer realm="tenure", error="insufficient_scope", scope="read.career_history""#;
            assert_eq!(answer.header("www-authenticate"), expected);
        }
        test.post(ASK, &narrow, &json!({})).await.assert_status(write);
    }
    test.post("/api/partner/v2/verify/requests/salary", &token, &json!({})).await.assert_status(404);
    test.disable(&partner).await;
    test.advance(Duration::from_secs(1));
    test.get_with(path, &token).await.assert_status(401);
}

#[tokio::test]
async fn people_are_sent_to_addresses_on_the_list_alone() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    test.post(ASK, &token, &json!({ "callback_url": "https://HR.example:443/other" })).await.assert_status(201);
    for bad in [
        "https://hr.example/",
        "https://hr.example/other?x=1",
        "https://hr.example/back",
        "https://hr.example/back?case=8",
        "https://hr.example/back?case=7#x",
        "https://hr.example.eve.example/other",
        "https://hr.example@eve.example/other",
        "https://eve.example/?https://hr.example/other",
        "http://hr.example/other",
        "javascript:alert(1)",
        "/other",
        "//hr.example/other",
        "nonsense",
    ] {
        let answer = test.post(ASK, &token, &json!({ "callback_url": bad })).await.assert_status(422);
        assert_eq!(answer.errors(), [("callback_url.unknown".to_owned(), "/callback_url".to_owned())], "{bad}");
        assert!(answer.text.contains("https://hr.example/other"), "the list is told to its partner");
    }
    let without = test.token(&test.partner().await).await;
    let answer = test.post(ASK, &without, &json!({ "callback_url": CALLBACK })).await.assert_status(422);
    assert!(answer.text.contains("It is empty"), "{}", answer.text);
}

#[tokio::test]
async fn every_fault_of_a_question_is_told_at_once() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let body = json!({ "request_id": "", "purpos": "x", "purpose": 7, "claims": ["full_name", "emploiment"] });
    let answer = test.post(ASK, &token, &body).await.assert_status(422);
    let mut faults = answer.errors();
    faults.sort();
    let expected = [
        ("choice.unknown", "/claims/1"),
        ("member.unknown", "/purpos"),
        ("text.empty", "/request_id"),
        ("type.mismatch", "/purpose"),
    ];
    assert_eq!(faults, expected.map(|(code, pointer)| (code.to_owned(), pointer.to_owned())));
    test.send(test.api(Method::POST, ASK, &token, "{")).await.assert_status(400);
    test.send(test.api(Method::POST, ASK, &token, "[]")).await.assert_status(422);
    for known in credential::ALL {
        let path = format!("/api/partner/v2/verify/requests/{known}");
        test.post(&path, &token, &question_sample(*known)).await.assert_status(201);
    }
}

#[tokio::test]
async fn a_question_is_asked_once_for_its_idempotency_key() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let request = || {
        let mut request = test.api(Method::POST, ASK, &token, "{}");
        request.headers_mut().insert("idempotency-key", "k1".parse().expect("a value"));
        request
    };
    let first = test.send(request()).await.assert_status(201).json();
    let again = test.send(request()).await.assert_status(201);
    assert_eq!((again.json(), again.header("idempotency-replayed")), (first, "true"));
}

#[tokio::test]
async fn what_was_shown_can_be_fetched_for_48_hours_and_then_by_nobody() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (request_id, content) =
        ask(&test, &token, &json!({ "callback_url": CALLBACK, "purpose": "For Ada's post" })).await;
    share_all(&mut person, content).await;
    let sealed = async || {
        let mut tx = test.app.store().read().await.expect("a transaction");
        let found = tx.linked_verification(content, test.app.now()).await.expect("read").expect("known");
        let State::Verified { result, .. } = found.state else { panic!("{:?}", found.state) };
        (found.request, result)
    };
    let (Some(request), Some(shown)) = sealed().await else { panic!("both are there") };
    let copies = [
        (request, b"verification".as_slice(), "For Ada's post"),
        (shown, b"verification-result".as_slice(), "Marker-Lovelace"),
    ];
    // A copy of the database is opened with the root key and the key ring as it is then.
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
    end_what_is_over(&test.app).await.expect("done");
    let token = test.token(&partner).await;
    assert_eq!(result(&test, &token, &request_id).await["credential"]["full_name"], "Ada Marker-Lovelace");
    test.advance(Duration::from_secs(1));
    // The clock ends it, whether or not the job has come by.
    let over = result(&test, &token, &request_id).await;
    assert_eq!(
        (&over["status"], &over["credential"], &over["verification"]),
        (&json!("verified"), &Value::Null, &Value::Null)
    );
    end_what_is_over(&test.app).await.expect("done");
    assert_eq!(sealed().await, (None, None));
    assert!(person.text("/wallet/shown").await.contains("Company A"), "the wallet remembers");
    assert!(!person.text(&format!("/verifications/{content}")).await.contains("hr.example"));
    test.advance(HOUR);
    end_what_is_over(&test.app).await.expect("done");
    for (sealed, label, _) in &copies {
        assert_eq!(opened(sealed, label).await, None, "its key is destroyed");
    }
    test.advance(400 * 24 * HOUR);
    end_what_is_over(&test.app).await.expect("done");
    let token = test.token(&partner).await;
    test.get_with(&format!("/api/partner/v2/verify/requests/{request_id}"), &token).await.assert_status(404);
}

#[tokio::test]
async fn whoever_deletes_their_account_takes_what_they_showed_along() {
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
    // Who signs up again with the same address is another person to it.
    let mut again = test.signed_in("ada@example.org").await;
    for content in [content, other] {
        assert_eq!(again.get(&format!("/verifications/{content}")).await.status, 410);
    }
}

#[tokio::test]
async fn a_disabled_partner_is_shown_nothing() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (_, content) = ask(&test, &token, &json!({})).await;
    let page = person.open_verification(content).await;
    let parts = form(&person.text(&page).await);
    test.disable(&partner).await;
    assert!(person.get(&page).await.assert_status(410).text.contains("This request is over"));
    send(&mut person, &format!("{page}/share"), &parts).await.assert_status(410);
    let found =
        test.app.store().read().await.expect("a transaction").linked_verification(content, test.app.now()).await;
    assert!(found.expect("read").expect("known").is_open(), "and nothing was shown");
}

#[tokio::test]
async fn the_link_can_be_pasted_and_a_broken_one_says_so() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let answer = test.post(ASK, &token, &json!({})).await.assert_status(201).json();
    let path = "/partner/verify/careerHistory";
    assert!(person.text(path).await.contains("Paste it here instead"));
    let link = answer["redirect_uri"].as_str().expect("a link");
    let page = person.post(path, &[("link", link)]).await.redirect().to_owned();
    assert_eq!(page, format!("/verifications/{}", content(&answer)));
    person.post(path, &[("link", "https://passport.example/partner/verify/careerHistory")]).await.assert_status(422);
    let foreign = Url::parse(link).expect("a URL");
    assert!(foreign.query().is_none(), "nothing of a request is in what a browser sends");
}

/// What an outside wallet could bring.
fn brought(credential: &Value) -> Outcome {
    Outcome {
        credential: credential.as_object().expect("an object").clone(),
        verification: Checked {
            valid: true,
            checked_at: "2026-11-23T09:00:00Z".to_owned(),
            issuer: Some("https://university.example".to_owned()),
            attested_by: None,
            attested_at: None,
            checks: Vec::new(),
            presentation: Some(Presented {
                format: "dc+sd-jwt".to_owned(),
                token: "token".to_owned(),
                audience: "x509_hash:abc".to_owned(),
                nonce: "n".to_owned(),
            }),
        },
    }
}

#[tokio::test]
async fn an_answer_from_elsewhere_ends_it_as_well_and_cannot_bring_more() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let hook = listen(&test, partner.id).await;
    let mut person = test.signed_in("ada@example.org").await;
    let finish = async |content: Uuid, credential: Value| {
        let found =
            test.app.store().read().await.expect("a transaction").linked_verification(content, test.app.now()).await;
        let found = found.expect("read").expect("known");
        let answer = || Answer::Shown { outcome: Box::new(brought(&credential)), memory: None, presentation: None };
        let first = verification::finish(&test.app, &found, answer()).await.expect("done");
        (first, verification::finish(&test.app, &found, answer()).await.expect("done"))
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
    let kinds: Vec<String> = told(&test, partner.id, hook).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["vwsp_request.verified", "vwsp_request.verified"]);
    let page = person.open_verification(one).await;
    assert!(
        person.get(&page).await.assert_status(410).text.contains("This request was answered"),
        "whoever opens it later"
    );
}

#[test]
fn nothing_is_returned_but_what_was_asked_for_and_chosen() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (test, token, cookies, id) = runtime.block_on(async {
        let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
        let (_, token) = asker(&test).await;
        let (person, id) = holder(&test, "ada@example.org").await;
        let cookies = person.cookies;
        (test, token, cookies, id)
    });
    let names = ["full_name", "employment"];
    let places = [
        "/full_name",
        "/employment/0",
        "/employment/1",
        "/employment",
        "/partner_chain",
        "/iss",
        "",
        "/employment/0/organisation",
    ];
    let strategy = (
        proptest::sample::subsequence(names.to_vec(), 1..=2),
        proptest::sample::subsequence(places.to_vec(), 0..=places.len()),
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, ..ProptestConfig::default() });
    let outcome = runner.run(&strategy, |(asked, sent)| {
        runtime.block_on(async {
            let mut person = test.browser();
            person.cookies.clone_from(&cookies);
            let (request_id, content) = ask(&test, &token, &json!({ "claims": asked })).await;
            let page = person.open_verification(content).await;
            let mut form = vec![("credential".to_owned(), id.to_string())];
            form.extend(sent.iter().map(|place| ("part".to_owned(), format!("{id}{place}"))));
            let answer = send(&mut person, &format!("{page}/share"), &form).await;
            let allowed: BTreeSet<&str> = sent
                .iter()
                .copied()
                .filter(|place| ["/full_name", "/employment/0", "/employment/1"].contains(place))
                .filter(|place| asked.iter().any(|name| place[1..].split('/').next() == Some(*name)))
                .collect();
            let found = result(&test, &token, &request_id).await;
            let shown = found.to_string();
            prop_assert_eq!(answer.status.as_u16(), if allowed.is_empty() { 422 } else { 303 });
            prop_assert_eq!(&found["status"], if allowed.is_empty() { "incomplete" } else { "verified" });
            for (place, mark) in
                [("/full_name", "Marker-Lovelace"), ("/employment/0", "Company A"), ("/employment/1", "Company B")]
            {
                prop_assert_eq!(shown.contains(mark), allowed.contains(place), "{} in {}", mark, &shown);
            }
            let told = found["verification"]["presentation"]["token"].as_str();
            if let Some(token) = told {
                let presented = SdJwtVc::read(token).expect("a presentation");
                let claims = Value::Object(presented.disclosed.claims).to_string();
                for (place, mark) in
                    [("/full_name", "Marker-Lovelace"), ("/employment/0", "Company A"), ("/employment/1", "Company B")]
                {
                    prop_assert_eq!(claims.contains(mark), allowed.contains(place), "{} in the token", mark);
                }
            }
            Ok(())
        })
    });
    outcome.expect("nothing more is ever returned");
}
