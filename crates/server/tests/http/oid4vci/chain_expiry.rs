//! The operator's certificate chain expires while the server runs, and is renewed.

use std::time::Duration;

use rcgen::date_time_ymd;
use serde_json::Value;
use tenure::flows::files;

use super::operator_key::{BASE, header, issued, with_files, write};
use super::support::{holder, verify};
use crate::support::app::TestApp;
use crate::support::certificates::{TestAuthority, pem, uri, x5c};
use crate::support::wallet::key;

/// Reads the files again, as the server does every ten seconds.
async fn reload(test: &TestApp) {
    files::reload(&test.app).await.expect("read");
}

/// Returns the headers of the list that has a credential's status, and of the signed metadata.
async fn other_headers(test: &TestApp, text: &str) -> [Value; 2] {
    let list = credential::verification::Token::read(text).expect("read").lookups().status.expect("a status");
    let list = test.text(list.strip_prefix(BASE).expect("here")).await;
    let request = axum::http::Request::get("/.well-known/openid-credential-issuer").header("accept", "application/jwt");
    let metadata = test.send(request.body(axum::body::Body::empty()).expect("a request")).await.assert_status(200);
    [header(&list), header(&metadata.text)]
}

fn remaining(test: &TestApp) -> Option<String> {
    let metrics = test.app.metrics().encode();
    let name = "tenure_certificate_remaining_seconds{setting=\"credentials.certificate_chain_file\"} ";
    metrics.lines().find_map(|line| line.strip_prefix(name)).map(ToOwned::to_owned)
}

// Conforms: RFC 7515 4.1.6
#[tokio::test]
async fn expired_operator_chain_is_left_out_until_it_is_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, signer) = (TestAuthority::new("Operator root"), key(80));
    let certified = |year: i32, month: u8, day: u8| {
        root.certify(&signer, |params| {
            params.subject_alt_names = vec![uri(BASE)];
            params.not_after = date_time_ymd(year, month, day);
        })
    };
    let (old, new) = (certified(2026, 11, 24), certified(2027, 11, 24));
    write(folder.path(), &signer, &pem(&[&old]));
    let test = with_files(folder.path()).start().await;
    reload(&test).await;
    assert_eq!(remaining(&test).as_deref(), Some("54000"), "from 9:00 until midnight");
    let (mut person, id) = holder(&test).await;
    let before = issued(&test, &mut person, id).await;
    assert_eq!(header(&before)["x5c"], x5c(&[&old]));

    test.advance(Duration::from_secs(54_001));
    reload(&test).await;
    assert_eq!(remaining(&test).as_deref(), Some("-1"));
    assert!(test.app.metrics().encode().contains("tenure_stale_files 1"));
    let (expired, kid) = (issued(&test, &mut person, id).await, signer.public().thumbprint());
    let [list, metadata] = other_headers(&test, &expired).await;
    for signed in [&header(&expired), &list, &metadata] {
        assert_eq!(signed["kid"], kid);
        assert_eq!(signed.get("x5c"), None, "{signed}");
    }
    for text in [&before, &expired] {
        assert!(verify(&test, text).await.is_valid(), "by the published key");
    }

    write(folder.path(), &signer, &pem(&[&new]));
    reload(&test).await;
    let renewed = issued(&test, &mut person, id).await;
    let [list, metadata] = other_headers(&test, &renewed).await;
    for signed in [&header(&renewed), &list, &metadata] {
        assert_eq!(signed["x5c"], x5c(&[&new]));
    }
    assert!(test.app.metrics().encode().contains("tenure_stale_files 0"));
}

#[tokio::test]
async fn without_an_operator_chain_no_remaining_time_is_reported() {
    let test = TestApp::new().await;
    reload(&test).await;
    assert_eq!(remaining(&test), None);
}
