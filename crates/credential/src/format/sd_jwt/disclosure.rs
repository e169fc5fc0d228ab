//! Disclosures, and the walk that puts them in their places.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::encoding::decode;
use crate::pointer::escape;
use crate::refusal::Refusal;

/// How deep disclosures may lie in one another.
const DEPTH: usize = 32;

pub(super) struct Disclosure {
    at: usize,
    name: Option<String>,
    value: Value,
}

impl Disclosure {
    pub(super) fn read(text: &str, at: usize) -> Result<Self, Refusal> {
        let bytes = decode(text).ok_or(Refusal::Disclosure("not base64url"))?;
        let parts: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| Refusal::Disclosure("not a JSON array"))?;
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self { at, name: None, value }),
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                Ok(Self { at, name: Some(name), value })
            }
            _ => Err(Refusal::Disclosure("not a salt, a name and a value, nor a salt and a value")),
        }
    }
}

/// Walks what was signed, putting disclosures in their places.
pub(super) struct Reader {
    /// By digest, those that no place has asked for yet.
    pub(super) waiting: HashMap<String, Disclosure>,
    pub(super) seen: HashSet<String>,
}

impl Reader {
    fn take(&mut self, digest: Value) -> Result<Option<Disclosure>, Refusal> {
        let Value::String(digest) = digest else { return Err(Refusal::Disclosure("a digest is not a string")) };
        let found = self.waiting.remove(&digest);
        if self.seen.insert(digest) { Ok(found) } else { Err(Refusal::DuplicateDigest) }
    }

    fn value(&mut self, value: Value, place: &str, places: &mut [String], depth: usize) -> Result<Value, Refusal> {
        Ok(match value {
            Value::Object(object) => Value::Object(self.object(object, place, places, depth)?),
            Value::Array(items) => Value::Array(self.items(items, place, places, depth)?),
            other => other,
        })
    }

    pub(super) fn object(
        &mut self,
        mut object: Map<String, Value>,
        place: &str,
        places: &mut [String],
        depth: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::Disclosure("it lies too deep in others"));
        }
        let digests = match object.remove("_sd") {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(Refusal::Disclosure("_sd is not a list")),
        };
        for (name, value) in &mut object {
            if value.is_object() || value.is_array() {
                *value = self.value(value.take(), &step(place, name), places, depth + 1)?;
            }
        }
        for digest in digests {
            let Some(Disclosure { at, name, value }) = self.take(digest)? else { continue };
            let name = name.ok_or(Refusal::Disclosure("an item stands where a member should"))?;
            if matches!(name.as_str(), "_sd" | "...") || object.contains_key(&name) {
                return Err(Refusal::Disclosure("its name is taken"));
            }
            let here = step(place, &name);
            let value = self.value(value, &here, places, depth + 1)?;
            places[at] = here;
            object.insert(name, value);
        }
        Ok(object)
    }

    fn items(
        &mut self,
        items: Vec<Value>,
        place: &str,
        places: &mut [String],
        depth: usize,
    ) -> Result<Vec<Value>, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::Disclosure("it lies too deep in others"));
        }
        let mut shown = Vec::with_capacity(items.len());
        for mut item in items {
            let here = format!("{place}/{}", shown.len());
            let digest = item.as_object_mut().filter(|object| object.len() == 1);
            let value = match digest.and_then(|object| object.remove("...")) {
                None => item,
                Some(digest) => match self.take(digest)? {
                    None => continue,
                    Some(Disclosure { name: Some(_), .. }) => {
                        return Err(Refusal::Disclosure("a member stands where an item should"));
                    }
                    Some(Disclosure { at, value, .. }) => {
                        places[at].clone_from(&here);
                        value
                    }
                },
            };
            shown.push(self.value(value, &here, places, depth + 1)?);
        }
        Ok(shown)
    }
}

fn step(place: &str, name: &str) -> String {
    format!("{place}/{}", escape(name))
}
