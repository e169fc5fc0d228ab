//! Validation and normalisation of values by their shape.

use serde_json::{Map, Value};

use super::id::check_id;
use super::shape::{Choice, Member, Presence, Shape};
use super::suggestion::nearest;
use super::text::{
    check_characters, check_date, check_email, check_instant, check_length, check_month, check_text, check_year,
};
use crate::fault::{Code, Faults};
use crate::limits::ID;
use crate::pointer::Path;

impl Shape {
    /// Checks `value` and brings it into its normal form; faults are added to `faults`.
    pub fn check(&self, value: &mut Value, path: &Path<'_>, faults: &mut Faults) {
        match (self, &mut *value) {
            (Self::Text, Value::String(text)) => check_text(text, path, faults),
            (Self::Id, Value::String(text)) => check_id(text, ID, path, faults),
            (Self::Identifier { most }, Value::String(text)) => check_characters(text, *most, path, faults),
            (Self::Verbatim { most }, Value::String(text)) => check_length(text, *most, path, faults),
            (Self::TextOrNumber, Value::String(text)) => check_text(text, path, faults),
            (Self::TextOrNumber, Value::Number(number)) => *value = Value::String(number.to_string()),
            (Self::Email, Value::String(text)) => check_email(text, path, faults),
            (Self::Boolean, Value::Bool(_)) => {}
            (Self::YearMonth, Value::String(text)) => check_month(text, path, faults),
            (Self::Date, Value::String(text)) => check_date(text, path, faults),
            (Self::Year, Value::String(text)) => check_year(text, path, faults),
            (Self::YearOrDate, Value::String(text)) if text.len() == 4 => check_year(text, path, faults),
            (Self::YearOrDate, Value::String(text)) => check_date(text, path, faults),
            (Self::Instant, Value::String(text)) => check_instant(text, path, faults),
            (Self::Choice(choice), Value::String(text)) => check_choice(text, choice, path, faults),
            (Self::List { of, least, most }, Value::Array(items)) => check_list(items, of, *least, *most, path, faults),
            (Self::Object(members), Value::Object(object)) => check_object(object, members, path, faults),
            (Self::Listed(rules), Value::Array(items)) => rules.check(items, path, faults),
            (Self::Anything, _) => {}
            _ => {
                let (wanted, found) = (self.described(), kind(value));
                faults
                    .add(path, Code::TypeMismatch, || format!("This must be {wanted}; it is {found}."))
                    .received(value);
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn check_choice(text: &str, choice: &Choice, path: &Path<'_>, faults: &mut Faults) {
    if choice.values.contains(&text) {
        return;
    }
    let nearest = faults.has_room().then(|| nearest(text, choice.values.iter().copied())).flatten();
    faults
        .add(path, Code::ChoiceUnknown, || format!("This must be {}.", choice.described()))
        .received(&Value::from(text))
        .suggest(nearest.map(ToOwned::to_owned));
}

fn check_list(items: &mut [Value], of: &Shape, least: usize, most: usize, path: &Path<'_>, faults: &mut Faults) {
    let count = items.len();
    if count < least {
        faults.add(path, Code::ListTooShort, || format!("This needs at least {least} item; it has {count}."));
    }
    if count > most {
        faults.add(path, Code::ListTooLong, || format!("This may have {most} items; it has {count}."));
    }
    for (index, item) in items.iter_mut().enumerate().take(most) {
        of.check(item, &Path::Item(path, index), faults);
    }
}

/// Checks an object's members: those that are missing, those that nobody knows, then each value.
pub fn check_object(object: &mut Map<String, Value>, members: &[Member], path: &Path<'_>, faults: &mut Faults) {
    for member in members {
        match object.get(member.name) {
            None if member.presence == Presence::Required => {
                faults
                    .add(path, Code::MemberMissing, || {
                        format!("The member {} is missing: {}", member.name, lower(member.meaning))
                    })
                    .suggest(Some(member.name.to_owned()));
            }
            Some(Value::Null) if member.presence == Presence::Nullable => {
                object.remove(member.name);
            }
            _ => {}
        }
    }
    for (name, value) in object.iter_mut() {
        let here = Path::Member(path, name);
        match members.iter().find(|member| member.name == name) {
            None => unknown(name, members, &here, faults),
            Some(member) if value.is_null() && !matches!(member.shape, Shape::Anything) => {
                let cure =
                    if member.presence == Presence::Optional { "leave it out instead" } else { "it needs a value" };
                faults.add(&here, Code::MemberNull, || format!("{name} must not be null; {cure}."));
            }
            Some(member) => member.shape.check(value, &here, faults),
        }
    }
}

fn lower(meaning: &str) -> String {
    let mut characters = meaning.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

fn unknown(name: &str, members: &[Member], path: &Path<'_>, faults: &mut Faults) {
    // Looking for the nearest name costs more than reading the member: a body of a hundred thousand unknown members must
    // not buy that for faults that nobody is told.
    let nearest = faults.has_room().then(|| nearest(name, members.iter().map(|member| member.name))).flatten();
    let shown: String = name.chars().take(64).collect();
    faults
        .add(path, Code::MemberUnknown, || match nearest {
            Some(nearest) => format!("Nobody reads a member {shown:?} here; did you mean {nearest}?"),
            None => {
                let known: Vec<&str> = members.iter().map(|member| member.name).collect();
                format!("Nobody reads a member {shown:?} here; the members are {}.", known.join(", "))
            }
        })
        .suggest(nearest.map(ToOwned::to_owned));
}
