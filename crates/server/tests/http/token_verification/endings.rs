//! Tokens of this server that were replaced or revoked, or that expired.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Scene, access_token, not_passed};
use crate::support::app::TestApp;

fn licence(expiry_date: &str) -> Value {
    let known: credential::Type = "universal_credential".parse().expect("a type");
    let mut body = (known.sample)();
    body["assets"] = json!([]);
    body["fields"]["expiry_date"] = json!(expiry_date);
    body
}

#[tokio::test]
async fn replaced_and_revoked_tokens_have_different_results() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let tokens = [
        scene.presentation().await,
        scene.credential("career_history_dc+sd-jwt").await,
        scene.credential("career_history_vc+jwt").await,
    ];
    let newer = test.push(&scene.token, "newer").await;
    scene.person.accept(newer).await;
    test.advance(Duration::from_secs(2));
    for token in &tokens {
        let report = scene.verify(token).await;
        assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("replaced")), "{report}");
        assert!(not_passed(&report).contains(&"status failed replaced".to_owned()), "{report}");
        assert_eq!(report["subject"], json!({ "names": ["Ada Marker-Lovelace"], "consistency": "same" }));
    }
    scene.delete().await;
    for token in &tokens {
        let report = scene.verify(token).await;
        assert_eq!((&report["verdict"], &report["expired_on"]), (&json!("invalid"), &json!(null)), "{report}");
        assert!(not_passed(&report).contains(&"status failed revoked".to_owned()), "{report}");
    }
}

#[tokio::test]
async fn deleted_token_is_revoked_in_the_next_check() {
    let test = TestApp::new().await;
    let mut scene = Scene::new(&test).await;
    let tokens = [scene.presentation().await, scene.credential("career_history_vc+jwt").await];
    for token in &tokens {
        assert_eq!(scene.verify(token).await["verdict"], "valid");
    }
    // The clock stands still, so a cached status list would still be current.
    scene.person.post(&format!("/wallet/credentials/{}/delete", scene.held), &[]).await.assert_status(303);
    for token in &tokens {
        let report = scene.verify(token).await;
        assert_eq!(report["verdict"], "invalid", "{report}");
        assert!(not_passed(&report).contains(&"status failed revoked".to_owned()), "{report}");
    }
}

#[tokio::test]
async fn expired_token_says_since_when_and_what_was_left_out() {
    let test = TestApp::new().await;
    let mut scene = Scene::holding(&test, "universal_credential", &licence("2026-11-30")).await;
    let token = scene.share("/credential_name").await;
    let report = scene.verify(&token).await;
    assert_eq!((&report["verdict"], &report["expired_on"]), (&json!("valid"), &json!(null)), "{report}");
    assert_eq!(report["not_shown"], json!({ "count": 3, "at_most": false }), "category, issuer and details");
    assert_eq!(report["claims"]["expiry_date"], "2026-11-30", "it is always shown");
    test.advance(Duration::from_secs(9 * 86_400));
    scene.token = access_token(&test, "").await;
    let report = scene.verify(&token).await;
    assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("expired")), "{report}");
    assert_eq!(
        (&report["expired_on"], not_passed(&report)),
        (&json!("2026-11-30"), vec!["dates failed expired".to_owned()])
    );
    let changed = token.replacen('~', "A~", 1);
    let report = scene.verify(&changed).await;
    assert_eq!(report["verdict"], "invalid");
    for member in ["subject", "expired_on", "not_shown", "claims"] {
        assert_eq!(report[member], json!(null), "{member}");
    }
}
