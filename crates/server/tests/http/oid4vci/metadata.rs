//! Published metadata and status lists.

use credential::jws;
use credential::key::PublicKey;
use credential::verification::{Token, keys_of};
use serde_json::Value;

use super::support::{SD_JWT, credential, offered};
use crate::support::app::TestApp;
use crate::support::wallet::TestWallet;

#[tokio::test]
async fn published_metadata_is_consistent() {
    let test = TestApp::new().await;
    let base = test.app.config().base();
    let metadata = test.get("/.well-known/openid-credential-issuer").await.assert_status(200).json();
    assert_eq!(metadata["credential_issuer"], base);
    let configurations = metadata["credential_configurations_supported"].as_object().expect("configurations");
    assert_eq!(configurations.len(), credential::ALL.len() * 2);
    let server = test.get("/.well-known/oauth-authorization-server").await.assert_status(200).json();
    assert_eq!(server["issuer"], base);
    for (id, configuration) in configurations {
        assert_eq!(&configuration["scope"], id);
        assert!(server["scopes_supported"].as_array().expect("scopes").contains(&configuration["scope"]));
        if let Some(vct) = configuration["vct"].as_str() {
            let served = test.get(vct.strip_prefix(base).expect("here")).await.assert_status(200).json();
            assert_eq!(served["vct"], vct);
        }
    }
    let request = axum::http::Request::get("/.well-known/openid-credential-issuer").header("accept", "application/jwt");
    let answer = test.send(request.body(axum::body::Body::empty()).expect("a request")).await.assert_status(200);
    let jws = jws::Jws::read(&answer.text).expect("a JWT");
    jws.require_type("openidvci-issuer-metadata+jwt").expect("its type");
    let issuer = test.get("/.well-known/jwt-vc-issuer").await.assert_status(200).json();
    let keys = keys_of(&issuer["jwks"]);
    jws.verify(&keys[0].1).expect("signed by the issuer");
    let certificates = jws.header["x5c"].clone();
    assert_eq!(certificates.as_array().map(Vec::len), Some(1), "the key's certificate, without the authority's");
    assert_eq!(metadata["status_list_aggregation_endpoint"], format!("{base}/status"));
    assert_eq!(server["status_list_aggregation_endpoint"], format!("{base}/status"));
    let mut signed = Value::Object(jws.payload);
    for name in ["sub", "iss", "iat"] {
        assert!(signed.as_object_mut().expect("an object").remove(name).is_some(), "{name}");
    }
    assert_eq!(signed, metadata);
    let did = test.get("/.well-known/did.json").await.assert_status(200).json();
    assert_eq!(PublicKey::from_jwk(&did["verificationMethod"][0]["publicKeyJwk"]).as_ref(), Ok(&keys[0].1));
    test.get("/credentials/salary").await.assert_status(404);
}

#[tokio::test]
async fn status_list_response_is_cacheable_and_compact() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let text = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    let lookups = Token::read(&text).expect("read").lookups();
    let path = lookups.status.expect("a status").strip_prefix(test.app.config().base()).expect("here").to_owned();
    let list = test.get(&path).await.assert_status(200);
    assert_eq!(list.header("content-type"), "application/statuslist+jwt");
    assert_eq!(list.header("access-control-allow-origin"), "*");
    let etag = list.header("etag").to_owned();
    let get = async |name: &'static str, value: &str| {
        test.send(axum::http::Request::get(&path).header(name, value).body("".into()).expect("a request")).await
    };
    assert_eq!(get("if-none-match", &etag).await.assert_status(304).header("etag"), etag);
    for accept in ["Application/StatusList+JWT", "application/statuslist+cwt, */*;q=0.1", "application/*"] {
        get("accept", accept).await.assert_status(200);
    }
    for accept in ["application/statuslist+cwt", "application/statuslist+jwt;q=0", "text/html;x=application/jwt"] {
        get("accept", accept).await.assert_status(406);
    }
    test.get(&format!("{path}?time=1700000000")).await.assert_status(501);
    test.get("/status/00000000-0000-4000-8000-000000000000").await.assert_status(404);
    let all = test.get("/status").await.assert_status(200).json();
    assert_eq!(all["status_lists"].as_array().map(Vec::len), Some(1));
    let signed = |text: &str| jws::Jws::read(text).expect("a JWT").header["x5c"].clone();
    assert_eq!(signed(&list.text), signed(text.split('~').next().expect("a JWT")), "certified like the credential");
    assert!(list.text.len() < 3000, "a million entries that are all good pack small: {}", list.text.len());
}
