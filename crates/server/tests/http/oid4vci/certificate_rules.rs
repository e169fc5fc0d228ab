//! What the files of certificates and keys may contain: the limits of authorities, and text as
//! people save it.

use std::path::Path;

use credential::key::SoftwareKey;
use rcgen::{
    BasicConstraints, Certificate, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints,
    SanType, date_time_ymd,
};
use tenure::config::Config;
use tenure::issuing::{OperatorKey, WalletProviders};

use super::operator_key::{BASE, settings, write};
use crate::support::app::TestApp;
use crate::support::certificates::{TestAuthority, pair, pem, uri};
use crate::support::wallet::key;

fn now() -> ambient::Timestamp {
    let now: jiff::Timestamp = "2026-11-23T09:00:00Z".parse().expect("a time");
    ambient::Timestamp::from_micros(now.as_microsecond())
}

/// Reads the operator's files in the folder.
fn read(folder: &Path) -> Result<Option<OperatorKey>, String> {
    let config = Config::load(None, [], &settings(folder)).expect("settings");
    OperatorKey::read(&config.credentials, BASE, now())
}

/// Returns the certificate of a key that names the server by its host.
fn by_host(authority: &TestAuthority, signer: &SoftwareKey) -> Certificate {
    let host = SanType::DnsName("localhost".try_into().expect("ASCII"));
    authority.certify(signer, |params| params.subject_alt_names = vec![host])
}

#[test]
fn operators_chain_obeys_the_limits_of_its_authorities() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, signer) = (TestAuthority::new("Operator root"), key(80));
    let revoking = root.below_with("Revoking", |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let last = root.below_with("Last", |params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let below_last = last.below("Below the last");
    let no_authority = root.below_with("No authority", |params| params.is_ca = IsCa::NoCa);
    let confined = root.below_with("Confined", |params| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("other.example".to_owned())];
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    });
    for (chain, why) in [
        (vec![&revoking], "keyCertSign"),
        (vec![&below_last, &last], "fewer authorities below it"),
        (vec![&no_authority], "not that of an authority (CA)"),
        (vec![&confined], "must not certify (name constraints)"),
    ] {
        let leaf = by_host(chain[0], &signer);
        let authorities = chain.iter().map(|authority| &authority.certificate);
        let chain: Vec<_> = std::iter::once(&leaf).chain(authorities).collect();
        write(folder.path(), &signer, &pem(&chain));
        let error = read(folder.path()).expect_err(why);
        assert!(error.contains(why), "{why}: {error}");
    }
    write(folder.path(), &signer, &pem(&[&by_host(&last, &signer), &last.certificate]));
    assert!(read(folder.path()).is_ok_and(|found| found.is_some()));
}

#[test]
fn every_extended_key_usage_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, signer) = (TestAuthority::new("Operator root"), key(80));
    let below = root.below("Issuing authority");
    for purpose in [
        ExtendedKeyUsagePurpose::Other(vec![1, 0, 18013, 5, 1, 2]),
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::Any,
    ] {
        let leaf = below.certify(&signer, |params| {
            params.subject_alt_names = vec![uri(BASE)];
            params.extended_key_usages = vec![purpose];
        });
        write(folder.path(), &signer, &pem(&[&leaf, &below.certificate]));
        assert!(read(folder.path()).is_ok_and(|found| found.is_some()));
    }
}

#[test]
fn byte_order_marks_are_ignored_and_misplaced_keys_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, signer) = (TestAuthority::new("Operator root"), key(80));
    let chain = pem(&[&by_host(&root, &signer)]);
    let key_path = folder.path().join("key.pem");
    let private = pair(&signer).serialize_pem();
    write(folder.path(), &signer, &format!("\u{feff}{chain}"));
    std::fs::write(&key_path, format!("\u{feff}{private}")).expect("written");
    assert!(read(folder.path()).is_ok_and(|found| found.is_some()), "with byte order marks");
    let refused = |chain: &[u8], keys: &str, why: &str| {
        std::fs::write(folder.path().join("chain.pem"), chain).expect("written");
        std::fs::write(&key_path, keys).expect("written");
        let error = read(folder.path()).expect_err(why);
        assert!(error.contains(why), "{why}: {error}");
    };
    refused(format!("{chain}{private}").as_bytes(), &private, "contains a private key");
    let encrypted = private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    refused(format!("{chain}{encrypted}").as_bytes(), &private, "contains a private key");
    refused(by_host(&root, &signer).der(), &private, "not a PEM file");
    let two = format!("{private}{}", pair(&key(81)).serialize_pem());
    refused(chain.as_bytes(), &two, "several private keys");
    refused(chain.as_bytes(), &encrypted, "no unencrypted private key");
}

#[test]
fn unusable_trust_anchors_are_refused_with_their_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("anchors.pem");
    let all = [("oid4vci.wallet_trust_anchors_file", path.display().to_string())];
    let settings = Config::load(None, [], &all).expect("settings").oid4vci;
    let root = TestAuthority::new("Wallet root");
    let expired = TestAuthority::new_with("Old root", |params| params.not_after = date_time_ymd(2026, 11, 1));
    let early = TestAuthority::new_with("Next root", |params| params.not_before = date_time_ymd(2026, 12, 1));
    let revoking = TestAuthority::new_with("Revoking", |params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let leaf = root.certify(&key(60), |_| {});
    for (certificate, why) in [
        (&leaf, "CN=Signing key is not that of an authority (CA)"),
        (&expired.certificate, "CN=Old root has expired"),
        (&revoking.certificate, "does not include keyCertSign"),
    ] {
        std::fs::write(&path, pem(&[&root.certificate, certificate])).expect("written");
        let error = WalletProviders::read(&settings, now()).expect_err(why);
        assert!(error.contains(why) && error.contains("anchors.pem"), "{why}: {error}");
    }
    std::fs::write(&path, pem(&[&root.certificate, &early.certificate])).expect("written");
    assert!(WalletProviders::read(&settings, now()).is_ok(), "an anchor for later may be listed early");
}

#[tokio::test]
async fn server_with_a_long_host_name_starts() {
    let label = "a".repeat(60);
    for host in [
        format!("{label}.{label}.abcde"),
        format!("{label}.{label}.abcdef"),
        format!("{label}.{label}.{label}.example"),
    ] {
        let test = TestApp::builder().setting("server.base_url", &format!("https://{host}")).start().await;
        test.get("/.well-known/did.json").await.assert_status(200);
    }
}
