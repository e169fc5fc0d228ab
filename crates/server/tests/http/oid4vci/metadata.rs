//! Published metadata and status lists.

use credential::jws;
use credential::key::PublicKey;
use credential::verification::{Token, keys_of};
use serde_json::{Value, json};

use super::support::{SD_JWT, VC_JWT, credential, offered, refused, verify};
use crate::support::app::TestApp;
use crate::support::wallet::TestWallet;

// Conforms: OpenID4VCI 12.2; OpenID4VCI 12.3; HAIP 4.1; RFC 8414 3; Token Status List 9
// Conforms: OIDF issuer: metadata; OIDF issuer: signed metadata; OIDF issuer: FAPI 2: discovery
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
    assert_eq!(server["scopes_supported"].as_array().map(Vec::len), Some(configurations.len()), "only what is listed");
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

async fn configurations(test: &TestApp) -> Value {
    let metadata = test.get("/.well-known/openid-credential-issuer").await.assert_status(200).json();
    metadata["credential_configurations_supported"].clone()
}

// Conforms: OpenID4VCI 12.2
#[tokio::test]
async fn metadata_lists_only_formats_of_the_standard_by_default() {
    let test = TestApp::new().await;
    let listed = configurations(&test).await;
    for (id, configuration) in listed.as_object().expect("configurations") {
        let format = configuration["format"].as_str().expect("a format");
        assert!(id.ends_with(&format!("_{format}")), "{id}");
        assert!(["dc+sd-jwt", "jwt_vc_json"].contains(&format), "wallets may reject metadata with others: {format}");
        assert_eq!(configuration["vct"].is_string(), format == "dc+sd-jwt", "{id}");
        assert_eq!(configuration["credential_definition"]["type"].is_array(), format == "jwt_vc_json", "{id}");
    }
}

// Conforms: OpenID4VCI 4; OpenID4VCI 6
#[tokio::test]
async fn offer_grants_every_listed_format() {
    let older = "career_history_jwt_vc_json";
    let test = TestApp::new().await;
    let (_, _, offer) = offered(&test).await;
    assert_eq!(offer.offer["credential_configuration_ids"], json!([SD_JWT]), "other formats are not listed");
    let details = json!([{ "type": "openid_credential", "credential_configuration_id": older }]).to_string();
    let form = [
        ("grant_type", tenure::oid4vci::offer::PRE_AUTHORIZED),
        ("pre-authorized_code", &*offer.pre_authorized_code),
        ("tx_code", &*offer.transaction_code),
        ("authorization_details", &*details),
    ];
    let wallet = TestWallet::new(&test);
    let issued = wallet.form("/oid4vci/token", &form).await.assert_status(200).json();
    let identifier = &issued["authorization_details"][0]["credential_identifiers"][0];
    let token = issued["access_token"].as_str().expect("a token");
    let proofs = json!({ "jwt": [wallet.proof(&wallet.key, &wallet.nonce().await)] });
    let request = json!({ "credential_identifier": identifier, "proofs": proofs });
    let first = wallet.post("/oid4vci/credential", token, &request).await.assert_status(200);
    let id = first.json()["notification_id"].clone();
    let event = json!({ "notification_id": id, "event": "credential_accepted" });
    wallet.post("/oid4vci/notification", token, &event).await.assert_status(204);
    for id in [older, SD_JWT, VC_JWT] {
        let text = credential(&wallet.fetch(token, id).await.assert_status(200));
        assert!(verify(&test, &text).await.is_valid(), "{id}");
    }
    test.advance(std::time::Duration::from_secs(2));
    assert!(!verify(&test, &credential(&first)).await.is_valid(), "it was fetched again");
    let answer = wallet.fetch(token, "education_jwt_vc_json").await;
    refused(&answer, 403, "insufficient_scope");
    let test = TestApp::builder().setting("oid4vci.formats", "dc+sd-jwt").start().await;
    let (_, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    refused(&wallet.fetch(&token, older).await, 403, "insufficient_scope");
}

// Conforms: OpenID4VCI 4; OpenID4VCI 12.2
#[tokio::test]
async fn metadata_and_offers_list_the_configured_formats() {
    let settings =
        [("oid4vci.formats", "dc+sd-jwt jwt_vc_json vc+jwt"), ("oid4vci.offered_formats", "jwt_vc_json dc+sd-jwt")];
    let test = TestApp::builder().settings(&settings).start().await;
    let listed = configurations(&test).await;
    assert_eq!(listed.as_object().map(serde_json::Map::len), Some(credential::ALL.len() * 3));
    let types = |id: &str| listed[id]["credential_definition"]["type"].clone();
    assert_eq!(types("education_vc+jwt"), json!(["VerifiableCredential", "OpenBadgeCredential"]));
    assert_eq!(types("education_jwt_vc_json"), json!(["VerifiableCredential", "Education"]));
    assert_eq!(listed["education_vc+jwt"]["format"], "vc+jwt");
    let (_, _, offer) = offered(&test).await;
    let older = "career_history_jwt_vc_json";
    assert_eq!(offer.offer["credential_configuration_ids"], json!([older, SD_JWT]), "in the operator's order");
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let text = credential(&wallet.fetch(&token, older).await.assert_status(200));
    let issued = jws::Jws::read(&text).expect("a JWT");
    assert_eq!((&issued.header["typ"], &issued.payload["vc"]["type"]), (&json!("JWT"), &types(older)));
    let report = verify(&test, &text).await;
    assert!(report.is_valid(), "{report:?}");
    assert_eq!(report.claims["credentialSubject"]["full_name"], "Ada Marker-Lovelace");
}

// Conforms: OpenID4VCI 12.2
#[tokio::test]
async fn wallets_see_the_operators_name_logo_and_colours() {
    let settings = [
        ("display.name", "Example Passport"),
        ("display.logo", "https://www.example.org/logo.png"),
        ("display.logo_alt_text", "A compass"),
        ("display.background_color", "#12107c"),
        ("display.text_color", "#ffffff"),
        ("display.type_colors", "education=#004d40/#fafafa"),
    ];
    let test = TestApp::builder().settings(&settings).start().await;
    let metadata = test.get("/.well-known/openid-credential-issuer").await.assert_status(200).json();
    let logo = json!({ "uri": "https://www.example.org/logo.png", "alt_text": "A compass" });
    let issuer = json!({
        "name": "Example Passport", "locale": "en", "logo": logo,
        "background_color": "#12107c", "text_color": "#ffffff",
    });
    assert_eq!(metadata["display"], json!([issuer]));
    for (id, background) in [("education_dc+sd-jwt", "#004d40"), ("career_history_jwt_vc_json", "#12107c")] {
        let shown = &metadata["credential_configurations_supported"][id]["credential_metadata"]["display"][0];
        assert_eq!((&shown["logo"], &shown["background_color"]), (&logo, &json!(background)), "{id}");
        assert!(shown["name"].is_string() && shown["description"].is_string(), "{id}");
    }
    let vct = metadata["credential_configurations_supported"]["education_dc+sd-jwt"]["vct"].clone();
    let path = vct.as_str().expect("a vct").strip_prefix(test.app.config().base()).expect("here").to_owned();
    let plain = TestApp::new().await;
    assert_eq!(test.text(&path).await, plain.text(&path).await, "published type metadata does not change");
}

// Conforms: OpenID4VCI 12.2
#[tokio::test]
async fn nested_claims_have_labels_of_their_own_in_every_format() {
    let test = TestApp::new().await;
    let listed = configurations(&test).await;
    for (id, root) in [(SD_JWT, None), ("career_history_jwt_vc_json", Some("credentialSubject"))] {
        let claims = listed[id]["credential_metadata"]["claims"].as_array().expect("claims");
        let label = |rest: &[Value]| {
            let path: Vec<Value> = root.iter().map(|name| json!(name)).chain(rest.iter().cloned()).collect();
            let claim = claims.iter().find(|claim| claim["path"] == json!(path));
            claim.map(|claim| claim["display"][0]["name"].clone())
        };
        let (list, item) = (json!("employment"), Value::Null);
        assert_eq!(label(&[list.clone(), item.clone()]), Some(json!("Job")), "{id}");
        assert_eq!(label(&[list, item, json!("organisation")]), Some(json!("Employer")), "{id}");
        assert_eq!(label(&[json!("attested_by")]).is_some(), id == SD_JWT, "{id}");
    }
}

// Conforms: Token Status List 5.1; Token Status List 8.1; Token Status List 8.2
// Conforms: Token Status List 9; HAIP 6.1
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
    for accept in [
        "Application/StatusList+JWT",
        "application/statuslist+cwt, */*;q=0.1",
        "application/*",
        "application/statuslist+cwt",
        "text/html;x=application/jwt",
    ] {
        get("accept", accept).await.assert_status(200);
    }
    get("accept", "application/statuslist+jwt;q=0").await.assert_status(406);
    test.get(&format!("{path}?time=1700000000")).await.assert_status(501);
    test.get("/status/00000000-0000-4000-8000-000000000000").await.assert_status(404);
    let all = test.get("/status").await.assert_status(200).json();
    assert_eq!(all["status_lists"].as_array().map(Vec::len), Some(1));
    let signed = |text: &str| jws::Jws::read(text).expect("a JWT").header["x5c"].clone();
    assert_eq!(signed(&list.text), signed(text.split('~').next().expect("a JWT")), "certified like the credential");
    assert!(list.text.len() < 3000, "a million entries that are all good pack small: {}", list.text.len());
}
