//! `tenure doctor` about the operator's key and certificate chain.

use std::os::unix::fs::PermissionsExt as _;

use ambient::Clock;
use serde_json::Value;

use crate::tenure::{Server, binary, ended, shown};

/// Returns the parameters of a certificate that expires in `days` days.
fn valid_for(days: i64) -> rcgen::CertificateParams {
    let now = Clock::System.now().to_jiff();
    let on = |days: i64| {
        let date = jiff::tz::Offset::UTC.to_datetime(now + jiff::SignedDuration::from_hours(24 * days)).date();
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    let mut params = rcgen::CertificateParams::default();
    (params.not_before, params.not_after) = (on(-400), on(days));
    params
}

#[test]
fn doctor_warns_before_the_operators_chain_expires() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &["--base-url", "http://127.0.0.1:{port}"], &[]);
    let base = format!("http://127.0.0.1:{}", server.port);
    let new_key = || rcgen::KeyPair::generate().expect("a key");
    let key = new_key();
    let mut params = valid_for(400);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::Issuer::new(params, new_key());
    let (key_file, chain_file) = (folder.path().join("key.pem"), folder.path().join("chain.pem"));
    std::fs::write(&key_file, key.serialize_pem()).expect("written");
    std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o600)).expect("private");
    for (days, outcome, fix) in
        [(90, "ok", ""), (20, "warning", "no restart is needed"), (-2, "failure", "Correct the files")]
    {
        let mut params = valid_for(days);
        params.subject_alt_names = vec![rcgen::SanType::URI(base.as_str().try_into().expect("ASCII"))];
        let made = params.signed_by(&key, &authority).expect("a certificate");
        std::fs::write(&chain_file, made.pem()).expect("written");
        let mut command = binary();
        command.env("TENURE_CREDENTIALS__SIGNING_KEY_FILE", &key_file);
        command.env("TENURE_CREDENTIALS__CERTIFICATE_CHAIN_FILE", &chain_file);
        let mail = format!("dir:{}", folder.path().join("mail").display());
        command.args(["doctor", "--json", "--base-url", &base, "--mail", &mail, "--data"]).arg(&server.data);
        let text = shown(&ended(&mut command));
        let findings: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut findings = findings["findings"].as_array().expect("a list").iter();
        let found = findings.find(|finding| finding["name"] == "operator's key").expect("a finding");
        assert_eq!(found["outcome"], outcome, "{text}");
        assert!(found["fix"].as_str().unwrap_or_default().contains(fix), "{text}");
    }
}

#[test]
fn doctor_reports_unusable_trust_anchors() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &["--base-url", "http://127.0.0.1:{port}"], &[]);
    let base = format!("http://127.0.0.1:{}", server.port);
    let anchors = folder.path().join("anchors.pem");
    let mail = format!("dir:{}", folder.path().join("mail").display());
    for (is_authority, days, outcome, why) in [
        (true, 400, "ok", ""),
        (true, -2, "failure", "has expired: remove it"),
        (false, 400, "failure", "is not that of an authority (CA)"),
    ] {
        let mut params = valid_for(days);
        if is_authority {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        let made = params.self_signed(&rcgen::KeyPair::generate().expect("a key")).expect("a certificate");
        std::fs::write(&anchors, made.pem()).expect("written");
        let mut command = binary();
        command.env("TENURE_OID4VCI__WALLET_TRUST_ANCHORS_FILE", &anchors);
        command.env("TENURE_OPENID4VP__TRUST_ANCHORS", &anchors);
        command.args(["doctor", "--json", "--base-url", &base, "--mail", &mail, "--data"]).arg(&server.data);
        let text = shown(&ended(&mut command));
        let findings: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        for name in ["wallets", "trusted issuers"] {
            let mut all = findings["findings"].as_array().expect("a list").iter();
            let found = all.find(|finding| finding["name"] == name).expect("a finding");
            assert_eq!(found["outcome"], outcome, "{text}");
            assert!(found.to_string().contains(why), "{text}");
        }
    }
}
