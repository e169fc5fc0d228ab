//! Media types that a wallet or verifier accepts, with weights.

use axum::body::Body;
use axum::http::Request;

use super::support::{SD_JWT, offered};
use crate::support::app::TestApp;
use crate::support::response::TestResponse;
use crate::support::wallet::TestWallet;

async fn get(test: &TestApp, path: &str, accept: &[&str]) -> TestResponse {
    let request = accept.iter().fold(Request::get(path), |request, value| request.header("accept", *value));
    test.send(request.body(Body::empty()).expect("a request")).await
}

// Conforms: OpenID4VCI 12.2; OIDF issuer: signed metadata
#[tokio::test]
async fn accept_header_chooses_between_plain_and_signed_metadata() {
    let test = TestApp::new().await;
    let path = "/.well-known/openid-credential-issuer";
    let chosen = async |accept: &[&str]| {
        let answer = get(&test, path, accept).await.assert_status(200);
        assert_eq!(answer.header("vary").to_ascii_lowercase(), "accept");
        answer.header("content-type").to_owned()
    };
    for signed in [
        &["application/jwt"][..],
        &["application/jwt;q=0.9, application/json;q=0.8"],
        &["APPLICATION/JWT ; Q=0.5 , */*;q=0.1"],
        &["application/json;q=0.2", "application/jwt;q=0.7"],
        &["application/jwt;profile=\"a, b\";q=1, application/json"],
        &["application/json;q=0, */*"],
    ] {
        assert_eq!(chosen(signed).await, "application/jwt", "{signed:?}");
    }
    for plain in [
        &["*/*"][..],
        &[],
        &["application/*"],
        &["application/json, application/jwt;q=0.9"],
        &["application/jwt;q=0, application/json;q=0.1"],
        &["application/json", "application/jwt;q=0.9"],
        &["application/jwt;q=0.1, */*"],
        &["text/html"],
    ] {
        assert_eq!(chosen(plain).await, "application/json", "{plain:?}");
    }
}

// Conforms: Token Status List 8.1
#[tokio::test]
async fn status_list_is_served_by_weighted_media_types() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    wallet.fetch(&token, SD_JWT).await.assert_status(200);
    let lists = test.get("/status").await.assert_status(200).json();
    let path = lists["status_lists"][0].as_str().expect("a list").strip_prefix(test.app.config().base()).expect("here");
    for (accept, status) in [
        ("application/statuslist+jwt;q=0.5, application/statuslist+cwt", 200),
        ("application/jwt", 200),
        ("application/statuslist+cwt, */*;q=0.1", 200),
        ("application/json;q=0.9, text/*", 200),
        ("application/ld+json, application/json", 200),
        ("application/vc, application/json", 200),
        ("application/statuslist+cwt", 200),
        ("application/statuslist+jwt;q=0, application/jwt;q=0.000", 406),
        ("application/statuslist+jwt;q=0, */*", 406),
        ("application/statuslist+jwt;q=0, application/jwt", 200),
    ] {
        let answer = get(&test, path, &[accept]).await;
        assert_eq!(answer.status, status, "{accept}");
        if status == 200 {
            assert_eq!(answer.header("content-type"), "application/statuslist+jwt", "{accept}");
        }
    }
    for (accept, status) in [
        ("application/ld+json, application/json", 200),
        ("application/vc, application/json", 200),
        ("application/vc+jwt;q=0, application/json", 406),
    ] {
        assert_eq!(get(&test, &format!("{path}/bitstring"), &[accept]).await.status, status, "{accept}");
    }
}
