//! The credential types: one file a type, and the list of them.
//!
//! A new type is a new file and a line in [`ALL`]. Scope, paths, the link's name, OpenAPI and checking follow from what
//! it declares; nothing else matches on a type.

pub mod career_history;

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::fault::Faults;
use crate::schema::{Member, Path, object_schema};
use crate::submission::{Context, body_schema};

/// Every credential type.
pub const ALL: &[Type] = &[Type(&career_history::CAREER_HISTORY)];

/// What a credential type declares.
#[derive(Debug)]
pub struct CredentialType {
    /// The wire's name, such as `career_history`.
    pub name: &'static str,
    /// The name in the link's path, such as `careerHistory` (partner-api, section 8).
    pub redirect_name: &'static str,
    /// The OAuth scope that a push needs, such as `write.career_history` (partner-api, section 3).
    pub write_scope: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is for, in a sentence or two.
    pub summary: &'static str,
    /// The members of `fields`.
    pub fields: &'static [Member],
    /// The rules that tie several members of `fields` together; shapes have been checked before, and may have faults.
    pub rules: fn(&Value, &Path<'_>, &Context, &mut Faults),
    /// What a hirer would read, from fields without faults.
    pub headline: fn(&Value) -> String,
    /// A whole body that is taken.
    pub sample: fn() -> Value,
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

    /// JSON Schema (2020-12) of a whole v2 body.
    pub fn json_schema(self) -> Value {
        body_schema(self)
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

    #[test]
    fn every_type_takes_its_own_sample_and_is_found_by_name() {
        let context = Context { now: "2026-11-23T09:00:00Z".parse().expect("a time") };
        for known in ALL {
            assert_eq!(known.name.parse(), Ok(*known));
            let body = (known.sample)().to_string();
            let submission = Submission::parse_v2(*known, body.as_bytes(), &context).expect(known.name);
            assert!(!known.headline(&submission.fields).is_empty());
            assert!(known.write_scope.starts_with("write."));
        }
        assert_eq!("salary".parse::<Type>(), Err(UnknownType));
    }
}
