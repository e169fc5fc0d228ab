//! Results of presentations whose issuer is still listed, after the operator replaced what made it
//! trusted.

use std::path::Path;
use std::time::Duration;

use rcgen::{SanType, date_time_ymd};
use serde_json::{Value, json};
use tenure::flows::files;

use super::pid::{CERTIFIED, LISTED, PID, Person, certified_key, names, present, trusting};
use super::support::{Scene, scene};
use crate::support::app::TestApp;
use crate::support::certificates::{TestAuthority, pem, x5c};
use crate::support::wallet::key;

/// Replaces a file of the settings, and reads the files again.
async fn replace(test: &TestApp, name: &str, content: &str) {
    std::fs::write(test.folder.path().join(name), content).expect("written");
    files::reload(&test.app).await.expect("read");
}

/// Fetches a result again; returns its verification.
async fn again(scene: &Scene<'_>, result: &Value) -> Value {
    let token = scene.test.token(&scene.partner).await;
    let path = format!("/api/partner/v2/verify/requests/{}", result["request_id"].as_str().expect("an id"));
    scene.test.get_with(&path, &token).await.assert_status(200).json()["verification"].clone()
}

fn assert_issuer_unknown(checked: &Value) {
    assert_eq!((&checked["verdict"], &checked["valid"]), (&json!("issuer_unknown"), &json!(false)), "{checked}");
    assert_eq!((&checked["trusted_by"], &checked["at_consent"]["valid"]), (&Value::Null, &json!(true)), "{checked}");
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

#[tokio::test]
async fn issuer_of_a_replaced_anchor_is_unknown_in_the_result() {
    let (test, chain) = trusting().await;
    let scene = scene(&test).await;
    let by = (&certified_key(), json!({ "x5c": chain }));
    let found = present(&scene, &names(), &Person::new(&scene, CERTIFIED), by).await;
    let trusted_by = json!({ "kind": "certificate_chain", "anchor": "CN=PID Root CA" });
    assert_eq!(found["verification"]["trusted_by"], trusted_by);
    let before = read(&test.folder.path().join("anchors.pem"));
    replace(&test, "anchors.pem", &pem(&[&TestAuthority::new("PID Root CA").certificate])).await;
    assert_issuer_unknown(&again(&scene, &found).await);
    replace(&test, "anchors.pem", &before).await;
    let checked = again(&scene, &found).await;
    assert_eq!((&checked["verdict"], &checked["trusted_by"]), (&json!("valid"), &trusted_by), "{checked}");
}

#[tokio::test]
async fn issuer_of_a_removed_key_is_unknown_in_the_result() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let by = (&key(30), json!({ "kid": "k1" }));
    let found = present(&scene, &names(), &Person::new(&scene, LISTED), by).await;
    let list = |kid: &str| {
        let keys = json!({ "keys": [key(31).public().published_jwk(kid)] });
        json!({ LISTED: { "jwks": keys, "types": { "digital_identity": [PID] } } }).to_string()
    };
    replace(&test, "issuers.json", &list("k2")).await;
    assert_issuer_unknown(&again(&scene, &found).await);
    replace(&test, "issuers.json", &list("k1")).await;
    let checked = again(&scene, &found).await;
    assert_eq!((&checked["verdict"], &checked["trusted_by"]), (&json!("invalid"), &Value::Null), "{checked}");
}

#[tokio::test]
async fn issuer_of_an_expired_certificate_stays_trusted_in_the_result() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let root = TestAuthority::new("Other Root CA");
    let host = SanType::DnsName("certified.example".try_into().expect("ASCII"));
    let leaf = root.certify(&certified_key(), |params| {
        params.subject_alt_names = vec![host];
        params.not_after = date_time_ymd(2026, 11, 24);
    });
    replace(&test, "anchors.pem", &pem(&[&root.certificate])).await;
    let by = (&certified_key(), json!({ "x5c": x5c(&[&leaf]) }));
    let found = present(&scene, &names(), &Person::new(&scene, CERTIFIED), by).await;
    assert_eq!(found["verification"]["verdict"], "valid", "{found}");
    test.advance(Duration::from_secs(16 * 3600));
    let checked = again(&scene, &found).await;
    assert_eq!(checked["verdict"], "not_checkable", "{checked}");
    assert_eq!(checked["trusted_by"], json!({ "kind": "certificate_chain", "anchor": "CN=Other Root CA" }));
}
