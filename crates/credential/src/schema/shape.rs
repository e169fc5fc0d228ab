//! Shapes of values, and what messages call them.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::fault::Faults;
use crate::pointer::Path;

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text of 1 to 500 characters that shows something and has no control characters, trimmed and in NFC.
    Text,
    /// An id that a partner chooses: 1 to 255 printable characters in NFC, without white space at either end, kept to the letter.
    Id,
    /// An identifier of 1 to `most` characters without control characters, kept to the letter.
    Identifier {
        /// Most characters.
        most: usize,
    },
    /// A text of 1 to `most` characters of any kind, kept to the letter.
    Verbatim {
        /// Most characters.
        most: usize,
    },
    /// A text, or a number that becomes one: scores and credits, which integrations send as either.
    TextOrNumber,
    /// An e-mail address (RFC 5321, section 4.1.2), without quoted names, comments and numbers for hosts.
    Email,
    /// True or false.
    Boolean,
    /// A month, `YYYY-MM`.
    YearMonth,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A year, `YYYY`.
    Year,
    /// A year or a day.
    YearOrDate,
    /// An instant, as RFC 3339 writes it.
    Instant,
    /// One of some values, to the letter.
    Choice(&'static Choice),
    /// A list of `of`, with `least` to `most` items.
    List {
        /// What each item must look like.
        of: &'static Shape,
        /// Fewest items.
        least: usize,
        /// Most items.
        most: usize,
    },
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// A list whose items have rules of their own, declared elsewhere.
    Listed(&'static dyn ListRules),
    /// Any value; a rule outside the schema checks it.
    Anything,
}

/// The rules of a [`Shape::Listed`].
pub trait ListRules: fmt::Debug + Sync {
    /// What such a list is called, such as "an array of assets".
    fn called(&self) -> &'static str;

    /// Checks the items and brings them into their normal form.
    fn check(&self, items: &mut [Value], path: &Path<'_>, faults: &mut Faults);

    /// JSON Schema (2020-12) of the list.
    fn json_schema(&self) -> Value;
}

/// The values of a [`Shape::Choice`].
#[derive(Debug)]
pub struct Choice {
    /// What such a value is called, such as "a CEFR level".
    pub called: &'static str,
    /// The values.
    pub values: &'static [&'static str],
}

/// Most values that a message lists.
const LISTED: usize = 12;

impl Choice {
    pub(super) fn described(&self) -> String {
        if self.values.len() > LISTED {
            return self.called.to_owned();
        }
        format!("{}: {}", self.called, self.values.join(", "))
    }
}

/// Whether a member must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must, with a value.
    Required,
    /// It may be left out, but not be null.
    Optional,
    /// It may be left out or be null, which means the same.
    Nullable,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What its value must look like.
    pub shape: Shape,
    /// Whether it must be there.
    pub presence: Presence,
    /// What it means, for the reference.
    pub meaning: &'static str,
    /// An example, as JSON text; empty where the parts have their own.
    pub example: &'static str,
}

impl Shape {
    /// What a message calls a value of this shape.
    pub(super) fn described(&self) -> Cow<'static, str> {
        match self {
            Self::Text | Self::Id | Self::Identifier { .. } | Self::Verbatim { .. } => "a string".into(),
            Self::TextOrNumber => "a string or a number".into(),
            Self::Email => "a string with an e-mail address".into(),
            Self::Boolean => "true or false".into(),
            Self::YearMonth => "a string with a month, YYYY-MM".into(),
            Self::Date => "a string with a day, YYYY-MM-DD".into(),
            Self::Year => "a string with a year, YYYY".into(),
            Self::YearOrDate => "a string with a year or a day, YYYY or YYYY-MM-DD".into(),
            Self::Instant => "a string with a time, as RFC 3339 writes it".into(),
            Self::Choice(choice) => format!("a string, {}", choice.described()).into(),
            Self::Listed(rules) => rules.called().into(),
            Self::List { of, .. } => format!("an array, each item {}", of.described()).into(),
            Self::Object(_) => "an object".into(),
            Self::Anything => "anything".into(),
        }
    }
}
