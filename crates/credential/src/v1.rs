//! v1 of the API, as older integrations speak it (partner-api, section 6).
//!
//! Owns where v1 differs from v2, and nothing else: the envelope, the one document, and the two things in which we
//! are generous because old integrations need it (docs/api-design.md): `partner_chain` is read wherever v1 has ever
//! documented it, and an older form of a type's fields is taken. What comes out is a [`Submission`] like any other.

use serde_json::{Map, Value, json};

use crate::asset::{Asset, AssetKind, AssetSource, source};
use crate::context::Context;
use crate::credential_type::V1;
use crate::fault::{Code, Faults};
use crate::limits::BATCH;
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape, check_object, nearest, object_schema};
use crate::submission::{PARTNER_CHAIN, Rejection, Submission, names, object, text};
use crate::types::{ALL, Type};

/// The id of the one document that v1 can carry.
const DOCUMENT: &str = "document";

const V1_ID: Member = Member {
    name: "id",
    shape: Shape::Id,
    presence: Presence::Required,
    meaning: "Your own unique id for this credential.",
    example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
};

/// Members of a single submission, or of an item of a batch, which names no document type.
fn envelope(document_type: Presence) -> [Member; 4] {
    let named = |name, presence, meaning| Member { name, shape: Shape::Text, presence, meaning, example: "" };
    [
        V1_ID,
        named("document_type", document_type, "What kind of document comes along, or none."),
        named("credential_type", Presence::Required, "The credential type, as in the path."),
        Member {
            name: "data",
            shape: Shape::Anything,
            presence: Presence::Required,
            meaning: "The credential, and its document.",
            example: "",
        },
    ]
}

fn data_members(v1: &V1, fields: &'static [Member]) -> [Member; 3] {
    let takes_document = v1.document_types.iter().any(|(_, kind)| kind.is_some());
    [
        Member {
            name: "credential",
            shape: Shape::Object(fields),
            presence: Presence::Required,
            meaning: "What you know of the person.",
            example: "",
        },
        Member {
            name: DOCUMENT,
            shape: Shape::Anything,
            presence: Presence::Nullable,
            meaning: if takes_document {
                "An https URL to fetch the document from, an OpenCerts document as a string, or null."
            } else {
                "Documents; this type takes none."
            },
            example: "",
        },
        PARTNER_CHAIN,
    ]
}

impl Submission {
    /// Checks a v1 body of `credential_type`, which is taken by v1, and brings it into its normal form.
    ///
    /// # Errors
    /// [`Rejection`]: not JSON, or every fault in one answer.
    pub fn parse_v1(credential_type: Type, body: &[u8], context: &Context<'_>) -> Result<Self, Rejection> {
        let (mut object, mut faults) = object(body)?;
        check_object(&mut object, &envelope(Presence::Required), &Path::Root, &mut faults);
        let named = object.get("credential_type").and_then(Value::as_str);
        if let Some(named) = named.filter(|named| *named != credential_type.name()) {
            faults
                .add(&Path::Member(&Path::Root, "credential_type"), Code::CredentialTypeOther, || {
                    format!("The path is for {credential_type}; credential_type must say the same.")
                })
                .received(&Value::from(named))
                .suggest(Some(credential_type.name().to_owned()));
        }
        let submission = read(object, credential_type, &Path::Root, context, &mut faults);
        faults.into_result(body).map_err(Rejection::Invalid)?;
        Ok(submission)
    }
}

/// Checks and reads what is inside a v1 envelope; what comes out counts only if no fault was added.
fn read(
    mut object: Map<String, Value>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    faults: &mut Faults,
) -> Submission {
    let id_pointer = Path::Member(path, "id").pointer().into();
    let credential_id = text(object.remove("id"));
    let mut submission = Submission {
        credential_id,
        credential_type,
        fields: Value::Null,
        partner_chain: Vec::new(),
        replaces: None,
        assets: Vec::new(),
        document_type: None,
        id_pointer,
        claim: None,
        return_url: None,
    };
    let Some(v1) = &credential_type.v1 else { return submission };
    let named = object.remove("document_type").filter(Value::is_string);
    let kind = named
        .as_ref()
        .and_then(Value::as_str)
        .map(|name| (name, v1.document_types.iter().find(|(known, _)| *known == name)));
    if let Some((name, None)) = kind {
        let known = || v1.document_types.iter().map(|(known, _)| *known);
        faults
            .add(&Path::Member(path, "document_type"), Code::ChoiceUnknown, || {
                let known: Vec<&str> = known().collect();
                format!("A document type of {credential_type} is one of: {}.", known.join(", "))
            })
            .received(&Value::from(name))
            .suggest(nearest(name, known()).map(ToOwned::to_owned));
    }
    let data_path = Path::Member(path, "data");
    let mut data = match object.remove("data") {
        Some(Value::Object(data)) => data,
        Some(mut other) => {
            Shape::Object(&[]).check(&mut other, &data_path, faults);
            return submission;
        }
        None => return submission,
    };
    submission.partner_chain = take_chain(&mut data, &data_path, faults);
    let older = v1.older.filter(|(marker, _)| data.get("credential").is_some_and(|known| known.get(*marker).is_some()));
    let fields = older.map_or(credential_type.fields, |(_, fields)| fields);
    check_object(&mut data, &data_members(v1, fields), &data_path, faults);
    submission.fields = data.remove("credential").unwrap_or_default();
    if submission.fields.is_object() {
        let credential = Path::Member(&data_path, "credential");
        (credential_type.rules)(&submission.fields, &credential, context, faults);
    }
    let kind = kind.and_then(|(_, known)| known).map(|(_, kind)| *kind);
    if let Some(document) = data.remove(DOCUMENT) {
        let here = Path::Member(&data_path, DOCUMENT);
        let asset = read_document(&document, kind, v1, &here, faults);
        if let Some(asset) = &asset {
            submission.document_type = Some(credential_type.document_type(asset.kind));
        }
        submission.assets.extend(asset);
    }
    submission
}

/// The one document: an https URL, or an OpenCerts document as a string. An item of a batch names no document type;
/// then what starts like JSON is an OpenCerts document, and an address leads to the type's usual kind.
fn read_document(
    document: &Value,
    named: Option<Option<AssetKind>>,
    v1: &V1,
    path: &Path<'_>,
    faults: &mut Faults,
) -> Option<Asset> {
    let Value::String(text) = document else {
        faults
            .add(path, Code::TypeMismatch, || {
                "This must be a string with an https URL or with an OpenCerts document, or null.".to_owned()
            })
            .received(document);
        return None;
    };
    let kinds = || v1.document_types.iter().filter_map(|(_, kind)| *kind);
    let is_json = text.trim_start().starts_with('{');
    let guessed = || if is_json { kinds().find(|kind| *kind == AssetKind::OpenCert) } else { kinds().next() };
    let Some(kind) = named.unwrap_or_else(guessed) else {
        faults.add(path, Code::AssetsNotAllowed, || {
            "There is a document although document_type says none, or the type takes none; leave one of them out."
                .to_owned()
        });
        return None;
    };
    let source = if is_json && kind == AssetKind::OpenCert {
        Some(AssetSource::Bytes(text.clone().into()))
    } else if text.starts_with("data:") {
        faults.add(path, Code::AssetDataFormat, || {
            "v1 takes no data URL; send an https URL, or use v2, which takes data URLs and uploads.".to_owned()
        });
        None
    } else {
        source(text, kind, path, faults)
    };
    Some(Asset { asset_id: DOCUMENT.to_owned(), kind, source: source?, pointer: path.pointer() })
}

/// `partner_chain` from wherever v1 has documented it: beside `credential`, in it, or in an object of it. It is checked
/// where it stands. Two that say different things are a fault.
fn take_chain(data: &mut Map<String, Value>, path: &Path<'_>, faults: &mut Faults) -> Vec<String> {
    let mut found: Option<Value> = None;
    let credential_path = Path::Member(path, "credential");
    if let Some(Value::Object(credential)) = data.get_mut("credential") {
        // English documents it there.
        if let Some(Value::Object(scores)) = credential.get_mut("test_scores") {
            take(scores, &Path::Member(&credential_path, "test_scores"), &mut found, faults);
        }
        take(credential, &credential_path, &mut found, faults);
    }
    take(data, path, &mut found, faults);
    names(&found.unwrap_or_default())
}

fn take(object: &mut Map<String, Value>, path: &Path<'_>, found: &mut Option<Value>, faults: &mut Faults) {
    let Some(mut chain) = object.remove(PARTNER_CHAIN.name).filter(|chain| !chain.is_null()) else { return };
    let here = Path::Member(path, PARTNER_CHAIN.name);
    PARTNER_CHAIN.shape.check(&mut chain, &here, faults);
    match found {
        Some(earlier) if *earlier != chain => {
            faults.add(&here, Code::MemberConflict, || {
                "partner_chain stands in another place of this body too, and says something else there.".to_owned()
            });
        }
        Some(_) => {}
        None => *found = Some(chain),
    }
}

/// The type that an item of a v1 batch names.
fn item_type(item: &Value) -> Option<Type> {
    item["credential_type"].as_str()?.parse().ok().filter(|known: &Type| known.v1.is_some())
}

/// The types of the items of a v1 batch.
pub(crate) fn batch_types(object: &Map<String, Value>) -> Vec<Type> {
    object.get("credentials").and_then(Value::as_array).into_iter().flatten().filter_map(item_type).collect()
}

/// Checks a v1 batch: `{ "id", "credentials": [ { "id", "credential_type", "data" } ] }`.
pub(crate) fn check_batch(
    mut object: Map<String, Value>,
    context: &Context<'_>,
    faults: &mut Faults,
) -> (String, Vec<Submission>) {
    let credentials = Member {
        name: "credentials",
        shape: Shape::List { of: &Shape::Anything, least: 1, most: BATCH },
        presence: Presence::Required,
        meaning: "The credentials.",
        example: "",
    };
    check_object(&mut object, &[V1_ID, credentials], &Path::Root, faults);
    let list = Path::Member(&Path::Root, "credentials");
    let mut items = Vec::new();
    if let Some(Value::Array(values)) = object.remove("credentials") {
        for (index, value) in values.into_iter().enumerate().take(BATCH) {
            let here = Path::Item(&list, index);
            items.extend(check_item(value, &here, context, faults));
        }
    }
    (text(object.remove("id")), items)
}

fn check_item(mut value: Value, path: &Path<'_>, context: &Context<'_>, faults: &mut Faults) -> Option<Submission> {
    let known = item_type(&value);
    let Value::Object(object) = &mut value else {
        Shape::Object(&[]).check(&mut value, path, faults);
        return None;
    };
    check_object(object, &envelope(Presence::Optional), path, faults);
    let Some(credential_type) = known else {
        if let Some(name) = object.get("credential_type").and_then(Value::as_str) {
            let names = || ALL.iter().filter(|known| known.v1.is_some()).map(|known| known.name());
            faults
                .add(&Path::Member(path, "credential_type"), Code::ChoiceUnknown, || {
                    format!("A credential type of v1 is one of: {}.", names().collect::<Vec<_>>().join(", "))
                })
                .received(&Value::from(name))
                .suggest(nearest(name, names()).map(ToOwned::to_owned));
        }
        return None;
    };
    Some(read(std::mem::take(object), credential_type, path, context, faults))
}

impl Type {
    /// JSON Schema (2020-12) of a v1 body; `None` where v1 does not take this type.
    pub fn v1_schema(self) -> Option<Value> {
        let mut schema = item_schema(self, Presence::Required)?;
        schema["properties"]["credential_type"] =
            json!({ "const": self.name(), "description": "The credential type, as in the path." });
        Some(schema)
    }

    /// A v1 body that is taken; `None` where v1 does not take this type.
    pub fn v1_sample(self) -> Option<Value> {
        let v1 = self.v1.as_ref()?;
        let mut sample = (self.sample)();
        Some(json!({
            "id": sample["credential_id"].take(),
            "document_type": v1.document_types.first()?.0,
            "credential_type": self.name(),
            "data": { "credential": sample["fields"].take() },
        }))
    }
}

fn item_schema(credential_type: Type, document_type: Presence) -> Option<Value> {
    let v1 = credential_type.v1.as_ref()?;
    let mut schema = object_schema(&envelope(document_type));
    let mut data = object_schema(&data_members(v1, credential_type.fields));
    data["properties"]["document"] = json!({ "type": ["string", "null"], "description": "An https URL, an OpenCerts document as a string, or null." });
    if let Some((_, older)) = v1.older {
        data["properties"]["credential"] = json!({ "anyOf": [data["properties"]["credential"], object_schema(older)] });
    }
    let names: Vec<&str> = v1.document_types.iter().map(|(name, _)| *name).collect();
    schema["properties"]["document_type"] =
        json!({ "type": "string", "enum": names, "description": "What kind of document comes along." });
    schema["properties"]["credential_type"] =
        json!({ "const": credential_type.name(), "description": "The credential type." });
    schema["properties"]["data"] = data;
    Some(schema)
}

/// JSON Schema (2020-12) of a v1 batch.
pub fn v1_batch_schema() -> Value {
    let items: Vec<Value> = ALL.iter().filter_map(|known| item_schema(*known, Presence::Optional)).collect();
    let mut schema = object_schema(&[V1_ID]);
    schema["properties"]["credentials"] = json!({
        "type": "array", "minItems": 1, "maxItems": BATCH, "description": "The credentials.", "items": { "anyOf": items },
    });
    schema["required"] = json!(["id", "credentials"]);
    schema
}

/// A v1 batch that is taken.
pub fn v1_batch_sample() -> Value {
    let items: Vec<Value> = ALL
        .iter()
        .filter_map(|known| known.v1_sample())
        .take(2)
        .map(|item| json!({ "id": item["id"], "credential_type": item["credential_type"], "data": item["data"] }))
        .collect();
    json!({ "id": "BATCH-6d1f0a3b-95c2-4e78-b6d4-8f3a2c7e5b19", "credentials": items })
}
