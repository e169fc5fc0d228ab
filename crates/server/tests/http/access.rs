//! Authorization of every operation of the API (RFC 6750; docs/partner-api.md section 3).

use std::time::Duration;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::response::TestResponse;
use aws_lc_rs::hmac;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Value, json};
use tenure::api::openapi::DOCUMENT;
use tenure::keys::Purpose;

/// Returns every operation of the OpenAPI document, with path parameters filled in.
fn operations() -> Vec<(Method, String, Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("a path item") {
            let method = method.to_uppercase().parse().expect("a method");
            // The ids need not exist: without permission the response does not depend on it.
            let path = ["{id}", "{credential_id}", "{request_id}", "{event_id}"]
                .iter()
                .fold(path.clone(), |path, parameter| path.replace(parameter, "1"));
            operations.push((method, path, operation.clone()));
        }
    }
    operations
}

fn protected() -> Vec<(Method, String, Value)> {
    operations().into_iter().filter(|(.., operation)| tenure::openapi::needs_token(operation)).collect()
}

async fn call(test: &TestApp, method: &Method, path: &str, token: &str) -> TestResponse {
    let documented = &DOCUMENT["paths"][path][method.as_str().to_lowercase()]["requestBody"];
    let example = &documented["content"]["application/json"]["example"];
    let body = if example.is_null() { json!({ "ids": ["1"] }).to_string() } else { example.to_string() };
    test.send(test.api(method.clone(), path, token, &body)).await
}

#[test]
fn only_listed_operations_need_no_token() {
    let mut open: Vec<String> = operations()
        .into_iter()
        .filter(|(.., operation)| !tenure::openapi::needs_token(operation))
        .map(|(_, path, _)| path)
        .collect();
    open.sort();
    // An upload URL is a capability.
    let upload = "/api/partner/v2/uploads/{token}";
    assert_eq!(
        open,
        [
            "/.well-known/jwks.json",
            "/.well-known/oauth-authorization-server/api/partner",
            "/.well-known/oauth-protected-resource/api/partner",
            "/api/partner/v1/oauth/token",
            upload,
            "/healthz",
            "/metrics",
            "/readyz",
        ]
    );
    // A type has a push, two withdrawals and a verification request; some types have a v1 push. The
    // others: two batches, four statuses, sandbox events and clock, verification results, a token
    // verification, two lists, eleven webhook operations, and three of listeners.
    let in_v1 = credential::ALL.iter().filter(|known| known.v1.is_some()).count();
    assert_eq!(protected().len(), 4 * credential::ALL.len() + in_v1 + 2 + 4 + 2 + 1 + 1 + 2 + 11 + 3);
}

/// Returns forged tokens, each derived from a valid one.
async fn bad_tokens(test: &TestApp, good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let decode =
        |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON") };
    let (header, claims) = (decode(parts[0]), decode(parts[1]));
    let changed = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        format!("{}.{}.{}", parts[0], encode(&claims), parts[2])
    };
    let mut none = header.clone();
    none["alg"] = json!("none");
    let mut signature = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
    signature[10] ^= 1;
    // Key confusion: the public key used as an HMAC secret.
    let jwks = test.get("/.well-known/jwks.json").await.json();
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().expect("x")).expect("base64");
    let mut confused = header.clone();
    confused["alg"] = json!("HS256");
    let confused = format!("{}.{}", encode(&confused), parts[1]);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), confused.as_bytes());
    let mut plain_jwt = header.clone();
    plain_jwt["typ"] = json!("JWT");
    vec![
        ("garbage", "garbage".to_owned()),
        ("empty", String::new()),
        ("changed header", format!("{}.{}.{}", encode(&plain_jwt), parts[1], parts[2])),
        ("changed scope", changed("scope", json!("write.everything"))),
        ("changed subject", changed("client_id", json!(uuid::Uuid::nil()))),
        ("changed end", changed("exp", json!(9_999_999_999_i64))),
        ("changed signature", format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode(signature))),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("alg none", format!("{}.{}.", encode(&none), parts[1])),
        ("alg HS256 with the public key", format!("{confused}.{}", URL_SAFE_NO_PAD.encode(mac))),
    ]
}

#[tokio::test]
async fn no_operation_accepts_an_invalid_token() {
    let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
    let token = test.token(&test.partner().await).await;
    let bad = bad_tokens(&test, &token).await;
    for (method, path, _) in protected() {
        for (what, token) in &bad {
            let answer = call(&test, &method, &path, token).await;
            assert_eq!(answer.status, 401, "{method} {path} with {what}: {}", answer.text);
            let expected = r#"Bearer realm="tenure", error="invalid_token", resource_metadata="http://"#;
            assert!(answer.header("www-authenticate").starts_with(expected), "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        let request =
            axum::http::Request::builder().method(method.clone()).uri(&path).header("content-type", "application/json");
        test.send(request.body(axum::body::Body::from("{}")).expect("a request")).await.assert_status(401);
        assert_ne!(call(&test, &method, &path, &token).await.status, 401, "{method} {path} takes a good one");
    }
}

/// Signs a JWT with the server's key and the given `typ` and claims.
async fn signed(test: &TestApp, typ: &str, claims: &Value) -> String {
    let key = test.app.keyring().signing_keys(Purpose::Token).await.expect("keys").remove(0);
    let header = jws::protected(&json!({ "alg": "EdDSA", "typ": typ, "kid": key.id }));
    let key = SoftwareKey::from_bytes(Algorithm::EdDsa, key.secret.expose()).expect("a key");
    jws::sign(&header, claims.to_string().as_bytes(), &key).expect("signed")
}

#[tokio::test]
async fn token_with_another_type_issuer_or_audience_is_rejected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let with = |name: &str, value: &str| {
        let mut claims = claims.clone();
        claims[name] = json!(value);
        claims
    };
    for (typ, claims, status) in [
        ("at+jwt", claims.clone(), 201),
        ("JWT", claims.clone(), 401),
        ("at+jwt", with("iss", "https://elsewhere.example"), 401),
        ("at+jwt", with("aud", "https://elsewhere.example/api/partner"), 401),
    ] {
        let answer = test.post(PUSH, &signed(&test, typ, &claims).await, &career("1")).await;
        assert_eq!(answer.status, status, "{typ} {claims}: {}", answer.text);
    }
}

#[tokio::test]
async fn expired_token_is_rejected_after_earlier_use() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    test.post(PUSH, &token, &career("1")).await.assert_status(201);
    test.advance(Duration::from_secs(3599));
    test.post(PUSH, &token, &career("1")).await.assert_status(201);
    test.advance(Duration::from_secs(1));
    for (method, path, _) in protected() {
        assert_eq!(call(&test, &method, &path, &token).await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn disabled_partner_is_rejected_within_a_second() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.post(PUSH, &token, &career("1")).await.assert_status(201);
    test.disable(&partner).await;
    test.post(PUSH, &token, &career("2")).await.assert_status(401);
    test.advance(Duration::from_secs(1));
    for (method, path, _) in protected() {
        assert_eq!(call(&test, &method, &path, &token).await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn removed_scope_leaves_issued_tokens_within_a_second() {
    let test = TestApp::new().await;
    let partner = test.partner_with("write.career_history write.education").await;
    let token = test.token(&partner).await;
    test.post(PUSH, &token, &career("1")).await.assert_status(201);
    let set_scopes = async |scopes: &str| {
        let mut tx = test.app.store().write().await.expect("a transaction");
        let stored = tx.lock_partner(partner.id).await.expect("read").expect("there");
        let changed = store::Partner { scopes: scopes.to_owned(), ..stored };
        assert!(tx.update_partner(&changed).await.expect("updated"));
        tx.commit().await.expect("committed");
        test.advance(Duration::from_secs(1));
    };
    set_scopes("write.education").await;
    let refused = test.post(PUSH, &token, &career("2")).await.assert_status(403);
    assert!(refused.header("www-authenticate").contains("write.career_history"), "{}", refused.text);
    test.get_with("/api/partner/v1/submissions/1/status", &token).await.assert_status(200);
    set_scopes("read.education write.career_history").await;
    test.post(PUSH, &token, &career("2")).await.assert_status(201);
}

#[tokio::test]
async fn missing_scope_is_named_in_the_response() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner_with("read.something").await).await;
    let mut walked = 0;
    for (method, path, operation) in protected() {
        let scopes = operation["security"][0]["oauth"].as_array().expect("scopes").clone();
        let answer = call(&test, &method, &path, &token).await;
        if scopes.is_empty() {
            // Sandbox operations depend on the partner, not on a scope.
            let is_sandbox = path.starts_with("/api/partner/v2/sandbox/");
            assert_eq!(answer.status == 403, is_sandbox, "{method} {path}");
            continue;
        }
        let scope = scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(answer.status, 403, "{method} {path}");
        let expected = format!(r#"Bearer realm="tenure", error="insufficient_scope", scope="{scope}""#);
        assert_eq!(answer.header("www-authenticate"), expected);
        walked += 1;
    }
    let in_v1 = credential::ALL.iter().filter(|known| known.v1.is_some()).count();
    let types = credential::ALL.len();
    let expected = types + in_v1 + 2 + 3 * types;
    assert_eq!(
        walked, expected,
        "every type in both versions, both batches, both withdrawals and the verification request of every type"
    );
}
