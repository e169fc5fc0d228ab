//! EUDI PIDs: their trusted issuers, and a person's wallet with one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::format::sd_jwt::{self, Claim};
use credential::format::sd_jwt_vc::SdJwtVc;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Map, Value, json};

use super::support::{CALLBACK, Scene, WalletRequest, sent_to};
use crate::support::app::TestApp;
use crate::support::wallet::key;

pub const PID: &str = "urn:eudi:pid:1";

/// An issuer whose key the operator lists.
pub const LISTED: &str = "https://pid.example";

/// An issuer whose certificate leads to a trust anchor.
pub const CERTIFIED: &str = "https://certified.example";

/// Returns a query for claims of a PID, as a partner sends it.
pub fn query(paths: &Value) -> Value {
    let paths = paths.as_array().expect("paths");
    let claims: Vec<Value> = paths.iter().map(|path| json!({ "path": path })).collect();
    json!({ "credentials": [{ "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [PID] }, "claims": claims }] })
}

pub fn names() -> Value {
    query(&json!([["given_name"], ["family_name"]]))
}

/// Returns an application that trusts both issuers for PIDs as digital identities, and the
/// certificate chain of the second.
pub async fn trusting() -> (TestApp, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "PID Root CA");
    let anchor = params.self_signed(&authority).expect("a certificate");
    let authority = rcgen::Issuer::new(params, authority);
    let document = rustls::pki_types::PrivatePkcs8KeyDer::from(certified_key().pkcs8().expect("PKCS #8"));
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&document, &rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let leaf = rcgen::CertificateParams::new(vec!["certified.example".to_owned()]).expect("names");
    let leaf = leaf.signed_by(&pair, &authority).expect("a certificate");
    let types = json!({ "digital_identity": [PID] });
    let issuers = json!({
        LISTED: { "jwks": { "keys": [key(30).public().published_jwk("k1")] }, "types": types },
        CERTIFIED: { "types": types },
    });
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (listed, anchors) = (path("issuers.json"), path("anchors.pem"));
    std::fs::write(&listed, issuers.to_string()).expect("written");
    std::fs::write(&anchors, anchor.pem()).expect("written");
    let settings = [("openid4vp.trusted_issuers", listed.as_str()), ("openid4vp.trust_anchors", anchors.as_str())];
    let test = TestApp::builder().settings(&settings).folder(folder).start().await;
    (test, json!([STANDARD.encode(leaf.der())]))
}

pub fn certified_key() -> SoftwareKey {
    SoftwareKey::from_bytes(Algorithm::Es256, &[41; 32]).expect("a key")
}

/// A PID before it is signed.
pub struct Person {
    pub open: Map<String, Value>,
    /// The claims that are disclosed, as JSON Pointers.
    pub shown: Vec<&'static str>,
    /// More claims. Items of lists are disclosed by themselves.
    pub more: Map<String, Value>,
}

impl Person {
    pub fn new(scene: &Scene<'_>, issuer: &str) -> Self {
        let now = scene.test.app.now().seconds();
        let open = json!({
            "iss": issuer,
            "vct": PID,
            "iat": now,
            "exp": now + 86_400,
            "cnf": { "jwk": scene.holder.public().jwk() },
        });
        let Value::Object(open) = open else { panic!("an object") };
        Self { open, shown: vec!["/given_name", "/family_name"], more: Map::new() }
    }

    /// Issues it with `key`, and returns what a wallet discloses, without a key binding.
    pub fn disclosed(&self, key: &SoftwareKey, mut header: Value) -> String {
        header["typ"] = "dc+sd-jwt".into();
        header["alg"] = key.public().algorithm().name().into();
        let [given, family, birthdate] = ["Ada", "Marker-Lovelace", "1815-12-10"].map(Value::from);
        let [address, nationality] = [json!({ "locality": "London", "country": "GB" }), json!("GB")];
        let mut claims = vec![
            ("given_name", Claim::Whole(&given)),
            ("family_name", Claim::Whole(&family)),
            ("birthdate", Claim::Whole(&birthdate)),
            ("address", Claim::Whole(&address)),
            ("place_of_birth", Claim::Members(vec![("country", Claim::Whole(&nationality))])),
            ("nationalities", Claim::Items(vec![Claim::Whole(&nationality)])),
        ];
        claims.retain(|(name, _)| !self.more.contains_key(*name));
        claims.extend(self.more.iter().map(|(name, value)| match value {
            Value::Array(items) => (name.as_str(), Claim::Items(items.iter().map(Claim::Whole).collect())),
            value => (name.as_str(), Claim::Whole(value)),
        }));
        let mut salt = 0;
        let mut rng = |bytes: &mut [u8]| {
            salt += 1;
            bytes.fill(salt);
        };
        let issued = sd_jwt::issue(&jws::protected(&header), &self.open, &claims, key, &mut rng).expect("signed");
        let read = SdJwtVc::read(&issued).expect("a credential");
        read.sd_jwt.present(|place| self.shown.contains(&place)).expect("shown")
    }
}

/// Asks for claims and begins the presentation; returns the request's id and the wallet's request.
pub async fn begin(scene: &Scene<'_>, query: &Value) -> (String, WalletRequest) {
    let body = json!({ "dcql_query": query, "callback_url": CALLBACK });
    let (request_id, content) = scene.ask_for("digital_identity", &body).await;
    let asked = scene.begin(&mut scene.test.browser(), content, "same_device").await;
    (request_id, asked)
}

/// Asks for claims and presents a person's PID; returns the result.
pub async fn present(scene: &Scene<'_>, query: &Value, person: &Person, by: (&SoftwareKey, Value)) -> Value {
    let body = json!({ "dcql_query": query, "callback_url": CALLBACK });
    let (request_id, content) = scene.ask_for("digital_identity", &body).await;
    let mut browser = scene.test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let shown = scene.bind(&asked, &person.disclosed(by.0, by.1));
    let answer = scene.answer(&asked, &shown).await.assert_status(200);
    let back = browser.get(&sent_to(scene.test, &answer)).await.assert_status(303);
    assert!(back.redirect().contains("status=verified"), "{}", back.redirect());
    scene.result(&request_id).await
}
