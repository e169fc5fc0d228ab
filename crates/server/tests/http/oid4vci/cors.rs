//! Wallets in browsers: every origin may use every route for wallets, and no page.

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request};
use bytes::Bytes;
use serde_json::Value;

use super::support::offered;
use crate::support::app::TestApp;
use crate::support::response::TestResponse;
use crate::support::wallet::TestWallet;

const ORIGIN: &str = "https://wallet.example";

/// Returns an address of every route for wallets and verifiers.
fn addresses() -> Vec<String> {
    let routes = [tenure::api::documents(), tenure::oid4vci::routes(), tenure::openid4vp::routes()];
    let paths = routes.iter().flat_map(|routes| routes.paths().to_vec());
    let filled = paths.map(|path| {
        path.replace("{id}", "00000000-0000-4000-8000-000000000000")
            .replace("{type}", "career_history")
            .replace("{number}", "2")
    });
    filled.collect()
}

async fn send(test: &TestApp, request: Builder) -> TestResponse {
    test.send(request.header("origin", ORIGIN).body(Body::empty()).expect("a request")).await
}

async fn preflight(test: &TestApp, path: &str) -> TestResponse {
    let request = Request::options(path)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,dpop");
    send(test, request).await
}

/// Asserts that a script of another origin may read the response with all its headers.
#[track_caller]
fn assert_shared(answer: &TestResponse, what: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{what}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{what}");
    assert_eq!(answer.header("access-control-allow-credentials"), "", "{what}: never with cookies");
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
    let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
    let exposed: Vec<&str> = exposed.split(", ").collect();
    let own = ["dpop-nonce", "www-authenticate", "oauth-client-attestation-challenge", "retry-after", "location"];
    for name in own.into_iter().chain(["etag", "x-request-id", "allow", "accept-encoding"]) {
        assert!(exposed.contains(&name), "{what}: {name}");
    }
}

#[track_caller]
fn assert_not_shared(answer: &TestResponse, what: &str) {
    let names = answer.headers.keys().map(axum::http::HeaderName::as_str);
    assert_eq!(names.filter(|name| name.starts_with("access-control-")).count(), 0, "{what}");
}

// Conforms: Fetch CORS
#[tokio::test]
async fn every_wallet_route_responds_to_preflight_requests() {
    let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
    let addresses = addresses();
    assert!(addresses.len() >= 25, "{addresses:?}");
    for path in &addresses {
        let allowed = preflight(&test, path).await.assert_status(204);
        assert_shared(&allowed, path);
        assert!(allowed.text.is_empty());
        assert_ne!(allowed.header("access-control-max-age"), "", "{path}");
        let headers = allowed.header("access-control-allow-headers").to_ascii_lowercase();
        for name in ["authorization", "content-type", "dpop", "accept", "if-none-match", "oauth-client-attestation-pop"]
        {
            assert!(headers.split(", ").any(|allowed| allowed == name), "{path}: {name}");
        }
        // Scripts of telemetry and older HTTP libraries add these to every request.
        for name in ["traceparent", "tracestate", "x-requested-with"] {
            assert!(headers.split(", ").any(|allowed| allowed == name), "{path}: {name}");
        }
        let methods: Vec<&str> = allowed.header("access-control-allow-methods").split(',').collect();
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
            let answer = send(&test, Request::builder().method(&method).uri(path)).await;
            let is_allowed = methods.contains(&method.as_str());
            assert_eq!(answer.status == 405, !is_allowed, "{method} {path}: {methods:?}");
            assert_shared(&answer, path);
        }
    }
}

/// Returns every string in `value`.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn addresses_in_the_metadata_are_shared() {
    let test = TestApp::new().await;
    let base = test.app.config().base();
    let (_, _, offer) = offered(&test).await;
    assert_shared(&preflight(&test, &offer.path).await.assert_status(204), "the offer");
    let mut seen = 0;
    for document in ["/.well-known/openid-credential-issuer", "/.well-known/oauth-authorization-server"] {
        let metadata = test.get(document).await.assert_status(200).json();
        for text in texts(&metadata) {
            let Some(path) = text.strip_prefix(base).filter(|path| !path.is_empty()) else { continue };
            let answer = preflight(&test, path).await;
            if path == "/oid4vci/authorize" {
                assert_not_shared(&answer, "a page, to which a wallet redirects its person");
            } else {
                assert_shared(&answer.assert_status(204), path);
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "{seen}");
}

// Conforms: Fetch CORS
#[tokio::test]
async fn errors_of_wallet_routes_are_shared() {
    let test = TestApp::builder().setting("rate_limit.wallet_requests_per_ip_per_minute", "6").start().await;
    let (_, _, offer) = offered(&test).await;
    let post = |path: &str| Request::post(path).header("content-type", "application/json");
    let unauthorized = send(&test, post("/oid4vci/credential")).await.assert_status(401);
    assert_shared(&unauthorized, "without a token");
    assert_eq!(unauthorized.header("www-authenticate"), "Bearer, DPoP algs=\"ES256 EdDSA Ed25519\"", "no error code");
    assert_shared(&send(&test, Request::get("/oid4vci/offers/x")).await.assert_status(404), "a malformed id");
    assert_shared(&send(&test, Request::get("/oid4vci/par")).await.assert_status(405), "another method");
    let list = "/status/00000000-0000-4000-8000-000000000000";
    let refusing = Request::get(list).header("accept", "application/statuslist+jwt;q=0");
    assert_shared(&send(&test, refusing).await.assert_status(406), "its format is refused");
    let large = Request::post("/oid4vci/par").body(Body::from(vec![b'a'; 2 << 20])).expect("a request");
    assert_shared(&test.send(large).await.assert_status(413), "a large body");
    let compressed = send(&test, post("/oid4vci/par").header("content-encoding", "gzip")).await.assert_status(415);
    assert_shared(&compressed, "a compressed body");
    assert_eq!(compressed.header("accept-encoding"), "identity");
    let wallet = TestWallet::new(&test);
    for _ in 0..6 {
        let _ = wallet.redeem(&offer, "").await;
    }
    let limited = wallet.redeem(&offer, "").await.assert_status(429);
    assert_shared(&limited, "too many");
    assert!(!limited.header("retry-after").is_empty());
    test.app.store().close().await;
    assert_shared(&test.get(&offer.path).await.assert_status(503), "without a database");
}

#[tokio::test]
async fn timeout_of_a_wallet_route_is_shared() {
    let test = TestApp::new().await;
    tokio::time::pause();
    let endless = Body::from_stream(futures::stream::pending::<std::io::Result<Bytes>>());
    let answer = test.send(Request::post("/oid4vci/par").body(endless).expect("a request")).await.assert_status(503);
    assert_shared(&answer, "a body that never arrives");
}

#[tokio::test]
async fn missing_well_known_documents_are_shared() {
    let test = TestApp::new().await;
    for path in
        ["/.well-known/openid-configuration", "/.well-known/openid-credential-issuer/tenant", "/oid4vci/introspect"]
    {
        assert_shared(&send(&test, Request::get(path)).await.assert_status(404), path);
    }
    assert_not_shared(&send(&test, Request::get("/nothing")).await.assert_status(404), "another path");
}

// Conforms: Fetch CORS
#[tokio::test]
async fn pages_are_not_shared_with_other_origins() {
    let test = TestApp::new().await;
    let pages = ["/", "/sign-in", "/wallet", "/verify", "/console", "/oid4vci/authorize"];
    for path in pages.into_iter().chain(["/oid4vci/authorize/00000000-0000-4000-8000-000000000000"]) {
        assert_not_shared(&send(&test, Request::get(path)).await, path);
        assert_not_shared(&preflight(&test, path).await, path);
    }
    let decision = "/oid4vci/authorize/00000000-0000-4000-8000-000000000000/allow";
    assert_not_shared(&preflight(&test, decision).await, decision);
}
