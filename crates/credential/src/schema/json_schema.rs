//! Converts shapes to JSON Schema (2020-12).

use serde_json::{Map, Value, json};

use super::shape::{Member, Presence, Shape};
use super::text::TEXT;
use crate::email;
use crate::limits::ID;

impl Shape {
    /// Returns the JSON Schema (2020-12) of the shape.
    pub fn json_schema(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "string", "minLength": 1, "maxLength": TEXT }),
            Self::Id => json!({ "type": "string", "minLength": 1, "maxLength": ID }),
            Self::Identifier { most } | Self::Verbatim { most } => {
                json!({ "type": "string", "minLength": 1, "maxLength": most })
            }
            Self::TextOrNumber => json!({ "type": ["string", "number"], "minLength": 1, "maxLength": TEXT }),
            Self::Email => {
                json!({ "type": "string", "format": "email", "minLength": 3, "maxLength": email::MAX_LENGTH })
            }
            Self::Boolean => json!({ "type": "boolean" }),
            Self::YearMonth => json!({ "type": "string", "pattern": "^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])$" }),
            Self::Date => json!({ "type": "string", "format": "date", "pattern": format!("^{DATE}$") }),
            Self::Year => json!({ "type": "string", "pattern": format!("^{YEAR}$") }),
            Self::YearOrDate => json!({ "type": "string", "pattern": format!("^({YEAR}|{DATE})$") }),
            Self::Instant => json!({ "type": "string", "format": "date-time" }),
            Self::Choice(choice) => json!({ "type": "string", "enum": choice.values }),
            Self::Listed(rules) => rules.json_schema(),
            Self::List { of, least, most } => {
                json!({ "type": "array", "minItems": least, "maxItems": most, "items": of.json_schema() })
            }
            Self::Object(members) => object_schema(members),
            Self::Anything => json!({}),
        }
    }
}

const YEAR: &str = "(19|[2-9][0-9])[0-9]{2}";
const DATE: &str = "(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";

/// Returns the JSON Schema (2020-12) of an object with `members` and no others.
pub fn object_schema(members: &[Member]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|member| (member.name.to_owned(), member_schema(member))).collect();
    let required: Vec<&str> =
        members.iter().filter(|member| member.presence == Presence::Required).map(|member| member.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn member_schema(member: &Member) -> Value {
    let mut schema = member.shape.json_schema();
    if member.presence == Presence::Nullable && schema.get("type").is_some() {
        let mut types = match schema["type"].take() {
            Value::Array(types) => types,
            one => vec![one],
        };
        types.push("null".into());
        schema["type"] = types.into();
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
    schema["description"] = json!(member.meaning);
    if let Ok(example) = serde_json::from_str::<Value>(member.example) {
        schema["examples"] = json!([example]);
    }
    schema
}
