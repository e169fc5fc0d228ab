//! The other envelopes: v1, and batches of both versions (docs/partner-api.md sections 6 and 7).

use credential::{
    ALL, AssetKind, AssetSource, Batch, BatchBody, BatchForm, Context, MAX_VALUES, ParseError, Submission, Type,
    batch_sample, batch_sample_of, v1_batch_sample,
};
use serde_json::{Value, json};

fn context() -> Context<'static> {
    Context::new("2026-11-23T09:00:00Z".parse().expect("a time"))
}

fn named(name: &str) -> Type {
    name.parse().expect("a type")
}

type PointersAndCodes = Vec<(String, &'static str)>;

fn field_errors<T: std::fmt::Debug>(result: Result<T, ParseError>) -> PointersAndCodes {
    match result {
        Err(ParseError::Invalid(field_errors)) => {
            field_errors.into_iter().map(|field_error| (field_error.pointer, field_error.code.as_str())).collect()
        }
        other => panic!("taken, or malformed: {other:?}"),
    }
}

fn v1(name: &str, body: &Value) -> Result<Submission, ParseError> {
    Submission::parse_v1(named(name), body.to_string().as_bytes(), &context())
}

fn batch(form: BatchForm, body: &Value) -> Result<Batch, ParseError> {
    BatchBody::read(form, body.to_string().as_bytes())?.check(&context())
}

fn one(pointer: &str, code: &'static str) -> PointersAndCodes {
    vec![(pointer.to_owned(), code)]
}

/// Returns the v1 sample of a type after `change`.
fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = named(name).v1_sample().expect("v1 takes it");
    change(&mut body);
    body
}

/// Returns the number of values in a body.
fn values(body: &Value) -> usize {
    match body {
        Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
        _ => 1,
    }
}

#[test]
fn largest_batches_have_fewer_values_than_the_maximum() {
    let chain = vec![json!({ "name": "Partner" }); 20];
    let job = json!({
        "organisation": "A", "role_classification": "B", "role_title": "C", "start_date": "2020-01",
        "end_date": "2021-01", "last_processed_month": "2021-02",
    });
    let history = |number: usize| {
        changed("career_history", |body| {
            body["id"] = json!(format!("history-{number}"));
            body["data"]["credential"]["employment"] = vec![job.clone(); 500].into();
            body["data"]["document"] = json!(null);
            body["data"]["partner_chain"] = chain.clone().into();
        })
    };
    let transcript = |number: usize| {
        let mut item = (named("education").sample)();
        item["credential_id"] = json!(format!("transcript-{number}"));
        let subject = item["fields"]["transcript"]["subjects"][0].clone();
        item["fields"]["transcript"]["subjects"] = vec![subject; 300].into();
        item["fields"]["majors"] = vec!["Finance"; 20].into();
        item["partner_chain"] = chain.clone().into();
        item
    };
    let histories: Vec<Value> = (0..100).map(history).collect();
    let transcripts: Vec<Value> = (0..100).map(transcript).collect();
    for (form, body) in [
        (BatchForm::V1, json!({ "id": "batch", "credentials": histories })),
        (BatchForm::V2, json!({ "credential_id": "batch", "education_items": transcripts })),
    ] {
        assert!(values(&body) * 11 / 10 <= MAX_VALUES, "{form:?}: {}", values(&body));
        assert_eq!(batch(form, &body).map(|batch| batch.items.len()), Ok(100), "{form:?}");
    }
}

#[test]
fn v1_and_v2_samples_parse_alike() {
    for known in ALL.iter().filter(|known| known.v1.is_some()) {
        let body = known.v1_sample().expect("a sample");
        let old = v1(known.name(), &body).unwrap_or_else(|refusal| panic!("{known}: {refusal:?}"));
        let sample = (known.sample)();
        let new = Submission::parse_v2(*known, sample.to_string().as_bytes(), &context()).expect("taken");
        assert_eq!((&old.credential_id, &old.fields()), (&new.credential_id, &new.fields()));
        assert_eq!(old.id_pointer, "/id");
    }
    assert!(named("universal_credential").v1_sample().is_none());
}

#[test]
fn v1_partner_chain_is_read_from_every_documented_place() {
    let chain = json!([{ "name": "Parent" }, { "name": "Child" }]);
    for (name, pointers) in [
        ("education", vec!["/data", "/data/credential"]),
        ("digital_identity", vec!["/data", "/data/credential"]),
        ("english_proficiency", vec!["/data", "/data/credential", "/data/credential/test_scores"]),
    ] {
        for pointer in pointers {
            let body = changed(name, |body| body.pointer_mut(pointer).unwrap()["partner_chain"] = chain.clone());
            assert_eq!(v1(name, &body).expect(pointer).partner_chain, ["Parent", "Child"], "{name} {pointer}");
        }
    }
    let twice = changed("education", |body| {
        body["data"]["partner_chain"] = chain.clone();
        body["data"]["credential"]["partner_chain"] = chain.clone();
    });
    assert_eq!(v1("education", &twice).expect("they agree").partner_chain.len(), 2);
    let differing = changed("education", |body| {
        body["data"]["partner_chain"] = json!([]);
        body["data"]["credential"]["partner_chain"] = chain.clone();
    });
    assert_eq!(field_errors(v1("education", &differing)), one("/data/partner_chain", "field.conflict"));
    let broken = changed("english_proficiency", |body| {
        body["data"]["credential"]["test_scores"]["partner_chain"] = json!([{ "name": 7 }]);
    });
    assert_eq!(
        field_errors(v1("english_proficiency", &broken)),
        one("/data/credential/test_scores/partner_chain/0/name", "type.mismatch")
    );
}

#[test]
fn older_identity_level_is_accepted_in_v1_only() {
    let older = json!({ "full_name": "John Doe", "identity_verification_level": "standard" });
    let body = changed("digital_identity", |body| body["data"]["credential"] = older.clone());
    let submission = v1("digital_identity", &body).expect("taken");
    assert_eq!(named("digital_identity").headline(&submission.fields()), "Identity verified at the standard level");
    let mixed = changed("digital_identity", |body| {
        body["data"]["credential"]["identity_verification_level"] = json!("basic");
    });
    assert_eq!(field_errors(v1("digital_identity", &mixed)).len(), 3, "one form or the other");
    let unknown = changed("digital_identity", |body| {
        body["data"]["credential"] = json!({ "full_name": "John Doe", "identity_verification_level": "high" });
    });
    let at = "/data/credential/identity_verification_level";
    assert_eq!(field_errors(v1("digital_identity", &unknown)), one(at, "choice.unknown"));
}

#[test]
fn v1_document_is_a_url_or_an_open_cert() {
    let with = |name: &str, kind: &str, document: Value| {
        v1(
            name,
            &changed(name, |body| {
                body["document_type"] = json!(kind);
                body["data"]["document"] = document;
            }),
        )
    };
    let address = json!("https://example.edu/a.pdf");
    let found = with("education", "pdf", address.clone()).expect("taken");
    assert_eq!((found.assets[0].kind, found.document_type), (AssetKind::Pdf, Some("pdf")));
    assert_eq!(found.assets[0].source, AssetSource::Address("https://example.edu/a.pdf".to_owned()));
    assert_eq!(found.assets[0].pointer, "/data/document");
    let found = with("education", "open_cert", json!("{\"data\":{}}")).expect("its content is looked at later");
    assert_eq!(found.assets[0].source, AssetSource::Bytes("{\"data\":{}}".into()));
    let found = with("english_proficiency", "english_assessment", address.clone()).expect("taken");
    assert_eq!((found.assets[0].kind, found.document_type), (AssetKind::Pdf, Some("english_assessment")));
    let found = with("education", "pdf", Value::Null).expect("taken without one");
    assert_eq!((found.assets.len(), found.document_type), (0, None), "no document, so the link says none");
    assert_eq!((found.missing_document, found.advice()[0].code), (Some("pdf"), "document.missing"));
    let found = with("education", "none", Value::Null).expect("taken");
    assert_eq!((found.document_type, found.missing_document), (None, None));
    let found = with("english_proficiency", "english_assessment", Value::Null).expect("taken");
    assert_eq!(found.missing_document, None, "it has no other document type");
    for (name, kind, document, pointer, code) in [
        ("education", "none", address.clone(), "/data/document", "assets.not_allowed"),
        ("education", "png", Value::Null, "/document_type", "choice.unknown"),
        ("career_history", "pdf", Value::Null, "/document_type", "choice.unknown"),
        ("career_history", "none", address, "/data/document", "assets.not_allowed"),
        ("english_proficiency", "none", Value::Null, "/document_type", "choice.unknown"),
        ("education", "pdf", json!(7), "/data/document", "type.mismatch"),
        ("education", "pdf", json!("http://example.edu/"), "/data/document", "asset_data.format"),
        ("education", "pdf", json!("data:application/pdf;base64,JVBERi0="), "/data/document", "asset_data.format"),
        ("education", "open_cert", json!("not JSON"), "/data/document", "asset_data.format"),
    ] {
        assert_eq!(field_errors(with(name, kind, document)), one(pointer, code), "{name} {kind}");
    }
}

#[test]
fn v1_envelope_errors_point_into_the_body() {
    for (body, found) in [
        (changed("education", |body| drop(body.as_object_mut().unwrap().remove("id"))), one("", "field.missing")),
        (changed("education", |body| body["id"] = json!("")), one("/id", "text.empty")),
        (changed("education", |body| body["id"] = json!("EDU-7\u{a0}")), one("/id", "id.form")),
        (
            changed("education", |body| body["credential_type"] = json!("career_history")),
            one("/credential_type", "credential_type.mismatch"),
        ),
        (changed("education", |body| body["data"] = json!([])), one("/data", "type.mismatch")),
        (changed("education", |body| body["fields"] = json!({})), one("/fields", "field.unknown")),
        (changed("education", |body| body["data"]["assets"] = json!([])), one("/data/assets", "field.unknown")),
        (
            changed("education", |body| body["data"]["credential"]["conferral_year"] = json!("2027")),
            one("/data/credential/conferral_year", "date.future"),
        ),
        (
            changed("education", |body| drop(body["data"].as_object_mut().unwrap().remove("credential"))),
            one("/data", "field.missing"),
        ),
    ] {
        assert_eq!(field_errors(v1("education", &body)), found, "{body}");
    }
}

#[test]
fn batch_samples_are_accepted() {
    let new = batch(BatchForm::V2, &batch_sample()).expect("taken");
    assert_eq!(new.items.len(), 3);
    assert_eq!(new.items[1].id_pointer, "/education_items/0/credential_id");
    assert_eq!(new.items[1].assets[0].pointer, "/education_items/0/assets/0");
    let old = batch(BatchForm::V1, &v1_batch_sample()).expect("taken");
    assert_eq!(old.items[1].id_pointer, "/credentials/1/id");
    for known in ALL {
        let list = batch_sample_of(&[*known]);
        assert_eq!(batch(BatchForm::V2, &list).expect("taken").items.len(), 1, "{known}");
    }
}

#[test]
fn batch_types_are_those_of_its_items() {
    let types = |form, body: &Value| {
        let source = body.to_string();
        let body = BatchBody::read(form, source.as_bytes()).expect("an object");
        body.types().iter().map(|known| known.name()).collect::<Vec<_>>()
    };
    assert_eq!(types(BatchForm::V2, &batch_sample()), ["career_history", "education", "microcredential"]);
    assert_eq!(types(BatchForm::V1, &v1_batch_sample()), ["career_history", "education"]);
    assert!(types(BatchForm::V2, &json!({ "education_items": [], "career_history": null })).is_empty());
    assert!(
        types(BatchForm::V1, &json!({ "credentials": [{ "credential_type": "universal_credential" }, 7] })).is_empty()
    );
}

#[test]
fn one_invalid_item_rejects_the_batch_with_all_errors() {
    let mut body = batch_sample();
    body["career_history"]["fields"]["employment"][0]["start_date"] = json!("2020");
    body["education_items"][0]["fields"]["conferral_year"] = json!("22");
    body["education_items"].as_array_mut().unwrap().push(json!(7));
    body["microcredential_items"][0]["fields"]["isue_date"] = json!("2024-03-01");
    let found = field_errors(batch(BatchForm::V2, &body));
    let expected = [
        ("/career_history/fields/employment/0/start_date", "date.format"),
        ("/education_items/0/fields/conferral_year", "date.format"),
        ("/education_items/1", "type.mismatch"),
        ("/microcredential_items/0/fields/isue_date", "field.unknown"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
}

#[test]
fn notify_of_an_item_is_an_unknown_field_of_any_type() {
    for notify in [json!("jane@example.org"), json!({ "email": "jane@example.org" }), json!([1]), json!(true)] {
        let mut body = batch_sample();
        body["career_history"]["notify"] = notify;
        assert_eq!(field_errors(batch(BatchForm::V2, &body)), one("/career_history/notify", "field.unknown"));
    }
}

#[test]
fn invalid_batch_envelopes_are_rejected() {
    let item = |id: usize| {
        let mut item = (named("right_to_work").sample)();
        item["credential_id"] = json!(id.to_string());
        item
    };
    let many =
        |count: usize| json!({ "credential_id": "b", "right_to_work_items": (0..count).map(item).collect::<Vec<_>>() });
    assert_eq!(batch(BatchForm::V2, &many(100)).expect("a hundred are taken").items.len(), 100);
    let mut same = many(2);
    same["right_to_work_items"][1]["credential_id"] = json!("0");
    let mut like_batch = many(1);
    like_batch["credential_id"] = json!("0");
    let mut single = batch_sample();
    single["career_history"] = json!([]);
    for (body, found) in [
        (json!({ "credential_id": "b" }), one("", "batch.empty")),
        (json!({ "credential_id": "b", "education_items": [] }), one("", "batch.empty")),
        (json!({ "credential_id": "b", "education_items": null }), one("", "batch.empty")),
        (json!({ "credential_id": "b", "education_items": {} }), one("/education_items", "type.mismatch")),
        (single, one("/career_history", "type.mismatch")),
        (many(101), one("", "list.too_long")),
        (same, one("/right_to_work_items/1/credential_id", "credential_id.duplicate")),
        (like_batch, one("/right_to_work_items/0/credential_id", "credential_id.duplicate")),
        (
            json!({ "credential_id": "b", "education": [], "right_to_work_items": [item(1)] }),
            one("/education", "field.unknown"),
        ),
        (json!({ "right_to_work_items": [item(1)] }), one("", "field.missing")),
        (json!({ "credential_id": "b\u{feff}", "right_to_work_items": [item(1)] }), one("/credential_id", "id.form")),
    ] {
        assert_eq!(field_errors(batch(BatchForm::V2, &body)), found, "{body}");
    }
}

#[test]
fn invalid_v1_batch_envelopes_are_rejected() {
    let change = |change: fn(&mut Value)| {
        let mut body = v1_batch_sample();
        change(&mut body);
        body
    };
    for (body, found) in [
        (json!({ "id": "b", "credentials": [] }), one("/credentials", "list.too_short")),
        (json!({ "id": "b" }), one("", "field.missing")),
        (change(|body| body["credentials"][0] = json!(7)), one("/credentials/0", "type.mismatch")),
        (
            change(|body| body["credentials"][0]["credential_type"] = json!("universal_credential")),
            one("/credentials/0/credential_type", "choice.unknown"),
        ),
        (
            change(|body| drop(body["credentials"][0].as_object_mut().unwrap().remove("credential_type"))),
            one("/credentials/0", "field.missing"),
        ),
        (
            change(|body| body["credentials"][1]["data"]["credential"]["conferral_year"] = json!("22")),
            one("/credentials/1/data/credential/conferral_year", "date.format"),
        ),
        (change(|body| body["id"] = json!(" b")), one("/id", "id.form")),
        (change(|body| body["credentials"][0]["id"] = json!("a\u{301}")), one("/credentials/0/id", "id.form")),
        (
            change(|body| body["credentials"][1]["id"] = body["credentials"][0]["id"].clone()),
            one("/credentials/1/id", "credential_id.duplicate"),
        ),
    ] {
        assert_eq!(field_errors(batch(BatchForm::V1, &body)), found, "{body}");
    }
    let guessed = change(|body| body["credentials"][1]["data"]["document"] = json!("{\"data\":{}}"));
    assert_eq!(batch(BatchForm::V1, &guessed).expect("taken").items[1].assets[0].kind, AssetKind::OpenCert);
}
