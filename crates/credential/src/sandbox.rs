//! Simulated events that a sandbox partner requests.

use crate::limits::ID;
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

#[cfg(test)]
mod tests {
    use super::*;

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
