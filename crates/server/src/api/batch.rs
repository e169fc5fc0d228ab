//! Batches: `POST /api/partner/v2/add/requests/batch` and v1's `POST /api/partner/v1/add/batch` (partner-api sections 6
//! and 7).

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
use super::push::{Options, PushAnswer, PushOptions, V1Answer, is_dry_run};
use crate::app::App;
use crate::error::Error;
use crate::flows;
use crate::flows::batch::{BatchPreview, BatchPush};
use crate::flows::push::PushPreview;
use crate::flows::warning::Warning;
use crate::http::JsonBody;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push_batch)).routes(routes!(push_batch_v1))
}

/// A batch that would be taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchDryRunAnswer {
    /// Always true.
    dry_run: bool,
    /// Your own id for the whole.
    credential_id: String,
    /// The items, in the order of the types.
    items: Vec<ItemAnswer>,
    /// What you should know although it would be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// An item that would be taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemAnswer {
    /// Your own id for it.
    credential_id: String,
    /// How a hirer would read it.
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
/// Several credentials of one person behind one link; the person accepts or declines each. It is taken whole or not at
/// all: one fault refuses it, and every fault of every item is listed. The token needs the scopes of all its types.
#[utoipa::path(
    post,
    path = "/api/partner/v2/add/requests/batch",
    params(PushOptions, super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Taken: send the person to `redirect_uri`", body = PushAnswer),
        (status = 200, description = "With `dry_run`: it would be taken; nothing was stored", body = BatchDryRunAnswer),
    ),
    tag = "Add"
)]
async fn push_batch(
    State(app): State<App>,
    partner: Partner<WriteAll>,
    options: Options,
    JsonBody(body): JsonBody,
) -> Result<Response, Error> {
    let batch = BatchPush { body: &body, form: BatchForm::V2 };
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
/// The form of older integrations. It does the same as v2, and answers with the link alone.
#[utoipa::path(
    post,
    path = "/api/partner/v1/add/batch",
    params(super::idempotency::IdempotencyHeader),
    responses(
        (status = 201, description = "Taken: send the person to `redirect_uri`", body = V1Answer),
    ),
    tag = "Add"
)]
async fn push_batch_v1(
    State(app): State<App>,
    partner: Partner<WriteAll>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<V1Answer>), Error> {
    let batch = BatchPush { body: &body, form: BatchForm::V1 };
    let authorize = |types: &[Type]| partner.right.require(types);
    let stored = flows::batch::push(&app, partner.id, batch, authorize).await?;
    Ok((StatusCode::CREATED, Json(V1Answer { redirect_uri: stored.redirect_uri })))
}
