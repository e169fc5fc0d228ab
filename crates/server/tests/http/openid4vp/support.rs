//! A partner that requests a presentation, and an outside wallet that responds.

use std::time::Duration;

use credential::dcql::Query;
use credential::format::sd_jwt;
use credential::format::sd_jwt_vc::SdJwtVc;
use credential::jwe;
use credential::jwe::Encryption;
use credential::jws::Jws;
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, TestPartner, all_scopes};
use crate::support::browser::Browser;
use crate::support::response::{TestResponse, content};
use crate::support::wallet::{TestWallet, make_offer, signed};

pub const CALLBACK: &str = "https://hr.example/back?case=7";

const SD_JWT: &str = "career_history_dc+sd-jwt";

/// A partner that requests a name and jobs, and a holder whose outside wallet has both.
pub struct Scene<'a> {
    pub test: &'a TestApp,
    pub partner: TestPartner,
    pub token: String,
    /// The credential as issued.
    pub credential: String,
    /// The holder's key.
    pub holder: SoftwareKey,
}

pub async fn scene(test: &TestApp) -> Scene<'_> {
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

/// A presentation request as a wallet reads it.
pub struct WalletRequest {
    pub id: String,
    /// The link on the page.
    pub link: url::Url,
    /// The header of the request object.
    pub header: Map<String, Value>,
    /// The payload of the request object.
    pub request: Value,
}

impl WalletRequest {
    pub fn response_path(&self) -> String {
        format!("/openid4vp/responses/{}", self.id)
    }

    pub fn text(&self, name: &str) -> &str {
        self.request[name].as_str().unwrap_or_default()
    }

    /// Returns the parameters of a response with this presentation.
    pub fn response_body(&self, presentation: &str) -> Value {
        let id = self.request["dcql_query"]["credentials"][0]["id"].as_str().expect("an id");
        json!({ "vp_token": { id: [presentation] }, "state": self.text("state") })
    }

    /// Returns the form with a response, encrypted if the request requires it.
    pub fn response_form(&self, body: &Value) -> Vec<(&'static str, String)> {
        if self.text("response_mode") == "direct_post.jwt" {
            let sealed = seal(&self.request["client_metadata"]["jwks"]["keys"][0], Encryption::A256Gcm, body);
            return vec![("response", sealed)];
        }
        let state = body["state"].as_str().unwrap_or_default();
        vec![("vp_token", body["vp_token"].to_string()), ("state", state.to_owned())]
    }
}

/// Returns the link to a wallet on a page.
fn link_of(page: &TestResponse) -> url::Url {
    let start = page.text.find("openid4vp://").or(page.text.find("haip-vp://"));
    let rest = &page.text[start.unwrap_or_else(|| panic!("no link: {}", page.text))..];
    let link = rest.split(['"', '<']).next().expect("an end");
    link.replace("&#38;", "&").replace("&amp;", "&").replacen("://", "://wallet/", 1).parse().expect("a link")
}

pub fn parameter(link: &url::Url, name: &str) -> String {
    link.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).expect(name)
}

impl<'a> Scene<'a> {
    /// Creates a verification request; returns its id and the content of its link.
    pub async fn ask(&self, body: &Value) -> (String, Uuid) {
        self.ask_for("career_history", body).await
    }

    /// Creates a verification request for a type; returns its id and the content of its link.
    pub async fn ask_for(&self, name: &str, body: &Value) -> (String, Uuid) {
        let path = format!("/api/partner/v2/verify/requests/{name}");
        let answer = self.test.post(&path, &self.token, body).await.assert_status(201).json();
        (answer["request_id"].as_str().expect("an id").to_owned(), content(&answer))
    }

    pub async fn ask_for_all(&self) -> (String, Uuid) {
        self.ask(&json!({ "callback_url": CALLBACK, "purpose": "To check your <experience>" })).await
    }

    /// Begins the flow in the browser and fetches the request object by GET.
    pub async fn begin(&self, browser: &mut Browser<'_>, content: Uuid, flow: &str) -> WalletRequest {
        let path = format!("/verifications/{content}/other-wallet");
        let page = browser.post(&path, &[("flow", flow)]).await.redirect().to_owned();
        let shown = browser.get(&page).await.assert_status(200);
        let id = page.strip_prefix("/presentations/").expect("its page").to_owned();
        let link = link_of(&shown);
        let answer = self.test.get(&format!("/openid4vp/requests/{id}")).await.assert_status(200);
        assert_eq!(answer.header("content-type"), "application/oauth-authz-req+jwt");
        let jws = Jws::read(&answer.text).expect("a JWT");
        let (header, request) = (jws.header.clone(), Value::Object(jws.payload));
        WalletRequest { id, link, header, request }
    }

    /// Returns the credential with the requested claims disclosed.
    pub fn chosen(&self, asked: &WalletRequest) -> String {
        let query = Query::read(&asked.request["dcql_query"]).expect("a query");
        let read = SdJwtVc::read(&self.credential).expect("a credential");
        let [wanted] = query.credentials.as_slice() else { panic!("one credential") };
        assert!(wanted.vct_values.iter().any(|vct| Some(vct.as_str()) == read.text("vct")));
        let claims = wanted.choose(&read.disclosed.claims).expect("the credential has it");
        read.sd_jwt.present(|place| claims.iter().any(|claim| claim.path.selects(place))).expect("shown")
    }

    /// Returns a valid presentation for a request.
    pub fn presentation(&self, asked: &WalletRequest) -> String {
        self.bind(asked, &self.chosen(asked))
    }

    /// Adds a valid key binding to `disclosed`.
    pub fn bind(&self, asked: &WalletRequest, disclosed: &str) -> String {
        let challenge = (asked.text("client_id"), asked.text("nonce"));
        sd_jwt::bind(disclosed, challenge, self.test.app.now().seconds(), &self.holder).expect("signed")
    }

    /// Sends a response, encrypted if the request requires it.
    pub async fn answer(&self, asked: &WalletRequest, presentation: &str) -> TestResponse {
        self.send(asked, &asked.response_form(&asked.response_body(presentation))).await
    }

    pub async fn answer_with(&self, asked: &WalletRequest, body: Value) -> TestResponse {
        self.send(asked, &asked.response_form(&body)).await
    }

    /// Sends a response form. It can be sent again.
    pub async fn send(&self, asked: &WalletRequest, form: &[(&str, String)]) -> TestResponse {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.form(&asked.response_path(), &form).await
    }

    pub async fn form(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        self.test.post_form(path, form).await
    }

    pub async fn result(&self, request_id: &str) -> Value {
        self.test
            .get_with(&format!("/api/partner/v2/verify/requests/{request_id}"), &self.token)
            .await
            .assert_status(200)
            .json()
    }
}

pub fn seal(jwk: &Value, encryption: Encryption, body: &Value) -> String {
    jwe::encrypt(body.to_string().as_bytes(), jwk, encryption, Map::new()).expect("encrypted")
}

/// Returns the path of the redirect URI that the wallet receives.
pub fn sent_to(test: &TestApp, answer: &TestResponse) -> String {
    let address = answer.json()["redirect_uri"].as_str().expect("an address").to_owned();
    address.strip_prefix(test.app.config().base()).expect("here").to_owned()
}

#[track_caller]
pub fn refused(answer: &TestResponse, why: &str) {
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text);
    let problem = answer.json();
    assert_eq!(problem["error"], "invalid_request", "{}", answer.text);
    assert!(problem["error_description"].as_str().expect("a sentence").contains(why), "{why}: {}", answer.text);
}

/// Returns the P-256 key of a certificate.
pub fn key_of(leaf: &[u8]) -> PublicKey {
    let leaf = rustls::pki_types::CertificateDer::from(leaf);
    let info = webpki::EndEntityCert::try_from(&leaf).expect("a certificate").subject_public_key_info();
    PublicKey::from_bytes(Algorithm::Es256, &info.as_ref()[info.as_ref().len() - 65..]).expect("a key on P-256")
}

/// Verifies with an independent library that the authority signed the certificate.
pub fn verify_chain(leaf: &[u8], authority: &str) {
    let (leaf, authority) = (rustls::pki_types::CertificateDer::from(leaf), anchor(authority));
    let leaf = webpki::EndEntityCert::try_from(&leaf).expect("a certificate");
    assert_ne!(leaf.issuer(), leaf.subject(), "not self-signed");
    let anchors = [webpki::anchor_from_trusted_cert(&authority).expect("an anchor")];
    let time = rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(1_795_424_400));
    let usage = webpki::KeyUsage::required_if_present(&[0x55, 0x1d, 0x25, 0x00]);
    let algorithms = webpki::aws_lc_rs::ECDSA_P256_SHA256;
    leaf.verify_for_usage(&[algorithms], &anchors, &[], time, usage, None, None).expect("the authority's");
}

fn anchor(pem: &str) -> rustls::pki_types::CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject as _;
    rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

/// Builds a presentation of another issuer's credential.
pub fn foreign(scene: &Scene<'_>, asked: &WalletRequest, issuer: &str, by: &SoftwareKey, header: Value) -> String {
    foreign_with(scene, asked, issuer, by, header, |_| {})
}

/// Like [`foreign`], with a changed payload.
pub fn foreign_with(
    scene: &Scene<'_>,
    asked: &WalletRequest,
    issuer: &str,
    by: &SoftwareKey,
    mut header: Value,
    change: impl FnOnce(&mut Value),
) -> String {
    header["typ"] = "dc+sd-jwt".into();
    let now = scene.test.app.now().seconds();
    let types = &asked.request["dcql_query"]["credentials"][0]["meta"]["vct_values"];
    let vct = match issuer {
        "https://a.example" => json!("https://a.example/credentials/career_history/2"),
        _ => types.as_array().and_then(|all| all.last()).cloned().expect("a type"),
    };
    let mut payload = json!({
        "iss": issuer,
        "vct": vct,
        "iat": now,
        "exp": now + 86_400,
        // Only the required parameters of a JWK.
        "cnf": { "jwk": scene.holder.public().jwk() },
        "full_name": "Ada Marker-Lovelace",
        "employment": [{ "organisation": "Company Z" }],
    });
    change(&mut payload);
    let shown = format!("{}~", signed(by, header, &payload));
    scene.bind(asked, &shown)
}
