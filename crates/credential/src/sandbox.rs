//! What a partner says of an event that it tries out.

use crate::limits::ID;
use crate::pointer::Path;
use crate::schema::{Member, Presence, Shape, check_object};
use crate::submission::{Rejection, object, text};
use crate::webhook::EVENT_TYPES;

const MEMBERS: [Member; 3] = [
    Member {
        name: "type",
        shape: Shape::Choice(EVENT_TYPES),
        presence: Presence::Required,
        meaning: "The type of the event.",
        example: r#""vwsp_request.verified""#,
    },
    Member {
        name: "request_id",
        shape: Shape::Identifier { most: ID },
        presence: Presence::Optional,
        meaning: "The request that the event is about; a new id unless you name one.",
        example: r#""0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70""#,
    },
    Member {
        name: "credential_id",
        shape: Shape::Id,
        presence: Presence::Optional,
        meaning: "Your id of the credential, for an event of atsp_request.",
        example: r#""fa651300-b91a-49cb-8ee7-cac68b3fdf74""#,
    },
];

/// An event that nothing has made happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Its `type`.
    pub kind: String,
    /// What it is about.
    pub request_id: Option<String>,
    /// The partner's own id of that.
    pub credential_id: Option<String>,
}

/// Reads the body.
///
/// # Errors
/// [`Rejection`], as for a submission.
pub fn parse_simulation(body: &[u8]) -> Result<Simulation, Rejection> {
    let (mut object, mut faults) = object(body)?;
    check_object(&mut object, &MEMBERS, &Path::Root, &mut faults);
    faults.into_result(body).map_err(Rejection::Invalid)?;
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
