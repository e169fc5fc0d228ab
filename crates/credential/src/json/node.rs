//! A JSON value that borrows its texts from the body that it was parsed from.
//!
//! A [`serde_json::Value`] copies every name and every text. Most bodies are parsed, validated and
//! written in canonical form once, for which nothing needs to be copied.

use std::borrow::Cow;
use std::ops::Index;

use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

/// A JSON value of a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node<'a> {
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    Number(Number),
    /// A string. It is borrowed from the body unless it has escapes there or was normalized.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    Object(Members<'a>),
}

/// The members of an object, sorted by name, so that equal objects have equal serializations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

/// Number of members up to which the names of an object are compared one by one.
pub(super) const COMPARED: usize = 16;

static NULL: Node<'static> = Node::Null;

impl<'a> Node<'a> {
    /// Returns the member with this name, if the value is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// Returns the text, if the value is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Returns the boolean, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(is_set) = self { Some(*is_set) } else { None }
    }

    /// Returns the items, if the value is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Returns the members, if the value is an object.
    pub fn as_object(&self) -> Option<&Members<'a>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// Returns whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether the value is a string.
    pub fn is_string(&self) -> bool {
        self.as_str().is_some()
    }

    /// Returns whether the value is an object.
    pub fn is_object(&self) -> bool {
        self.as_object().is_some()
    }

    /// Returns the value as compact JSON. Equal values give equal texts.
    pub(crate) fn to_json(&self) -> String {
        let mut bytes = Vec::with_capacity(self.estimated_length());
        // Writing to memory does not fail, and serde_json writes UTF-8 only.
        let written = serde_json::to_writer(&mut bytes, self).ok().and_then(|()| String::from_utf8(bytes).ok());
        written.unwrap_or_default()
    }

    /// Returns the length of the compact JSON in bytes: exact without escapes and numbers.
    fn estimated_length(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => "false".len(),
            Self::Number(_) => 20,
            Self::Text(text) => text.len() + 2,
            Self::List(items) => 2 + items.iter().map(|item| item.estimated_length() + 1).sum::<usize>(),
            Self::Object(members) => {
                2 + members.iter().map(|(name, value)| name.len() + value.estimated_length() + 4).sum::<usize>()
            }
        }
    }
}

impl<'a> Members<'a> {
    /// Creates the members of an object from those with different names.
    pub(super) fn new(mut members: Vec<(Cow<'a, str>, Node<'a>)>) -> Self {
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Self(members)
    }

    fn position(&self, name: &str) -> Option<usize> {
        // Most names have different lengths, which is compared faster than their order.
        if self.0.len() <= COMPARED {
            return self.0.iter().position(|(known, _)| known == name);
        }
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()
    }

    /// Returns the value of the member with this name.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.position(name).map(|at| &self.0[at].1)
    }

    /// Returns the value of the member with this name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node<'a>> {
        self.position(name).map(|at| &mut self.0[at].1)
    }

    /// Returns whether there is a member with this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Removes the member with this name, and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Node<'a>> {
        self.position(name).map(|at| self.0.remove(at).1)
    }

    /// Returns the members in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Returns the members in the order of their names, to change their values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Node<'a>)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }
}

/// The member with this name; null if the value has none.
impl Index<&str> for Node<'_> {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

/// The item at this position; null if the value has none.
impl Index<usize> for Node<'_> {
    type Output = Self;

    fn index(&self, at: usize) -> &Self {
        self.as_array().and_then(|items| items.get(at)).unwrap_or(&NULL)
    }
}

impl<'a> From<&'a str> for Node<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(is_set) => Self::Bool(is_set),
            Node::Number(number) => Self::Number(number),
            Node::Text(text) => Self::String(text.into_owned()),
            Node::List(items) => items.into_iter().map(Self::from).collect(),
            Node::Object(Members(members)) => {
                members.into_iter().map(|(name, value)| (name.into_owned(), Self::from(value))).collect()
            }
        }
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(is_set) => serializer.serialize_bool(*is_set),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members.iter()),
        }
    }
}
