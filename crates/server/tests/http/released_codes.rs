//! Compares the error codes with the baseline: none may be removed or renamed.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::app::TestApp;

/// The error codes beside the OpenAPI document, which says of them only that they are text.
const RELEASED_CODES: &str = include_str!("../fixtures/error-codes-released.json");

/// Checks that no released name was removed or renamed, and that the comparison notices it.
#[track_caller]
fn assert_all_kept(list: &str, mut current: BTreeSet<String>) {
    let codes: Value = serde_json::from_str(RELEASED_CODES).expect("the released codes are JSON");
    let names = codes[list].as_array().into_iter().flatten().filter_map(Value::as_str);
    let released: BTreeSet<String> = names.map(str::to_owned).collect();
    let removed = |current: &BTreeSet<String>| Vec::from_iter(released.difference(current).cloned());
    assert_eq!(removed(&current), Vec::<String>::new(), "{list}");
    let first = released.first().expect("a name").clone();
    current.remove(&first);
    current.insert(format!("{first}_renamed"));
    assert_eq!(removed(&current), [first], "{list}");
}

#[test]
fn field_error_codes_are_kept() {
    assert_all_kept("field_errors", credential::Code::ALL.iter().map(|code| code.as_str().to_owned()).collect());
}

#[tokio::test]
async fn problem_types_keep_their_names_and_statuses() {
    let test = TestApp::new().await;
    let page = test.text("/docs/errors").await;
    let entries = page.split("<div id=\"error-").skip(1).filter_map(|entry| entry.split_once("\"><dt>"));
    let named = entries.filter_map(|(name, text)| Some(format!("{} {name}", text.split(' ').next()?)));
    assert_all_kept("problems", named.collect());
}
