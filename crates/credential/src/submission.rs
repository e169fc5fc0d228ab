//! Submissions: from a partner's v2 body to what is stored (partner-api, sections 4 and 8).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::asset::{Asset, AssetRecord, AssetSource, read_assets};
use crate::confirmed_name::{ConfirmedBirthDate, ConfirmedName};
use crate::context::Context;
use crate::credential_type::Advice;
use crate::fault::{Code, Fault, Faults};
use crate::json::{self as strict, Malformed};
use crate::limits::ID;
use crate::pointer::Path;
use crate::return_url::{self, RETURN_URL};
use crate::schema::{Member, Presence, Shape, check_object, object_schema};
use crate::types::Type;

/// One pushed credential, checked and in its normal form.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The partner's own id for it.
    pub credential_id: String,
    /// Its type.
    pub credential_type: Type,
    /// What is said of the person, in the type's form.
    pub fields: Value,
    /// The institutions between the integrating partner and the credential's issuer, neither included, parent first.
    pub partner_chain: Vec<String>,
    /// The id of the earlier credential that this one updates, if its partner says so.
    pub replaces: Option<String>,
    /// The documents, in the partner's order.
    pub assets: Vec<Asset>,
    /// The link's `documentType`; `None` where there is no document.
    pub document_type: Option<&'static str>,
    /// Where in the caller's body the id stands: a JSON Pointer.
    pub id_pointer: Cow<'static, str>,
    /// Whom to mail the link to, if anybody (ours). It is no part of what is stored.
    pub claim: Option<String>,
    /// Where the person goes on after deciding (ours). It is no part of the credential.
    pub return_url: Option<String>,
}

/// Why a body is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It is not JSON.
    Malformed(Malformed),
    /// It has faults; all of them are here.
    Invalid(Vec<Fault>),
}

/// What of a submission is personal, and so is stored sealed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// [`Submission::fields`].
    pub fields: Value,
    /// [`Submission::partner_chain`].
    pub partner_chain: Vec<String>,
    /// [`Submission::replaces`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// What is kept of [`Submission::assets`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<AssetRecord>,
    /// What the holder confirmed about the name when they accepted it. It is not part of what was pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_name: Option<ConfirmedName>,
    /// The same about the date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_birth_date: Option<ConfirmedBirthDate>,
}

impl Payload {
    /// Reads what [`Submission::payload`] wrote.
    ///
    /// # Errors
    /// The bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The person's name as the partner knows it.
    pub fn full_name(&self) -> &str {
        self.fields["full_name"].as_str().unwrap_or_default()
    }
}

const CHAIN: &Shape = &Shape::Object(&[Member {
    name: "name",
    shape: Shape::Text,
    presence: Presence::Required,
    meaning: "The institution's name.",
    example: r#""Partner Organization""#,
}]);

pub(crate) const CREDENTIAL_ID: Member = Member {
    name: "credential_id",
    shape: Shape::Id,
    presence: Presence::Required,
    meaning: "Your own unique id for this credential; <PREFIX>-<UUID> is recommended.",
    example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
};

pub(crate) const PARTNER_CHAIN: Member = Member {
    name: "partner_chain",
    shape: Shape::List { of: CHAIN, least: 0, most: 20 },
    presence: Presence::Nullable,
    meaning: "The institutions between you and the credential's issuer, neither included, parent first.",
    example: r#"[{ "name": "Partner Organization" }]"#,
};

const REPLACES: Member = Member {
    name: "replaces",
    shape: Shape::Id,
    presence: Presence::Nullable,
    meaning: "The credential_id of an earlier credential of yours and of the same type that this one updates. The person chooses between replacing it and keeping both; if they let you keep it up to date, a covered update is verified at once.",
    example: r#""7c1c9a52-3f0e-4b1d-9a56-0f6f2f7f3c11""#,
};

const EMAIL: Member = Member {
    name: "email",
    shape: Shape::Email,
    presence: Presence::Required,
    meaning: "The person's address.",
    example: r#""jane@example.org""#,
};

pub(crate) const CLAIM: Member = Member {
    name: "claim",
    shape: Shape::Object(&[EMAIL]),
    presence: Presence::Nullable,
    meaning: "Whom we are to mail the link to, if you do not hand it over yourself. The address is also used to warn them a day before the link expires, and is not kept after somebody has opened it. A sandbox partner may name somebody at sandbox.invalid, whom the server plays.",
    example: "",
};

/// The members of an item of a v2 batch, and of a v2 body but for [`CLAIM`] and [`RETURN_URL`].
fn item(credential_type: Type) -> [Member; 5] {
    let fields = Member {
        name: "fields",
        shape: Shape::Object(credential_type.fields),
        presence: Presence::Required,
        meaning: "What you know of the person.",
        example: "",
    };
    let assets = Member {
        name: "assets",
        shape: Shape::Listed(credential_type.assets),
        presence: Presence::Nullable,
        meaning: if credential_type.assets.most == 0 {
            "Documents; this type takes none."
        } else {
            "The documents that belong to it."
        },
        example: "",
    };
    [CREDENTIAL_ID, fields, PARTNER_CHAIN, REPLACES, assets]
}

/// The members of a v2 body of `credential_type`.
fn body(credential_type: Type) -> [Member; 7] {
    let [credential_id, fields, partner_chain, replaces, assets] = item(credential_type);
    [credential_id, fields, partner_chain, replaces, assets, CLAIM, RETURN_URL]
}

impl Type {
    /// JSON Schema (2020-12) of a whole v2 body.
    pub fn json_schema(self) -> Value {
        object_schema(&body(self))
    }

    /// JSON Schema (2020-12) of an item of a v2 batch.
    pub fn item_schema(self) -> Value {
        object_schema(&item(self))
    }
}

/// The address in a [`CLAIM`] without faults.
pub(crate) fn claimed(claim: Option<Value>) -> Option<String> {
    Some(text(Some(claim?["email"].take())))
}

impl Submission {
    /// Checks a v2 body of `credential_type` and brings it into its normal form.
    ///
    /// # Errors
    /// [`Rejection`]: not JSON, or every fault in one answer.
    pub fn parse_v2(credential_type: Type, source: &[u8], context: &Context<'_>) -> Result<Self, Rejection> {
        let (mut object, mut faults) = object(source)?;
        check_object(&mut object, &body(credential_type), &Path::Root, &mut faults);
        check_rules(&object, credential_type, &Path::Root, context, &mut faults);
        return_url::check(&object, context, &mut faults);
        faults.into_result(source).map_err(Rejection::Invalid)?;
        Ok(Self::read(object, credential_type, &Path::Root))
    }

    /// What stands in an object without faults.
    pub(crate) fn read(mut object: Map<String, Value>, credential_type: Type, path: &Path<'_>) -> Self {
        let assets = object.remove("assets").map(|assets| read_assets(assets, &Path::Member(path, "assets")));
        let assets = assets.unwrap_or_default();
        Self {
            credential_id: text(object.remove("credential_id")),
            credential_type,
            fields: object.remove("fields").unwrap_or_default(),
            partner_chain: names(&object.remove("partner_chain").unwrap_or_default()),
            replaces: object.remove("replaces").map(|replaces| text(Some(replaces))),
            document_type: assets.first().map(|asset| credential_type.document_type(asset.kind)),
            assets,
            id_pointer: match path {
                Path::Root => "/credential_id".into(),
                path => Path::Member(path, "credential_id").pointer().into(),
            },
            claim: claimed(object.remove("claim")),
            return_url: object.remove(RETURN_URL.name).map(|address| text(Some(address))),
        }
    }

    /// The personal part in canonical form: submissions that say the same give the same bytes.
    pub fn payload(&self) -> Vec<u8> {
        // serde_json's maps are sorted by name, so one value has one form.
        #[derive(Serialize)]
        struct Borrowed<'a> {
            fields: &'a Value,
            partner_chain: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            replaces: Option<&'a str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            assets: Vec<AssetRecord>,
        }
        let assets = self.assets.iter().map(AssetRecord::from).collect();
        let (fields, partner_chain, replaces) = (&self.fields, &*self.partner_chain, self.replaces.as_deref());
        let borrowed = Borrowed { fields, partner_chain, replaces, assets };
        // Most are shorter than this; a list that grows is copied at each step.
        let mut bytes = Vec::with_capacity(1024);
        serde_json::to_writer(&mut bytes, &borrowed).map(|()| bytes).unwrap_or_default()
    }

    /// Where in the caller's body [`Submission::replaces`] stands: a JSON Pointer.
    pub fn replaces_pointer(&self) -> String {
        format!("{}/replaces", self.id_pointer.strip_suffix("/credential_id").unwrap_or_default())
    }

    /// What the partner should know although it is taken.
    pub fn advice(&self) -> Vec<Advice> {
        (self.credential_type.advice)(&self.fields)
    }

    /// Whether the partner is to send documents to upload links.
    pub fn awaits_uploads(&self) -> bool {
        self.assets.iter().any(|asset| asset.source == AssetSource::Upload)
    }
}

/// Checks an item of a v2 batch.
pub(crate) fn check_item(
    object: &mut Map<String, Value>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    faults: &mut Faults,
) {
    check_object(object, &item(credential_type), path, faults);
    check_rules(object, credential_type, path, context, faults);
}

fn check_rules(
    object: &Map<String, Value>,
    credential_type: Type,
    path: &Path<'_>,
    context: &Context<'_>,
    faults: &mut Faults,
) {
    if let Some(fields) = object.get("fields").filter(|fields| fields.is_object()) {
        (credential_type.rules)(fields, &Path::Member(path, "fields"), context, faults);
    }
    if let Some(replaces) = object.get("replaces").filter(|replaces| is_own_id(object, replaces)) {
        replaces_itself(replaces, &Path::Member(path, "replaces"), faults);
    }
}

fn is_own_id(object: &Map<String, Value>, replaces: &Value) -> bool {
    replaces.is_string() && object.get("credential_id") == Some(replaces)
}

/// Adds the fault of an id in `replaces` that names the request itself, or a part of it.
pub(crate) fn replaces_itself(replaces: &Value, path: &Path<'_>, faults: &mut Faults) {
    let message = || "This names the request itself; name the credential that it updates, or leave it out.".to_owned();
    faults.add(path, Code::ReplacesSelf, message).received(replaces);
}

/// A body that must be one object.
pub(crate) fn object(body: &[u8]) -> Result<(Map<String, Value>, Faults), Rejection> {
    let mut faults = Faults::default();
    match strict::parse(body).map_err(Rejection::Malformed)? {
        Value::Object(object) => Ok((object, faults)),
        mut other => {
            Shape::Object(&[]).check(&mut other, &Path::Root, &mut faults);
            Err(Rejection::Invalid(faults.into_result(body).err().unwrap_or_default()))
        }
    }
}

pub(crate) fn text(value: Option<Value>) -> String {
    if let Some(Value::String(text)) = value { text } else { String::new() }
}

pub(crate) fn names(chain: &Value) -> Vec<String> {
    let items = chain.as_array().into_iter().flatten();
    items.filter_map(|item| item["name"].as_str().map(ToOwned::to_owned)).collect()
}

/// Whether `text` can be a credential id at all. Earlier releases took more than [`Shape::Id`] does, and what they took can still
/// be asked about and withdrawn.
pub fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= ID && !text.chars().any(char::is_control)
}

const QUESTION: &[Member] = &[Member {
    name: "ids",
    shape: Shape::List { of: &Shape::Identifier { most: ID }, least: 0, most: 30 },
    presence: Presence::Required,
    meaning: "Your credential ids, 30 at most.",
    example: r#"["fa651300-b91a-49cb-8ee7-cac68b3fdf74"]"#,
}];

/// Reads the body of a question for several statuses, `{ "ids": [..] }` with 30 ids at most (partner-api, section 8).
///
/// # Errors
/// [`Rejection`], as for a submission.
pub fn parse_status_question(body: &[u8]) -> Result<Vec<String>, Rejection> {
    let (mut object, mut faults) = object(body)?;
    check_object(&mut object, QUESTION, &Path::Root, &mut faults);
    faults.into_result(body).map_err(Rejection::Invalid)?;
    let Some(Value::Array(ids)) = object.remove("ids") else { return Ok(Vec::new()) };
    Ok(ids.into_iter().filter_map(|id| if let Value::String(id) = id { Some(id) } else { None }).collect())
}

const WITHDRAWAL: &[Member] = &[Member {
    name: "reason",
    shape: Shape::Text,
    presence: Presence::Required,
    meaning: "Why you take it back; the person is shown it.",
    example: r#""It was sent for another person of the same name.""#,
}];

/// Reads the body of a withdrawal, `{ "reason": ".." }`, and returns the reason (ours).
///
/// # Errors
/// [`Rejection`], as for a submission.
pub fn parse_withdrawal(body: &[u8]) -> Result<String, Rejection> {
    let (mut object, mut faults) = object(body)?;
    check_object(&mut object, WITHDRAWAL, &Path::Root, &mut faults);
    faults.into_result(body).map_err(Rejection::Invalid)?;
    Ok(text(object.remove("reason")))
}
