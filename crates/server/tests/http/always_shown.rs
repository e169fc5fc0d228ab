//! Facts that qualify a credential cannot be hidden: a lapsed licence and an unconferred degree say
//! so in every response to a reader. Expired credentials are marked and no longer issued.

use axum::http::Method;
use credential::format::sd_jwt_vc::SdJwtVc;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, all_scopes, career};
use crate::support::browser::Browser;
use crate::support::response::content;
use crate::support::wallet::{TestWallet, make_offer};

/// Returns the sample of a type with some fields changed.
fn body(name: &str, change: &Value) -> Value {
    let known: credential::Type = name.parse().expect("a type");
    let mut body = (known.sample)();
    body["assets"] = json!([]);
    body["fields"].as_object_mut().expect("fields").extend(change.as_object().expect("a change").clone());
    body
}

fn lapsed_licence() -> Value {
    body("universal_credential", &json!({ "expiry_date": "2024-05-31" }))
}

fn unconferred_degree() -> Value {
    body("education", &json!({ "awaiting_graduation": true, "conferral_year": null }))
}

/// Signs in a holder; returns the browser and a partner's token.
async fn holder(test: &TestApp) -> (Browser<'_>, String) {
    let token = test.token(&test.partner_with(&all_scopes()).await).await;
    (test.signed_in("ada@example.org").await, token)
}

/// Pushes a credential without accepting it; returns its request's id.
async fn push(test: &TestApp, token: &str, name: &str, body: &Value) -> Uuid {
    content(&test.post(&format!("/api/partner/v2/add/requests/{name}"), token, body).await.assert_status(201).json())
}

/// Submits a share form without every field that a form can omit; returns the hirer's path.
async fn share(person: &mut Browser<'_>, id: Uuid, part: &str) -> String {
    let form = [("part", &*format!("{id}{part}")), ("days", "14"), (&*format!("{id}/expiry_date"), "none")];
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
    let page = person.text(&own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    link[link.find("/share/").expect("a path")..].to_owned()
}

/// Requests one field and shares with a forged form that names only `part`; returns the result.
async fn verification(
    test: &TestApp,
    person: &mut Browser<'_>,
    token: &str,
    name: &str,
    (id, part): (Uuid, &str),
) -> Value {
    let ask = json!({ "claims": [&part[1..]] });
    let answer =
        test.post(&format!("/api/partner/v2/verify/requests/{name}"), token, &ask).await.assert_status(201).json();
    let page = person.open_verification(content(&answer)).await;
    let form = [("credential", &*id.to_string()), ("part", &*format!("{id}{part}"))];
    person.post(&format!("{page}/share"), &form).await.assert_status(303);
    let request = answer["request_id"].as_str().expect("an id");
    test.get_with(&format!("/api/partner/v2/verify/requests/{request}"), token).await.assert_status(200).json()
}

#[tokio::test]
async fn lapsed_licence_is_marked_wherever_it_is_shown() {
    const MARK: &str = "Expired on 31 May 2024";
    let test = TestApp::new().await;
    let (mut person, token) = holder(&test).await;
    let id = push(&test, &token, "universal_credential", &lapsed_licence()).await;
    let page = person.open(id).await.redirect().to_owned();
    assert!(person.text(&page).await.contains(MARK), "before the person decides");
    person.post(&format!("{page}/accept"), &[]).await.assert_status(303);
    for path in ["/wallet".to_owned(), format!("/wallet/credentials/{id}"), "/wallet/share".to_owned()] {
        assert!(person.text(&path).await.contains(MARK), "{path}");
    }
    let form = person.text(&format!("/wallet/credentials/{id}/share")).await;
    assert!(form.contains("Expiry date: <bdi>31 May 2024</bdi>") && form.contains("always shown"), "{form}");
    assert!(!form.contains(&format!("{id}/expiry_date")), "there is nothing to untick: {form}");
    let link = share(&mut person, id, "/credential_name").await;
    let shown = test.text(&link).await;
    assert!(shown.contains(MARK) && shown.contains("data-together=\"hire-some-failed\""), "{shown}");
    assert!(shown.contains("class=\"outcome-failed\" data-step=\"dates\""), "{shown}");
    assert!(shown.contains("3 details not shown."), "category, issuer and details: {shown}");
    let presentation = test.text(&format!("{link}/token/1")).await;
    let claims = SdJwtVc::read(&presentation).expect("a presentation").disclosed.claims;
    assert_eq!(
        (&claims["expiry_date"], &claims["credential_name"]),
        (&json!("2024-05-31"), &json!("Electrical Work Licence"))
    );
    let end: jiff::Timestamp = "2024-06-01T12:00:00Z".parse().expect("a time");
    assert_eq!(claims["exp"], end.as_second(), "every verifier says that it has expired");

    let result = verification(&test, &mut person, &token, "universal_credential", (id, "/credential_name")).await;
    let expected = json!({
        "full_name": "John Doe", "credential_name": "Electrical Work Licence", "expiry_date": "2024-05-31",
    });
    assert_eq!((&result["status"], &result["credential"]), (&json!("verified"), &expected));
    let checked = &result["verification"];
    assert_eq!((&checked["valid"], &checked["expired_on"]), (&json!(false), &json!("2024-05-31")));
    let dates = checked["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "dates");
    let dates = dates.expect("the dates");
    assert_eq!((&dates["code"], &dates["reason"]), (&json!("expired"), &json!("It expired on 31 May 2024.")));
    assert_eq!(checked["not_shown"]["count"], 3);
}

#[tokio::test]
async fn unconferred_degree_says_so_wherever_it_is_shown() {
    let test = TestApp::new().await;
    let (mut person, token) = holder(&test).await;
    let id = push(&test, &token, "education", &unconferred_degree()).await;
    person.accept(id).await;
    assert!(
        person
            .text("/wallet")
            .await
            .contains("Bachelor of Commerce (Honours), Finance (completed, awaiting graduation)")
    );
    let form = person.text(&format!("/wallet/credentials/{id}/share")).await;
    assert!(!form.contains(&format!("{id}/awaiting_graduation")), "{form}");
    let link = share(&mut person, id, "/course_name").await;
    let shown = test.text(&link).await;
    assert!(shown.contains("Completed, awaiting graduation") && shown.contains("data-together=\"hire-all-passed\""));
    let presentation = test.text(&format!("{link}/token/1")).await;
    let claims = SdJwtVc::read(&presentation).expect("a presentation").disclosed.claims;
    assert_eq!(claims["awaiting_graduation"], true);
    let result = verification(&test, &mut person, &token, "education", (id, "/course_name")).await;
    let expected =
        json!({ "full_name": "John Doe", "course_name": "Bachelor of Commerce", "awaiting_graduation": true });
    assert_eq!((&result["credential"], &result["verification"]["valid"]), (&expected, &json!(true)));
}

#[tokio::test]
async fn expired_credentials_are_not_issued_to_other_wallets() {
    let test = TestApp::builder().time("2024-05-31T09:00:00Z").start().await;
    let (mut person, token) = holder(&test).await;
    let mut body = lapsed_licence();
    body["fields"]["credential_details"] = Value::Null;
    let id = push(&test, &token, "universal_credential", &body).await;
    person.accept(id).await;
    // A credential is valid until the end of its last day.
    let record = format!("/wallet/credentials/{id}");
    assert!(person.text(&record).await.contains("Add to another wallet"));
    test.advance(std::time::Duration::from_secs(26 * 3600 + 3599));
    let wallet = TestWallet::new(&test);
    let offer = make_offer(&test, &mut person, id).await;
    let access = wallet.token(&offer).await;
    wallet.fetch(&access, "universal_credential_dc+sd-jwt").await.assert_status(200);
    test.advance(std::time::Duration::from_secs(1));
    let refused = wallet.fetch(&access, "universal_credential_vc+jwt").await.assert_status(400).json();
    assert_eq!(refused["error"], "credential_request_denied");
    assert_eq!(refused["error_description"], "This credential expired on 31 May 2024.");
    let page = person.text(&record).await;
    assert!(page.contains("Expired on 31 May 2024") && !page.contains("Add to another wallet"), "{page}");
    let refused = person.post(&format!("{record}/offer"), &[]).await.assert_status(403);
    assert!(
        refused.text.contains("It expired on 31 May 2024, so it cannot be added to another wallet."),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn jobs_are_shared_whole_unless_single_ones_are_chosen() {
    let test = TestApp::new().await;
    let (mut person, token) = holder(&test).await;
    let id = push(&test, &token, "career_history", &career("1")).await;
    person.accept(id).await;
    let page = person.text(&format!("/wallet/credentials/{id}/share")).await;
    for said in ["Both jobs", "Choose jobs", "No jobs"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let list = format!("{id}/employment");
    let all = [(list.as_str(), "all"), ("days", "14")];
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &all).await.redirect().to_owned();
    let own = person.text(&own).await;
    let link = &own[own.find("/share/").expect("a path")..];
    let shown = test.text(&link[..link.find('<').expect("an end")]).await;
    assert!(shown.contains("Company A") && shown.contains("Company B") && !shown.contains("not shown."), "{shown}");
    let link = share(&mut person, id, "/employment/1").await;
    let shown = test.text(&link).await;
    assert!(shown.contains("Company B") && shown.contains("1 job not shown."), "{shown}");
    let token = test.text(&format!("{link}/token/1")).await;
    let read = SdJwtVc::read(&token).expect("a presentation");
    assert_eq!(read.disclosed.places, ["/employment/0", "/employment"], "the one that is shown is the first");
}

#[tokio::test]
async fn withheld_jobs_are_named_and_not_counted_as_one_detail() {
    let test = TestApp::new().await;
    let (mut person, token) = holder(&test).await;
    let mut body = career("1");
    body["partner_chain"] = json!([{ "name": "Payroll Bureau South" }]);
    let id = push(&test, &token, "career_history", &body).await;
    person.accept(id).await;
    let link = share(&mut person, id, "/partner_chain").await;
    let shown = test.text(&link).await;
    assert!(shown.contains("Payroll Bureau South") && !shown.contains("Company A"), "{shown}");
    assert!(shown.contains("No jobs are shown.") && !shown.contains("not shown."), "{shown}");
    let link = share(&mut person, id, "/employment/1").await;
    let shown = test.text(&link).await;
    assert!(shown.contains("1 job not shown. 1 detail not shown."), "the chain is the detail: {shown}");
    assert!(!shown.contains("No jobs are shown."), "{shown}");
}

#[tokio::test]
async fn earlier_type_metadata_stays_where_it_was() {
    let test = TestApp::new().await;
    let first = test.get("/credentials/universal_credential").await.assert_status(200);
    assert_eq!(first.json()["vct"], "http://localhost:8080/credentials/universal_credential");
    let always = |document: &Value, path: &str| {
        let claims = document["claims"].as_array().expect("claims").iter();
        claims.filter(|claim| claim["path"] == json!([path])).map(|claim| claim["sd"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(always(&first.json(), "expiry_date"), [json!("always")]);
    let second = test.get("/credentials/universal_credential/2").await.assert_status(200).json();
    assert_eq!(always(&second, "expiry_date"), [json!("never")]);
    let third = test.get("/credentials/universal_credential/3").await.assert_status(200).json();
    assert_eq!(always(&third, "expiry_date"), [json!("never")]);
    for other in ["universal_credential/1", "universal_credential/4", "salary/2", "salary"] {
        test.get(&format!("/credentials/{other}")).await.assert_status(404);
    }
    test.get("/credentials/universal_credential/schema").await.assert_status(200);
}

#[tokio::test]
async fn future_starts_warn_and_planned_ends_are_not_experience() {
    let test = TestApp::new().await;
    let (mut person, token) = holder(&test).await;
    let mut body = career("1");
    body["fields"]["employment"] = json!([
        { "organisation": "Company A", "role_title": "Engineer", "start_date": "2026-01", "end_date": "2050-12", "last_processed_month": "2026-06" },
        { "organisation": "Company B", "role_title": "Manager", "start_date": "2027-02", "last_processed_month": "2026-11" },
    ]);
    let path = "/api/partner/v2/add/requests/career_history";
    let request = test.api(Method::POST, path, &token, &body.to_string());
    let answer = test.send(request).await.assert_status(201).json();
    assert_eq!(answer["warnings"][0]["code"], "date.future_start");
    person.accept(content(&answer)).await;
    let wallet = person.plain("/wallet").await;
    for said in [
        "6 months of experience",
        "Jan 2026 – Dec 2050 as planned (confirmed to Jun 2026)",
        "Planned from Feb 2027, not confirmed yet",
        "Engineer at Company A",
    ] {
        assert!(wallet.contains(said), "{said}: {wallet}");
    }
    assert!(!wallet.contains("No record for"), "what is planned leaves no gap: {wallet}");
}
