//! JSON of wallets.

use credential::parse_limited;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Parses JSON in which a member of an object that is null means the same as a missing one.
///
/// Wallets whose language has optional members write them as null, although OpenID4VCI and
/// OpenID4VP only know members that are present or absent (D-251).
///
/// # Errors
/// `text` is not JSON, has too many values ([`credential::MAX_OTHER_VALUES`]), or is not of this
/// type.
pub fn parse_without_nulls<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    let mut value: Value = parse_limited(text)?;
    remove_nulls(&mut value);
    serde_json::from_value(value)
}

/// Removes null members. The depth is limited by the parser.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use credential::MAX_OTHER_VALUES;
    use serde_json::json;

    use super::*;

    #[test]
    fn null_members_are_absent_at_every_depth() {
        let text = br#"{"a": null, "b": {"c": null, "d": 0}, "e": [null, {"f": null}], "g": false}"#;
        let parsed: Value = parse_without_nulls(text).expect("JSON");
        assert_eq!(parsed, json!({ "b": { "d": 0 }, "e": [null, {}], "g": false }));
        assert!(parse_without_nulls::<serde_json::Map<String, Value>>(b"[]").is_err(), "another type");
        assert!(parse_without_nulls::<Value>(b"{").is_err());
    }

    #[test]
    fn values_of_wallets_are_limited() {
        let list = |items: usize| format!("[{}{{}}]", "{},".repeat(items - 1));
        assert!(parse_without_nulls::<Value>(list(MAX_OTHER_VALUES - 1).as_bytes()).is_ok());
        assert!(parse_without_nulls::<Value>(list(MAX_OTHER_VALUES).as_bytes()).is_err());
    }
}
