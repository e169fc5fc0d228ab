//! OpenID4VCI 1.0: an accepted credential, fetched into another wallet; and everything that must not work.

mod attestation;
mod authorization;

use std::time::Duration;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestOffer, TestWallet, key, make_offer, signed};
use credential::format::sd_jwt::Challenge;
use credential::key::{PublicKey, SoftwareKey};
use credential::verification::{Answer as Found, Evidence, Report, Step, Token, keys_of};
use credential::{jwe, jws};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const SD_JWT: &str = "career_history_dc+sd-jwt";
const VC_JWT: &str = "career_history_vc+jwt";

/// A person with one accepted career history.
async fn holder(test: &TestApp) -> (Browser<'_>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    (person, id)
}

async fn offered(test: &TestApp) -> (Browser<'_>, Uuid, TestOffer) {
    let (mut person, id) = holder(test).await;
    let offer = make_offer(test, &mut person, id).await;
    (person, id, offer)
}

/// Checks a credential as a verifier does, with everything fetched from the server.
async fn verify(test: &TestApp, text: &str) -> Report {
    let token = Token::read(text).unwrap_or_else(|refusal| panic!("{refusal}: {text}"));
    let issuer = test.get("/.well-known/jwt-vc-issuer").await.assert_status(200).json();
    let path = |address: &String| address.strip_prefix(test.app.config().base()).expect("here").to_owned();
    let questions = token.questions();
    let status = test.text(&path(&questions.status.expect("a status"))).await;
    let metadata = match &questions.metadata {
        Some(address) => Found::Some(test.get(&path(address)).await.assert_status(200).bytes.to_vec()),
        None => Found::NotAsked,
    };
    let issuer_keys = Found::Some(keys_of(&issuer["jwks"]));
    let evidence = Evidence { issuer_keys, status: Found::Some(status), metadata };
    token.judge(&evidence, &Challenge { now: test.app.now().seconds(), ..Challenge::default() })
}

fn credential(answer: &TestResponse) -> String {
    answer.json()["credentials"][0]["credential"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

#[track_caller]
fn refused(answer: &TestResponse, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (status, Some(code)), "{}", answer.text);
    let description = answer.json()["error_description"].as_str().expect("words").to_owned();
    assert!(!description.is_empty() && description.is_ascii(), "{description}");
}

#[tokio::test]
async fn an_offer_is_fetched_and_what_comes_verifies_in_both_formats() {
    let test = TestApp::new().await;
    let (mut person, _, offer) = offered(&test).await;
    assert_eq!(offer.offer["credential_configuration_ids"], json!([SD_JWT, VC_JWT]));
    assert_eq!(test.get(&offer.path).await.assert_status(200).json(), offer.offer, "an offer can be read again");
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    for configuration in [SD_JWT, VC_JWT] {
        let answer = wallet.fetch(&token, configuration).await.assert_status(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let text = credential(&answer);
        let report = verify(&test, &text).await;
        assert!(report.is_valid(), "{report:?}");
        let claims = Value::Object(report.claims);
        let subject = if configuration == SD_JWT { &claims } else { &claims["credentialSubject"] };
        assert_eq!(subject["full_name"], "Ada Marker-Lovelace");
        assert_eq!(subject["employment"][1]["organisation"], "Company B");
        assert_eq!(claims["cnf"]["jwk"], wallet.key.public().jwk());
    }
    assert!(person.text(&offer.page).await.contains("A wallet has fetched this credential"));
    assert!(wallet.redeem(&offer, &offer.transaction_code).await.status.is_client_error(), "a code is good once");
}

#[tokio::test]
async fn the_documents_that_wallets_read_agree_with_each_other() {
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
async fn a_wrong_transaction_code_counts_and_ends_the_offer() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let wrong = if offer.transaction_code == "000000" { "000001" } else { "000000" };
    let form =
        [("grant_type", tenure::oid4vci::offer::PRE_AUTHORIZED), ("pre-authorized_code", &*offer.pre_authorized_code)];
    refused(&wallet.form("/oid4vci/token", &form).await, 400, "invalid_request");
    for _ in 0..5 {
        refused(&wallet.redeem(&offer, wrong).await, 400, "invalid_grant");
    }
    refused(&wallet.redeem(&offer, &offer.transaction_code).await, 400, "invalid_grant");
}

#[tokio::test]
async fn codes_that_are_changed_over_or_of_another_kind_are_refused() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let another = if offer.pre_authorized_code.starts_with('B') { "C" } else { "B" };
    let changed = offer.pre_authorized_code.replacen(|_: char| true, another, 1);
    let changed = TestOffer { pre_authorized_code: changed, ..offer.clone() };
    refused(&wallet.redeem(&changed, &offer.transaction_code).await, 400, "invalid_grant");
    let unknown = wallet.form("/oid4vci/token", &[("grant_type", "password")]).await;
    refused(&unknown, 400, "unsupported_grant_type");
    let elsewhere = [("grant_type", "authorization_code"), ("resource", "https://other.example")];
    refused(&wallet.form("/oid4vci/token", &elsewhere).await, 400, "invalid_target");
    test.advance(Duration::from_secs(601));
    refused(&wallet.redeem(&offer, &offer.transaction_code).await, 400, "invalid_grant");
    test.get(&offer.path).await.assert_status(404);
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_in_its_time() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let nonce = wallet.nonce().await;
    let ask = |proof: String| json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": [proof] } });
    let request = ask(wallet.proof(&wallet.key, &nonce));
    wallet.post("/oid4vci/credential", &token, &request).await.assert_status(200);
    refused(&wallet.post("/oid4vci/credential", &token, &request).await, 400, "invalid_nonce");
    let old = wallet.nonce().await;
    refused(
        &wallet.post("/oid4vci/credential", &token, &ask(wallet.proof(&wallet.key, "made up"))).await,
        400,
        "invalid_nonce",
    );
    let mut changed = old.clone();
    changed.replace_range(0..1, if old.starts_with('A') { "B" } else { "A" });
    refused(
        &wallet.post("/oid4vci/credential", &token, &ask(wallet.proof(&wallet.key, &changed))).await,
        400,
        "invalid_nonce",
    );
    let bound = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let (mut person, id) = second_credential(&test).await;
    let offer = make_offer(&test, &mut person, id).await;
    let token = bound.token(&offer).await;
    test.advance(Duration::from_secs(301));
    refused(
        &bound.post("/oid4vci/credential", &token, &ask(wallet.proof(&wallet.key, &old))).await,
        400,
        "invalid_nonce",
    );
}

async fn second_credential(test: &TestApp) -> (Browser<'_>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "2").await;
    let mut person = test.signed_in("grace@example.org").await;
    person.accept(id).await;
    (person, id)
}

/// Changes a proof's header and payload.
type Change<'a> = &'a dyn Fn(&mut Value, &mut Value);

#[tokio::test]
async fn proofs_that_prove_nothing_are_refused_with_their_reason() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let header = json!({ "typ": "openid4vci-proof+jwt", "jwk": wallet.key.public().jwk() });
    let ask = async |proofs: Value| {
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": proofs });
        wallet.post("/oid4vci/credential", &token, &request).await
    };
    let with = async |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut header, mut payload) = (header.clone(), wallet.proof_payload(&wallet.nonce().await));
        change(&mut header, &mut payload);
        ask(json!({ "jwt": [signed(&wallet.key, header, &payload)] })).await
    };
    with(&|_, _| {}).await.assert_status(200);
    let now = test.app.now().seconds();
    let changes: [(&str, Change<'_>); 11] = [
        ("another typ", &|header, _| header["typ"] = "JWT".into()),
        ("another audience", &|_, payload| payload["aud"] = "https://other.example".into()),
        ("no audience", &|_, payload| payload["aud"] = Value::Null),
        ("from the future", &|_, payload| payload["iat"] = (now + 120).into()),
        ("old", &|_, payload| payload["iat"] = (now - 600).into()),
        ("no time", &|_, payload| payload["iat"] = Value::Null),
        ("no challenge", &|_, payload| payload["nonce"] = Value::Null),
        ("another's key", &|header, _| header["jwk"] = key(22).public().jwk()),
        ("a private key", &|header, _| header["jwk"]["d"] = "AA".into()),
        ("two keys", &|header, _| header["kid"] = key(21).public().did_jwk().into()),
        ("no key", &|header, _| header["jwk"] = Value::Null),
    ];
    for (what, change) in changes {
        let answer = with(change).await;
        assert_eq!(answer.json()["error"], "invalid_proof", "{what}: {}", answer.text);
    }
    with(&|header, _| {
        header.as_object_mut().expect("an object").remove("jwk");
        header["kid"] = key(21).public().did_jwk().into();
    })
    .await
    .assert_status(200);
    let unsigned = wallet.proof(&wallet.key, &wallet.nonce().await);
    let none =
        jws::protected(&json!({ "alg": "none", "typ": "openid4vci-proof+jwt", "jwk": wallet.key.public().jwk() }));
    let unsigned = format!("{none}.{}.", unsigned.split('.').nth(1).expect("a payload"));
    for proofs in [
        json!({ "jwt": [unsigned] }),
        json!({}),
        json!({ "jwt": [] }),
        json!({ "jwt": ["x"], "attestation": ["x"] }),
        json!({ "di_vp": ["x"] }),
        json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await), wallet.proof(&wallet.key, &wallet.nonce().await)] }),
    ] {
        refused(&ask(proofs).await, 400, "invalid_proof");
    }
    let missing = wallet.post("/oid4vci/credential", &token, &json!({ "credential_configuration_id": SD_JWT })).await;
    refused(&missing, 400, "invalid_proof");
}

#[tokio::test]
async fn a_token_gives_what_it_was_given_for_and_nothing_else() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    refused(&wallet.fetch(&token, "education_dc+sd-jwt").await, 403, "insufficient_scope");
    refused(&wallet.fetch(&token, "salary_dc+sd-jwt").await, 400, "unknown_credential_configuration");
    let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] });
    let by_identifier = json!({ "credential_identifier": "another", "proofs": proofs });
    refused(&wallet.post("/oid4vci/credential", &token, &by_identifier).await, 400, "unknown_credential_identifier");
    refused(
        &wallet.post("/oid4vci/credential", &token, &json!({ "proofs": proofs })).await,
        400,
        "invalid_credential_request",
    );
    refused(&wallet.fetch("made up", SD_JWT).await, 401, "invalid_token");
    let in_query = test
        .send(
            axum::http::Request::post(format!("/oid4vci/credential?access_token={token}"))
                .body("{}".into())
                .expect("a request"),
        )
        .await;
    assert_eq!(in_query.status, 401);
    test.advance(Duration::from_secs(301));
    refused(&wallet.fetch(&token, SD_JWT).await, 401, "invalid_token");
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_needs_that_key_and_a_fresh_proof() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    let answer = wallet.redeem(&offer, &offer.transaction_code).await.assert_status(200);
    assert_eq!(answer.json()["token_type"], "DPoP");
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    wallet.fetch(&token, SD_JWT).await.assert_status(200);
    refused(&TestWallet::new(&test).fetch(&token, SD_JWT).await, 401, "invalid_token");
    let other = TestWallet { dpop: Some(key(8)), ..TestWallet::new(&test) };
    refused(&other.fetch(&token, SD_JWT).await, 401, "invalid_token");
    let plain = TestWallet::new(&test);
    let path = "/oid4vci/credential";
    let send = async |proof: String| {
        let request = axum::http::Request::post(path)
            .header("authorization", format!("DPoP {token}"))
            .header("content-type", "application/json")
            .header("dpop", proof);
        test.send(request.body("{}".into()).expect("a request")).await
    };
    let nonce = test.send(axum::http::Request::post("/oid4vci/nonce").body("".into()).expect("a request")).await;
    let nonce = nonce.header("dpop-nonce");
    let answer = send(plain.dpop_proof(&key(9), path, Some(&token), "")).await;
    refused(&answer, 401, "use_dpop_nonce");
    assert!(!answer.header("dpop-nonce").is_empty());
    refused(&send(plain.dpop_proof(&key(9), "/oid4vci/token", Some(&token), nonce)).await, 401, "invalid_dpop_proof");
    refused(&send(plain.dpop_proof(&key(9), path, None, nonce)).await, 401, "invalid_dpop_proof");
    for (name, wrong) in [
        ("htm", json!("GET")),
        ("iat", json!(test.app.now().seconds() - 400)),
        ("iat", json!(test.app.now().seconds() + 400)),
    ] {
        let mut payload = plain.dpop_payload(path, Some(&token), nonce);
        payload[name] = wrong;
        let proof = signed(&key(9), json!({ "typ": "dpop+jwt", "jwk": key(9).public().jwk() }), &payload);
        refused(&send(proof).await, 401, "invalid_dpop_proof");
    }
    let proof = plain.dpop_proof(&key(9), path, Some(&token), nonce);
    assert_eq!(send(proof.clone()).await.json()["error"], "invalid_credential_request", "a good one gets through");
    refused(&send(proof).await, 401, "invalid_dpop_proof");
}

#[tokio::test]
async fn several_keys_get_several_credentials_with_places_of_their_own() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let nonce = wallet.nonce().await;
    let keys: Vec<SoftwareKey> = (31..36).map(key).collect();
    let proofs: Vec<String> = keys.iter().map(|key| wallet.proof(key, &nonce)).collect();
    let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": proofs } });
    let answer = wallet.post("/oid4vci/credential", &token, &request).await.assert_status(200).json();
    let credentials = answer["credentials"].as_array().expect("credentials").clone();
    assert_eq!(credentials.len(), 5);
    let mut places = std::collections::HashSet::new();
    for (credential, key) in credentials.iter().zip(&keys) {
        let report = verify(&test, credential["credential"].as_str().expect("a text")).await;
        assert!(report.is_valid());
        assert_eq!(report.claims["cnf"]["jwk"], key.public().jwk());
        assert!(places.insert(report.claims["status"].to_string()));
    }
    let many: Vec<String> = (40..51).map(|number| wallet.proof(&key(number), &nonce)).collect();
    let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": many } });
    refused(&wallet.post("/oid4vci/credential", &token, &request).await, 400, "invalid_proof");
}

#[tokio::test]
async fn asking_again_replaces_what_was_given_and_deleting_revokes_all() {
    let test = TestApp::new().await;
    let (mut person, id, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let first = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    let other_format = credential(&wallet.fetch(&token, VC_JWT).await.assert_status(200));
    assert!(verify(&test, &first).await.is_valid());
    let second = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    test.advance(Duration::from_secs(2));
    let code = async |text: &str| verify(&test, text).await.verdict(Step::Status).expect("a verdict").code;
    assert_eq!(code(&first).await, Some("revoked"), "never two of one grant");
    assert_eq!((code(&second).await, code(&other_format).await), (None, None));
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    test.advance(Duration::from_secs(2));
    for text in [&second, &other_format] {
        assert_eq!(code(text).await, Some("revoked"));
    }
    refused(&wallet.fetch(&token, SD_JWT).await, 400, "credential_request_denied");
}

#[tokio::test]
async fn a_wallet_says_what_became_of_a_credential_as_often_as_it_likes() {
    let test = TestApp::new().await;
    let (mut person, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let id = wallet.fetch(&token, SD_JWT).await.assert_status(200).json()["notification_id"].clone();
    let notify = async |token: &str, body: Value| wallet.post("/oid4vci/notification", token, &body).await;
    for _ in 0..2 {
        notify(&token, json!({ "notification_id": id, "event": "credential_accepted" })).await.assert_status(204);
    }
    assert!(person.text(&offer.page).await.contains("The credential is in your other wallet."));
    refused(
        &notify(&token, json!({ "notification_id": id, "event": "credential_eaten" })).await,
        400,
        "invalid_notification_request",
    );
    let unknown = json!({ "notification_id": "another", "event": "credential_accepted" });
    refused(&notify(&token, unknown).await, 400, "invalid_notification_id");
    refused(
        &notify("made up", json!({ "notification_id": id, "event": "credential_accepted" })).await,
        401,
        "invalid_token",
    );
}

#[tokio::test]
async fn requests_and_answers_can_be_encrypted() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let metadata = test.get("/.well-known/openid-credential-issuer").await.json();
    let recipient = metadata["credential_request_encryption"]["jwks"]["keys"][0].clone();
    let own = jwe::encryption_jwk(&[77; 32], "w1").expect("a key");
    let mut request = json!({
        "credential_configuration_id": SD_JWT,
        "proofs": { "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] },
        "credential_response_encryption": { "jwk": own, "enc": "A256GCM" },
    });
    refused(&wallet.post("/oid4vci/credential", &token, &request).await, 400, "invalid_encryption_parameters");
    let seal = |request: &Value| {
        jwe::encrypt(request.to_string().as_bytes(), &recipient, jwe::Encryption::A128Gcm, Map::new())
            .expect("encrypted")
    };
    let answer =
        wallet.post_as("/oid4vci/credential", &token, "application/jwt", seal(&request)).await.assert_status(200);
    assert_eq!(answer.header("content-type"), "application/jwt");
    let opened = jwe::decrypt(&answer.text, &[77; 32]).expect("opens");
    let opened: Value = serde_json::from_slice(&opened.plain).expect("JSON");
    assert!(verify(&test, opened["credentials"][0]["credential"].as_str().expect("a text")).await.is_valid());
    for (name, value) in [("enc", json!("A128CBC-HS256")), ("jwk", json!({ "kty": "RSA" })), ("zip", json!("DEF"))] {
        request["credential_response_encryption"] = json!({ "jwk": own, "enc": "A256GCM" });
        request["credential_response_encryption"][name] = value;
        let answer = wallet.post_as("/oid4vci/credential", &token, "application/jwt", seal(&request)).await;
        refused(&answer, 400, "invalid_encryption_parameters");
    }
    let answer = wallet.post_as("/oid4vci/credential", &token, "application/jwt", "no JWE".to_owned()).await;
    refused(&answer, 400, "invalid_encryption_parameters");
}

#[tokio::test]
async fn what_cannot_be_signed_now_is_put_off_and_fetched_later() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    test.app.issuer_keys().let_go();
    let put_off = wallet.fetch(&token, SD_JWT).await.assert_status(202).json();
    assert_eq!(put_off["interval"], 5);
    let ask = json!({ "transaction_id": put_off["transaction_id"] });
    let again = wallet.post("/oid4vci/deferred", &token, &ask).await.assert_status(202).json();
    assert_eq!(again, put_off, "the same transaction goes on");
    refused(&wallet.post("/oid4vci/deferred", "made up", &ask).await, 401, "invalid_token");
    let (mut grace, id) = second_credential(&test).await;
    let other = wallet.token(&make_offer(&test, &mut grace, id).await).await;
    refused(&wallet.post("/oid4vci/deferred", &other, &ask).await, 400, "invalid_transaction_id");
    let now = test.app.now();
    test.app.issuer_keys().refresh(test.app.keyring(), test.app.rng(), now).await.expect("the keys are back");
    let answer = wallet.post("/oid4vci/deferred", &token, &ask).await.assert_status(200);
    assert!(verify(&test, &credential(&answer)).await.is_valid());
    assert!(answer.json()["notification_id"].is_string());
    refused(&wallet.post("/oid4vci/deferred", &token, &ask).await, 400, "invalid_transaction_id");
}

#[tokio::test]
async fn a_server_that_wants_dpop_gives_no_bearer_tokens() {
    let test = TestApp::builder().setting("wallets.dpop_required", "true").start().await;
    let (_, _, offer) = offered(&test).await;
    refused(&TestWallet::new(&test).redeem(&offer, &offer.transaction_code).await, 400, "invalid_dpop_proof");
    let wallet = TestWallet { dpop: Some(key(9)), ..TestWallet::new(&test) };
    wallet.redeem(&offer, &offer.transaction_code).await.assert_status(200);
}

/// Keys follow each other while wallets fetch and verifiers check, and nothing fails to verify in between: not what was
/// signed before, not what is signed at the change, not by keys that a verifier fetched a while ago.
#[tokio::test]
async fn keys_rotate_under_load_and_nothing_fails_to_verify() {
    let test = TestApp::builder()
        .setting("credentials.signing_key_age", "3d")
        .setting("rate_limit.enabled", "false")
        .start()
        .await;
    let (mut person, id, _) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let (mut signed, mut kids, mut published) = (Vec::new(), std::collections::HashSet::new(), Vec::new());
    for _ in 0..16 {
        let offer = make_offer(&test, &mut person, id).await;
        let token = wallet.token(&offer).await;
        let refresh = async {
            let now = test.app.now();
            test.app.issuer_keys().refresh(test.app.keyring(), test.app.rng(), now).await.expect("refreshed");
        };
        let (fetched, ()) = tokio::join!(wallet.fetch(&token, SD_JWT), refresh);
        let text = credential(&fetched.assert_status(200));
        let header = credential::format::sd_jwt::SdJwt::read(&text).expect("read").jws.header;
        kids.insert(header["kid"].to_string());
        published.push(keys_of(&test.get("/.well-known/jwks.json").await.assert_status(200).json()));
        let token = Token::read(&text).expect("read");
        // A verifier may have fetched the keys up to a day before: they have it already.
        let before = published.len().saturating_sub(2);
        let evidence = Evidence { issuer_keys: Found::Some(published[before].clone()), ..Evidence::default() };
        let report = token.judge(&evidence, &Challenge { now: test.app.now().seconds(), ..Challenge::default() });
        assert!(report.is_valid(), "{report:?}");
        signed.push(text);
        for text in &signed {
            assert!(verify(&test, text).await.is_valid());
        }
        test.advance(Duration::from_secs(12 * 3600));
    }
    assert!(kids.len() >= 3, "{kids:?}");
}

#[tokio::test]
async fn status_lists_are_cached_compressed_and_tell_what_they_are() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let text = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    let questions = Token::read(&text).expect("read").questions();
    let path = questions.status.expect("a status").strip_prefix(test.app.config().base()).expect("here").to_owned();
    let list = test.get(&path).await.assert_status(200);
    assert_eq!(list.header("content-type"), "application/statuslist+jwt");
    assert_eq!(list.header("access-control-allow-origin"), "*");
    let etag = list.header("etag").to_owned();
    let get = async |name: &'static str, value: &str| {
        test.send(axum::http::Request::get(&path).header(name, value).body("".into()).expect("a request")).await
    };
    assert_eq!(get("if-none-match", &etag).await.assert_status(304).header("etag"), etag);
    get("accept", "application/statuslist+jwt").await.assert_status(200);
    get("accept", "application/statuslist+cwt").await.assert_status(406);
    test.get(&format!("{path}?time=1700000000")).await.assert_status(501);
    test.get("/status/00000000-0000-4000-8000-000000000000").await.assert_status(404);
    let all = test.get("/status").await.assert_status(200).json();
    assert_eq!(all["status_lists"].as_array().map(Vec::len), Some(1));
    let signed = |text: &str| jws::Jws::read(text).expect("a JWT").header["x5c"].clone();
    assert_eq!(signed(&list.text), signed(text.split('~').next().expect("a JWT")), "certified like the credential");
    assert!(list.text.len() < 3000, "a million entries that are all good pack small: {}", list.text.len());
}

#[tokio::test]
async fn two_fetches_at_once_do_not_revoke_each_other() {
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let first = credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200));
    let (one, other) = tokio::join!(wallet.fetch(&token, SD_JWT), wallet.fetch(&token, SD_JWT));
    test.advance(Duration::from_secs(2));
    let mut standing = 0;
    for answer in [one, other] {
        standing += i32::from(verify(&test, &credential(&answer.assert_status(200))).await.is_valid());
    }
    assert!(standing >= 1, "at least the later one stands");
    assert!(!verify(&test, &first).await.is_valid());
}

/// A token that is ended while a request of it is under way gives nothing more.
#[tokio::test]
async fn what_is_ended_gives_nothing_more() {
    let test = TestApp::new().await;
    let (_, id, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let access = {
        let mut tx = test.app.store().read().await.expect("a transaction");
        tx.wallet_access(&tenure::seal::sha256(token.as_bytes()), test.app.now())
            .await
            .expect("read")
            .expect("a wallet")
    };
    let mut tx = test.app.store().write().await.expect("a transaction");
    tx.end_issuance(access.issuance.id, test.app.now()).await.expect("ended");
    tx.commit().await.expect("committed");
    let grant = access.issuance.credentials[0].clone();
    let entry = store::WantedEntry {
        submission: id,
        holder: access.issuance.holder().expect("a holder"),
        expires_at: test.app.now() + Duration::from_secs(60),
        issuance: Some((access.issuance.id, grant.configuration)),
    };
    let request = store::IssueRequest {
        entries: vec![entry],
        nonces: vec![[9; 32]],
        grant: Some(store::GrantIssued { issuance: access.issuance.id, grant, notification: Uuid::nil() }),
    };
    let issued = test.app.issuing().issue(request).await.expect("an answer");
    assert_eq!(issued, store::Issued::Places(vec![None]));
}
