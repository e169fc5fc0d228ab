//! Qualifying facts are part of every presentation from an outside wallet, whatever the wallet
//! omits.

use std::time::Duration;

use credential::format::sd_jwt_vc::SdJwtVc;
use serde_json::{Value, json};

use super::support::{Scene, refused, scene, sent_to};
use crate::support::app::TestApp;
use crate::support::response::content;
use crate::support::wallet::{TestWallet, make_offer};

/// Returns a scene whose outside wallet has the sample of a type with some fields changed.
pub(super) async fn holding<'a>(test: &'a TestApp, name: &str, change: &Value) -> Scene<'a> {
    let mut scene = scene(test).await;
    let known: credential::Type = name.parse().expect("a type");
    let mut body = (known.sample)();
    body["assets"] = json!([]);
    body["fields"].as_object_mut().expect("fields").extend(change.as_object().expect("a change").clone());
    let path = format!("/api/partner/v2/add/requests/{name}");
    let id = content(&test.post(&path, &scene.token, &body).await.assert_status(201).json());
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    let wallet = TestWallet::new(test);
    let access = wallet.token(&make_offer(test, &mut person, id).await).await;
    let fetched = wallet.fetch(&access, &format!("{name}_dc+sd-jwt")).await.assert_status(200).json();
    fetched["credentials"][0]["credential"].as_str().expect("a credential").clone_into(&mut scene.credential);
    scene
}

/// Presents only `place` and the claims that a wallet cannot omit.
fn least(scene: &Scene<'_>, place: &str) -> String {
    let credential = SdJwtVc::read(&scene.credential).expect("a credential");
    credential.sd_jwt.present(|shown| shown == place).expect("shown")
}

// Conforms: OpenID4VP 8.6
#[tokio::test]
async fn outside_wallet_cannot_hide_what_is_always_shown() {
    let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
    for (name, change, claim) in [
        ("universal_credential", json!({ "expiry_date": "2026-12-01" }), "expiry_date"),
        ("education", json!({ "awaiting_graduation": true, "conferral_year": null }), "awaiting_graduation"),
    ] {
        let scene = holding(&test, name, &change).await;
        let asked = if name == "education" { "course_name" } else { "credential_name" };
        let (request_id, content) = scene.ask_for(name, &json!({ "claims": [asked] })).await;
        let mut browser = test.browser();
        let begun = scene.begin(&mut browser, content, "same_device").await;
        let paths: Vec<&Value> = begun.request["dcql_query"]["credentials"][0]["claims"]
            .as_array()
            .expect("claims")
            .iter()
            .map(|claim| &claim["path"])
            .collect();
        assert_eq!(paths, [&json!(["full_name"]), &json!([asked])], "what is always shown needs no choice");
        let shown = scene.bind(&begun, &least(&scene, &format!("/{asked}")));
        let answer = scene.answer(&begun, &shown).await.assert_status(200);
        browser.get(&sent_to(&test, &answer)).await.assert_status(303);
        let result = scene.result(&request_id).await;
        assert_eq!(result["credential"][claim], change[claim], "{name}: {result}");
        assert_eq!(result["credential"].as_object().map(serde_json::Map::len), Some(3), "{result}");
        assert!(result["verification"]["presentation"].is_object(), "nothing else was shown: {result}");
    }
}

#[tokio::test]
async fn expired_credential_of_an_outside_wallet_is_refused() {
    let test = TestApp::new().await;
    let scene = holding(&test, "universal_credential", &json!({ "expiry_date": "2026-11-24" })).await;
    test.advance(Duration::from_secs(3 * 86_400));
    let token = test.token(&scene.partner).await;
    let scene = Scene { token, ..scene };
    let (request_id, content) = scene.ask_for("universal_credential", &json!({ "claims": ["credential_name"] })).await;
    let begun = scene.begin(&mut test.browser(), content, "same_device").await;
    let shown = scene.bind(&begun, &least(&scene, "/credential_name"));
    refused(&scene.answer(&begun, &shown).await, "It expired on 24 November 2026.");
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
}

#[tokio::test]
async fn earlier_credentials_that_could_hide_fields_are_not_requested() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let begun = scene.begin(&mut test.browser(), content, "same_device").await;
    let types = &begun.request["dcql_query"]["credentials"][0]["meta"]["vct_values"];
    let at = |number: u8| format!("http://localhost:8080/credentials/career_history/{number}");
    assert_eq!(*types, json!([at(3), at(2)]), "all but the first");
}
