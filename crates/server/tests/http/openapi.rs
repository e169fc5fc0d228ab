//! The OpenAPI document: a snapshot for review, and its invariants.

use crate::support::app::TestApp;
use serde_json::Value;
use tenure::api::openapi::DOCUMENT;

#[test]
fn openapi_document_matches_its_snapshot() {
    insta::assert_json_snapshot!("openapi", &*DOCUMENT);
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn openapi_document_is_3_1_and_all_references_resolve() {
    let test = TestApp::new().await;
    let served = test.get("/api/partner/openapi.json").await.assert_status(200).json();
    assert!(served["openapi"].as_str().expect("a version").starts_with("3.1"));
    let mut found = Vec::new();
    references(&served, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(served.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_type_has_a_path_scope_and_sample() {
    for known in credential::ALL {
        let operation = &DOCUMENT["paths"][format!("/api/partner/v2/add/requests/{}", known.name())]["post"];
        assert_eq!(operation["security"][0]["oauth"][0], known.write_scope);
        assert_eq!(operation["requestBody"]["content"]["application/json"]["example"], (known.sample)());
    }
}
