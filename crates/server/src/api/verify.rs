//! `POST /api/partner/v2/verify/requests/{type}` and `GET .../{request_id}`: a partner asks a person to show something, and
//! fetches what was shown (partner-api section 10).

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use credential::PresentationRequest;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::partner::{Partner, ReadAny, Write};
use crate::app::App;
use crate::error::Error;
use crate::flows::partner_verification::{self, Upserted};
use crate::flows::token_verification::consistency;
use crate::flows::verification_request::{self, Checked, VerificationResult};
use crate::flows::warning::Warning;
use crate::http::JsonBody;
use crate::http::extract::Path;
use ambient::Timestamp;
use store::domain::submission::CancelReason;

/// The routes. Both stand at one place: a type's name where one asks, a request's id where one fetches.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ask, result))
}

/// A request that was taken, now or earlier.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskAnswer {
    /// Your own id for it, or the one that we made.
    #[schema(example = "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21")]
    pub request_id: String,
    /// The link to send the person to.
    #[schema(
        example = "https://passport.example/partner/verify/careerHistory#clientId=0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21&content=0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"
    )]
    pub redirect_uri: String,
    /// Until when they can answer (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T09:15:00Z")]
    pub expires_at: Timestamp,
    /// What you should know although it was taken: that an earlier body stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What came of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationAnswer {
    /// The id that the request was answered with.
    #[schema(example = "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21")]
    request_id: String,
    /// `incomplete`: not answered; `verified`: the person showed something; `canceled`: they said no, or did not answer in
    /// time.
    #[schema(example = "verified")]
    status: &'static str,
    /// Why it was canceled: `declined` by the person, or `expired`; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "declined")]
    reason: Option<&'static str>,
    /// When it became final (RFC 3339, UTC); null while it is incomplete.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:09:30Z")]
    finalized_at: Option<Timestamp>,
    /// What was shown: members of the type's fields, each asked for and chosen by the person, and those that are always shown
    /// with them. A list of which nothing was shown is not there. Null where nothing was, and again 48 hours after the answer.
    #[schema(value_type = Option<Object>, example = json!({ "full_name": "John Doe" }))]
    credential: Option<Map<String, Value>>,
    /// What you asked for and were not shown, as JSON Pointers into `credential`: the person left it out, or the credential
    /// does not have it. Left out where that is nothing. What is shown in part is in `verification.not_shown.in_part`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["/employment"]))]
    withheld: Vec<String>,
    /// Whose name was shown; null where `credential` is.
    subject: Option<Subject>,
    /// How it was checked; null where `credential` is.
    verification: Option<Checked>,
}

/// Whose name was shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subject {
    /// The names in what was shown, as their issuers write them; empty if no name was.
    #[schema(example = json!(["John Doe"]))]
    names: Vec<String>,
    /// How these names compare with each other: `same`, `similar`, `different` or `not_comparable`; `not_comparable` also if
    /// there is none. It is about the names, not about the person.
    #[schema(example = "same")]
    consistency: &'static str,
    /// Whether the person's wallet had another name, and the person confirmed that the one shown is also theirs. Always false
    /// for what is shown from another wallet.
    #[schema(example = false)]
    confirmed_by_holder: bool,
}

impl Subject {
    fn new(shown: &VerificationResult) -> Self {
        let name = shown.credential.get("full_name").and_then(Value::as_str);
        let names: Vec<String> = name.map(ToOwned::to_owned).into_iter().collect();
        Self { consistency: consistency(&names), names, confirmed_by_holder: shown.confirmed_by_holder }
    }
}

const DIFFERS: Warning = Warning {
    code: "request.differs",
    message: Cow::Borrowed(
        "You have sent this request_id before, with another body. The earlier one stands; to ask otherwise, use a new request_id.",
    ),
};

/// Ask a person to show something
///
/// Answers with the link to send the person to. They sign in, read who asks and what for, pick one of their credentials
/// of this type and which of the fields that you asked for to show, and share or cancel. What qualifies a credential, such
/// as its expiry date, is always shown with it, and so is the name. Then they are sent to your
/// `callback_url` with `request_id` and `status` added. A request can be answered for 15 minutes, once, by the first
/// account that opens it.
///
/// The same `request_id` again, while the request is open, answers with the same link and changes nothing. Once it is over,
/// or for another type, the id is taken for good: 409.
#[utoipa::path(
    post,
    path = "/api/partner/v2/verify/requests/{type}",
    params(super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Taken: send the person to `redirect_uri`", body = AskAnswer),
        (status = 400, description = "The body is not JSON; line and column are named"),
        (status = 409, description = "The `request_id` was used for a request that is over or for another type; or the Idempotency-Key was used for another request, or its first request is still under way"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Every fault of the body, each with its place, code and cure"),
        (status = 503, description = "It cannot be stored now; nothing was stored"),
    ),
    tag = "Verify"
)]
async fn ask(
    State(app): State<App>,
    partner: Partner<Write>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AskAnswer>), Error> {
    let known = partner.right.credential_type;
    let request = PresentationRequest::parse(known, &body)?;
    let Upserted { verification, differs } = partner_verification::ask(&app, partner.id, known, request).await?;
    let answer = AskAnswer {
        redirect_uri: app.links().verification_request(&verification),
        request_id: verification.request_id,
        expires_at: verification.expires_at,
        warnings: differs.then_some(DIFFERS).into_iter().collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What came of a request
///
/// Where the request stands, and for 48 hours after the answer what was shown and how it was checked. Needs the scope
/// `read.<type>` (`read.universal` for a `universal_credential`) of the type that was asked for. The status outlives the
/// result by 400 days.
///
/// Each time, what was shown is checked again: `verification` says what holds now, so that a credential which was revoked,
/// replaced or suspended, or has expired since, is not shown as valid. `verification.at_consent` says what was found when the
/// person showed it. `status` stays `verified`: the person did show something.
#[utoipa::path(
    get,
    path = "/api/partner/v2/verify/requests/{type}",
    params(("request_id" = String, Path, description = "The `request_id` that the request was answered with")),
    responses(
        (status = 200, description = "Where it stands, and what was shown", body = VerificationAnswer),
        (status = 404, description = "Not known, or not yours"),
    ),
    tag = "Verify"
)]
async fn result(
    State(app): State<App>,
    partner: Partner<ReadAny>,
    Path(request_id): Path<String>,
) -> Result<Json<VerificationAnswer>, Error> {
    let found = partner_verification::find(&app, partner.id, &request_id).await?;
    partner.right.require(found.credential_type)?;
    let outcome = verification_request::result(&app, &found).await?;
    let withheld = outcome.as_ref().map(|shown| shown.withheld.clone()).unwrap_or_default();
    let subject = outcome.as_ref().map(Subject::new);
    let (credential, verification) = outcome.map(|shown| (shown.credential, shown.verification)).unzip();
    let status = found.status();
    Ok(Json(VerificationAnswer {
        request_id: found.request_id,
        status: status.name(),
        reason: status.reason().map(CancelReason::name),
        finalized_at: status.finalized_at(),
        credential,
        withheld,
        subject,
        verification,
    }))
}
