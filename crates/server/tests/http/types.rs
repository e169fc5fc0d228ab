//! Every credential type: pushed in each API version, queried, accepted, shown and exported
//! (docs/partner-api.md
//! sections 4 to 8).

use crate::support::app::TestApp;
use credential::{Type, v1_batch_sample};
use serde_json::{Value, json};
use uuid::Uuid;

fn named(name: &str) -> Type {
    name.parse().expect("a type")
}

fn content(answer: &Value) -> Uuid {
    let link = answer["redirect_uri"].as_str().expect("a link");
    link.rsplit_once("content=").expect("a content").1.parse().expect("a UUID")
}

#[tokio::test]
async fn every_type_is_pushed_accepted_and_exported() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("john@example.org").await;
    for known in credential::ALL {
        let sample = (known.sample)();
        let path = format!("/api/partner/v2/add/requests/{known}");
        let dry = test.post(&format!("{path}?dry_run=true"), &token, &sample).await.assert_status(200).json();
        assert_eq!(dry["headline"], known.headline(&sample["fields"]));
        let answer = test.post(&path, &token, &sample).await.assert_status(201).json();
        let document_type = if known.name() == "education" { "pdf" } else { "none" };
        let expected = format!(
            "http://localhost:8080/partner/add/{}#clientId={}&documentType={document_type}&content=",
            known.redirect_name, partner.id
        );
        assert!(answer["redirect_uri"].as_str().expect("a link").starts_with(&expected), "{answer}");
        person.get(&format!("/partner/add/{}", known.redirect_name)).await.assert_status(200);
        let location = person.open(content(&answer)).await.redirect().to_owned();
        let consent = person.plain(&location).await;
        let headline = known.headline(&sample["fields"]);
        assert!(consent.contains(&format!("{}: {headline}", known.title)), "{known}");
        person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
        let wallet = person.text("/wallet").await;
        let heading = format!("<h3><span id=\"headline-{}\">{headline}</span></h3>", content(&answer));
        assert!(wallet.contains(&heading), "{known}");
        let record = person.text(&format!("/wallet/credentials/{}", content(&answer))).await;
        assert!(record.contains(&headline), "{known}");
        let id = sample["credential_id"].as_str().expect("an id");
        assert_eq!(test.status(&token, id).await["status"], "verified");
    }
    let export = person.get("/wallet/export").await.assert_status(200).json();
    assert_eq!(export["credentials"].as_array().expect("credentials").len(), credential::ALL.len());
    person.get("/partner/add/salary").await.assert_status(404);
}

#[tokio::test]
async fn pages_show_the_details_of_each_type() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("john@example.org").await;
    for (name, shown) in [
        (
            "education",
            vec![
                "<caption>Subjects and results</caption>",
                r#"<td role="cell" data-column="Subject"><bdi>Corporate Finance</bdi></td>"#,
                r#"<td role="cell" data-column="Completed"><bdi>30 November 2021</bdi></td>"#,
                r#"<td role="cell" data-column="Score"><bdi>–</bdi></td>"#,
                "<dt>Honours</dt><dd><bdi>Yes</bdi></dd>",
                "has not sent this yet",
            ],
        ),
        ("microcredential", vec!["<dt>Expiry date</dt><dd><bdi>1 March 2027</bdi></dd>", "Pass with distinction"]),
        (
            "english_proficiency",
            vec![
                "CEFR levels",
                "<span>Writing</span>",
                r#"<rect class="scale-reached" width="8""#,
                "<strong>B2+</strong>",
                "7.5 on the scale 0-9",
                "<caption>Results by skill</caption>",
            ],
        ),
        (
            "digital_identity",
            vec![
                "checked against government records",
                "The person attended in person.",
                "<dt>Date of birth</dt><dd><bdi>30 April 1990</bdi></dd>",
            ],
        ),
        ("right_to_work", vec!["<li><bdi>May work in Singapore.</bdi></li>", "As a resident of Singapore."]),
        (
            "universal_credential",
            vec![
                "<dt>Category</dt><dd><bdi>Licence</bdi></dd>",
                "<dt>Country</dt><dd><bdi>Australia</bdi></dd>",
                "Solar installations",
            ],
        ),
    ] {
        let path = format!("/api/partner/v2/add/requests/{name}");
        let answer = test.post(&path, &token, &(named(name).sample)()).await.assert_status(201).json();
        let location = person.open(content(&answer)).await.redirect().to_owned();
        let page = person.text(&location).await;
        for said in shown {
            assert!(page.contains(said), "{name}: {said}\n{page}");
        }
    }
}

#[tokio::test]
async fn v1_accepts_six_types_and_returns_only_the_link() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for known in credential::ALL {
        let path = format!("/api/partner/v1/add/{known}");
        let Some(sample) = known.v1_sample() else {
            test.post(&path, &token, &json!({})).await.assert_status(404);
            continue;
        };
        let answer = test.post(&path, &token, &sample).await.assert_status(201);
        let successor = format!("</api/partner/v2/add/requests/{known}>; rel=\"successor-version\"");
        assert_eq!(answer.header("link"), successor);
        assert!(answer.header("deprecation").starts_with('@'));
        let body = answer.json();
        assert_eq!(body.as_object().expect("an object").len(), 1, "{body}");
        assert!(body["redirect_uri"].as_str().expect("a link").contains(known.redirect_name));
        let again = test.post(&path, &token, &sample).await.assert_status(201).json();
        assert_eq!(again, body, "the same id leads to the same link");
        let id = sample["id"].as_str().expect("an id");
        assert_eq!(test.status(&token, id).await, json!({ "id": id, "status": "incomplete", "finalized_at": null }));
    }
    let mut named = named("english_proficiency").v1_sample().expect("a sample");
    named["id"] = json!("with-document");
    named["data"]["document"] = json!("https://documents.example.edu/result.pdf");
    let link = test.post("/api/partner/v1/add/english_proficiency", &token, &named).await.assert_status(201).json();
    assert!(link["redirect_uri"].as_str().expect("a link").contains("&documentType=english_assessment&"));
}

#[tokio::test]
async fn v1_errors_point_into_the_v1_body() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut body = named("career_history").v1_sample().expect("a sample");
    body["data"]["credential"]["employment"][0]["start_date"] = json!("01/2020");
    body["credential_type"] = json!("education");
    let answer = test.post("/api/partner/v1/add/career_history", &token, &body).await.assert_status(422);
    assert_eq!(
        answer.errors(),
        [
            ("credential_type.mismatch".to_owned(), "/credential_type".to_owned()),
            ("date.format".to_owned(), "/data/credential/employment/0/start_date".to_owned()),
        ]
    );
    let mut batch = v1_batch_sample();
    batch["credentials"][1]["data"]["credential"]["conferral_year"] = json!(2022);
    let answer = test.post("/api/partner/v1/add/batch", &token, &batch).await.assert_status(422);
    let at = "/credentials/1/data/credential/conferral_year";
    assert_eq!(answer.errors(), [("type.mismatch".to_owned(), at.to_owned())]);
}

#[tokio::test]
async fn each_type_requires_its_own_scope() {
    let test = TestApp::new().await;
    for known in credential::ALL {
        let token = test.token(&test.partner_with(known.write_scope).await).await;
        for other in credential::ALL {
            let path = format!("/api/partner/v2/add/requests/{other}");
            let expected = if other == known { 201 } else { 403 };
            test.post(&path, &token, &(other.sample)()).await.assert_status(expected);
        }
    }
}

#[tokio::test]
async fn hints_are_returned_without_rejecting_the_push() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut body = (named("microcredential").sample)();
    body["fields"]["microcredential_name"] = json!("Certificate of Completion");
    let path = "/api/partner/v2/add/requests/microcredential";
    let dry = test.post(&format!("{path}?dry_run=true"), &token, &body).await.assert_status(200).json();
    let answer = test.post(path, &token, &body).await.assert_status(201).json();
    assert_eq!(answer["warnings"], dry["warnings"]);
    assert_eq!(answer["warnings"][0]["code"], "name.says_nothing");
}

#[tokio::test]
async fn configured_job_categories_are_accepted() {
    let test = TestApp::builder().setting("credentials.categories", "vessel_master other").start().await;
    let token = test.token(&test.partner().await).await;
    let mut body = (named("universal_credential").sample)();
    let path = "/api/partner/v2/add/requests/universal_credential";
    let answer = test.post(path, &token, &body).await.assert_status(422);
    assert_eq!(answer.errors(), [("choice.unknown".to_owned(), "/fields/credential_category".to_owned())]);
    body["fields"]["credential_category"] = json!("vessel_master");
    test.post(path, &token, &body).await.assert_status(201);
}
