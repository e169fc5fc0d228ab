//! Metadata for OAuth clients of the Partner API (RFC 8414, RFC 9728).

use axum::http::Method;

use serde_json::Value;

use crate::support::app::{PUSH, TestApp, career};

const BASE: &str = "http://localhost:8080";

// Conforms: RFC 8414 3
#[tokio::test]
async fn token_endpoint_is_found_by_the_issuer() {
    let test = TestApp::new().await;
    let answer = test.get("/.well-known/oauth-authorization-server/api/partner").await.assert_status(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let found = answer.json();
    assert_eq!(found["issuer"], format!("{BASE}/api/partner"));
    assert_eq!(found["token_endpoint"], format!("{BASE}/api/partner/v1/oauth/token"));
    assert_eq!(found["grant_types_supported"], serde_json::json!(["client_credentials"]));
    assert_eq!(found["response_types_supported"], serde_json::json!([]));
    let methods = serde_json::json!(["client_secret_basic", "client_secret_post"]);
    assert_eq!(found["token_endpoint_auth_methods_supported"], methods);
    let scopes: Vec<&str> =
        found["scopes_supported"].as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
    assert!(credential::ALL.iter().all(|known| scopes.contains(&known.write_scope)));
    assert!(found.get("introspection_endpoint").is_none() && found.get("revocation_endpoint").is_none());
    let jwks = found["jwks_uri"].as_str().and_then(|uri| uri.strip_prefix(BASE)).expect("an address of this server");
    test.get(jwks).await.assert_status(200);
    // Wallets have another authorization server.
    let wallets = test.get("/.well-known/oauth-authorization-server").await.assert_status(200).json();
    assert_eq!(wallets["issuer"], BASE);
}

#[tokio::test]
async fn discovery_documents_can_be_read_from_every_origin() {
    let test = TestApp::new().await;
    for path in [
        "/.well-known/oauth-authorization-server/api/partner",
        "/.well-known/oauth-protected-resource/api/partner",
        "/.well-known/jwks.json",
    ] {
        let answer = test.get(path).await.assert_status(200);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
    }
}

// Conforms: RFC 9728 5.1; RFC 6750 3
#[tokio::test]
async fn unauthorized_response_leads_to_the_metadata() {
    let test = TestApp::new().await;
    for authorization in ["", "Bearer wrong"] {
        let mut request = test.api(Method::POST, PUSH, "", &career("1").to_string());
        request.headers_mut().remove("authorization");
        if !authorization.is_empty() {
            request.headers_mut().insert("authorization", authorization.parse().expect("a header"));
        }
        let answer = test.send(request).await.assert_status(401);
        let challenge = answer.header("www-authenticate").to_owned();
        let address = challenge.rsplit_once("resource_metadata=\"").expect("an address").1.trim_end_matches('"');
        let path = address.strip_prefix(BASE).expect("an address of this server");
        let found = test.get(path).await.assert_status(200).json();
        assert_eq!(found["resource"], format!("{BASE}/api/partner"));
        assert_eq!(found["authorization_servers"], serde_json::json!([format!("{BASE}/api/partner")]));
        assert_eq!(found["bearer_methods_supported"], serde_json::json!(["header"]));
    }
}
