//! Batches: `POST /api/partner/v2/add/requests/batch` and v1's `POST /api/partner/v1/add/batch`
//! (docs/partner-api.md sections 6 and 7).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use credential::{BatchForm, Type};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::partner::{Partner, WriteAll};
use super::push::{Options, PushAnswer, PushOptions, V1Answer, is_dry_run, v1_answer};
use super::push_body::PushBody;
use crate::app::App;
use crate::error::Error;
use crate::flows;
use crate::flows::batch::{BatchPreview, BatchPush};
use crate::flows::push::PushPreview;
use crate::flows::warning::Warning;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push_batch)).routes(routes!(push_batch_v1))
}

/// A batch that would be accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchDryRunAnswer {
    /// Always true.
    #[schema(example = true)]
    dry_run: bool,
    /// Your own id for the batch.
    #[schema(example = "BATCH-6d1f0a3b-95c2-4e78-b6d4-8f3a2c7e5b19")]
    credential_id: String,
    /// The items, ordered by type.
    items: Vec<ItemAnswer>,
    /// Warnings about the batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// An item that would be accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemAnswer {
    /// Your own id for the item.
    #[schema(example = "fa651300-b91a-49cb-8ee7-cac68b3fdf74")]
    credential_id: String,
    /// One line that summarizes the item, as hirers see it.
    #[schema(example = "Senior Software Engineer at Company B, and one earlier job")]
    headline: String,
}

impl From<BatchPreview> for BatchDryRunAnswer {
    fn from(preview: BatchPreview) -> Self {
        let (mut items, mut warnings) = (Vec::with_capacity(preview.items.len()), Vec::new());
        for PushPreview { credential_id, headline, warnings: own } in preview.items {
            items.push(ItemAnswer { credential_id, headline });
            warnings.extend(own);
        }
        Self { dry_run: true, credential_id: preview.credential_id, items, warnings }
    }
}

/// Push a batch
///
/// Pushes several credentials of one person behind one link; the person accepts or declines each. A
/// batch is stored completely or not at all: a single error rejects it, and the response lists
/// every error of every item. The token needs the scopes of all types in the batch.
#[utoipa::path(
    post,
    path = "/api/partner/v2/add/requests/batch",
    operation_id = "addBatch",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Created. Send the person to `redirect_uri`", body = PushAnswer),
        (status = 200, description = "With `dry_run`: valid. Nothing was stored", body = BatchDryRunAnswer),
    ),
    tag = "Add"
)]
async fn push_batch(
    State(app): State<App>,
    partner: Partner<WriteAll>,
    options: Options,
    body: PushBody,
) -> Result<Response, Error> {
    let batch = BatchPush { body: &body.bytes, form: BatchForm::V2 };
    let authorize = |types: &[Type]| partner.right.require(types);
    if is_dry_run(options)? {
        let preview = flows::batch::dry_run(&app, partner.id, batch, authorize).await?;
        return Ok(Json(BatchDryRunAnswer::from(preview)).into_response());
    }
    let stored = flows::batch::push(&app, partner.id, batch, authorize).await?;
    Ok((StatusCode::CREATED, Json(PushAnswer::new(stored, None))).into_response())
}

/// Push a batch (v1)
///
/// The format of older integrations. It works like v2, but the response contains only the link, and
/// what v2 returns in `warnings` is in `Tenure-Warning` headers.
#[utoipa::path(
    post,
    path = "/api/partner/v1/add/batch",
    operation_id = "addBatchV1",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 200, description = "With `dry_run`: valid. Nothing was stored", body = BatchDryRunAnswer),
        (status = 201, description = "Created. Send the person to `redirect_uri`", body = V1Answer,
            headers(("Tenure-Warning" = String, description = "At most 8, one for each kind of warning: its code and message, as `code;message=\"...\"`, or `code;message=%\"...\"` if the message is not ASCII (RFC 9651)"))),
    ),
    tag = "Add"
)]
async fn push_batch_v1(
    State(app): State<App>,
    partner: Partner<WriteAll>,
    options: Options,
    body: PushBody,
) -> Result<Response, Error> {
    let batch = BatchPush { body: &body.bytes, form: BatchForm::V1 };
    let authorize = |types: &[Type]| partner.right.require(types);
    if is_dry_run(options)? {
        let preview = flows::batch::dry_run(&app, partner.id, batch, authorize).await?;
        return Ok(Json(BatchDryRunAnswer::from(preview)).into_response());
    }
    let stored = flows::batch::push(&app, partner.id, batch, authorize).await?;
    Ok(v1_answer(stored))
}
