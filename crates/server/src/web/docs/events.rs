//! The events of webhooks with example bodies, and when a delivery is repeated.

use credential::EVENT_TYPES;
use serde_json::{Value, json};
use store::domain::webhook::RETRIES;

use crate::i18n::Text;

/// The type of a test event.
const TEST: &str = "tenure.test";

/// An event type.
#[derive(Debug)]
pub struct Event {
    /// The value of `type`.
    pub name: &'static str,
    /// The key of the text that says when it is sent.
    pub meaning: &'static str,
    /// An example body.
    pub body: String,
}

/// A repetition of a delivery.
#[derive(Debug)]
pub struct Retry {
    pub number: i64,
    /// The longest wait before it.
    pub wait: String,
}

/// Returns the text key of an event type. Empty for an unknown one.
fn meaning(name: &str) -> &'static str {
    match name {
        "vwsp_request.verified" => "docs-event-vwsp-verified",
        "vwsp_request.canceled" => "docs-event-vwsp-canceled",
        "atsp_request.created" => "docs-event-created",
        "atsp_request.opened" => "docs-event-opened",
        "atsp_request.signed_in" => "docs-event-signed-in",
        "atsp_request.verified" => "docs-event-verified",
        "atsp_request.canceled" => "docs-event-canceled",
        "atsp_request.notify_failed" => "docs-event-notify-failed",
        TEST => "docs-event-test",
        _ => "",
    }
}

/// Returns every event type.
pub fn events(document: &Value) -> Vec<Event> {
    let names = EVENT_TYPES.values.iter().copied().chain([TEST]);
    let event = |name| Event {
        name,
        meaning: meaning(name),
        body: serde_json::to_string_pretty(&documented(document, name).unwrap_or_else(|| body(name)))
            .unwrap_or_default(),
    };
    names.map(event).collect()
}

/// Returns the example of an event in the document's `webhooks`.
fn documented(document: &Value, name: &str) -> Option<Value> {
    let operations = document["webhooks"].as_object()?.values().filter_map(|item| item.get("post"));
    let bodies = operations.map(|operation| &operation["requestBody"]["content"]["application/json"]);
    let examples = bodies.flat_map(|body| {
        let named = body["examples"].as_object().into_iter().flatten().filter_map(|(_, named)| named.get("value"));
        body.get("example").into_iter().chain(named)
    });
    examples.into_iter().find(|example| example["type"] == name).cloned()
}

/// Returns an example of an event's body.
fn body(name: &str) -> Value {
    let mut body = json!({
        "event_id": "0192f0c1-9b01-7c44-8d5e-2f3a4b5c6d7e",
        "request_id": if name.starts_with("vwsp") { "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21" } else { "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70" },
        "type": name,
        "created_at": "2026-11-23T09:09:30Z",
    });
    if name.starts_with("atsp") {
        body["credential_id"] = json!("fa651300-b91a-49cb-8ee7-cac68b3fdf74");
    }
    if name.ends_with(".canceled") {
        body["reason"] = json!("declined");
    }
    body
}

/// Returns the retries until the wait no longer grows.
pub fn retries() -> Vec<Retry> {
    let numbers = 1..;
    let growing = numbers.take_while(|number| *number == 1 || RETRIES.wait(*number - 1) < RETRIES.longest);
    growing.map(|number| Retry { number, wait: in_words(RETRIES.wait(number).as_secs()) }).collect()
}

/// Returns a time in words, like "1 min 20 s".
fn in_words(seconds: u64) -> String {
    let text = Text::default();
    let [hours, minutes, seconds] = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(|part| part.to_string());
    match (hours.as_str(), minutes.as_str()) {
        ("0", "0") => text.with("docs-seconds", &[("seconds", &seconds)]),
        ("0", minutes) => text.with("docs-minutes", &[("minutes", minutes), ("seconds", &seconds)]),
        (hours, minutes) => text.with("docs-hours", &[("hours", hours), ("minutes", minutes)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_type_is_described() {
        for event in events(&Value::Null) {
            assert!(!event.meaning.is_empty(), "{}", event.name);
            assert!(event.body.contains(event.name));
        }
    }

    #[test]
    fn examples_of_the_document_are_preferred() {
        let content = json!({ "examples": { "one": { "value": { "type": "atsp_request.opened", "mark": 1 } } } });
        let document = json!({ "webhooks": { "x": { "post": { "requestBody": { "content": { "application/json": content } } } } } });
        let events = events(&document);
        let bodies: Vec<&str> =
            events.iter().filter(|event| event.body.contains("mark")).map(|event| event.name).collect();
        assert_eq!(bodies, ["atsp_request.opened"]);
    }

    #[test]
    fn retries_end_with_the_longest_wait() {
        let waits: Vec<String> = retries().into_iter().map(|retry| retry.wait).collect();
        assert_eq!(waits.first().map(String::as_str), Some("10 s"));
        assert_eq!(waits.get(3).map(String::as_str), Some("1 min 20 s"));
        assert_eq!(waits.last().map(String::as_str), Some("4 h 0 min"));
        assert_eq!(waits.len(), 12);
    }
}
