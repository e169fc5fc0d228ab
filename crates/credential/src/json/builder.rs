//! Builds the tree of a body while it is parsed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::BuildHasher as _;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::node::{COMPARED, Members, Node};

/// Number of members for which an object first allocates: most objects have at most as many.
const ROOM: usize = 8;

/// Maximum number of members of one object. The memory of a larger one would be copied several
/// times while it grows.
pub(super) const MAX_MEMBERS: usize = 1 << 17;

/// Length of a body, in bytes, beyond which its objects and lists are shrunk to their size. Up to
/// it, their unused room takes little memory, and shrinking would take time.
const LARGE: usize = 64 * 1024;

/// Builds the tree of a value.
#[derive(Clone, Copy)]
pub(super) struct Builder {
    /// Whether objects and lists are shrunk to their size.
    is_tight: bool,
}

impl Builder {
    /// Creates a builder for a body of `length` bytes.
    pub(super) fn new(length: usize) -> Self {
        Self { is_tight: length > LARGE }
    }
}

impl<'de> DeserializeSeed<'de> for Builder {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Builder {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        if self.is_tight {
            list.shrink_to_fit();
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Node<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Node<'de>)> = Vec::new();
        // Hashes with a random key, which take less memory than the names.
        let mut seen: HashSet<u64> = HashSet::new();
        while let Some(Name(name)) = source.next_key()? {
            // A set keeps an object with a hundred thousand members cheap.
            if members.len() == COMPARED {
                let hasher = seen.hasher().clone();
                seen.extend(members.iter().map(|(known, _)| hasher.hash_one(known)));
            }
            let may_be_repeated = members.len() < COMPARED || {
                let hash = seen.hasher().hash_one(&name);
                !seen.insert(hash)
            };
            if may_be_repeated && members.iter().any(|(known, _)| *known == name) {
                let shown: String = name.chars().take(64).collect();
                return Err(de::Error::custom(format_args!("the field \"{shown}\" appears twice in the same object")));
            }
            if members.len() == MAX_MEMBERS {
                return Err(de::Error::custom(format_args!(
                    "an object has more than {MAX_MEMBERS} fields, the maximum"
                )));
            }
            if members.is_empty() {
                members.reserve_exact(ROOM);
            }
            members.push((name, source.next_value_seed(self)?));
        }
        if self.is_tight {
            members.shrink_to_fit();
        }
        Ok(Node::Object(Members::new(members)))
    }
}

/// The name of a member, borrowed if possible. Serde's own `Cow` is always copied.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
