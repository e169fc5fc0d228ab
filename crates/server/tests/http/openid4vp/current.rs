//! Results of presentations from another issuer, fetched after its status list changed or became
//! unreachable.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use credential::key::SoftwareKey;
use credential::status::{StatusList, token_payload};
use serde_json::{Value, json};
use tenure::outbound::Lookup;

use super::support::{Scene, foreign_with, scene, sent_to};
use crate::support::app::{PUSH, TestApp};
use crate::support::https::{HttpsServer, serve};
use crate::support::names::{addresses, table};
use crate::support::wallet::{key, signed};

const HOST: &str = "issuer.example";

/// Longer than a status list of another issuer is cached.
const LATER: Duration = Duration::from_secs(31);

type Published = Arc<Mutex<Option<String>>>;

async fn status_list(State(published): State<Published>) -> Result<String, StatusCode> {
    published.lock().expect("a list").clone().ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// A trusted issuer with its status list.
struct Issuer {
    server: HttpsServer,
    published: Published,
    key: SoftwareKey,
    address: String,
}

impl Issuer {
    async fn new() -> Self {
        let published = Published::default();
        let server = serve(&[HOST], Router::new().fallback(status_list).with_state(published.clone())).await;
        let address = format!("https://{HOST}:{}", server.port);
        Self { server, published, key: key(30), address }
    }

    fn list_address(&self) -> String {
        format!("{}/status/1", self.address)
    }

    fn publish(&self, test: &TestApp, revoked: &[u32]) {
        let now = test.app.now().seconds();
        let list = StatusList::of_revoked(64, revoked.iter().copied());
        let payload = token_payload(&list, &self.list_address(), (now, now + 600), 60);
        let token = signed(&self.key, json!({ "typ": "statuslist+jwt", "kid": "k1" }), &payload);
        *self.published.lock().expect("a list") = Some(token);
    }

    fn go_away(&self) {
        *self.published.lock().expect("a list") = None;
    }

    fn requests(&self) -> usize {
        self.server.requests.load(Ordering::SeqCst)
    }

    /// Starts the application so that it trusts and reaches this issuer.
    async fn app(&self) -> TestApp {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (roots, listed) = (path("roots.pem"), path("issuers.json"));
        std::fs::write(&roots, &self.server.certificate).expect("written");
        let keys = json!({ "keys": [self.key.public().published_jwk("k1")] });
        let mut issuers = json!({});
        issuers[&self.address] = json!({ "jwks": keys });
        std::fs::write(&listed, issuers.to_string()).expect("written");
        let settings = [
            ("outbound.allowed_networks", "127.0.0.0/8"),
            ("outbound.allowed_ports", "1-65535"),
            ("outbound.ca_file", roots.as_str()),
            ("openid4vp.trusted_issuers", listed.as_str()),
        ];
        let names = table(&[(HOST, vec![addresses(&["127.0.0.1"])])]);
        TestApp::builder().settings(&settings).folder(folder).lookup(Lookup::Table(names)).start().await
    }

    /// Presents a credential of this issuer that has index 3 in its list; returns the request's id.
    async fn present(&self, scene: &Scene<'_>) -> String {
        let (request_id, content) = scene.ask_for_all().await;
        let mut browser = scene.test.browser();
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let shown = foreign_with(scene, &asked, &self.address, &self.key, json!({ "kid": "k1" }), |payload| {
            payload["status"] = json!({ "status_list": { "idx": 3, "uri": self.list_address() } });
        });
        let answer = scene.answer(&asked, &shown).await.assert_status(200);
        browser.get(&sent_to(scene.test, &answer)).await.assert_status(303);
        request_id
    }
}

fn status_check(result: &Value) -> (&Value, &Value) {
    let checks = result["verification"]["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == "status").expect("the check");
    (&found["outcome"], &found["code"])
}

// Conforms: Token Status List 8.1; HAIP 6.1
#[tokio::test]
async fn unreachable_status_list_is_never_a_silent_valid() {
    let issuer = Issuer::new().await;
    let test = issuer.app().await;
    let scene = scene(&test).await;
    issuer.publish(&test, &[]);
    let request_id = issuer.present(&scene).await;
    let found = scene.result(&request_id).await;
    assert_eq!((&found["verification"]["valid"], status_check(&found).0), (&json!(true), &json!("passed")), "{found}");
    let consent = found["verification"]["at_consent"].clone();
    assert_eq!((&consent["valid"], &consent["checked_at"]), (&json!(true), &found["finalized_at"]));
    issuer.go_away();
    test.advance(LATER);
    let found = scene.result(&request_id).await;
    let checked = &found["verification"];
    assert_eq!((&checked["valid"], &checked["verdict"]), (&json!(false), &json!("not_checkable")), "{found}");
    assert_eq!(status_check(&found), (&json!("not_checked"), &Value::Null));
    assert_eq!((&checked["at_consent"], &checked["checked_at"]), (&consent, &json!(test.app.now().to_string())));
    test.advance(LATER);
    issuer.publish(&test, &[3]);
    let found = scene.result(&request_id).await;
    assert_eq!(found["verification"]["verdict"], "invalid", "{found}");
    assert_eq!(status_check(&found), (&json!("failed"), &json!("revoked")), "{found}");
}

/// The clock stands still, so whatever is cached is still current.
#[tokio::test]
async fn own_credential_from_a_wallet_is_revoked_in_the_next_result() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["verification"]["verdict"], "valid");
    let withdrawal = test.api(Method::DELETE, &format!("{PUSH}/held"), &scene.token, r#"{"reason":"A mistake."}"#);
    test.send(withdrawal).await.assert_status(204);
    let found = scene.result(&request_id).await;
    assert_eq!(found["verification"]["verdict"], "invalid", "{found}");
    assert_eq!(status_check(&found), (&json!("failed"), &json!("revoked")), "{found}");
}

#[tokio::test]
async fn status_list_is_fetched_once_for_many_results() {
    let issuer = Issuer::new().await;
    let test = issuer.app().await;
    let scene = scene(&test).await;
    issuer.publish(&test, &[]);
    let request_id = issuer.present(&scene).await;
    for reachable in [true, false] {
        if !reachable {
            issuer.go_away();
        }
        // Accepting the presentation fetched the list as well.
        test.advance(LATER);
        let before = issuer.requests();
        for _ in 0..3 {
            scene.result(&request_id).await;
        }
        assert_eq!(issuer.requests() - before, 1, "reachable: {reachable}; a failure is remembered as well");
    }
}

#[tokio::test]
async fn issuer_off_the_operators_list_is_unknown_in_the_result() {
    let issuer = Issuer::new().await;
    let test = issuer.app().await;
    issuer.publish(&test, &[]);
    let (request_id, partner) = {
        let scene = scene(&test).await;
        (issuer.present(&scene).await, scene.partner.clone())
    };
    test.app.close().await;
    // The same data, without the list of trusted issuers.
    let test = TestApp::builder().folder(test.folder).start().await;
    let token = test.token(&partner).await;
    let path = format!("/api/partner/v2/verify/requests/{request_id}");
    let found = test.get_with(&path, &token).await.assert_status(200).json();
    let checked = &found["verification"];
    assert_eq!((&checked["valid"], &checked["verdict"]), (&json!(false), &json!("issuer_unknown")), "{found}");
    assert_eq!(checked["at_consent"]["valid"], true);
    assert_eq!(checked["trusted_by"], Value::Null, "nothing makes it trusted now");
    let checks = checked["checks"].as_array().expect("checks");
    let signature = checks.iter().find(|check| check["name"] == "signature").expect("the check");
    assert_eq!(signature["outcome"], "not_checked", "{found}");
}
