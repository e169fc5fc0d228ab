//! Disclosures, and the walk that puts them in their places.

use std::collections::{BTreeMap, HashMap, HashSet};

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
    /// Where each disclosure stands, in their order.
    pub(super) places: Vec<String>,
    /// How many digests have no disclosure, by the object or list that holds them.
    pub(super) withheld: BTreeMap<String, usize>,
}

impl Reader {
    /// The disclosure of a digest that `holder` holds; `None` if there is none.
    fn take(&mut self, digest: Value, holder: &str) -> Result<Option<Disclosure>, Refusal> {
        let Value::String(digest) = digest else { return Err(Refusal::Disclosure("a digest is not a string")) };
        let found = self.waiting.remove(&digest);
        if found.is_none() {
            *self.withheld.entry(holder.to_owned()).or_default() += 1;
        }
        if self.seen.insert(digest) { Ok(found) } else { Err(Refusal::DuplicateDigest) }
    }

    /// A value with its disclosures; `None` for a list that is empty because every item is withheld.
    fn value(&mut self, value: Value, place: &str, depth: usize) -> Result<Option<Value>, Refusal> {
        Ok(match value {
            Value::Object(object) => Some(Value::Object(self.object(object, place, depth)?)),
            Value::Array(items) => self.items(items, place, depth)?.map(Value::Array),
            other => Some(other),
        })
    }

    pub(super) fn object(
        &mut self,
        mut object: Map<String, Value>,
        place: &str,
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
        let mut absent = Vec::new();
        for (name, value) in &mut object {
            if value.is_object() || value.is_array() {
                match self.value(value.take(), &step(place, name), depth + 1)? {
                    Some(shown) => *value = shown,
                    None => absent.push(name.clone()),
                }
            }
        }
        for digest in digests {
            let Some(Disclosure { at, name, value }) = self.take(digest, place)? else { continue };
            let name = name.ok_or(Refusal::Disclosure("an item stands where a member should"))?;
            if matches!(name.as_str(), "_sd" | "...") || object.contains_key(&name) {
                return Err(Refusal::Disclosure("its name is taken"));
            }
            let here = step(place, &name);
            let value = self.value(value, &here, depth + 1)?;
            self.places[at] = here;
            if value.is_none() {
                absent.push(name.clone());
            }
            object.insert(name, value.unwrap_or_default());
        }
        // Their names were taken until now.
        for name in &absent {
            object.remove(name);
        }
        Ok(object)
    }

    fn items(&mut self, items: Vec<Value>, place: &str, depth: usize) -> Result<Option<Vec<Value>>, Refusal> {
        if depth > DEPTH {
            return Err(Refusal::Disclosure("it lies too deep in others"));
        }
        let (mut shown, is_empty) = (Vec::with_capacity(items.len()), items.is_empty());
        for mut item in items {
            let here = format!("{place}/{}", shown.len());
            let digest = item.as_object_mut().filter(|object| object.len() == 1);
            let value = match digest.and_then(|object| object.remove("...")) {
                None => item,
                Some(digest) => match self.take(digest, place)? {
                    None => continue,
                    Some(Disclosure { name: Some(_), .. }) => {
                        return Err(Refusal::Disclosure("a member stands where an item should"));
                    }
                    Some(Disclosure { at, value, .. }) => {
                        self.places[at].clone_from(&here);
                        value
                    }
                },
            };
            shown.extend(self.value(value, &here, depth + 1)?);
        }
        Ok(Some(shown).filter(|shown| is_empty || !shown.is_empty()))
    }
}

fn step(place: &str, name: &str) -> String {
    format!("{place}/{}", escape(name))
}
