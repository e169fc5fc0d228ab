//! Validation and normalization of values by their shape.

use super::dates::{check_date, check_instant, check_month, check_year, check_year_or_date};
use super::id::check_id;
use super::shape::{Choice, Member, Presence, Shape};
use super::suggestion::{meant, nearest};
use super::text::{check_characters, check_email, check_length, check_text};
use crate::field_error::{Code, FieldErrors};
use crate::json::{Members, Node};
use crate::limits::ID;
use crate::pointer::Path;

/// Maximum number of unknown fields of an object that are compared with a missing one.
const MAX_COMPARED: usize = 8;

/// Old and new names of fields.
const RENAMED: [(&str, &str); 1] = [("claim", "notify")];

impl Shape {
    /// Validates a value that must be there, such as an item of a list, and brings it into its
    /// normal form. Adds errors to `field_errors`.
    pub fn check(&self, value: &mut Node<'_>, path: &Path<'_>, field_errors: &mut FieldErrors) {
        self.check_as(Presence::Required, value, path, field_errors);
    }

    /// Validates the value of a field as [`Shape::check`] does. Messages say that the field may be
    /// left out only if `presence` allows it.
    fn check_as(&self, presence: Presence, value: &mut Node<'_>, path: &Path<'_>, field_errors: &mut FieldErrors) {
        match (self, &mut *value) {
            (Self::Text | Self::TextOrNumber, Node::Text(text)) => check_text(text, presence, path, field_errors),
            (Self::Id, Node::Text(text)) => check_id(text, ID, presence, path, field_errors),
            (Self::Identifier { most }, Node::Text(text)) => {
                check_characters(text, *most, presence, path, field_errors);
            }
            (Self::Verbatim { most }, Node::Text(text)) => check_length(text, *most, presence, path, field_errors),
            (Self::TextOrNumber, Node::Number(number)) => *value = Node::Text(number.to_string().into()),
            (Self::Email, Node::Text(text)) => check_email(text, path, field_errors),
            (Self::Boolean, Node::Bool(_)) => {}
            (Self::YearMonth, Node::Text(text)) => check_month(text, presence, path, field_errors),
            (Self::Date, Node::Text(text)) => check_date(text, presence, path, field_errors),
            (Self::Year, Node::Text(text)) => check_year(text, path, field_errors),
            (Self::YearOrDate, Node::Text(text)) => check_year_or_date(text, presence, path, field_errors),
            (Self::Instant, Node::Text(text)) => check_instant(text, path, field_errors),
            (Self::Choice(choice), Node::Text(text)) => check_choice(text, choice, path, field_errors),
            (Self::List { of, least, most }, Node::List(items)) => {
                check_list(items, of, *least, *most, path, field_errors);
            }
            (Self::Object(members), Node::Object(object)) => check_object(object, members, path, field_errors),
            (Self::Listed(rules), Node::List(items)) => rules.check(items, path, field_errors),
            (Self::Anything, _) => {}
            _ => {
                let (wanted, found) = (self.described(), kind(value));
                field_errors
                    .add(path, Code::TypeMismatch, || format!("Must be {wanted}; found {found}."))
                    .received(value);
            }
        }
    }
}

fn kind(value: &Node<'_>) -> &'static str {
    match value {
        Node::Null => "null",
        Node::Bool(_) => "a boolean",
        Node::Number(_) => "a number",
        Node::Text(_) => "a string",
        Node::List(_) => "an array",
        Node::Object(_) => "an object",
    }
}

fn check_choice(text: &str, choice: &Choice, path: &Path<'_>, field_errors: &mut FieldErrors) {
    if choice.values.contains(&text) {
        return;
    }
    let nearest = field_errors.has_room().then(|| nearest(text, choice.values.iter().copied())).flatten();
    field_errors
        .add(path, Code::ChoiceUnknown, || match choice.listed() {
            Some(value) if choice.values.len() == 1 => format!("Must be {value}, the only allowed value."),
            Some(values) => format!("Must be one of: {values}."),
            None => format!("Must be {}.", choice.called),
        })
        .received(&Node::from(text))
        .suggest(nearest.map(ToOwned::to_owned));
}

fn check_list(
    items: &mut [Node<'_>],
    of: &Shape,
    least: usize,
    most: usize,
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) {
    let count = items.len();
    if count < least {
        field_errors.add(path, Code::ListTooShort, || format!("Must have at least {least} item; it has {count}."));
    }
    if count > most {
        field_errors.add(path, Code::ListTooLong, || {
            format!("Must have at most {most} items; it has {count}. Split the list.")
        });
    }
    for (index, item) in items.iter_mut().enumerate().take(most) {
        of.check(item, &Path::Item(path, index), field_errors);
    }
}

/// Validates an object: reports missing members, then unknown ones, and checks each value.
pub fn check_object(object: &mut Members<'_>, members: &[Member], path: &Path<'_>, field_errors: &mut FieldErrors) {
    for member in members {
        match object.get(member.name) {
            // A misspelt name is one error, not an unknown field and a missing one.
            None if member.presence == Presence::Required
                && !(field_errors.has_room() && is_misspelt(member.name, object, members)) =>
            {
                field_errors
                    .add(path, Code::FieldMissing, || {
                        format!("Missing field \"{}\": {}", member.name, lower(member.meaning))
                    })
                    .suggest(Some(member.name.to_owned()));
            }
            Some(Node::Null) if member.presence == Presence::Nullable => {
                object.remove(member.name);
            }
            _ => {}
        }
    }
    let mut has_unknown = false;
    for (name, value) in object.iter_mut() {
        let here = Path::Member(path, name);
        match members.iter().find(|member| member.name == name) {
            None => has_unknown = true,
            Some(member) if value.is_null() && !matches!(member.shape, Shape::Anything) => {
                let cure = if member.presence == Presence::Optional { "leave it out instead" } else { "set a value" };
                field_errors.add(&here, Code::FieldNull, || format!("Field \"{name}\" must not be null; {cure}."));
            }
            Some(member) => member.shape.check_as(member.presence, value, &here, field_errors),
        }
    }
    if has_unknown {
        for (name, _) in object.iter().filter(|(name, _)| !is_member(name, members)) {
            unknown(name, object, members, &Path::Member(path, name), field_errors);
        }
    }
}

fn is_member(name: &str, members: &[Member]) -> bool {
    members.iter().any(|member| member.name == name)
}

fn lower(meaning: &str) -> String {
    let mut characters = meaning.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// Returns whether an unknown field of `object` is probably a misspelling of `name`. Expensive, so
/// it is asked only for errors that will be listed.
pub fn is_misspelt(name: &str, object: &Members<'_>, members: &[Member]) -> bool {
    // Finding the name that was meant is expensive, so only the first unknown fields are compared.
    let mut unknown = object.iter().map(|(key, _)| key).filter(|key| !is_member(key, members)).take(MAX_COMPARED);
    unknown.any(|key| meant(key, object, members) == Some(name))
}

fn unknown(name: &str, object: &Members<'_>, members: &[Member], path: &Path<'_>, field_errors: &mut FieldErrors) {
    // Finding the name that was meant costs more than parsing the member. It is skipped for errors
    // that are not listed, so that a body with a hundred thousand unknown members stays cheap.
    let meant = field_errors.has_room().then(|| meant(name, object, members)).flatten();
    if let Some((old, new)) = RENAMED.iter().find(|(old, new)| *old == name && is_member(new, members)) {
        let message = || format!("\"{old}\" was renamed to \"{new}\".");
        field_errors.add(path, Code::FieldUnknown, message).suggest(Some((*new).to_owned()));
        return;
    }
    let shown: String = name.chars().take(64).collect();
    field_errors
        .add(path, Code::FieldUnknown, || match meant {
            Some(meant) => format!("Unknown field {shown:?}. Did you mean {meant:?}?"),
            None => {
                let known: Vec<&str> = members.iter().map(|member| member.name).collect();
                format!("Unknown field {shown:?}. The fields allowed here are: {}.", known.join(", "))
            }
        })
        .suggest(meant.map(ToOwned::to_owned));
}
