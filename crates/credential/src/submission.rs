//! Submissions: from a partner's body to what is stored (partner-api, sections 4 and 8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::fault::{Code, Fault, Faults};
use crate::json::{self as strict, Malformed};
use crate::schema::{Member, Path, Presence, Shape, check_object, object_schema};
use crate::types::Type;

/// Most characters of a credential id.
const ID: usize = 255;

/// What checking needs to know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The time, for dates that must not lie in the future.
    pub now: jiff::Timestamp,
}

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// [`Submission::fields`].
    pub fields: Value,
    /// [`Submission::partner_chain`].
    pub partner_chain: Vec<String>,
}

impl Payload {
    /// Reads what [`Submission::payload`] wrote.
    ///
    /// # Errors
    /// The bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

const CHAIN: &Shape = &Shape::Object(&[Member {
    name: "name",
    shape: Shape::Text,
    presence: Presence::Required,
    meaning: "The institution's name.",
    example: r#""Partner Organization""#,
}]);

const CREDENTIAL_ID: Member = Member {
    name: "credential_id",
    shape: Shape::Identifier { most: ID },
    presence: Presence::Required,
    meaning: "Your own unique id for this credential; <PREFIX>-<UUID> is recommended.",
    example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
};

const PARTNER_CHAIN: Member = Member {
    name: "partner_chain",
    shape: Shape::List { of: CHAIN, least: 0, most: 20 },
    presence: Presence::Nullable,
    meaning: "The institutions between you and the credential's issuer, neither included, parent first.",
    example: r#"[{ "name": "Partner Organization" }]"#,
};

const ASSETS: Member = Member {
    name: "assets",
    shape: Shape::Anything,
    presence: Presence::Nullable,
    meaning: "Documents; this type takes none.",
    example: "",
};

/// The members of a v2 body of `credential_type`.
fn envelope(credential_type: Type) -> [Member; 4] {
    let fields = Member {
        name: "fields",
        shape: Shape::Object(credential_type.fields),
        presence: Presence::Required,
        meaning: "What you know of the person.",
        example: "",
    };
    [CREDENTIAL_ID, fields, PARTNER_CHAIN, ASSETS]
}

/// JSON Schema of a v2 body.
pub(crate) fn body_schema(credential_type: Type) -> Value {
    let [credential_id, fields, partner_chain, _] = envelope(credential_type);
    let mut schema = object_schema(&[credential_id, fields, partner_chain]);
    schema["properties"]["assets"] = json!({ "type": ["array", "null"], "maxItems": 0, "description": ASSETS.meaning });
    schema
}

impl Submission {
    /// Checks a v2 body of `credential_type` and brings it into its normal form.
    ///
    /// # Errors
    /// [`Rejection`]: not JSON, or every fault in one answer.
    pub fn parse_v2(credential_type: Type, body: &[u8], context: &Context) -> Result<Self, Rejection> {
        let (mut object, mut faults) = object(body)?;
        check_object(&mut object, &envelope(credential_type), &Path::Root, &mut faults);
        check_assets(&object, &mut faults);
        if let Some(fields) = object.get("fields").filter(|fields| fields.is_object()) {
            (credential_type.rules)(fields, &Path::Member(&Path::Root, "fields"), context, &mut faults);
        }
        faults.into_result(body).map_err(Rejection::Invalid)?;
        let text = |value: Value| if let Value::String(text) = value { text } else { String::new() };
        Ok(Self {
            credential_id: object.remove("credential_id").map(text).unwrap_or_default(),
            credential_type,
            fields: object.remove("fields").unwrap_or_default(),
            partner_chain: names(object.remove("partner_chain").unwrap_or_default()),
        })
    }

    /// The personal part in canonical form: submissions that say the same give the same bytes.
    pub fn payload(&self) -> Vec<u8> {
        // serde_json's maps are sorted by name, so one value has one form.
        let chain: Vec<&str> = self.partner_chain.iter().map(String::as_str).collect();
        #[derive(Serialize)]
        struct Borrowed<'a> {
            fields: &'a Value,
            partner_chain: Vec<&'a str>,
        }
        serde_json::to_vec(&Borrowed { fields: &self.fields, partner_chain: chain }).unwrap_or_default()
    }
}

fn object(body: &[u8]) -> Result<(Map<String, Value>, Faults), Rejection> {
    let mut faults = Faults::default();
    match strict::parse(body).map_err(Rejection::Malformed)? {
        Value::Object(object) => Ok((object, faults)),
        mut other => {
            Shape::Object(&[]).check(&mut other, &Path::Root, &mut faults);
            Err(Rejection::Invalid(faults.into_result(body).err().unwrap_or_default()))
        }
    }
}

fn check_assets(object: &Map<String, Value>, faults: &mut Faults) {
    if let Some(assets) =
        object.get("assets").filter(|assets| assets.as_array().is_none_or(|assets| !assets.is_empty()))
    {
        let path = Path::Member(&Path::Root, "assets");
        if assets.is_array() {
            faults.add(&path, Code::AssetsNotAllowed, || {
                "This credential type takes no assets; leave the member out.".to_owned()
            });
        } else {
            faults.add(&path, Code::TypeMismatch, || {
                "This must be an array; this type takes no assets, so leave it out.".to_owned()
            });
        }
    }
}

fn names(chain: Value) -> Vec<String> {
    let Value::Array(items) = chain else { return Vec::new() };
    items.iter().filter_map(|item| item["name"].as_str().map(ToOwned::to_owned)).collect()
}

/// Whether `text` can be a credential id at all.
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
