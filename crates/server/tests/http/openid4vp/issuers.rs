//! Credentials of issuers that the operator trusts.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Value, json};
use tenure::outbound::Lookup;

use super::support::{foreign, foreign_with, refused, scene, sent_to};
use crate::support::app::TestApp;
use crate::support::names::{Table, addresses, table};
use crate::support::wallet::key;

// Conforms: OpenID4VP 8.6; RFC 7515 4.1.6; OIDF verifier: minimal cnf key
#[tokio::test]
async fn listed_issuers_are_trusted_by_key_or_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listed, authority) = (key(30), rcgen::KeyPair::generate().expect("a key"));
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let anchor = params.self_signed(&authority).expect("a certificate");
    let authority = rcgen::Issuer::new(params, authority);
    // Returns an issuer's key and certificate chain.
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
        ("https://a.example", &key(31), json!({ "kid": "a1" }), Some("signature is not valid")),
        ("https://a.example", &listed, json!({ "kid": "a2" }), Some("None of the issuer's keys")),
        ("https://b.example", &good, json!({}), Some("has no certificate")),
        ("https://b.example", &good, json!({ "x5c": of_c }), Some("belongs to another issuer")),
        ("https://b.example", &good, json!({ "x5c": forged }), Some("certificate is invalid")),
        ("https://b.example", &good, json!({ "x5c": ["AAAA"] }), Some("certificate is invalid")),
        ("https://b.example", &key(31), json!({ "x5c": of_b }), Some("signature is not valid")),
        ("https://c.example", &good, json!({ "x5c": of_c }), Some("not trusted for the requested credential type")),
        ("https://a.example", &listed, json!({ "kid": "a1" }), None),
        ("https://b.example", &good, json!({ "x5c": of_b }), None),
    ] {
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let types = &asked.request["dcql_query"]["credentials"][0]["meta"]["vct_values"];
        let base = test.app.config().base();
        assert_eq!(
            *types,
            json!([
                format!("{base}/credentials/career_history/3"),
                format!("{base}/credentials/career_history/2"),
                "https://a.example/credentials/career_history/3",
                "https://a.example/credentials/career_history/2",
                "https://b.example/career"
            ])
        );
        let answer = scene.answer(&asked, &foreign(&scene, &asked, issuer, by, header)).await;
        match why {
            Some(why) => refused(&answer, why),
            None => drop(answer.assert_status(200)),
        }
    }
    // The status list is fetched by the filtering client; if it cannot be fetched, the presentation
    // is rejected.
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let by_a = |change: &dyn Fn(&mut Value)| {
        foreign_with(&scene, &asked, "https://a.example", &listed, json!({ "kid": "a1" }), |payload| change(payload))
    };
    let shown =
        by_a(&|payload| payload["status"] = json!({ "status_list": { "idx": 1, "uri": "https://127.0.0.1/status" } }));
    refused(&scene.answer(&asked, &shown).await, "could not be fetched");
    let shown = by_a(&|payload| payload["status"] = json!({ "of_another_kind": {} }));
    refused(&scene.answer(&asked, &shown).await, "status");
    let shown = by_a(&|payload| payload["date_of_expiry"] = "2020-01-01".into());
    refused(&scene.answer(&asked, &shown).await, "It expired on 1 January 2020");
    // Each issuer is trusted for its own types only.
    let shown = by_a(&|payload| payload["vct"] = "https://b.example/career".into());
    refused(&scene.answer(&asked, &shown).await, "not trusted for the requested credential type");
}

/// Starts the application with `https://a.example` trusted and names from a table; returns the
/// issuer's key.
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
async fn status_is_fetched_only_after_the_signature_verifies() {
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
async fn undisclosable_extra_claims_drop_the_presentation() {
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
