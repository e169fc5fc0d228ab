//! `DELETE /api/partner/v2/add/requests/{type}/{credential_id}`: a partner withdraws a submission
//! (an extension; the contract has no such call).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::partner::{Partner, Write};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows;
use crate::http::JsonBody;
use crate::http::extract::Path;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(withdraw)).routes(routes!(withdraw_by_post))
}

/// The reason for a withdrawal.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct Withdrawal {
    /// The reason, which the person sees: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500, example = "It was sent for another person of the same name.")]
    reason: String,
}

/// Withdraw one credential
///
/// Withdraws a submission for a reason that the person sees. If the person has not decided yet, its
/// data is deleted, and the link says that you withdrew it. If they have accepted it, it stays in
/// their wallet, marked as withdrawn with your reason; every signed copy of it is revoked, and they
/// get a mail. In both cases its status becomes `canceled`. Withdrawing again, or withdrawing a
/// submission that was declined or has expired, changes nothing.
///
/// The id is free immediately: pushing it again creates a new request. Withdraw an item of a batch
/// by its own id.
#[utoipa::path(
    delete,
    path = "/api/partner/v2/add/requests/{type}/{credential_id}",
    params(("credential_id" = String, Path, description = "Your `credential_id`")),
    request_body(content = Withdrawal, content_type = "application/json"),
    responses(
        (status = 204, description = "Withdrawn, now or earlier, or it had already ended"),
        (status = 400, description = "The body is not valid JSON"),
        (status = 404, description = "No such credential, or it belongs to another partner, has another type, or is a batch"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ),
    tag = "Withdraw"
)]
async fn withdraw(
    State(app): State<App>,
    partner: Partner<Write>,
    Path((_, credential_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<JsonBody, Error>,
) -> Result<StatusCode, Error> {
    // Many clients drop the body of a DELETE and keep its Content-Type.
    let body = match body {
        Ok(JsonBody(body)) if !body.trim_ascii().is_empty() => body,
        Err(error) if has_body(&headers) => return Err(error),
        _ => return Err(missing_body()),
    };
    end(app, partner, &credential_id, &body).await
}

/// Withdraw one credential by POST
///
/// The same as DELETE, for clients and gateways that drop the body of a DELETE.
#[utoipa::path(
    post,
    path = "/api/partner/v2/add/requests/{type}/{credential_id}/withdraw",
    params(("credential_id" = String, Path, description = "Your `credential_id`"), super::idempotency::IdempotencyHeader),
    request_body(content = Withdrawal, content_type = "application/json"),
    responses(
        (status = 204, description = "Withdrawn, now or earlier, or it had already ended"),
        (status = 400, description = "The body is not valid JSON"),
        (status = 404, description = "No such credential, or it belongs to another partner, has another type, or is a batch"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still in progress"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed"),
    ),
    tag = "Withdraw"
)]
async fn withdraw_by_post(
    State(app): State<App>,
    partner: Partner<Write>,
    Path((_, credential_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Error> {
    end(app, partner, &credential_id, &body).await
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || headers.contains_key(header::TRANSFER_ENCODING)
}

fn missing_body() -> Error {
    Error::new(
        Kind::Malformed,
        "The body with the reason is missing. Send JSON: {\"reason\": \"...\"}. If your client or gateway drops the \
         body of a DELETE, send it by POST to this path followed by /withdraw.",
    )
}

async fn end(app: App, partner: Partner<Write>, credential_id: &str, body: &[u8]) -> Result<StatusCode, Error> {
    let reason = credential::parse_withdrawal(body)?;
    let credential_type = partner.right.credential_type;
    flows::withdraw::withdraw(&app, partner.id, credential_type, credential_id, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
