//! Verification requests: a partner asks a holder to present something (docs/partner-api.md section
//! 10).

use serde_json::{Value, json};

use crate::field_error::Code;
use crate::json::Node;
use crate::partner_query::{DCQL_QUERY, PartnerQuery, QUERY};
use crate::pointer::Path;
use crate::return_url::ADDRESS;
use crate::schema::{Member, Presence, Shape, check_object, nearest, object_schema};
use crate::submission::{ParseError, object, text};
use crate::types::Type;

/// Maximum number of requested members; no type has as many.
const MAX_CLAIMS: usize = 100;

/// A valid verification request in its normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationRequest {
    /// The partner's id for it; `None` if the server should assign one.
    pub request_id: Option<String>,
    /// The URL that the person is redirected to. The server checks that it is registered for the
    /// partner.
    pub callback_url: Option<String>,
    /// The purpose, in the partner's words.
    pub purpose: Option<String>,
    /// The requested members of the type's `fields`, without duplicates and in the type's order;
    /// never empty. With a `query`, the requested claims at the top level instead.
    pub claims: Vec<String>,
    /// The query, if claims of another issuer's credential are requested. The server checks that
    /// the operator has listed its `vct` values for the type.
    pub query: Option<PartnerQuery>,
    /// The sandbox user who responds. The server checks that the partner may use one.
    pub sandbox_person: Option<String>,
}

const MEMBERS: &[Member] = &[
    Member {
        name: "request_id",
        shape: Shape::Id,
        presence: Presence::Nullable,
        label: "",
        meaning: "Your unique id for this request. Generated if you leave it out.",
        example: r#""HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21""#,
    },
    Member {
        name: "callback_url",
        shape: Shape::Identifier { most: ADDRESS },
        presence: Presence::Nullable,
        label: "",
        meaning: "The URL that the person is sent back to, with request_id and status added. It must be on your list of registered URLs. If you leave it out, the person stays on our page.",
        example: r#""https://hr.example/verified""#,
    },
    Member {
        name: "purpose",
        shape: Shape::Text,
        presence: Presence::Nullable,
        label: "",
        meaning: "The purpose of the request, shown to the person exactly as you write it.",
        example: r#""To check your experience for the post of a site manager""#,
    },
    Member {
        name: "claims",
        shape: Shape::List { of: &Shape::Text, least: 1, most: MAX_CLAIMS },
        presence: Presence::Nullable,
        label: "",
        meaning: "The fields that you need. The person may withhold any of them. The name and whatever qualifies the other fields, such as an expiry date, are always included; other fields that you did not request never are. If you leave it out, all fields are requested.",
        example: "",
    },
    Member {
        name: DCQL_QUERY,
        shape: Shape::Object(QUERY),
        presence: Presence::Nullable,
        label: "",
        meaning: "A DCQL query (OpenID4VP 1.0, section 6) instead of claims: requests claims of another issuer's credential, such as an EUDI PID, from the person's other wallet. The operator decides which credentials of which issuers stand for the credential type in the path.",
        example: "",
    },
    Member {
        name: "sandbox_person",
        shape: Shape::Email,
        presence: Presence::Nullable,
        label: "",
        meaning: "Sandbox partners only: the sandbox user that the server simulates, who responds within seconds.",
        example: r#""consents@sandbox.invalid""#,
    },
];

impl PresentationRequest {
    /// Parses and validates the body of a verification request for a `credential_type`.
    ///
    /// # Errors
    /// [`ParseError`], as for a submission.
    pub fn parse(credential_type: Type, source: &[u8]) -> Result<Self, ParseError> {
        let (mut object, mut field_errors) = object(source)?;
        check_object(&mut object, MEMBERS, &Path::Root, &mut field_errors);
        let known = || credential_type.fields.iter().map(|member| member.name);
        let asked = object.get("claims").and_then(Node::as_array);
        let asked: Option<Vec<&str>> = asked.map(|asked| asked.iter().filter_map(Node::as_str).collect());
        for (at, claim) in asked.iter().flatten().enumerate().filter(|(_, claim)| !claim.is_empty()) {
            if !known().any(|name| name == *claim) {
                let message = || {
                    let names: Vec<&str> = known().collect();
                    format!("{credential_type} has no such field. Its fields are: {}.", names.join(", "))
                };
                let place = Path::Member(&Path::Root, "claims");
                let meant = field_errors.has_room().then(|| nearest(claim, known())).flatten().map(ToOwned::to_owned);
                let field_error = field_errors.add(&Path::Item(&place, at), Code::ChoiceUnknown, message);
                field_error.received(&Node::from(*claim)).suggest(meant);
            }
        }
        let query = object.get(DCQL_QUERY).and_then(|query| PartnerQuery::read(query, &mut field_errors));
        if asked.is_some() && object.contains_key(DCQL_QUERY) {
            let message = || format!("Leave claims out: {DCQL_QUERY} names the claims.");
            field_errors.add(&Path::Member(&Path::Root, "claims"), Code::FieldForbidden, message);
        }
        let is_asked = |name: &&str| asked.as_ref().is_none_or(|asked| asked.contains(name));
        let claims = match &query {
            Some(query) => query.claim_names(),
            None => known().filter(is_asked).map(ToOwned::to_owned).collect(),
        };
        field_errors.into_result(source).map_err(ParseError::Invalid)?;
        let mut take = |name: &str| object.remove(name).map(|value| text(Some(value)));
        Ok(Self {
            request_id: take("request_id"),
            callback_url: take("callback_url"),
            purpose: take("purpose"),
            claims,
            query,
            sandbox_person: take("sandbox_person"),
        })
    }
}

/// Returns the JSON Schema (2020-12) of a verification request for a `credential_type`.
pub fn presentation_request_schema(credential_type: Type) -> Value {
    let mut schema = object_schema(MEMBERS);
    let names: Vec<&str> = credential_type.fields.iter().map(|member| member.name).collect();
    schema["properties"]["claims"]["items"] = json!({ "type": "string", "enum": names });
    schema
}

/// Returns a valid body, for a partner that has registered its `callback_url`.
pub fn presentation_request_sample(credential_type: Type) -> Value {
    let required = credential_type.fields.iter().filter(|member| member.presence == Presence::Required);
    json!({
        "purpose": "To check what you told us in your application",
        "claims": required.map(|member| member.name).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pointer, code and suggestion.
    type Told = (String, &'static str, Option<String>);

    fn parse(body: &Value) -> Result<PresentationRequest, Vec<Told>> {
        PresentationRequest::parse(Type::default(), body.to_string().as_bytes()).map_err(|rejection| match rejection {
            ParseError::Invalid(field_errors) => field_errors
                .into_iter()
                .map(|field_error| (field_error.pointer, field_error.code.as_str(), field_error.suggestion))
                .collect(),
            ParseError::Malformed(malformed) => panic!("{malformed:?}"),
        })
    }

    #[test]
    fn absent_or_null_claims_request_every_field() {
        let all = vec!["full_name".to_owned(), "employment".to_owned()];
        let least = PresentationRequest {
            request_id: None,
            callback_url: None,
            purpose: None,
            claims: all,
            query: None,
            sandbox_person: None,
        };
        assert_eq!(parse(&json!({})), Ok(least.clone()));
        let nulls =
            json!({ "request_id": null, "callback_url": null, "purpose": null, "claims": null, "dcql_query": null });
        assert_eq!(parse(&nulls), Ok(least));
    }

    #[test]
    fn claims_are_deduplicated_in_the_order_of_the_type() {
        let claims = |claims: Value| parse(&json!({ "claims": claims })).map(|request| request.claims);
        assert_eq!(
            claims(json!(["employment", "full_name", "employment"])),
            Ok(vec!["full_name".to_owned(), "employment".to_owned()])
        );
        assert_eq!(claims(json!(["employment"])), Ok(vec!["employment".to_owned()]));
        let field_error =
            |at: usize, code, meant: Option<&str>| (format!("/claims/{at}"), code, meant.map(ToOwned::to_owned));
        assert_eq!(
            claims(json!(["/full_name", "salary", "employment", "emploiment"])),
            Err(vec![
                field_error(0, "choice.unknown", Some("full_name")),
                field_error(1, "choice.unknown", None),
                field_error(3, "choice.unknown", Some("employment")),
            ])
        );
        assert_eq!(claims(json!([])), Err(vec![("/claims".to_owned(), "list.too_short", None)]));
        assert_eq!(claims(json!([1])), Err(vec![field_error(0, "type.mismatch", None)]));
        assert_eq!(claims(json!([""])), Err(vec![field_error(0, "text.empty", None)]));
    }

    #[test]
    fn unknown_fields_are_rejected() {
        let field_error = ("/callbackUrl".to_owned(), "field.unknown", Some("callback_url".to_owned()));
        assert_eq!(parse(&json!({ "callbackUrl": "https://hr.example/" })), Err(vec![field_error]));
    }

    #[test]
    fn samples_are_accepted_and_schemas_list_the_claims() {
        for known in crate::ALL {
            let request =
                PresentationRequest::parse(*known, presentation_request_sample(*known).to_string().as_bytes())
                    .expect("a sample");
            let names = &presentation_request_schema(*known)["properties"]["claims"]["items"]["enum"];
            assert!(
                !request.claims.is_empty()
                    && request
                        .claims
                        .iter()
                        .all(|claim| names.as_array().is_some_and(|names| names.contains(&json!(claim))))
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn requested_claims_are_fields_of_the_type(claims in proptest::collection::vec("[a-z_/]{0,12}|full_name|employment", 0..6)) {
            if let Ok(request) = parse(&json!({ "claims": claims })) {
                proptest::prop_assert!(!request.claims.is_empty());
                proptest::prop_assert!(request.claims.iter().all(|claim| Type::default().fields.iter().any(|member| member.name == claim)));
            }
        }
    }
}
