//! The details of a credential in words: a label and a readable value, as forms, results and the
//! sharing history show them.

use credential::{DisplayValue, Employment, Member, Shape, Type, YearMonth};
use serde::Deserialize;
use serde_json::Value;

use super::career;
use crate::i18n::{Text, isolated, isolated_text, line_html};
use store::domain::share::Part;

/// The texts of a list: keys for how much of it is chosen, for how many entries are not shown and
/// for none being shown, and the description of an entry.
#[derive(Debug)]
pub(super) struct ListWords {
    list: &'static str,
    pub(super) all: &'static str,
    pub(super) some: &'static str,
    pub(super) none: &'static str,
    pub(super) not_shown: &'static str,
    pub(super) not_shown_at_most: &'static str,
    pub(super) none_shown: &'static str,
    /// Describes an entry; `None` if it is not an entry of such a list.
    entry: fn(&Text, &Value) -> Option<String>,
}

const LISTS: [ListWords; 1] = [ListWords {
    list: "employment",
    all: "selection-all-employment",
    some: "selection-some-employment",
    none: "selection-none-employment",
    not_shown: "not-shown-employment",
    not_shown_at_most: "not-shown-employment-at-most",
    none_shown: "none-shown-employment",
    entry: job,
}];

impl ListWords {
    /// Returns the texts for the list field `list` of a type.
    pub(super) fn of(list: &str) -> Option<&'static Self> {
        LISTS.iter().find(|words| words.list == list)
    }
}

fn job(text: &Text, entry: &Value) -> Option<String> {
    let employment = Employment::deserialize(entry).ok()?;
    Some(career::in_one_line(text, &employment))
}

/// Returns `part` in words: its label and its value. A boolean and an entry of a list have no
/// label, because their value describes itself. Names that could reorder the words around them are
/// isolated.
pub(super) fn detail(text: &Text, known: Type, part: &Part) -> String {
    let value = value(text, known, part);
    match label(part) {
        Some(label) => text.with("detail", &[("label", label), ("value", &value)]),
        None => value,
    }
}

/// Returns [`detail`] as HTML, in which no value reorders the words around it.
pub(super) fn detail_html(text: &Text, known: Type, part: &Part) -> String {
    let value = value(text, known, part);
    let is_composed = part.value.is_array() || part.value.is_object();
    let value = if is_composed { line_html(&value) } else { isolated(&value) };
    match label(part) {
        Some(label) => text.with_markup("detail", &[("label", line_html(label)), ("value", value)]),
        None => value,
    }
}

fn label(part: &Part) -> Option<&'static str> {
    part.label.filter(|_| !part.value.is_boolean())
}

/// Returns the value of `part` in words.
fn value(text: &Text, known: Type, part: &Part) -> String {
    if !part.entries.is_empty() {
        return part.entries.iter().map(|entry| value(text, known, entry)).collect::<Vec<_>>().join("; ");
    }
    let entry = ListWords::of(part.member).and_then(|list| (list.entry)(text, &part.value));
    entry.unwrap_or_else(|| words(text, known, (part.member, part.shape), &part.value))
}

/// Returns the value of a member with this name and shape in words.
fn words(text: &Text, known: Type, (name, shape): (&str, &Shape), value: &Value) -> String {
    if let Some(words) = (known.words)(name, value) {
        return words;
    }
    match (shape, value) {
        (_, Value::Null) => String::new(),
        (Shape::Object(members), Value::Object(_)) => {
            let labelled = labelled(text, known, members, value);
            joined(labelled.map(|(member, words)| group(text, member.label, &value[member.name], &words)))
        }
        (Shape::List { of: Shape::Object(members), .. }, Value::Array(items)) => {
            joined(items.iter().map(|item| row(text, known, members, item)))
        }
        (Shape::List { of, .. }, Value::Array(items)) => {
            joined(items.iter().map(|item| words(text, known, (name, of), item)))
        }
        (Shape::YearMonth, Value::String(month)) => {
            month.parse::<YearMonth>().map_or_else(|_| isolated_text(month), |month| text.short_month(month))
        }
        (_, value) => isolated_text(&text.datum(&DisplayValue::of(value))),
    }
}

/// Returns the members of `object` that have a value, each with its value in words.
fn labelled<'a>(
    text: &'a Text,
    known: Type,
    members: &'a [Member],
    object: &'a Value,
) -> impl Iterator<Item = (&'a Member, String)> {
    let said = move |member: &'a Member| {
        let words = words(text, known, (member.name, &member.shape), &object[member.name]);
        (!words.is_empty()).then_some((member, words))
    };
    members.iter().filter_map(said)
}

/// Returns an item of a list, like "Statistics (Code: STA110, Grade: D)" or "Reading: 8.0".
fn row(text: &Text, known: Type, members: &[Member], item: &Value) -> String {
    let mut said = labelled(text, known, members, item);
    let Some((_, first)) = said.next() else { return String::new() };
    let rest: Vec<(&Member, String)> = said.collect();
    match rest.as_slice() {
        [] => first,
        [(_, only)] => text.with("detail", &[("label", &first), ("value", only)]),
        rest => {
            let rest = joined(rest.iter().map(|(member, words)| group(text, member.label, &Value::Null, words)));
            text.with("detail-group", &[("label", &first), ("value", &rest)])
        }
    }
}

/// Returns a label with `words`, in parentheses if the `value` that they describe has several
/// parts.
fn group(text: &Text, label: &str, value: &Value, words: &str) -> String {
    let key = if value.is_object() || value.is_array() { "detail-group" } else { "detail" };
    text.with(key, &[("label", label), ("value", words)])
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use credential::Payload;
    use serde_json::json;

    use super::*;
    use store::domain::share::{fixed_parts, parts};

    /// Returns every detail of the sample of the type `name` with these fields changed.
    fn details(name: &str, change: &Value) -> Vec<String> {
        let known: Type = name.parse().expect("a type");
        let mut fields = (known.sample)()["fields"].clone();
        fields.as_object_mut().expect("fields").extend(change.as_object().expect("a change").clone());
        let payload = Payload { fields, partner_chain: vec!["Parent".to_owned()], ..Payload::default() };
        let all = [fixed_parts(known, &payload), parts(known, &payload)].concat();
        all.iter().map(|part| detail(&Text::default(), known, part)).collect()
    }

    #[test]
    fn values_are_formatted_as_in_the_wallet() {
        for (name, change, expected) in [
            ("education", json!({}), "University or school: University of Example"),
            ("education", json!({}), "Year awarded: 2022"),
            ("education", json!({}), "Already awarded"),
            ("education", json!({ "with_honours": false }), "Without honours"),
            ("education", json!({ "majors": ["Finance", "Law"] }), "Majors: Finance, Law"),
            ("career_history", json!({}), "Full name: John Doe"),
            ("career_history", json!({}), "Sent via: Parent"),
            ("right_to_work", json!({}), "Country: Singapore"),
            (
                "right_to_work",
                json!({ "singapore_work_rights": "pass_holder" }),
                "Status in Singapore: Holder of a work pass",
            ),
            ("digital_identity", json!({}), "Date of birth: 30 April 1990"),
            ("digital_identity", json!({}), "Presence check: The person attended in person."),
            (
                "universal_credential",
                json!({ "credential_category": "background_check" }),
                "Category: Background check",
            ),
            (
                "universal_credential",
                json!({}),
                "Details: Allows: Low-voltage installations, Speciality (Solar installations), Completed: 31 May 2023, Country: Australia, State: Queensland",
            ),
            ("english_proficiency", json!({}), "Expiry date: 14 June 2027"),
            (
                "english_proficiency",
                json!({}),
                "Test scores: CEFR levels (All skills: C1, Reading: C1, Listening: C1, Speaking: B2, Writing: B2+), Overall result (7.5 on the scale 0-9), Results by skill (Reading: 8.0, Listening: 8.0, Speaking: 6.5, Writing: 7.0)",
            ),
            (
                "education",
                json!({}),
                "Subjects and results: Overall (Issued: 15 December 2022, Result: 6.2), Subjects (Corporate Finance (Code: FIN201, Grade: HD, Completed: 30 November 2021, Credit points: 6, Score: 87), Business Statistics (Code: STA110, Grade: D, Completed: 2020, Credit points: 6))",
            ),
        ] {
            let said = details(name, &change);
            assert!(said.iter().any(|said| said == expected), "{name}: {expected:?} is not in {said:#?}");
        }
    }

    #[test]
    fn jobs_are_described_in_one_line() {
        let job = |start: &str, end: Option<&str>, last: &str| {
            let job = json!({ "organisation": "Company A", "role_title": "Baker", "start_date": start, "end_date": end, "last_processed_month": last });
            details("career_history", &json!({ "employment": [job] })).remove(1)
        };
        let ended = details("career_history", &json!({})).remove(1);
        let expected = "Jobs: Senior Software Engineer, Company B, Feb 2023 to present (confirmed to May 2024); \
                        Associate Software Engineer, Company A, Jan 2020 to Dec 2022";
        assert_eq!(ended, expected);
        assert_eq!(job("2020-01", Some("2020-01"), "2020-02"), "Jobs: Baker, Company A, Jan 2020");
        assert_eq!(
            job("2026-01", Some("2050-12"), "2026-06"),
            "Jobs: Baker, Company A, Jan 2026 to Dec 2050 as planned (confirmed to Jun 2026)"
        );
        assert_eq!(job("2027-02", None, "2026-11"), "Jobs: Baker, Company A, planned from Feb 2027, not confirmed yet");
    }

    #[test]
    fn no_detail_of_any_type_shows_keys_or_machine_values() {
        for known in credential::ALL {
            for said in details(known.name(), &json!({})) {
                let is_raw = said.contains(['_', '{', '"']) || said.contains("true") || said.contains("false");
                assert!(!is_raw, "{known}: {said}");
                // Months and days are in words, not in the format of the API.
                let is_date = |text: &[u8]| text[0] == b'-' && text[1..].iter().all(u8::is_ascii_digit);
                assert!(!said.as_bytes().windows(3).any(is_date), "{known}: {said}");
            }
        }
    }

    #[test]
    fn values_are_isolated_and_escaped_in_html() {
        let known = Type::default();
        let mut fields = (known.sample)()["fields"].clone();
        fields["full_name"] = json!("<منى>");
        let fixed = fixed_parts(known, &Payload { fields, ..Payload::default() });
        assert_eq!(detail_html(&Text::default(), known, &fixed[0]), "Full name: <bdi>&lt;منى&gt;</bdi>");
    }

    #[test]
    fn lines_isolate_each_name_and_keep_their_direction() {
        let known = Type::default();
        let mut fields = (known.sample)()["fields"].clone();
        fields["employment"][0]["role_title"] = json!("مهندسة");
        fields["employment"][0]["organisation"] = json!("شركة Ltd.");
        let partner_chain = vec!["مكتب".to_owned(), "Child".to_owned()];
        let payload = Payload { fields, partner_chain, ..Payload::default() };
        let parts = parts(known, &payload);
        let html = |part: &Part| detail_html(&Text::default(), known, part);
        let entry = parts[0].entries.iter().find(|entry| entry.place == "/employment/0").expect("the first job");
        assert_eq!(html(entry), "<bdi>مهندسة</bdi>, <bdi>شركة Ltd.</bdi>, Jan 2020 to Dec 2022");
        assert_eq!(parts.iter().map(html).next_back().as_deref(), Some("Sent via: <bdi>مكتب</bdi>, Child"));
        let said = detail(&Text::default(), known, entry);
        assert_eq!(said, "\u{2068}مهندسة\u{2069}, \u{2068}شركة Ltd.\u{2069}, Jan 2020 to Dec 2022");
    }

    #[test]
    fn every_list_of_every_type_has_its_words() {
        for list in credential::ALL.iter().flat_map(|known| known.lists()) {
            assert!(ListWords::of(list).is_some(), "{list}");
        }
    }
}
