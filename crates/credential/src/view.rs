//! How a person or a hirer reads a credential: a short list of blocks that any page can draw.
//!
//! Owns the blocks. A type says in its own file which of them its fields become, so that no page knows a type.

use serde_json::Value;

use crate::career::CareerHistory;
use crate::date::Date;

/// One part of a credential's page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Names and what they are.
    Facts(Vec<(&'static str, Datum)>),
    /// Plain sentences.
    Sentences(Vec<String>),
    /// A table; every row has as many cells as there are columns.
    Table {
        /// What it shows.
        caption: &'static str,
        /// The columns' names.
        columns: Vec<&'static str>,
        /// The rows.
        rows: Vec<Vec<Datum>>,
    },
    /// Bars on a scale of steps.
    Scale {
        /// What it shows.
        caption: &'static str,
        /// The steps, lowest first.
        steps: &'static [&'static str],
        /// What is measured, and the step that it reaches.
        bars: Vec<(&'static str, String)>,
    },
    /// Jobs on a timeline.
    Career(CareerHistory),
}

/// A value to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// Words, to be shown as they are.
    Words(String),
    /// A day, to be written in the reader's way.
    Day(Date),
    /// Nothing is said.
    Nothing,
}

impl Datum {
    /// What `value` says: a day if it is one, otherwise its words.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Date::parse(text).map_or_else(|_| Self::Words(text.clone()), Self::Day),
            Value::Null => Self::Nothing,
            other => Self::Words(other.to_string()),
        }
    }
}

/// The facts among `named` members of `object` that say something.
pub(crate) fn facts(object: &Value, named: &[(&'static str, &str)]) -> Vec<(&'static str, Datum)> {
    named
        .iter()
        .map(|(label, name)| (*label, Datum::of(&object[*name])))
        .filter(|(_, datum)| *datum != Datum::Nothing)
        .collect()
}

/// A table of the `named` members of each row, without the columns in which no row says anything; `None` without rows.
pub(crate) fn table(caption: &'static str, rows: &Value, named: &[(&'static str, &str)]) -> Option<Block> {
    let rows = rows.as_array().filter(|rows| !rows.is_empty())?;
    let used: Vec<_> = named.iter().filter(|(_, name)| rows.iter().any(|row| !row[*name].is_null())).collect();
    Some(Block::Table {
        caption,
        columns: used.iter().map(|(label, _)| *label).collect(),
        rows: rows.iter().map(|row| used.iter().map(|(_, name)| Datum::of(&row[*name])).collect()).collect(),
    })
}
