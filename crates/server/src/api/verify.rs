//! `POST /api/partner/v2/verify/requests/{type}`, `GET .../{request_id}` and the list: a partner
//! requests that a person present something, and fetches the result (docs/partner-api.md section
//! 10).

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use credential::names::name_in;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list_options::{ListOptions, Options, VerificationRequestId, page_request};
use super::partner::{Partner, ReadAny, Write};
use crate::app::App;
use crate::error::Error;
use crate::flows::partner_lists;
use crate::flows::partner_verification::{self, Upserted};
use crate::flows::token_verification::consistency;
use crate::flows::verification_request::{self, Checked, VerificationResult};
use crate::flows::warning::Warning;
use crate::http::JsonBody;
use crate::http::extract::{Path, Query};
use crate::openapi::values::{CredentialType, NameConsistency, Status, VerificationCancelReason as Reason};
use ambient::Timestamp;
use store::ListedVerification;
use store::domain::submission::CancelReason;

/// Returns the routes. Two have the same path template: its last segment is a type in a POST, and a
/// request's id in a GET.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ask, result)).routes(routes!(list))
}

/// A verification request that was accepted, now or earlier.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskAnswer {
    /// Your own id for the request, or the one that we generated.
    #[schema(example = "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21")]
    pub request_id: String,
    /// The link to send the person to.
    #[schema(
        example = "https://passport.example/partner/verify/careerHistory#clientId=0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21&content=0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70"
    )]
    pub redirect_uri: String,
    /// When the request expires (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T09:15:00Z")]
    pub expires_at: Timestamp,
    /// Warnings about a successful request: for example, that an earlier body with the same id is
    /// kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Result of a verification request.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationAnswer {
    /// The `request_id` from the response to the request.
    #[schema(example = "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21")]
    request_id: String,
    /// `incomplete`: no response yet. `verified`: the person presented something. `canceled`: the
    /// person declined, or did not respond in time.
    #[schema(value_type = Status)]
    status: &'static str,
    /// Why it was canceled: `declined` by the person, or `expired`. Omitted for other statuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason, required = false, nullable = false)]
    reason: Option<&'static str>,
    /// When the status became final (RFC 3339, UTC); null while it is `incomplete`.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:09:30Z")]
    finalized_at: Option<Timestamp>,
    /// The fields that were shown: those that you requested and the person chose, and those that
    /// are always shown with them. A list of which nothing was shown is omitted. Null if nothing
    /// was shown, and again 48 hours after the response.
    #[schema(value_type = Option<ShownFields>)]
    credential: Option<Map<String, Value>>,
    /// The fields that you requested but that were not shown, as JSON Pointers into `credential`:
    /// the person left them out, or the credential does not have them. Omitted if there are none.
    /// For a `dcql_query`, the pointer to all items of a list is that to the list, and a position
    /// counts in the issuer's list, with items that are not shown.
    /// Fields that are shown in part are in `verification.not_shown.in_part`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["/employment"]))]
    withheld: Vec<String>,
    /// The names that were shown; null if `credential` is null.
    subject: Option<Subject>,
    /// The result of the checks; null if `credential` is null.
    verification: Option<Checked>,
}

/// The fields that were shown, in the form of a push.
#[derive(Debug, ToSchema)]
#[schema(value_type = Object, example = json!({ "full_name": "John Doe" }))]
#[expect(dead_code, reason = "documents a map, whose fields depend on the type")]
pub struct ShownFields(Map<String, Value>);

/// The names that were shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subject {
    /// The names, as their issuers write them: `full_name`, or `given_name` and `family_name`
    /// together. Empty if no name was shown.
    #[schema(example = json!(["John Doe"]))]
    names: Vec<String>,
    /// The result of comparing these names with each other: `same`, `similar`, `different` or
    /// `not_comparable`; also `not_comparable` if there are none. It says nothing about the person.
    #[schema(value_type = NameConsistency)]
    consistency: &'static str,
    /// Whether the person's wallet contained another name, and the person confirmed that the shown
    /// name is also theirs. Always false for a presentation from another wallet.
    #[schema(example = false)]
    confirmed_by_holder: bool,
    /// True if the person's wallet contained verified identities with different dates of birth,
    /// whatever they showed: it may be that of two people. Omitted otherwise, and for a
    /// presentation from another wallet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, example = true)]
    birth_dates_differ: bool,
}

impl Subject {
    fn new(shown: &VerificationResult) -> Self {
        let names = Vec::from_iter(name_in(&shown.credential));
        Self {
            consistency: consistency(&names),
            names,
            confirmed_by_holder: shown.confirmed_by_holder,
            birth_dates_differ: shown.birth_dates_differ,
        }
    }
}

const DIFFERS: Warning = Warning {
    code: "request.differs",
    message: Cow::Borrowed(
        "You have already sent this request_id with a different body. The earlier request is unchanged. To send a \
         different one, use a new request_id.",
    ),
    place: String::new(),
};

/// Request a presentation
///
/// Returns the link to send the person to. They sign in, read who requests what and why, choose one
/// of their credentials of this type and which of the requested fields to show, and share or
/// cancel. The name is always shown, and so are fields that qualify a credential, such as its
/// expiry date. Afterwards they are redirected to your `callback_url` with `request_id` and
/// `status` added. A request is valid for 15 minutes. Only the first account that opens it can
/// respond, and only once.
///
/// With `dcql_query` you request claims of another issuer's credential, which the person shows from
/// another wallet, without an account here. The operator of this server lists the trusted issuers
/// and which of their credentials stand for the type in the path; the scope is that of the type.
///
/// Repeating the `request_id` while the request is open returns the same link and changes nothing.
/// After the request has ended, or for another type, the id cannot be used again: 409.
#[utoipa::path(
    post,
    path = "/api/partner/v2/verify/requests/{type}",
    params(super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Created. Send the person to `redirect_uri`", body = AskAnswer),
        (status = 400, description = "The body is not valid JSON. The error has the line and column"),
        (status = 409, description = "The `request_id` was used for a request that has ended or has another type; or the Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed. `errors` lists each problem with its JSON Pointer, code and suggested fix"),
        (status = 503, description = "Temporarily unavailable; nothing was stored"),
    ),
    tag = "Verify"
)]
async fn ask(
    State(app): State<App>,
    partner: Partner<Write>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AskAnswer>), Error> {
    let known = partner.right.credential_type;
    let Upserted { verification, differs } = partner_verification::ask(&app, partner.id, known, &body).await?;
    let answer = AskAnswer {
        redirect_uri: app.links().verification_request(&verification),
        request_id: verification.request_id,
        expires_at: verification.expires_at,
        warnings: differs.then_some(DIFFERS).into_iter().collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Result of a verification request
///
/// Returns the status of the request and, for 48 hours after the response, the presented fields and
/// the result of their verification. Needs the scope `read.<type>` of the requested type
/// (`read.universal` for a `universal_credential`). The status is kept for 400 days longer than the
/// result.
///
/// The presentation is checked again on every call. `verification` contains the present result, so
/// a credential that was revoked, replaced or suspended, or has expired since, is not reported as
/// valid. `verification.at_consent` contains the result at the time when the person presented it.
/// `status` stays `verified`, because the person did present something.
#[utoipa::path(
    get,
    path = "/api/partner/v2/verify/requests/{type}",
    operation_id = "getVerificationResult",
    params(("request_id" = String, Path, description = "The `request_id` from the response to the verification request")),
    responses(
        (status = 200, description = "The state of the request, and the presented records", body = VerificationAnswer),
        (status = 404, description = "No such request, or it belongs to another partner"),
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

/// Your verification requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationRequestList {
    /// Newest first.
    requests: Vec<VerificationRequestAnswer>,
    /// Cursor of the next page; null on the last page.
    next_cursor: Option<String>,
}

/// A verification request with its status.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationRequestAnswer {
    /// The `request_id` from the response to the request.
    #[schema(example = "HIRE-0192f0c1-2e4b-7cc0-b1d5-6f0e9a7c3d21")]
    request_id: String,
    /// The requested credential type.
    #[schema(value_type = CredentialType)]
    r#type: &'static str,
    /// As in the result: `incomplete`, `verified` or `canceled`.
    #[schema(value_type = Status)]
    status: &'static str,
    /// Why it was canceled: `declined` by the person, or `expired`. Omitted for other statuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason, required = false, nullable = false)]
    reason: Option<&'static str>,
    /// When you sent it (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T09:00:00Z")]
    created_at: Timestamp,
    /// When the status became final (RFC 3339, UTC); null while it is `incomplete`.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:09:30Z")]
    finalized_at: Option<Timestamp>,
}

impl From<ListedVerification> for VerificationRequestAnswer {
    fn from(found: ListedVerification) -> Self {
        Self {
            request_id: found.request_id,
            r#type: found.credential_type.name(),
            status: found.status.name(),
            reason: found.status.reason().map(CancelReason::name),
            created_at: found.created_at,
            finalized_at: found.status.finalized_at(),
        }
    }
}

/// List verification requests
///
/// Returns your verification requests of the last 400 days with their statuses, newest first,
/// without results. Only requests of the types that the token may read are listed: `read.<type>`
/// (`read.universal` for a `universal_credential`).
///
/// Requests that arrive while you read are not on later pages, and nothing is repeated or skipped.
/// With a filter or without some of the scopes, a page may have fewer requests than `limit`, or
/// none: read on until `next_cursor` is null.
#[utoipa::path(
    get,
    path = "/api/partner/v2/verify/requests",
    operation_id = "listVerificationRequests",
    params(ListOptions, VerificationRequestId),
    responses(
        (status = 200, description = "A page of verification requests, newest first", body = VerificationRequestList),
        (status = 400, description = "Invalid query parameters"),
    ),
    tag = "Verify"
)]
async fn list(
    State(app): State<App>,
    partner: Partner<ReadAny>,
    options: Options,
    Query(id): Query<VerificationRequestId>,
) -> Result<Json<VerificationRequestList>, Error> {
    let mut request = page_request(options, id.checked()?)?;
    if let Some(types) = &request.filter.types {
        types.iter().try_for_each(|known| partner.right.require(*known))?;
    } else {
        request.filter.types = partner.right.types();
    }
    let page = partner_lists::verification_requests(&app, partner.id, &request).await?;
    let requests = page.rows.into_iter().map(VerificationRequestAnswer::from).collect();
    Ok(Json(VerificationRequestList { requests, next_cursor: page.next }))
}
