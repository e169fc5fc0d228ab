//! The files of trusted issuers are read again while the server runs.

use credential::Type;
use serde_json::{Value, json};
use tenure::flows::files;

use crate::support::app::TestApp;
use crate::support::certificates::{TestAuthority, pem, uri, x5c};
use crate::support::wallet::key;

const VCT: &str = "https://issuer.example/career";

#[tokio::test]
async fn trusted_issuers_are_read_again_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (issuers, anchors) = (folder.path().join("issuers.json"), folder.path().join("anchors.pem"));
    let list = |issuer: &str, content: Value| {
        std::fs::write(&issuers, json!({ issuer: content }).to_string()).expect("written");
    };
    let types = json!({ "career_history": [VCT] });
    let (old, new) = (TestAuthority::new("Old root"), TestAuthority::new("New root"));
    std::fs::write(&anchors, pem(&[&old.certificate])).expect("written");
    list("https://a.example", json!({ "types": types }));
    let test = TestApp::builder()
        .setting("openid4vp.trusted_issuers", &issuers.display().to_string())
        .setting("openid4vp.trust_anchors", &anchors.display().to_string())
        .start()
        .await;
    let trusted = test.app.trusted_issuers();
    let known: Type = "career_history".parse().expect("a type");
    let issues = |issuer: &str| trusted.issues(issuer, known, VCT);
    let reload = async || files::reload(&test.app).await.expect("read");
    let is_certified = |root: &TestAuthority, issuer: &str| {
        let chain = x5c(&[&root.certify(&key(60), |params| params.subject_alt_names = vec![uri(issuer)])]);
        trusted.keys(issuer, Some(&chain), test.app.now()).is_ok_and(|keys| keys.is_some())
    };
    assert!(issues("https://a.example") && !issues("https://b.example"));
    assert!(is_certified(&old, "https://a.example") && !is_certified(&new, "https://a.example"));
    for content in [json!({ "types": { "salary": [VCT] } }), json!({ "jwks": { "keys": [] } }), json!(7)] {
        list("https://b.example", content);
        reload().await;
        assert!(issues("https://a.example") && !issues("https://b.example"));
        assert!(test.app.metrics().encode().contains("tenure_stale_files 1"));
    }
    list("https://b.example", json!({ "types": types }));
    std::fs::write(&anchors, pem(&[&new.certificate])).expect("written");
    reload().await;
    assert!(!issues("https://a.example") && issues("https://b.example"));
    assert!(!is_certified(&old, "https://b.example") && is_certified(&new, "https://b.example"));
    assert!(test.app.metrics().encode().contains("tenure_stale_files 0"));
    std::fs::remove_file(&issuers).expect("removed");
    reload().await;
    assert!(issues("https://b.example"), "a missing file is invalid, not empty");
}
