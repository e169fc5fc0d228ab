//! Validation of contents: files, data URLs and OpenCerts.

use axum::body::{Body, Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use futures::stream;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{EDUCATION, MICRO, SINGLE, asset, body, clean, links, objects, open, pdf, request_id, walk};
use crate::support::app::TestApp;
use crate::support::samples;

const OBFUSCATED: &str = include_str!("../../../../credential/tests/opencerts/obfuscated.json");

#[tokio::test]
async fn mismatched_content_is_rejected_and_not_stored() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let kinds =
        [("pdf", "application/pdf"), ("png", "image/png"), ("jpg", "image/jpeg"), ("open_cert", "application/json")];
    let mut links = Vec::new();
    for (kind, content_type) in kinds {
        let answer = test
            .post(MICRO, &token, &body("microcredential", kind, &asset(kind, Value::Null)))
            .await
            .assert_status(201);
        links.push((kind, content_type, answer.json()["assets"][0]["upload_url"].clone()));
    }
    let script = samples::bytes(&mut samples::pdf(|_, catalog| {
        catalog
            .set("OpenAction", lopdf::dictionary! { "S" => "JavaScript", "JS" => lopdf::Object::string_literal("x") });
    }));
    let tampered = SINGLE.replace("string:John Doe", "string:Jane Doe").into_bytes();
    for (at, bytes, reason) in [
        (0, samples::png(5, 5), "its first bytes are those of a PNG image"),
        (0, b"<html><script>".to_vec(), "not those of one"),
        (0, pdf()[..200].to_vec(), "damaged"),
        (0, script, "JavaScript"),
        (0, Vec::new(), "The document is empty"),
        (1, pdf(), "its first bytes are those of a PDF file"),
        (1, samples::png(50, 50)[..60].to_vec(), "damaged"),
        (2, samples::png(5, 5), "its first bytes are those of a PNG image"),
        (2, samples::jpeg()[..40].to_vec(), "damaged"),
        (3, b"{\"data\": {}}".to_vec(), "not an OpenCerts document"),
        (3, tampered, "was changed after it was issued"),
        (3, pdf(), "its first bytes are those of a PDF file"),
    ] {
        let (kind, content_type, link) = &links[at];
        let answer = test.upload(link, content_type, bytes).await.assert_status(422);
        let detail = answer.json()["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.contains(reason), "{kind}: {detail}");
        assert_eq!(test.status(&token, kind).await["assets"][0]["state"], "awaited");
    }
    assert_eq!(objects(&test), 0);
    for (_, content_type, link) in &links {
        test.upload(link, "text/html", pdf()).await.assert_status(415);
        test.upload(link, "", pdf()).await.assert_status(415);
        let long = stream::iter((0..11).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1024 * 1024]))));
        let status = test.upload(link, content_type, Body::from_stream(long)).await.status.as_u16();
        assert!(status == 413 || status == 422, "{status}");
    }
    assert_eq!(objects(&test), 0);
    for (_, content_type, link) in &links {
        let good = match *content_type {
            "application/pdf" => pdf(),
            "image/png" => samples::png(5, 5),
            "image/jpeg" => samples::jpeg(),
            _ => SINGLE.as_bytes().to_vec(),
        };
        test.upload(link, content_type, good).await.assert_status(204);
    }
    assert_eq!(objects(&test), 4);
}

#[tokio::test]
async fn data_url_is_validated_before_storage() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let data = |kind: &str, bytes: &[u8]| json!(format!("data:{kind};base64,{}", STANDARD.encode(bytes)));
    let bad = body("education", "1", &asset("pdf", data("application/pdf", b"%PDF-1.7 nothing")));
    let answer = test.post(EDUCATION, &token, &bad).await.assert_status(422);
    assert_eq!(answer.errors(), [("asset_data.content".to_owned(), "/assets/0/asset_data".to_owned())]);
    test.post(&format!("{EDUCATION}?dry_run=true"), &token, &bad).await.assert_status(422);
    let good = body("education", "1", &asset("pdf", data("application/pdf", &pdf())));
    test.post(&format!("{EDUCATION}?dry_run=true"), &token, &good).await.assert_status(200);
    assert_eq!(objects(&test), 0);
    let answer = test.post(EDUCATION, &token, &good).await.assert_status(201).json();
    assert!(answer.get("assets").is_none(), "no link was asked for");
    assert_eq!(objects(&test), 1);
    assert_eq!(
        test.post(EDUCATION, &token, &good).await.assert_status(201).json(),
        answer,
        "no warning: the same document"
    );
    assert_eq!(objects(&test), 1, "the repeat left nothing");
    let other = body(
        "education",
        "1",
        &asset(
            "pdf",
            data(
                "application/pdf",
                &samples::bytes(&mut samples::pdf(|d, _| {
                    d.add_object(lopdf::Object::Null);
                })),
            ),
        ),
    );
    let warned = test.post(EDUCATION, &token, &other).await.assert_status(201).json();
    assert_eq!(warned["warnings"][0]["code"], "duplicate.different_body");
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    assert_eq!(person.get(&links(&page)[0]).await.assert_status(200).bytes, pdf());
    person.post(&format!("{location}/decline"), &[]).await.assert_status(303);
    clean(&test).await;
    assert_eq!(objects(&test), 0, "declining deletes the document too");
}

#[tokio::test]
async fn open_cert_is_verified_and_compared_with_the_fields() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut v1 = "education".parse::<Type>().expect("a type").v1_sample().expect("a sample");
    v1["document_type"] = json!("open_cert");
    v1["data"]["document"] = json!(SINGLE.replace("string:John Doe", "string:Jane Doe"));
    let answer = test.post("/api/partner/v1/add/education", &token, &v1).await.assert_status(422);
    assert_eq!(answer.errors(), [("asset_data.content".to_owned(), "/data/document".to_owned())]);
    assert!(answer.text.contains("was changed after it was issued"));
    v1["data"]["document"] = json!(SINGLE);
    let link = test.post("/api/partner/v1/add/education", &token, &v1).await.assert_status(201).json();
    let link = link["redirect_uri"].as_str().expect("a link").to_owned();
    assert!(link.contains("&documentType=open_cert&"));
    let id: Uuid = link.rsplit_once("content=").expect("content").1.parse().expect("a UUID");
    let mut person = test.signed_in("john@example.org").await;
    person.open(id).await.assert_status(303);
    let page = person.text(&format!("/requests/{id}")).await;
    assert!(page.contains("This document is intact"));
    assert!(page.contains("We have not checked whether its issuer published it"));
    assert!(!page.contains("The document says"), "they agree");

    let mut other = body("education", "2", &asset("open_cert", Value::Null));
    other["fields"]["full_name"] = json!("Jon Doe");
    other["fields"]["course_name"] = json!("bachelor  of commerce");
    let answer = test.post(EDUCATION, &token, &other).await.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "application/json", OBFUSCATED).await.assert_status(204);
    let page = person.open(request_id(&answer)).await.redirect().to_owned();
    let page = person.text(&page).await;
    assert!(page.contains("2 values were removed from it."), "{page}");
    assert!(
        page.contains(
            "The document says “<bdi>John Doe</bdi>”, but <bdi>Acme Payroll</bdi> says “<bdi>Jon Doe</bdi>”."
        ),
        "{page}"
    );
    assert_eq!(page.matches("The document says").count(), 1, "letters' size and spaces do not matter");
}

#[tokio::test]
async fn unreadable_open_cert_does_not_break_other_pages() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test.post(EDUCATION, &token, &body("education", "1", &asset("open_cert", Value::Null))).await;
    let answer = answer.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "application/json", SINGLE).await.assert_status(204);
    for file in walk(&test.folder.path().join("documents")) {
        std::fs::remove_file(file).expect("removed");
    }
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    assert!(!page.contains("This document is intact"));
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    for path in ["/wallet", "/wallet/export"] {
        person.get(path).await.assert_status(200);
    }
}
