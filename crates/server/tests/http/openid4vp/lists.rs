//! Lists are requested and disclosed whole, and a withheld list is left out of the result.

use credential::format::sd_jwt_vc::SdJwtVc;
use serde_json::{Value, json};

use super::always_shown::holding;
use super::support::{refused, scene, sent_to};
use crate::support::app::TestApp;

/// Many wallets select claims by name only. They can present a list only if it is one disclosure.
// Conforms: OpenID4VP 6; OpenID4VP 7
#[tokio::test]
async fn wallet_that_cannot_select_items_presents_a_whole_list() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let read = SdJwtVc::read(&scene.credential).expect("a credential");
    let places = read.disclosed.places.iter().filter(|place| place.starts_with("/employment"));
    assert_eq!(places.collect::<Vec<_>>(), ["/employment"], "one disclosure, with none inside");
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let claims = asked.request["dcql_query"]["credentials"][0]["claims"].as_array().expect("claims");
    let names: Vec<String> = claims
        .iter()
        .map(|claim| claim["path"].as_array().expect("a path"))
        .map(|path| path.iter().map(|step| format!("/{}", step.as_str().expect("only names"))).collect())
        .collect();
    let shown = read.sd_jwt.present(|place| names.iter().any(|name| name == place)).expect("shown");
    let answer = scene.answer(&asked, &scene.bind(&asked, &shown)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    let result = scene.result(&request_id).await;
    assert_eq!(result["credential"]["employment"].as_array().map(Vec::len), Some(2), "{result}");
    assert!(result.get("withheld").is_none(), "{result}");
}

/// As in the person's wallet here, all fields but those that are always shown can be withheld.
// Conforms: OpenID4VP 6
#[tokio::test]
async fn outside_wallet_withholds_a_list_of_every_credential() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let read = SdJwtVc::read(&scene.credential).expect("a credential");
    let only_name = read.sd_jwt.present(|_| false).expect("shown");
    let mut browser = test.browser();
    let (request_id, content) = scene.ask(&json!({ "claims": ["full_name", "employment"] })).await;
    let asked = scene.begin(&mut browser, content, "same_device").await;
    assert_eq!(asked.request["dcql_query"]["credentials"][0]["claim_sets"], json!([["c0", "c1"], ["c0"]]));
    let answer = scene.answer(&asked, &scene.bind(&asked, &only_name)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    let result = scene.result(&request_id).await;
    assert_eq!(result["credential"], json!({ "full_name": "Ada Marker-Lovelace" }), "{result}");
    assert_eq!(result["withheld"], json!(["/employment"]));
    // At least one requested field must be shown.
    let (_, content) = scene.ask(&json!({ "claims": ["employment"] })).await;
    let asked = scene.begin(&mut browser, content, "same_device").await;
    refused(&scene.answer(&asked, &scene.bind(&asked, &only_name)).await, "is not disclosed");
}

// Conforms: OpenID4VP 6
#[tokio::test]
async fn withheld_list_is_left_out_of_the_result() {
    let test = TestApp::new().await;
    let scene = holding(&test, "education", &json!({})).await;
    let asked_for = json!({ "claims": ["course_name", "majors", "transcript"] });
    let (request_id, content) = scene.ask_for("education", &asked_for).await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let read = SdJwtVc::read(&scene.credential).expect("a credential");
    let is_withheld = |place: &str| place == "/majors" || place == "/transcript/subjects";
    let is_shown = |place: &str| (place == "/course_name" || place.starts_with("/transcript/")) && !is_withheld(place);
    assert_eq!(read.disclosed.places.iter().filter(|place| is_withheld(place)).count(), 2, "both are there");
    let shown = scene.bind(&asked, &read.sd_jwt.present(is_shown).expect("shown"));
    let answer = scene.answer(&asked, &shown).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    let result = scene.result(&request_id).await;
    let credential = result["credential"].as_object().expect("an object");
    assert!(!credential.contains_key("majors"), "{result}");
    assert_eq!(result["withheld"], json!(["/majors"]), "{result}");
    let transcript = credential["transcript"].as_object().expect("an object");
    assert!(transcript.contains_key("overall") && !transcript.contains_key("subjects"), "{result}");
    assert_eq!(result["verification"]["not_shown"]["in_part"], json!(["/transcript"]), "{result}");
    assert_ne!(result["verification"]["presentation"], Value::Null, "nothing else was shown");
}
