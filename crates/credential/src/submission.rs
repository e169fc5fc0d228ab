//! Submissions: parses v2 bodies of partners (docs/partner-api.md sections 4 and 8).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::asset::{Asset, AssetRecord, AssetSource, read_assets};
use crate::body_form::{self, BodyForm};
use crate::context::Context;
use crate::credential_type::Hint;
use crate::field_error::{Code, FieldError, FieldErrors};
use crate::json::{self as strict, JsonError, Members, Node};
use crate::limits::ID;
use crate::pointer::{Path, submission_pointer};
use crate::return_url::{self, RETURN_URL};
use crate::schema::{Member, Presence, Shape, check_object, object_schema};
use crate::types::Type;

/// A validated push of one credential in its normal form.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The partner's id for it.
    pub credential_id: String,
    pub credential_type: Type,
    /// The attested data, in the form of the type, as canonical JSON: compact, and sorted by name.
    pub(crate) fields: String,
    /// Warnings about the fields.
    pub(crate) hints: Vec<Hint>,
    /// The institutions between the integrating partner and the credential's issuer, both excluded,
    /// parent first.
    pub partner_chain: Vec<String>,
    /// The id of the earlier credential that this one updates, if any.
    pub replaces: Option<String>,
    /// The documents, in the partner's order.
    pub assets: Vec<Asset>,
    /// The link's `documentType`; `None` without a document.
    pub document_type: Option<&'static str>,
    /// The `document_type` of a v1 body that names a kind of document although there is none.
    pub missing_document: Option<&'static str>,
    /// The JSON Pointer to the id in the caller's body.
    pub id_pointer: Cow<'static, str>,
    /// The email address that the link is sent to, if any (a Tenure extension). It is not stored
    /// with the credential.
    pub notify: Option<String>,
    /// The URL that the person continues to after deciding (a Tenure extension). It is not part of
    /// the credential.
    pub return_url: Option<String>,
}

/// The reason why a body is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It is not JSON, or has more values than [`crate::MAX_VALUES`].
    Malformed(JsonError),
    /// It has errors; all are listed.
    Invalid(Vec<FieldError>),
}

const CHAIN: &Shape = &Shape::Object(&[Member {
    name: "name",
    shape: Shape::Text,
    presence: Presence::Required,
    label: "",
    meaning: "The institution's name.",
    example: r#""Partner Organization""#,
}]);

pub(crate) const CREDENTIAL_ID: Member = Member {
    name: "credential_id",
    shape: Shape::Id,
    presence: Presence::Required,
    label: "",
    meaning: "Your unique id for this credential. The recommended format is <PREFIX>-<UUID>.",
    example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
};

pub(crate) const PARTNER_CHAIN: Member = Member {
    name: "partner_chain",
    shape: Shape::List { of: CHAIN, least: 0, most: 20 },
    presence: Presence::Nullable,
    label: "",
    meaning: "The institutions between you and the credential's issuer, excluding both, parent first.",
    example: r#"[{ "name": "Partner Organization" }]"#,
};

const REPLACES: Member = Member {
    name: "replaces",
    shape: Shape::Id,
    presence: Presence::Nullable,
    label: "",
    meaning: "The credential_id of an earlier credential of the same type that this one updates. It must be yours. The person chooses whether to replace it or keep both. If they allow you to keep it up to date, an update within that consent is verified at once.",
    example: r#""7c1c9a52-3f0e-4b1d-9a56-0f6f2f7f3c11""#,
};

const EMAIL: Member = Member {
    name: "email",
    shape: Shape::Email,
    presence: Presence::Required,
    label: "",
    meaning: "The person's email address.",
    example: r#""jane@example.org""#,
};

pub(crate) const NOTIFY: Member = Member {
    name: "notify",
    shape: Shape::Object(&[EMAIL]),
    presence: Presence::Nullable,
    label: "",
    meaning: "Mails the link to this address, if you do not deliver it yourself. The address is also used to warn the person a day before the link expires, and is deleted once the link has been opened. Sandbox partners may name a sandbox user at sandbox.invalid, which the server simulates.",
    example: "",
};

/// Returns the members of an item of a v2 batch: those of a v2 body except [`NOTIFY`] and
/// [`RETURN_URL`].
fn item(credential_type: Type) -> [Member; 5] {
    let fields = Member {
        name: "fields",
        shape: Shape::Object(credential_type.fields),
        presence: Presence::Required,
        label: "",
        meaning: "The data of the credential.",
        example: "",
    };
    let assets = Member {
        name: "assets",
        shape: Shape::Listed(credential_type.assets),
        presence: Presence::Nullable,
        label: "",
        meaning: if credential_type.assets.most == 0 {
            "Documents. This type does not accept any."
        } else {
            "The documents of the credential."
        },
        example: "",
    };
    [CREDENTIAL_ID, fields, PARTNER_CHAIN, REPLACES, assets]
}

/// Returns the members of a v2 body of `credential_type`.
fn body(credential_type: Type) -> [Member; 7] {
    let [credential_id, fields, partner_chain, replaces, assets] = item(credential_type);
    [credential_id, fields, partner_chain, replaces, assets, NOTIFY, RETURN_URL]
}

impl Type {
    /// Returns the JSON Schema (2020-12) of a v2 body.
    pub fn json_schema(self) -> Value {
        object_schema(&body(self))
    }

    /// Returns the JSON Schema (2020-12) of an item of a v2 batch.
    pub fn item_schema(self) -> Value {
        object_schema(&item(self))
    }
}

/// Returns the address in a valid [`NOTIFY`].
pub(crate) fn notify_email(notify: Option<Node<'_>>) -> Option<String> {
    notify.map(|notify| notify["email"].as_str().unwrap_or_default().to_owned())
}

impl Submission {
    /// Parses and validates a v2 body of `credential_type`.
    ///
    /// # Errors
    /// [`ParseError`]: invalid JSON, or a list of all errors.
    pub fn parse_v2(credential_type: Type, source: &[u8], context: &Context<'_>) -> Result<Self, ParseError> {
        let (mut object, mut field_errors) = object(source)?;
        body_form::check(BodyForm::V2, &object, Some(credential_type), source).map_err(ParseError::Invalid)?;
        check_object(&mut object, &body(credential_type), &Path::Root, &mut field_errors);
        check_rules(&object, credential_type, &Path::Root, context, &mut field_errors);
        return_url::check(&object, context, &mut field_errors);
        field_errors.into_result(source).map_err(ParseError::Invalid)?;
        Ok(Self::read(object, credential_type, &Path::Root))
    }

    /// Reads a valid object.
    pub(crate) fn read(mut object: Members<'_>, credential_type: Type, path: &Path<'_>) -> Self {
        let id_pointer: Cow<'static, str> = match path {
            Path::Root => "/credential_id".into(),
            path => Path::Member(path, "credential_id").pointer().into(),
        };
        let fields = object.remove("fields").unwrap_or_default();
        let assets = object.remove("assets").map(|assets| read_assets(&assets, &Path::Member(path, "assets")));
        let assets = assets.unwrap_or_default();
        Self {
            credential_id: text(object.remove("credential_id")),
            credential_type,
            fields: fields.to_json(),
            hints: (credential_type.advice)(&fields, &id_pointer),
            partner_chain: names(&object.remove("partner_chain").unwrap_or_default()),
            replaces: object.remove("replaces").map(|replaces| text(Some(replaces))),
            document_type: assets.first().map(|asset| credential_type.document_type(asset.kind)),
            assets,
            missing_document: None,
            id_pointer,
            notify: notify_email(object.remove("notify")),
            return_url: object.remove(RETURN_URL.name).map(|address| text(Some(address))),
        }
    }

    /// Returns the attested data, in the form of the type.
    pub fn fields(&self) -> Value {
        serde_json::from_str(&self.fields).unwrap_or_default()
    }

    /// Returns the personal data in canonical form: equal submissions give equal bytes.
    pub fn payload(&self) -> Vec<u8> {
        // The members of a `Payload` after its fields, in its order.
        #[derive(Serialize)]
        struct Rest<'a> {
            partner_chain: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            replaces: Option<&'a str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            assets: Vec<AssetRecord>,
        }
        let assets = self.assets.iter().map(AssetRecord::from).collect();
        let rest = Rest { partner_chain: &self.partner_chain, replaces: self.replaces.as_deref(), assets };
        // Most chains, ids and assets are shorter than this, so the buffer does not need to grow.
        let mut bytes = Vec::with_capacity(self.fields.len() + 256);
        bytes.extend_from_slice(b"{\"fields\":");
        bytes.extend_from_slice(self.fields.as_bytes());
        let end = bytes.len();
        let written = serde_json::to_writer(&mut bytes, &rest);
        // The brace that opens the rest becomes the comma between it and the fields.
        written.map(|()| bytes[end] = b',').map(|()| bytes).unwrap_or_default()
    }

    /// Returns the JSON Pointer to [`Submission::replaces`] in the caller's body.
    pub fn replaces_pointer(&self) -> String {
        format!("{}/replaces", submission_pointer(&self.id_pointer))
    }

    /// Returns warnings for the partner.
    pub fn advice(&self) -> Vec<Hint> {
        let mut hints = self.hints.clone();
        hints.extend(self.missing_document.map(|name| {
            let pointer = format!("{}/data/document", submission_pointer(&self.id_pointer));
            Hint {
                code: "document.missing",
                message: format!(
                    "The document_type is {name}, but {pointer} is missing or null, so it is stored without a \
                     document. v1 has no upload URLs: send an https URL there, use v2, or send the document_type none."
                ),
                pointer,
            }
        }));
        hints
    }

    /// Returns whether the partner still has to upload documents.
    pub fn awaits_uploads(&self) -> bool {
        self.assets.iter().any(|asset| asset.source == AssetSource::Upload)
    }
}

/// Validates an item of a v2 batch.
pub(crate) fn check_item(
    object: &mut Members<'_>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
) {
    check_object(object, &item(credential_type), path, field_errors);
    check_rules(object, credential_type, path, context, field_errors);
}

fn check_rules(
    object: &Members<'_>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    field_errors: &mut FieldErrors,
) {
    if let Some(fields) = object.get("fields").filter(|fields| fields.is_object()) {
        (credential_type.rules)(fields, &Path::Member(path, "fields"), context, field_errors);
    }
    if let Some(replaces) = object.get("replaces").filter(|replaces| is_own_id(object, replaces)) {
        replaces_itself(replaces, &Path::Member(path, "replaces"), field_errors);
    }
}

fn is_own_id(object: &Members<'_>, replaces: &Node<'_>) -> bool {
    replaces.is_string() && object.get("credential_id") == Some(replaces)
}

/// Adds an error for a `replaces` that names the request itself or a part of it.
pub(crate) fn replaces_itself(replaces: &Node<'_>, path: &Path<'_>, field_errors: &mut FieldErrors) {
    let message = || {
        "replaces must not be the id of this request. Use the id of the credential that it updates, or remove the field.".to_owned()
    };
    field_errors.add(path, Code::ReplacesSelf, message).received(replaces);
}

/// Parses a body that must be one object.
pub(crate) fn object(body: &[u8]) -> Result<(Members<'_>, FieldErrors), ParseError> {
    let mut field_errors = FieldErrors::default();
    match strict::parse(body).map_err(ParseError::Malformed)? {
        Node::Object(object) => Ok((object, field_errors)),
        mut other => {
            Shape::Object(&[]).check(&mut other, &Path::Root, &mut field_errors);
            Err(ParseError::Invalid(field_errors.into_result(body).err().unwrap_or_default()))
        }
    }
}

pub(crate) fn text(value: Option<Node<'_>>) -> String {
    if let Some(Node::Text(text)) = value { text.into_owned() } else { String::new() }
}

pub(crate) fn names(chain: &Node<'_>) -> Vec<String> {
    let items = chain.as_array().into_iter().flatten();
    items.filter_map(|item| item["name"].as_str().map(ToOwned::to_owned)).collect()
}

/// Returns whether `text` can be a credential id. Earlier releases accepted more ids than
/// [`Shape::Id`] does, and their status can still be requested and their submissions withdrawn.
pub fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= ID && !text.chars().any(char::is_control)
}

const QUESTION: &[Member] = &[Member {
    name: "ids",
    shape: Shape::List { of: &Shape::Identifier { most: ID }, least: 0, most: 30 },
    presence: Presence::Required,
    label: "",
    meaning: "Your credential ids, at most 30.",
    example: r#"["fa651300-b91a-49cb-8ee7-cac68b3fdf74"]"#,
}];

/// Parses the body of a request for several statuses: `{ "ids": [..] }` with at most 30 ids
/// (docs/partner-api.md section 8).
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_status_question(body: &[u8]) -> Result<Vec<String>, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, QUESTION, &Path::Root, &mut field_errors);
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    let Some(Node::List(ids)) = object.remove("ids") else { return Ok(Vec::new()) };
    Ok(ids.into_iter().map(|id| text(Some(id))).collect())
}

const WITHDRAWAL: &[Member] = &[Member {
    name: "reason",
    shape: Shape::Text,
    presence: Presence::Required,
    label: "",
    meaning: "The reason for the withdrawal. It is shown to the person.",
    example: r#""It was sent for another person of the same name.""#,
}];

/// Parses the body of a withdrawal, `{ "reason": ".." }`, and returns the reason (a Tenure
/// extension).
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_withdrawal(body: &[u8]) -> Result<String, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, WITHDRAWAL, &Path::Root, &mut field_errors);
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    Ok(text(object.remove("reason")))
}
