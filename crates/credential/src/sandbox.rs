//! What a sandbox partner requests: simulated events, and a clock that is advanced.

use std::time::Duration;

use crate::field_error::Code;
use crate::json::Node;
use crate::limits::ID;
use crate::period::parse_period;
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape, check_object};
use crate::submission::{ParseError, object, text};
use crate::webhook::EVENT_TYPES;

const MEMBERS: [Member; 3] = [
    Member {
        name: "type",
        shape: Shape::Choice(EVENT_TYPES),
        presence: Presence::Required,
        label: "",
        meaning: "The event type.",
        example: r#""vwsp_request.verified""#,
    },
    Member {
        name: "request_id",
        shape: Shape::Identifier { most: ID },
        presence: Presence::Optional,
        label: "",
        meaning: "The id of the request that the event is about. Generated if you leave it out.",
        example: r#""0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70""#,
    },
    Member {
        name: "credential_id",
        shape: Shape::Id,
        presence: Presence::Optional,
        label: "",
        meaning: "The id of your credential, for events of atsp_request.",
        example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
    },
];

/// An event to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// The event's `type`.
    pub kind: String,
    /// The id of the request that it is about.
    pub request_id: Option<String>,
    /// The partner's id of that request.
    pub credential_id: Option<String>,
}

/// Parses the body.
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_simulation(body: &[u8]) -> Result<Simulation, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, &MEMBERS, &Path::Root, &mut field_errors);
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    let mut optional = |name| object.remove(name).map(|value| text(Some(value)));
    let (request_id, credential_id) = (optional("request_id"), optional("credential_id"));
    Ok(Simulation { kind: text(object.remove("type")), request_id, credential_id })
}

const ADVANCE: [Member; 1] = [Member {
    name: "advance",
    shape: Shape::Identifier { most: 20 },
    presence: Presence::Required,
    label: "",
    meaning: "How far to advance the clock: a whole number and s, m, h or d; at most 30d.",
    example: r#""48h""#,
}];

/// Farthest that one request advances the clock of a sandbox partner.
const FARTHEST: Duration = Duration::from_secs(30 * 86_400);

/// Parses a period of time in the sandbox, such as `30s`, `5m`, `48h` or `2d`; `None` if it is
/// another text, contains a space, or is zero.
pub fn parse_sandbox_period(text: &str) -> Option<Duration> {
    let is_compact = !text.contains(char::is_whitespace);
    parse_period(text).filter(|period| is_compact && !period.is_zero())
}

/// Parses the body of a request to advance the clock, `{ "advance": "48h" }`.
///
/// # Errors
/// [`ParseError`], as for a submission.
pub fn parse_advance(body: &[u8]) -> Result<Duration, ParseError> {
    let (mut object, mut field_errors) = object(body)?;
    check_object(&mut object, &ADVANCE, &Path::Root, &mut field_errors);
    let advance = object.get("advance").and_then(Node::as_str).map(ToOwned::to_owned);
    // The schema reports other values.
    let is_text = |value: &Node<'_>| value.as_str().is_some_and(|text| !text.is_empty());
    let period = advance.as_deref().and_then(parse_sandbox_period).filter(|period| *period <= FARTHEST);
    if let Some(value) = object.get("advance").filter(|_| period.is_none()).filter(|value| is_text(value)) {
        let message = || "Set a period such as 30s, 5m, 48h or 2d, at most 30d.".to_owned();
        field_errors.add(&Path::Member(&Path::Root, "advance"), Code::PeriodFormat, message).received(value);
    }
    field_errors.into_result(body).map_err(ParseError::Invalid)?;
    Ok(period.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sandbox_periods_are_compact_and_longer_than_zero() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("48h", 172_800), ("2d", 172_800)] {
            assert_eq!(parse_sandbox_period(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "s", "0s", "5", "5 m", " 5m", "-5m", "+5m", "1.5h", "5M", "5\u{e9}", "99999999999999999999d"] {
            assert_eq!(parse_sandbox_period(bad), None, "{bad}");
        }
    }

    #[test]
    fn clock_advances_by_thirty_days_at_most() {
        assert_eq!(parse_advance(br#"{ "advance": "30d" }"#), Ok(FARTHEST));
        for (bad, code) in [
            (r#"{ "advance": "31d" }"#, Code::PeriodFormat),
            (r#"{ "advance": "soon" }"#, Code::PeriodFormat),
            (r#"{ "advance": 48 }"#, Code::TypeMismatch),
            (r#"{}"#, Code::FieldMissing),
        ] {
            let Err(ParseError::Invalid(errors)) = parse_advance(bad.as_bytes()) else { panic!("{bad} is refused") };
            assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [code], "{bad}");
        }
    }

    #[test]
    fn only_the_type_is_required() {
        let read = parse_simulation(br#"{ "type": "atsp_request.opened", "credential_id": "1" }"#).expect("good");
        assert_eq!(
            (read.kind.as_str(), read.request_id, read.credential_id.as_deref()),
            ("atsp_request.opened", None, Some("1"))
        );
        for bad in [r#"{}"#, r#"{ "type": "tenure.test" }"#, r#"{ "type": "vwsp_request.verified", "when": 1 }"#] {
            assert!(parse_simulation(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
