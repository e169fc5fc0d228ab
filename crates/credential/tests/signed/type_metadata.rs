//! Type metadata is true of every credential that may be issued (SD-JWT VC, section 5.6): mandatory
//! claims are present, `sd` is as declared, and no claim is missing.

use std::collections::{BTreeMap, BTreeSet};

use credential::format::sd_jwt_vc::{SdJwtVc, TypeMetadata};
use credential::format::{Format, ListForm, Statement};
use credential::key::Algorithm;
use credential::{ALL, Context, Presence, Shape, Submission, Type};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, YEAR, fields, issuer, rng};

/// Claims that any SD-JWT VC may have, which metadata does not list.
const COMMON: [&str; 6] = ["iss", "iat", "exp", "vct", "vct#integrity", "status"];

/// Changes a valid value to another that its declaration may allow: removes and adds optional
/// members, changes the length of lists, negates booleans and chooses other codes. `choose(n)` is
/// true once in `n` times.
fn vary(value: &mut Value, shape: &Shape, choose: &mut impl FnMut(u64) -> bool) {
    match (shape, value) {
        (Shape::Object(members), Value::Object(object)) => {
            for member in *members {
                if member.presence != Presence::Required && object.contains_key(member.name) && choose(3) {
                    object.remove(member.name);
                } else if let Some(inner) = object.get_mut(member.name) {
                    vary(inner, &member.shape, choose);
                } else if let Ok(example) = serde_json::from_str(member.example)
                    && choose(2)
                {
                    object.insert(member.name.to_owned(), example);
                }
            }
        }
        (Shape::List { of, least, .. }, Value::Array(items)) => {
            if choose(3) {
                items.truncate(*least);
            }
            if choose(3) {
                items.extend(items.first().cloned());
            }
            for item in items {
                vary(item, of, choose);
            }
        }
        (Shape::Boolean, Value::Bool(is_set)) => *is_set ^= choose(3),
        (Shape::Choice(choice), Value::String(text)) => {
            if let Some(another) = choice.values.last().filter(|_| choose(3)) {
                (*another).clone_into(text);
            }
        }
        _ => {}
    }
}

/// Returns the fields of a varied sample; `None` if it breaks a rule that the declaration does not
/// express.
fn varied(known: Type, seed: u64) -> Option<Value> {
    let mut state = seed;
    let mut choose = |times: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).is_multiple_of(times)
    };
    let mut body = (known.sample)();
    vary(&mut body["fields"], &Shape::Object(known.fields), &mut choose);
    let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
    Some(Submission::parse_v2(known, body.to_string().as_bytes(), &context).ok()?.fields())
}

fn issued(known: Type, fields: &Value, lists: ListForm, chain: &[String]) -> String {
    let statement = Statement {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001",
        credential_type: known,
        fields,
        lists,
        partner_chain: chain,
        attester: "Acme",
        attested_at: "2026-11-20",
        issued_at: NOW,
        expires_at: NOW + YEAR,
        status: None,
        holder: None,
    };
    issuer(Algorithm::Es256).sign(Format::SdJwtVc, &statement, &mut rng()).expect("signed")
}

fn described(known: Type) -> Vec<Value> {
    let metadata: Value = serde_json::from_str(&TypeMetadata::new(known, ADDRESS).document).expect("JSON");
    metadata["claims"].as_array().expect("claims").clone()
}

/// Returns the JSON Pointers of the claims that a path selects (section 5.6.1).
fn select(claims: &Value, path: &Value) -> Vec<String> {
    let mut selected = vec![String::new()];
    for step in path.as_array().expect("a path") {
        let mut next = Vec::new();
        for pointer in selected {
            match (step, claims.pointer(&pointer).expect("selected")) {
                (Value::String(name), Value::Object(object)) => {
                    next.extend(object.contains_key(name).then(|| format!("{pointer}/{name}")));
                }
                (Value::Null, Value::Array(items)) => {
                    next.extend((0..items.len()).map(|index| format!("{pointer}/{index}")));
                }
                _ => panic!("{path} does not fit {claims} at {pointer}"),
            }
        }
        selected = next;
    }
    selected
}

/// Adds the JSON Pointer of every value in `value`.
fn every_pointer(value: &Value, pointer: &str, found: &mut BTreeSet<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, part)| (name.clone(), part)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, part)| (index.to_string(), part)).collect(),
        _ => Vec::new(),
    };
    for (name, part) in parts {
        let pointer = format!("{pointer}/{name}");
        every_pointer(part, &pointer, found);
        found.insert(pointer);
    }
}

/// Checks a credential against the metadata of its type.
fn assert_described(known: Type, text: &str) {
    let credential = SdJwtVc::read(text).expect("read");
    let disclosures: BTreeSet<&str> = credential.disclosed.places.iter().map(String::as_str).collect();
    let mut claims = credential.disclosed.claims.clone();
    claims.retain(|name, _| !COMMON.contains(&name.as_str()));
    let claims = Value::Object(claims);
    let mut listed = BTreeSet::new();
    for claim in described(known) {
        let selected = select(&claims, &claim["path"]);
        assert!(claim["mandatory"] == false || !selected.is_empty(), "{known}: {claim} is missing in {claims}");
        for pointer in &selected {
            let is_disclosure = disclosures.contains(pointer.as_str());
            let expected = match claim["sd"].as_str() {
                Some("always") => true,
                Some("never") => false,
                _ => is_disclosure,
            };
            assert_eq!(is_disclosure, expected, "{known}: {claim} at {pointer}");
        }
        listed.extend(selected);
    }
    let mut present = BTreeSet::new();
    every_pointer(&claims, "", &mut present);
    assert_eq!(present.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "{known}: not listed");
}

proptest! {
    // Conforms: SD-JWT VC 5
    #[test]
    fn metadata_describes_every_accepted_credential(
        which in 0..ALL.len(),
        seed in any::<u64>(),
        is_item_by_item in any::<bool>(),
        has_chain in any::<bool>(),
    ) {
        let fields = varied(ALL[which], seed);
        prop_assume!(fields.is_some());
        let lists = if is_item_by_item { ListForm::ItemByItem } else { ListForm::AsDeclared };
        let chain = if has_chain { vec!["Bureau".to_owned(), "Group".to_owned()] } else { Vec::new() };
        assert_described(ALL[which], &issued(ALL[which], &fields.unwrap_or_default(), lists, &chain));
    }
}

#[test]
fn metadata_describes_the_older_form_of_an_identity() {
    let known: Type = "digital_identity".parse().expect("a type");
    let fields = json!({ "full_name": "Ada", "identity_verification_level": "standard" });
    assert_described(known, &issued(known, &fields, ListForm::AsDeclared, &[]));
}

#[test]
fn varied_samples_cover_every_optional_field() {
    for known in ALL {
        let (mut with, mut without) = (BTreeMap::new(), BTreeMap::new());
        for fields in (0..400).filter_map(|seed| varied(*known, seed)) {
            for member in known.fields.iter().filter(|member| member.presence != Presence::Required) {
                let seen = if fields.get(member.name).is_some() { &mut with } else { &mut without };
                *seen.entry(member.name).or_insert(0) += 1;
            }
        }
        for member in known.fields.iter().filter(|member| member.presence != Presence::Required) {
            assert!(with.contains_key(member.name) && without.contains_key(member.name), "{known}: {}", member.name);
        }
    }
}

// Conforms: SD-JWT VC 5
#[test]
fn every_claim_has_a_label_of_its_own() {
    for known in ALL {
        let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for claim in described(*known) {
            let label = claim["display"][0]["label"].as_str().expect("a label").to_owned();
            let is_label = label.starts_with(char::is_uppercase) && label.len() <= 30 && !label.contains(['_', '.']);
            assert!(is_label && !label.starts_with("One of"), "{known}: {claim}");
            let mut parent = claim["path"].as_array().expect("a path").clone();
            let is_item = parent.pop() == Some(Value::Null);
            if is_item {
                // The parent of an item is the member that contains the list, not the list.
                parent.pop();
            }
            let siblings = labels.entry(json!(parent).to_string()).or_default();
            assert!(siblings.insert(label), "{known}: the label of {claim} is used twice");
        }
    }
    let jobs = described(Type::default());
    let employer = jobs.iter().find(|claim| claim["path"] == json!(["employment", null, "organisation"]));
    assert_eq!(employer.expect("listed")["display"][0]["label"], "Employer");
    let fields = fields(Type::default());
    assert!(fields["employment"][0]["organisation"].is_string());
}
