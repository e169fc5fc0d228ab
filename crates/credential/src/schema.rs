//! The shape of JSON: declared once, and from it validation, normalisation and JSON Schema.
//!
//! Owns the walk that gathers every fault in one pass and brings values into their normal form: texts trimmed and in
//! NFC (Unicode Annex 15), optional members that are null left out. A further kind of value is one more [`Shape`].

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use crate::asset::{AssetRules, asset_members, check_assets};
use crate::date::{Date, parse_year};
use crate::fault::{Code, Faults};
use crate::year_month::YearMonth;
use crate::{date, year_month};

/// Most characters of a text (partner-api, section 5).
pub const TEXT: usize = 500;

/// Most characters of an e-mail address (RFC 5321, section 4.5.3.1, less the brackets around it).
const EMAIL: usize = 254;

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text of 1 to 500 characters without control characters, trimmed and in NFC.
    Text,
    /// An identifier of 1 to `most` characters without control characters, kept to the letter.
    Identifier {
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
    /// The assets of a credential (partner-api, section 4).
    Assets(&'static AssetRules),
    /// Whatever it is; a rule of its own looks at it.
    Anything,
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
    fn described(&self) -> String {
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

/// Where in a body the walk is: a list of steps on the stack, written out only for a fault.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The whole body.
    Root,
    /// A member of an object.
    Member(&'a Path<'a>, &'a str),
    /// An item of a list.
    Item(&'a Path<'a>, usize),
    /// A place that was written out before.
    Pointer(&'a str),
}

impl Path<'_> {
    /// The JSON Pointer (RFC 6901).
    pub fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                format!("{}/{}", parent.pointer(), escape(name))
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
            Self::Pointer(pointer) => (*pointer).to_owned(),
        }
    }
}

/// A member's name as a step of a JSON Pointer (RFC 6901, section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Shape {
    /// Checks `value` and brings it into its normal form; faults are added to `faults`.
    pub fn check(&self, value: &mut Value, path: &Path<'_>, faults: &mut Faults) {
        match (self, &mut *value) {
            (Self::Text, Value::String(text)) => check_text(text, path, faults),
            (Self::Identifier { most }, Value::String(text)) => check_characters(text, *most, path, faults),
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
            (Self::Assets(rules), Value::Array(assets)) => check_assets(assets, rules, path, faults),
            (Self::Anything, _) => {}
            _ => {
                let (wanted, found) = (self.described(), kind(value));
                faults
                    .add(path, Code::TypeMismatch, || format!("This must be {wanted}; it is {found}."))
                    .received(value);
            }
        }
    }

    fn described(&self) -> Cow<'static, str> {
        match self {
            Self::Text | Self::Identifier { .. } => "a string".into(),
            Self::TextOrNumber => "a string or a number".into(),
            Self::Email => "a string with an e-mail address".into(),
            Self::Boolean => "true or false".into(),
            Self::YearMonth => "a string with a month, YYYY-MM".into(),
            Self::Date => "a string with a day, YYYY-MM-DD".into(),
            Self::Year => "a string with a year, YYYY".into(),
            Self::YearOrDate => "a string with a year or a day, YYYY or YYYY-MM-DD".into(),
            Self::Instant => "a string with a time, as RFC 3339 writes it".into(),
            Self::Choice(choice) => format!("a string, {}", choice.described()).into(),
            Self::Assets(_) => "an array of assets".into(),
            Self::List { of, .. } => format!("an array, each item {}", of.described()).into(),
            Self::Object(_) => "an object".into(),
            Self::Anything => "anything".into(),
        }
    }

    /// JSON Schema (2020-12) of the shape.
    pub fn json_schema(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "string", "minLength": 1, "maxLength": TEXT }),
            Self::Identifier { most } => json!({ "type": "string", "minLength": 1, "maxLength": most }),
            Self::TextOrNumber => json!({ "type": ["string", "number"], "minLength": 1, "maxLength": TEXT }),
            Self::Email => json!({ "type": "string", "format": "email", "minLength": 3, "maxLength": EMAIL }),
            Self::Boolean => json!({ "type": "boolean" }),
            Self::YearMonth => json!({ "type": "string", "pattern": "^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])$" }),
            Self::Date => json!({ "type": "string", "format": "date", "pattern": format!("^{DATE}$") }),
            Self::Year => json!({ "type": "string", "pattern": format!("^{YEAR}$") }),
            Self::YearOrDate => json!({ "type": "string", "pattern": format!("^({YEAR}|{DATE})$") }),
            Self::Instant => json!({ "type": "string", "format": "date-time" }),
            Self::Choice(choice) => json!({ "type": "string", "enum": choice.values }),
            Self::Assets(rules) if rules.most == 0 => json!({ "type": "array", "maxItems": 0 }),
            Self::Assets(rules) => {
                let mut asset = object_schema(&asset_members(rules));
                asset["properties"]["asset_data"]["type"] = json!(["string", "null"]);
                json!({ "type": "array", "maxItems": rules.most, "items": asset })
            }
            Self::List { of, least, most } => {
                json!({ "type": "array", "minItems": least, "maxItems": most, "items": of.json_schema() })
            }
            Self::Object(members) => object_schema(members),
            Self::Anything => json!({}),
        }
    }
}

const YEAR: &str = "(19|[2-9][0-9])[0-9]{2}";
const DATE: &str = "(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";

/// JSON Schema (2020-12) of an object with `members` and no others.
pub fn object_schema(members: &[Member]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|member| (member.name.to_owned(), member_schema(member))).collect();
    let required: Vec<&str> =
        members.iter().filter(|member| member.presence == Presence::Required).map(|member| member.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn member_schema(member: &Member) -> Value {
    let mut schema = member.shape.json_schema();
    if member.presence == Presence::Nullable && schema.get("type").is_some() {
        let mut types = match schema["type"].take() {
            Value::Array(types) => types,
            one => vec![one],
        };
        types.push("null".into());
        schema["type"] = types.into();
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
    schema["description"] = json!(member.meaning);
    if let Ok(example) = serde_json::from_str::<Value>(member.example) {
        schema["examples"] = json!([example]);
    }
    schema
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

fn check_text(text: &mut String, path: &Path<'_>, faults: &mut Faults) {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
    if !text.is_ascii() && is_nfc_quick(text.chars()) != IsNormalized::Yes {
        *text = text.nfc().collect();
    }
    check_characters(text, TEXT, path, faults);
}

fn check_characters(text: &str, most: usize, path: &Path<'_>, faults: &mut Faults) {
    if text.is_empty() {
        faults.add(path, Code::TextEmpty, || "This must not be empty.".to_owned());
    }
    if let Some(control) = text.chars().find(|character| character.is_control()) {
        let point = u32::from(control);
        faults.add(path, Code::TextControl, || format!("This holds the control character U+{point:04X}; take it out."));
    }
    // Bytes are never fewer than characters, so most texts need no counting.
    if text.len() > most {
        let count = text.chars().count();
        if count > most {
            faults
                .add(path, Code::TextTooLong, || format!("This has {count} characters; {most} are allowed."))
                .received(&Value::from(text));
        }
    }
}

fn check_email(text: &mut String, path: &Path<'_>, faults: &mut Faults) {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
    if !is_email(text) {
        let message =
            || "This is no e-mail address that can be written to; one looks like name@example.org.".to_owned();
        faults.add(path, Code::EmailFormat, message).received(&Value::from(text.as_str()));
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let in_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(in_atom);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= EMAIL
        && local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && !domain.rsplit('.').next().is_some_and(is_number)
}

fn check_month(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if let Err(not_a_month) = text.parse::<YearMonth>() {
        let message = match not_a_month.code {
            Code::DateRange => "There is no such month here: months go from 01 to 12, years from 1900.",
            _ => "A month is written as YYYY-MM, such as 2023-01.",
        };
        let guess = year_month::guess(text);
        faults.add(path, not_a_month.code, || message.to_owned()).received(&Value::from(text)).suggest(guess);
    }
}

fn check_date(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if let Err(code) = Date::parse(text) {
        let message = match code {
            Code::DateRange => "There is no such day here: check the month and its length; years go from 1900.",
            _ => "A day is written as YYYY-MM-DD, such as 2023-01-31.",
        };
        faults.add(path, code, || message.to_owned()).received(&Value::from(text)).suggest(date::guess(text));
    }
}

fn check_year(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if let Err(code) = parse_year(text) {
        let message = match code {
            Code::DateRange => "Years go from 1900 to 9999.",
            _ => "A year is written as YYYY, such as 2023.",
        };
        let guess = date::guess_year(text);
        faults.add(path, code, || message.to_owned()).received(&Value::from(text)).suggest(guess);
    }
}

fn check_instant(text: &str, path: &Path<'_>, faults: &mut Faults) {
    if text.parse::<jiff::Timestamp>().is_err() {
        let message = || "A time is written as RFC 3339 asks, such as 2026-11-25T09:30:00Z.".to_owned();
        faults.add(path, Code::TimeFormat, message).received(&Value::from(text));
    }
}

pub(crate) fn check_choice(text: &str, choice: &Choice, path: &Path<'_>, faults: &mut Faults) {
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

/// The known name that is written almost like `name`, or like it but for case and separators.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 64 {
        return None;
    }
    let folded = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted = folded(name);
    known
        .map(|candidate| (strsim::osa_distance(&wanted, &folded(candidate)), candidate))
        // Of a short name, such as a country's code, nearly every other is a neighbour: nothing can be told from that.
        .filter(|(distance, candidate)| *distance <= if candidate.len() < 5 { 0 } else { candidate.len() / 4 + 1 })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_escaped() {
        let member = Path::Member(&Path::Root, "a/b~c");
        assert_eq!(Path::Item(&member, 3).pointer(), "/a~1b~0c/3");
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = || ["start_date", "end_date", "role_title", "organisation"].into_iter();
        for (name, nearest_name) in
            [("startDate", "start_date"), ("organization", "organisation"), ("role_titel", "role_title")]
        {
            assert_eq!(nearest(name, known()), Some(nearest_name));
        }
        assert_eq!(nearest("salary", known()), None);
    }

    #[test]
    fn addresses_are_those_that_can_be_written_to() {
        let long = format!("{}@example.org", "x".repeat(65));
        for (text, good) in [
            ("jane@example.org", true),
            ("  Jane.O'Hara+work@mail.example.co.nz ", true),
            ("jane@xn--bcher-kva.example", true),
            ("", false),
            ("jane", false),
            ("jane@", false),
            ("@example.org", false),
            ("jane@example", false),
            ("jane@192.0.2.1", false),
            ("jane@[192.0.2.1]", false),
            ("jane doe@example.org", false),
            ("\"jane\"@example.org", false),
            ("Jane <jane@example.org>", false),
            ("jane@example.org, eve@example.org", false),
            ("jane@example.org\r\nBcc: eve@example.org", false),
            ("jane..doe@example.org", false),
            ("jane@-example.org", false),
            ("jane@example..org", false),
            (&long, false),
        ] {
            let (mut value, mut faults) = (json!(text), Faults::default());
            Shape::Email.check(&mut value, &Path::Root, &mut faults);
            let found = faults.into_result(b"").err().unwrap_or_default();
            assert_eq!(found.is_empty(), good, "{text:?}");
            assert!(found.iter().all(|fault| fault.code == Code::EmailFormat));
            assert!(!good || value == json!(text.trim()));
        }
    }

    #[test]
    fn texts_are_trimmed_and_composed() {
        let mut value = json!("  Ame\u{301}lie  ");
        let mut faults = Faults::default();
        Shape::Text.check(&mut value, &Path::Root, &mut faults);
        assert_eq!(value, json!("Am\u{e9}lie"));
        assert!(faults.into_result(b"").is_ok());
    }
}
