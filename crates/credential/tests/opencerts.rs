//! OpenCerts documents from OpenAttestation's own library (`opencerts/`: a single one, and one of a
//! batch of three with two values redacted), and all kinds of tampering.

use credential::opencerts::{OpenCert, OpenCertsError};
use proptest::prelude::*;
use serde_json::{Value, json};

const SINGLE: &str = include_str!("opencerts/single.json");
const OBFUSCATED: &str = include_str!("opencerts/obfuscated.json");

fn changed(document: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::from_str(document).expect("JSON");
    change(&mut value);
    value.to_string().into_bytes()
}

fn refused(document: &str, change: impl FnOnce(&mut Value)) -> OpenCertsError {
    OpenCert::verify(&changed(document, change)).expect_err("refused")
}

#[test]
fn documents_wrapped_by_the_library_verify() {
    let single = OpenCert::verify(SINGLE.as_bytes()).expect("whole");
    assert_eq!(single.obfuscated, 0);
    assert_eq!(single.value("recipient.name"), Some("John Doe"));
    assert_eq!(single.value("issuers.0.name"), Some("University of Example"));
    assert_eq!(single.value("issuedOn"), Some("2022-12-15T00:00:00+08:00"), "colons in a value stay");
    assert_eq!(single.value("transcript.0.name"), Some("Corporate Finance \"advanced\" \u{e9}\n\u{2028}"));
    assert_eq!(single.value("salary"), None);
    let obfuscated = OpenCert::verify(OBFUSCATED.as_bytes()).expect("whole");
    assert_eq!(obfuscated.obfuscated, 2);
    assert_eq!(obfuscated.value("recipient.studentId"), None, "taken out");
}

#[test]
fn order_and_spaces_do_not_matter() {
    assert!(OpenCert::verify(&changed(OBFUSCATED, |_| {})).is_ok());
}

#[test]
fn tampering_is_refused_with_its_reason() {
    let salted = "1fb557c5-09a3-46cb-9de8-83c8472e75b4:string:Jane Doe";
    for (what, refusal, expected) in [
        (
            "another name",
            refused(SINGLE, |d| d["data"]["recipient"]["name"] = json!(salted)),
            OpenCertsError::TargetHash,
        ),
        ("a value more", refused(SINGLE, |d| d["data"]["extra"] = json!(salted)), OpenCertsError::TargetHash),
        ("an empty list more", refused(SINGLE, |d| d["data"]["extra"] = json!([])), OpenCertsError::TargetHash),
        (
            "a value less",
            refused(SINGLE, |d| drop(d["data"].as_object_mut().unwrap().remove("name"))),
            OpenCertsError::TargetHash,
        ),
        (
            "a hash less",
            refused(OBFUSCATED, |d| drop(d["privacy"]["obfuscatedData"].as_array_mut().unwrap().pop())),
            OpenCertsError::TargetHash,
        ),
        (
            "no hashes",
            refused(OBFUSCATED, |d| drop(d.as_object_mut().unwrap().remove("privacy"))),
            OpenCertsError::TargetHash,
        ),
        (
            "another target",
            refused(SINGLE, |d| d["signature"]["targetHash"] = json!("00".repeat(32))),
            OpenCertsError::TargetHash,
        ),
        (
            "another root",
            refused(OBFUSCATED, |d| d["signature"]["merkleRoot"] = json!("00".repeat(32))),
            OpenCertsError::MerkleRoot,
        ),
        ("no proof", refused(OBFUSCATED, |d| d["signature"]["proof"] = json!([])), OpenCertsError::MerkleRoot),
        (
            "a proof too long",
            refused(SINGLE, |d| d["signature"]["proof"] = json!(["ab".repeat(32)])),
            OpenCertsError::MerkleRoot,
        ),
        (
            "a value without salt",
            refused(SINGLE, |d| d["data"]["name"] = json!("Bachelor of Commerce")),
            OpenCertsError::Unsalted("name".to_owned()),
        ),
        ("a bare number", refused(SINGLE, |d| d["data"]["id"] = json!(7)), OpenCertsError::Unsalted("id".to_owned())),
        (
            "an unknown type",
            refused(SINGLE, |d| d["data"]["id"] = json!("1fb557c5-09a3-46cb-9de8-83c8472e75b4:date:x")),
            OpenCertsError::Unsalted("id".to_owned()),
        ),
    ] {
        assert_eq!(refusal, expected, "{what}");
    }
}

#[test]
fn malformed_documents_are_refused_with_the_reason() {
    for (what, refusal) in [
        ("no signature", refused(SINGLE, |d| drop(d.as_object_mut().unwrap().remove("signature")))),
        ("another proof", refused(SINGLE, |d| d["signature"]["type"] = json!("Other"))),
        ("a short hash", refused(SINGLE, |d| d["signature"]["targetHash"] = json!("ab"))),
        ("a hash of other letters", refused(SINGLE, |d| d["signature"]["merkleRoot"] = json!("zz".repeat(32)))),
        ("a proof of numbers", refused(SINGLE, |d| d["signature"]["proof"] = json!([1]))),
        ("hashes of numbers", refused(SINGLE, |d| d["privacy"]["obfuscatedData"] = json!([1]))),
        ("data that is a list", refused(SINGLE, |d| d["data"] = json!([]))),
        ("a name with a dot", refused(SINGLE, |d| d["data"]["a.b"] = json!({}))),
        ("an empty name", refused(SINGLE, |d| d["data"] = json!({ "": d["data"] }))),
        ("a long name", refused(SINGLE, |d| d["data"]["x".repeat(2000)] = json!([]))),
        ("too many values", refused(SINGLE, |d| d["data"]["x"] = json!(vec![json!([]); 50_000]))),
    ] {
        assert!(matches!(refusal, OpenCertsError::Shape(_)), "{what}: {refusal}");
    }
    for bytes in [b"".as_slice(), b"{", b"[]", b"7", b"%PDF-1.7"] {
        assert!(OpenCert::verify(bytes).is_err());
    }
    let deep = format!("{}{}", "{\"a\":".repeat(100), "7".to_owned() + &"}".repeat(100));
    let refusal = refused(SINGLE, |d| d["data"] = serde_json::from_str(&deep).unwrap());
    assert!(matches!(refusal, OpenCertsError::Shape(_)), "{refusal}");
}

proptest! {
    #[test]
    fn random_bytes_are_rejected(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(OpenCert::verify(&bytes).is_err());
    }

    #[test]
    fn changed_letters_of_the_data_are_detected(at in 0_usize..2000, to in "[a-zA-Z0-9]") {
        let compact = changed(SINGLE, |_| {});
        let text = String::from_utf8(compact).unwrap();
        let (start, end) = (text.find("\"data\"").unwrap() + 7, text.find(",\"schema\"").or_else(|| text.find(",\"signature\"")).unwrap());
        let at = start + at % (end - start);
        let mut bytes = text.into_bytes();
        if bytes[at].is_ascii_alphanumeric() && bytes[at] != to.as_bytes()[0] {
            bytes[at] = to.as_bytes()[0];
            // The case of a letter in a salt changes the digest too.
            prop_assert!(OpenCert::verify(&bytes).is_err(), "{}", String::from_utf8_lossy(&bytes[at.saturating_sub(20)..at + 20]));
        }
    }
}
