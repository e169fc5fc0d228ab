//! Forged and malformed disclosures.

use credential::format::sd_jwt_vc::SdJwtVc;
use credential::{MAX_OTHER_VALUES, VerifyError};
use serde_json::{Value, json};

use crate::support::{crafted, digest};

// Conforms: RFC 9901 7.1; HAIP 8
#[test]
fn foreign_disclosures_are_rejected_by_reason() {
    let name = json!(["salt", "full_name", "Jane"]);
    let item = json!(["salt", "Jane"]);
    let read = |payload: &Value, disclosures: &[&Value]| SdJwtVc::read(&crafted(payload, disclosures)).map(|_| ());
    let plain = json!({ "vct": "v", "_sd": [digest(&name)], "_sd_alg": "sha-256" });
    assert_eq!(read(&plain, &[&name]), Ok(()));
    assert_eq!(read(&plain, &[]), Ok(()));
    assert_eq!(read(&plain, &[&json!(["salt", "full_name", "Joan"])]), Err(VerifyError::StrayDisclosure));
    assert_eq!(read(&plain, &[&name, &name]), Err(VerifyError::DuplicateDigest));
    let twice = json!({ "vct": "v", "_sd": [digest(&name), digest(&name)] });
    assert_eq!(read(&twice, &[]), Err(VerifyError::DuplicateDigest));
    let nested_twice = json!({ "vct": "v", "_sd": [digest(&name)], "more": { "_sd": [digest(&name)] } });
    assert_eq!(read(&nested_twice, &[&name]), Err(VerifyError::DuplicateDigest));
    let hashed = json!({ "vct": "v", "_sd": [digest(&name)], "_sd_alg": "sha-1" });
    assert_eq!(read(&hashed, &[]), Err(VerifyError::HashAlgorithm("sha-1".to_owned())));
    let algorithm = json!(["salt", "_sd_alg", "md5"]);
    let twice_named = json!({ "vct": "v", "_sd": [digest(&algorithm)], "_sd_alg": "sha-256" });
    assert!(matches!(read(&twice_named, &[&algorithm]), Err(VerifyError::Disclosure(_))));
    let taken = json!({ "vct": "v", "full_name": "Joan", "_sd": [digest(&name)] });
    assert!(matches!(read(&taken, &[&name]), Err(VerifyError::Disclosure(_))));
    let as_member = json!({ "vct": "v", "_sd": [digest(&item)] });
    assert!(matches!(read(&as_member, &[&item]), Err(VerifyError::Disclosure(_))));
    let as_item = json!({ "vct": "v", "list": [{ "...": digest(&name) }] });
    assert!(matches!(read(&as_item, &[&name]), Err(VerifyError::Disclosure(_))));
    for hidden in ["_sd", "..."] {
        let disclosure = json!(["salt", hidden, ["x"]]);
        let payload = json!({ "vct": "v", "_sd": [digest(&disclosure)] });
        assert!(matches!(read(&payload, &[&disclosure]), Err(VerifyError::Disclosure(_))), "{hidden}");
    }
    for open in ["iss", "exp", "nbf", "cnf", "vct", "vct#integrity", "aka_vcts", "status"] {
        let disclosure = json!(["salt", open, 1]);
        let payload = json!({ "_sd": [digest(&disclosure)] });
        assert_eq!(read(&payload, &[&disclosure]), Err(VerifyError::MustNotBeDisclosed(open.to_owned())));
    }
    for broken in
        [json!("text"), json!(["salt"]), json!([1, "name", 2]), json!(["salt", 1, 2]), json!(["a", "b", 1, 2])]
    {
        assert!(matches!(read(&json!({ "vct": "v" }), &[&broken]), Err(VerifyError::Disclosure(_))), "{broken}");
    }
}

#[test]
fn withheld_lists_are_absent_and_partial_ones_keep_order() {
    let (one, other, list) = (json!(["a", "one"]), json!(["b", "other"]), json!(["c", "more", [{ "...": "x" }]]));
    let payload = json!({
        "vct": "v",
        "open": [{ "...": digest(&one) }, { "...": digest(&other) }],
        "all": [{ "...": "y" }, { "...": "z" }],
        "none": [],
        "mixed": ["clear", { "...": "w" }],
        "nested": [[{ "...": "v" }], "kept"],
        "_sd": [digest(&list)],
    });
    let text = crafted(&payload, &[&other, &list]);
    let disclosed = SdJwtVc::read(&text).expect("read").disclosed;
    let expected = json!({ "vct": "v", "open": ["other"], "none": [], "mixed": ["clear"], "nested": ["kept"] });
    assert_eq!(Value::Object(disclosed.claims), expected);
    assert_eq!(disclosed.places, ["/open/0", "/more"]);
    let withheld: Vec<(&str, usize)> =
        disclosed.withheld.iter().map(|(place, count)| (place.as_str(), *count)).collect();
    assert_eq!(withheld, [("/all", 2), ("/mixed", 1), ("/more", 1), ("/nested/0", 1), ("/open", 1)]);
}

// Conforms: RFC 9901 7.1
#[test]
fn nested_disclosures_are_limited_in_depth() {
    let read = |levels: usize| {
        let mut disclosures = vec![json!(["salt", "end", 1])];
        for _ in 0..levels {
            let last = digest(disclosures.last().expect("one"));
            disclosures.push(json!(["salt", "more", { "_sd": [last] }]));
        }
        let payload = json!({ "vct": "v", "_sd": [digest(disclosures.last().expect("one"))] });
        let all: Vec<&Value> = disclosures.iter().collect();
        SdJwtVc::read(&crafted(&payload, &all)).map(|_| ())
    };
    assert_eq!(read(32), Ok(()));
    for levels in [33, 60] {
        let refusal = read(levels).expect_err("too deep");
        assert!(refusal.is_unsupported() && refusal.to_string().contains("more than 32 levels"), "{refusal}");
    }
}

#[test]
fn disclosures_are_limited_in_number() {
    let read = |count: usize| {
        let disclosures: Vec<Value> = (0..count).map(|at| json!(["salt", format!("c{at}"), 1])).collect();
        let payload = json!({ "vct": "v", "_sd": disclosures.iter().map(digest).collect::<Vec<_>>() });
        SdJwtVc::read(&crafted(&payload, &disclosures.iter().collect::<Vec<_>>())).map(|_| ())
    };
    assert_eq!(read(4096), Ok(()));
    let refusal = read(4097).expect_err("too many");
    assert!(refusal.is_unsupported() && refusal.to_string().contains("more than 4,096 disclosures"), "{refusal}");
}

#[test]
fn values_of_disclosures_are_limited_together() {
    let read = |disclosures: &[Value]| {
        let payload = json!({ "vct": "v", "_sd": disclosures.iter().map(digest).collect::<Vec<_>>() });
        SdJwtVc::read(&crafted(&payload, &disclosures.iter().collect::<Vec<_>>())).map(|_| ())
    };
    // Each has 10,000 values: itself, a salt, a name, a list and its items.
    let disclosure = |number: usize| json!(["salt", format!("name{number}"), vec![0; 9_996]]);
    let mut disclosures: Vec<Value> = (0..MAX_OTHER_VALUES / 10_000).map(disclosure).collect();
    assert_eq!(read(&disclosures), Ok(()));
    disclosures.push(json!(["salt", "last", 0]));
    assert_eq!(read(&disclosures), Err(VerifyError::Limit("it has more than 50,000 values")));
}
