//! `tenure verify`: other kinds of input, and what the terminal shows.

use credential::format::sd_jwt;
use credential::format::sd_jwt_vc::integrity;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use credential::status::{StatusList, token_payload};
use serde_json::{Value, json};

use crate::tenure::{binary, ended};
use crate::verify::{ISSUER, key, token, verify};

const LIST: &str = "https://issuer.example/status/1";
const VCT: &str = "https://issuer.example/types/a";

fn signed(typ: &str, payload: &Value, key: &SoftwareKey) -> String {
    let header = jws::protected(&json!({ "alg": "ES256", "typ": typ, "kid": "k1" }));
    jws::sign(&header, payload.to_string().as_bytes(), key).expect("signed")
}

/// Writes a file; returns its path.
fn file(folder: &tempfile::TempDir, name: &str, content: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("written");
    path.display().to_string()
}

fn keys(folder: &tempfile::TempDir) -> String {
    file(folder, "keys.json", &json!({ "keys": [key().public().published_jwk("k1")] }).to_string())
}

/// Runs `tenure verify` offline; returns the exit code and the text that it printed.
fn printed(input: &str, keys: &str, options: &[&str]) -> (Option<i32>, String) {
    let output = ended(binary().args(["verify", input, "--keys", keys]).args(options));
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn unsupported_kinds_are_not_called_invalid() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    let flattened = json!({ "payload": "e30", "protected": "e30", "signature": "AA" });
    let signed = |typ: &str| signed(typ, &json!({ "iss": ISSUER }), &key());
    for content in [
        signed("vp+jwt"),
        signed("vc+ld+jwt"),
        signed("JWT"),
        signed("oauth-authz-req+jwt"),
        signed("example+sd-jwt") + "~",
        "{\"proof\": {\"type\": \"DataIntegrityProof\"}}".to_owned(),
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSJ9..AAAA.AAAA.AAAA".to_owned(),
        flattened.to_string(),
    ] {
        let file = file(&folder, "token", &content);
        let (code, said) = printed(&file, &keys, &[]);
        assert_eq!(code, Some(3), "{content}: {said}");
        assert!(said.contains("NOT CHECKED") && !said.contains("NOT VALID") && !said.contains("FAILED"), "{said}");
    }
}

#[test]
fn input_without_a_token_is_called_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    for (content, reason) in [("hello", "No token was found"), ("%PDF-1.7\n", "This is a PDF document")] {
        let (code, said) = printed(&file(&folder, "input", content), &keys, &[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("NOT A TOKEN") && said.contains(reason), "{said}");
        assert!(!said.contains("NOT VALID") && !said.contains("FAILED"), "{said}");
    }
    let without_tilde = token().replace('~', "");
    let (code, said) = printed(&without_tilde, &keys, &[]);
    assert!(code == Some(1) && said.contains("the last \"~\" is missing"), "{said}");
}

#[test]
fn bare_keys_do_not_show_whose_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, jwk) = (keys(&folder), key().public().published_jwk("k1"));
    let one = file(&folder, "one.json", &jwk.to_string());
    let metadata = json!({ "issuer": ISSUER, "jwks": { "keys": [jwk] } });
    let metadata = file(&folder, "metadata.json", &metadata.to_string());
    for (keys, is_named) in [(set, false), (one, false), (metadata, true)] {
        let (code, said) = verify(&token(), &keys);
        let reason = said["verdicts"][1]["reason"].as_str().unwrap_or_default();
        assert_eq!((code, &said["verdicts"][1]["name"]), (Some(0), &json!("issuer")), "{said}");
        assert_eq!(reason.contains(ISSUER), is_named, "{reason}");
        assert_eq!(reason.contains("does not say whose keys these are"), !is_named, "{reason}");
    }
}

// Conforms: SD-JWT VC 6
#[test]
fn digest_of_metadata_is_that_of_the_bytes_of_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, path) = (keys(&folder), folder.path().join("metadata.json"));
    let text = json!({ "vct": VCT, "claims": [{ "path": ["full_name"], "mandatory": true }] }).to_string();
    let (marked, wrapped) = (format!("\u{feff}{text}"), format!("{text}\r\n"));
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let verified = |digest_of: &str, content: &[u8]| {
        let integrity = integrity(digest_of.as_bytes());
        let payload = json!({ "iss": ISSUER, "vct": VCT, "vct#integrity": integrity, "full_name": "Ada" });
        std::fs::write(&path, content).expect("written");
        let token = signed("dc+sd-jwt", &payload, &key()) + "~";
        let metadata = path.display().to_string();
        let output = ended(binary().args(["verify", &token, "--json", "--keys", &keys, "--metadata", &metadata]));
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), said["verdicts"][5]["outcome"].as_str().map(ToOwned::to_owned))
    };
    for digest_of in [&text, &marked, &wrapped] {
        for content in [&text, &marked, &wrapped] {
            let (code, outcome) = if digest_of == content { (0, "passed") } else { (1, "failed") };
            let found = verified(digest_of, content.as_bytes());
            assert_eq!(found, (Some(code), Some(outcome.to_owned())), "{digest_of:?} {content:?}");
        }
    }
    assert_eq!(verified(&marked, &utf16), (Some(2), None), "another document than the one that was served");
}

#[test]
fn list_that_another_key_signed_says_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    let status = json!({ "status_list": { "uri": LIST, "idx": 3 } });
    let payload = json!({ "iss": ISSUER, "vct": "urn:example:career", "status": status });
    let token = signed("dc+sd-jwt", &payload, &key()) + "~";
    let list = token_payload(&StatusList::of_revoked(64, [3]), LIST, (1, 4_000_000_000), 60);
    let another = SoftwareKey::from_bytes(Algorithm::Es256, &[8; 32]).expect("a key");
    let with_header = |header: Value, key: &SoftwareKey| {
        jws::sign(&jws::protected(&header), list.to_string().as_bytes(), key).expect("signed")
    };
    let typ = "statuslist+jwt";
    for (content, code, reason) in [
        (signed(typ, &list, &key()), 1, "It was revoked."),
        (signed(typ, &list, &another), 3, "was not signed with a key of the issuer"),
        (with_header(json!({ "alg": "ES256", "typ": typ }), &another), 3, "was not signed with a key of the issuer"),
        (with_header(json!({ "alg": "ES384", "typ": typ }), &key()), 3, "The status list cannot be verified."),
    ] {
        let (found, said) = printed(&token, &keys, &["--status", &file(&folder, "list", &content)]);
        assert_eq!(found, Some(code), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn two_versions_of_a_list_are_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    let status = json!({ "status_list": { "uri": LIST, "idx": 3 } });
    let payload = json!({ "iss": ISSUER, "vct": "urn:example:career", "status": status });
    let token = signed("dc+sd-jwt", &payload, &key()) + "~";
    let version = |name: &str, revoked: &[u32], made: i64| {
        let list = StatusList::of_revoked(64, revoked.iter().copied());
        let list = token_payload(&list, LIST, (made, 4_000_000_000), 60);
        file(&folder, name, &signed("statuslist+jwt", &list, &key()))
    };
    let (older, newer) = (version("older", &[], 1), version("newer", &[3], 2));
    for [first, second] in [[&older, &newer], [&newer, &older]] {
        let options = ["--keys", &keys, "--status", first, "--status", second];
        let output = ended(binary().args(["verify", &token]).args(options));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("a different version of the list") && said.contains(LIST), "{said}");
    }
    let (code, said) = printed(&token, &keys, &["--status", &newer, "--status", &newer]);
    assert!(code == Some(1) && said.contains("It was revoked."), "{said}");
}

#[test]
fn every_end_that_has_passed_is_called_expired() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    for (name, end) in [
        ("exp", json!(1_577_836_800)),
        ("exp", json!(1_577_836_800_000_i64)),
        ("validUntil", json!("2020-01-01T00:00:00Z")),
        ("expiry_date", json!("2020-01-01")),
    ] {
        let mut payload = json!({ "iss": ISSUER, "vct": "urn:example:career" });
        payload[name] = end;
        let (code, said) = printed(&(signed("dc+sd-jwt", &payload, &key()) + "~"), &keys, &[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("EXPIRED on 1 January 2020."), "{name}: {said}");
    }
}

/// A stored presentation may be verified years later (D-430).
#[test]
fn age_of_a_presentation_counts_on_request_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    let holder = SoftwareKey::from_bytes(Algorithm::Es256, &[8; 32]).expect("a key");
    let payload = json!({ "iss": ISSUER, "vct": "urn:example:career", "cnf": { "jwk": holder.public().jwk() } });
    let (audience, nonce) = ("https://hr.example", "n-1");
    let credential = signed("dc+sd-jwt", &payload, &key()) + "~";
    let presented = sd_jwt::bind(&credential, (audience, nonce), 1_600_000_000, &holder).expect("bound");
    let expected = ["--audience", audience, "--nonce", nonce];
    let (code, said) = printed(&presented, &keys, &expected);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("for https://hr.example at 2020-09-13T12:26:40Z."), "{said}");
    let (code, said) = printed(&presented, &keys, &[&expected[..], &["--max-age", "600"]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("It was made too long ago."), "{said}");
}

#[test]
fn maximum_age_without_a_nonce_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    let output = ended(binary().args(["verify", &token(), "--keys", &keys, "--max-age", "60"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--nonce"));
}

#[test]
fn text_of_a_token_cannot_change_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keys(&folder);
    let issuer = format!("{ISSUER}/\u{202e}\u{9b}2J");
    let payload = json!({ "iss": issuer, "vct": "urn:example:career", "full_name": "Ada\u{202e}\u{1b}[2J" });
    let token = signed("dc+sd-jwt", &payload, &key()) + "~";
    let (_, said) = printed(&token, &keys, &[]);
    assert!(said.contains("Claims:") || said.contains("NOT CHECKED"), "{said}");
    assert!(!said.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{said}");
    let output = ended(binary().args(["verify", &token, "--json", "--keys", &keys]));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{text}");
    let said: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(said["claims"]["iss"], json!(issuer), "{said}");
}
