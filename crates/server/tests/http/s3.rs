//! Documents in an S3-compatible bucket, which `scripts/s3` starts.

use crate::support::app::TestApp;
use crate::support::delivered::delivered_pdf;
use crate::support::samples;
use ambient::Timestamp;
use serde_json::{Value, json};
use tenure::keys::Key;
use tenure::objects::Objects;

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
fn settings() -> Vec<(&'static str, String)> {
    let variable =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run under scripts/s3"));
    vec![
        ("object_storage.kind", "s3".to_owned()),
        ("object_storage.endpoint", variable("TENURE_TEST_S3")),
        ("object_storage.bucket", variable("TENURE_TEST_S3_BUCKET")),
        ("object_storage.access_key", "test".to_owned()),
        ("object_storage.secret_key", "test".to_owned()),
    ]
}

async fn server(more: &[(&str, &str)]) -> TestApp {
    let settings = settings();
    let mut settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    settings.extend(more);
    TestApp::builder().settings(&settings).start().await
}

async fn names(objects: &Objects) -> Vec<uuid::Uuid> {
    let (first, last) = (Timestamp::from_micros(0), Timestamp::from_micros(4_000_000_000_000_000));
    objects.made_between(first, last).await.expect("listed")
}

#[tokio::test]
async fn document_is_encrypted_read_and_deleted_in_the_bucket() {
    let test = server(&[]).await;
    let token = test.token(&test.partner().await).await;
    let mut body = ("education".parse::<credential::Type>().expect("a type").sample)();
    body["assets"] = json!([{ "asset_id": "1", "asset_type": "pdf", "asset_data": Value::Null }]);
    let answer = test.post("/api/partner/v2/add/requests/education", &token, &body).await.assert_status(201).json();
    let link = &answer["assets"][0]["upload_url"];
    // One document needs a second part of a multipart upload, the other fits into the first.
    let large = samples::filled_pdf(7 * 1024 * 1024);
    let small = samples::bytes(&mut samples::pdf(|_, _| {}));
    let mut person = test.signed_in("ada@example.org").await;
    let id = answer["request_id"].as_str().expect("an id");
    person.open(id.parse().expect("a UUID")).await.assert_status(303);
    for document in [large, small] {
        test.upload(link, "application/pdf", document.clone()).await.assert_status(204);
        tenure::flows::document_sweep::delete_dropped_objects(&test.app).await.expect("deleted");
        let page = person.text(&format!("/requests/{id}")).await;
        let path = page.split("href=\"").find(|part| part.starts_with("/documents/")).expect("a document");
        let shown = person.get(path.split('"').next().expect("a path")).await.assert_status(200);
        assert_eq!(shown.bytes, delivered_pdf(&document));
    }
    assert_eq!(
        std::fs::read_dir(test.folder.path())
            .expect("a folder")
            .filter(|entry| { entry.as_ref().expect("an entry").file_name() == "documents" })
            .count(),
        0,
        "nothing is kept beside the bucket"
    );
    person.post(&format!("/requests/{id}/decline"), &[]).await.assert_status(303);
    tenure::flows::document_sweep::delete_dropped_objects(&test.app).await.expect("deleted");
}

#[tokio::test]
async fn aborted_upload_leaves_no_object_and_orphans_are_swept() {
    let test = server(&[]).await;
    let objects = &test.app.documents().objects;
    let key = Key::random(test.app.rng());
    let (given_up, orphan) = (test.app.id(), test.app.id());
    let mut writer = objects.writer(given_up, &key).await.expect("a writer");
    writer.write(&vec![7; 6 * 1024 * 1024]).await.expect("written");
    writer.abort().await;
    objects.put(orphan, &key, b"left by a server that was killed").await.expect("written");
    let found = names(objects).await;
    assert!(found.contains(&orphan) && !found.contains(&given_up));
    let since = test.app.now();
    test.advance(std::time::Duration::from_secs(3601));
    tenure::flows::document_sweep::delete_orphans(&test.app, since).await.expect("swept");
    assert!(!names(objects).await.contains(&orphan));
}

#[tokio::test]
async fn unfinished_upload_of_a_killed_server_is_swept() {
    let test = server(&[]).await;
    let objects = &test.app.documents().objects;
    assert!(objects.lists_unfinished().await.expect("listed"));
    let mut writer = objects.writer(test.app.id(), &Key::random(test.app.rng())).await.expect("a writer");
    writer.write(&vec![7; 6 * 1024 * 1024]).await.expect("written");
    // It is not dropped, so it does not abort its upload.
    let _killed = std::mem::ManuallyDrop::new(writer);
    let now = test.app.now();
    let before = now - std::time::Duration::from_secs(1);
    assert_eq!(objects.delete_unfinished(before).await.expect("swept"), 0, "it may be in progress");
    let later = now + std::time::Duration::from_secs(3601);
    assert_eq!(objects.delete_unfinished(later).await.expect("swept"), 1);
    assert_eq!(objects.delete_unfinished(later).await.expect("swept"), 0);
}

#[tokio::test]
async fn unreachable_bucket_returns_503_and_loses_nothing() {
    let test = server(&[("object_storage.endpoint", "http://127.0.0.1:9")]).await;
    let token = test.token(&test.partner().await).await;
    let mut body = ("education".parse::<credential::Type>().expect("a type").sample)();
    body["assets"] = json!([{ "asset_id": "1", "asset_type": "pdf", "asset_data": Value::Null }]);
    let answer = test.post("/api/partner/v2/add/requests/education", &token, &body).await.assert_status(201).json();
    let document = samples::bytes(&mut samples::pdf(|_, _| {}));
    let link = &answer["assets"][0]["upload_url"];
    let answer = test.upload(link, "application/pdf", document).await.assert_status(503);
    assert!(!answer.header("retry-after").is_empty());
    let id = body["credential_id"].as_str().expect("an id");
    assert_eq!(test.status(&token, id).await["assets"][0]["state"], "awaited");
}
