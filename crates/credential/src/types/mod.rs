//! The credential types: one file per type, and the list of all types.
//!
//! To add a new credential type: a new file and a line in [`ALL`]. Scopes, paths, link names,
//! OpenAPI and
//! validation follow from its declaration; no other code matches on a type.

mod career_history;
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
use serde_json::{Map, Value};

use crate::asset::AssetKind;
use crate::credential_type::CredentialType;
use crate::date::Date;
use crate::schema::object_schema;
use crate::view::Block;

pub use universal_credential::CATEGORIES;

/// All credential types.
pub const ALL: &[Type] = &[
    Type(&career_history::CAREER_HISTORY),
    Type(&education::EDUCATION),
    Type(&microcredential::MICROCREDENTIAL),
    Type(&english_proficiency::ENGLISH_PROFICIENCY),
    Type(&digital_identity::DIGITAL_IDENTITY),
    Type(&right_to_work::RIGHT_TO_WORK),
    Type(&universal_credential::UNIVERSAL_CREDENTIAL),
];

/// One of [`ALL`]; cheap to copy, compared by name.
#[derive(Clone, Copy)]
pub struct Type(&'static CredentialType);

/// The name is not a credential type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown credential type")]
pub struct UnknownTypeError;

impl Type {
    /// Returns the name in the API.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the one-line summary of valid `fields` for hirers.
    pub fn headline(self, fields: &Value) -> String {
        (self.0.headline)(fields)
    }

    /// Returns the blocks that a page shows of valid `fields`.
    pub fn view(self, fields: &Value) -> Vec<Block> {
        (self.0.view)(fields)
    }

    /// Returns the last day of validity of a credential with `fields`, if it expires.
    pub fn last_day(self, fields: &Map<String, Value>) -> Option<Date> {
        Date::parse(fields.get(self.0.last_day?)?.as_str()?).ok()
    }

    /// Returns the last day of validity of a credential with `fields`, if that day has ended
    /// everywhere on earth.
    pub fn expired_on(self, fields: &Value, now: jiff::Timestamp) -> Option<Date> {
        self.last_day(fields.as_object()?).filter(|day| day.end_on_earth() <= now)
    }

    /// Returns the link's `documentType` for a document of this kind: the v1 name if there is one
    /// (docs/partner-api.md section 8).
    pub fn document_type(self, kind: AssetKind) -> &'static str {
        let named = self.0.v1.as_ref().and_then(|v1| v1.document_types.iter().find(|(_, known)| *known == Some(kind)));
        named.map_or_else(|| kind.name(), |(name, _)| *name)
    }

    /// Returns whether the type identifies a person, so that other names in a wallet are compared
    /// with its name.
    pub fn is_identity(self) -> bool {
        self == Self(&digital_identity::DIGITAL_IDENTITY)
    }

    /// Returns the JSON Schema (2020-12) of `fields`.
    pub fn fields_schema(self) -> Value {
        object_schema(self.0.fields)
    }
}

#[cfg(test)]
impl Type {
    /// Returns a copy of this type that keeps the items of the lists at these places apart.
    pub(crate) fn with_items_apart(self, items_apart: &'static [&'static str]) -> Self {
        Self(Box::leak(Box::new(CredentialType { items_apart, v1: None, achievement: None, ..*self.0 })))
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

/// `career_history`.
impl Default for Type {
    fn default() -> Self {
        ALL[0]
    }
}

impl FromStr for Type {
    type Err = UnknownTypeError;

    fn from_str(name: &str) -> Result<Self, UnknownTypeError> {
        ALL.iter().copied().find(|known| known.name == name).ok_or(UnknownTypeError)
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
    use serde_json::json;

    use super::*;
    use crate::schema::{Member, Shape};

    /// Calls `check` with every member of `members` and of the objects in them.
    fn each_member(members: impl Iterator<Item = &'static Member>, check: &mut impl FnMut(&Member)) {
        for member in members {
            check(member);
            let inner: &'static [Member] = match member.shape {
                Shape::Object(inner) => inner,
                Shape::List { of: Shape::Object(inner), .. } => inner,
                _ => &[],
            };
            each_member(inner.iter(), check);
        }
    }

    #[test]
    fn every_field_has_a_short_label_for_people() {
        for known in ALL {
            each_member(known.members(), &mut |member| {
                let label = member.label;
                let is_short = (1..=30).contains(&label.len()) && label.split(' ').count() <= 4;
                let is_label = label.starts_with(char::is_uppercase) && !label.contains(['_', '.', ',']);
                assert!(is_short && is_label, "{known}: {} is labelled {label:?}", member.name);
            });
        }
    }

    #[test]
    fn codes_and_booleans_have_words_for_people() {
        for known in ALL {
            each_member(known.members(), &mut |member| {
                let codes = match member.shape {
                    Shape::Boolean => vec![json!(true), json!(false)],
                    // Levels are what the test's own report says.
                    Shape::Choice(choice) if choice.called != "a CEFR level" => {
                        choice.values.iter().map(|value| json!(value)).collect()
                    }
                    _ => Vec::new(),
                };
                for code in codes {
                    let words = (known.words)(member.name, &code).unwrap_or_default();
                    let is_readable = words.starts_with(char::is_uppercase) && !words.contains('_');
                    assert!(is_readable, "{known}: {} {code} is {words:?}", member.name);
                }
            });
        }
        let category = CATEGORIES.iter().find(|category| category.contains('_')).expect("a code");
        let universal: Type = "universal_credential".parse().expect("a type");
        assert_eq!(
            (universal.words)("credential_category", &json!(category)).as_deref(),
            Some("Background check"),
            "{category}"
        );
    }
}
