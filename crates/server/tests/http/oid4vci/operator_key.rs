//! Credentials under a key and a certificate chain of the operator.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use credential::jws::Jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::keys_of;
use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, date_time_ymd};
use rustls::pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use tenure::config::Config;
use tenure::flows::files;
use tenure::issuing::OperatorKey;

use super::support::{SD_JWT, credential, holder, verify};
use crate::support::app::{TestApp, TestAppBuilder};
use crate::support::browser::Browser;
use crate::support::certificates::{TestAuthority, pair, pem, self_signed, uri, x5c};
use crate::support::wallet::{TestWallet, key, make_offer};

pub(super) const BASE: &str = "http://localhost:8080";

/// Writes a key and the text of its chain into the files that [`with_files`] names.
pub(super) fn write(folder: &Path, key: &SoftwareKey, chain: &str) {
    let path = folder.join("key.pem");
    std::fs::write(&path, pair(key).serialize_pem()).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
    std::fs::write(folder.join("chain.pem"), chain).expect("written");
}

pub(super) fn settings(folder: &Path) -> [(&'static str, String); 2] {
    let path = |name: &str| folder.join(name).display().to_string();
    [("credentials.signing_key_file", path("key.pem")), ("credentials.certificate_chain_file", path("chain.pem"))]
}

pub(super) fn with_files(folder: &Path) -> TestAppBuilder {
    let settings = settings(folder);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestApp::builder().settings(&settings)
}

/// Fetches a credential for the holder.
pub(super) async fn issued(test: &TestApp, person: &mut Browser<'_>, id: uuid::Uuid) -> String {
    let offer = make_offer(test, person, id).await;
    let wallet = TestWallet::new(test);
    let token = wallet.token(&offer).await;
    credential(&wallet.fetch(&token, SD_JWT).await.assert_status(200))
}

pub(super) fn header(text: &str) -> Value {
    let jwt = text.split('~').next().expect("a JWT");
    Value::Object(Jws::read(jwt).expect("read").header)
}

/// Returns the names of the published keys, in order.
async fn published(test: &TestApp) -> Vec<String> {
    let issuer = test.get("/.well-known/jwt-vc-issuer").await.assert_status(200).json();
    keys_of(&issuer["jwks"]).into_iter().map(|(kid, _)| kid).collect()
}

/// Verifies a chain like a wallet that knows only the anchor.
fn leads_to(anchor: &TestAuthority, x5c: &Value) {
    use base64::Engine as _;
    let der = |text: &Value| base64::engine::general_purpose::STANDARD.decode(text.as_str().expect("text"));
    let chain: Vec<CertificateDer<'_>> =
        x5c.as_array().expect("a chain").iter().map(|text| der(text).expect("base64").into()).collect();
    let leaf = webpki::EndEntityCert::try_from(&chain[0]).expect("a certificate");
    let anchors = [webpki::anchor_from_trusted_cert(anchor.certificate.der()).expect("an anchor")];
    let usage = webpki::KeyUsage::required_if_present(&[0x55, 0x1d, 0x25, 0x00]);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(1_795_424_400));
    let algorithms = [webpki::aws_lc_rs::ECDSA_P256_SHA256];
    leaf.verify_for_usage(&algorithms, &anchors, &chain[1..], time, usage, None, None).expect("the anchor's");
}

// Conforms: HAIP 6.1; HAIP 6.1.1; RFC 7515 4.1.6
#[tokio::test]
async fn credentials_lists_and_metadata_carry_the_operators_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = TestAuthority::new("Operator root");
    let (below, signer) = (root.below("Operator issuing authority"), key(80));
    let leaf = below.certify(&signer, |params| params.subject_alt_names = vec![uri(BASE)]);
    write(folder.path(), &signer, &pem(&[&leaf, &below.certificate]));
    let builder = with_files(folder.path()).setting("openid4vp.trusted_authorities", "own");
    let test = builder.start().await;
    let (mut person, id) = holder(&test).await;
    let text = issued(&test, &mut person, id).await;
    assert!(verify(&test, &text).await.is_valid());
    let chain = x5c(&[&leaf, &below.certificate]);
    let kid = signer.public().thumbprint();
    assert_eq!((&header(&text)["x5c"], &header(&text)["kid"]), (&chain, &json!(kid)));
    leads_to(&root, &chain);
    let status = credential::verification::Token::read(&text).expect("read").lookups().status.expect("a status");
    let status = test.text(status.strip_prefix(BASE).expect("here")).await;
    assert_eq!(header(&status)["x5c"], chain);
    let request = axum::http::Request::get("/.well-known/openid-credential-issuer").header("accept", "application/jwt");
    let metadata = test.send(request.body(axum::body::Body::empty()).expect("a request")).await.assert_status(200);
    assert_eq!(header(&metadata.text)["x5c"], chain);
    assert_eq!(published(&test).await[0], kid);
    let did = test.get("/.well-known/did.json").await.assert_status(200).json();
    assert_eq!(did["assertionMethod"][0], format!("did:web:localhost%3A8080#{kid}"));
    let jwks = keys_of(&test.get("/.well-known/jwks.json").await.assert_status(200).json());
    assert!(jwks.iter().any(|(name, public)| *name == kid && public == signer.public()));
    let keys = test.app.issuer_keys().current().expect("keys");
    assert!(keys.operator_authority.is_some(), "requests to wallets ask for it");
}

#[tokio::test]
async fn new_operator_key_takes_over_and_old_ones_stay_published() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, first, second) = (TestAuthority::new("Operator root"), key(80), key(81));
    let chain = |key: &SoftwareKey| pem(&[&root.certify(key, |params| params.subject_alt_names = vec![uri(BASE)])]);
    let (old, new) = (first.public().thumbprint(), second.public().thumbprint());
    write(folder.path(), &first, &chain(&first));
    let test = with_files(folder.path()).start().await;
    let (mut person, id) = holder(&test).await;
    let before = issued(&test, &mut person, id).await;
    // Files that do not belong together change nothing.
    std::fs::write(folder.path().join("chain.pem"), chain(&second)).expect("written");
    files::reload(&test.app).await.expect("read");
    assert!(test.app.metrics().encode().contains("tenure_stale_files 1"));
    assert_eq!(header(&issued(&test, &mut person, id).await)["kid"], old);
    write(folder.path(), &second, &chain(&second));
    files::reload(&test.app).await.expect("read");
    assert!(test.app.metrics().encode().contains("tenure_stale_files 0"));
    let after = issued(&test, &mut person, id).await;
    assert_eq!(header(&after)["kid"], new);
    assert_eq!(published(&test).await[..2], [new.clone(), old.clone()]);
    for text in [&before, &after] {
        assert!(verify(&test, text).await.is_valid());
    }
    let refresh = async |days: u64| {
        test.advance(Duration::from_secs(days * 86_400));
        let now = test.app.now();
        test.app.issuer_keys().refresh(now).await.expect("refreshed");
        published(&test).await
    };
    for (days, is_published) in [(100, true), (265, true), (3, false)] {
        let published = refresh(days).await;
        assert_eq!(published[0], new);
        assert_eq!(published.contains(&old), is_published, "{days} days later");
    }
}

#[tokio::test]
async fn operator_key_stays_published_after_a_restart_without_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, signer) = (TestAuthority::new("Operator root"), key(80));
    let leaf = root.certify(&signer, |params| params.subject_alt_names = vec![uri(BASE)]);
    write(folder.path(), &signer, &pem(&[&leaf]));
    let test = with_files(folder.path()).start().await;
    let (mut person, id) = holder(&test).await;
    let text = issued(&test, &mut person, id).await;
    drop(person);
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).start().await;
    assert!(verify(&again, &text).await.is_valid());
    assert_ne!(again.app.issuer_keys().current().expect("keys").kid, signer.public().thumbprint());
}

#[test]
fn unusable_operator_files_are_rejected_with_what_to_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, signer) = (TestAuthority::new("Operator root"), key(80));
    let (below, other) = (root.below("Issuing authority"), TestAuthority::new("Issuing authority"));
    let named =
        |authority: &TestAuthority| authority.certify(&signer, |params| params.subject_alt_names = vec![uri(BASE)]);
    let changed = |change: fn(&mut rcgen::CertificateParams)| {
        root.certify(&signer, |params| {
            params.subject_alt_names = vec![uri(BASE)];
            change(params);
        })
    };
    let now: jiff::Timestamp = "2026-11-23T09:00:00Z".parse().expect("a time");
    let now = ambient::Timestamp::from_micros(now.as_microsecond());
    let read = |change: &[(&str, &str)]| {
        let mut all = settings(folder.path()).to_vec();
        all.extend(change.iter().map(|(name, value)| (*name, (*value).to_owned())));
        OperatorKey::read(&Config::load(None, [], &all).expect("settings").credentials, BASE, now)
    };
    let (good, usage) = (named(&below), changed(|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]));
    let refused = |key: &SoftwareKey, chain: &str, why: &str| {
        write(folder.path(), key, chain);
        let error = read(&[]).expect_err(why);
        assert!(error.starts_with("credentials.") && error.contains(why), "{why}: {error}");
    };
    let unnamed = root.certify(&signer, |_| {});
    refused(&key(81), &pem(&[&good, &below.certificate]), "not that of the key");
    refused(&signer, &pem(&[&unnamed]), "does not name this server");
    refused(&signer, &pem(&[&changed(|params| params.not_after = date_time_ymd(2026, 11, 1))]), "has expired");
    refused(&signer, &pem(&[&changed(|params| params.not_before = date_time_ymd(2026, 12, 1))]), "not valid yet");
    refused(&signer, &pem(&[&usage]), "key usage");
    let authority = changed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    refused(&signer, &pem(&[&authority]), "an authority (CA)");
    refused(&signer, &pem(&[&self_signed(&signer, |_| {})]), "self-signed");
    refused(&signer, &pem(&[&good, &below.certificate, &root.certificate]), "leave that out");
    refused(&signer, &pem(&[&below.certificate, &good]), "an authority (CA)");
    refused(&signer, &pem(&[&named(&root), &below.certificate]), "not in order");
    refused(&signer, &pem(&[&named(&other), &below.certificate]), "not signed by the next one");
    refused(&signer, "", "list of one to eight certificates");
    refused(&SoftwareKey::from_bytes(Algorithm::EdDsa, &[1; 32]).expect("a key"), &pem(&[&good]), "not one on P-256");
    refused(&SoftwareKey::from_bytes(Algorithm::EdDsa, &[1; 32]).expect("a key"), "", "but on Ed25519: set");
    write(folder.path(), &signer, &pem(&[&good, &below.certificate]));
    assert!(read(&[]).is_ok_and(|found| found.is_some()));
    let shared = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("key.pem"), shared).expect("set");
    assert!(read(&[]).expect_err("readable").contains("has mode 644"));
    let missing = folder.path().join("missing.pem").display().to_string();
    assert!(read(&[("credentials.signing_key_file", missing.as_str())]).expect_err("missing").contains("missing.pem"));
    let one = [("credentials.signing_key_file", missing)];
    let one = Config::load(None, [], &one).expect("settings").credentials;
    assert!(OperatorKey::read(&one, BASE, now).expect_err("one of two").contains("need each other"));
}
