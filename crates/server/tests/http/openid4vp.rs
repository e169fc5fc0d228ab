//! Outside wallets that answer what a partner asks (OpenID4VP 1.0, HAIP 1.0): the question, the answer, and when it counts.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential::dcql::Query;
use credential::format::sd_jwt;
use credential::format::sd_jwt_vc::SdJwtVc;
use credential::jwe::{self, Encryption};
use credential::jws::{self, Jws};
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use serde_json::{Map, Value, json};
use tenure::jobs::end_what_is_over;
use tenure::outbound::Lookup;
use tenure::seal::sha256;
use uuid::Uuid;

use crate::support::app::{TestApp, TestPartner, all_scopes};
use crate::support::browser::Browser;
use crate::support::names::{Table, addresses, table};
use crate::support::response::{TestResponse, content};
use crate::support::wallet::{TestWallet, key, make_offer, signed};

const ASK: &str = "/api/partner/v2/verify/requests/career_history";
const CALLBACK: &str = "https://hr.example/back?case=7";
const SD_JWT: &str = "career_history_dc+sd-jwt";

/// A partner that asks for a name and jobs, and somebody whose outside wallet has both.
struct Scene<'a> {
    test: &'a TestApp,
    partner: TestPartner,
    token: String,
    /// The credential as its issuer gave it.
    credential: String,
    /// The key that it is bound to.
    holder: SoftwareKey,
}

async fn scene(test: &TestApp) -> Scene<'_> {
    let partner = test.partner_named("Harbour Hiring", &all_scopes()).await;
    test.allow_callbacks(&partner, CALLBACK).await;
    let token = test.token(&partner).await;
    let pushed = test.push(&token, "held").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(pushed).await;
    let wallet = TestWallet::new(test);
    let offer = make_offer(test, &mut person, pushed).await;
    let access = wallet.token(&offer).await;
    let fetched = wallet.fetch(&access, SD_JWT).await.assert_status(200).json();
    let credential = fetched["credentials"][0]["credential"].as_str().expect("a credential").to_owned();
    Scene { test, partner, token, credential, holder: wallet.key }
}

/// A question as a wallet has it.
struct Asked {
    /// Its id.
    id: String,
    /// The link that the page shows.
    link: url::Url,
    /// The header of the request object.
    header: Map<String, Value>,
    /// What the request object says.
    request: Value,
}

impl Asked {
    fn response_path(&self) -> String {
        format!("/openid4vp/responses/{}", self.id)
    }

    fn text(&self, name: &str) -> &str {
        self.request[name].as_str().unwrap_or_default()
    }
}

/// What the link of a page says, which is a link to a wallet.
fn link_of(page: &TestResponse) -> url::Url {
    let start = page.text.find("openid4vp://").or(page.text.find("haip-vp://"));
    let rest = &page.text[start.unwrap_or_else(|| panic!("no link: {}", page.text))..];
    let link = rest.split(['"', '<']).next().expect("an end");
    link.replace("&#38;", "&").replace("&amp;", "&").replacen("://", "://wallet/", 1).parse().expect("a link")
}

fn parameter(link: &url::Url, name: &str) -> String {
    link.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).expect(name)
}

impl<'a> Scene<'a> {
    /// Asks; returns the partner's id for it and the link's content.
    async fn ask(&self, body: &Value) -> (String, Uuid) {
        let answer = self.test.post(ASK, &self.token, body).await.assert_status(201).json();
        (answer["request_id"].as_str().expect("an id").to_owned(), content(&answer))
    }

    async fn ask_for_all(&self) -> (String, Uuid) {
        self.ask(&json!({ "callback_url": CALLBACK, "purpose": "To check your <experience>" })).await
    }

    /// Has the browser begin, and reads the question by GET.
    async fn begin(&self, browser: &mut Browser<'_>, content: Uuid, flow: &str) -> Asked {
        let path = format!("/verifications/{content}/other-wallet");
        let page = browser.post(&path, &[("flow", flow)]).await.redirect().to_owned();
        let shown = browser.get(&page).await.assert_status(200);
        let id = page.strip_prefix("/presentations/").expect("its page").to_owned();
        let link = link_of(&shown);
        let answer = self.test.get(&format!("/openid4vp/requests/{id}")).await.assert_status(200);
        assert_eq!(answer.header("content-type"), "application/oauth-authz-req+jwt");
        let jws = Jws::read(&answer.text).expect("a JWT");
        let (header, request) = (jws.header.clone(), Value::Object(jws.payload));
        Asked { id, link, header, request }
    }

    /// What a wallet shows of the credential: what was asked for.
    fn chosen(&self, asked: &Asked) -> String {
        let query = Query::read(&asked.request["dcql_query"]).expect("a query");
        let read = SdJwtVc::read(&self.credential).expect("a credential");
        let [wanted] = query.credentials.as_slice() else { panic!("one credential") };
        assert!(wanted.vct_values.iter().any(|vct| Some(vct.as_str()) == read.text("vct")));
        let claims = wanted.choose(&read.disclosed.claims).expect("the credential has it");
        read.sd_jwt.present(|place| claims.iter().any(|claim| claim.path.selects(place))).expect("shown")
    }

    /// The presentation that answers a question.
    fn presentation(&self, asked: &Asked) -> String {
        let challenge = (asked.text("client_id"), asked.text("nonce"));
        sd_jwt::bind(&self.chosen(asked), challenge, self.test.app.now().seconds(), &self.holder).expect("signed")
    }

    /// Sends an answer, encrypted where that was asked for.
    async fn answer(&self, asked: &Asked, presentation: &str) -> TestResponse {
        let id = asked.request["dcql_query"]["credentials"][0]["id"].as_str().expect("an id");
        self.answer_with(asked, json!({ "vp_token": { id: [presentation] }, "state": asked.text("state") })).await
    }

    async fn answer_with(&self, asked: &Asked, body: Value) -> TestResponse {
        if asked.text("response_mode") == "direct_post.jwt" {
            let sealed = seal(&asked.request["client_metadata"]["jwks"]["keys"][0], Encryption::A256Gcm, &body);
            return self.form(&asked.response_path(), &[("response", &sealed)]).await;
        }
        let vp_token = body["vp_token"].to_string();
        let form = [("vp_token", vp_token.as_str()), ("state", body["state"].as_str().unwrap_or_default())];
        self.form(&asked.response_path(), &form).await
    }

    async fn form(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        self.test.post_form(path, form).await
    }

    async fn result(&self, request_id: &str) -> Value {
        self.test
            .get_with(&format!("/api/partner/v2/verify/requests/{request_id}"), &self.token)
            .await
            .assert_status(200)
            .json()
    }
}

fn seal(jwk: &Value, encryption: Encryption, body: &Value) -> String {
    jwe::encrypt(body.to_string().as_bytes(), jwk, encryption, Map::new()).expect("encrypted")
}

/// Where a wallet is told to send the person, as a path of the server.
fn sent_to(test: &TestApp, answer: &TestResponse) -> String {
    let address = answer.json()["redirect_uri"].as_str().expect("an address").to_owned();
    address.strip_prefix(test.app.config().base()).expect("here").to_owned()
}

#[track_caller]
fn refused(answer: &TestResponse, why: &str) {
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text);
    let problem = answer.json();
    assert_eq!(problem["error"], "invalid_request", "{}", answer.text);
    assert!(problem["error_description"].as_str().expect("a sentence").contains(why), "{why}: {}", answer.text);
}

#[tokio::test]
async fn a_wallet_on_the_same_device_answers_and_the_browser_that_began_finishes() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let page = browser.get(&format!("/verifications/{content}/other-wallet")).await.assert_status(200);
    for said in ["Harbour Hiring", "To check your &#60;experience&#62;", "Career history"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "an answer alone does not count");
    let back = browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(back.header("location"), format!("{CALLBACK}&request_id={request_id}&status=verified"));
    let result = scene.result(&request_id).await;
    assert_eq!((&result["status"], &result["verification"]["valid"]), (&json!("verified"), &json!(true)));
    assert_eq!(result["credential"]["full_name"], "Ada Marker-Lovelace");
    assert_eq!(result["credential"]["employment"].as_array().map(Vec::len), Some(2));
    let checks = result["verification"]["checks"].as_array().expect("checks");
    assert!(checks.iter().all(|check| check["outcome"] == "passed"), "{checks:?}");
    let presented = &result["verification"]["presentation"];
    assert_eq!(presented["audience"], asked.request["client_id"]);
    assert_eq!(presented["nonce"], asked.request["nonce"]);
    // Nothing of it works again.
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
    assert_eq!(test.get(&format!("/openid4vp/requests/{}", asked.id)).await.status, 400);
    let again = browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(again.header("location"), format!("/presentations/{}", asked.id));
    assert!(browser.text(again.header("location")).await.contains("Harbour Hiring has what you showed"));
}

#[tokio::test]
async fn an_answer_that_comes_back_to_another_browser_does_not_count() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    // Somebody begins, and has another person's wallet answer.
    let (mut attacker, mut victim) = (test.browser(), test.browser());
    let asked = scene.begin(&mut attacker, content, "same_device").await;
    assert_eq!(victim.get(&format!("/presentations/{}", asked.id)).await.status, 404, "not theirs to look at");
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    // Without what the wallet's device was given, there is nothing to be finished by.
    let guess = format!("/presentations/{}/return?response_code={}", asked.id, "a".repeat(43));
    assert_eq!(attacker.get(&guess).await.redirect(), format!("/presentations/{}", asked.id));
    assert_eq!(attacker.post(&format!("/presentations/{}/code", asked.id), &[("code", "000000")]).await.status, 404);
    let page = victim.get(&sent_to(&test, &answer)).await.assert_status(403);
    assert!(page.text.contains("Nothing was shared"), "{}", page.text);
    // Nor does it any more for the browser that began.
    attacker.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert!(attacker.text(&format!("/presentations/{}", asked.id)).await.contains("nothing was shared"));
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    // Whose secret is of another question is another browser.
    let (_, other) = scene.ask_for_all().await;
    let begun = scene.begin(&mut attacker, other, "same_device").await;
    let answer = scene.answer(&begun, &scene.presentation(&begun)).await.assert_status(200);
    scene.begin(&mut victim, other, "same_device").await;
    victim.get(&sent_to(&test, &answer)).await.assert_status(403);
}

#[tokio::test]
async fn a_wallet_on_another_device_gives_digits_that_finish_in_the_browser_that_began() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "cross_device").await;
    let page = format!("/presentations/{}", asked.id);
    let shown = browser.get(&page).await.assert_status(200);
    assert!(shown.text.contains("<svg") && shown.text.contains("<code id=\"presentation-link\">openid4vp://"));
    assert!(shown.header("content-security-policy").ends_with("form-action 'self' https://hr.example"));
    let early = browser.post(&format!("{page}/code"), &[("code", "123456")]).await.assert_status(422);
    assert!(early.text.contains("has not answered yet"));
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let phone = test.browser().get(&sent_to(&test, &answer)).await.assert_status(200);
    assert!(phone.text.contains("Harbour Hiring") && !phone.text.contains("Marker-Lovelace"), "{}", phone.text);
    let digits = phone.text.split("id=\"carried-code\">").nth(1).expect("a code").split('<').next().expect("digits");
    assert_eq!(digits.len(), 6);
    // The digits are worth nothing elsewhere.
    assert_eq!(test.browser().post(&format!("{page}/code"), &[("code", digits)]).await.status, 404);
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    browser.post(&format!("{page}/code"), &[("code", wrong)]).await.assert_status(422);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    let spaced = format!("{} {}", &digits[..3], &digits[3..]);
    let done = browser.post(&format!("{page}/code"), &[("code", &spaced)]).await.assert_status(303);
    assert_eq!(done.header("location"), format!("{CALLBACK}&request_id={request_id}&status=verified"));
    assert_eq!(scene.result(&request_id).await["status"], "verified");
    test.browser().get(&sent_to(&test, &answer)).await.assert_status(410);
}

#[tokio::test]
async fn guessed_digits_end_the_answer_and_so_does_the_person_at_the_wallet() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut attacker = test.browser();
    let asked = scene.begin(&mut attacker, content, "cross_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let page = test.get(&sent_to(&test, &answer)).await.assert_status(200);
    let digits = page.text.split("id=\"carried-code\">").nth(1).expect("a code")[..6].to_owned();
    let path = format!("/presentations/{}/code", asked.id);
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        attacker.post(&path, &[("code", wrong)]).await.assert_status(422);
    }
    attacker.post(&path, &[("code", &digits)]).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "the sixth try is none");
    // A question that was sent to somebody who notices.
    let asked = scene.begin(&mut attacker, content, "cross_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let came = sent_to(&test, &answer);
    let (path, secret) = came.split_once("/return?response_code=").expect("a code");
    let mut victim = test.browser();
    let page = victim.get(&came).await.assert_status(200);
    let digits = page.text.split("id=\"carried-code\">").nth(1).expect("a code")[..6].to_owned();
    assert_eq!(victim.post(&format!("{path}/not-me"), &[("response_code", "wrong")]).await.status, 410);
    victim.post(&format!("{path}/not-me"), &[("response_code", secret)]).await.assert_status(403);
    attacker.post(&format!("{path}/code"), &[("code", &digits)]).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
}

#[tokio::test]
async fn the_question_is_signed_by_reference_and_can_be_read_again() {
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
    assert_eq!(query["meta"]["vct_values"], json!([format!("{base}/credentials/career_history")]));
    let paths: Vec<&Value> = query["claims"].as_array().expect("claims").iter().map(|claim| &claim["path"]).collect();
    assert_eq!(paths, [&json!(["full_name"]), &json!(["employment", null])]);
    // Its signature is by the certificate whose hash is its name, and that is by the authority, which stays outside.
    assert_eq!((&asked.header["typ"], &asked.header["alg"]), (&json!("oauth-authz-req+jwt"), &json!("ES256")));
    let [leaf] = asked.header["x5c"].as_array().expect("a chain").as_slice() else { panic!("the leaf alone") };
    let leaf = STANDARD.decode(leaf.as_str().expect("base64")).expect("base64");
    assert_eq!(asked.text("client_id"), format!("x509_hash:{}", URL_SAFE_NO_PAD.encode(sha256(&leaf))));
    let authority = test.text("/.well-known/tenure-authority.pem").await;
    verify_chain(&leaf, &authority);
    // Read again it is the same question; another one has a key, a nonce and a state of its own.
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

fn anchor(pem: &str) -> rustls::pki_types::CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject as _;
    rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

/// By somebody else's library: that the authority signed the certificate.
fn verify_chain(leaf: &[u8], authority: &str) {
    let (leaf, authority) = (rustls::pki_types::CertificateDer::from(leaf), anchor(authority));
    let leaf = webpki::EndEntityCert::try_from(&leaf).expect("a certificate");
    assert_ne!(leaf.issuer(), leaf.subject(), "not self-signed");
    let anchors = [webpki::anchor_from_trusted_cert(&authority).expect("an anchor")];
    let time = rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(1_795_424_400));
    let usage = webpki::KeyUsage::required_if_present(&[0x55, 0x1d, 0x25, 0x00]);
    let algorithms = webpki::aws_lc_rs::ECDSA_P256_SHA256;
    leaf.verify_for_usage(&[algorithms], &anchors, &[], time, usage, None, None).expect("the authority's");
}

/// The key of a certificate on P-256.
fn key_of(leaf: &[u8]) -> PublicKey {
    let leaf = rustls::pki_types::CertificateDer::from(leaf);
    let info = webpki::EndEntityCert::try_from(&leaf).expect("a certificate").subject_public_key_info();
    PublicKey::from_bytes(Algorithm::Es256, &info.as_ref()[info.as_ref().len() - 65..]).expect("a key on P-256")
}

#[tokio::test]
async fn a_wallet_posts_what_it_can_and_its_own_nonce() {
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
    // Encrypted for a wallet that wants it so.
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
    refused(&scene.form(&format!("/openid4vp/requests/{}", Uuid::nil()), &[]).await, "not known");
}

#[tokio::test]
async fn a_server_is_known_by_its_name_or_by_its_did_if_it_says_so() {
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

#[tokio::test]
async fn answers_come_in_the_open_where_the_server_says_so_and_encrypted_otherwise() {
    let test = TestApp::builder().setting("openid4vp.response_mode", "direct_post").start().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    assert_eq!(asked.text("response_mode"), "direct_post");
    assert!(asked.request["client_metadata"].get("jwks").is_none());
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "verified");
}

#[tokio::test]
async fn encrypted_answers_open_with_the_key_of_their_own_question() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let (asked, other) = (
        scene.begin(&mut browser, content, "same_device").await,
        scene.begin(&mut browser, content, "same_device").await,
    );
    let body = |asked: &Asked| json!({ "vp_token": { "credential": [scene.presentation(asked)] }, "state": asked.text("state") });
    let key_of = |asked: &Asked| asked.request["client_metadata"]["jwks"]["keys"][0].clone();
    let send = async |sealed: String| scene.form(&asked.response_path(), &[("response", &sealed)]).await;
    refused(&send(seal(&key_of(&other), Encryption::A256Gcm, &body(&asked))).await, "cannot be opened");
    let mut renamed = key_of(&asked);
    renamed["kid"] = "another".into();
    refused(&send(seal(&renamed, Encryption::A256Gcm, &body(&asked))).await, "kid");
    let mut wrong = body(&asked);
    wrong["state"] = other.request["state"].clone();
    refused(&send(seal(&key_of(&asked), Encryption::A256Gcm, &wrong)).await, "state");
    refused(&send("x.y.z".to_owned()).await, "cannot be opened");
    let plain = body(&asked);
    let form = [("vp_token", plain["vp_token"].to_string()), ("state", asked.text("state").to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    refused(&scene.form(&asked.response_path(), &form).await, "encrypted");
    // The other of the two content encryptions that are offered.
    send(seal(&key_of(&asked), Encryption::A128Gcm, &body(&asked))).await.assert_status(200);
}

/// What a wallet signs, changed.
type Change<'a> = (&'a str, Box<dyn Fn(&Scene<'_>, &Asked) -> String + 'a>, &'a str);

/// A key binding with another header or payload.
fn bound(scene: &Scene<'_>, asked: &Asked, change: impl Fn(&mut Value, &mut Value)) -> String {
    let shown = scene.chosen(asked);
    let hash = URL_SAFE_NO_PAD.encode(sha256(shown.as_bytes()));
    let (mut header, mut payload) = (
        json!({ "typ": "kb+jwt" }),
        json!({ "iat": scene.test.app.now().seconds(), "aud": asked.text("client_id"), "nonce": asked.text("nonce"), "sd_hash": hash }),
    );
    change(&mut header, &mut payload);
    format!("{shown}{}", signed(&scene.holder, header, &payload))
}

#[tokio::test]
async fn what_proves_nothing_is_refused_with_its_reason_and_does_not_count() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let now = test.app.now().seconds();
    let changed = |why: &'static str, change: fn(&mut Value, &mut Value)| -> Change<'_> {
        (why, Box::new(move |scene, asked| bound(scene, asked, change)), why)
    };
    let cases: Vec<Change<'_>> = vec![
        changed("meant for somebody else", |_, payload| payload["aud"] = "x509_hash:another".into()),
        changed("answers another challenge", |_, payload| payload["nonce"] = "another".into()),
        changed("sd_hash", |_, payload| payload["sd_hash"] = "AAAA".into()),
        changed("kb+jwt is wanted", |header, _| header["typ"] = "JWT".into()),
        (
            "in the future",
            Box::new(move |scene, asked| bound(scene, asked, |_, payload| payload["iat"] = (now + 3600).into())),
            "made in the future",
        ),
        (
            "long ago",
            Box::new(move |scene, asked| bound(scene, asked, |_, payload| payload["iat"] = (now - 3600).into())),
            "too long ago",
        ),
        (
            "another's key",
            Box::new(|scene, asked| {
                let challenge = (asked.text("client_id"), asked.text("nonce"));
                sd_jwt::bind(&scene.chosen(asked), challenge, scene.test.app.now().seconds(), &key(22)).expect("signed")
            }),
            "signature is not of this key",
        ),
        ("no key binding", Box::new(|scene, asked| scene.chosen(asked)), "not bound"),
        (
            "less than was asked for",
            Box::new(|scene, asked| {
                let read = SdJwtVc::read(&scene.credential).expect("a credential");
                let shown = read.sd_jwt.present(|place| place == "/full_name").expect("shown");
                sd_jwt::bind(
                    &shown,
                    (asked.text("client_id"), asked.text("nonce")),
                    scene.test.app.now().seconds(),
                    &scene.holder,
                )
                .expect("signed")
            }),
            "is not shown",
        ),
        (
            "a changed disclosure",
            Box::new(|scene, asked| {
                let shown = scene.chosen(asked);
                let (first, rest) = shown.split_once('~').expect("parts");
                let forged = jws::protected(&json!(["c2FsdA", "full_name", "Eve"]));
                let shown = format!("{first}~{forged}~{rest}");
                sd_jwt::bind(
                    &shown,
                    (asked.text("client_id"), asked.text("nonce")),
                    scene.test.app.now().seconds(),
                    &scene.holder,
                )
                .expect("signed")
            }),
            "no digest",
        ),
        (
            "a bad signature of the issuer",
            Box::new(|scene, asked| {
                let shown = scene.chosen(asked);
                let (signed, rest) = shown.split_once('~').expect("parts");
                let (input, signature) = signed.rsplit_once('.').expect("a JWS");
                let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
                bytes[40] ^= 1;
                let shown = format!("{input}.{}~{rest}", URL_SAFE_NO_PAD.encode(bytes));
                sd_jwt::bind(
                    &shown,
                    (asked.text("client_id"), asked.text("nonce")),
                    scene.test.app.now().seconds(),
                    &scene.holder,
                )
                .expect("signed")
            }),
            "signature is not of this key",
        ),
        (
            "an unknown issuer",
            Box::new(|scene, asked| foreign(scene, asked, "https://issuer.example", &key(30), json!({ "kid": "1" }))),
            "not trusted here for what was asked for",
        ),
        (
            "our name and another's key",
            Box::new(|scene, asked| {
                foreign(scene, asked, scene.test.app.config().base(), &key(30), json!({ "kid": "1" }))
            }),
            "None of the issuer's keys",
        ),
    ];
    for (what, make, why) in cases {
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let answer = scene.answer(&asked, &make(&scene, &asked)).await;
        assert!(answer.status == 400, "{what} was taken: {}", answer.text);
        refused(&answer, why);
        // The question stays open for a better answer, and the page says that one was not taken.
        assert!(browser.text(&format!("/presentations/{}", asked.id)).await.contains("Nothing was shared"), "{what}");
        scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    }
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
}

/// A credential of another issuer, shown in answer to a question.
fn foreign(scene: &Scene<'_>, asked: &Asked, issuer: &str, by: &SoftwareKey, header: Value) -> String {
    foreign_with(scene, asked, issuer, by, header, |_| {})
}

/// As [`foreign`], with something changed of what it says.
fn foreign_with(
    scene: &Scene<'_>,
    asked: &Asked,
    issuer: &str,
    by: &SoftwareKey,
    mut header: Value,
    change: impl FnOnce(&mut Value),
) -> String {
    header["typ"] = "dc+sd-jwt".into();
    let now = scene.test.app.now().seconds();
    let types = &asked.request["dcql_query"]["credentials"][0]["meta"]["vct_values"];
    let vct = match issuer {
        "https://a.example" => json!("https://a.example/credentials/career_history"),
        _ => types.as_array().and_then(|all| all.last()).cloned().expect("a type"),
    };
    let mut payload = json!({
        "iss": issuer,
        "vct": vct,
        "iat": now,
        "exp": now + 86_400,
        // The members that a key needs, and no others.
        "cnf": { "jwk": scene.holder.public().jwk() },
        "full_name": "Ada Marker-Lovelace",
        "employment": [{ "organisation": "Company Z" }],
    });
    change(&mut payload);
    let shown = format!("{}~", signed(by, header, &payload));
    sd_jwt::bind(&shown, (asked.text("client_id"), asked.text("nonce")), now, &scene.holder).expect("signed")
}

#[tokio::test]
async fn other_issuers_count_if_the_operator_lists_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listed, authority) = (key(30), rcgen::KeyPair::generate().expect("a key"));
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let anchor = params.self_signed(&authority).expect("a certificate");
    let authority = rcgen::Issuer::new(params, authority);
    // An issuer's certificate, and its key as the signer here wants it.
    let certified = |names: &[&str]| {
        let secret = [41; 32];
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &secret).expect("a key");
        let document = rustls::pki_types::PrivatePkcs8KeyDer::from(key.pkcs8().expect("PKCS #8"));
        let pair =
            rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&document, &rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made =
            rcgen::CertificateParams::new(names).expect("names").signed_by(&pair, &authority).expect("a certificate");
        (key, json!([STANDARD.encode(made.der())]))
    };
    std::fs::write(folder.path().join("anchors.pem"), anchor.pem()).expect("written");
    let issuers = json!({
        "https://a.example": { "jwks": { "keys": [listed.public().published_jwk("a1")] } },
        "https://b.example": { "types": { "career_history": ["https://b.example/career"] } },
    });
    std::fs::write(folder.path().join("issuers.json"), issuers.to_string()).expect("written");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (issuers, anchors) = (path("issuers.json"), path("anchors.pem"));
    let test = TestApp::builder()
        .setting("openid4vp.trusted_issuers", &issuers)
        .setting("openid4vp.trust_anchors", &anchors)
        .start()
        .await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let (good, of_b) = certified(&["b.example"]);
    let (_, of_c) = certified(&["c.example"]);
    let mut forged = of_b.clone();
    forged[0] = STANDARD
        .encode(rcgen::generate_simple_self_signed(vec!["b.example".to_owned()]).expect("made").cert.der())
        .into();
    for (issuer, by, header, why) in [
        ("https://a.example", &key(31), json!({ "kid": "a1" }), Some("signature is not of this key")),
        ("https://a.example", &listed, json!({ "kid": "a2" }), Some("None of the issuer's keys")),
        ("https://b.example", &good, json!({}), Some("names no certificate")),
        ("https://b.example", &good, json!({ "x5c": of_c }), Some("of somebody else")),
        ("https://b.example", &good, json!({ "x5c": forged }), Some("certificate is not good")),
        ("https://b.example", &good, json!({ "x5c": ["AAAA"] }), Some("certificate is not good")),
        ("https://b.example", &key(31), json!({ "x5c": of_b }), Some("signature is not of this key")),
        ("https://c.example", &good, json!({ "x5c": of_c }), Some("not trusted here for what was asked for")),
        ("https://a.example", &listed, json!({ "kid": "a1" }), None),
        ("https://b.example", &good, json!({ "x5c": of_b }), None),
    ] {
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let types = &asked.request["dcql_query"]["credentials"][0]["meta"]["vct_values"];
        let base = test.app.config().base();
        assert_eq!(
            *types,
            json!([
                format!("{base}/credentials/career_history"),
                "https://a.example/credentials/career_history",
                "https://b.example/career"
            ])
        );
        let answer = scene.answer(&asked, &foreign(&scene, &asked, issuer, by, header)).await;
        match why {
            Some(why) => refused(&answer, why),
            None => drop(answer.assert_status(200)),
        }
    }
    // Whether something is revoked is asked of its issuer by the filtering client; what cannot be found out does not count.
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let by_a = |change: &dyn Fn(&mut Value)| {
        foreign_with(&scene, &asked, "https://a.example", &listed, json!({ "kid": "a1" }), |payload| change(payload))
    };
    let shown =
        by_a(&|payload| payload["status"] = json!({ "status_list": { "idx": 1, "uri": "https://127.0.0.1/status" } }));
    refused(&scene.answer(&asked, &shown).await, "could not be had");
    let shown = by_a(&|payload| payload["status"] = json!({ "of_another_kind": {} }));
    refused(&scene.answer(&asked, &shown).await, "status");
    // Each issuer counts by its own types alone.
    let shown = by_a(&|payload| payload["vct"] = "https://b.example/career".into());
    refused(&scene.answer(&asked, &shown).await, "not trusted here for what was asked for");
}

/// A server that trusts `https://a.example`, whose key is returned, and looks names up in a table.
async fn trusting(names: &[(&str, Vec<Vec<IpAddr>>)]) -> (TestApp, SoftwareKey, Table) {
    let (folder, listed) = (tempfile::tempdir().expect("a folder"), key(30));
    let issuers = json!({ "https://a.example": { "jwks": { "keys": [listed.public().published_jwk("a1")] } } });
    let path = folder.path().join("issuers.json");
    std::fs::write(&path, issuers.to_string()).expect("written");
    let table = table(names);
    let path = path.display().to_string();
    let settings = [("openid4vp.trusted_issuers", path.as_str())];
    (
        TestApp::builder().folder(folder).settings(&settings).lookup(Lookup::Table(table.clone())).start().await,
        listed,
        table,
    )
}

#[tokio::test]
async fn nobody_is_asked_at_the_word_of_somebody_who_has_proved_nothing() {
    let local = addresses(&["127.0.0.1"]);
    let (test, listed, table) = trusting(&[("status.example", vec![local.clone(), local.clone(), local])]).await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let answers = || table.lock().expect("a table")["status.example"].len();
    for (by, lookups) in [(&key(31), 0), (&listed, 1)] {
        let before = answers();
        let shown = foreign_with(&scene, &asked, "https://a.example", by, json!({ "kid": "a1" }), |payload| {
            payload["status"] = json!({ "status_list": { "idx": 1, "uri": "https://status.example/1" } });
        });
        assert!(scene.answer(&asked, &shown).await.status.is_client_error());
        assert_eq!(before - answers(), lookups);
    }
}

#[tokio::test]
async fn what_another_issuer_left_in_the_open_goes_no_further() {
    let (test, listed, _) = trusting(&[]).await;
    let scene = scene(&test).await;
    for (more, goes_on) in [(None, true), (Some("birthdate"), false)] {
        let (request_id, content) = scene.ask(&json!({ "claims": ["full_name"] })).await;
        let mut browser = test.browser();
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let shown = foreign_with(&scene, &asked, "https://a.example", &listed, json!({ "kid": "a1" }), |payload| {
            payload.as_object_mut().expect("an object").remove("employment");
            if let Some(more) = more {
                payload[more] = "1815-12-10".into();
            }
        });
        let answer = scene.answer(&asked, &shown).await.assert_status(200);
        browser.get(&sent_to(&test, &answer)).await.assert_status(303);
        let result = scene.result(&request_id).await;
        assert_eq!(result["credential"], json!({ "full_name": "Ada Marker-Lovelace" }));
        assert_eq!(result["verification"]["presentation"].is_object(), goes_on, "{more:?}");
    }
}

#[tokio::test]
async fn what_was_revoked_or_is_over_is_not_taken() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let mut person = test.signed_in("ada@example.org").await;
    let wallet = person.text("/wallet").await;
    let id = wallet.split("/wallet/credentials/").nth(1).expect("a credential")[..36].to_owned();
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    let asked = scene.begin(&mut browser, content, "same_device").await;
    test.advance(Duration::from_secs(2));
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "was revoked");
    let page = browser.get(&format!("/presentations/{}", asked.id)).await.assert_status(200);
    assert!(page.text.contains("its credential was revoked"), "{}", page.text);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    let test = TestApp::builder().setting("credentials.lifetime", "1h").start().await;
    let scene = self::scene(&test).await;
    test.advance(Duration::from_secs(3 * 3600));
    let scene = Scene { token: test.token(&scene.partner).await, ..scene };
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "time is over");
}

#[tokio::test]
async fn nothing_beyond_what_was_asked_for_reaches_the_partner() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask(&json!({ "claims": ["full_name"] })).await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    assert_eq!(asked.request["dcql_query"]["credentials"][0]["claims"].as_array().map(Vec::len), Some(1));
    // A wallet that shows all it has.
    let now = test.app.now().seconds();
    let all = sd_jwt::bind(&scene.credential, (asked.text("client_id"), asked.text("nonce")), now, &scene.holder);
    let answer = scene.answer(&asked, &all.expect("signed")).await.assert_status(200);
    let back = browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(back.header("location"), format!("/presentations/{}", asked.id), "the partner gave no address");
    let result = scene.result(&request_id).await;
    assert_eq!(result["credential"], json!({ "full_name": "Ada Marker-Lovelace" }));
    assert_eq!(result["verification"]["presentation"], Value::Null, "the token says more");
    assert!(!result.to_string().contains("Company A"));
}

#[tokio::test]
async fn answers_hold_what_was_asked_for_and_errors_leave_the_request_open() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let good = scene.presentation(&asked);
    for (vp_token, why) in [
        (json!({ "another": [good] }), "an id that was not asked for"),
        (json!({ "credential": [good, good] }), "one presentation"),
        (json!({ "credential": good }), "one presentation"),
        (json!({}), "lacks something"),
        (json!([good]), "not an object"),
        (Value::Null, "not an object"),
    ] {
        refused(&scene.answer_with(&asked, json!({ "vp_token": vp_token, "state": asked.text("state") })).await, why);
    }
    // A wallet's no needs the question's state too, ends this question, and leaves the person a choice.
    refused(&scene.form(&asked.response_path(), &[("error", "access_denied")]).await, "state");
    let form = [("error", "access_denied"), ("error_description", "no"), ("state", asked.text("state"))];
    let answer = scene.form(&asked.response_path(), &form).await.assert_status(200);
    assert_eq!(sent_to(&test, &answer), format!("/presentations/{}", asked.id));
    assert!(browser.text(&format!("/presentations/{}", asked.id)).await.contains("shows nothing"));
    refused(&scene.answer(&asked, &good).await, "answered");
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    // Ten answers that are not taken end a question.
    let asked = scene.begin(&mut browser, content, "same_device").await;
    for _ in 0..10 {
        refused(&scene.answer(&asked, "x").await, "tilde");
    }
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
    assert!(browser.text(&format!("/presentations/{}", asked.id)).await.contains("nothing was shared"));
}

#[tokio::test]
async fn a_question_has_its_time_and_is_forgotten_after_it() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let (late, unfetched) = (
        scene.begin(&mut browser, content, "same_device").await,
        scene.begin(&mut browser, content, "same_device").await,
    );
    let answer = scene.answer(&unfetched, &scene.presentation(&unfetched)).await.assert_status(200);
    test.advance(Duration::from_secs(601));
    refused(&scene.answer(&late, &scene.presentation(&late)).await, "time is over");
    assert_eq!(test.get(&format!("/openid4vp/requests/{}", late.id)).await.status, 400);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "it came too late");
    assert!(browser.text(&format!("/presentations/{}", late.id)).await.contains("its time is over"));
    test.advance(Duration::from_secs(3601));
    end_what_is_over(&test.app).await.expect("ended");
    assert_eq!(browser.get(&format!("/presentations/{}", late.id)).await.status, 404);
    assert_eq!(browser.get(&format!("/verifications/{content}/other-wallet")).await.status, 410);
}

#[tokio::test]
async fn a_request_that_is_somebodys_is_answered_by_them_alone_and_once() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    // Begun while it was nobody's; then somebody opens it with an account.
    let mut stranger = test.browser();
    let asked = scene.begin(&mut stranger, content, "same_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let mut person = test.signed_in("ada@example.org").await;
    let page = person.open_verification(content).await;
    assert!(person.text(&page).await.contains(&format!("/verifications/{content}/other-wallet")));
    stranger.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "it is somebody's now");
    assert_eq!(stranger.get(&format!("/verifications/{content}/other-wallet")).await.status, 404);
    assert_eq!(
        stranger.post(&format!("/verifications/{content}/other-wallet"), &[("flow", "same_device")]).await.status,
        404
    );
    // They answer from two wallets at once; one of them counts.
    let (first, second) = (
        scene.begin(&mut person, content, "same_device").await,
        scene.begin(&mut person, content, "same_device").await,
    );
    let first = scene.answer(&first, &scene.presentation(&first)).await.assert_status(200);
    let second = scene.answer(&second, &scene.presentation(&second)).await.assert_status(200);
    assert!(person.get(&sent_to(&test, &first)).await.redirect().starts_with("https://hr.example/"));
    assert!(person.get(&sent_to(&test, &second)).await.redirect().starts_with("/presentations/"));
    assert_eq!(scene.result(&request_id).await["status"], "verified");
    assert_eq!(person.get(&format!("/verifications/{content}/other-wallet")).await.status, 410);
}

#[tokio::test]
async fn wallets_are_told_under_whose_authority_a_credential_must_be() {
    let other = "s9tIpPmhxdiuNkHMEWNpYim8S8Y";
    let test = TestApp::builder()
        .setting("openid4vp.authorities", &format!("own {other}"))
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
    // It is the identifier that stands in the certificates of our credentials.
    let identifier = URL_SAFE_NO_PAD.decode(values[0].as_str().expect("a text")).expect("base64url");
    let jwt = scene.credential.split('~').next().expect("a JWT");
    let leaf = Jws::read(jwt).expect("a JWT").header["x5c"][0]
        .as_str()
        .map(|leaf| STANDARD.decode(leaf).expect("base64"))
        .expect("a certificate");
    assert!(identifier.len() == 20 && leaf.windows(20).any(|window| window == identifier));
    // Where wallets on other devices may not answer, none is asked.
    assert!(!browser.text(&format!("/verifications/{content}/other-wallet")).await.contains("On another device"));
    assert_eq!(
        browser.post(&format!("/verifications/{content}/other-wallet"), &[("flow", "cross_device")]).await.status,
        404
    );
}

#[tokio::test]
async fn a_visitor_without_an_account_finds_the_way_to_another_wallet() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let page = browser.open_verification(content).await;
    let shown = browser.get(&page).await.assert_status(200);
    assert!(shown.text.contains(&format!("href=\"/verifications/{content}/other-wallet\"")), "{}", shown.text);
}

#[tokio::test]
async fn the_key_that_asks_stays_and_follows_the_address() {
    let test = TestApp::new().await;
    let hash = test.app.verifier_key().hash();
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).start().await;
    assert_eq!(again.app.verifier_key().hash(), hash);
    again.app.close().await;
    let moved =
        TestApp::builder().folder(again.folder).setting("server.base_url", "https://passport.example").start().await;
    assert_ne!(moved.app.verifier_key().hash(), hash, "its certificate names another host");
    // The authority keeps the name that it was made with, and what it certifies later says so too.
    let authority = moved.text("/.well-known/tenure-authority.pem").await;
    let leaf = STANDARD.decode(&moved.app.verifier_key().x5c()[0]).expect("base64");
    verify_chain(&leaf, &authority);
}
