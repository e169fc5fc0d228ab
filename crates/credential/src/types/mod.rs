//! The credential types: one file a type, and the list of them.
//!
//! A new type is a new file and a line in [`ALL`]. Scope, paths, the link's name, OpenAPI and checking follow from what
//! it declares; nothing else matches on a type.

pub mod career_history;
mod digital_identity;
mod education;
mod english_proficiency;
mod microcredential;
mod right_to_work;
mod universal_credential;

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::asset::{AssetKind, AssetRules};
use crate::date::{Date, parse_year};
use crate::fault::{Code, Faults};
use crate::schema::{Member, Path, Presence, Shape, object_schema};
use crate::submission::{Context, body_schema, item_schema};
use crate::view::Block;

pub use universal_credential::CATEGORIES;

/// Every credential type.
pub const ALL: &[Type] = &[
    Type(&career_history::CAREER_HISTORY),
    Type(&education::EDUCATION),
    Type(&microcredential::MICROCREDENTIAL),
    Type(&english_proficiency::ENGLISH_PROFICIENCY),
    Type(&digital_identity::DIGITAL_IDENTITY),
    Type(&right_to_work::RIGHT_TO_WORK),
    Type(&universal_credential::UNIVERSAL_CREDENTIAL),
];

/// The member that every type has.
const FULL_NAME: Member = Member {
    name: "full_name",
    shape: Shape::Text,
    presence: Presence::Required,
    meaning: "The person's full name.",
    example: r#""John Doe""#,
};

/// What a credential type declares.
#[derive(Debug)]
pub struct CredentialType {
    /// The wire's name, such as `career_history`.
    pub name: &'static str,
    /// The name in the link's path, such as `careerHistory` (partner-api, section 8).
    pub redirect_name: &'static str,
    /// The OAuth scope that a push needs, such as `write.career_history` (partner-api, section 3).
    pub write_scope: &'static str,
    /// The OAuth scope that the result of a verification request needs, such as `read.career_history` (partner-api, section 3).
    pub read_scope: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is for, in a sentence or two.
    pub summary: &'static str,
    /// The members of `fields`.
    pub fields: &'static [Member],
    /// The documents that it takes.
    pub assets: &'static AssetRules,
    /// How v1 of the API takes it; `None` where it does not.
    pub v1: Option<V1>,
    /// How a v2 batch names it.
    pub batch: BatchMember,
    /// The rules that tie several members of `fields` together; shapes have been checked before, and may have faults.
    pub rules: fn(&Value, &Path<'_>, &Context<'_>, &mut Faults),
    /// What a partner should know although fields without faults are taken.
    pub advice: fn(&Value) -> Vec<Advice>,
    /// What a hirer would read, from fields without faults.
    pub headline: fn(&Value) -> String,
    /// What a page shows of fields without faults.
    pub view: fn(&Value) -> Vec<Block>,
    /// Which members of `fields` an OpenCerts document says too, and under which path of its data.
    pub compared: &'static [(&'static str, &'static str)],
    /// What it is as an achievement (Open Badges 3.0); `None` where it is none.
    pub achievement: Option<Achievement>,
    /// Whether what a partner pushes later takes the place of what it pushed earlier for the same person: true where each
    /// push tells the whole anew, so that two of them would say the same thing twice.
    pub newest_stands: bool,
    /// A whole v2 body that is taken.
    pub sample: fn() -> Value,
}

/// What of a type's fields makes it an achievement (Open Badges 3.0, appendix B.1.2).
#[derive(Debug)]
pub struct Achievement {
    /// The member with the achievement's name.
    pub name: &'static str,
    /// The member with the name of who awarded it.
    pub creator: &'static str,
    /// The kind, of those that the standard lists, where it is sure.
    pub achievement_type: Option<&'static str>,
}

/// How v1 of the API takes a type (partner-api, section 6).
#[derive(Debug)]
pub struct V1 {
    /// The values of `document_type`, and what kind of document each is.
    pub document_types: &'static [(&'static str, Option<AssetKind>)],
    /// An older form of `credential`: the member by which it is known, and its members.
    pub older: Option<(&'static str, &'static [Member])>,
}

/// How a v2 batch names the items of a type (partner-api, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMember {
    /// By this member, which is one submission.
    One(&'static str),
    /// By this member, which is a list of submissions.
    Many(&'static str),
}

impl BatchMember {
    /// The member.
    pub fn member(self) -> &'static str {
        match self {
            Self::One(name) | Self::Many(name) => name,
        }
    }
}

/// Something to know about a submission that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// A stable code.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

fn no_advice(_: &Value) -> Vec<Advice> {
    Vec::new()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// A fault if the day or the year in `name` has not begun anywhere on earth.
fn not_future(object: &Value, name: &str, path: &Path<'_>, today: Date, faults: &mut Faults) {
    let text = text(object, name);
    let lies_ahead = match parse_year(text) {
        Ok(year) => year > today.year(),
        Err(_) => Date::parse(text).is_ok_and(|day| day > today),
    };
    if lies_ahead {
        let message = || format!("{text} has not begun anywhere on earth.");
        faults.add(&Path::Member(path, name), Code::DateFuture, message).received(&object[name]);
    }
}

/// A fault if the second day lies before the first.
fn in_order(object: &Value, (first, second): (&str, &str), path: &Path<'_>, faults: &mut Faults) {
    if let (Ok(earlier), Ok(later)) = (Date::parse(text(object, first)), Date::parse(text(object, second)))
        && later < earlier
    {
        let message = || format!("{second}, {later}, lies before {first}, {earlier}.");
        faults.add(&Path::Member(path, second), Code::DateOrder, message).received(&object[second]);
    }
}

/// One of [`ALL`]; cheap to copy, equal by name.
#[derive(Clone, Copy)]
pub struct Type(&'static CredentialType);

/// There is no such type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownType;

impl fmt::Display for UnknownType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such credential type")
    }
}

impl std::error::Error for UnknownType {}

impl Type {
    /// The wire's name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What a hirer would read of `fields`, which have no faults.
    pub fn headline(self, fields: &Value) -> String {
        (self.0.headline)(fields)
    }

    /// What a page shows of `fields`, which have no faults.
    pub fn view(self, fields: &Value) -> Vec<Block> {
        (self.0.view)(fields)
    }

    /// What the link's `documentType` says of a document of this kind: v1's name where there is one (partner-api,
    /// section 8).
    pub fn document_type(self, kind: AssetKind) -> &'static str {
        let named = self.0.v1.as_ref().and_then(|v1| v1.document_types.iter().find(|(_, known)| *known == Some(kind)));
        named.map_or_else(|| kind.name(), |(name, _)| *name)
    }

    /// JSON Schema (2020-12) of a whole v2 body.
    pub fn json_schema(self) -> Value {
        body_schema(self)
    }

    /// JSON Schema (2020-12) of an item of a v2 batch.
    pub fn item_schema(self) -> Value {
        item_schema(self)
    }

    /// JSON Schema (2020-12) of `fields` alone.
    pub fn fields_schema(self) -> Value {
        object_schema(self.0.fields)
    }
}

impl Deref for Type {
    type Target = CredentialType;

    fn deref(&self) -> &CredentialType {
        self.0
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Type {}

/// The mission's own type.
impl Default for Type {
    fn default() -> Self {
        ALL[0]
    }
}

impl FromStr for Type {
    type Err = UnknownType;

    fn from_str(name: &str) -> Result<Self, UnknownType> {
        ALL.iter().copied().find(|known| known.name == name).ok_or(UnknownType)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Type({})", self.0.name)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::Submission;

    #[test]
    fn the_schema_says_what_may_be_null_or_missing_and_names_no_other_member() {
        for known in ALL {
            let (body, fields) = (known.json_schema(), known.fields_schema());
            assert_eq!(body["required"], serde_json::json!(["credential_id", "fields"]));
            assert_eq!(body["properties"]["partner_chain"]["type"], serde_json::json!(["array", "null"]));
            assert_eq!(body["properties"]["fields"]["properties"], fields["properties"]);
            assert_eq!(
                (&body["additionalProperties"], &fields["additionalProperties"]),
                (&false.into(), &false.into())
            );
            let described = |member: &Value| member["description"].as_str().is_some_and(|text| text.ends_with('.'));
            assert!(fields["properties"].as_object().is_some_and(|all| !all.is_empty() && all.values().all(described)));
        }
    }

    /// What JSON Schema itself asks of `type` and `enum`, everywhere in a schema.
    fn check_schema(schema: &Value, place: &str) {
        const TYPES: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];
        let is_type = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
        match schema {
            Value::Object(members) => {
                for (name, value) in members {
                    let place = format!("{place}/{name}");
                    match name.as_str() {
                        "type" if value.is_array() => {
                            assert!(value.as_array().is_some_and(|list| list.iter().all(is_type)), "{place}");
                        }
                        "type" if !value.is_object() => assert!(is_type(value), "{place}: {value}"),
                        "enum" => assert!(value.as_array().is_some_and(|list| !list.is_empty()), "{place}"),
                        "required" => assert!(value.is_array(), "{place}"),
                        _ => check_schema(value, &place),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| check_schema(item, place)),
            _ => {}
        }
    }

    #[test]
    fn every_schema_is_one() {
        for known in ALL {
            check_schema(&known.json_schema(), known.name());
            known.v1_schema().iter().for_each(|schema| check_schema(schema, known.name()));
        }
        check_schema(&crate::batch_schema(), "batch");
        check_schema(&crate::v1_batch_schema(), "v1 batch");
    }

    #[test]
    fn every_type_takes_its_own_sample_and_is_found_by_name() {
        let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
        for known in ALL {
            assert_eq!(known.name.parse(), Ok(*known));
            let body = (known.sample)().to_string();
            let submission = Submission::parse_v2(*known, body.as_bytes(), &context).expect(known.name);
            assert!(!known.headline(&submission.fields).is_empty());
            assert!(!known.view(&submission.fields).is_empty());
            assert!(submission.advice().is_empty(), "a sample shows how it is done well");
            assert_eq!(known.write_scope.strip_prefix("write."), known.read_scope.strip_prefix("read."));
            assert!(known.write_scope.starts_with("write."));
            assert!(known.assets.kinds.values.iter().all(|kind| AssetKind::from_name(kind).is_some()));
        }
        assert_eq!("salary".parse::<Type>(), Err(UnknownType));
    }
}
