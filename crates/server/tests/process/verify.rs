//! `tenure verify`: its inputs, and its output for tokens that it cannot check.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use serde_json::{Value, json};

use crate::tenure::{binary, ended};

const ISSUER: &str = "https://issuer.example";

fn key() -> SoftwareKey {
    SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key")
}

fn token() -> String {
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1" }));
    let payload = json!({ "iss": ISSUER, "vct": "urn:example:career", "full_name": "Ada Marker" });
    jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed") + "~"
}

/// Writes the file with the issuer's keys; returns its path.
fn keys(folder: &Path) -> String {
    let path = folder.join("keys.json");
    let keys = json!({ "keys": [key().public().published_jwk("k1")] });
    std::fs::write(&path, keys.to_string()).expect("written");
    path.display().to_string()
}

/// Runs `tenure verify` offline; returns the exit code and what it printed as JSON.
fn verify(input: &str, keys: &str) -> (Option<i32>, Value) {
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
        ("utf16", utf16),
        ("response", json!({ "credentials": [{ "credential": token }] }).to_string().into_bytes()),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, saved).expect("written");
        let (code, said) = verify(&file.display().to_string(), &keys);
        assert_eq!((code, &said["claims"]["full_name"]), (Some(0), &json!("Ada Marker")), "{name}: {said}");
    }
    for argument in [token.clone(), format!(" '{token}' ")] {
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
fn verify_tells_unchecked_from_invalid() {
    let folder = tempfile::tempdir().expect("a folder");
    // An issuer on this machine is not contacted without `--local`.
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1" }));
    let payload = json!({ "iss": "https://127.0.0.1", "vct": "urn:example:career" });
    let local = jws::sign(&header, payload.to_string().as_bytes(), &key()).expect("signed") + "~";
    let unchecked = ended(binary().args(["verify", &local]));
    let said = String::from_utf8_lossy(&unchecked.stdout).into_owned();
    assert_eq!(unchecked.status.code(), Some(1));
    assert!(said.contains("NOT CHECKED") && !said.contains("NOT VALID"), "{said}");
    let forged = token().replacen("~", "A~", 1);
    let invalid = ended(binary().args(["verify", &forged, "--keys", &keys(folder.path())]));
    let said = String::from_utf8_lossy(&invalid.stdout).into_owned();
    assert!(said.contains("NOT VALID") && !said.contains("NOT CHECKED"), "{said}");
}

#[test]
fn verify_names_the_subject_of_a_good_signature() {
    let folder = tempfile::tempdir().expect("a folder");
    let (token, keys) = (token(), keys(folder.path()));
    let (_, said) = verify(&token, &keys);
    assert_eq!(said["subject"], json!({ "names": ["Ada Marker"], "consistency": "same" }), "{said}");
    let printed = |token: &str| {
        let output = ended(binary().args(["verify", token, "--keys", &keys]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = printed(&token);
    assert!(text.lines().any(|line| line == "Name: Ada Marker"), "{text}");
    let forged = token.replacen('~', "A~", 1);
    let (_, said) = verify(&forged, &keys);
    assert_eq!(said["subject"], json!(null), "{said}");
    let text = printed(&forged);
    assert!(!text.contains("Name:"), "{text}");
    let unreadable = verify("eyJhbGciOiJub25lIn0.e30.", &keys);
    assert_eq!((unreadable.0, &unreadable.1["subject"]), (Some(1), &json!(null)));
}
