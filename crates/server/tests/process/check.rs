//! `tenure check`: every form of a body, and its output for programs.

use std::path::Path;

use credential::Type;
use serde_json::{Value, json};

use crate::tenure::{binary, ended, shown};

fn check(folder: &Path, name: &str, content: &[u8], arguments: &[&str]) -> (Option<i32>, String) {
    std::fs::write(folder.join(name), content).expect("written");
    let output = ended(binary().current_dir(folder).args(["check", name]).args(arguments));
    (output.status.code(), shown(&output))
}

#[test]
fn check_accepts_every_form_that_the_server_accepts() {
    let folder = tempfile::tempdir().expect("a folder");
    for (form, sample, items) in [
        ("v2", (Type::default().sample)(), 1),
        ("v1", Type::default().v1_sample().expect("v1 has it"), 1),
        ("v2 batch", credential::batch_sample(), 3),
        ("v1 batch", credential::v1_batch_sample(), 2),
    ] {
        let mut bytes = b"\xef\xbb\xbf".to_vec();
        bytes.extend(sample.to_string().into_bytes());
        let (code, said) = check(folder.path(), "body.json", &bytes, &["--json"]);
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let body = &said["bodies"][0];
        assert_eq!((code, &said["valid"], &body["form"]), (Some(0), &json!(true), &json!(form)), "{said}");
        assert_eq!(body["headlines"].as_array().map(Vec::len), Some(items), "{said}");
    }
}

#[test]
fn check_reports_lines_of_ndjson() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = (Type::default().sample)();
    let lines = format!("{good}\n{{\"credential_id\": \"1\", \"feilds\": {{}}}}\n");
    let (code, said) = check(folder.path(), "bodies.ndjson", lines.as_bytes(), &[]);
    assert!(code == Some(1) && said.contains("bodies.ndjson:2:24"), "{said}");
    assert!(said.contains("1 error in 1 of 2 bodies. Nothing was sent"), "{said}");
    let (code, said) = check(folder.path(), "bodies.ndjson", lines.as_bytes(), &["--json"]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let error = &said["bodies"][1]["errors"][0];
    assert_eq!((code, &error["line"], &error["column"]), (Some(1), &json!(2), &json!(24)), "{said}");
}

#[test]
fn files_of_another_kind_are_one_error_with_a_conversion() {
    let folder = tempfile::tempdir().expect("a folder");
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, content, said) in [
        ("u16.json", &utf16[..], "iconv -f UTF-16 -t UTF-8 u16.json"),
        ("array.json", b"[{}, {}]", "jq -c '.[]' array.json"),
        ("pretty.ndjson", b"{\n  \"a\": 1\n}\n", "jq -c . pretty.ndjson"),
    ] {
        let (code, text) = check(folder.path(), name, content, &[]);
        assert!(code == Some(1) && text.contains(said) && text.lines().count() == 1, "{text}");
        let (code, text) = check(folder.path(), name, content, &["--json"]);
        let json: Value = serde_json::from_str(&text).expect("JSON");
        assert!(code == Some(1) && json["error"].as_str().is_some_and(|error| error.contains(said)), "{text}");
    }
}

#[test]
fn push_names_the_conversion_of_other_json() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content, said) in [
        ("array.json", "[{}, {}]\n", "jq -c '.[]' array.json"),
        ("pretty.ndjson", "{\n  \"a\": 1\n}\n", "jq -c . pretty.ndjson"),
    ] {
        std::fs::write(folder.path().join(name), content).expect("written");
        let output = ended(binary().current_dir(folder.path()).args(["push", "--dry-run", name]));
        let text = shown(&output);
        assert!(output.status.code() == Some(1) && text.contains(said) && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn check_uses_the_categories_of_the_operator() {
    let folder = tempfile::tempdir().expect("a folder");
    let known: Type = "universal_credential".parse().expect("a type");
    let mut sample = (known.sample)();
    sample["fields"]["credential_category"] = json!("welding");
    let body = sample.to_string();
    let arguments = ["--type", "universal_credential"];
    let (code, said) = check(folder.path(), "body.json", body.as_bytes(), &arguments);
    assert!(code == Some(1) && said.contains("choice.unknown"), "{said}");
    std::fs::write(folder.path().join("tenure.toml"), "[credentials]\ncategories = [\"welding\", \"other\"]\n")
        .expect("written");
    let settings = ["--type", "universal_credential", "--config", "tenure.toml"];
    let (code, said) = check(folder.path(), "body.json", body.as_bytes(), &settings);
    assert_eq!(code, Some(0), "{said}");
}
