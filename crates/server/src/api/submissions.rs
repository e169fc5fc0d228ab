//! `GET /api/partner/v2/submissions`: a partner's submissions with their statuses (an extension).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::list_options::{ListOptions, Options, SubmissionId, page_request};
use super::partner::{Own, Partner};
use crate::app::App;
use crate::error::Error;
use crate::flows::partner_lists;
use crate::http::extract::Query;
use crate::openapi::values::{CancelReason as Reason, CredentialType, Status};
use ambient::Timestamp;
use store::ListedSubmission;
use store::domain::submission::CancelReason;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Your submissions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmissionList {
    /// Newest first.
    submissions: Vec<SubmissionAnswer>,
    /// Cursor of the next page; null on the last page.
    next_cursor: Option<String>,
}

/// A submission with its status.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmissionAnswer {
    /// Your `credential_id`.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    id: String,
    /// Our id for this request. An item of a batch has an id of its own.
    request_id: Uuid,
    /// The credential type.
    #[schema(value_type = CredentialType)]
    r#type: &'static str,
    /// `incomplete`: not decided yet. `verified`: accepted by the person. `canceled`: declined,
    /// withdrawn by you, or not accepted within 48 hours.
    #[schema(value_type = Status)]
    status: &'static str,
    /// Why it was canceled: `declined` by the person, `expired` after 48 hours, or `withdrawn` by
    /// you. Omitted for other statuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason, required = false, nullable = false)]
    reason: Option<&'static str>,
    /// When it was pushed (RFC 3339, UTC).
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T09:00:00Z")]
    created_at: Timestamp,
    /// When the status became final (RFC 3339, UTC); null while it is `incomplete`.
    #[schema(value_type = Option<String>, format = "date-time", example = "2026-11-23T09:30:00Z")]
    finalized_at: Option<Timestamp>,
}

impl From<ListedSubmission> for SubmissionAnswer {
    fn from(found: ListedSubmission) -> Self {
        Self {
            id: found.credential_id,
            request_id: found.id,
            r#type: found.credential_type.name(),
            status: found.status.name(),
            reason: found.status.reason().map(CancelReason::name),
            created_at: found.created_at,
            finalized_at: found.status.finalized_at(),
        }
    }
}

/// List submissions
///
/// Returns your submissions of the last 400 days with their statuses, newest first, also those
/// whose data was deleted. Each `credential_id` is listed once, with its latest push. The items of
/// a batch are listed one by one. Any scope is sufficient.
///
/// Submissions that arrive while you read are not on later pages, and nothing is repeated or
/// skipped. With a filter, a page may have fewer submissions than `limit`, or none: read on until
/// `next_cursor` is null.
#[utoipa::path(get, path = "/api/partner/v2/submissions", tag = "Status", operation_id = "listSubmissions",
    params(ListOptions, SubmissionId),
    responses(
        (status = 200, description = "A page of submissions, newest first", body = SubmissionList),
        (status = 400, description = "Invalid query parameters"),
    ))]
async fn list(
    State(app): State<App>,
    partner: Partner<Own>,
    options: Options,
    Query(id): Query<SubmissionId>,
) -> Result<Json<SubmissionList>, Error> {
    let request = page_request(options, id.checked()?)?;
    let page = partner_lists::submissions(&app, partner.id, &request).await?;
    let submissions = page.rows.into_iter().map(SubmissionAnswer::from).collect();
    Ok(Json(SubmissionList { submissions, next_cursor: page.next }))
}
