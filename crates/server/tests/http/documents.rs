//! Documents: upload links, data URLs, OpenCerts, what the holder sees of them, and their end (partner-api sections 4, 6
//! and 8).

use std::time::Duration;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::samples;
use ambient::Timestamp;
use axum::body::{Body, Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use futures::stream;
use serde_json::{Value, json};
use uuid::Uuid;

const EDUCATION: &str = "/api/partner/v2/add/requests/education";
const MICRO: &str = "/api/partner/v2/add/requests/microcredential";
const HOUR: Duration = Duration::from_secs(3600);
const SINGLE: &str = include_str!("../../../credential/tests/opencerts/single.json");
const OBFUSCATED: &str = include_str!("../../../credential/tests/opencerts/obfuscated.json");

fn pdf() -> Vec<u8> {
    samples::bytes(&mut samples::pdf(|_, _| {}))
}

fn body(name: &str, id: &str, assets: &Value) -> Value {
    let mut body = (name.parse::<Type>().expect("a type").sample)();
    body["credential_id"] = json!(id);
    body["assets"] = assets.clone();
    body
}

fn asset(kind: &str, data: impl Into<Value>) -> Value {
    let data: Value = data.into();
    json!([{ "asset_id": "the-document", "asset_type": kind, "asset_data": data }])
}

fn request_id(answer: &Value) -> Uuid {
    answer["request_id"].as_str().expect("an id").parse().expect("a UUID")
}

/// The objects that are on disk, finished or not.
fn objects(test: &TestApp) -> usize {
    walk(&test.folder.path().join("documents")).len()
}

async fn clean(test: &TestApp) {
    tenure::jobs::delete_dropped_objects(&test.app).await.expect("deleted");
}

/// Where the documents of a page can be opened.
fn links(page: &str) -> Vec<String> {
    let parts = page.split("href=\"/documents/").skip(1).filter_map(|part| part.split_once('"'));
    parts.map(|(id, _)| format!("/documents/{id}")).collect()
}

async fn open<'a>(test: &'a TestApp, email: &str, answer: &Value) -> (Browser<'a>, String) {
    let mut person = test.signed_in(email).await;
    let location = person.open(request_id(answer)).await.redirect().to_owned();
    (person, location)
}

#[tokio::test]
async fn an_upload_is_sealed_seen_by_its_holder_alone_and_kept_on_acceptance() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test
        .post(EDUCATION, &token, &body("education", "1", &asset("pdf", Value::Null)))
        .await
        .assert_status(201)
        .json();
    let link = &answer["assets"][0];
    assert_eq!((&link["asset_id"], &link["content_type"]), (&json!("the-document"), &json!("application/pdf")));
    assert_eq!(link["expires_at"], "2026-11-23T10:00:00Z");
    assert_eq!(test.status(&token, "1").await["assets"], json!([{ "asset_id": "the-document", "state": "awaited" }]));
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    assert!(page.contains("has not sent this yet") && links(&page).is_empty());

    let bytes = pdf();
    let sent = test.upload(&link["upload_url"], "application/pdf", bytes.clone()).await.assert_status(204);
    assert!(sent.text.is_empty());
    assert_eq!(test.status(&token, "1").await["assets"][0]["state"], "stored");
    let page = person.text(&location).await;
    assert!(page.contains("PDF document “the-document”"), "{page}");
    let path = links(&page).remove(0);
    let shown = person.get(&path).await.assert_status(200);
    assert_eq!(shown.bytes, bytes);
    assert_eq!(shown.header("content-type"), "application/pdf");
    assert_eq!(shown.header("content-disposition"), "attachment; filename=\"document.pdf\"");
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox; frame-ancestors 'none'");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    for file in walk(test.folder.path()) {
        let content = std::fs::read(&file).expect("a file");
        assert!(!content.windows(5).any(|window| window == b"%PDF-"), "{}", file.display());
    }
    let mut stranger = test.signed_in("eve@example.org").await;
    stranger.get(&path).await.assert_status(404);
    test.browser().get(&path).await.assert_status(303);

    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    assert_eq!(person.get(&path).await.assert_status(200).bytes, bytes, "under the holder's key now");
    assert!(person.get("/wallet").await.text.contains("With a document."));
    let record = person.text(&format!("/wallet/credentials/{}", request_id(&answer))).await;
    assert_eq!(links(&record), std::slice::from_ref(&path));
    test.upload(&link["upload_url"], "application/pdf", pdf()).await.assert_status(409);
    person.post(&format!("/wallet/credentials/{}/delete", request_id(&answer)), &[]).await.assert_status(303);
    person.get(&path).await.assert_status(404);
    clean(&test).await;
    assert_eq!(objects(&test), 0);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn the_last_of_several_uploads_counts() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test
        .post(MICRO, &token, &body("microcredential", "1", &asset("png", Value::Null)))
        .await
        .assert_status(201)
        .json();
    let link = &answer["assets"][0]["upload_url"];
    for width in [10, 20, 30] {
        test.upload(link, "image/png", samples::png(width, 5)).await.assert_status(204);
    }
    clean(&test).await;
    assert_eq!(objects(&test), 1);
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    let path = links(&page).remove(0);
    assert!(page.contains(&format!("<img src=\"{path}\"")));
    let shown = person.get(&path).await.assert_status(200);
    assert_eq!(shown.bytes, samples::png(30, 5));
    assert_eq!(shown.header("content-disposition"), "inline");
}

#[tokio::test]
async fn what_is_not_what_it_claims_is_refused_and_leaves_nothing() {
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
        (0, Vec::new(), "not those of one"),
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
async fn ten_mebibytes_are_taken_and_a_byte_more_is_not() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test
        .post(EDUCATION, &token, &body("education", "1", &asset("pdf", Value::Null)))
        .await
        .assert_status(201)
        .json();
    let link = &answer["assets"][0]["upload_url"];
    let sized = |size: usize| {
        let filled = |content: usize| {
            let fill = |document: &mut lopdf::Document, _: &mut lopdf::Dictionary| {
                document.add_object(lopdf::Stream::new(lopdf::Dictionary::new(), vec![b' '; content]));
            };
            samples::bytes(&mut samples::pdf(fill))
        };
        let overhead = filled(10_000_000).len() - 10_000_000;
        filled(size - overhead)
    };
    let most = 10 * 1024 * 1024;
    let document = sized(most);
    assert_eq!(document.len(), most);
    test.upload(link, "application/pdf", document).await.assert_status(204);
    let answer = test.upload(link, "application/pdf", sized(most + 1)).await.assert_status(413);
    assert!(answer.text.contains("10485760"));
    clean(&test).await;
    assert_eq!(objects(&test), 1, "the earlier one stays");
}

#[tokio::test]
async fn an_interrupted_upload_leaves_nothing_and_can_be_repeated() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test
        .post(EDUCATION, &token, &body("education", "1", &asset("pdf", Value::Null)))
        .await
        .assert_status(201)
        .json();
    let link = &answer["assets"][0]["upload_url"];
    let half = pdf()[..300].to_vec();
    let broken = stream::iter([Ok(Bytes::from(half)), Err(std::io::Error::other("the line is cut"))]);
    test.upload(link, "application/pdf", Body::from_stream(broken)).await.assert_status(400);
    // A connection that is dropped ends the request in the middle of its work.
    let endless = Body::from_stream(stream::iter([Ok::<_, std::io::Error>(Bytes::from(pdf()))]).chain_pending());
    let waiting = test.upload(link, "application/pdf", endless);
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
    while objects(&test) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(test.status(&token, "1").await["assets"][0]["state"], "awaited");
    test.upload(link, "application/pdf", pdf()).await.assert_status(204);
}

trait ChainPending: futures::Stream + Sized + Send + 'static {
    fn chain_pending(self) -> impl futures::Stream<Item = Self::Item> + Send + 'static
    where
        Self::Item: Send,
    {
        futures::StreamExt::chain(self, stream::pending())
    }
}

impl<S: futures::Stream + Send + 'static> ChainPending for S {}

#[tokio::test]
async fn an_upload_link_is_good_for_an_hour_and_a_repeated_push_renews_it() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let pushed = body("education", "1", &asset("pdf", Value::Null));
    let first = test.post(EDUCATION, &token, &pushed).await.assert_status(201).json();
    let link = first["assets"][0]["upload_url"].clone();
    test.advance(HOUR);
    let answer = test.upload(&link, "application/pdf", pdf()).await.assert_status(410);
    assert!(answer.text.contains("Push the same credential_id again"));
    let token = test.token(&partner).await;
    let again = test.post(EDUCATION, &token, &pushed).await.assert_status(201).json();
    assert_eq!(again["redirect_uri"], first["redirect_uri"]);
    let fresh = &again["assets"][0]["upload_url"];
    test.upload(fresh, "application/pdf", pdf()).await.assert_status(204);
    // Nobody else's link, and no made-up one.
    let text = fresh.as_str().expect("a link");
    let (start, mac) = text.rsplit_once('.').expect("parts");
    let (rest, expires) = start.rsplit_once('.').expect("parts");
    let later = expires.parse::<i64>().expect("seconds") + 1;
    for forged in [
        format!("{rest}.{later}.{mac}"),
        format!("{start}.{}", "A".repeat(43)),
        format!("{start}."),
        format!("{text}.x"),
        text.replace('.', "-"),
    ] {
        test.upload(&json!(forged), "application/pdf", pdf()).await.assert_status(404);
    }
    test.advance(48 * HOUR);
    test.upload(fresh, "application/pdf", pdf()).await.assert_status(410);
}

#[tokio::test]
async fn a_data_url_is_looked_at_before_anything_is_stored() {
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
    assert_eq!(warned["warnings"][0]["code"], "submission.differs");
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    assert_eq!(person.get(&links(&page)[0]).await.assert_status(200).bytes, pdf());
    person.post(&format!("{location}/decline"), &[]).await.assert_status(303);
    clean(&test).await;
    assert_eq!(objects(&test), 0, "declining deletes the document too");
}

#[tokio::test]
async fn an_open_cert_is_verified_and_compared_for_its_holder() {
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
    assert!(page.contains("Its parts fit together"));
    assert!(page.contains("Not checked here: whether its issuer published it"));
    assert!(!page.contains("The document says"), "they agree");

    let mut other = body("education", "2", &asset("open_cert", Value::Null));
    other["fields"]["full_name"] = json!("Jon Doe");
    other["fields"]["course_name"] = json!("bachelor  of commerce");
    let answer = test.post(EDUCATION, &token, &other).await.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "application/json", OBFUSCATED).await.assert_status(204);
    let page = person.open(request_id(&answer)).await.redirect().to_owned();
    let page = person.text(&page).await;
    assert!(page.contains("2 values were taken out of it."), "{page}");
    assert!(page.contains("The document says “John Doe”, and Acme Payroll says “Jon Doe”."), "{page}");
    assert_eq!(page.matches("The document says").count(), 1, "letters' size and spaces do not matter");
}

#[tokio::test]
async fn documents_of_a_wallet_that_is_not_kept_are_deleted_after_48_hours() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let data = json!(format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5))));
    let mut paths = Vec::new();
    for (id, email) in [("kept", "kept@example.org"), ("left", "left@example.org")] {
        let answer = test
            .post(MICRO, &token, &body("microcredential", id, &asset("png", data.clone())))
            .await
            .assert_status(201)
            .json();
        let (mut person, location) = open(&test, email, &answer).await;
        let page = person.text(&location).await;
        paths.push((links(&page).remove(0), request_id(&answer)));
        person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    }
    test.advance(HOUR);
    let mut kept = test.signed_in("kept@example.org").await;
    test.advance(47 * HOUR - Duration::from_secs(10));
    tenure::jobs::end_what_is_over(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 2);
    test.advance(Duration::from_secs(10));
    tenure::jobs::end_what_is_over(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 1);
    kept.get(&paths[0].0).await.assert_status(200);
    let mut left = test.signed_in("left@example.org").await;
    left.get(&paths[1].0).await.assert_status(404);
    let record = left.text(&format!("/wallet/credentials/{}", paths[1].1)).await;
    assert!(record.contains("nobody came back to this wallet in time"), "{record}");
    assert!(left.get("/wallet").await.text.contains("Project Management Foundations"), "the credential stays");
    let token = test.token(&test.partner().await).await;
    test.get_with("/api/partner/v1/submissions/left/status", &token).await.assert_status(404);
    // Coming back later changes nothing for what was kept.
    test.advance(480 * HOUR);
    tenure::jobs::end_what_is_over(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 1);
}

#[tokio::test]
async fn a_missing_document_never_blocks_consent_and_what_expires_takes_its_documents_along() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let pushed = |id: &str| body("education", id, &asset("pdf", Value::Null));
    let answer = test.post(EDUCATION, &token, &pushed("1")).await.assert_status(201).json();
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    let record = person.text(&format!("/wallet/credentials/{}", request_id(&answer))).await;
    assert!(record.contains("It had not arrived when you accepted"));
    let answer = test.post(EDUCATION, &token, &pushed("2")).await.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "application/pdf", pdf()).await.assert_status(204);
    test.advance(48 * HOUR);
    let token = test.token(&partner).await;
    tenure::jobs::end_what_is_over(&test.app).await.expect("ended");
    assert_eq!(objects(&test), 0);
    let status = test.status(&token, "2").await;
    assert_eq!(status["status"], "canceled");
    assert!(status.get("assets").is_none());
    let again = test.post(EDUCATION, &token, &pushed("2")).await.assert_status(201).json();
    assert_ne!(again["redirect_uri"], answer["redirect_uri"]);
    assert_eq!(again["assets"].as_array().expect("a link").len(), 1);
}

#[tokio::test]
async fn deleting_the_account_deletes_its_documents() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let data = json!(format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5))));
    for id in ["accepted", "waiting"] {
        let answer = test
            .post(MICRO, &token, &body("microcredential", id, &asset("png", data.clone())))
            .await
            .assert_status(201)
            .json();
        let (mut person, location) = open(&test, "ada@example.org", &answer).await;
        if id == "accepted" {
            person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
        } else {
            person.post("/account/delete", &[("understood", "yes")]).await.assert_status(303);
        }
    }
    clean(&test).await;
    assert_eq!(objects(&test), 0);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_keeps_nobody_from_the_rest() {
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
    assert!(!page.contains("Its parts fit together"));
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    for path in ["/wallet", "/wallet/export"] {
        person.get(path).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_stored_document_can_be_replaced_by_a_fresh_link_and_a_disabled_partner_s_links_are_dead() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let pushed = body("microcredential", "1", &asset("png", Value::Null));
    let answer = test.post(MICRO, &token, &pushed).await.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "image/png", samples::png(5, 5)).await.assert_status(204);
    test.advance(HOUR);
    let token = test.token(&partner).await;
    let again = test.post(MICRO, &token, &pushed).await.assert_status(201).json();
    let link = &again["assets"][0]["upload_url"];
    test.upload(link, "image/png", samples::png(6, 6)).await.assert_status(204);
    test.disable(&partner).await;
    test.upload(link, "image/png", samples::png(7, 7)).await.assert_status(409);
}

#[tokio::test]
async fn objects_that_nothing_knows_are_swept_and_no_other() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test
        .post(EDUCATION, &token, &body("education", "1", &asset("pdf", Value::Null)))
        .await
        .assert_status(201)
        .json();
    test.upload(&answer["assets"][0]["upload_url"], "application/pdf", pdf()).await.assert_status(204);
    let orphan = test.app.id();
    let key = tenure::seal::Key::random(test.app.rng());
    test.app.documents().objects.put(orphan, &key, b"left by a server that was killed").await.expect("written");
    let sweep = || tenure::jobs::delete_orphans(&test.app, Timestamp::from_micros(0));
    assert_eq!(sweep().await.expect("swept"), 0, "it may be on its way into its row");
    test.advance(HOUR + Duration::from_secs(1));
    assert_eq!(sweep().await.expect("swept"), 1);
    assert_eq!(sweep().await.expect("swept"), 0);
    assert_eq!(objects(&test), 1);
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    person.get(&links(&page)[0]).await.assert_status(200);
}
