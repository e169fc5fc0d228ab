//! v1 of the API, for older integrations (docs/partner-api.md section 6).
//!
//! Contains only the differences from v2: the envelope, the single document, and two tolerances
//! that old integrations need (docs/integrate/basics.md). `partner_chain` is read from every
//! position that v1 has ever documented, and an older form of a type's fields is accepted. The
//! result is an ordinary [`Submission`].

use bytes::Bytes;

use crate::asset::{Asset, AssetKind, AssetSource, is_data_url, source};
use crate::body_form::{self, BodyForm};
use crate::context::Context;
use crate::credential_type::V1;
use crate::field_error::{Code, FieldErrors};
use crate::json::{Members, Node};
use crate::limits::BATCH;
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape, check_object, nearest};
use crate::submission::{PARTNER_CHAIN, ParseError, Submission, names, object, text};
use crate::types::{ALL, Type};

/// The id of the single document in v1.
const DOCUMENT: &str = "document";

pub(crate) const V1_ID: Member = Member {
    name: "id",
    shape: Shape::Id,
    presence: Presence::Required,
    label: "",
    meaning: "Your unique id for this credential.",
    example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
};

/// Returns the members of a submission, or of a batch item, which has no document type.
pub(crate) fn envelope(document_type: Presence) -> [Member; 4] {
    let named =
        |name, presence, meaning| Member { name, shape: Shape::Text, presence, label: "", meaning, example: "" };
    [
        V1_ID,
        named("document_type", document_type, "The kind of the document, or none."),
        named("credential_type", Presence::Required, "The credential type, the same as in the path."),
        Member {
            name: "data",
            shape: Shape::Anything,
            presence: Presence::Required,
            label: "",
            meaning: "The credential and its document.",
            example: "",
        },
    ]
}

pub(crate) fn data_members(v1: &V1, fields: &'static [Member]) -> [Member; 3] {
    let takes_document = v1.document_types.iter().any(|(_, kind)| kind.is_some());
    [
        Member {
            name: "credential",
            shape: Shape::Object(fields),
            presence: Presence::Required,
            label: "",
            meaning: "The data of the credential.",
            example: "",
        },
        Member {
            name: DOCUMENT,
            shape: Shape::Anything,
            presence: Presence::Nullable,
            label: "",
            meaning: if takes_document {
                "An https URL to fetch the document from, an OpenCerts document as a string, or null."
            } else {
                "Documents. This type does not accept any."
            },
            example: "",
        },
        PARTNER_CHAIN,
    ]
}

impl Submission {
    /// Parses and validates a v1 body of `credential_type`, which v1 must support.
    ///
    /// # Errors
    /// [`ParseError`]: invalid JSON, or a list of all errors.
    pub fn parse_v1(credential_type: Type, body: &[u8], context: &Context<'_>) -> Result<Self, ParseError> {
        let (mut object, mut field_errors) = object(body)?;
        body_form::check(BodyForm::V1, &object, Some(credential_type), body).map_err(ParseError::Invalid)?;
        check_object(&mut object, &envelope(Presence::Required), &Path::Root, &mut field_errors);
        let named = object.get("credential_type").and_then(Node::as_str);
        if let Some(named) = named.filter(|named| *named != credential_type.name()) {
            field_errors
                .add(&Path::Member(&Path::Root, "credential_type"), Code::CredentialTypeMismatch, || {
                    format!("credential_type must be {credential_type}, as in the path.")
                })
                .received(&Node::from(named))
                .suggest(Some(credential_type.name().to_owned()));
        }
        let submission = read(object, credential_type, &Path::Root, context, &mut field_errors);
        field_errors.into_result(body).map_err(ParseError::Invalid)?;
        Ok(submission)
    }
}

/// Validates and reads the content of a v1 envelope. The result may be used only if no error was
/// added.
fn read(
    mut object: Members<'_>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
) -> Submission {
    let mut submission = Submission {
        credential_id: text(object.remove("id")),
        credential_type,
        fields: String::new(),
        hints: Vec::new(),
        partner_chain: Vec::new(),
        replaces: None,
        assets: Vec::new(),
        document_type: None,
        missing_document: None,
        id_pointer: Path::Member(path, "id").pointer().into(),
        notify: None,
        return_url: None,
    };
    let Some(v1) = &credential_type.v1 else { return submission };
    let kind = take_document_type(&mut object, credential_type, v1, path, field_errors);
    let data_path = Path::Member(path, "data");
    match object.remove("data") {
        Some(Node::Object(mut data)) => {
            read_credential(&mut data, v1, &data_path, context, field_errors, &mut submission);
            take_document(&mut data, v1, kind, &data_path, field_errors, &mut submission);
        }
        Some(mut other) => Shape::Object(&[]).check(&mut other, &data_path, field_errors),
        None => {}
    }
    submission
}

/// Removes and validates `document_type`. Returns the kind of document that it names, which is
/// `None` for the name `none`.
fn take_document_type(
    object: &mut Members<'_>,
    credential_type: Type,
    v1: &V1,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) -> Option<Option<AssetKind>> {
    let named = object.remove("document_type").filter(Node::is_string);
    let name = named.as_ref().and_then(Node::as_str)?;
    if let Some((_, kind)) = v1.document_types.iter().find(|(known, _)| *known == name) {
        return Some(*kind);
    }
    let known = || v1.document_types.iter().map(|(known, _)| *known);
    field_errors
        .add(&Path::Member(path, "document_type"), Code::ChoiceUnknown, || {
            let known: Vec<&str> = known().collect();
            format!("The document_type of {credential_type} must be one of: {}.", known.join(", "))
        })
        .received(&Node::from(name))
        .suggest(nearest(name, known()).map(ToOwned::to_owned));
    None
}

/// Validates the content of `data`, and takes the credential and its partner chain from it.
fn read_credential(
    data: &mut Members<'_>,
    v1: &V1,
    path: &Path<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
    submission: &mut Submission,
) {
    let credential_type = submission.credential_type;
    submission.partner_chain = take_chain(data, path, field_errors);
    let older = v1.older.filter(|(marker, _)| data.get("credential").is_some_and(|known| known.get(marker).is_some()));
    let fields = older.map_or(credential_type.fields, |(_, fields)| fields);
    check_object(data, &data_members(v1, fields), path, field_errors);
    let fields = data.remove("credential").unwrap_or_default();
    if fields.is_object() {
        let credential = Path::Member(path, "credential");
        (credential_type.rules)(&fields, &credential, context, field_errors);
    }
    submission.fields = fields.to_json();
    submission.hints = (credential_type.advice)(&fields, &submission.id_pointer);
}

/// Takes the single document from `data`. `named` is the kind that `document_type` names.
fn take_document(
    data: &mut Members<'_>,
    v1: &V1,
    named: Option<Option<AssetKind>>,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
    submission: &mut Submission,
) {
    let Some(document) = data.remove(DOCUMENT) else {
        submission.missing_document = missing_document(v1, named);
        return;
    };
    let asset = read_document(&document, named, v1, &Path::Member(path, DOCUMENT), field_errors);
    if let Some(asset) = &asset {
        submission.document_type = Some(submission.credential_type.document_type(asset.kind));
    }
    submission.assets.extend(asset);
}

/// Returns the name of the `document_type` of a body without a document, if it promises one. Where
/// `none` is not a choice, the document type promises nothing.
fn missing_document(v1: &V1, named: Option<Option<AssetKind>>) -> Option<&'static str> {
    let kind = named.flatten()?;
    v1.document_types.iter().find(|(_, known)| known.is_none())?;
    v1.document_types.iter().find(|(_, known)| *known == Some(kind)).map(|(name, _)| *name)
}

/// Reads the single document: an https URL, or an OpenCerts document as a string. A batch item has
/// no document type: then text that starts like JSON is an OpenCerts document, and a URL has the
/// type's default kind.
fn read_document(
    document: &Node<'_>,
    named: Option<Option<AssetKind>>,
    v1: &V1,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) -> Option<Asset> {
    let Node::Text(text) = document else {
        field_errors
            .add(path, Code::TypeMismatch, || {
                "Must be a string with an https URL or an OpenCerts document, or null.".to_owned()
            })
            .received(document);
        return None;
    };
    let kinds = || v1.document_types.iter().filter_map(|(_, kind)| *kind);
    let is_json = text.trim_start().starts_with('{');
    let guessed = || if is_json { kinds().find(|kind| *kind == AssetKind::OpenCert) } else { kinds().next() };
    let Some(kind) = named.unwrap_or_else(guessed) else {
        field_errors.add(path, Code::AssetsNotAllowed, || {
            "There is a document, but document_type is none or the credential type does not accept documents. Remove \
             one of them."
                .to_owned()
        });
        return None;
    };
    let source = if is_json && kind == AssetKind::OpenCert {
        Some(AssetSource::Bytes(Bytes::copy_from_slice(text.as_bytes())))
    } else if is_data_url(text) {
        field_errors.add(path, Code::AssetDataFormat, || {
            "v1 does not accept data URLs. Send an https URL, or use v2, which accepts data URLs and uploads."
                .to_owned()
        });
        None
    } else {
        source(text, kind, path, field_errors)
    };
    Some(Asset { asset_id: DOCUMENT.to_owned(), kind, source: source?, pointer: path.pointer() })
}

/// Removes and validates `partner_chain` at the positions that v1 has documented: beside
/// `credential`, in it, or in an object of it. Two different values are an error.
fn take_chain(data: &mut Members<'_>, path: &Path<'_>, field_errors: &mut FieldErrors) -> Vec<String> {
    let mut found: Option<Node<'_>> = None;
    let credential_path = Path::Member(path, "credential");
    if let Some(Node::Object(credential)) = data.get_mut("credential") {
        // `english_proficiency` documents it there.
        if let Some(Node::Object(scores)) = credential.get_mut("test_scores") {
            take(scores, &Path::Member(&credential_path, "test_scores"), &mut found, field_errors);
        }
        take(credential, &credential_path, &mut found, field_errors);
    }
    take(data, path, &mut found, field_errors);
    names(&found.unwrap_or_default())
}

fn take<'a>(object: &mut Members<'a>, path: &Path<'_>, found: &mut Option<Node<'a>>, field_errors: &mut FieldErrors) {
    let Some(mut chain) = object.remove(PARTNER_CHAIN.name).filter(|chain| !chain.is_null()) else { return };
    let here = Path::Member(path, PARTNER_CHAIN.name);
    PARTNER_CHAIN.shape.check(&mut chain, &here, field_errors);
    match found {
        Some(earlier) if *earlier != chain => {
            field_errors.add(&here, Code::FieldConflict, || {
                "partner_chain is at two places in this body, with different values. Keep one of them.".to_owned()
            });
        }
        Some(_) => {}
        None => *found = Some(chain),
    }
}

/// Returns the type in an item of a v1 batch.
fn item_type(item: &Node<'_>) -> Option<Type> {
    item["credential_type"].as_str()?.parse().ok().filter(|known: &Type| known.v1.is_some())
}

/// Returns the types of the items of a v1 batch.
pub(crate) fn batch_types(object: &Members<'_>) -> Vec<Type> {
    object.get("credentials").and_then(Node::as_array).into_iter().flatten().filter_map(item_type).collect()
}

/// Validates a v1 batch: `{ "id", "credentials": [ { "id", "credential_type", "data" } ] }`.
pub(crate) fn check_batch(
    mut object: Members<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
) -> (String, Vec<Submission>) {
    let credentials = Member {
        name: "credentials",
        shape: Shape::List { of: &Shape::Anything, least: 1, most: BATCH },
        presence: Presence::Required,
        label: "",
        meaning: "The credentials.",
        example: "",
    };
    check_object(&mut object, &[V1_ID, credentials], &Path::Root, field_errors);
    let list = Path::Member(&Path::Root, "credentials");
    let mut items = Vec::new();
    if let Some(Node::List(values)) = object.remove("credentials") {
        for (index, value) in values.into_iter().enumerate().take(BATCH) {
            let here = Path::Item(&list, index);
            items.extend(check_item(value, &here, context, field_errors));
        }
    }
    (text(object.remove("id")), items)
}

fn check_item(
    mut value: Node<'_>,
    path: &Path<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
) -> Option<Submission> {
    let known = item_type(&value);
    let Node::Object(object) = &mut value else {
        Shape::Object(&[]).check(&mut value, path, field_errors);
        return None;
    };
    check_object(object, &envelope(Presence::Optional), path, field_errors);
    let Some(credential_type) = known else {
        if let Some(name) = object.get("credential_type").and_then(Node::as_str) {
            let names = || ALL.iter().filter(|known| known.v1.is_some()).map(|known| known.name());
            field_errors
                .add(&Path::Member(path, "credential_type"), Code::ChoiceUnknown, || {
                    format!("The credential_type of v1 must be one of: {}.", names().collect::<Vec<_>>().join(", "))
                })
                .received(&Node::from(name))
                .suggest(nearest(name, names()).map(ToOwned::to_owned));
        }
        return None;
    };
    Some(read(std::mem::take(object), credential_type, path, context, field_errors))
}
