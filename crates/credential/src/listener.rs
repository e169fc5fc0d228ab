//! Listeners: parses bodies of the requests of `tenure listen` (docs/partner-api.md section 11).

use crate::field_error::{Code, FieldErrors};
use crate::json::{Members, Node};
use crate::pointer::Path;
use crate::schema::{Choice, Member, Presence, Shape, check_object};
use crate::submission::{ParseError, object, text};
use crate::webhook::EVENT_TYPES;

/// Longest duration of an attempt that a result may have, in milliseconds.
const LONGEST: u32 = 3_600_000;

/// The result of forwarding one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerResult {
    /// The event's id.
    pub event_id: String,
    /// The receiver's status, or why there was no response: `unreachable` or `timed_out`.
    pub outcome: Result<u16, String>,
    /// Duration in milliseconds.
    pub duration_ms: u32,
}

const NEW: &[Member] = &[Member {
    name: "events",
    shape: Shape::List { of: &Shape::Choice(EVENT_TYPES), least: 1, most: 20 },
    presence: Presence::Nullable,
    label: "",
    meaning: "The event types to receive.",
    example: r#"["vwsp_request.verified"]"#,
}];

const RESULT: &[Member] = &[
    Member {
        name: "event_id",
        shape: Shape::Identifier { most: 64 },
        presence: Presence::Required,
        label: "",
        meaning: "The event's id.",
        example: r#""0192f0c1-7a11-8d02-9c55-1f2e3d4c5b6a""#,
    },
    Member {
        name: "status",
        shape: Shape::TextOrNumber,
        presence: Presence::Nullable,
        label: "",
        meaning: "The HTTP status of the receiver.",
        example: "204",
    },
    Member {
        name: "error",
        shape: Shape::Choice(&Choice { called: "a reason", values: &["unreachable", "timed_out"] }),
        presence: Presence::Nullable,
        label: "",
        meaning: "The reason why there was no response.",
        example: r#""unreachable""#,
    },
    Member {
        name: "duration_ms",
        shape: Shape::TextOrNumber,
        presence: Presence::Required,
        label: "",
        meaning: "The duration in milliseconds.",
        example: "12",
    },
];

const POLL: &[Member] = &[Member {
    name: "results",
    shape: Shape::List { of: &Shape::Object(RESULT), least: 0, most: 100 },
    presence: Presence::Nullable,
    label: "",
    meaning: "The results of events that were fetched before.",
    example: "[]",
}];

/// Parses the body of a new listener, `{ "events"? }`. Returns the event types, each once; `None`
/// if the body names none.
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_listener(body: &[u8]) -> Result<Option<Vec<String>>, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, NEW, &Path::Root, &mut field_errors);
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    let named = object.remove("events");
    Ok(named.map(|events| {
        let named: Vec<&str> = events.as_array().into_iter().flatten().filter_map(Node::as_str).collect();
        let known = EVENT_TYPES.values.iter().filter(|known| named.contains(*known));
        known.map(|known| (*known).to_owned()).collect()
    }))
}

/// Parses the body of a poll, `{ "results"? }`.
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_poll(body: &[u8]) -> Result<Vec<ListenerResult>, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, POLL, &Path::Root, &mut field_errors);
    let list = Path::Member(&Path::Root, "results");
    let items = object.get("results").and_then(Node::as_array).into_iter().flatten().filter_map(Node::as_object);
    let results: Vec<ListenerResult> =
        items.enumerate().map(|(index, item)| result(item, &Path::Item(&list, index), &mut field_errors)).collect();
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    Ok(results)
}

fn result(item: &Members<'_>, path: &Path<'_>, field_errors: &mut FieldErrors) -> ListenerResult {
    let status = number(item, "status", (100, 599), path, field_errors).and_then(|status| u16::try_from(status).ok());
    let outcome = match (status, item.get("error").filter(|error| !error.is_null())) {
        (Some(status), _) => Ok(status),
        (None, error) => Err(text(error.cloned())),
    };
    if !item.contains_key("status") && outcome == Err(String::new()) {
        field_errors
            .add(path, Code::FieldMissing, || {
                "Missing field \"status\": the HTTP status of the receiver, or error if there was no response."
                    .to_owned()
            })
            .suggest(Some("status".to_owned()));
    }
    let duration_ms = number(item, "duration_ms", (0, LONGEST), path, field_errors).unwrap_or_default();
    ListenerResult { event_id: text(item.get("event_id").cloned()), outcome, duration_ms }
}

/// Returns a whole number within `range`. [`Shape::TextOrNumber`] has made a text of it.
fn number(
    item: &Members<'_>,
    name: &str,
    (least, most): (u32, u32),
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) -> Option<u32> {
    let written = item.get(name)?.as_str()?;
    let number = written.parse::<u32>().ok().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        field_errors
            .add(&Path::Member(path, name), Code::TypeMismatch, || {
                format!("Must be a whole number from {least} to {most}.")
            })
            .received(&Node::from(written));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_errors(result: Result<impl std::fmt::Debug, ParseError>) -> Vec<(String, Code)> {
        let Err(ParseError::Invalid(field_errors)) = result else { panic!("{result:?}") };
        field_errors.into_iter().map(|field_error| (field_error.pointer, field_error.code)).collect()
    }

    #[test]
    fn listeners_name_event_types_once() {
        assert_eq!((parse_listener(b"{}"), parse_listener(br#"{"events":null}"#)), (Ok(None), Ok(None)));
        let named = parse_listener(br#"{"events":["atsp_request.opened","atsp_request.opened"]}"#);
        assert_eq!(named, Ok(Some(vec!["atsp_request.opened".to_owned()])));
        let refused = field_errors(parse_listener(br#"{"events":["tenure.test"],"url":"x"}"#));
        assert_eq!(refused, [("/events/0", Code::ChoiceUnknown), ("/url", Code::FieldUnknown)].map(owned));
    }

    #[test]
    fn results_have_a_status_or_a_reason() {
        let body = br#"{"results":[{"event_id":"a","status":204,"duration_ms":3},{"event_id":"b","error":"timed_out","duration_ms":10000}]}"#;
        let expected = [
            ListenerResult { event_id: "a".to_owned(), outcome: Ok(204), duration_ms: 3 },
            ListenerResult { event_id: "b".to_owned(), outcome: Err("timed_out".to_owned()), duration_ms: 10_000 },
        ];
        assert_eq!(parse_poll(body), Ok(expected.to_vec()));
        assert_eq!(parse_poll(b"{}"), Ok(Vec::new()));
        let wrong = br#"{"results":[{"event_id":"a","duration_ms":3},{"event_id":"b","status":1,"duration_ms":-1}]}"#;
        let expected = [
            ("/results/0", Code::FieldMissing),
            ("/results/1/status", Code::TypeMismatch),
            ("/results/1/duration_ms", Code::TypeMismatch),
        ];
        assert_eq!(field_errors(parse_poll(wrong)), expected.map(owned));
    }

    fn owned((pointer, code): (&str, Code)) -> (String, Code) {
        (pointer.to_owned(), code)
    }
}
