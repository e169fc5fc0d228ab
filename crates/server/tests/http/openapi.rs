//! The OpenAPI document: a snapshot for review, and its invariants.

use crate::support::app::TestApp;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Map, Value, json};
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

fn operations(section: &str) -> impl Iterator<Item = (String, &'static Value)> {
    let paths = DOCUMENT[section].as_object().expect("a section").iter();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// Returns a header or another object of the document, which may be a reference.
fn resolve(value: &'static Value) -> &'static Value {
    let reference = value["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(reference.strip_prefix('#')?));
    reference.unwrap_or(value)
}

#[test]
fn every_json_body_has_a_named_schema_and_an_example() {
    let mut seen = 0;
    for (place, operation) in operations("paths").chain(operations("webhooks")) {
        let responses = operation["responses"].as_object().into_iter().flat_map(Map::values);
        for body in responses.chain(operation.get("requestBody")) {
            for (media_type, content) in resolve(body)["content"].as_object().into_iter().flatten() {
                let is_text = content["schema"]["type"] == "string";
                assert!(is_text || content["schema"]["$ref"].is_string(), "{place} {media_type}");
                let is_binary = content["schema"]["format"] == "binary";
                assert!(is_binary || content.get("example").is_some(), "{place} {media_type}");
                assert!(!content["example"].to_string().contains("\"...\""), "{place}: {}", content["example"]);
                seen += 1;
            }
        }
    }
    assert!(seen > 400, "{seen}");
}

#[test]
fn every_array_of_the_document_has_items() {
    fn check(value: &Value, place: &str) {
        let kinds = [json!("array"), json!(["array", "null"])];
        if kinds.contains(&value["type"]) {
            assert!(value["items"].is_object(), "{place}");
        }
        for (name, member) in value.as_object().into_iter().flatten() {
            check(member, &format!("{place}/{name}"));
        }
    }
    check(&DOCUMENT["components"]["schemas"], "");
}

#[tokio::test]
async fn operations_with_a_token_document_an_invalid_query() {
    for (place, operation) in operations("paths") {
        let is_open = operation["security"].as_array().is_none_or(Vec::is_empty);
        assert!(is_open || operation["responses"]["400"].is_object(), "{place}");
    }
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test.get_with("/api/partner/v2/webhooks?page=1", &token).await.assert_status(400);
    let operation = &DOCUMENT["paths"]["/api/partner/v2/webhooks"]["get"];
    let documented = &resolve(&operation["responses"]["400"])["content"]["application/problem+json"]["example"];
    assert_eq!(answer.json()["detail"], documented["detail"]);
}

#[test]
fn parameters_are_never_null() {
    for (place, operation) in operations("paths").chain(operations("webhooks")) {
        for parameter in operation["parameters"].as_array().into_iter().flatten().map(resolve) {
            assert!(parameter["schema"]["type"].is_string(), "{place}: {parameter}");
        }
    }
}

#[test]
fn references_name_components_only() {
    let mut found = Vec::new();
    references(&DOCUMENT, &mut found);
    for reference in found {
        assert_eq!(reference.split('/').count(), 4, "{reference}");
    }
}

#[test]
fn open_operations_say_that_they_need_no_token() {
    for (place, operation) in operations("paths").chain(operations("webhooks")) {
        assert!(operation["security"].is_array(), "{place}");
    }
    assert_eq!(DOCUMENT["paths"]["/api/partner/v1/oauth/token"]["post"]["security"], json!([]));
}

#[test]
fn both_responses_to_a_push_have_its_link() {
    for (place, operation) in operations("paths").filter(|(place, _)| place.contains("/add/")) {
        let schema = |status: &str| resolve(&operation["responses"][status]["content"]["application/json"]["schema"]);
        if operation["responses"]["201"].is_null() {
            continue;
        }
        assert!(schema("201")["required"].as_array().expect("fields").contains(&json!("redirect_uri")), "{place}");
        assert_eq!(schema("200")["properties"]["redirect_uri"], schema("201")["properties"]["redirect_uri"], "{place}");
        let optional = schema("200")["required"].as_array().expect("fields");
        assert!(["redirect_uri", "dry_run", "headline"].iter().all(|name| !optional.contains(&json!(name))), "{place}");
    }
}

#[test]
fn documented_values_are_those_of_the_code() {
    use store::domain::asset::{AssetStage, Failure};
    use store::domain::submission::CancelReason;
    use store::domain::webhook::{DeliveryError, DeliveryState};
    let values = |name: &str| DOCUMENT["components"]["schemas"][name]["enum"].clone();
    let reasons = [CancelReason::Declined, CancelReason::Expired, CancelReason::Withdrawn];
    assert_eq!(values("CancelReason"), json!(reasons.map(CancelReason::name)));
    let failed = AssetStage::Failed(Failure::Late);
    let stages = [AssetStage::Awaited, AssetStage::Fetching, AssetStage::Stored, failed, AssetStage::Deleted];
    assert_eq!(values("AssetState"), json!(stages.map(AssetStage::name)));
    let failures =
        [Failure::AddressRefused, Failure::Unreachable, Failure::TooLarge, Failure::ContentRefused, Failure::Late];
    assert_eq!(values("AssetFailure"), json!(failures.map(Failure::name)));
    assert_eq!(values("DeliveryState"), json!(DeliveryState::ALL.map(DeliveryState::name)));
    let errors = [DeliveryError::TimedOut, DeliveryError::Unreachable, DeliveryError::AddressRefused];
    assert_eq!(values("AttemptError"), json!(errors.map(DeliveryError::name)));
    assert_eq!(values("CheckName"), json!(credential::verification::Step::ALL.map(|step| step.name())));
    assert_eq!(values("SignedFormat"), json!(credential::format::Format::ALL.map(|format| format.name())));
    let types: Vec<&str> = credential::ALL.iter().map(|known| known.name()).collect();
    assert_eq!(values("CredentialType"), json!(types));
    let delivered: Vec<&str> = credential::EVENT_TYPES.values.iter().copied().chain(["tenure.test"]).collect();
    assert_eq!(values("DeliveredEventType"), json!(delivered));
    assert_eq!(values("EventType"), json!(credential::EVENT_TYPES.values));
}

/// Names of fields whose values are listed.
const LISTED: [&str; 7] = ["status", "reason", "type", "state", "error", "outcome", "verdict"];

/// A field of requests that is text in the baseline: an enumeration would be a breaking difference
/// (D-387).
const OPEN_IN_REQUESTS: &str = "ListenerResultBody error";

/// Returns whether a description lists values, such as "`waiting` or `failed`".
fn lists_values(description: &str) -> bool {
    let quoted = description.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')).count() > 1
}

/// Returns whether a schema, or one of its choices, is an enumeration.
fn has_values(schema: &'static Value) -> bool {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    std::iter::once(schema).chain(choices).any(|choice| resolve(choice)["enum"].is_array())
}

#[test]
fn fields_with_listed_values_are_enumerations() {
    let mut seen = 0;
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        for (field, member) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{name} {field}");
            let choices = member["oneOf"].as_array().into_iter().flatten();
            let mut described = std::iter::once(member).chain(choices);
            let is_listed = described.any(|one| one["description"].as_str().is_some_and(lists_values));
            if LISTED.contains(&field.as_str()) && is_listed && place != OPEN_IN_REQUESTS {
                let kinds = [&member["type"], &member["type"][0]];
                let is_number = kinds.iter().any(|kind| **kind == "integer");
                assert!(is_number || has_values(member), "{place}: {member}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
    for (name, field, values) in [
        ("SubmissionAnswer", "type", "CredentialType"),
        ("VerificationRequestAnswer", "type", "CredentialType"),
        ("DeliveryAnswer", "type", "DeliveredEventType"),
        ("ForwardableEvent", "type", "DeliveredEventType"),
    ] {
        let reference = &DOCUMENT["components"]["schemas"][name]["properties"][field]["$ref"];
        assert_eq!(*reference, format!("#/components/schemas/{values}"), "{name} {field}");
    }
}

#[test]
fn every_type_of_event_has_a_webhook() {
    use store::domain::webhook::AnnouncementKind;
    let documented: Vec<&str> =
        DOCUMENT["webhooks"].as_object().expect("webhooks").keys().map(String::as_str).collect();
    for kind in AnnouncementKind::ALL {
        assert!(documented.contains(&kind.name()), "{}", kind.name());
    }
    for (place, operation) in operations("webhooks") {
        let content = &operation["requestBody"]["content"]["application/json"];
        assert!(place.ends_with(content["example"]["type"].as_str().expect("a type")), "{place}");
    }
}

#[tokio::test]
async fn headers_of_responses_are_documented_as_sent() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let id = partner.id.to_string();
    let form = [("grant_type", "client_credentials"), ("client_id", &*id), ("client_secret", &*partner.secret)];
    let body = (credential::Type::default().sample)();
    let v1 = "/api/partner/v1/submissions/1/status";
    for (place, answer) in [
        (
            "post /api/partner/v2/add/requests/career_history",
            test.post("/api/partner/v2/add/requests/career_history", &token, &body).await,
        ),
        (
            "post /api/partner/v2/add/requests/career_history",
            test.post("/api/partner/v2/add/requests/career_history", "x", &body).await,
        ),
        ("get /api/partner/v1/submissions/{id}/status", test.get_with(v1, &token).await),
        ("get /healthz", test.get("/healthz").await),
        ("post /api/partner/v1/oauth/token", test.token_form(&form, None).await),
    ] {
        let (_, operation) = operations("paths").find(|(name, _)| name == place).expect("an operation");
        let documented = &resolve(&operation["responses"][answer.status.as_str()])["headers"];
        for name in [
            "x-request-id",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "www-authenticate",
            "deprecation",
            "link",
            "pragma",
        ] {
            let mut names = documented.as_object().expect("headers").iter();
            let is_documented =
                names.any(|(known, header)| known.eq_ignore_ascii_case(name) && resolve(header)["schema"].is_object());
            assert_eq!(answer.headers.contains_key(name), is_documented, "{place} {} {name}", answer.status);
        }
    }
}

#[test]
fn examples_of_responses_are_those_to_the_request() {
    let example = |path: &str, status: &str| {
        DOCUMENT["paths"][path]["post"]["responses"][status]["content"]["application/json"]["example"].clone()
    };
    let link = |path: &str| example(path, "201")["redirect_uri"].as_str().expect("a link").to_owned();
    for known in credential::ALL {
        let path = format!("/api/partner/v2/add/requests/{known}");
        let sample = (known.sample)();
        let first = sample["assets"][0]["asset_type"].as_str().unwrap_or("none");
        assert!(link(&path).contains(&format!("/partner/add/{}#clientId=", known.redirect_name)), "{path}");
        assert!(link(&path).contains(&format!("&documentType={first}&content=")), "{path}");
        assert_eq!(example(&path, "201")["credential_id"], sample["credential_id"]);
        assert_eq!(example(&path, "200")["headline"], known.headline(&sample["fields"]));
        if known.v1.is_some() {
            let old = format!("/api/partner/v1/add/{known}");
            assert!(link(&old).contains(&format!("/partner/add/{}#clientId=", known.redirect_name)), "{old}");
            assert_eq!(example(&old, "201").as_object().map(Map::len), Some(1));
        }
    }
    for path in ["/api/partner/v2/add/requests/batch", "/api/partner/v1/add/batch"] {
        assert!(link(path).contains("/partner/add/batch#clientId=") && !link(path).contains("documentType"), "{path}");
        assert!(example(path, "200")["items"][0]["headline"].is_string(), "{path}");
    }
    let uploads = example("/api/partner/v2/add/requests/education", "201")["assets"].clone();
    assert_eq!((&uploads[0]["asset_id"], &uploads[0]["content_type"]), (&json!("testamur"), &json!("application/pdf")));
    assert!(uploads[0]["upload_url"].is_string() && uploads[0]["expires_at"].is_string(), "{uploads}");
}

#[test]
fn compressed_status_requests_are_documented() {
    for version in ["v1", "v2"] {
        let path = format!("/api/partner/{version}/submissions/status");
        let response = resolve(&DOCUMENT["paths"][path]["post"]["responses"]["415"]);
        assert!(response["headers"]["Accept-Encoding"].is_object(), "{version}");
    }
}

#[tokio::test]
async fn document_is_compressed_and_not_sent_twice() {
    let test = TestApp::new().await;
    let get = |name: &'static str, value: &str| {
        let request = Request::get("/api/partner/openapi.json").header(name, value);
        test.send(request.body(Body::empty()).expect("a request"))
    };
    let answer = get("accept-encoding", "gzip").await.assert_status(200);
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), ("gzip", "accept-encoding"));
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let tag = answer.header("etag").to_owned();
    get("if-none-match", &tag).await.assert_status(304);
}

#[tokio::test]
async fn document_can_be_read_from_every_origin() {
    let test = TestApp::new().await;
    for path in ["/api/partner/openapi.json", "/api/partner/openapi"] {
        let answer = test.get(path).await.assert_status(200);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    }
    assert_eq!(test.get("/api/partner/v2/webhooks").await.header("access-control-allow-origin"), "");
}
