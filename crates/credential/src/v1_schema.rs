//! The JSON Schemas and samples of v1 bodies.

use serde_json::{Value, json};

use crate::limits::BATCH;
use crate::schema::{Presence, object_schema};
use crate::types::{ALL, Type};
use crate::v1::{V1_ID, data_members, envelope};

impl Type {
    /// Returns the JSON Schema (2020-12) of a v1 body; `None` if v1 does not support this type.
    pub fn v1_schema(self) -> Option<Value> {
        let mut schema = item_schema(self, Presence::Required)?;
        schema["properties"]["credential_type"] = json!({ "type": "string", "const": self.name(), "description": "The credential type, the same as in the path." });
        Some(schema)
    }

    /// Returns a valid v1 body; `None` if v1 does not support this type.
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
        json!({ "type": "string", "enum": names, "description": "The kind of the document." });
    schema["properties"]["credential_type"] =
        json!({ "type": "string", "const": credential_type.name(), "description": "The credential type." });
    schema["properties"]["data"] = data;
    Some(schema)
}

/// Returns the JSON Schema (2020-12) of a v1 batch.
pub fn v1_batch_schema() -> Value {
    let items: Vec<Value> = ALL.iter().filter_map(|known| item_schema(*known, Presence::Optional)).collect();
    let mut schema = object_schema(&[V1_ID]);
    schema["properties"]["credentials"] = json!({
        "type": "array", "minItems": 1, "maxItems": BATCH, "description": "The credentials.", "items": { "anyOf": items },
    });
    schema["required"] = json!(["id", "credentials"]);
    schema
}

/// Returns a valid v1 batch.
pub fn v1_batch_sample() -> Value {
    let items: Vec<Value> = ALL
        .iter()
        .filter_map(|known| known.v1_sample())
        .take(2)
        .map(|item| json!({ "id": item["id"], "credential_type": item["credential_type"], "data": item["data"] }))
        .collect();
    json!({ "id": "BATCH-6d1f0a3b-95c2-4e78-b6d4-8f3a2c7e5b19", "credentials": items })
}
