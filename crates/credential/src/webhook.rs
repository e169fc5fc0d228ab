//! Webhooks: what a partner says of one (partner-api, section 11). Whether its address may be sent to is for the server.

use serde_json::{Map, Value};

use crate::fault::Code;
use crate::pointer::Path;
use crate::schema::{Choice, Member, Presence, Shape, check_object};
use crate::submission::{Rejection, object, text};

/// Most characters of a URL.
const URL: usize = 2048;

/// The types of events that a webhook can want.
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

/// Which body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookForm {
    /// A new webhook: `url` must be there.
    New,
    /// A change of one that the path names.
    Change,
    /// A change of one that the body names: `id` must be there.
    ChangeById,
}

/// What a body says of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookFields {
    /// Which one.
    pub id: Option<String>,
    /// Where to send.
    pub url: Option<String>,
    /// Its name; `Some(None)`: it has none any more.
    pub name: Option<Option<String>>,
    /// What it is for; `Some(None)`: nothing is said any more.
    pub description: Option<Option<String>>,
    /// The types of events that it wants, each once.
    pub events: Option<Vec<String>>,
}

const ID: Member = Member {
    name: "id",
    shape: Shape::Identifier { most: 64 },
    presence: Presence::Required,
    meaning: "The webhook's id.",
    example: r#""0192f0c1-7a11-7d02-9c55-1f2e3d4c5b6a""#,
};

const FIELDS: [Member; 4] = [
    Member {
        name: "url",
        shape: Shape::Identifier { most: URL },
        presence: Presence::Required,
        meaning: "Where to send events: https, public, without user, password and fragment.",
        example: r#""https://hooks.example.com/tenure""#,
    },
    Member {
        name: "name",
        shape: Shape::Text,
        presence: Presence::Nullable,
        meaning: "What you call it.",
        example: r#""Production""#,
    },
    Member {
        name: "description",
        shape: Shape::Text,
        presence: Presence::Nullable,
        meaning: "What it is for.",
        example: r#""Updates our applicant tracking""#,
    },
    Member {
        name: "events",
        shape: Shape::List { of: &Shape::Choice(EVENT_TYPES), least: 1, most: 20 },
        presence: Presence::Nullable,
        meaning: "The types of events that it is sent.",
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

/// Reads a webhook's body. In a change, what is left out stays as it is, and null takes a name or description away.
///
/// # Errors
/// [`Rejection`], as for a submission.
pub fn parse_webhook(form: WebhookForm, body: &[u8]) -> Result<WebhookFields, Rejection> {
    let (mut object, mut faults) = object(body)?;
    let cleared = |object: &Map<String, Value>, name| object.get(name) == Some(&Value::Null);
    let (no_name, no_description) = (cleared(&object, "name"), cleared(&object, "description"));
    check_object(&mut object, &members(form), &Path::Root, &mut faults);
    faults.into_result(body).map_err(Rejection::Invalid)?;
    let mut optional = |name| object.remove(name).map(|value| text(Some(value)));
    let (id, url, name, description) = (optional("id"), optional("url"), optional("name"), optional("description"));
    let events = object.remove("events").map(|events| {
        let mut wanted: Vec<String> = Vec::new();
        for event in events.as_array().into_iter().flatten().filter_map(Value::as_str) {
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

/// Reads the body of a rotation, which says nothing: it is empty, or an object without members.
///
/// # Errors
/// [`Rejection`], as for a submission: nobody brings a secret of their own.
pub fn parse_rotation(body: &[u8]) -> Result<(), Rejection> {
    if body.is_empty() {
        return Ok(());
    }
    let (mut object, mut faults) = object(body)?;
    check_object(&mut object, &[], &Path::Root, &mut faults);
    faults.into_result(body).map_err(Rejection::Invalid)
}

/// Which deliveries are sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Of events from this time on.
    pub from: jiff::Timestamp,
    /// And before this one.
    pub to: jiff::Timestamp,
    /// In this state alone, `delivered` or `failed`; `None`: in either.
    pub state: Option<String>,
}

const REPLAY: &[Member] = &[
    Member {
        name: "from",
        shape: Shape::Instant,
        presence: Presence::Required,
        meaning: "The first instant.",
        example: r#""2026-11-24T00:00:00Z""#,
    },
    Member {
        name: "to",
        shape: Shape::Instant,
        presence: Presence::Required,
        meaning: "The first instant that is not meant any more.",
        example: r#""2026-11-25T00:00:00Z""#,
    },
    Member {
        name: "state",
        shape: Shape::Choice(&Choice { called: "a state", values: &["delivered", "failed"] }),
        presence: Presence::Nullable,
        meaning: "Only what is in this state.",
        example: r#""failed""#,
    },
];

/// Reads the body of a replay, `{ "from", "to", "state"? }`.
///
/// # Errors
/// [`Rejection`], as for a submission.
pub fn parse_replay(body: &[u8]) -> Result<Replay, Rejection> {
    let (mut object, mut faults) = object(body)?;
    check_object(&mut object, REPLAY, &Path::Root, &mut faults);
    let instant = |name| object.get(name).and_then(Value::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let (from, to) = (instant("from"), instant("to"));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        let path = Path::Member(&Path::Root, "to");
        faults.add(&path, Code::TimeOrder, || "This must be later than from.".to_owned());
    }
    faults.into_result(body).map_err(Rejection::Invalid)?;
    // Without faults both are there.
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    Ok(Replay { from, to, state: object.remove("state").map(|state| text(Some(state))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(result: Result<impl std::fmt::Debug, Rejection>) -> Vec<(String, Code)> {
        let Err(Rejection::Invalid(faults)) = result else { panic!("{result:?}") };
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
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
        let found = faults(parse_webhook(WebhookForm::New, br#"{"id":"1","events":["vwsp.verified"],"nmae":"x"}"#));
        let expected = [
            ("", Code::MemberMissing),
            ("/id", Code::MemberUnknown),
            ("/events/0", Code::ChoiceUnknown),
            ("/nmae", Code::MemberUnknown),
        ];
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(
            faults(parse_webhook(WebhookForm::New, br#"{"url":"x","events":[]}"#)),
            [("/events".to_owned(), Code::ListTooShort)]
        );
    }

    #[test]
    fn changes_only_set_the_fields_they_name() {
        let read = parse_webhook(WebhookForm::ChangeById, br#"{"id":"1","name":null}"#).expect("good");
        assert_eq!(read, WebhookFields { id: Some("1".to_owned()), name: Some(None), ..WebhookFields::default() });
        assert_eq!(faults(parse_webhook(WebhookForm::ChangeById, b"{}")), [(String::new(), Code::MemberMissing)]);
        assert_eq!(parse_webhook(WebhookForm::Change, b"{}"), Ok(WebhookFields::default()));
    }

    #[test]
    fn rotations_reject_a_secret() {
        assert_eq!((parse_rotation(b""), parse_rotation(b"{}")), (Ok(()), Ok(())));
        assert_eq!(faults(parse_rotation(br#"{"secret":"mine"}"#)), [("/secret".to_owned(), Code::MemberUnknown)]);
    }

    #[test]
    fn replays_need_a_start_before_their_end() {
        let read = parse_replay(br#"{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T12:00:00+02:00","state":null}"#);
        let read = read.expect("good");
        assert_eq!((read.to.as_second() - read.from.as_second(), read.state), (10 * 3600, None));
        let found = faults(parse_replay(br#"{"from":"yesterday","to":"2026-11-24T00:00:00Z","state":"waiting"}"#));
        assert_eq!(found, [("/from".to_owned(), Code::TimeFormat), ("/state".to_owned(), Code::ChoiceUnknown)]);
        let same = br#"{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T00:00:00Z"}"#;
        assert_eq!(faults(parse_replay(same)), [("/to".to_owned(), Code::TimeOrder)]);
    }
}
