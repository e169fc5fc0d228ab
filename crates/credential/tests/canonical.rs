//! Payloads are compared byte by byte with those stored by earlier releases, so their form must
//! never change. The reference is a tree of serde_json, which sorts objects by name.

use credential::{ALL, AssetKind, AssetRecord, Context, Member, Payload, Presence, Shape, Submission, Type};
use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;

/// A source of decisions that proptest can shrink.
struct ShrinkableRng(std::iter::Cycle<std::vec::IntoIter<u8>>);

impl ShrinkableRng {
    /// Returns true in about one of so many calls.
    fn once_in(&mut self, calls: u8) -> bool {
        self.0.next().is_some_and(|byte| byte.is_multiple_of(calls))
    }
}

/// Calls `change` with every value that has a shape, the innermost first.
fn each_shaped(value: &mut Value, shape: &Shape, change: &mut impl FnMut(&mut Value, &Shape)) {
    match (shape, &mut *value) {
        (Shape::Object(members), Value::Object(_)) => members.iter().for_each(|member| {
            if let Some(inner) = value.get_mut(member.name) {
                each_shaped(inner, &member.shape, change);
            }
        }),
        (Shape::List { of, .. }, Value::Array(items)) => {
            items.iter_mut().for_each(|item| each_shaped(item, of, change));
        }
        _ => {}
    }
    change(value, shape);
}

/// Brings a valid value into its normal form.
fn normalize(value: &mut Value, shape: &Shape) {
    match (shape, &mut *value) {
        (Shape::Text | Shape::TextOrNumber, Value::String(text)) => *text = text.trim().nfc().collect(),
        (Shape::TextOrNumber, Value::Number(number)) => *value = Value::String(number.to_string()),
        (Shape::Object(members), Value::Object(object)) => {
            object.retain(|name, value| !(value.is_null() && is_nullable(members, name)));
        }
        _ => {}
    }
}

fn is_nullable(members: &[Member], name: &str) -> bool {
    members.iter().any(|member| member.name == name && member.presence == Presence::Nullable)
}

/// Changes a valid value to another one.
fn vary(value: &mut Value, shape: &Shape, rng: &mut ShrinkableRng) {
    match (shape, &mut *value) {
        // Categories are texts of a list.
        (Shape::Text, Value::String(text)) if text != "licence" && rng.once_in(3) => {
            text.push_str(" e\u{301}\u{1f600}\"\\/");
        }
        (Shape::TextOrNumber, _) if rng.once_in(3) => {
            *value = if rng.once_in(2) { json!(7) } else { json!(1e21) };
        }
        (Shape::Object(members), Value::Object(object)) => {
            for member in members.iter().filter(|member| member.presence == Presence::Nullable) {
                if !object.contains_key(member.name) && rng.once_in(3) {
                    object.insert(member.name.to_owned(), Value::Null);
                }
            }
        }
        _ => {}
    }
    if let (Shape::Text, Value::String(text)) = (shape, value)
        && rng.once_in(3)
    {
        *text = format!(" \u{a0}{text}\u{3000}\t");
    }
}

/// Writes JSON with members in any order, escapes and white space.
fn write(value: &Value, rng: &mut ShrinkableRng, out: &mut String) {
    if rng.once_in(4) {
        out.push_str(" \r\n\t");
    }
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            let middle = if rng.once_in(2) { members.len() / 2 } else { 0 };
            members.rotate_left(middle);
            if rng.once_in(2) {
                members.reverse();
            }
            for (at, (name, value)) in members.into_iter().enumerate() {
                out.push(if at == 0 { '{' } else { ',' });
                write_text(name, rng, out);
                out.push_str(if rng.once_in(4) { " :" } else { ":" });
                write(value, rng, out);
            }
            out.push_str(if object.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write(item, rng, out);
            }
            out.push(']');
        }
        Value::String(text) => write_text(text, rng, out),
        other => out.push_str(&other.to_string()),
    }
}

fn write_text(text: &str, rng: &mut ShrinkableRng, out: &mut String) {
    let has_escapes = rng.once_in(4);
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '\t') || has_escapes && rng.once_in(3) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

/// Returns a varied sample, and the payload that it must have.
fn varied(known: Type, rng: &mut ShrinkableRng) -> (Value, Payload) {
    let mut body = (known.sample)();
    let shape = Shape::Object(known.fields);
    each_shaped(&mut body["fields"], &shape, &mut |value, shape| vary(value, shape, rng));
    let mut payload = Payload::default();
    if rng.once_in(2) {
        body["partner_chain"] = json!([{ "name": " A\u{30a} " }, { "name": "Z\"" }]);
        payload.partner_chain = vec!["\u{c5}".to_owned(), "Z\"".to_owned()];
    }
    if rng.once_in(2) {
        body["replaces"] = json!("e\u{e9} \\1");
        payload.replaces = Some("e\u{e9} \\1".to_owned());
    }
    body["assets"] = Value::Null;
    if known.assets.most > 0 && rng.once_in(2) {
        body["assets"] = json!([{ "asset_id": "a", "asset_type": "pdf", "asset_data": "https://example.edu" }]);
        let source = Some("https://example.edu/".to_owned());
        payload.assets = vec![AssetRecord { asset_id: "a".to_owned(), asset_type: AssetKind::Pdf, source }];
    }
    payload.fields = body["fields"].clone();
    each_shaped(&mut payload.fields, &shape, &mut normalize);
    (body, payload)
}

proptest! {
    #[test]
    fn payloads_equal_a_sorted_tree(known in 0..ALL.len(), noise in proptest::collection::vec(any::<u8>(), 1..300)) {
        let mut rng = ShrinkableRng(noise.into_iter().cycle());
        let (body, expected) = varied(ALL[known], &mut rng);
        let mut source = String::new();
        write(&body, &mut rng, &mut source);
        prop_assert_eq!(&serde_json::from_str::<Value>(&source).expect("JSON"), &body);
        let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
        let submission = Submission::parse_v2(ALL[known], source.as_bytes(), &context);
        let submission = submission.map_err(|error| TestCaseError::fail(format!("{error:?}: {source}")))?;
        let payload = String::from_utf8(submission.payload()).expect("UTF-8");
        prop_assert_eq!(payload, serde_json::to_string(&expected).expect("JSON"));
        prop_assert_eq!(submission.fields(), expected.fields);
    }
}
