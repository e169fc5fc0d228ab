//! Shapes of values, and their names in messages.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::field_error::FieldErrors;
use crate::json::Node;
use crate::pointer::Path;

/// The expected form of a value.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text of 1 to 500 characters with something visible and no control characters; trimmed and
    /// in NFC.
    Text,
    /// An id that a partner chooses: 1 to 255 printable characters in NFC, without white space at
    /// either end; not normalized.
    Id,
    /// An identifier of 1 to `most` characters without control characters; not normalized.
    Identifier {
        /// Maximum number of characters.
        most: usize,
    },
    /// A text of 1 to `most` arbitrary characters; not normalized.
    Verbatim {
        /// Maximum number of characters.
        most: usize,
    },
    /// A text, or a number that is converted to one: integrations send scores and credits as
    /// either.
    TextOrNumber,
    /// An email address; see [`crate::EmailAddress`].
    Email,
    Boolean,
    /// A month, `YYYY-MM`.
    YearMonth,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A year, `YYYY`.
    Year,
    /// A year or a day.
    YearOrDate,
    /// An instant in RFC 3339 format.
    Instant,
    /// One of a list of values; case-sensitive.
    Choice(&'static Choice),
    /// A list of `of` with `least` to `most` items.
    List {
        /// The shape of each item.
        of: &'static Shape,
        /// Minimum number of items.
        least: usize,
        /// Maximum number of items.
        most: usize,
    },
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// A list whose items have rules that another module defines.
    Listed(&'static dyn ListRules),
    /// Any value; a rule outside the schema validates it.
    Anything,
}

/// The rules of a [`Shape::Listed`].
pub trait ListRules: fmt::Debug + Sync {
    /// Returns the list's name in messages, such as "an array of assets".
    fn called(&self) -> &'static str;

    /// Validates the items and brings them into their normal form.
    fn check(&self, items: &mut [Node<'_>], path: &Path<'_>, field_errors: &mut FieldErrors);

    /// Returns the JSON Schema (2020-12) of the list.
    fn json_schema(&self) -> Value;
}

/// The values of a [`Shape::Choice`].
#[derive(Debug)]
pub struct Choice {
    /// The name of a value in messages, such as "a CEFR level".
    pub called: &'static str,
    pub values: &'static [&'static str],
}

/// Maximum number of values that a message lists.
const LISTED: usize = 12;

impl Choice {
    pub(super) fn described(&self) -> String {
        match self.listed() {
            Some(values) => format!("{}: {values}", self.called),
            None => self.called.to_owned(),
        }
    }

    /// Returns the values, separated by commas; `None` if there are too many for a message.
    pub(super) fn listed(&self) -> Option<String> {
        (self.values.len() <= LISTED).then(|| self.values.join(", "))
    }
}

/// Whether a member is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Required, and not null.
    Required,
    /// May be absent, but not null.
    Optional,
    /// May be absent or null, which mean the same.
    Nullable,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub name: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// Whether it is required.
    pub presence: Presence,
    /// A short label for people, such as "Full name"; empty if no page shows the member.
    pub label: &'static str,
    /// The description for the API reference.
    pub meaning: &'static str,
    /// An example as JSON text; empty if the parts have their own.
    pub example: &'static str,
}

impl Shape {
    /// Returns the name of a value of this shape in messages.
    pub(super) fn described(&self) -> Cow<'static, str> {
        match self {
            Self::Text | Self::Id | Self::Identifier { .. } | Self::Verbatim { .. } => "a string".into(),
            Self::TextOrNumber => "a string or a number".into(),
            Self::Email => "a string with an email address".into(),
            Self::Boolean => "true or false".into(),
            Self::YearMonth => "a string with a month (YYYY-MM)".into(),
            Self::Date => "a string with a date (YYYY-MM-DD)".into(),
            Self::Year => "a string with a year (YYYY)".into(),
            Self::YearOrDate => "a string with a year or a date (YYYY or YYYY-MM-DD)".into(),
            Self::Instant => "a string with a time in RFC 3339 format".into(),
            Self::Choice(choice) => format!("a string, {}", choice.described()).into(),
            Self::Listed(rules) => rules.called().into(),
            Self::List { of, .. } => format!("an array of values, each {}", of.described()).into(),
            Self::Object(_) => "an object".into(),
            Self::Anything => "anything".into(),
        }
    }
}
