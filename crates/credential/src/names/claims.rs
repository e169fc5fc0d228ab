//! The name of a person in the claims of a credential.

use serde_json::{Map, Value};

use crate::schema::is_bidi_control;

/// Returns the full name in the claims of a credential: `full_name`, or `given_name` and
/// `family_name` together. One of the two may be empty, because some people have only one name.
/// Control characters and those that change the direction of text are removed; pushes with them are
/// rejected, but other issuers may sign them.
pub fn name_in(claims: &Map<String, Value>) -> Option<String> {
    let is_plain = |character: &char| !character.is_control() && !is_bidi_control(*character);
    let plain = |text: &str| text.chars().filter(is_plain).collect::<String>().trim().to_owned();
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(plain);
    let name = match text("full_name") {
        Some(full) => full,
        None => format!("{} {}", text("given_name")?, text("family_name")?),
    };
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_whole_or_in_two_parts() {
        for (claims, name) in [
            (
                json!({ "full_name": "Ada Marker-Lovelace", "given_name": "A.", "family_name": "B." }),
                "Ada Marker-Lovelace",
            ),
            (json!({ "given_name": "Ada", "family_name": "Marker-Lovelace" }), "Ada Marker-Lovelace"),
            (json!({ "given_name": "", "family_name": "Suharjo" }), "Suharjo"),
            (json!({ "family_name": "Suharjo" }), ""),
            (json!({ "given_name": " ", "family_name": "" }), ""),
            (json!({ "given_name": "Ad\u{202e}a\n", "family_name": "\u{2066}Lovelace" }), "Ada Lovelace"),
            (json!({ "full_name": "\u{202e}" }), ""),
            (json!({ "given_name": 1, "family_name": "Suharjo" }), ""),
            (json!({}), ""),
        ] {
            let found = claims.as_object().and_then(name_in);
            assert_eq!(found.as_deref().unwrap_or_default(), name, "{claims}");
        }
    }
}
