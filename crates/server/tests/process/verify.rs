//! `tenure verify`: its inputs, and its output for tokens that it cannot check.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::status::StatusList;
use serde_json::{Value, json};

use crate::tenure::{binary, ended};

pub(super) const ISSUER: &str = "https://issuer.example";

pub(super) fn key() -> SoftwareKey {
    SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key")
}

fn signed(payload: &Value) -> String {
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1" }));
    jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed") + "~"
}

pub(super) fn token() -> String {
    signed(&json!({ "iss": ISSUER, "vct": "urn:example:career", "full_name": "Ada Marker" }))
}

/// Writes the file with the issuer's keys; returns its path.
fn keys(folder: &Path) -> String {
    let path = folder.join("keys.json");
    let keys = json!({ "keys": [key().public().published_jwk("k1")] });
    std::fs::write(&path, keys.to_string()).expect("written");
    path.display().to_string()
}

/// Runs `tenure verify` offline; returns the exit code and what it printed as JSON.
pub(super) fn verify(input: &str, keys: &str) -> (Option<i32>, Value) {
    let output = ended(binary().args(["verify", input, "--json", "--keys", keys]));
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn verify_finds_the_token_in_what_was_saved_or_pasted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (token, keys) = (token(), keys(folder.path()));
    let lines: Vec<&str> = token.as_bytes().chunks(40).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let utf16: Vec<u8> = format!("\u{feff}{token}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, saved) in [
        ("plain", token.clone().into_bytes()),
        ("quoted", format!("\u{feff}\"{token}\"\n").into_bytes()),
        ("wrapped", lines.join("\r\n").into_bytes()),
        ("spaced", lines.join(" \n  ").into_bytes()),
        ("header", format!("Authorization: Bearer {token}\r\n").into_bytes()),
        ("utf16", utf16),
        ("response", json!({ "credentials": [{ "credential": token }] }).to_string().into_bytes()),
        ("mail", format!("Hi,\n\nmy token is\n{token}\n\nRegards\nAda").into_bytes()),
        ("quoted-mail", format!("Ada wrote:\n> {}\n>\n> Regards", lines.join("\n> ")).into_bytes()),
        ("quoted-printable", lines.join("=\r\n").into_bytes()),
        ("full-stop", format!("{token}.").into_bytes()),
        ("percent", token.replace('~', "%7E").into_bytes()),
        ("entity", token.replace('~', "&#126;").into_bytes()),
        ("wrapped-json", json!({ "token": lines.join("\n") }).to_string().into_bytes()),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, saved).expect("written");
        let (code, said) = verify(&file.display().to_string(), &keys);
        assert_eq!((code, &said["claims"]["full_name"]), (Some(0), &json!("Ada Marker")), "{name}: {said}");
    }
    for argument in [token.clone(), format!(" '{token}' "), format!("Bearer {token}")] {
        assert_eq!(verify(&argument, &keys).0, Some(0), "{argument}");
    }
    let mut command = binary();
    command.args(["verify", "-", "--keys", &keys]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut process = command.spawn().expect("it starts");
    process.stdin.take().expect("a pipe").write_all(format!("\"{token}\"").as_bytes()).expect("written");
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn verify_says_what_is_not_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    let file = folder.path().join("letter.txt");
    std::fs::write(&file, "Please find my diploma attached.").expect("written");
    let (code, said) = verify(&file.display().to_string(), &keys);
    assert_eq!((code, &said["verdicts"][0]["code"]), (Some(1), &json!("not_a_token")), "{said}");
    let missing = ended(binary().args(["verify", "no-such-file", "--keys", &keys]));
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no-such-file"));
}

#[test]
fn verify_distinguishes_unchecked_from_invalid() {
    let folder = tempfile::tempdir().expect("a folder");
    // An issuer on this machine is not contacted without `--local`.
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1" }));
    let payload = json!({ "iss": "https://127.0.0.1", "vct": "urn:example:career" });
    let local = jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed") + "~";
    let unchecked = ended(binary().args(["verify", &local]));
    let said = String::from_utf8_lossy(&unchecked.stdout).into_owned();
    assert_eq!(unchecked.status.code(), Some(3));
    assert!(said.contains("NOT CHECKED") && !said.contains("NOT VALID") && said.contains("add --local"), "{said}");
    let forged = token().replacen("~", "A~", 1);
    let invalid = ended(binary().args(["verify", &forged, "--keys", &keys(folder.path())]));
    let said = String::from_utf8_lossy(&invalid.stdout).into_owned();
    assert_eq!(invalid.status.code(), Some(1));
    assert!(said.contains("NOT VALID") && !said.contains("NOT CHECKED"), "{said}");
    let unreachable = ended(binary().args(["verify", &token(), "--json"]));
    let said: Value = serde_json::from_slice(&unreachable.stdout).expect("JSON");
    assert_eq!((unreachable.status.code(), &said["conclusion"]), (Some(3), &json!("not_checkable")), "{said}");
    assert!(said["advice"].as_str().is_some_and(|advice| !advice.contains("--local")), "{said}");
}

#[test]
fn verify_names_the_subject_of_a_good_signature() {
    let folder = tempfile::tempdir().expect("a folder");
    let (token, keys) = (token(), keys(folder.path()));
    let (_, said) = verify(&token, &keys);
    assert_eq!(said["subject"], json!({ "names": ["Ada Marker"], "consistency": "same" }), "{said}");
    let reason = "It contains one name. Whether it is that of the person who gave it to you was not checked.";
    assert_eq!(said["names_check"], json!({ "outcome": "not_checked", "reason": reason }), "{said}");
    let printed = |token: &str| {
        let output = ended(binary().args(["verify", token, "--keys", &keys]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = printed(&token);
    assert!(text.lines().any(|line| line == "Name: Ada Marker"), "{text}");
    let forged = token.replacen('~', "A~", 1);
    let (_, said) = verify(&forged, &keys);
    assert_eq!([&said["subject"], &said["names_check"], &said["career_data"]], [&json!(null); 3], "{said}");
    let text = printed(&forged);
    assert!(!text.contains("Name:"), "{text}");
    let unreadable = verify("eyJhbGciOiJub25lIn0.e30.", &keys);
    assert_eq!((unreadable.0, &unreadable.1["subject"]), (Some(1), &json!(null)));
}

#[test]
fn verify_shows_the_end_of_validity_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    for (end, reason) in [
        (json!(253_402_300_800_i64), "Valid until the year 10000."),
        (json!(253_402_300_799_i64), "Valid until the year 9999."),
        (json!(4_102_444_800.5), "Valid until 2100-01-01T00:00:00Z."),
        (json!(4_102_444_800_i64), "Valid until 2100-01-01T00:00:00Z."),
    ] {
        let token = signed(&json!({ "iss": ISSUER, "vct": "urn:example:career", "exp": end }));
        let (code, said) = verify(&token, &keys);
        let dates = said["verdicts"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "dates"));
        assert_eq!((code, dates.map(|one| &one["reason"])), (Some(0), Some(&json!(reason))), "{said}");
    }
    let endless = signed(&json!({ "iss": ISSUER, "vct": "urn:example:career", "exp": i64::MAX }));
    let (code, said) = verify(&endless, &keys);
    assert!(code == Some(0) && !said.to_string().contains("1970"), "{said}");
}

#[test]
fn verify_reports_wrong_options_as_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, file) = (keys(folder.path()), folder.path().join("file"));
    let file = file.display().to_string();
    let status = json!({ "status_list": { "uri": "https://issuer.example/status/1", "idx": 0 } });
    let token = signed(&json!({ "iss": ISSUER, "vct": "urn:example:career", "status": status }));
    for (content, options, named) in [
        ("", vec!["--keys", &good, "--at", "yesterday"], "yesterday"),
        ("", vec!["--keys", "no-such-file"], "no-such-file"),
        ("", vec!["--keys", "/dev/null"], "/dev/null"),
        (r#"{"keys":[]}"#, vec!["--keys", &file], "JWK Set"),
        (r#"{"keys":[]}"#, vec!["--keys", &good, "--status", &file], "--status"),
        (&token[..token.len() - 1], vec!["--keys", &good, "--status", &file], "--status"),
        ("no JSON", vec!["--keys", &good, "--metadata", &file], "--metadata"),
    ] {
        std::fs::write(&file, content).expect("written");
        let output = ended(binary().args(["verify", &token, "--json"]).args(&options));
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((output.status.code(), &said["conclusion"]), (Some(2), &json!(null)), "{options:?}: {said}");
        assert!(said["error"].as_str().is_some_and(|error| error.contains(named)), "{options:?}: {said}");
    }
}

#[test]
fn offline_verification_says_that_nothing_was_requested() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    let status = json!({ "status_list": { "uri": "https://issuer.example/status/1", "idx": 0 } });
    let listed = signed(&json!({ "iss": ISSUER, "vct": "urn:example:career", "status": status }));
    let output = ended(binary().args(["verify", &listed, "--keys", &keys]));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("NOT CHECKED") && said.contains("--status FILE"), "{said}");
    assert!(said.contains("No requests were sent (--keys). Not checked: holder, status, schema."), "{said}");
    assert!(!said.contains("requested:"), "{said}");
    let (_, said) = verify(&listed, &keys);
    assert_eq!((&said["offline"], &said["not_checked"]), (&json!(true), &json!(["holder", "status", "schema"])));
}

#[test]
fn not_checkable_and_not_valid_have_different_exit_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    let with = |claims: Value| {
        let mut payload = json!({ "iss": ISSUER, "vct": "urn:example:career" });
        for (name, value) in claims.as_object().expect("claims") {
            payload[name] = value.clone();
        }
        signed(&payload)
    };
    let unsupported = |payload: &[u8]| {
        let header = jws::protected(&json!({ "alg": "ES384", "typ": "dc+sd-jwt" }));
        jws::sign(&header, payload, &key()).expect("signed") + "~"
    };
    let w3c = |status: Value| {
        let header = jws::protected(&json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "k1" }));
        let payload = json!({ "issuer": ISSUER, "type": ["VerifiableCredential"], "credentialStatus": status });
        jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed")
    };
    let list = json!({ "uri": format!("{ISSUER}/status/1"), "idx": 0 });
    let entry = json!({
        "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
        "statusListIndex": "7", "statusListCredential": format!("{ISSUER}/status/2"),
    });
    for (token, code, reason) in [
        (with(json!({ "status": { "crl": 1 } })), 3, "status with crl"),
        (with(json!({ "iss": null })), 3, "names no issuer (iss)"),
        (with(json!({ "iss": "javascript:alert(1)" })), 3, "neither an https address nor a DID"),
        (with(json!({ "iss": "Example Ltd" })), 3, "neither a URL nor a DID"),
        (with(json!({ "iss": format!("{ISSUER}#k1") })), 3, "a fragment (#)"),
        (with(json!({ "iss": key().public().did_jwk() })), 3, "its identity is unknown"),
        (unsupported(b"{}"), 3, "\"ES384\" is not supported"),
        (unsupported(br#"{"exp":1}"#), 1, "It has expired."),
        (with(json!({ "exp": "2100-01-01" })), 1, "exp must be a number of seconds"),
        (with(json!({ "exp": 1 })), 1, "It has expired."),
        (with(json!({ "status": { "status_list": { "uri": 1 } } })), 1, "must have uri and idx"),
        (
            with(json!({ "exp": 4_000_000_000_000_i64 })),
            0,
            "Valid until the year 128724. The issuer probably wrote exp",
        ),
        (with(json!({ "exp": 1_700_000_000_000_i64 })), 1, "It has probably expired"),
        (with(json!({ "expiry_date": "2020-01-01" })), 1, "It expired on 1 January 2020."),
        (with(json!({ "status": { "status_list": list, "foo": {} } })), 3, "not requested"),
        (with(json!({ "status": { "status_list": list } })), 3, "not requested"),
        (w3c(json!([entry])), 3, "not requested"),
        (w3c(json!([entry, { "type": "Foo" }])), 3, "not requested"),
        (w3c(json!([])), 0, "The token has no status"),
    ] {
        let (found, said) = verify(&token, &keys);
        assert_eq!(found, Some(code), "{reason}: {said}");
        let conclusion = ["valid", "invalid", "", "not_checkable"][usize::try_from(code).expect("a code")];
        assert_eq!(said["conclusion"], conclusion, "{said}");
        let verdicts = said["verdicts"].as_array().expect("verdicts");
        let is_given =
            verdicts.iter().any(|verdict| verdict["reason"].as_str().is_some_and(|said| said.contains(reason)));
        assert!(is_given, "{reason}: {said}");
    }
}

#[test]
fn unsupported_tokens_are_reported_as_checked_offline() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    let header = jws::protected(&json!({ "alg": "ES384", "typ": "dc+sd-jwt" }));
    let unsupported = jws::sign(&header, b"{}", &key()).expect("signed") + "~";
    for token in ["eyJhbGciOiJub25lIn0.e30.", &unsupported] {
        let (_, said) = verify(token, &keys);
        assert_eq!((&said["offline"], &said["advice"]), (&json!(true), &json!(null)), "{said}");
        let output = ended(binary().args(["verify", token, "--keys", &keys]));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("No requests were sent (--keys)."), "{said}");
    }
}

#[test]
fn every_status_list_may_have_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    let uri = |purpose: &str| format!("{ISSUER}/{purpose}");
    let entry = |purpose: &str| {
        json!({
            "type": "BitstringStatusListEntry", "statusPurpose": purpose,
            "statusListIndex": "7", "statusListCredential": uri(purpose),
        })
    };
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "k1" }));
    let signed = |payload: Value| jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed");
    let token = signed(json!({
        "issuer": ISSUER, "type": ["VerifiableCredential"],
        "credentialStatus": [entry("revocation"), entry("suspension")],
    }));
    let file = |purpose: &str, set: &[u32]| {
        let list = StatusList::of_revoked(131_072, set.iter().copied()).bitstring();
        let list = signed(json!({
            "id": uri(purpose), "issuer": ISSUER, "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "credentialSubject": { "type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": list },
        }));
        let path = folder.path().join(format!("{purpose}-{}", set.len()));
        std::fs::write(&path, list).expect("written");
        path.display().to_string()
    };
    let good = [file("revocation", &[]), file("suspension", &[])];
    let suspended = file("suspension", &[7]);
    for (files, code) in [
        (vec![&good[0], &good[1]], 0),
        (vec![&good[1], &good[0]], 0),
        (vec![&good[0]], 3),
        (vec![&good[0], &suspended], 1),
    ] {
        let options = files.iter().flat_map(|file| ["--status", file.as_str()]);
        let output = ended(binary().args(["verify", &token, "--keys", &keys]).args(options));
        assert_eq!(output.status.code(), Some(code), "{files:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, file) = (keys(folder.path()), folder.path().join("file"));
    for (content, reason) in [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".as_slice(), "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), "an image"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\xe1".as_slice(), "a ZIP file"),
        (b"{\"keys\": []}".as_slice(), "a set of keys"),
        (b"openid-credential-offer://?credential_offer=%7B%7D".as_slice(), "a link for a wallet"),
    ] {
        std::fs::write(&file, content).expect("written");
        let (code, said) = verify(&file.display().to_string(), &keys);
        assert_eq!((code, &said["verdicts"][0]["code"]), (Some(1), &json!("not_a_token")), "{said}");
        assert!(said["verdicts"][0]["reason"].as_str().is_some_and(|said| said.contains(reason)), "{said}");
    }
}

#[test]
fn two_tokens_in_one_text_are_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(folder.path());
    let other = signed(&json!({ "iss": ISSUER, "vct": "urn:example:career", "full_name": "Ben Marker" }));
    let file = folder.path().join("both.txt");
    std::fs::write(&file, format!("One:\n{}\nand another\n{other}\nRegards", token())).expect("written");
    let (code, said) = verify(&file.display().to_string(), &keys);
    assert_eq!((code, &said["verdicts"][0]["code"]), (Some(1), &json!("several_tokens")), "{said}");
}
