//! Display of a credential: a short list of blocks that any page can render.
//!
//! A type maps its fields to blocks in its own file, so that pages do not depend on types.

use serde_json::Value;

use crate::career::CareerHistory;
use crate::date::Date;
use crate::schema::Member;

/// A part of a credential's page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Labels and values.
    Facts(Vec<(&'static str, DisplayValue)>),
    /// Plain sentences.
    Sentences(Vec<String>),
    /// A table. Every row has one cell per column.
    Table {
        caption: &'static str,
        /// The column headings.
        columns: Vec<&'static str>,
        rows: Vec<Vec<DisplayValue>>,
    },
    /// Bars on a scale of steps.
    Scale {
        caption: &'static str,
        /// The steps, lowest first.
        steps: &'static [&'static str],
        /// The label and the reached step of each bar.
        bars: Vec<(&'static str, String)>,
    },
    /// Jobs on a timeline.
    Career(CareerHistory),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisplayValue {
    /// Text to show unchanged.
    Words(String),
    /// A day, to be formatted for the reader.
    Day(Date),
    /// No value.
    Nothing,
}

impl DisplayValue {
    /// Converts `value`: to a day if it is one, otherwise to text.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Date::parse(text).map_or_else(|_| Self::words(text), Self::Day),
            Value::Null => Self::Nothing,
            other => Self::Words(other.to_string()),
        }
    }

    /// Returns `text` as words, or nothing if it is blank.
    fn words(text: &str) -> Self {
        if text.trim().is_empty() { Self::Nothing } else { Self::Words(text.to_owned()) }
    }
}

/// Returns a block of facts; `None` if there are none, because a presentation may withhold all of
/// them.
pub(crate) fn fact_block(facts: Vec<(&'static str, DisplayValue)>) -> Option<Block> {
    (!facts.is_empty()).then_some(Block::Facts(facts))
}

/// Returns a block of sentences; `None` if there are none.
pub(crate) fn sentence_block(sentences: Vec<String>) -> Option<Block> {
    (!sentences.is_empty()).then_some(Block::Sentences(sentences))
}

/// Returns a fact with the value `text`; `None` if it is blank, for example because its member is
/// withheld.
pub(crate) fn fact(label: &'static str, text: &str) -> Option<(&'static str, DisplayValue)> {
    Some((label, DisplayValue::words(text))).filter(|(_, datum)| *datum != DisplayValue::Nothing)
}

/// Formats a value that is a text or a number; `None` if it is empty.
pub(crate) fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Joins the texts of a list with commas.
pub(crate) fn joined(list: &Value) -> String {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

/// Returns the label that a type declares for its member `name`, which is one of `members`.
pub(crate) fn label_of(members: &[Member], name: &str) -> &'static str {
    members.iter().find(|member| member.name == name).map_or("", |member| member.label)
}

/// Returns the facts for those of the members of `object` with these `names` that have a value.
/// `members` declares their labels.
pub(crate) fn facts(object: &Value, members: &[Member], names: &[&str]) -> Vec<(&'static str, DisplayValue)> {
    names
        .iter()
        .map(|name| (label_of(members, name), DisplayValue::of(&object[*name])))
        .filter(|(_, datum)| *datum != DisplayValue::Nothing)
        .collect()
}

fn says(row: &Value, name: &str) -> bool {
    DisplayValue::of(&row[name]) != DisplayValue::Nothing
}

/// Returns a table of the members of each row with these `names`, without empty columns and rows;
/// `None` without rows. `members` declares the headings of the columns.
pub(crate) fn table(caption: &'static str, rows: &Value, members: &[Member], names: &[&str]) -> Option<Block> {
    let rows = rows.as_array()?.iter().filter(|row| names.iter().any(|name| says(row, name)));
    let rows: Vec<&Value> = rows.collect();
    let used: Vec<&str> = names.iter().copied().filter(|name| rows.iter().any(|row| says(row, name))).collect();
    (!rows.is_empty()).then(|| Block::Table {
        caption,
        columns: used.iter().map(|name| label_of(members, name)).collect(),
        rows: rows.iter().map(|row| used.iter().map(|name| DisplayValue::of(&row[*name])).collect()).collect(),
    })
}
