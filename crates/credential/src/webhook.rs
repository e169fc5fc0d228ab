//! Webhooks: parses bodies of webhook requests (docs/partner-api.md section 11). The server checks
//! the destination address.

use crate::field_error::Code;
use crate::json::{Members, Node};
use crate::pointer::Path;
use crate::schema::{Choice, Member, Presence, Shape, check_object};
use crate::submission::{ParseError, object, text};

/// Maximum number of characters in a URL.
const URL: usize = 2048;

/// The event types that a webhook can subscribe to.
pub const EVENT_TYPES: &Choice = &Choice {
    called: "an event type",
    values: &[
        "vwsp_request.verified",
        "vwsp_request.canceled",
        "atsp_request.created",
        "atsp_request.opened",
        "atsp_request.signed_in",
        "atsp_request.verified",
        "atsp_request.canceled",
        "atsp_request.notify_failed",
    ],
};

/// The kind of webhook body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookForm {
    /// A new webhook; `url` is required.
    New,
    /// A change to the webhook in the path.
    Change,
    /// A change to the webhook in the body; `id` is required.
    ChangeById,
}

/// The content of a webhook body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookFields {
    pub id: Option<String>,
    /// The URL to send events to.
    pub url: Option<String>,
    /// The name; `Some(None)` removes it.
    pub name: Option<Option<String>>,
    /// The description; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// The subscribed event types, without duplicates.
    pub events: Option<Vec<String>>,
}

const ID: Member = Member {
    name: "id",
    shape: Shape::Identifier { most: 64 },
    presence: Presence::Required,
    label: "",
    meaning: "The webhook's id.",
    example: r#""0192f0c1-7a11-7d02-9c55-1f2e3d4c5b6a""#,
};

const FIELDS: [Member; 4] = [
    Member {
        name: "url",
        shape: Shape::Identifier { most: URL },
        presence: Presence::Required,
        label: "",
        meaning: "The URL that receives the events: https, with a public host, and without user name, password or fragment.",
        example: r#""https://hooks.example.com/tenure""#,
    },
    Member {
        name: "name",
        shape: Shape::Text,
        presence: Presence::Nullable,
        label: "",
        meaning: "A name for the webhook.",
        example: r#""Production""#,
    },
    Member {
        name: "description",
        shape: Shape::Text,
        presence: Presence::Nullable,
        label: "",
        meaning: "What the webhook is for.",
        example: r#""Updates our applicant tracking""#,
    },
    Member {
        name: "events",
        shape: Shape::List { of: &Shape::Choice(EVENT_TYPES), least: 1, most: 20 },
        presence: Presence::Nullable,
        label: "",
        meaning: "The event types to send.",
        example: r#"["vwsp_request.verified", "vwsp_request.canceled"]"#,
    },
];

fn members(form: WebhookForm) -> Vec<Member> {
    let mut members = Vec::from(FIELDS);
    match form {
        WebhookForm::New => {}
        WebhookForm::Change => members.push(Member { presence: Presence::Optional, ..ID }),
        WebhookForm::ChangeById => members.push(ID),
    }
    if form != WebhookForm::New {
        members[0].presence = Presence::Optional;
    }
    members
}

/// Parses a webhook body. In a change, absent members stay unchanged, and null removes the name or
/// description.
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_webhook(form: WebhookForm, body: &[u8]) -> Result<WebhookFields, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    let cleared = |object: &Members<'_>, name| object.get(name) == Some(&Node::Null);
    let (no_name, no_description) = (cleared(&object, "name"), cleared(&object, "description"));
    check_object(&mut object, &members(form), &Path::Root, &mut field_errors);
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    let mut optional = |name| object.remove(name).map(|value| text(Some(value)));
    let (id, url, name, description) = (optional("id"), optional("url"), optional("name"), optional("description"));
    let events = object.remove("events").map(|events| {
        let mut wanted: Vec<String> = Vec::new();
        for event in events.as_array().into_iter().flatten().filter_map(Node::as_str) {
            if !wanted.iter().any(|known| known == event) {
                wanted.push(event.to_owned());
            }
        }
        wanted
    });
    Ok(WebhookFields {
        id,
        url,
        name: if no_name { Some(None) } else { name.map(Some) },
        description: if no_description { Some(None) } else { description.map(Some) },
        events,
    })
}

/// Parses the body of a secret rotation, which must be empty or an empty object.
///
/// # Errors
/// [`ParseError`], as for a submission. Callers cannot choose the secret.
pub fn parse_rotation(body: &[u8]) -> Result<(), ParseError> {
    if body.is_empty() {
        return Ok(());
    }
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, &[], &Path::Root, &mut field_errors);
    field_errors.into_result(body).map_err(ParseError::Invalid)
}

/// A selection of deliveries to send again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// From this time, inclusive.
    pub from: jiff::Timestamp,
    /// To this time, exclusive.
    pub to: jiff::Timestamp,
    /// Only deliveries in this state: `delivered` or `failed`. `None` selects both.
    pub state: Option<String>,
}

const REPLAY: &[Member] = &[
    Member {
        name: "from",
        shape: Shape::Instant,
        presence: Presence::Required,
        label: "",
        meaning: "The start of the period, inclusive.",
        example: r#""2026-11-24T00:00:00Z""#,
    },
    Member {
        name: "to",
        shape: Shape::Instant,
        presence: Presence::Required,
        label: "",
        meaning: "The end of the period, exclusive.",
        example: r#""2026-11-25T00:00:00Z""#,
    },
    Member {
        name: "state",
        shape: Shape::Choice(&Choice { called: "a state", values: &["delivered", "failed"] }),
        presence: Presence::Nullable,
        label: "",
        meaning: "Only deliveries in this state.",
        example: r#""failed""#,
    },
];

/// Parses the body of a replay, `{ "from", "to", "state"? }`.
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_replay(body: &[u8]) -> Result<Replay, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, REPLAY, &Path::Root, &mut field_errors);
    let instant = |name| object.get(name).and_then(Node::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let (from, to) = (instant("from"), instant("to"));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        let path = Path::Member(&Path::Root, "to");
        field_errors.add(&path, Code::TimeOrder, || "Must be later than from.".to_owned());
    }
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    // Both are set if there are no errors.
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    Ok(Replay { from, to, state: object.remove("state").map(|state| text(Some(state))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_errors(result: Result<impl std::fmt::Debug, ParseError>) -> Vec<(String, Code)> {
        let Err(ParseError::Invalid(field_errors)) = result else { panic!("{result:?}") };
        field_errors.into_iter().map(|field_error| (field_error.pointer, field_error.code)).collect()
    }

    #[test]
    fn new_webhooks_need_a_url() {
        let body = br#"{"url":"https://a.example/x","name":" Production ","events":["atsp_request.created","atsp_request.created"]}"#;
        let read = parse_webhook(WebhookForm::New, body).expect("good");
        assert_eq!(
            (read.url.as_deref(), read.name),
            (Some("https://a.example/x"), Some(Some("Production".to_owned())))
        );
        assert_eq!(read.events, Some(vec!["atsp_request.created".to_owned()]), "each once");
        let found =
            field_errors(parse_webhook(WebhookForm::New, br#"{"id":"1","events":["vwsp.verified"],"nmae":"x"}"#));
        let expected = [
            ("", Code::FieldMissing),
            ("/id", Code::FieldUnknown),
            ("/events/0", Code::ChoiceUnknown),
            ("/nmae", Code::FieldUnknown),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(
            field_errors(parse_webhook(WebhookForm::New, br#"{"url":"x","events":[]}"#)),
            [("/events".to_owned(), Code::ListTooShort)]
        );
    }

    #[test]
    fn changes_only_set_the_fields_they_name() {
        let read = parse_webhook(WebhookForm::ChangeById, br#"{"id":"1","name":null}"#).expect("good");
        assert_eq!(read, WebhookFields { id: Some("1".to_owned()), name: Some(None), ..WebhookFields::default() });
        assert_eq!(field_errors(parse_webhook(WebhookForm::ChangeById, b"{}")), [(String::new(), Code::FieldMissing)]);
        assert_eq!(parse_webhook(WebhookForm::Change, b"{}"), Ok(WebhookFields::default()));
    }

    #[test]
    fn rotations_reject_a_secret() {
        assert_eq!((parse_rotation(b""), parse_rotation(b"{}")), (Ok(()), Ok(())));
        assert_eq!(field_errors(parse_rotation(br#"{"secret":"mine"}"#)), [("/secret".to_owned(), Code::FieldUnknown)]);
    }

    #[test]
    fn replays_need_a_start_before_their_end() {
        let read = parse_replay(br#"{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T12:00:00+02:00","state":null}"#);
        let read = read.expect("good");
        assert_eq!((read.to.as_second() - read.from.as_second(), read.state), (10 * 3600, None));
        let found =
            field_errors(parse_replay(br#"{"from":"yesterday","to":"2026-11-24T00:00:00Z","state":"waiting"}"#));
        assert_eq!(found, [("/from".to_owned(), Code::TimeFormat), ("/state".to_owned(), Code::ChoiceUnknown)]);
        let same = br#"{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T00:00:00Z"}"#;
        assert_eq!(field_errors(parse_replay(same)), [("/to".to_owned(), Code::TimeOrder)]);
    }
}
