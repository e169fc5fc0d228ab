//! Disclosures, and how they are inserted into the claims.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::positions::Positions;
use crate::encoding::decode;
use crate::json::{limit_of, parse_part};
use crate::pointer::escape;
use crate::verify_error::VerifyError;

/// Maximum nesting of the claims with the disclosures inserted. A chain of disclosures is deeper
/// than the JSON of each.
const DEPTH: usize = 32;

const TOO_DEEP: VerifyError = VerifyError::Limit("its claims have more than 32 levels of lists and objects");

pub(super) struct Disclosure {
    at: usize,
    /// The name of an object property; `None` for an array element.
    pub(super) name: Option<String>,
    pub(super) value: Value,
}

impl Disclosure {
    /// Parses the disclosure at position `at`. `left` is the number of values that it and those
    /// after it may have.
    pub(super) fn read(text: &str, at: usize, left: &mut usize) -> Result<Self, VerifyError> {
        let bytes = decode(text).ok_or(VerifyError::Disclosure("not base64url"))?;
        let parts: Vec<Value> = parse_part(&bytes, left).map_err(|error| {
            limit_of(&error).map_or(VerifyError::Disclosure("not a JSON array"), VerifyError::Limit)
        })?;
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self { at, name: None, value }),
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                Ok(Self { at, name: Some(name), value })
            }
            _ => Err(VerifyError::Disclosure("neither a salt, a name and a value, nor a salt and a value")),
        }
    }
}

/// Walks the signed payload and inserts the disclosures.
pub(super) struct Reader {
    /// Disclosures by their digest, until a digest in the claims refers to them.
    pub(super) waiting: HashMap<String, Disclosure>,
    pub(super) seen: HashSet<String>,
    /// The JSON Pointer of each disclosure, in the order of the disclosures.
    pub(super) places: Vec<String>,
    /// Number of digests without a disclosure, by the JSON Pointer of their object or list.
    pub(super) withheld: BTreeMap<String, usize>,
    /// The positions of the shown items in the issuer's lists.
    pub(super) positions: Positions,
}

impl Reader {
    /// Takes the disclosure of a digest in the object or list `holder`. Returns `None` if it is
    /// withheld.
    fn take(&mut self, digest: Value, holder: &str) -> Result<Option<Disclosure>, VerifyError> {
        let Value::String(digest) = digest else { return Err(VerifyError::Disclosure("a digest is not a string")) };
        let found = self.waiting.remove(&digest);
        if found.is_none() {
            *self.withheld.entry(holder.to_owned()).or_default() += 1;
        }
        if self.seen.insert(digest) { Ok(found) } else { Err(VerifyError::DuplicateDigest) }
    }

    /// Inserts the disclosures into a value. Returns `None` for a list that is empty because every
    /// item is withheld.
    fn value(&mut self, value: Value, place: &str, depth: usize) -> Result<Option<Value>, VerifyError> {
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
    ) -> Result<Map<String, Value>, VerifyError> {
        if depth > DEPTH {
            return Err(TOO_DEEP);
        }
        let digests = match object.remove("_sd") {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(VerifyError::Disclosure("_sd is not an array")),
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
            let name =
                name.ok_or(VerifyError::Disclosure("an array element is at the position of an object property"))?;
            if matches!(name.as_str(), "_sd" | "...") || object.contains_key(&name) {
                return Err(VerifyError::Disclosure("its name is already in use"));
            }
            let here = step(place, &name);
            let value = self.value(value, &here, depth + 1)?;
            self.places[at] = here;
            if value.is_none() {
                absent.push(name.clone());
            }
            object.insert(name, value.unwrap_or_default());
        }
        // Removed only now, because a disclosure must not reuse their names.
        for name in &absent {
            object.remove(name);
        }
        Ok(object)
    }

    fn items(&mut self, items: Vec<Value>, place: &str, depth: usize) -> Result<Option<Vec<Value>>, VerifyError> {
        if depth > DEPTH {
            return Err(TOO_DEEP);
        }
        let (count, mut shown, mut positions) = (items.len(), Vec::with_capacity(items.len()), Vec::new());
        for (position, mut item) in items.into_iter().enumerate() {
            let here = format!("{place}/{}", shown.len());
            let digest = item.as_object_mut().filter(|object| object.len() == 1);
            let value = match digest.and_then(|object| object.remove("...")) {
                None => item,
                Some(digest) => match self.take(digest, place)? {
                    None => continue,
                    Some(Disclosure { name: Some(_), .. }) => {
                        return Err(VerifyError::Disclosure(
                            "an object property is at the position of an array element",
                        ));
                    }
                    Some(Disclosure { at, value, .. }) => {
                        self.places[at].clone_from(&here);
                        value
                    }
                },
            };
            if let Some(value) = self.value(value, &here, depth + 1)? {
                shown.push(value);
                positions.push(position);
            }
        }
        if (1..count).contains(&shown.len()) {
            self.positions.record(place, positions);
        }
        Ok(Some(shown).filter(|shown| count == 0 || !shown.is_empty()))
    }
}

fn step(place: &str, name: &str) -> String {
    format!("{place}/{}", escape(name))
}
