//! `DELETE /api/partner/v2/add/requests/{type}/{credential_id}`: a partner withdraws what it sent (ours; the contract
//! has no such call).

use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::partner::{Partner, Write};
use crate::app::App;
use crate::error::Error;
use crate::flows;
use crate::http::JsonBody;
use crate::http::extract::Path;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(withdraw))
}

/// Why a credential is taken back.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct Withdrawal {
    /// What the person is told: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500, example = "It was sent for another person of the same name.")]
    reason: String,
}

/// Withdraw one credential
///
/// Takes back what you sent, for a reason that the person is shown. If the person has not answered, its data is deleted
/// and the link says that you took it back. If they have accepted it, it stays in their wallet, marked as withdrawn with
/// your reason; every signed copy of it is revoked, and they are told by mail. Either way its status is `canceled` from
/// then on. Withdrawing again, or withdrawing what was declined or given up, changes nothing.
///
/// The id is free at once: pushing it again makes a new request. An item of a batch is withdrawn by its own id.
#[utoipa::path(
    delete,
    path = "/api/partner/v2/add/requests/{type}/{credential_id}",
    params(("credential_id" = String, Path, description = "Your `credential_id`")),
    request_body(content = Withdrawal, content_type = "application/json"),
    responses(
        (status = 204, description = "It is withdrawn, now or earlier, or was over already"),
        (status = 400, description = "The body is not JSON"),
        (status = 404, description = "Not known, not yours, of another type, or a batch's"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "The body has faults"),
    ),
    tag = "Withdraw"
)]
async fn withdraw(
    State(app): State<App>,
    partner: Partner<Write>,
    Path((_, credential_id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Error> {
    let reason = credential::parse_withdrawal(&body)?;
    let credential_type = partner.right.credential_type;
    flows::withdraw::withdraw(&app, partner.id, credential_type, &credential_id, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
