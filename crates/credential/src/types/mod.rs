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
pub struct UnknownType;

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
