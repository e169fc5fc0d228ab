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
            Value::String(text) => Date::parse(text).map_or_else(|_| Self::words(text), Self::Day),
            Value::Null => Self::Nothing,
            other => Self::Words(other.to_string()),
        }
    }

    /// `text` as words; nothing if it is blank.
    fn words(text: &str) -> Self {
        if text.trim().is_empty() { Self::Nothing } else { Self::Words(text.to_owned()) }
    }
}

/// A block of facts; `None` without any. A reader may be shown a credential without any of its facts.
pub(crate) fn fact_block(facts: Vec<(&'static str, Datum)>) -> Option<Block> {
    (!facts.is_empty()).then_some(Block::Facts(facts))
}

/// A block of sentences; `None` without any.
pub(crate) fn sentence_block(sentences: Vec<String>) -> Option<Block> {
    (!sentences.is_empty()).then_some(Block::Sentences(sentences))
}

/// The fact whose value is `text`; `None` if it is blank, as where the member that it is made of is withheld.
pub(crate) fn fact(label: &'static str, text: &str) -> Option<(&'static str, Datum)> {
    Some((label, Datum::words(text))).filter(|(_, datum)| *datum != Datum::Nothing)
}

/// The words of a score or another value that is a text or a number; `None` if there is nothing in it.
pub(crate) fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The texts of a list, separated by commas; empty without any.
pub(crate) fn joined(list: &Value) -> String {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

/// The facts among `named` members of `object` that say something.
pub(crate) fn facts(object: &Value, named: &[(&'static str, &str)]) -> Vec<(&'static str, Datum)> {
    named
        .iter()
        .map(|(label, name)| (*label, Datum::of(&object[*name])))
        .filter(|(_, datum)| *datum != Datum::Nothing)
        .collect()
}

fn says(row: &Value, name: &str) -> bool {
    Datum::of(&row[name]) != Datum::Nothing
}

/// A table of the `named` members of each row, without the columns and rows that say nothing; `None` without rows.
pub(crate) fn table(caption: &'static str, rows: &Value, named: &[(&'static str, &str)]) -> Option<Block> {
    let rows = rows.as_array()?.iter().filter(|row| named.iter().any(|(_, name)| says(row, name)));
    let rows: Vec<&Value> = rows.collect();
    let used: Vec<_> = named.iter().filter(|(_, name)| rows.iter().any(|row| says(row, name))).collect();
    (!rows.is_empty()).then(|| Block::Table {
        caption,
        columns: used.iter().map(|(label, _)| *label).collect(),
        rows: rows.iter().map(|row| used.iter().map(|(_, name)| Datum::of(&row[*name])).collect()).collect(),
    })
}
