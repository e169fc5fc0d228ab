//! Signed request objects: contents, signature, and the parameters that a wallet may post to fetch
//! them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential::encoding::sha256;
use credential::jwe;
use credential::jws::Jws;
use credential::key::PublicKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{key_of, parameter, refused, scene, sent_to, verify_chain};
use crate::support::app::TestApp;

// Conforms: OpenID4VP 5; OpenID4VP 5.1; OpenID4VP 5.8; RFC 9101 5; HAIP 5; HAIP 5.1; HAIP 5.3.2
// Conforms: OIDF verifier: request_uri fetched twice
#[tokio::test]
async fn request_object_is_signed_and_can_be_fetched_again() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let base = test.app.config().base();
    assert_eq!(parameter(&asked.link, "client_id"), asked.text("client_id"));
    assert_eq!(parameter(&asked.link, "request_uri"), format!("{base}/openid4vp/requests/{}", asked.id));
    assert_eq!(parameter(&asked.link, "request_uri_method"), "post");
    for (name, value) in [
        ("aud", json!("https://self-issued.me/v2")),
        ("response_type", json!("vp_token")),
        ("response_mode", json!("direct_post.jwt")),
        ("response_uri", json!(format!("{base}{}", asked.response_path()))),
    ] {
        assert_eq!(asked.request[name], value, "{name}");
    }
    assert!(asked.request.get("redirect_uri").is_none() && asked.request.get("wallet_nonce").is_none());
    assert_eq!((asked.text("nonce").len(), asked.text("state").len()), (43, 43), "256 bits each");
    let metadata = &asked.request["client_metadata"];
    assert_eq!(metadata["encrypted_response_enc_values_supported"], json!(["A128GCM", "A256GCM"]));
    assert_eq!(metadata["vp_formats_supported"]["dc+sd-jwt"]["kb-jwt_alg_values"][0], "ES256");
    let [jwk] = metadata["jwks"]["keys"].as_array().expect("keys").as_slice() else { panic!("one key: {metadata}") };
    assert_eq!((&jwk["alg"], &jwk["use"], &jwk["crv"]), (&json!("ECDH-ES"), &json!("enc"), &json!("P-256")));
    assert!(jwk["kid"].is_string() && jwk.get("d").is_none());
    let query = &asked.request["dcql_query"]["credentials"][0];
    assert_eq!(query["format"], "dc+sd-jwt");
    let type_at = |number: u8| format!("{base}/credentials/career_history/{number}");
    assert_eq!(query["meta"]["vct_values"], json!([type_at(3), type_at(2)]));
    let paths: Vec<&Value> = query["claims"].as_array().expect("claims").iter().map(|claim| &claim["path"]).collect();
    assert_eq!(paths, [&json!(["full_name"]), &json!(["employment"])]);
    // The request is signed by the leaf certificate, whose hash is the client id; the authority is
    // not in `x5c`.
    assert_eq!((&asked.header["typ"], &asked.header["alg"]), (&json!("oauth-authz-req+jwt"), &json!("ES256")));
    let [leaf] = asked.header["x5c"].as_array().expect("a chain").as_slice() else { panic!("the leaf alone") };
    let leaf = STANDARD.decode(leaf.as_str().expect("base64")).expect("base64");
    assert_eq!(asked.text("client_id"), format!("x509_hash:{}", URL_SAFE_NO_PAD.encode(sha256(&leaf))));
    let authority = test.text("/.well-known/tenure-authority.pem").await;
    verify_chain(&leaf, &authority);
    // A second fetch returns the same request; another request has its own key, nonce and state.
    let again = test.get(&format!("/openid4vp/requests/{}", asked.id)).await.assert_status(200);
    assert_eq!(Value::Object(Jws::read(&again.text).expect("a JWT").payload), asked.request);
    Jws::read(&again.text).expect("a JWT").verify(&key_of(&leaf)).expect("signed by the certificate's key");
    let other = scene.begin(&mut browser, content, "same_device").await;
    for name in ["nonce", "state", "response_uri"] {
        assert_ne!(other.request[name], asked.request[name], "{name}");
    }
    assert_ne!(other.request["client_metadata"]["jwks"], metadata["jwks"]);
    assert_eq!(other.request["client_id"], asked.request["client_id"]);
}

// Conforms: OpenID4VP 5.10; OIDF verifier: request_uri by POST
#[tokio::test]
async fn request_uri_post_honours_wallet_metadata_and_nonce() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let path = format!("/openid4vp/requests/{}", asked.id);
    let metadata = json!({
        "vp_formats_supported": { "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"] } },
        "request_object_signing_alg_values_supported": ["ES256"],
        "client_id_prefixes_supported": ["x509_hash"],
    });
    let posted = async |metadata: &Value, nonce: &str| {
        scene.form(&path, &[("wallet_metadata", &metadata.to_string()), ("wallet_nonce", nonce), ("more", "x")]).await
    };
    let answer = posted(&metadata, "qPmxiNFCR3QTm19POc8u").await.assert_status(200);
    let request = Value::Object(Jws::read(&answer.text).expect("a JWT").payload);
    assert_eq!(request["wallet_nonce"], "qPmxiNFCR3QTm19POc8u");
    assert_eq!(request["nonce"], asked.request["nonce"]);
    // The request object is encrypted if the wallet's metadata has a key.
    let secret = [9; 32];
    let mut encrypted = metadata.clone();
    encrypted["jwks"] = json!({ "keys": [jwe::encryption_jwk(&secret, "w1").expect("a key")] });
    let answer = posted(&encrypted, "n").await.assert_status(200);
    let opened = jwe::decrypt(&answer.text, &secret).expect("it opens");
    assert_eq!(opened.header["kid"], "w1");
    let inner = String::from_utf8(opened.plain).expect("a text");
    assert_eq!(Jws::read(&inner).expect("a JWT").payload["wallet_nonce"], "n");
    for (name, value, why) in [
        ("vp_formats_supported", json!({ "mso_mdoc": {} }), "dc+sd-jwt"),
        ("request_object_signing_alg_values_supported", json!(["ES384"]), "ES256"),
        ("jwks", json!({ "keys": [{ "kty": "RSA" }] }), "P-256"),
    ] {
        let mut metadata = metadata.clone();
        metadata[name] = value;
        refused(&posted(&metadata, "n").await, why);
    }
    refused(&scene.form(&path, &[("wallet_metadata", "[]")]).await, "wallet_metadata");
    refused(&posted(&metadata, &"n".repeat(513)).await, "wallet_nonce");
    refused(&scene.form(&format!("/openid4vp/requests/{}", Uuid::nil()), &[]).await, "is unknown");
}

// Conforms: OpenID4VP 5.10
#[tokio::test]
async fn only_encryption_keys_of_a_wallet_request_encryption() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let path = format!("/openid4vp/requests/{}", asked.id);
    let posted = async |keys: Value| {
        let metadata = json!({ "jwks": { "keys": keys } }).to_string();
        scene.form(&path, &[("wallet_metadata", metadata.as_str())]).await
    };
    let secret = [9; 32];
    let encryption = jwe::encryption_jwk(&secret, "w1").expect("a key");
    let plain = |member: &str, value: Value| {
        let mut jwk = json!({ "kty": "EC", "crv": "P-256", "x": encryption["x"], "y": encryption["y"] });
        jwk[member] = value;
        jwk
    };
    let for_signatures = [
        plain("use", json!("sig")),
        plain("key_ops", json!(["verify"])),
        plain("alg", json!("ES256")),
        json!({ "kty": "RSA", "alg": "RS256" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA" }),
    ];
    for keys in [json!(for_signatures), json!([]), json!([null])] {
        let answer = posted(keys.clone()).await.assert_status(200);
        assert_eq!(Value::Object(Jws::read(&answer.text).expect("a JWT").payload), asked.request, "{keys}");
    }
    let keys = json!([for_signatures[0], null, encryption]);
    let answer = posted(keys).await.assert_status(200);
    assert!(jwe::decrypt(&answer.text, &secret).is_ok(), "{}", answer.text);
    for key in [plain("alg", json!("RSA-OAEP-256")), plain("alg", json!("ECDH-ES+A128KW")), json!({ "kty": "RSA" })] {
        refused(&posted(json!([for_signatures[0], key])).await, "P-256");
    }
}

#[tokio::test]
async fn wallets_that_cannot_use_the_request_get_the_reason() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let path = format!("/openid4vp/requests/{}", asked.id);
    let posted = async |metadata: Value| scene.form(&path, &[("wallet_metadata", metadata.to_string().as_str())]).await;
    for (name, listed, needed) in [
        ("client_id_prefixes_supported", json!(["redirect_uri", "x509_san_dns"]), "x509_hash"),
        ("client_id_schemes_supported", json!(["did"]), "x509_hash"),
        ("response_types_supported", json!(["code", "vp_token id_token"]), "vp_token"),
        ("response_modes_supported", json!(["fragment", "direct_post"]), "direct_post.jwt"),
        ("request_object_signing_alg_values_supported", json!([]), "ES256"),
    ] {
        let answer = posted(json!({ name: listed })).await;
        refused(&answer, &format!("must support {needed}:"));
        refused(&answer, name);
    }
    for format in [json!({ "kb-jwt_alg_values": ["ES384"] }), json!({ "sd-jwt_alg_values": ["ES384"] })] {
        let name = format.as_object().and_then(|format| format.keys().next()).expect("a name").clone();
        refused(&posted(json!({ "vp_formats_supported": { "dc+sd-jwt": format } })).await, &name);
    }
    // A member that is null or missing excludes nothing; and the request is still there, twice.
    let able = json!({
        "client_id_prefixes_supported": null,
        "response_types_supported": ["vp_token"],
        "response_modes_supported": ["direct_post", "direct_post.jwt"],
        "vp_formats_supported": { "dc+sd-jwt": { "sd-jwt_alg_values": null, "kb-jwt_alg_values": ["Ed25519"] } },
        "jwks": null,
    });
    for _ in 0..2 {
        let answer = posted(able.clone()).await.assert_status(200);
        assert_eq!(Value::Object(Jws::read(&answer.text).expect("a JWT").payload), asked.request);
    }
}

// Conforms: OpenID4VP 5.9; HAIP 5.1
#[tokio::test]
async fn client_id_prefix_can_be_san_dns_or_did() {
    for (prefix, id) in [
        ("x509_san_dns", "x509_san_dns:localhost"),
        ("decentralized_identifier", "decentralized_identifier:did:web:localhost%3A8080"),
    ] {
        let test = TestApp::builder()
            .setting("openid4vp.client_id_prefix", prefix)
            .setting("openid4vp.scheme", "haip-vp")
            .start()
            .await;
        let scene = scene(&test).await;
        let (request_id, content) = scene.ask_for_all().await;
        let mut browser = test.browser();
        let asked = scene.begin(&mut browser, content, "same_device").await;
        assert_eq!((asked.text("client_id"), asked.link.scheme()), (id, "haip-vp"));
        let object = test.text(&format!("/openid4vp/requests/{}", asked.id)).await;
        let jws = Jws::read(&object).expect("a JWT");
        if let Some(x5c) = asked.header.get("x5c") {
            let leaf = STANDARD.decode(x5c[0].as_str().expect("base64")).expect("base64");
            jws.verify(&key_of(&leaf)).expect("signed");
            let leaf = rustls::pki_types::CertificateDer::from(leaf);
            let leaf = webpki::EndEntityCert::try_from(&leaf).expect("a certificate");
            assert_eq!(leaf.valid_dns_names().collect::<Vec<_>>(), ["localhost"]);
        } else {
            let did = test.get("/.well-known/did.json").await.assert_status(200).json();
            let name = &asked.header["kid"];
            assert_eq!(did["authentication"], json!([name]));
            assert!(!did["assertionMethod"].as_array().expect("names").contains(name), "it asserts nothing");
            let methods = did["verificationMethod"].as_array().expect("methods");
            let method = methods.iter().find(|method| method["id"] == *name).expect("it is there");
            jws.verify(&PublicKey::from_jwk(&method["publicKeyJwk"]).expect("a key")).expect("signed");
        }
        let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
        browser.get(&sent_to(&test, &answer)).await.assert_status(303);
        assert_eq!(scene.result(&request_id).await["status"], "verified");
    }
    let bad = [("server.base_url", "http://127.0.0.1:8080"), ("openid4vp.client_id_prefix", "x509_san_dns")];
    let bad: Vec<(&str, String)> = bad.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let error = tenure::config::Config::load(None, [], &bad).expect_err("an address has no name").to_string();
    assert!(error.contains("x509_san_dns"), "{error}");
}

// Conforms: OpenID4VP 6; HAIP 5
#[tokio::test]
async fn trusted_authorities_are_sent_to_wallets() {
    let other = "s9tIpPmhxdiuNkHMEWNpYim8S8Y";
    let test = TestApp::builder()
        .setting("openid4vp.trusted_authorities", &format!("own {other}"))
        .setting("openid4vp.cross_device", "false")
        .start()
        .await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let [authority] =
        asked.request["dcql_query"]["credentials"][0]["trusted_authorities"].as_array().expect("a list").as_slice()
    else {
        panic!("one")
    };
    let values = authority["values"].as_array().expect("values");
    assert_eq!((&authority["type"], values.len(), &values[1]), (&json!("aki"), 2, &json!(other)));
    // It is the authority key identifier in the certificates of our credentials.
    let identifier = URL_SAFE_NO_PAD.decode(values[0].as_str().expect("a text")).expect("base64url");
    let jwt = scene.credential.split('~').next().expect("a JWT");
    let leaf = Jws::read(jwt).expect("a JWT").header["x5c"][0]
        .as_str()
        .map(|leaf| STANDARD.decode(leaf).expect("base64"))
        .expect("a certificate");
    assert!(identifier.len() == 20 && leaf.windows(20).any(|window| window == identifier));
    // The page does not offer the cross-device flow if it is disabled.
    assert!(!browser.text(&format!("/verifications/{content}/other-wallet")).await.contains("On another device"));
    assert_eq!(
        browser.post(&format!("/verifications/{content}/other-wallet"), &[("flow", "cross_device")]).await.status,
        404
    );
}

#[tokio::test]
async fn verifier_key_persists_and_follows_the_base_url() {
    let test = TestApp::new().await;
    let hash = test.app.verifier_key().hash();
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).start().await;
    assert_eq!(again.app.verifier_key().hash(), hash);
    again.app.close().await;
    let moved =
        TestApp::builder().folder(again.folder).setting("server.base_url", "https://passport.example").start().await;
    assert_ne!(moved.app.verifier_key().hash(), hash, "its certificate names another host");
    // The authority keeps its original name, and later certificates name it as issuer.
    let authority = moved.text("/.well-known/tenure-authority.pem").await;
    let leaf = STANDARD.decode(&moved.app.verifier_key().x5c()[0]).expect("base64");
    verify_chain(&leaf, &authority);
}
