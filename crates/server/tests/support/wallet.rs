//! An outside wallet: keys, proofs and requests.

use axum::body::Body;
use axum::http::{Request, header};
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Value, json};
use tenure::oid4vci::offer::PRE_AUTHORIZED;

use super::app::TestApp;
use super::browser::{Browser, encode_form};
use super::response::TestResponse;

/// A holder's wallet.
#[derive(Debug)]
pub struct TestWallet<'a> {
    /// The application.
    pub test: &'a TestApp,
    /// The key of its credentials.
    pub key: SoftwareKey,
    /// The DPoP key, if it uses DPoP.
    pub dpop: Option<SoftwareKey>,
    /// Additional headers of every request.
    pub headers: Vec<(&'static str, String)>,
}

/// Returns a P-256 key.
pub fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_bytes(Algorithm::Es256, &[number; 32]).expect("a key")
}

/// Signs `payload` with `key`; the header gets the key's algorithm.
pub fn signed(key: &SoftwareKey, mut header: Value, payload: &Value) -> String {
    header["alg"] = key.public().algorithm().name().into();
    jws::sign(&jws::protected(&header), payload.to_string().as_bytes(), key).expect("signed")
}

impl<'a> TestWallet<'a> {
    /// A wallet with its own key.
    pub fn new(test: &'a TestApp) -> Self {
        Self { test, key: key(21), dpop: None, headers: Vec::new() }
    }

    async fn send(
        &self,
        path: &str,
        mut request: axum::http::request::Builder,
        body: String,
        token: Option<&str>,
    ) -> TestResponse {
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(key) = &self.dpop {
            let nonce = self.test.send(Request::post("/oid4vci/nonce").body(Body::empty()).expect("a request")).await;
            let proof = self.dpop_proof(key, path, token, nonce.header("dpop-nonce"));
            request = request.header("dpop", proof);
        }
        self.test.send(request.body(Body::from(body)).expect("a request")).await
    }

    pub fn dpop_proof(&self, key: &SoftwareKey, path: &str, token: Option<&str>, nonce: &str) -> String {
        let header = json!({ "typ": "dpop+jwt", "jwk": key.public().jwk() });
        signed(key, header, &self.dpop_payload(path, token, nonce))
    }

    /// Returns the payload of a DPoP proof, for tests to change.
    pub fn dpop_payload(&self, path: &str, token: Option<&str>, nonce: &str) -> Value {
        use base64::Engine as _;
        let mut payload = json!({
            "htm": "POST",
            "htu": format!("{}{path}", self.test.app.config().base()),
            "iat": self.test.app.now().seconds(),
            "jti": self.test.app.rng().secret(),
            "nonce": nonce,
        });
        if let Some(token) = token {
            let hash = credential::encoding::sha256(token.as_bytes());
            payload["ath"] = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash).into();
        }
        payload
    }

    /// Posts a form without a token.
    pub async fn form(&self, path: &str, form: &[(&str, &str)]) -> TestResponse {
        let body = encode_form(form);
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(path, request, body, None).await
    }

    /// Posts JSON with a token.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> TestResponse {
        self.post_as(path, token, "application/json", body.to_string()).await
    }

    /// Posts a body of any type with a token.
    pub async fn post_as(&self, path: &str, token: &str, content_type: &str, body: String) -> TestResponse {
        let scheme = if self.dpop.is_some() { "DPoP" } else { "Bearer" };
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("{scheme} {token}"))
            .header(header::CONTENT_TYPE, content_type);
        self.send(path, request, body, Some(token)).await
    }

    /// Requests a nonce.
    pub async fn nonce(&self) -> String {
        let answer = self.test.send(Request::post("/oid4vci/nonce").body(Body::empty()).expect("a request")).await;
        answer.assert_status(200).json()["c_nonce"].as_str().expect("a nonce").to_owned()
    }

    /// Returns the payload of a key proof, for tests to change.
    pub fn proof_payload(&self, nonce: &str) -> Value {
        json!({ "aud": self.test.app.config().base(), "iat": self.test.app.now().seconds(), "nonce": nonce })
    }

    /// Returns a proof of possession of `key`.
    pub fn proof(&self, key: &SoftwareKey, nonce: &str) -> String {
        let header = json!({ "typ": "openid4vci-proof+jwt", "jwk": key.public().jwk() });
        signed(key, header, &self.proof_payload(nonce))
    }

    /// Redeems the code of an offer with a transaction code.
    pub async fn redeem(&self, offer: &TestOffer, code: &str) -> TestResponse {
        let form =
            [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", &offer.pre_authorized_code), ("tx_code", code)];
        self.form("/oid4vci/token", &form).await
    }

    /// Requests a token for an offer.
    pub async fn token(&self, offer: &TestOffer) -> String {
        let answer = self.redeem(offer, &offer.transaction_code).await.assert_status(200);
        answer.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// Requests a credential of `configuration` for the wallet's key.
    pub async fn fetch(&self, token: &str, configuration: &str) -> TestResponse {
        let proof = self.proof(&self.key, &self.nonce().await);
        let request = json!({ "credential_configuration_id": configuration, "proofs": { "jwt": [proof] } });
        self.post("/oid4vci/credential", token, &request).await
    }
}

/// An offer as a wallet and its holder see it.
#[derive(Clone, Debug)]
pub struct TestOffer {
    /// The path of its page.
    pub page: String,
    pub path: String,
    /// The content of the offer.
    pub offer: Value,
    pub pre_authorized_code: String,
    /// The transaction code that the holder types.
    pub transaction_code: String,
}

/// Creates an offer for the credential `id` on the wallet page.
pub async fn make_offer(test: &TestApp, person: &mut Browser<'_>, id: uuid::Uuid) -> TestOffer {
    let page = person.post(&format!("/wallet/credentials/{id}/offer"), &[]).await.redirect().to_owned();
    let shown = person.get(&page).await.assert_status(200);
    let between = |before: &str, after: &str| {
        let rest = shown.text.split(before).nth(1).unwrap_or_else(|| panic!("{before}: {}", shown.text));
        rest.split(after).next().expect("a rest").to_owned()
    };
    let transaction_code = between("id=\"transaction-code\">", "<");
    let link: url::Url =
        between("href=\"openid-credential-offer", "\"").replacen("://", "https://wallet/", 1).parse().expect("a link");
    let (_, address) = link.query_pairs().find(|(name, _)| name == "credential_offer_uri").expect("an address");
    let path = address.strip_prefix(test.app.config().base()).expect("here").to_owned();
    let offer = test.get(&path).await.assert_status(200).json();
    let code = offer["grants"][PRE_AUTHORIZED]["pre-authorized_code"].as_str().expect("a code").to_owned();
    TestOffer { page, path, offer, pre_authorized_code: code, transaction_code }
}
