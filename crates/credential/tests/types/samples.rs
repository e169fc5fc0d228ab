//! Changes to the samples of the credential types, and how the results are checked.

use credential::{Context, ParseError, Submission, Type};
use serde_json::Value;

pub fn context() -> Context<'static> {
    Context::new("2026-11-23T09:00:00Z".parse().expect("a time"))
}

/// A change to a sample: a value to set at a pointer, or a member to remove.
pub enum Change {
    Put(&'static str, Value),
    Take(&'static str),
}
pub use Change::{Put, Take};

pub fn changed(known: Type, changes: &[Change]) -> Value {
    let mut body = (known.sample)();
    for change in changes {
        let (Put(pointer, _) | Take(pointer)) = change;
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = body.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} has no parent"));
        match (parent, change) {
            (Value::Array(items), Put(_, value)) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            (parent, Put(_, value)) => parent[name] = value.clone(),
            (parent, Take(_)) => {
                assert!(parent.as_object_mut().expect("an object").remove(name).is_some(), "{pointer}");
            }
        }
    }
    body
}

pub fn parse(known: Type, body: &Value) -> Result<Submission, ParseError> {
    Submission::parse_v2(known, body.to_string().as_bytes(), &context())
}

pub fn check(name: &str, taken: &[(&str, Vec<Change>)], refused: Vec<(Vec<Change>, &str, &str)>) {
    let known: Type = name.parse().expect("a known type");
    assert!(taken.len() >= 5 && refused.len() >= 15, "{name}: {} taken, {} refused", taken.len(), refused.len());
    for (what, changes) in taken {
        let body = changed(known, changes);
        let submission = parse(known, &body).unwrap_or_else(|refusal| panic!("{name}, {what}: {refusal:?}"));
        assert!(!known.headline(&submission.fields()).is_empty() && !known.view(&submission.fields()).is_empty());
    }
    for (changes, pointer, code) in refused {
        let body = changed(known, &changes);
        let Err(ParseError::Invalid(field_errors)) = parse(known, &body) else { panic!("{name}: taken: {body}") };
        let found: Vec<_> =
            field_errors.iter().map(|field_error| (field_error.pointer.as_str(), field_error.code.as_str())).collect();
        assert_eq!(found, [(pointer, code)], "{name}: {body}");
        assert!(body.pointer(pointer).is_some(), "{pointer} must resolve in {body}");
        assert!(
            field_errors[0].message.ends_with(['.', '?']) && field_errors[0].message.len() > 20,
            "{}",
            field_errors[0].message
        );
    }
}
