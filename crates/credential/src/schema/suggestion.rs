//! Suggestions for misspelled names.

use super::shape::Member;
use crate::json::{Members, Node};

/// Longest name that is compared.
const MAX_COMPARED: usize = 64;

/// Words that people use, without separators, and the fields that they mean.
const USED: [(&str, &str); 16] = [
    ("birthdate", "date_of_birth"),
    ("birthday", "date_of_birth"),
    ("dob", "date_of_birth"),
    ("company", "organisation"),
    ("employer", "organisation"),
    ("experience", "employment"),
    ("jobs", "employment"),
    ("positions", "employment"),
    ("job", "role_title"),
    ("position", "role_title"),
    ("role", "role_title"),
    ("from", "start_date"),
    ("to", "end_date"),
    ("until", "end_date"),
    ("mail", "email"),
    ("message", "reason"),
];

fn folded(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Returns the known name closest to `name`, ignoring case and separators, if it is close enough.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let wanted = folded(name);
    known
        .map(|candidate| (strsim::osa_distance(&wanted, &folded(candidate)), candidate))
        // Short names, such as country codes, are all close to each other, so only an exact match
        // is suggested.
        .filter(|(distance, candidate)| *distance <= if candidate.len() < 5 { 0 } else { candidate.len() / 4 + 1 })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the name among `members` that the unknown field `name` of `object` probably stands for:
/// the same but for case and separators, another word for an absent one, or the nearest.
pub(super) fn meant(name: &str, object: &Members<'_>, members: &[Member]) -> Option<&'static str> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let (wanted, word) = (folded(name), name.to_ascii_lowercase());
    let names = || members.iter().map(|member| member.name);
    if let Some(same) = names().find(|known| folded(known) == wanted) {
        return Some(same);
    }
    let absent: Vec<&'static str> =
        names().filter(|known| object.get(known).is_none_or(|value| matches!(value, Node::Null))).collect();
    let used = absent.iter().copied().find(|known| USED.iter().any(|(used, field)| *used == wanted && field == known));
    let sharing: Vec<&'static str> = absent.into_iter().filter(|known| shares_word(&word, known)).collect();
    match (used, sharing.as_slice()) {
        (Some(field), _) => Some(field),
        (None, [field]) => Some(*field),
        (None, []) => nearest(name, names()),
        // With several such names, none is better than a wrong one.
        (None, _) => None,
    }
}

/// Returns whether `word` is a word of the name `known`, its singular or plural, or `known` with
/// words before it: `title` and `role_title`, `id` and `ids`, `credential_id` and `id`.
fn shares_word(word: &str, known: &str) -> bool {
    let is_number_of = word.strip_suffix('s') == Some(known) || known.strip_suffix('s') == Some(word);
    let ends_in = word.strip_suffix(known).is_some_and(|rest| rest.ends_with(['_', '-', '.', ' ']));
    is_number_of || ends_in || known.split('_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::super::shape::{Presence, Shape};
    use super::*;

    #[test]
    fn only_similar_names_are_suggested() {
        let known = || ["start_date", "end_date", "role_title", "organisation"].into_iter();
        for (name, nearest_name) in
            [("startDate", "start_date"), ("organization", "organisation"), ("role_titel", "role_title")]
        {
            assert_eq!(nearest(name, known()), Some(nearest_name));
        }
        assert_eq!(nearest("salary", known()), None);
    }

    #[test]
    fn words_for_absent_fields_are_suggested() {
        let member = |name| Member {
            name,
            shape: Shape::Text,
            presence: Presence::Required,
            label: "",
            meaning: "",
            example: "",
        };
        let members = ["id", "ids", "full_name", "role_title", "start_date", "end_date", "organisation"].map(member);
        let found = |body: &str, name: &str| {
            let body = crate::json::parse(body.as_bytes()).expect("JSON");
            meant(name, body.as_object().expect("an object"), &members)
        };
        for (name, field) in [
            ("Id", "id"),
            ("name", "full_name"),
            ("title", "role_title"),
            ("Title", "role_title"),
            ("start", "start_date"),
            ("until", "end_date"),
            ("Employer", "organisation"),
            ("employee_full_name", "full_name"),
            ("role_titel", "role_title"),
        ] {
            assert_eq!(found("{}", name), Some(field), "{name}");
        }
        assert_eq!(found("{}", "date"), None, "it may be the start or the end");
        assert_eq!(found(r#"{"start_date": 1}"#, "date"), Some("end_date"));
        assert_eq!(found(r#"{"id": 1}"#, "credential_id"), None, "id is there");
        assert_eq!(found(r#"{"role_title": 1, "full_name": null}"#, "name"), Some("full_name"));
        for unknown in ["salary", "", "s", &"name".repeat(20)] {
            assert_eq!(found("{}", unknown), None, "{unknown:?}");
        }
    }
}
