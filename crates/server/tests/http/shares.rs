//! Shares: links for hirers, from creation in the wallet to revocation.

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use crate::support::response::TestResponse;
use axum::body::Body;
use axum::http::Request;
use credential::format::sd_jwt_vc::SdJwtVc;
use serde_json::json;
use uuid::Uuid;

/// Signs in a holder who has the sample; returns the browser and the credential's id.
async fn holder<'a>(test: &'a TestApp, email: &str) -> (Browser<'a>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, email).await;
    let mut person = test.signed_in(email).await;
    person.accept(id).await;
    (person, id)
}

/// Shares only the first job; returns the paths of the holder's page and of the hirer's page.
pub(super) async fn share(person: &mut Browser<'_>, id: Uuid, more: &[(&str, &str)]) -> (String, String) {
    let part = format!("{id}/employment/0");
    let mut form = vec![("part", part.as_str()), ("days", "14"), ("purpose", "For the post of an engineer")];
    form.extend(more);
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
    let page = person.text(&own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    (own, link[link.find("/share/").expect("a path")..].to_owned())
}

/// Sends a GET request as a browser does when a link is followed.
pub(super) async fn look(test: &TestApp, path: &str) -> TestResponse {
    test.send(Request::get(path).header("sec-fetch-mode", "navigate").body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn hirer_sees_selected_claims_with_passing_checks() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let wallet = person.get("/wallet").await.text;
    assert!(wallet.contains(">Share with a hirer</a>"), "{wallet}");
    let form = person.plain("/wallet/share").await;
    for offered in [
        "Engineer, Company A, Jan 2020 to Dec 2022",
        "Software Engineer, Company B, Feb 2023 to present (confirmed to May 2024)",
        "the name Ada Marker-Lovelace",
    ] {
        assert!(form.contains(offered), "{offered}");
    }
    assert!(form.contains(&format!("type=\"hidden\" name=\"credential\" value=\"{id}\"")), "one needs no box: {form}");
    let (own, link) = share(&mut person, id, &[]).await;
    let page = look(&test, &link).await.assert_status(200);
    for said in [
        "Ada Marker-Lovelace",
        "Company A",
        "For the post of an engineer",
        "Confirmed by <bdi>Acme Payroll</bdi> · data to January 2023",
        "Confirmed by <bdi>Acme Payroll</bdi>, data to January 2023. Not revoked.",
        "<div class=\"verdict\" data-level=\"confirmed\">",
        "data-together=\"hire-all-passed\"",
        "7 December 2026",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains("Company B"), "what was left out is not there, in no form");
    assert!(page.text.contains("1 job not shown."), "and that something was left out is said: {}", page.text);
    assert_eq!(page.text.matches("class=\"outcome-passed\"").count(), 7, "six steps, and the names");
    assert_eq!(
        (page.header("x-robots-tag"), page.header("referrer-policy"), page.header("cache-control")),
        ("noindex", "no-referrer", "no-store")
    );
    let token = test.get(&format!("{link}/token/1")).await.assert_status(200);
    assert_eq!(token.header("content-type"), "application/dc+sd-jwt");
    let shown = SdJwtVc::read(&token.text).expect("a presentation");
    assert_eq!(shown.disclosed.places.len(), 2, "the list, one job: {:?}", shown.disclosed.places);
    assert!(!token.text.contains(&link["/share/".len()..]), "the link is not in what is shown");
    for number in ["0", "2"] {
        test.get(&format!("{link}/token/{number}")).await.assert_status(404);
    }
    let viewed = crate::support::moments::without_times(&person.get(&own).await.text);
    assert!(viewed.contains("Viewed once. Last viewed on 23 November 2026"), "{viewed}");
}

#[tokio::test]
async fn only_visits_by_people_are_counted() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (own, link) = share(&mut person, id, &[]).await;
    test.get(&link).await.assert_status(200);
    for (name, value) in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")] {
        let request = Request::get(&link).header("sec-fetch-mode", "navigate").header(name, value);
        test.send(request.body(Body::empty()).expect("a request")).await.assert_status(200);
    }
    let request = Request::head(&link).header("sec-fetch-mode", "navigate");
    test.send(request.body(Body::empty()).expect("a request")).await.assert_status(200);
    assert!(person.get(&link).await.text.contains("This is your own link."));
    assert!(person.get(&own).await.text.contains("Not viewed yet."));
    look(&test, &link).await;
    look(&test, &link).await;
    assert!(person.get("/wallet/shares").await.text.contains("Viewed twice."));
}

#[tokio::test]
async fn revoked_share_is_gone_and_revoking_twice_is_harmless() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (own, link) = share(&mut person, id, &[]).await;
    let (_, other) = share(&mut person, id, &[]).await;
    let token = test.get(&format!("{link}/token/1")).await.text;
    let status = SdJwtVc::read(&token).expect("a presentation").status().expect("one").expect("there");
    for _ in 0..2 {
        assert_eq!(person.post(&format!("{own}/revoke"), &[]).await.redirect(), "/wallet/shares");
    }
    for path in [link.clone(), format!("{link}/token/1"), format!("{link}/pdf")] {
        let over = look(&test, &path).await.assert_status(410);
        assert!(
            over.text.contains("This link has expired or was revoked") && !over.text.contains("Ada"),
            "{}",
            over.text
        );
    }
    test.advance(Duration::from_secs(2));
    let path = status.uri.strip_prefix(test.app.config().base()).expect("ours").to_owned();
    let list = test.text(&path).await;
    let keys = test.app.issuer_keys().current().expect("keys");
    let list = credential::status::read_token(&list, &status.uri, &keys.published, test.app.now().seconds());
    assert_eq!(list.expect("a list").get(status.index), Some(credential::status::Status::Invalid));
    assert!(
        look(&test, &other).await.assert_status(200).text.contains("data-together=\"hire-all-passed\""),
        "the other link stands"
    );
    assert!(person.get(&own).await.text.contains("This deleted nothing from your wallet."));
    let list = person.text("/wallet/shares").await;
    assert_eq!(
        (list.matches("Revoked on <time").count(), list.matches("Expiry date: <time").count()),
        (1, 1),
        "{list}"
    );
    assert!(!crate::support::moments::outside_times(&list).contains("November 2026"), "{list}");
}

#[tokio::test]
async fn deleted_credential_shows_as_revoked_in_its_shares() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (_, link) = share(&mut person, id, &[]).await;
    look(&test, &link).await.assert_status(200);
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(2));
    let page = look(&test, &link).await.assert_status(200).text;
    assert!(page.contains("data-together=\"hire-some-failed\""), "{page}");
    assert!(page.contains("<div class=\"verdict\" data-level=\"failed\">"), "{page}");
    let failed = page.split("class=\"outcome-failed\" data-step=\"status\"").nth(1).expect("the status failed");
    assert!(failed.split("</li>").next().is_some_and(|row| row.contains("It was revoked.")), "{failed}");
    assert_eq!(page.matches("class=\"outcome-passed\"").count(), 6);
}

#[tokio::test]
async fn expired_share_is_closed_and_its_data_deleted() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (own, link) = share(&mut person, id, &[("days", "1")]).await;
    test.advance(Duration::from_secs(86_399));
    look(&test, &link).await.assert_status(200);
    test.advance(Duration::from_secs(1));
    look(&test, &link).await.assert_status(410);
    tenure::jobs::run_retention(&test.app).await.expect("ended");
    let page = person.text(&own).await;
    assert!(
        page.contains("Expired. What the link showed has been deleted.") && page.contains("Viewed once."),
        "{page}"
    );
    for unknown in [Uuid::nil().to_string(), "x".repeat(43)] {
        look(&test, &format!("/share/{unknown}")).await.assert_status(404);
    }
}

#[tokio::test]
async fn passcode_protects_page_token_and_pdf_with_100_attempts() {
    let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (own, link) = share(&mut person, id, &[("passcode", "open sesame")]).await;
    let mut hirer = test.browser();
    let door = hirer.text(&link).await;
    assert!(door.contains("Enter the passcode") && !door.contains("Ada") && !door.contains("engineer"), "{door}");
    assert_eq!(hirer.get(&format!("{link}/token/1")).await.redirect(), link);
    assert_eq!(hirer.get(&format!("{link}/pdf")).await.assert_status(308).header("location"), link);
    hirer.post(&link, &[("passcode", "guess")]).await.assert_status(422);
    let sent = hirer.post(&link, &[("passcode", " open sesame ")]).await.redirect().to_owned();
    assert_eq!(hirer.get(&sent).await.redirect(), link);
    assert!(hirer.text(&link).await.contains("Company A"));
    hirer.get(&format!("{link}/token/1")).await.assert_status(200);
    let (_, other) = share(&mut person, id, &[("passcode", "open sesame")]).await;
    assert!(hirer.get(&other).await.text.contains("Enter the passcode"), "what opens one does not open the other");
    test.advance(Duration::from_secs(3601));
    assert!(hirer.get(&link).await.text.contains("Enter the passcode"), "an hour is enough");
    for _ in 0..100 {
        hirer.post(&link, &[("passcode", "guess")]).await.assert_status(422);
    }
    hirer.post(&link, &[("passcode", "open sesame")]).await.assert_status(410);
    assert!(person.get(&own).await.text.contains("Locked after too many wrong passcodes"));
}

#[tokio::test]
async fn passcode_attempts_are_rate_limited() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (_, link) = share(&mut person, id, &[("passcode", "123456")]).await;
    let mut hirer = test.browser();
    for _ in 0..10 {
        hirer.post(&link, &[("passcode", "000000")]).await.assert_status(422);
    }
    hirer.post(&link, &[("passcode", "123456")]).await.assert_status(429);
    test.advance(Duration::from_secs(360));
    hirer.post(&link, &[("passcode", "123456")]).await.assert_status(303);
}

#[tokio::test]
async fn invalid_share_form_reports_errors_and_keeps_input() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let path = format!("/wallet/credentials/{id}/share");
    let part = format!("{id}/employment/0");
    let long = "x".repeat(201);
    for (form, problem) in [
        (vec![("purpose", "kept & shown"), ("days", "14")], "Choose at least one thing"),
        (vec![("part", part.as_str()), ("purpose", long.as_str()), ("days", "14")], "200 characters"),
        (vec![("part", part.as_str()), ("purpose", "kept & shown"), ("days", "15")], "Choose how long"),
        (vec![("part", part.as_str()), ("purpose", "kept & shown"), ("days", "14"), ("passcode", "12345")], "6 to 64"),
    ] {
        let answer = person.post(&path, &form).await.assert_status(422).text;
        assert!(answer.contains(problem), "{problem}: {answer}");
        assert!(problem.starts_with("200") || answer.contains("value=\"kept &#38; shown\""), "{answer}");
    }
    let foreign = format!("{}/employment/0", Uuid::from_u128(7));
    person.post(&path, &[("part", &foreign), ("days", "14")]).await.assert_status(422);
    assert!(person.get("/wallet/shares").await.text.contains("You have not created a link yet."));
    let mut last = 0;
    for number in 0..51 {
        last = person.post(&path, &[("part", &part), ("days", "14")]).await.status.as_u16();
        assert!(number == 50 || last == 303, "{number}: {last}");
    }
    assert_eq!(last, 422, "fifty are enough");
}

#[tokio::test]
async fn shares_are_unlinkable_across_hirers() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let (_, link) = share(&mut person, id, &[]).await;
        tokens.push(test.get(&format!("{link}/token/1")).await.text);
    }
    let [one, other] = [0, 1].map(|at| SdJwtVc::read(&tokens[at]).expect("a presentation"));
    assert_ne!(one.holder().expect("a key"), other.holder().expect("a key"));
    assert_ne!(one.status().expect("a status"), other.status().expect("a status"));
    assert_eq!(one.disclosed.claims["employment"], other.disclosed.claims["employment"]);
    let disclosures = |at: usize| tokens[at].split('~').skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert!(disclosures(0).iter().all(|disclosure| !disclosures(1).contains(disclosure)), "no salt twice");
}

#[tokio::test]
async fn withdrawn_credential_cannot_be_shared_and_fails_in_shares() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    let (_, link) = share(&mut person, id, &[]).await;
    let reason = json!({ "reason": "Sent by mistake" }).to_string();
    test.send(test.api(axum::http::Method::DELETE, &format!("{PUSH}/1"), &token, &reason)).await.assert_status(204);
    test.advance(Duration::from_secs(2));
    assert!(look(&test, &link).await.assert_status(200).text.contains("data-together=\"hire-some-failed\""));
    let form = person.text(&format!("/wallet/credentials/{id}/share")).await;
    assert!(form.contains("You cannot share this credential") && !form.contains("class=\"share-form\""), "{form}");
    let wallet = person.text("/wallet").await;
    assert!(
        wallet.contains("Sent by mistake") && !wallet.contains(&format!("/wallet/credentials/{id}/share")),
        "{wallet}"
    );
}

#[tokio::test]
async fn wallet_offers_sharing_only_while_something_can_be_shared() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    let offers = ["/wallet", "/wallet/shares"];
    for path in offers {
        assert!(person.text(path).await.contains("href=\"/wallet/share\""), "{path}");
    }
    assert!(person.text("/wallet").await.contains("href=\"/wallet/print\""));
    let reason = json!({ "reason": "Sent by mistake" }).to_string();
    test.send(test.api(axum::http::Method::DELETE, &format!("{PUSH}/1"), &token, &reason)).await.assert_status(204);
    for path in offers {
        assert!(!person.text(path).await.contains("href=\"/wallet/share\""), "{path}");
    }
    assert!(!person.text("/wallet").await.contains("href=\"/wallet/print\""));
    let page = person.text("/wallet/share").await;
    assert!(page.contains("nothing in your wallet that you can share") && !page.contains("Create a link"), "{page}");
    let page = person.post("/wallet/share", &[("days", "14")]).await.assert_status(200).text;
    assert!(page.contains("nothing in your wallet that you can share"), "{page}");
}

#[tokio::test]
async fn shares_are_limited_to_their_owner() {
    let test = TestApp::new().await;
    let (mut ada, id) = holder(&test, "ada@example.org").await;
    let (mut eve, _) = holder(&test, "eve@example.org").await;
    let (own, link) = share(&mut ada, id, &[]).await;
    eve.get(&own).await.assert_status(404);
    eve.get(&format!("/wallet/credentials/{id}/share")).await.assert_status(404);
    let part = format!("{id}/employment/0");
    eve.post(&format!("/wallet/credentials/{id}/share"), &[("part", &part), ("days", "14")]).await.assert_status(404);
    eve.post("/wallet/share", &[("credential", &id.to_string()), ("part", &part), ("days", "14")])
        .await
        .assert_status(422);
    eve.post(&format!("{own}/revoke"), &[]).await.assert_status(303);
    look(&test, &link).await.assert_status(200);
    assert_eq!(test.browser().get(&own).await.redirect(), "/sign-in");
}

#[tokio::test]
async fn career_share_is_exported_and_deleted_with_the_account() {
    let test = TestApp::new().await;
    let (mut person, first) = holder(&test, "ada@example.org").await;
    let other = test.partner_named("HR Cloud", "write.career_history write.education").await;
    let token = test.token(&other).await;
    let mut body = career("2");
    body["fields"]["employment"] = json!([{ "organisation": "Company C", "role_title": "Lead", "start_date": "2024-06", "last_processed_month": "2026-10" }]);
    let education: credential::Type = "education".parse().expect("a type");
    let mut degree = (education.sample)();
    degree["assets"] = json!([]);
    let mut ids = Vec::new();
    for (path, body) in [(PUSH, &body), ("/api/partner/v2/add/requests/education", &degree)] {
        let answer = test.post(path, &token, body).await.assert_status(201).json();
        ids.push(answer["request_id"].as_str().expect("an id").parse::<Uuid>().expect("a UUID"));
    }
    for id in &ids {
        person.accept(*id).await;
    }
    let page = person.text("/wallet/share").await;
    assert_eq!(page.matches("name=\"credential\"").count(), 3);
    let ticked = page.lines().filter(|line| line.contains("name=\"credential\"") && line.contains(" checked")).count();
    assert_eq!(ticked, 2, "the careers are ticked, the degree is not");
    let parts =
        [format!("{first}/employment/1"), format!("{}/employment/0", ids[0]), format!("{}/course_name", ids[1])];
    let credentials = [first.to_string(), ids[0].to_string()];
    let mut form: Vec<(&str, &str)> = parts.iter().map(|part| ("part", part.as_str())).collect();
    form.extend(credentials.iter().map(|id| ("credential", id.as_str())));
    form.push(("days", "30"));
    let own = person.post("/wallet/share", &form).await.redirect().to_owned();
    let page = person.get(&own).await.text;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    let link = link[link.find("/share/").expect("a path")..].to_owned();
    let page = look(&test, &link).await.assert_status(200).text;
    for said in [
        "Company B",
        "Company C",
        "Confirmed by <bdi>Acme Payroll</bdi>",
        "Confirmed by <bdi>HR Cloud</bdi> · data to October 2026",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches("data-together=\"hire-all-passed\"").count(), 2);
    assert!(
        !page.contains("Company A") && !page.contains(education.title),
        "neither the job nor the credential that was left out"
    );
    let export = person.get("/wallet/export").await.assert_status(200);
    assert_eq!(export.json()["shares"][0]["views"], 1);
    assert_eq!(export.json()["shares"][0]["shows"].as_array().map(Vec::len), Some(2));
    assert!(!export.text.contains(&link["/share/".len()..]), "a file that lies about opens nothing");
    person.post("/account/delete", &[("understood", "yes")]).await.assert_status(303);
    let gone = look(&test, &link).await.assert_status(404);
    for said in ["This link does not exist, or it was deleted", "the person who sent it deleted their account"] {
        assert!(gone.text.contains(said), "{said}: {}", gone.text);
    }
    assert_eq!(gone.header("x-robots-tag"), "noindex");
    let mistyped = look(&test, &format!("/share/{}", "x".repeat(43))).await.assert_status(404);
    assert_eq!(mistyped.text, gone.text, "nothing of the account is kept");
}

#[tokio::test]
async fn share_content_and_link_secret_are_not_in_the_database() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test, "ada@example.org").await;
    let (_, link) = share(&mut person, id, &[("passcode", "open sesame")]).await;
    test.app.close().await;
    let secret = &link["/share/".len()..];
    test.assert_no_file_contains(&[secret, "open sesame", "Company A", "post of an engineer", "eyJ"]);
}
