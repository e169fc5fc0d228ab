//! Tokens of other issuers: listed by the operator, or unknown.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use credential::key::SoftwareKey;
use credential::status::{StatusList, token_payload};
use serde_json::{Value, json};
use tenure::outbound::Lookup;

use super::{VERIFY, access_token, not_passed};
use crate::support::app::TestApp;
use crate::support::https::{HttpsServer, serve};
use crate::support::names::{addresses, table};
use crate::support::wallet::{key, signed};

const HOST: &str = "issuer.example";

type Documents = Arc<Mutex<HashMap<String, (StatusCode, String)>>>;

/// Lists are for clients that prefer their media type, as those of some issuers.
async fn document(State(documents): State<Documents>, uri: Uri, headers: HeaderMap) -> (StatusCode, String) {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if uri.path().starts_with("/status/") && !accepted.starts_with("application/statuslist+jwt,") {
        return (StatusCode::NOT_ACCEPTABLE, String::new());
    }
    let known = documents.lock().expect("documents").get(uri.path()).cloned();
    known.unwrap_or_else(|| (StatusCode::NOT_FOUND, String::new()))
}

/// Another issuer, with the documents on its site.
pub(super) struct Issuer {
    server: HttpsServer,
    documents: Documents,
    pub(super) key: SoftwareKey,
    pub(super) address: String,
}

impl Issuer {
    pub(super) async fn new() -> Self {
        let documents = Documents::default();
        let server = serve(&[HOST], Router::new().fallback(document).with_state(documents.clone())).await;
        let address = format!("https://{HOST}:{}", server.port);
        let this = Self { server, documents, key: key(30), address };
        let keys = json!({ "keys": [this.key.public().published_jwk("k1")] });
        this.publish("/.well-known/jwt-vc-issuer", &json!({ "issuer": this.address, "jwks": keys }).to_string());
        this
    }

    pub(super) fn publish(&self, path: &str, document: &str) {
        let document = (StatusCode::OK, document.to_owned());
        self.documents.lock().expect("documents").insert(path.to_owned(), document);
    }

    /// Sends the document at `path` with another status from now on.
    pub(super) fn respond_with(&self, path: &str, status: StatusCode) {
        self.documents.lock().expect("documents").get_mut(path).expect("a published document").0 = status;
    }

    fn publish_list(&self, now: i64, revoked: &[u32]) {
        let uri = format!("{}/status/1", self.address);
        let payload = token_payload(&StatusList::of_revoked(64, revoked.iter().copied()), &uri, (now, now + 60), 60);
        let header = json!({ "typ": "statuslist+jwt", "kid": "k1" });
        self.publish("/status/1", &signed(&self.key, header, &payload));
    }

    /// Returns a credential with changed claims.
    pub(super) fn credential(&self, now: i64, change: impl FnOnce(&mut Value)) -> String {
        let mut payload = json!({
            "iss": self.address,
            "vct": format!("{}/credentials/career_history", self.address),
            "iat": now,
            "full_name": "Ada Marker-Lovelace",
        });
        change(&mut payload);
        format!("{}~", signed(&self.key, json!({ "typ": "dc+sd-jwt", "kid": "k1" }), &payload))
    }

    fn requests(&self) -> usize {
        self.server.requests.load(Ordering::SeqCst)
    }

    /// Starts the application so that it reaches this issuer; `trusted` is the file of trusted
    /// issuers.
    pub(super) async fn app(&self, trusted: Option<&Value>) -> TestApp {
        self.app_with(trusted, None).await
    }

    /// Starts the application as [`Issuer::app`] does; `anchors` is the file of trust anchors.
    pub(super) async fn app_with(&self, trusted: Option<&Value>, anchors: Option<&str>) -> TestApp {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (roots, listed, anchors_file) = (path("roots.pem"), path("issuers.json"), path("anchors.pem"));
        std::fs::write(&roots, &self.server.certificate).expect("written");
        let mut settings = vec![
            ("outbound.allowed_networks", "127.0.0.0/8"),
            ("outbound.allowed_ports", "1-65535"),
            ("outbound.ca_file", &*roots),
        ];
        if let Some(trusted) = trusted {
            // With a byte order mark, as some editors save it.
            std::fs::write(&listed, format!("\u{feff}{trusted}")).expect("written");
            settings.push(("openid4vp.trusted_issuers", &*listed));
        }
        if let Some(anchors) = anchors {
            std::fs::write(&anchors_file, anchors).expect("written");
            settings.push(("openid4vp.trust_anchors", &*anchors_file));
        }
        let names = table(&[(HOST, vec![addresses(&["127.0.0.1"])])]);
        let settings = settings.clone();
        TestApp::builder().settings(&settings).folder(folder).lookup(Lookup::Table(names)).start().await
    }
}

pub(super) async fn verify(test: &TestApp, access: &str, token: &str) -> Value {
    test.post(VERIFY, access, &json!({ "token": token })).await.assert_status(200).json()
}

#[tokio::test]
async fn unknown_issuer_is_checked_with_its_published_keys() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    let report = verify(&test, &access, &issuer.credential(now, |_| {})).await;
    assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("issuer_unknown")), "{report}");
    assert_eq!(report["issuer"], json!({ "id": issuer.address, "trust": "unknown" }));
    assert_eq!(report["credential_type"], json!(null), "its types are not ours");
    assert_eq!(report["claims"]["full_name"], "Ada Marker-Lovelace");
    let with_status = |idx: u32| {
        let uri = format!("{}/status/1", issuer.address);
        issuer.credential(now, |payload| payload["status"] = json!({ "status_list": { "idx": idx, "uri": uri } }))
    };
    let report = verify(&test, &access, &with_status(3)).await;
    assert_eq!(report["verdict"], "not_checkable", "{report}");
    assert!(report.to_string().contains("/status/1: the response has the HTTP status 404."), "{report}");
    issuer.publish_list(now, &[4]);
    assert_eq!(verify(&test, &access, &with_status(3)).await["verdict"], "issuer_unknown");
    let report = verify(&test, &access, &with_status(4)).await;
    assert_eq!(report["verdict"], "invalid");
    assert!(not_passed(&report).contains(&"status failed revoked".to_owned()), "{report}");
}

#[tokio::test]
async fn only_the_key_lookup_precedes_a_good_signature() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let forged = {
        let payload = json!({
            "iss": issuer.address,
            "vct": format!("{}/credentials/x", issuer.address),
            "status": { "status_list": { "idx": 1, "uri": format!("{}/status/1", issuer.address) } },
        });
        format!("{}~", signed(&key(31), json!({ "typ": "dc+sd-jwt", "kid": "k1" }), &payload))
    };
    let report = verify(&test, &access, &forged).await;
    assert_eq!(report["verdict"], "invalid");
    assert_eq!((&report["claims"], issuer.requests()), (&json!(null), 1));
}

#[tokio::test]
async fn unreachable_issuer_is_not_checkable() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    issuer.publish("/.well-known/jwt-vc-issuer", "<html>");
    for iss in [
        issuer.address.as_str(),
        "https://nowhere.example",
        "https://10.0.0.1",
        "http://issuer.example",
        "https://issuer.example@nowhere.example",
        "did:web:nowhere.example",
        "did:example:1",
        "",
    ] {
        let token = issuer.credential(now, |payload| payload["iss"] = iss.into());
        let report = verify(&test, &access, &token).await;
        assert_eq!((&report["verdict"], &report["claims"]), (&json!("not_checkable"), &json!(null)), "{iss}: {report}");
    }
    let token = issuer.credential(now, |payload| drop(payload.as_object_mut().expect("an object").remove("iss")));
    assert_eq!(verify(&test, &access, &token).await["verdict"], "not_checkable");
    let asked = issuer.requests();
    assert_eq!(asked, 1, "the others were never reached");
}

#[tokio::test]
async fn issuer_without_keys_for_signatures_is_not_checkable() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let token = issuer.credential(test.app.now().seconds(), |_| {});
    let publish = |keys: Value| {
        let metadata = json!({ "issuer": issuer.address, "jwks": { "keys": keys } });
        issuer.publish("/.well-known/jwt-vc-issuer", &metadata.to_string());
    };
    let right = issuer.key.public().published_jwk("k1");
    let mut other = key(31).public().published_jwk("k1");
    other["use"] = "enc".into();
    publish(json!([other]));
    let report = verify(&test, &access, &token).await;
    assert_eq!(report["verdict"], "not_checkable", "{report}");
    let said = report.to_string();
    assert!(said.contains("no P-256 or Ed25519 key for signatures") && said.contains("another purpose"), "{said}");
    publish(json!([other, right]));
    let report = verify(&test, &access, &token).await;
    assert_eq!(report["verdict"], "issuer_unknown", "{report}");
}

#[tokio::test]
async fn every_status_list_of_a_token_is_fetched() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    let uri = |purpose: &str| format!("{}/{purpose}", issuer.address);
    let publish = |purpose: &str, set: &[u32]| {
        let list = StatusList::of_revoked(131_072, set.iter().copied()).bitstring();
        let subject = json!({ "type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": list });
        let list = json!({
            "id": uri(purpose),
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": issuer.address,
            "credentialSubject": subject,
        });
        issuer.publish(&format!("/{purpose}"), &signed(&issuer.key, json!({ "typ": "vc+jwt", "kid": "k1" }), &list));
    };
    let entry = |purpose: &str| {
        json!({
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": "7",
            "statusListCredential": uri(purpose),
        })
    };
    let credential = json!({
        "type": ["VerifiableCredential"],
        "issuer": issuer.address,
        "validFrom": "2020-01-01T00:00:00Z",
        "iat": now,
        "credentialSubject": { "full_name": "Ada Marker-Lovelace" },
        "credentialStatus": [entry("revocation"), entry("suspension")],
    });
    let token = signed(&issuer.key, json!({ "typ": "vc+jwt", "kid": "k1" }), &credential);
    publish("revocation", &[]);
    let report = verify(&test, &access, &token).await;
    assert_eq!(report["verdict"], "not_checkable", "one of the lists does not exist: {report}");
    publish("suspension", &[8]);
    assert_eq!(verify(&test, &access, &token).await["verdict"], "issuer_unknown");
    publish("suspension", &[7]);
    let report = verify(&test, &access, &token).await;
    assert!(not_passed(&report).contains(&"status failed suspended".to_owned()), "{report}");
}

#[tokio::test]
async fn unsupported_tokens_are_not_checkable_and_texts_are_named() {
    let test = TestApp::new().await;
    let access = access_token(&test, "").await;
    // {"alg":"ES384","typ":"dc+sd-jwt"}
    let report = verify(&test, &access, "eyJhbGciOiJFUzM4NCIsInR5cCI6ImRjK3NkLWp3dCJ9.e30.AA~").await;
    assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("not_checkable")), "{report}");
    assert_eq!(not_passed(&report)[0], "signature not_checked -");
    for (text, named) in [
        ("{\"type\": [\"VerifiableCredential\"], \"proof\": {}}", "a JSON-LD credential"),
        ("{\"payload\": \"e30\", \"protected\": \"e30\", \"signature\": \"AA\"}", "JWS JSON serialization"),
        ("eyJhbGciOiJFUzI1NiIsInR5cCI6InZwK2p3dCJ9.e30.AA", "a presentation of W3C credentials"),
    ] {
        let report = verify(&test, &access, text).await;
        assert_eq!((&report["verdict"], &report["format"]), (&json!("not_checkable"), &json!(null)), "{report}");
        assert!(report["checks"][0]["reason"].as_str().is_some_and(|reason| reason.contains(named)), "{report}");
    }
    for (text, named) in [
        ("openid-credential-offer://?credential_offer=%7B%7D", "a link for a wallet"),
        ("JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoK", "a PDF document"),
        ("eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCJ9", "only a part of a token"),
    ] {
        let report = verify(&test, &access, text).await;
        assert_eq!(not_passed(&report)[0], "signature failed not_a_token", "{report}");
        assert!(report["checks"][0]["reason"].as_str().is_some_and(|reason| reason.contains(named)), "{report}");
    }
}

#[tokio::test]
async fn issuers_on_other_ports_than_443_are_not_contacted() {
    let issuer = Issuer::new().await;
    let test = TestApp::new().await;
    let access = access_token(&test, "").await;
    let report = verify(&test, &access, &issuer.credential(test.app.now().seconds(), |_| {})).await;
    assert_eq!(report["verdict"], "not_checkable", "{report}");
    assert!(report.to_string().contains("only port 443"), "{report}");
    assert_eq!(issuer.requests(), 0);
}

#[tokio::test]
async fn listed_issuer_is_trusted_for_its_types_only() {
    let issuer = Issuer::new().await;
    let listed = key(40);
    let trusted = json!({ issuer.address.as_str(): {
        "jwks": { "keys": [listed.public().published_jwk("k1")] },
        "types": { "career_history": ["urn:example:career"] },
    } });
    let test = issuer.app(Some(&trusted)).await;
    let access = access_token(&test, "").await;
    let token = |by: &SoftwareKey, vct: &str| {
        let payload = json!({ "iss": issuer.address, "vct": vct, "full_name": "Ada Marker-Lovelace" });
        format!("{}~", signed(by, json!({ "typ": "dc+sd-jwt", "kid": "k1" }), &payload))
    };
    let report = verify(&test, &access, &token(&listed, "urn:example:career")).await;
    assert_eq!((&report["valid"], &report["credential_type"]), (&json!(true), &json!("career_history")), "{report}");
    assert_eq!(report["issuer"]["trust"], "listed");
    let report = verify(&test, &access, &token(&listed, "urn:example:degree")).await;
    assert_eq!((&report["verdict"], &report["issuer"]["trust"]), (&json!("issuer_unknown"), &json!("unknown")));
    // For a listed issuer only the operator's keys are used; its site is not fetched.
    let report = verify(&test, &access, &token(&issuer.key, "urn:example:career")).await;
    assert_eq!((&report["verdict"], issuer.requests()), (&json!("invalid"), 0));
    // The list may lack the issuer's newest key.
    let payload = json!({ "iss": issuer.address, "vct": "urn:example:career", "full_name": "Ada Marker-Lovelace" });
    let newer = format!("{}~", signed(&key(41), json!({ "typ": "dc+sd-jwt", "kid": "k9" }), &payload));
    let report = verify(&test, &access, &newer).await;
    assert_eq!((&report["verdict"], issuer.requests()), (&json!("not_checkable"), 0), "{report}");
    assert!(report.to_string().contains("no key with the token's key ID"), "{report}");
}

#[tokio::test]
async fn expired_document_of_another_issuer_is_reported() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let now = test.app.now().seconds();
    for name in ["expiry_date", "date_of_expiry"] {
        let token = issuer.credential(now, |payload| payload[name] = "2020-01-01".into());
        let report = verify(&test, &access, &token).await;
        assert_eq!((&report["valid"], &report["verdict"]), (&json!(false), &json!("expired")), "{report}");
        assert!(not_passed(&report).contains(&"dates failed expired".to_owned()), "{report}");
    }
    let ends = [
        ("exp", json!(1_577_836_800)),
        ("exp", json!(1_577_836_800_000_i64)),
        ("validUntil", json!("2020-01-01T00:00:00Z")),
    ];
    for (name, end) in ends {
        let token = issuer.credential(now, |payload| payload[name] = end);
        let report = verify(&test, &access, &token).await;
        assert_eq!((&report["verdict"], &report["expired_on"]), (&json!("expired"), &json!("2020-01-01")), "{report}");
    }
    let token = issuer.credential(now, |payload| payload["validUntil"] = "2099-01-01T00:00:00".into());
    let report = verify(&test, &access, &token).await;
    assert_eq!(report["verdict"], "not_checkable", "{report}");
}

#[tokio::test]
async fn wrong_signature_leaves_the_issuer_unchecked() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let payload = json!({ "iss": issuer.address, "vct": "urn:example:career", "full_name": "Ada Marker-Lovelace" });
    let forged = format!("{}~", signed(&key(41), json!({ "typ": "dc+sd-jwt", "kid": "k1" }), &payload));
    let report = verify(&test, &access, &forged).await;
    assert_eq!(not_passed(&report)[..2], ["signature failed signature", "issuer not_checked -"], "{report}");
}

#[tokio::test]
async fn lookups_of_other_issuers_are_limited_by_partner() {
    let issuer = Issuer::new().await;
    let test = issuer.app(None).await;
    let access = access_token(&test, "").await;
    let token = issuer.credential(test.app.now().seconds(), |payload| payload["iss"] = "did:example:1".into());
    let body = json!({ "token": token });
    for _ in 0..120 {
        test.post(VERIFY, &access, &body).await.assert_status(200);
    }
    let refused = test.post(VERIFY, &access, &body).await.assert_status(429);
    assert!(!refused.header("retry-after").is_empty());
    let own = issuer.credential(0, |payload| payload["iss"] = test.app.config().base().into());
    test.post(VERIFY, &access, &json!({ "token": own })).await.assert_status(200);
    let other = access_token(&test, "").await;
    test.post(VERIFY, &other, &body).await.assert_status(200);
}
