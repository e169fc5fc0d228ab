//! Credential requests: formats, keys, encryption, deferral, rotation and revocation.

use std::time::Duration;

use credential::format::sd_jwt::Challenge;
use credential::jwe;
use credential::key::SoftwareKey;
use credential::verification::{LookupResult, Step, Token, VerificationInputs, keys_of};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::support::{SD_JWT, VC_JWT, credential, offered, refused, second_credential, verify};
use crate::support::app::TestApp;
use crate::support::wallet::{TestWallet, key, make_offer};

// Conforms: OpenID4VCI 4; OpenID4VCI 6; OpenID4VCI 8; OpenID4VCI A.3; HAIP 6.1
// Conforms: OIDF issuer: happy flow; OIDF issuer: notification skipped
#[tokio::test]
async fn offered_credential_verifies_in_both_formats() {
    let test = TestApp::new().await;
    let (mut person, _, offer) = offered(&test).await;
    assert_eq!(offer.offer["credential_configuration_ids"], json!([SD_JWT]), "one format, so one credential");
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

// Conforms: OpenID4VCI 8.2; HAIP 4; HAIP 6.1; OIDF issuer: batch issuance
#[tokio::test]
async fn each_key_gets_a_credential_and_status_list_index() {
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

// Conforms: OpenID4VCI 8; OIDF issuer: additional requests
#[tokio::test]
async fn reissue_and_deletion_revoke_issued_credentials() {
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

// Conforms: OpenID4VCI 11; OIDF issuer: notification
#[tokio::test]
async fn notifications_are_idempotent_and_validated() {
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

// Conforms: OpenID4VCI 10; RFC 7516 5; OIDF issuer: unsupported encryption algorithm
#[tokio::test]
async fn credential_requests_and_responses_can_be_encrypted() {
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

// Conforms: OpenID4VCI 9
#[tokio::test]
async fn issuance_without_a_signing_key_is_deferred() {
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
    test.app.issuer_keys().refresh(now).await.expect("the keys are back");
    let answer = wallet.post("/oid4vci/deferred", &token, &ask).await.assert_status(200);
    assert!(verify(&test, &credential(&answer)).await.is_valid());
    assert!(answer.json()["notification_id"].is_string());
    refused(&wallet.post("/oid4vci/deferred", &token, &ask).await, 400, "invalid_transaction_id");
}

/// Keys rotate while wallets fetch credentials. Credentials signed before, during and after a
/// rotation verify, also with
/// keys that a verifier fetched earlier.
#[tokio::test]
async fn credentials_verify_across_key_rotation() {
    let test = TestApp::builder()
        .setting("credentials.key_rotation_interval", "3d")
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
            test.app.issuer_keys().refresh(now).await.expect("refreshed");
        };
        let (fetched, ()) = tokio::join!(wallet.fetch(&token, SD_JWT), refresh);
        let text = credential(&fetched.assert_status(200));
        let header = credential::format::sd_jwt::SdJwt::read(&text).expect("read").jws.header;
        kids.insert(header["kid"].to_string());
        published.push(keys_of(&test.get("/.well-known/jwks.json").await.assert_status(200).json()));
        let token = Token::read(&text).expect("read");
        // A verifier may have fetched the keys up to a day earlier; the new key is already
        // published then.
        let before = published.len().saturating_sub(2);
        let inputs = VerificationInputs {
            issuer_keys: LookupResult::Found(published[before].clone()),
            ..VerificationInputs::default()
        };
        let report = token.verify(&inputs, &Challenge { now: test.app.now().seconds(), ..Challenge::default() });
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
async fn concurrent_credential_requests_leave_a_valid_credential() {
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

/// An issuance that ends during a credential request issues nothing.
#[tokio::test]
async fn ended_issuance_issues_nothing() {
    let test = TestApp::new().await;
    let (_, id, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let access = {
        let mut tx = test.app.store().read().await.expect("a transaction");
        tx.wallet_access(&credential::encoding::sha256(token.as_bytes()), test.app.now())
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
