//! Views of credentials with withheld claims.

use credential::{ALL, Block, DisplayValue, Shape, Type};
use serde_json::{Value, json};

/// Collects the JSON Pointers of everything in `value`.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, inner)| (name.clone(), inner)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, inner)| (index.to_string(), inner)).collect(),
        _ => Vec::new(),
    };
    for (name, inner) in inner {
        let place = format!("{at}/{name}");
        places(inner, &place, found);
        found.push(place);
    }
}

fn remove(fields: &mut Value, place: &str) {
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    match fields.pointer_mut(parent).expect("a place") {
        Value::Object(members) => assert!(members.remove(name).is_some(), "{place}"),
        Value::Array(items) => {
            items.remove(name.parse::<usize>().expect("an index"));
        }
        other => panic!("{place} is in {other}"),
    }
}

fn is_whole(text: &str) -> bool {
    let separators = [',', ';', ':', '(', '-', '/'];
    !text.is_empty()
        && text == text.trim()
        && !text.starts_with(separators)
        && !text.ends_with(separators)
        && ![" ,", ",,", " .", "  ", "()"].iter().any(|gap| text.contains(gap))
}

fn says_something(datum: &DisplayValue) -> bool {
    match datum {
        DisplayValue::Words(words) => is_whole(words),
        DisplayValue::Day(_) => true,
        DisplayValue::Nothing => false,
    }
}

fn block_says_something(block: &Block) -> bool {
    match block {
        Block::Facts(facts) => !facts.is_empty() && facts.iter().all(|(_, datum)| says_something(datum)),
        Block::Sentences(sentences) => !sentences.is_empty() && sentences.iter().all(|sentence| is_whole(sentence)),
        Block::Table { columns, rows, .. } => {
            !columns.is_empty() && !rows.is_empty() && rows.iter().all(|row| row.iter().any(says_something))
        }
        Block::Scale { bars, .. } => !bars.is_empty() && bars.iter().all(|(_, step)| is_whole(step)),
        Block::Career(history) => !history.employment.is_empty(),
    }
}

fn assert_whole(known: Type, fields: &Value) {
    let view = known.view(fields);
    assert!(view.iter().all(block_says_something), "{known}: {view:?} of {fields}");
}

fn fields_of(known: Type) -> Value {
    (known.sample)()["fields"].clone()
}

#[test]
fn withheld_fields_leave_no_empty_facts() {
    for known in ALL.iter().copied() {
        let whole = fields_of(known);
        assert_whole(known, &whole);
        assert!(known.view(&json!({})).is_empty(), "{known}");
        let names: Vec<&String> = whole.as_object().expect("an object").keys().collect();
        for shown in 0..1_u32 << names.len() {
            let mut fields = whole.clone();
            for (_, name) in names.iter().enumerate().filter(|(bit, _)| shown & (1_u32 << *bit) == 0) {
                remove(&mut fields, &format!("/{name}"));
            }
            assert_whole(known, &fields);
        }
    }
}

#[test]
fn withheld_parts_of_fields_leave_no_empty_facts() {
    for known in ALL.iter().copied() {
        let whole = fields_of(known);
        let mut found = Vec::new();
        places(&whole, "", &mut found);
        for place in &found {
            let mut fields = whole.clone();
            remove(&mut fields, place);
            assert_whole(known, &fields);
        }
    }
}

#[test]
fn labels_are_those_that_the_type_declares() {
    for known in ALL.iter().copied() {
        let mut declared = Vec::new();
        let mut left: Vec<&Shape> = Vec::new();
        for member in known.members() {
            declared.push(member.label);
            left.push(&member.shape);
        }
        while let Some(shape) = left.pop() {
            match shape {
                Shape::Object(members) => members.iter().for_each(|member| {
                    declared.push(member.label);
                    left.push(&member.shape);
                }),
                Shape::List { of, .. } => left.push(of),
                _ => {}
            }
        }
        for block in known.view(&fields_of(known)) {
            let labels: Vec<&str> = match block {
                Block::Facts(facts) => facts.into_iter().map(|(label, _)| label).collect(),
                Block::Table { caption, columns, .. } => columns.into_iter().chain([caption]).collect(),
                Block::Scale { caption, bars, .. } => {
                    bars.into_iter().map(|(label, _)| label).chain([caption]).collect()
                }
                Block::Sentences(_) | Block::Career(_) => Vec::new(),
            };
            for label in labels {
                assert!(!label.is_empty() && declared.contains(&label), "{known}: {label:?} is not in {declared:?}");
            }
        }
    }
}

#[test]
fn facts_of_several_fields_show_those_that_are_there() {
    let facts = |name: &str, fields: Value| {
        let known: Type = name.parse().expect("a type");
        match known.view(&fields).as_slice() {
            [Block::Facts(facts)] => facts.clone(),
            other => panic!("{name}: {other:?}"),
        }
    };
    let words = |text: &str| DisplayValue::Words(text.to_owned());
    let licence = json!({ "full_name": "John Doe", "credential_name": "Electrical Work Licence" });
    assert_eq!(facts("universal_credential", licence), [("Credential", words("Electrical Work Licence"))]);
    let test = |overall: Value| {
        let fields = json!({ "test_name": "Example English Test", "test_scores": { "overall": overall } });
        let facts = facts("english_proficiency", fields);
        facts.into_iter().find(|(label, _)| *label == "Overall result").map(|(_, datum)| datum)
    };
    for (overall, expected) in [
        (json!({ "score": "7.5", "scale": "0-9" }), Some("7.5 on the scale 0-9")),
        (json!({ "score": 112, "scale": 120 }), Some("112 on the scale 120")),
        (json!({ "score": "7.5" }), Some("7.5")),
        (json!({ "scale": "0-9" }), None),
        (json!(null), None),
    ] {
        assert_eq!(test(overall), expected.map(words));
    }
}
