//! The token endpoint (docs/partner-api.md section 3; RFC 6749, 7519, 9068).

use std::time::Duration;

use crate::support::app::{TestApp, TestPartner};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn form<'a>(partner_id: &'a str, secret: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("grant_type", "client_credentials"), ("client_id", partner_id), ("client_secret", secret)]
}

fn basic(partner: &TestPartner) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", partner.id, partner.secret)))
}

#[tokio::test]
async fn no_file_contains_a_client_secret_or_token() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    test.push(&token, "1").await;
    let signature = token.rsplit('.').next().expect("a signature");
    test.assert_no_file_contains(&[&partner.secret, &token, signature]);
}

#[tokio::test]
async fn token_is_issued_for_form_and_basic_credentials() {
    let test = TestApp::new().await;
    let partner = test.partner_with("write.career_history").await;
    let by_form = test.token_form(&form(&partner.id.to_string(), &partner.secret), None).await.assert_status(200);
    let by_basic =
        test.token_form(&[("grant_type", "client_credentials")], Some(&basic(&partner))).await.assert_status(200);
    for answer in [by_form, by_basic] {
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        assert_eq!(
            (&body["token_type"], &body["expires_in"], &body["scope"]),
            (&json!("Bearer"), &json!(3600), &json!("write.career_history"))
        );
        test.get_with("/api/partner/v1/submissions/none/status", body["access_token"].as_str().expect("a token"))
            .await
            .assert_status(404);
    }
}

#[tokio::test]
async fn json_suffix_is_ignored() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let body = format!("grant_type=client_credentials&client_id={}&client_secret={}", partner.id, partner.secret);
    let request = axum::http::Request::post("/api/partner/v1/oauth/token.json")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(body));
    test.send(request.expect("a request")).await.assert_status(200);
}

#[tokio::test]
async fn wrong_id_and_wrong_secret_get_identical_responses() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let nobody = uuid::Uuid::from_u128(7).to_string();
    let wrong_id = test.token_form(&form(&nobody, &partner.secret), None).await.assert_status(401);
    let wrong_secret = test.token_form(&form(&partner.id.to_string(), "wrong"), None).await.assert_status(401);
    let no_uuid = test.token_form(&form("me", &partner.secret), None).await.assert_status(401);
    assert_eq!(wrong_id.json()["error"], "invalid_client");
    assert_eq!(wrong_id.text, wrong_secret.text);
    assert_eq!(wrong_id.text, no_uuid.text);
    let by_basic =
        test.token_form(&[("grant_type", "client_credentials")], Some("Basic bm9ib2R5Ong=")).await.assert_status(401);
    assert!(by_basic.header("www-authenticate").starts_with("Basic"));
}

#[tokio::test]
async fn disabled_partner_gets_no_token() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    test.disable(&partner).await;
    let answer = test.token_form(&form(&partner.id.to_string(), &partner.secret), None).await.assert_status(401);
    assert_eq!(answer.json()["error"], "invalid_client");
}

#[tokio::test]
async fn rotated_secret_is_rejected() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut tx = test.app.store().write().await.expect("a transaction");
    let hash = credential::encoding::sha256(b"another");
    assert!(tx.rotate_partner(partner.id, &hash, test.app.now()).await.expect("rotated"));
    tx.commit().await.expect("committed");
    let id = partner.id.to_string();
    test.token_form(&form(&id, &partner.secret), None).await.assert_status(401);
    test.token_form(&form(&id, "another"), None).await.assert_status(200);
}

#[tokio::test]
async fn both_secrets_get_tokens_until_the_overlap_ends() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let [old, new] = [&*partner.secret, "another"].map(|secret| credential::encoding::sha256(secret.as_bytes()));
    let (now, overlap) = (test.app.now(), Duration::from_secs(3600));
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert!(tx.overlap_partner_secrets(partner.id, &old, &new, now + overlap, now).await.expect("rotated"));
    tx.commit().await.expect("committed");
    let id = partner.id.to_string();
    let wrong = test.token_form(&form(&id, "wrong"), None).await.assert_status(401);
    for left in [3600, 1] {
        test.advance(Duration::from_secs(3600 - left) - test.app.now().since(now));
        for secret in [&*partner.secret, "another"] {
            test.token_form(&form(&id, secret), None).await.assert_status(200);
        }
    }
    test.advance(Duration::from_secs(1));
    let ended = test.token_form(&form(&id, &partner.secret), None).await.assert_status(401);
    assert_eq!(ended.text, wrong.text, "as if it had never been a secret");
    test.token_form(&form(&id, "another"), None).await.assert_status(200);
}

#[tokio::test]
async fn enabled_partner_gets_tokens_for_both_secrets_again() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let [old, new] = [&*partner.secret, "another"].map(|secret| credential::encoding::sha256(secret.as_bytes()));
    let (id, now) = (partner.id.to_string(), test.app.now());
    let mut tx = test.app.store().write().await.expect("a transaction");
    let until = now + Duration::from_secs(3600);
    assert!(tx.overlap_partner_secrets(partner.id, &old, &new, until, now).await.expect("rotated"));
    assert!(tx.disable_partner(partner.id, now).await.expect("disabled"));
    tx.commit().await.expect("committed");
    for secret in [&*partner.secret, "another"] {
        test.token_form(&form(&id, secret), None).await.assert_status(401);
    }
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert!(tx.enable_partner(partner.id).await.expect("enabled"));
    tx.commit().await.expect("committed");
    for secret in [&*partner.secret, "another"] {
        test.token_form(&form(&id, secret), None).await.assert_status(200);
    }
    test.advance(Duration::from_secs(1));
    test.get_with("/api/partner/v1/submissions/none/status", &token).await.assert_status(404);
}

#[tokio::test]
async fn granted_scopes_default_to_all_of_the_partners_scopes() {
    let test = TestApp::new().await;
    let partner = test.partner_with("write.career_history").await;
    let id = partner.id.to_string();
    let with_scope = |scope: &'static str| {
        let mut form = form(&id, &partner.secret);
        form.push(("scope", scope));
        form
    };
    let refused =
        test.token_form(&with_scope("write.career_history write.education"), None).await.assert_status(400).json();
    assert_eq!(refused["error"], "invalid_scope");
    assert!(refused["error_description"].as_str().expect("a text").contains("write.education"), "{refused}");
    let granted =
        test.token_form(&with_scope("write.career_history write.career_history"), None).await.assert_status(200).json();
    assert_eq!(granted["scope"], "write.career_history");
    let all = test.token_form(&with_scope(""), None).await.assert_status(200).json();
    assert_eq!(all["scope"], "write.career_history");
}

#[tokio::test]
async fn invalid_token_form_is_rejected_with_a_reason() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = partner.id.to_string();
    let secret = partner.secret.as_str();
    let basic = basic(&partner);
    for (form, authorization, error) in [
        (vec![("client_id", id.as_str()), ("client_secret", secret)], None, "invalid_request"),
        (
            vec![("grant_type", "password"), ("client_id", &id), ("client_secret", secret)],
            None,
            "unsupported_grant_type",
        ),
        (vec![("grant_type", "client_credentials"), ("client_id", &id)], None, "invalid_request"),
        (vec![("grant_type", "client_credentials")], None, "invalid_request"),
        (
            vec![("grant_type", "client_credentials"), ("scope", "a"), ("scope", "b")],
            Some(basic.as_str()),
            "invalid_request",
        ),
        (
            vec![("grant_type", "client_credentials"), ("client_secret", secret)],
            Some(basic.as_str()),
            "invalid_request",
        ),
        (vec![("grant_type", "client_credentials"), ("client_id", "other")], Some(basic.as_str()), "invalid_request"),
    ] {
        let answer = test.token_form(&form, authorization).await.assert_status(400);
        assert_eq!(answer.json()["error"], error, "{form:?}");
    }
    let request = axum::http::Request::post("/api/partner/v1/oauth/token").header("content-type", "application/json");
    let answer = test.send(request.body(axum::body::Body::from("{}")).expect("a request")).await.assert_status(400);
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn both_token_endpoints_reject_every_repeated_parameter() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let credentials = format!("client_id={}&client_secret={}", partner.id, partner.secret);
    for path in ["/api/partner/v1/oauth/token", "/oid4vci/token"] {
        for repeated in ["grant_type=&grant_type=client_credentials", "foo=1&foo=2", "scope=&scope="] {
            let request = axum::http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
            let body = axum::body::Body::from(format!("{repeated}&{credentials}"));
            let answer = test.send(request.body(body).expect("a request")).await.assert_status(400).json();
            assert_eq!(answer["error"], "invalid_request", "{path} {repeated}");
            let description = answer["error_description"].as_str().expect("a text");
            assert!(description.starts_with("A parameter is repeated"), "{path} {repeated}: {description}");
        }
    }
}

/// Decodes one part of a token.
fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
}

/// Returns the id of the key that signed a token.
fn kid(token: &str) -> String {
    let header = part(token.split('.').next().expect("a header"));
    header["kid"].as_str().expect("a kid").to_owned()
}

/// Returns the token's claims, verified with the published keys by an independent library.
async fn claims(test: &TestApp, token: &str) -> Value {
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = signed.split_once('.').expect("claims");
    let header = part(header);
    assert_eq!((&header["typ"], &header["alg"]), (&"at+jwt".into(), &"EdDSA".into()));
    let jwks = test.get("/.well-known/jwks.json").await.assert_status(200).json();
    let key = jwks["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == header["kid"]);
    let key = key.expect("the key is published");
    assert_eq!((&key["kty"], &key["crv"]), (&"OKP".into(), &"Ed25519".into()));
    let key = URL_SAFE_NO_PAD.decode(key["x"].as_str().expect("x")).expect("base64url");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).expect("verified");
    let claims = part(claims);
    assert_eq!(claims["aud"], "http://localhost:8080/api/partner");
    claims
}

#[tokio::test]
async fn token_is_an_rfc_9068_jwt_verified_by_the_jwks() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let claims = claims(&test, &test.token(&partner).await).await;
    let id = partner.id.to_string();
    assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some(id.as_str()), Some(id.as_str())));
    assert_eq!(claims["iss"], "http://localhost:8080");
    assert_eq!(claims["exp"].as_i64().expect("a time") - claims["iat"].as_i64().expect("a time"), 3600);
    let granted: Vec<&str> = claims["scope"].as_str().expect("scopes").split(' ').collect();
    assert_eq!(
        granted,
        credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect::<Vec<_>>()
    );
    // Two tokens issued at the same time differ.
    let another = self::claims(&test, &test.token(&partner).await).await;
    assert!(claims["jti"].is_string() && claims["jti"] != another["jti"]);
}

#[tokio::test]
async fn tokens_stay_valid_across_key_rotation() {
    let test = TestApp::builder()
        .setting("tokens.key_rotation_interval", "10m")
        .setting("tokens.lifetime", "1h")
        .start()
        .await;
    let partner = test.partner().await;
    let old = test.token(&partner).await;
    test.advance(Duration::from_secs(600));
    tenure::jobs::run_retention(&test.app).await.expect("done");
    assert_eq!(kid(&test.token(&partner).await), kid(&old), "the new key is published first");
    test.advance(Duration::from_secs(60));
    let new = test.token(&partner).await;
    assert_ne!(kid(&old), kid(&new));
    for token in [&old, &new] {
        claims(&test, token).await;
        test.get_with("/api/partner/v1/submissions/none/status", token).await.assert_status(404);
    }
    test.advance(Duration::from_secs(2 * 600 + 60 + 3600));
    tenure::jobs::run_retention(&test.app).await.expect("done");
    let jwks = test.get("/.well-known/jwks.json").await.json();
    assert!(jwks["keys"].as_array().expect("keys").iter().all(|key| key["kid"] != kid(&old).as_str()));
}

#[tokio::test]
async fn every_error_of_the_token_endpoint_has_the_oauth_format() {
    let test = TestApp::builder().setting("server.body_limit", "1024").start().await;
    let path = "/api/partner/v1/oauth/token";
    let send = async |method: &str, path: &str, header: (&str, &str), body: Vec<u8>| {
        let request = axum::http::Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/x-www-form-urlencoded").header(header.0, header.1);
        test.send(request.body(axum::body::Body::from(body)).expect("a request")).await
    };
    let none = ("accept", "text/html");
    let with_query = format!("{path}?grant_type=client_credentials");
    for (method, path, header, body, status) in [
        ("POST", path, ("content-encoding", "gzip"), Vec::new(), 415),
        ("POST", path, none, vec![0x1f, 0x8b, 8], 415),
        ("POST", path, none, vec![b'a'; 2_000], 413),
        ("POST", &with_query, none, Vec::new(), 400),
        ("POST", path, none, Vec::new(), 400),
        ("PUT", path, none, Vec::new(), 405),
    ] {
        let answer = send(method, path, header, body).await.assert_status(status);
        assert_eq!(answer.header("content-type"), "application/json", "{status}");
        assert_eq!(answer.header("cache-control"), "no-store", "{status}");
        assert_eq!(answer.header("accept-encoding"), if status == 415 { "identity" } else { "" }, "{status}");
        let body = answer.json();
        assert_eq!(body["error"], "invalid_request", "{status}");
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{status}");
    }
    let answer = send("POST", &with_query, none, Vec::new()).await;
    assert!(answer.text.contains("Unknown query parameter 'grant_type'"), "{}", answer.text);
}

#[tokio::test]
async fn token_requests_are_rate_limited_by_ip() {
    let test = TestApp::builder().setting("rate_limit.token_requests_per_ip_per_minute", "3").start().await;
    let partner = test.partner().await;
    for left in ["2", "1", "0"] {
        let answer = test.token_form(&form(&partner.id.to_string(), &partner.secret), None).await.assert_status(200);
        assert!(answer.header("ratelimit").contains(&format!("r={left};")), "{}", answer.header("ratelimit"));
    }
    let answer = test.token_form(&form(&partner.id.to_string(), &partner.secret), None).await.assert_status(429);
    assert_eq!(answer.header("retry-after"), "20");
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.header("ratelimit").contains("r=0;"), "{}", answer.header("ratelimit"));
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    test.advance(Duration::from_secs(20));
    test.token(&partner).await;
}
