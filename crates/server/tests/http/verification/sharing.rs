//! The contents of the request page, and the claims that the partner gets after sharing.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Method;
use credential::Type;
use credential::format::sd_jwt_vc::SdJwtVc;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{CALLBACK, accept, ask, asker, form, holder, listen, result, send, share_all, told};
use crate::support::app::{PUSH, TestApp, all_scopes, career};
use crate::support::response::content;

#[tokio::test]
async fn every_type_can_be_requested_shared_and_fetched() {
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
            json!({ "request_id": request_id, "status": "incomplete", "finalized_at": null, "credential": null, "subject": null, "verification": null })
        );
        person.get(&format!("/partner/verify/{}", known.redirect_name)).await.assert_status(200);
        let here = share_all(&mut person, content(&answer)).await;
        let done = person.plain(&here).await;
        let said = "You shared this with Harbour Hiring on 23 November 2026";
        assert!(crate::support::moments::without_times(&done).contains(said), "{known}: {done}");
        let shown = result(&test, &token, request_id).await;
        assert_eq!((&shown["status"], &shown["finalized_at"]), (&json!("verified"), &json!("2026-11-23T09:00:00Z")));
        let mut said = sample["fields"].clone();
        // Null fields are not part of the presentation.
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
async fn request_page_shows_partner_purpose_and_selectable_claims() {
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
        "<h1><bdi>Harbour Hiring</bdi> would like to see your career history</h1>",
        "In their words: “<bdi>&lt;b&gt;To&lt;/b&gt; check &amp; see</bdi>”",
        "<dt>What they ask for</dt><dd>Jobs</dd>",
        "You return to hr.example.",
        ">Engineer, Company A, Jan 2020 to Dec 2022</label>",
        ">Software Engineer, Company B, Feb 2023 to present (confirmed to May 2024)</label>",
        "They also see that <bdi>Acme Payroll</bdi> confirmed it, and when.",
        ">Share</button>",
        ">Cancel</button>",
        "You have <time datetime=\"2026-11-23T09:15:00Z\" data-left>15 minutes left</time> to respond (until <time datetime=\"2026-11-23T09:15:00Z\" data-local>23 November 2026, 09:15 UTC</time>).",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    let place = |said: &str| shown.text.find(said).expect(said);
    assert!(place("Only continue if you came here from") < place(">Share</button>"), "the warning comes first");
    assert!(
        shown.text.contains("Full name: <bdi>Ada Marker-Lovelace</bdi> <span class=\"muted\">· always shown"),
        "the name is always shown: {}",
        shown.text
    );
    assert!(shown.header("content-security-policy").contains("form-action 'self' https://hr.example"));
    let parts = form(&shown.text);
    let list = format!("{id}/employment");
    let expected: Vec<(String, String)> = [
        ("credential", id.to_string()),
        (list.as_str(), "all".to_owned()),
        ("part", format!("{list}/1")),
        ("part", format!("{list}/0")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    assert_eq!(parts, expected, "everything asked for is ticked, the job with later data first");
    let nothing = send(&mut person, &format!("{page}/share"), &parts[..1]).await.assert_status(422);
    assert!(nothing.text.contains("Tick at least one detail to share"), "{}", nothing.text);
    assert!(nothing.header("content-security-policy").contains("https://hr.example"));
    let some = (list.clone(), "some".to_owned());
    let sent = [parts[0].clone(), some, parts[2].clone()];
    let back = send(&mut person, &format!("{page}/share"), &sent).await.assert_status(303);
    assert_eq!(back.header("location"), "https://hr.example/back?case=7&request_id=HIRE-1&status=verified");
    let found = result(&test, &token, "HIRE-1").await;
    let second = career("x")["fields"]["employment"][1].clone();
    assert_eq!(found["credential"], json!({ "full_name": "Ada Marker-Lovelace", "employment": [second] }));
    let not_shown = json!({ "count": 1, "at_most": false, "in_part": ["/employment"] });
    assert_eq!(found["verification"]["not_shown"], not_shown);
    assert_eq!(found.get("withheld"), None, "a list that is shown in part is not withheld");
    assert!(!found.to_string().contains("Company A"));
    let presented = found["verification"]["presentation"]["token"].as_str().expect("a token").to_owned();
    assert_eq!(SdJwtVc::read(&presented).expect("a presentation").disclosed.places.len(), 2, "the list and one job");
    assert_eq!(told(&test, partner.id, hook).await, [("vwsp_request.verified".to_owned(), "HIRE-1".to_owned())]);
    let shown_to = person.text("/wallet/shown").await;
    for said in [
        "<h2><bdi>Harbour Hiring</bdi></h2>",
        "<bdi>Career history (Acme Payroll)</bdi>, on <time datetime=\"2026-11-23T09:00:00Z\" data-local>23 November 2026, 09:00 UTC</time>",
        "<li>Full name: Ada Marker-Lovelace</li>",
        "<li>Software Engineer, Company B, Feb 2023 to present (confirmed to May 2024)</li>",
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
async fn pages_of_every_type_show_labels_and_no_technical_words() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let source = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    for known in credential::ALL {
        let sample = (known.sample)();
        accept(&test, &mut person, &source, &format!("/api/partner/v2/add/requests/{known}"), &sample).await;
        let path = format!("/api/partner/v2/verify/requests/{known}");
        let answer = test.post(&path, &token, &json!({})).await.assert_status(201).json();
        let question = person.open_verification(content(&answer)).await;
        let question = person.plain(&question).await;
        let other_wallet = person.plain(&format!("/verifications/{}/other-wallet", content(&answer))).await;
        let form = person.plain("/wallet/share").await;
        let done = share_all(&mut person, content(&answer)).await;
        let (done, history) = (person.plain(&done).await, person.plain("/wallet/shown").await);
        for member in known.fields {
            assert!(question.contains(member.label), "{known}: {} is not in {question}", member.label);
        }
        assert!(done.contains("Full name: John Doe") && history.contains("Full name: John Doe"), "{known}: {done}");
        for page in [&question, &other_wallet, &form, &done, &history] {
            let page = page.replace("&#39;", "'").replace("&#x27;", "'");
            for meaning in known.members().map(|member| member.meaning.trim_end_matches('.')) {
                // A short one, such as "The issuer", may be part of a sentence.
                assert!(meaning.len() < 15 || !page.contains(meaning), "{known}: {meaning:?} is in {page}");
            }
        }
        for page in [&done, &history] {
            for raw in ["full_name", "government_database", "in_person", "2020-01", "2022-12-15", "true", "false"] {
                let main = page.split("<main").nth(1).expect("a page");
                assert!(!main.contains(&format!(">{raw}")) && !main.contains(&format!(" {raw}")), "{raw}: {main}");
            }
        }
    }
}

#[tokio::test]
async fn holder_selects_one_of_several_valid_credentials() {
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
    assert!(form(&text).contains(&("credential".to_owned(), new.to_string())), "the newest is picked at first");
    // A browser also sends the ticked claims of the credential that is not selected; they are
    // ignored.
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
async fn holder_without_a_credential_can_only_cancel() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({})).await;
    let page = person.open_verification(content).await;
    let text = person.text(&page).await;
    assert!(text.contains("Your wallet has no valid credential of this kind: Career history."), "{text}");
    assert!(!text.contains(">Share</button>") && text.contains(">Cancel</button>"));
    send(&mut person, &format!("{page}/share"), &[]).await.assert_status(422);
    assert_eq!(person.post(&format!("{page}/cancel"), &[]).await.redirect(), page);
    assert!(person.plain(&page).await.contains("You declined the request from Harbour Hiring"));
    assert_eq!(result(&test, &token, &request_id).await["status"], "canceled");
    // A credential without any requested claim cannot be shared either.
    let mut identity = ("digital_identity".parse::<Type>().expect("a type").sample)();
    identity["fields"]["date_of_birth"] = Value::Null;
    let source = test.token(&test.partner().await).await;
    accept(&test, &mut person, &source, "/api/partner/v2/add/requests/digital_identity", &identity).await;
    let body = json!({ "claims": ["date_of_birth"] });
    let answer =
        test.post("/api/partner/v2/verify/requests/digital_identity", &token, &body).await.assert_status(201).json();
    let page = person.open_verification(crate::support::response::content(&answer)).await;
    assert!(person.text(&page).await.contains("contain none of the details they ask for"));
}

#[test]
fn result_contains_only_requested_and_selected_claims() {
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
            let asks = |name: &str| asked.contains(&name);
            let is_sent = |place: &str| sent.contains(&place) || sent.contains(&"/employment");
            let mut allowed: BTreeSet<&str> = ["/employment/0", "/employment/1"]
                .into_iter()
                .filter(|job| asks("employment") && is_sent(job))
                .collect();
            let answers = asks("full_name") || !allowed.is_empty();
            // The name is always disclosed with any other claim.
            allowed.extend(answers.then_some("/full_name"));
            let found = result(&test, &token, &request_id).await;
            let shown = found.to_string();
            prop_assert_eq!(answer.status.as_u16(), if answers { 303 } else { 422 });
            prop_assert_eq!(&found["status"], if answers { "verified" } else { "incomplete" });
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
