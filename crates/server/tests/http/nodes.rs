//! Two nodes on one PostgreSQL: flows continue on the other node, and nothing happens twice.

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use crate::support::database::postgres_url;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestWallet, make_offer};
use crate::webhooks::listeners::{listen, poll};
use axum::http::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Returns a new folder with a copy of the root key of `from`.
fn folder_like(from: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(from.join("root.key"), folder.path().join("root.key")).expect("a root key");
    folder
}

/// Starts two nodes with `settings` on a new database.
async fn nodes(settings: &[(&str, &str)]) -> (TestApp, TestApp) {
    let url = postgres_url().await;
    let settings = [settings, &[("storage.database_url", &url)]].concat();
    let one = TestApp::builder().settings(&settings).start().await;
    let other = TestApp::builder().folder(folder_like(one.folder.path())).settings(&settings).start().await;
    (one, other)
}

/// Returns a browser of another node with the same cookies.
fn moved<'a>(browser: &Browser<'_>, to: &'a TestApp) -> Browser<'a> {
    let mut moved = to.browser();
    moved.cookies.clone_from(&browser.cookies);
    moved
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_continue_on_another_node() {
    let (one, other) = nodes(&[]).await;
    let token = one.token(&one.partner().await).await;
    let id = other.push(&token, "1").await;
    let person = one.signed_in("ada@example.org").await;
    let mut person = moved(&person, &other);
    let location = person.open(id).await.redirect().to_owned();
    let mut person = moved(&person, &one);
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    assert_eq!(other.status(&token, "1").await["status"], one.status(&token, "1").await["status"]);
    let offer = make_offer(&one, &mut person, id).await;
    assert_eq!(other.get(&offer.path).await.assert_status(200).json(), offer.offer);
    let wallet = TestWallet::new(&other);
    let wallet_token = wallet.token(&offer).await;
    assert!(TestWallet::new(&one).redeem(&offer, &offer.transaction_code).await.status.is_client_error(), "once");
    let nonce = TestWallet::new(&one).nonce().await;
    let request = json!({
        "credential_configuration_id": "career_history_dc+sd-jwt", "proofs": { "jwt": [wallet.proof(&wallet.key, &nonce)] },
    });
    wallet.post("/oid4vci/credential", &wallet_token, &request).await.assert_status(200);
    let again = TestWallet::new(&one).post("/oid4vci/credential", &wallet_token, &request).await;
    assert_eq!(again.json()["error"], "invalid_nonce", "a challenge is answered once, wherever");
    person.post("/sign-out", &[]).await.assert_status(303);
    let mut person = moved(&person, &other);
    assert_eq!(person.get("/wallet").await.redirect(), "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_pushes_on_two_nodes_get_one_link() {
    let (one, other) = nodes(&[("rate_limit.enabled", "false")]).await;
    let token = one.token(&one.partner().await).await;
    for number in 0..100 {
        let body = career(&number.to_string());
        let (here, there) = tokio::join!(one.post(PUSH, &token, &body), other.post(PUSH, &token, &body));
        let (here, there) = (here.assert_status(201).json(), there.assert_status(201).json());
        assert_eq!(here["redirect_uri"], there["redirect_uri"], "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn idempotency_key_runs_once_across_nodes() {
    let (one, other) = nodes(&[("webhooks.allow_loopback", "true"), ("rate_limit.enabled", "false")]).await;
    let token = one.token(&one.partner().await).await;
    const WEBHOOKS: &str = "/api/partner/v2/webhooks";
    let register = async |node: &TestApp, key: String| -> TestResponse {
        let body = json!({ "url": "http://127.0.0.1:9/" }).to_string();
        let mut request = node.api(Method::POST, WEBHOOKS, &token, &body);
        request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
        node.send(request).await
    };
    for number in 0..40 {
        let (here, there) = tokio::join!(register(&one, number.to_string()), register(&other, number.to_string()));
        let ids: Vec<Value> = [here, there]
            .iter()
            .filter(|answer| answer.status == 201)
            .map(|answer| answer.json()["id"].clone())
            .collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]), "{number}: {ids:?}");
        let again = register(&other, number.to_string()).await.assert_status(201);
        assert_eq!((again.header("idempotency-replayed"), &again.json()["id"]), ("true", &ids[0]));
        let path = format!("{WEBHOOKS}/{}", ids[0].as_str().expect("an id"));
        one.send(one.api(Method::DELETE, &path, &token, "")).await.assert_status(204);
        let left = other.get_with(WEBHOOKS, &token).await.assert_status(200);
        assert!(!left.text.contains("127.0.0.1"), "{number}: {}", left.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_starting_together_create_each_key_once() {
    for _ in 0..3 {
        let (url, model) = (postgres_url().await, TestApp::new().await);
        let settings = [("storage.database_url", url.as_str())];
        let start = || TestApp::builder().folder(folder_like(model.folder.path())).settings(&settings).start();
        let (one, other, third) = tokio::join!(start(), start(), start());
        let mut known = one.app.keyring().store().read().await.expect("a transaction");
        for purpose in ["token", "credential.ES256", "authority", "encryption", "request"] {
            assert_eq!(known.signing_keys(purpose).await.expect("read").len(), 1, "{purpose}");
        }
        for node in [&other, &third] {
            for path in ["/.well-known/jwks.json", "/.well-known/jwt-vc-issuer", "/.well-known/tenure-authority.pem"] {
                assert_eq!(node.text(path).await, one.text(path).await, "{path}");
            }
            assert_eq!(node.app.encryption_key().jwk, one.app.encryption_key().jwk);
            assert_eq!(node.app.verifier_key().hash(), one.app.verifier_key().hash());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_signed_by_another_nodes_new_key_is_accepted() {
    let settings = [("tokens.key_rotation_interval", "10m"), ("tokens.lifetime", "1h")];
    let (one, other) = nodes(&settings).await;
    let partner = one.partner().await;
    let before = other.token(&partner).await;
    for node in [&one, &other] {
        node.advance(Duration::from_secs(700));
    }
    one.app.tokens().refresh_keys(one.app.now()).await.expect("a new key");
    for node in [&one, &other] {
        node.advance(Duration::from_secs(60));
    }
    let token = one.token(&partner).await;
    assert_ne!(token.split('.').next(), before.split('.').next(), "another key");
    other.push(&token, "1").await;
    other.push(&before, "2").await;
    let keys = [one.get("/.well-known/jwks.json").await.text, other.get("/.well-known/jwks.json").await.text];
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_across_nodes_before_the_response() {
    let (one, other) = nodes(&[("sign_in.codes_per_address", "4")]).await;
    let mut asked = 0;
    for node in [&one, &other, &one, &other, &one, &other, &one, &other] {
        let answer = node.browser().post("/sign-in", &[("email", "ada@example.org")]).await;
        asked += u32::from(answer.status == 303);
        assert!(answer.status == 303 || answer.status == 429, "{}", answer.status);
    }
    assert_eq!(asked, 4, "as if there were one node");
    other.browser().post("/sign-in", &[("email", "bea@example.org")]).await.assert_status(303);
    for node in [&one, &other] {
        node.advance(Duration::from_secs(900));
    }
    other.browser().post("/sign-in", &[("email", "ada@example.org")]).await.assert_status(303);
    one.browser().post("/sign-in", &[("email", "ada@example.org")]).await.assert_status(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_node_are_fetched_from_another() {
    let (one, other) = nodes(&[]).await;
    let token = one.token(&one.partner().await).await;
    let (id, _) = listen(&one, &token).await;
    one.post(PUSH, &token, &career("mine")).await.assert_status(201);
    let nothing = json!([]);
    let (here, there) = tokio::join!(poll(&one, &token, &id, &nothing), poll(&other, &token, &id, &nothing));
    let events = [here, there].concat();
    assert_eq!(events.len(), 1, "one of two polls gets it");
    assert_eq!(events[0]["type"], "atsp_request.created");
    let result = json!([{ "event_id": events[0]["event_id"], "status": 204, "duration_ms": 1 }]);
    assert!(poll(&other, &token, &id, &result).await.is_empty());
    let path = format!("/api/partner/v2/webhooks/{id}/deliveries");
    let log = one.get_with(&path, &token).await.assert_status(200).json();
    let deliveries = log["deliveries"].as_array().expect("a list");
    assert_eq!((deliveries.len(), &deliveries[0]["state"]), (1, &json!("delivered")));
}
