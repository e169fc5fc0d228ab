//! Names in the OpenAPI document, and its operations by tag.

pub mod values;

use serde_json::{Map, Value};

/// Prefix of the schema names of batch items, before the name of the type.
pub const ITEM: &str = "Item_";

/// An operation of the document.
#[derive(Clone, Copy, Debug)]
pub struct TaggedOperation<'a> {
    pub path: &'a str,
    /// The method, in lower case.
    pub method: &'a str,
    /// The operation object.
    pub operation: &'a Value,
}

/// Returns whether an operation needs an access token. Open operations have an empty list.
pub fn needs_token(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty())
}

/// Returns the tags of a document, in order.
pub fn tags(document: &Value) -> impl Iterator<Item = &Value> {
    document["tags"].as_array().into_iter().flatten()
}

/// Returns the operations of a document whose first tag is `tag`, an entry of [`tags`].
pub fn operations<'a>(document: &'a Value, tag: &'a Value) -> impl Iterator<Item = TaggedOperation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flat_map(Map::iter);
            methods.map(move |(method, operation)| TaggedOperation { path, method, operation })
        })
        .filter(|found| found.operation["tags"][0] == tag["name"])
}
