//! Shows the first people as they will be pushed, before anything is sent.

use serde_json::{Map, Value};

use crate::entry::Entry;
use crate::printable::printable;

/// Maximum number of jobs that are shown for a person.
const JOBS: usize = 4;

/// Formats credentials, one after the other.
pub fn preview(entries: &[Entry]) -> String {
    entries.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn shown(entry: &Entry) -> String {
    let body: Value = serde_json::from_slice(&entry.body).unwrap_or_default();
    let empty = Map::new();
    let fields = body["fields"].as_object().unwrap_or(&empty);
    let person = if entry.person.is_empty() { &entry.credential_id } else { &entry.person };
    let mut lines = Vec::new();
    let facts: Vec<String> = fields.iter().filter_map(|(name, value)| fact(name, value)).collect();
    lines.push(format!("  {}: {}", printable(person), printable(&facts.join(", "))));
    for list in fields.values().filter_map(Value::as_array) {
        let jobs: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
        lines.extend(jobs.iter().take(JOBS).map(|job| format!("    {}", printable(&line(job)))));
        if jobs.len() > JOBS {
            lines.push(format!("    and {} more", jobs.len() - JOBS));
        }
    }
    lines.join("\n")
}

/// Returns one fact about a person. The name is its own label.
fn fact(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) if name == "full_name" => Some(text.clone()),
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Bool(is) => Some(format!("{name} {is}")),
        Value::Number(number) => Some(format!("{name} {number}")),
        _ => None,
    }
}

/// Returns a job as one line. It says whether the person is still employed.
fn line(job: &Map<String, Value>) -> String {
    let text = |name: &str| job.get(name).and_then(Value::as_str);
    let what: Vec<&str> = ["role_title", "role_classification", "organisation"].into_iter().filter_map(text).collect();
    let start = text("start_date").unwrap_or_default();
    let until = match (text("end_date"), text("last_processed_month")) {
        (Some(end), _) => format!("to {end}"),
        (None, Some(month)) => format!("and still employed in {month}"),
        (None, None) => "and still employed".to_owned(),
    };
    format!("{}: from {start} {until}", what.join(", "))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use credential::Type;
    use serde_json::json;

    use super::*;
    use crate::entry::Notes;

    #[test]
    fn people_are_shown_as_they_will_be_pushed() {
        let job = |end: Option<&str>| {
            json!({ "organisation": "A", "role_title": "Clerk", "start_date": "2019-04", "end_date": end,
                "last_processed_month": "2026-10" })
        };
        let fields = json!({ "full_name": "Ada \u{1b}Example", "employment": [job(Some("2020-03")), job(None)] });
        let entry = Entry {
            line: 2,
            person: "1001".to_owned(),
            credential_id: "c-1".to_owned(),
            credential_type: Type::default(),
            is_update: false,
            body: Bytes::from(json!({ "credential_id": "c-1", "fields": fields }).to_string()),
            notes: Notes::default(),
        };
        let expected = "  1001: Ada \u{fffd}Example\n    Clerk, A: from 2019-04 to 2020-03\n    \
                        Clerk, A: from 2019-04 and still employed in 2026-10";
        assert_eq!(preview(&[entry]), expected);
    }
}
