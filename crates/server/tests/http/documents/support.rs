//! Pushes with documents, and the objects on disk.

use std::time::Duration;

use credential::Type;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::delivered::delivered_pdf;
use crate::support::samples;

pub const EDUCATION: &str = "/api/partner/v2/add/requests/education";

pub const MICRO: &str = "/api/partner/v2/add/requests/microcredential";

pub const HOUR: Duration = Duration::from_secs(3600);

pub const SINGLE: &str = include_str!("../../../../credential/tests/opencerts/single.json");

/// Returns a PDF in its delivered form: inspecting it again gives the same bytes.
pub fn pdf() -> Vec<u8> {
    delivered_pdf(&samples::bytes(&mut samples::pdf(|_, _| {})))
}

pub fn body(name: &str, id: &str, assets: &Value) -> Value {
    let mut body = (name.parse::<Type>().expect("a type").sample)();
    body["credential_id"] = json!(id);
    body["assets"] = assets.clone();
    body
}

pub fn asset(kind: &str, data: impl Into<Value>) -> Value {
    let data: Value = data.into();
    json!([{ "asset_id": "the-document", "asset_type": kind, "asset_data": data }])
}

/// Pushes an education whose document is not uploaded yet; returns the body of the response.
pub async fn push_awaiting_pdf(test: &TestApp, token: &str) -> Value {
    test.post(EDUCATION, token, &body("education", "1", &asset("pdf", Value::Null))).await.assert_status(201).json()
}

pub fn request_id(answer: &Value) -> Uuid {
    answer["request_id"].as_str().expect("an id").parse().expect("a UUID")
}

/// Counts the objects on disk, complete or not.
pub fn objects(test: &TestApp) -> usize {
    walk(&test.folder.path().join("documents")).len()
}

pub async fn clean(test: &TestApp) {
    tenure::flows::document_sweep::delete_dropped_objects(&test.app).await.expect("deleted");
}

/// Returns the paths of the documents on a page.
pub fn links(page: &str) -> Vec<String> {
    let parts = page.split("href=\"/documents/").skip(1).filter_map(|part| part.split_once('"'));
    parts.map(|(id, _)| format!("/documents/{id}")).collect()
}

pub async fn open<'a>(test: &'a TestApp, email: &str, answer: &Value) -> (Browser<'a>, String) {
    let mut person = test.signed_in(email).await;
    let location = person.open(request_id(answer)).await.redirect().to_owned();
    (person, location)
}

pub fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
