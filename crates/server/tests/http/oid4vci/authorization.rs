//! The authorization code flow: the pushed request, the holder's decision and the code.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::support::{SD_JWT, VC_JWT, credential, holder, refused, second_credential, verify};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestWallet, key};

/// Returns the parameters of an authorization request.
pub(super) fn authorization(verifier: &str) -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    let challenge =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(credential::encoding::sha256(verifier.as_bytes()));
    let fields = [
        ("response_type", "code"),
        ("client_id", "wallet-1"),
        ("redirect_uri", "https://wallet.example/done"),
        ("state", "s-1"),
        ("scope", "career_history_dc+sd-jwt openid"),
        ("code_challenge_method", "S256"),
    ];
    let mut form: Vec<_> = fields.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    form.push(("code_challenge", challenge));
    form
}

pub(super) async fn push(wallet: &TestWallet<'_>, form: &[(&'static str, String)]) -> TestResponse {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    wallet.form("/oid4vci/par", &form).await
}

pub(super) const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters-1";

/// Follows the authorization request in the browser; returns the consent page's path.
pub(super) async fn arrive(person: &mut Browser<'_>, pushed: &TestResponse) -> String {
    let uri = pushed.json()["request_uri"].as_str().expect("a request").to_owned();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "wallet-1")
        .append_pair("request_uri", &uri)
        .finish();
    person.get(&format!("/oid4vci/authorize?{query}")).await.redirect().to_owned()
}

pub(super) fn answered(location: &str) -> std::collections::HashMap<String, String> {
    location.parse::<url::Url>().expect("an address").query_pairs().into_owned().collect()
}

async fn redeem(wallet: &TestWallet<'_>, code: &str, verifier: &str) -> TestResponse {
    redeem_as(wallet, "wallet-1", code, verifier).await
}

async fn redeem_as(wallet: &TestWallet<'_>, client_id: &str, code: &str, verifier: &str) -> TestResponse {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", client_id),
        ("redirect_uri", "https://wallet.example/done"),
        ("code_verifier", verifier),
    ];
    wallet.form("/oid4vci/token", &form).await
}

// Conforms: OpenID4VCI 5; OpenID4VCI 6; HAIP 4; HAIP 4.3; RFC 7636 4.6; RFC 9207 2
// Conforms: OIDF issuer: happy flow; OIDF issuer: FAPI 2: code used twice
// Conforms: OIDF issuer: FAPI 2: request_uri used again
// Conforms: OIDF issuer: FAPI 2: no PKCE, plain, wrong verifier
#[tokio::test]
async fn authorization_code_flow_and_code_reuse_revokes_tokens() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let pushed = push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
    let page = arrive(&mut person, &pushed).await;
    let shown = person.get(&page).await.assert_status(200);
    assert!(shown.text.contains("wallet.example") && shown.text.contains("Acme Payroll"), "{}", shown.text);
    assert!(shown.header("content-security-policy").contains("form-action 'self' https://wallet.example"));
    person.post(&format!("{page}/allow"), &[]).await.assert_status(422);
    let location =
        person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.redirect().to_owned();
    let answer = answered(&location);
    assert!(location.starts_with("https://wallet.example/done?"));
    assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("s-1", test.app.config().base()));
    refused(
        &redeem(&wallet, &answer["code"], "another-verifier-of-more-than-forty-three-chars").await,
        400,
        "invalid_grant",
    );
    let unbound = TestWallet::new(&test);
    refused(&redeem(&unbound, &answer["code"], VERIFIER).await, 400, "invalid_dpop_proof");
    let token = redeem(&wallet, &answer["code"], VERIFIER).await.assert_status(200).json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert!(verify(&test, &credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200))).await.is_valid());
    refused(&wallet.fetch(&token, VC_JWT).await, 403, "insufficient_scope");
    refused(&redeem(&wallet, &answer["code"], VERIFIER).await, 400, "invalid_grant");
    refused(&wallet.fetch(&token, SD_JWT).await, 401, "invalid_token");
    person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.assert_status(410);
}

// Conforms: OpenID4VCI 5.1; OpenID4VCI 6.2; RFC 9396 7; OIDF issuer: happy flow
#[tokio::test]
async fn authorization_details_return_credential_identifiers() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let mut form = authorization(VERIFIER);
    form.retain(|(name, _)| *name != "scope");
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": SD_JWT }]);
    form.push(("authorization_details", details.to_string()));
    let page = arrive(&mut person, &push(&wallet, &form).await.assert_status(201)).await;
    person.get(&page).await.assert_status(200);
    let location =
        person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.redirect().to_owned();
    let token = redeem(&wallet, &answered(&location)["code"], VERIFIER).await.assert_status(200).json();
    let identifier = token["authorization_details"][0]["credential_identifiers"][0].clone();
    let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] });
    let request = json!({ "credential_identifier": identifier, "proofs": proofs });
    let answer = wallet.post("/oid4vci/credential", token["access_token"].as_str().expect("a token"), &request).await;
    assert!(verify(&test, &credential(&answer.assert_status(200))).await.is_valid());
}

// Conforms: OIDF issuer: FAPI 2: the person declines; OIDF issuer: FAPI 2: request_uri used again
#[tokio::test]
async fn only_the_holder_may_deny_an_authorization() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let page = arrive(&mut person, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201)).await;
    person.get(&page).await.assert_status(200);
    let (mut stranger, _) = second_credential(&test).await;
    stranger.get(&page).await.assert_status(410);
    stranger.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.assert_status(410);
    let location = person.post(&format!("{page}/deny"), &[]).await.redirect().to_owned();
    assert_eq!(answered(&location)["error"], "access_denied");
    person.post(&format!("{page}/deny"), &[]).await.assert_status(410);
}

#[tokio::test]
async fn authorization_cannot_grant_another_holders_credential() {
    let test = TestApp::new().await;
    let (_, id) = holder(&test).await;
    let (mut stranger, _) = second_credential(&test).await;
    let wallet = TestWallet::new(&test);
    let page = arrive(&mut stranger, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201)).await;
    stranger.get(&page).await.assert_status(200);
    stranger.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.assert_status(422);
    stranger.post(&format!("/wallet/credentials/{id}/offer"), &[]).await.assert_status(404);
}

// Conforms: RFC 9126 2; RFC 7636 4.3; HAIP 4; OIDF issuer: FAPI 2: no PKCE, plain, wrong verifier
// Conforms: OIDF issuer: FAPI 2: request_uri expired or of another client
// Conforms: OIDF issuer: FAPI 2: redirect_uri
#[tokio::test]
async fn invalid_authorization_requests_are_rejected_at_par() {
    let test = TestApp::new().await;
    let wallet = TestWallet::new(&test);
    let with = async |name: &'static str, value: &str| {
        let mut form = authorization(VERIFIER);
        form.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            form.push((name, value.to_owned()));
        }
        push(&wallet, &form).await
    };
    for (name, value, code) in [
        ("response_type", "token", "unsupported_response_type"),
        ("client_id", "", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("redirect_uri", "http://wallet.example/done", "invalid_request"),
        ("redirect_uri", "javascript:alert(1)", "invalid_request"),
        ("redirect_uri", "https://x;sandbox/done", "invalid_request"),
        ("redirect_uri", "https://wallet.example/#x", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("scope", "openid", "invalid_scope"),
        ("authorization_details", "[]", "invalid_authorization_details"),
        ("resource", "https://other.example", "invalid_target"),
    ] {
        refused(&with(name, value).await, 400, code);
    }
    let mut person = test.signed_in("ada@example.org").await;
    person
        .get("/oid4vci/authorize?client_id=wallet-1&redirect_uri=https%3A%2F%2Fwallet.example")
        .await
        .assert_status(400);
    let pushed = push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
    let uri = pushed.json()["request_uri"].as_str().expect("a request").to_owned();
    person.get(&format!("/oid4vci/authorize?client_id=another&request_uri={uri}")).await.assert_status(400);
    test.advance(Duration::from_secs(901));
    person.get(&format!("/oid4vci/authorize?client_id=wallet-1&request_uri={uri}")).await.assert_status(410);
}

// Conforms: RFC 9126 2; OIDF issuer: FAPI 2: redirect_uri
#[tokio::test]
async fn odd_redirect_uris_are_rejected_at_par() {
    let test = TestApp::builder().setting("rate_limit.enabled", "false").start().await;
    let wallet = TestWallet::new(&test);
    let with = async |redirect: &str| {
        let mut form = authorization(VERIFIER);
        form.retain(|(known, _)| *known != "redirect_uri");
        form.push(("redirect_uri", redirect.to_owned()));
        push(&wallet, &form).await
    };
    let long = format!("https://wallet.example/{}", "x".repeat(2_048));
    for redirect in [
        "/done",
        "//wallet.example/done",
        "wallet.example/done",
        "https:wallet.example",
        "https:///wallet.example",
        "http://wallet.example/done",
        "http://10.0.0.1/done",
        "http://localhost.example/done",
        "https://ada@wallet.example/done",
        "https://ada:secret@wallet.example/done",
        "https://@wallet.example/done",
        "https://wallet.example/done#x",
        "https://wallet.example/done#",
        "https://wallet.example/a b",
        " https://wallet.example/done",
        "https://wallet.example/done\n",
        "https://wallet.example/\u{0}",
        "https://wallet.example/\u{202e}",
        "https://x;sandbox/done",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://wallet.example/x",
        "about:blank",
        "view-source:https://wallet.example/",
        "intent://done#Intent;end",
        "ms-settings:privacy",
        "openid-credential-offer://",
        "openid-credential-offer://x?credential_offer_uri=https://x.example",
        "openid4vp://authorize",
        "haip-vci://done",
        "haip-vp://done",
        "eudi-openid4vp://done",
        "mdoc-openid4vp://done",
        "steam:run/1",
        "res:x",
        "itms-services:x",
        "JNLP://wallet.example/x",
        "search-ms:query=x",
        "mailto:ada@example.org",
        &*long,
    ] {
        let answer = with(redirect).await;
        refused(&answer, 400, "invalid_request");
        assert!(answer.text.contains("redirect_uri"), "{}", answer.text);
    }
    for redirect in [
        "https://wallet.example",
        "https://wallet.example:8443/done?x=1",
        "http://localhost:7000/done",
        "http://127.0.0.1/done",
        "http://[::1]:7000/done",
        "com.example.wallet:/done",
        "com.example.wallet://done",
        "eudi-openid4ci://authorize",
        "walletapp:/cb",
        "wallet:/done",
        "haip://",
    ] {
        with(redirect).await.assert_status(201);
    }
}

// Conforms: OpenID4VCI 4; OpenID4VCI 5.1.3; HAIP 4.2
#[tokio::test]
async fn push_can_be_issued_directly_to_another_wallet() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let pushed =
        test.post(crate::support::app::PUSH, &token, &crate::support::app::career("1")).await.assert_status(201).json();
    let id: Uuid = pushed["request_id"].as_str().expect("an id").parse().expect("a UUID");
    let address = pushed["credential_offer_uri"].as_str().expect("an offer").to_owned();
    let offer = test.get(address.strip_prefix(test.app.config().base()).expect("here")).await.assert_status(200).json();
    assert_eq!(offer["grants"]["authorization_code"]["issuer_state"], id.to_string());
    let wallet = TestWallet::new(&test);
    let mut form = authorization(VERIFIER);
    form.push(("issuer_state", id.to_string()));
    let pushed = push(&wallet, &form).await.assert_status(201);
    let mut person = test.browser();
    assert_eq!(arrive(&mut person, &pushed).await, "/sign-in");
    let consent = person.sign_in("ada@example.org").await;
    assert_eq!(consent, format!("/requests/{id}"));
    let page = person.post(&format!("{consent}/accept"), &[]).await.redirect().to_owned();
    assert!(page.starts_with("/oid4vci/authorize/"), "{page}");
    person.get(&page).await.assert_status(200);
    let location =
        person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.redirect().to_owned();
    let token = redeem(&wallet, &answered(&location)["code"], VERIFIER).await.assert_status(200).json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert!(verify(&test, &credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200))).await.is_valid());
    assert!(person.text("/wallet").await.contains("Company B"), "and it is in this wallet too");
}

/// Allows a pushed request; returns the parameters that the wallet receives.
async fn allowed(
    person: &mut Browser<'_>,
    pushed: &TestResponse,
    id: Uuid,
) -> std::collections::HashMap<String, String> {
    let page = arrive(person, pushed).await;
    person.get(&page).await.assert_status(200);
    let answer = person.post(&format!("{page}/allow"), &[("credential", &id.to_string())]).await.assert_status(303);
    answered(answer.header("location"))
}

// Conforms: OpenID4VCI 6; OIDF issuer: several clients
// Conforms: OIDF issuer: FAPI 2: code of another client or expired
#[tokio::test]
async fn authorization_code_is_bound_to_its_client_for_a_minute() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let code =
        allowed(&mut person, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201), id).await["code"]
            .clone();
    refused(&redeem_as(&wallet, "wallet-2", &code, VERIFIER).await, 400, "invalid_grant");
    test.advance(Duration::from_secs(59));
    redeem(&wallet, &code, VERIFIER).await.assert_status(200);
    let code =
        allowed(&mut person, &push(&wallet, &authorization(VERIFIER)).await.assert_status(201), id).await["code"]
            .clone();
    test.advance(Duration::from_secs(61));
    refused(&redeem(&wallet, &code, VERIFIER).await, 400, "invalid_grant");
}

// Conforms: RFC 6749 4.1.2; OIDF issuer: FAPI 2: request without state
#[tokio::test]
async fn missing_state_is_not_returned() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let mut form = authorization(VERIFIER);
    form.retain(|(name, _)| *name != "state");
    let answer = allowed(&mut person, &push(&wallet, &form).await.assert_status(201), id).await;
    assert!(!answer.contains_key("state"));
    redeem(&wallet, &answer["code"], VERIFIER).await.assert_status(200);
}

// Conforms: RFC 9126 4; OIDF issuer: FAPI 2: request_uri used again
#[tokio::test]
async fn completed_authorization_request_is_not_found() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let wallet = TestWallet::new(&test);
    let pushed = push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
    allowed(&mut person, &pushed, id).await;
    let uri = pushed.json()["request_uri"].as_str().expect("a request").to_owned();
    person.get(&format!("/oid4vci/authorize?client_id=wallet-1&request_uri={uri}")).await.assert_status(410);
}

// Conforms: RFC 9449 10; HAIP 4
#[tokio::test]
async fn authorization_code_is_bound_to_the_dpop_jkt() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let plain = TestWallet::new(&test);
    let mut form = authorization(VERIFIER);
    form.push(("dpop_jkt", key(9).public().thumbprint()));
    let code = allowed(&mut person, &push(&plain, &form).await.assert_status(201), id).await["code"].clone();
    refused(&redeem(&plain, &code, VERIFIER).await, 400, "invalid_dpop_proof");
    let by = |number| TestWallet { dpop: Some(key(number)), ..TestWallet::new(&test) };
    refused(&redeem(&by(8), &code, VERIFIER).await, 400, "invalid_grant");
    assert_eq!(redeem(&by(9), &code, VERIFIER).await.assert_status(200).json()["token_type"], "DPoP");
    // The key named in the pushed request must have signed its DPoP proof.
    refused(&push(&by(8), &form).await, 400, "invalid_request");
}
