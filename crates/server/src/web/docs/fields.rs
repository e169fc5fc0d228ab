//! The fields of a schema as rows: type, limits, values and an example, whatever way the schema is
//! composed.

use serde_json::{Map, Value, json};

use super::markdown;
use crate::i18n::Text;
use crate::openapi::ITEM;

/// Maximum depth of nested fields, because a schema may contain itself.
const MAX_DEPTH: usize = 10;

/// A field or a parameter.
#[derive(Debug)]
pub struct Field {
    /// The path from the top of the body, such as `fields.employment[].start_date`.
    pub name: String,
    /// The JSON type, and whether it may be null.
    pub kind: String,
    /// Whether it must be present.
    pub required: bool,
    /// What it means, as HTML.
    pub meaning: String,
    /// Its sizes and its format.
    pub limits: Vec<String>,
    /// The values that it can have, as sent. Empty if there is no list.
    pub values: Vec<String>,
    /// A value, as sent. Empty if there is none, or if the field has fields of its own.
    pub example: String,
    /// The operation whose page describes the fields of this one.
    pub described_by: Option<OtherPage>,
}

/// The page of another operation.
#[derive(Debug)]
pub struct OtherPage {
    /// The title of its credential type.
    pub title: &'static str,
    /// Its `operationId`.
    pub operation: String,
}

/// Returns the fields of the objects that conform to `schema`.
pub fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    Reader { document }.members(schema, "", 0, &mut found);
    found
}

/// Returns the row of a parameter or of a response header.
pub fn parameter(document: &Value, name: &str, kind: &str, parameter: &Value) -> Field {
    let reader = Reader { document };
    let (schema, _) = reader.plain(&parameter["schema"]);
    let example = parameter.get("example").or_else(|| example_of(schema));
    Field {
        name: name.to_owned(),
        kind: kind.to_owned(),
        required: parameter["required"] == true,
        meaning: markdown::description(parameter["description"].as_str().unwrap_or_default()),
        limits: limits(schema),
        values: listed(schema).map(raw).collect(),
        example: example.map(raw).unwrap_or_default(),
        described_by: None,
    }
}

/// Returns an example of a schema, from the examples of its fields.
pub fn sample(document: &Value, schema: &Value) -> Value {
    Reader { document }.sample(schema, 0)
}

/// Returns the schema that `schema` refers to, or itself.
pub fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn example_of(schema: &Value) -> Option<&Value> {
    schema.get("example").or_else(|| schema["examples"].get(0))
}

/// A member of an object.
struct Member<'a> {
    name: &'a str,
    schema: &'a Value,
    required: bool,
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    document: &'a Value,
}

impl<'a> Reader<'a> {
    /// Returns the alternatives of a schema without references, and whether null is one of them.
    fn alternatives(self, schema: &'a Value) -> (Vec<&'a Value>, bool) {
        let schema = resolve(self.document, schema);
        let listed = ["oneOf", "anyOf"].into_iter().find_map(|name| schema[name].as_array());
        let Some(listed) = listed else { return (vec![schema], false) };
        let (nulls, others): (Vec<&Value>, Vec<&Value>) = listed.iter().partition(|one| one["type"] == "null");
        let inner = others.into_iter().flat_map(|one| self.alternatives(one).0).collect();
        (inner, !nulls.is_empty())
    }

    /// Returns the only alternative of a schema, or the schema, and whether it may be null.
    fn plain(self, schema: &'a Value) -> (&'a Value, bool) {
        let (alternatives, is_nullable) = self.alternatives(schema);
        match alternatives.as_slice() {
            [only] => (only, is_nullable),
            _ => (resolve(self.document, schema), is_nullable),
        }
    }

    /// Returns the members of all alternatives and parts of a schema, each once.
    fn all_members(self, schema: &'a Value, depth: usize) -> Vec<Member<'a>> {
        let mut found: Vec<Member<'a>> = Vec::new();
        if depth > MAX_DEPTH {
            return found;
        }
        let (alternatives, _) = self.alternatives(schema);
        let is_choice = alternatives.len() > 1;
        for alternative in alternatives {
            let required = alternative["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            let own = alternative["properties"].as_object().into_iter().flatten().map(|(name, schema)| Member {
                name,
                schema,
                required: !is_choice && required.iter().any(|required| required == name),
            });
            let parts = alternative["allOf"].as_array().into_iter().flatten();
            let inherited = parts.flat_map(|part| self.all_members(part, depth + 1));
            for member in own.chain(inherited) {
                if !found.iter().any(|known| known.name == member.name) {
                    found.push(member);
                }
            }
        }
        found
    }

    /// Collects the fields of a schema. Nested ones are named by their path.
    fn members(self, schema: &'a Value, prefix: &str, depth: usize, rows: &mut Vec<Field>) {
        if depth > MAX_DEPTH {
            return;
        }
        for member in self.all_members(schema, 0) {
            let (plain, _) = self.plain(member.schema);
            let is_list = plain["items"].is_object();
            let name = format!("{prefix}{}{}", member.name, if is_list { "[]" } else { "" });
            let described_by = self.item_of(member.schema).or_else(|| self.item_of(&plain["items"]));
            let is_described = described_by.is_some();
            rows.push(self.row(&member, name.clone(), described_by));
            if !is_described {
                let inner = if is_list { &plain["items"] } else { member.schema };
                self.members(inner, &format!("{name}."), depth + 1, rows);
            }
        }
    }

    fn row(self, member: &Member<'a>, name: String, described_by: Option<OtherPage>) -> Field {
        let (plain, is_nullable) = self.plain(member.schema);
        let listed = ["oneOf", "anyOf"].into_iter().filter_map(|name| member.schema[name].as_array()).flatten();
        // Next to a reference, a description is about this use of the schema.
        let mut described = std::iter::once(member.schema).chain(listed).chain([plain]);
        let meaning = described.find_map(|schema| schema["description"].as_str()).unwrap_or_default();
        let (item, _) = self.plain(&plain["items"]);
        let is_leaf = self.all_members(member.schema, 0).is_empty() && !item["properties"].is_object();
        let example = example_of(member.schema).or_else(|| example_of(plain)).filter(|_| is_leaf);
        let values = [values(plain), values(item)].concat();
        Field {
            name,
            kind: self.kind(member.schema, is_nullable),
            required: member.required,
            meaning: markdown::description(meaning),
            limits: [limits(plain), limits(item)].concat(),
            example: example.filter(|_| values.is_empty()).map(Value::to_string).unwrap_or_default(),
            values,
            described_by,
        }
    }

    /// Returns the page that describes the batch item to which a schema refers: that of the single
    /// push.
    fn item_of(self, schema: &Value) -> Option<OtherPage> {
        let name = schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")?.strip_prefix(ITEM)?;
        let of: credential::Type = name.parse().ok()?;
        let operation = &self.document["paths"][format!("/api/partner/v2/add/requests/{of}")]["post"];
        Some(OtherPage { title: of.title, operation: operation["operationId"].as_str()?.to_owned() })
    }

    fn kind(self, schema: &'a Value, is_nullable: bool) -> String {
        let (alternatives, _) = self.alternatives(schema);
        let mut kinds: Vec<String> = Vec::new();
        for alternative in alternatives {
            let named = match &alternative["type"] {
                Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Value::String(kind) if kind == "array" => vec![self.list_kind(alternative)],
                Value::String(kind) => vec![kind.clone()],
                _ if alternative["properties"].is_object() || alternative["allOf"].is_array() => {
                    vec!["object".to_owned()]
                }
                _ => Vec::new(),
            };
            for kind in named {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        if is_nullable && !kinds.iter().any(|kind| kind == "null") {
            kinds.push("null".to_owned());
        }
        kinds.join(" | ")
    }

    fn list_kind(self, schema: &'a Value) -> String {
        let (item, _) = self.plain(&schema["items"]);
        match item["type"].as_str() {
            Some(kind) => format!("array<{kind}>"),
            None => "array".to_owned(),
        }
    }

    fn sample(self, schema: &'a Value, depth: usize) -> Value {
        if let Some(example) = example_of(schema) {
            return example.clone();
        }
        let (alternatives, _) = self.alternatives(schema);
        let Some(first) = alternatives.first().copied().filter(|_| depth <= MAX_DEPTH) else { return Value::Null };
        if let Some(example) = example_of(first).or_else(|| first.get("const")).or_else(|| first["enum"].get(0)) {
            return example.clone();
        }
        let members = self.all_members(first, 0);
        if !members.is_empty() {
            let member = |member: Member<'a>| (member.name.to_owned(), self.sample(member.schema, depth + 1));
            return Value::Object(members.into_iter().map(member).collect::<Map<_, _>>());
        }
        let kind = first["type"].as_str().or_else(|| first["type"][0].as_str());
        match kind {
            Some("array") if first["items"].is_object() => json!([self.sample(&first["items"], depth + 1)]),
            Some("array") => json!([]),
            Some("object") => json!({}),
            Some("string") => json!("…"),
            Some("boolean") => json!(true),
            Some("integer" | "number") => first.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            _ => Value::Null,
        }
    }
}

/// Returns the values that a schema lists.
fn listed(schema: &Value) -> impl Iterator<Item = &Value> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    listed.chain(schema.get("const"))
}

/// Returns the values that a schema lists, as JSON.
fn values(schema: &Value) -> Vec<String> {
    listed(schema).map(Value::to_string).collect()
}

/// Returns a value as it stands in an address or a header: a text without quotation marks.
fn raw(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The limits of a schema: the keywords for the minimum and the maximum, and the texts for both,
/// for the minimum only, and for the maximum only.
const LIMITS: [(&str, &str, [&str; 3]); 3] = [
    ("minLength", "maxLength", ["docs-length-between", "docs-length-least", "docs-length-most"]),
    ("minItems", "maxItems", ["docs-items-between", "docs-items-least", "docs-items-most"]),
    ("minimum", "maximum", ["docs-value-between", "docs-value-least", "docs-value-most"]),
];

/// Returns the sizes and the format that a schema demands, in words.
fn limits(schema: &Value) -> Vec<String> {
    let text = Text::default();
    let mut found = Vec::new();
    for (least, most, [between, at_least, at_most]) in LIMITS {
        let [least, most] = [least, most].map(|name| schema.get(name).map(Value::to_string));
        match (least.as_deref(), most.as_deref()) {
            (Some(least), Some(most)) => found.push(text.with(between, &[("least", least), ("most", most)])),
            (Some(least), None) => found.push(text.with(at_least, &[("least", least)])),
            (None, Some(most)) => found.push(text.with(at_most, &[("most", most)])),
            (None, None) => {}
        }
    }
    if let Some(format) = schema["format"].as_str() {
        found.push(text.with("docs-format", &[("format", format)]));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        found.push(text.with("docs-pattern", &[("pattern", pattern)]));
    }
    found
}
