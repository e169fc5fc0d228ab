//! Batches: `POST /api/partner/v2/add/requests/batch` and v1's `POST /api/partner/v1/add/batch` (partner-api sections 6
//! and 7).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use credential::{Batch, BatchBody, BatchForm};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::claim::{Claim, Wished};
use super::partner::{Partner, WriteAll};
use super::push::{
    Options, PushAnswer, PushOptions, Stored, V1Answer, Warning, advice, context, earlier_warnings, existing_uploads,
    is_dry_run, is_same, prepare, taken, wake,
};
use crate::app::App;
use crate::error::Error;
use crate::flows::documents::upload_links;
use crate::flows::{self, documents};
use crate::http::JsonBody;
use crate::mail::texts::Offer;
use store::domain;
use store::domain::asset::Asset;
use store::{NewBatch, NewRequest, NewSubmission, Pushed};

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
    let dry_run = is_dry_run(options)?;
    let batch = read(&app, &partner, BatchForm::V2, &body).await?;
    if dry_run {
        let item = |item: &credential::Submission| ItemAnswer {
            credential_id: item.credential_id.clone(),
            headline: item.credential_type.headline(&item.fields),
        };
        let (items, warnings) = (batch.items.iter().map(item).collect(), batch.items.iter().flat_map(advice).collect());
        let credential_id = batch.credential_id;
        return Ok(Json(BatchDryRunAnswer { dry_run, credential_id, items, warnings }).into_response());
    }
    let stored = store(&app, partner.id, &batch).await?;
    let answer = PushAnswer {
        redirect_uri: stored.redirect_uri,
        credential_offer_uri: None,
        request_id: stored.request_id,
        assets: stored.uploads,
        warnings: stored.warnings.into_iter().chain(batch.items.iter().flat_map(advice)).collect(),
        credential_id: batch.credential_id,
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
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
    let batch = read(&app, &partner, BatchForm::V1, &body).await?;
    let stored = store(&app, partner.id, &batch).await?;
    Ok((StatusCode::CREATED, Json(V1Answer { redirect_uri: stored.redirect_uri })))
}

/// The batch in `body`, once the token has the scopes of its types.
async fn read(app: &App, partner: &Partner<WriteAll>, form: BatchForm, body: &[u8]) -> Result<Batch, Error> {
    let refused = |_: &credential::Rejection| app.metrics().submissions("refused", 1);
    let body = BatchBody::read(form, body).inspect_err(refused)?;
    partner.right.require(&body.types())?;
    let batch = body.check(&context(app)).inspect_err(refused)?;
    flows::sandbox::check_recipient(app, partner.id, batch.claim.as_deref()).await?;
    documents::check(app, partner.id, &batch.items).await?;
    Ok(batch)
}

/// Seals and stores a batch; returns once it is durable.
///
/// # Errors
/// 401 if the partner was disabled meanwhile, 422 if an id is taken, 503 if nothing can be stored now.
pub async fn store(app: &App, partner: Uuid, batch: &Batch) -> Result<Stored, Error> {
    let (id, now) = (app.id(), app.now());
    let mut items: Vec<NewSubmission> = Vec::with_capacity(batch.items.len());
    for (place, item) in (0..).zip(&batch.items) {
        // The order of the ids is the order in which the person sees the items.
        let item_id = app.rng().ordered_id(now, place);
        // What was written before one fails is left to the sweep.
        items.push(prepare(app, partner, item, &item.payload(), item_id, Some(id)).await?);
    }
    let assets: Vec<(String, Vec<Asset>)> =
        items.iter().map(|item| (item.credential_id.clone(), item.assets.clone())).collect();
    let new = NewBatch { id, credential_id: batch.credential_id.clone(), items };
    let redirect_uri = |id| app.links().batch(partner, id);
    let link = redirect_uri(id);
    let wished = Wished {
        email: batch.claim.as_deref(),
        partner,
        credential_id: &batch.credential_id,
        offer: Offer::Several(batch.items.len()),
        request: id,
        link: &link,
        until: now + app.config().retention.incomplete,
    };
    let Claim { mail, warning } = Claim::prepare(app, wished).await?;
    let pushed = app.committer().push_and_send(NewRequest::Batch(new), mail).await;
    // After an error nobody knows whether it was stored: then the sweep looks what is left over.
    if matches!(&pushed, Ok(outcome) if *outcome != Pushed::Created) {
        for (_, assets) in &assets {
            app.documents().discard_rows(assets).await;
        }
    }
    match pushed? {
        Pushed::Created => {
            app.metrics().submissions("created", batch.items.len() as u64);
            let mut uploads = Vec::new();
            for (item, (credential_id, assets)) in batch.items.iter().zip(&assets) {
                wake(app, assets, batch.claim.is_some());
                uploads.extend(upload_links(app, assets, item, Some(credential_id)));
            }
            Ok(Stored { request_id: id, redirect_uri: link, uploads, warnings: warning.into_iter().collect() })
        }
        Pushed::ExistingBatch(existing) => {
            app.metrics().submissions("existing", batch.items.len() as u64);
            let mut uploads = Vec::new();
            for item in &batch.items {
                let earlier = existing.items.iter().find(|earlier| earlier.credential_id == item.credential_id);
                if let Some(earlier) = earlier {
                    uploads.extend(existing_uploads(app, earlier, item, Some(&item.credential_id)).await?);
                }
            }
            let differs = differs(app, &existing, batch).await?;
            let warnings = earlier_warnings(differs, batch.claim.is_some());
            Ok(Stored { request_id: existing.id, redirect_uri: redirect_uri(existing.id), uploads, warnings })
        }
        Pushed::Taken(ids) => Err(Error::invalid(taken_ids(batch, &ids))),
        Pushed::Existing(_) => Err(Error::internal("a batch was taken for one submission")),
        Pushed::PartnerDisabled => Err(Error::unauthorized()),
    }
}

/// Where in the batch the ids stand that are taken.
fn taken_ids(batch: &Batch, ids: &[String]) -> Vec<credential::Fault> {
    let own = ids.contains(&batch.credential_id).then(|| taken(batch.id_pointer));
    let items = batch.items.iter().filter(|item| ids.contains(&item.credential_id));
    own.into_iter().chain(items.map(|item| taken(&item.id_pointer))).collect()
}

/// Whether an earlier batch said something else.
async fn differs(app: &App, existing: &domain::batch::Batch, batch: &Batch) -> Result<bool, Error> {
    if existing.items.len() != batch.items.len() {
        return Ok(true);
    }
    for item in &batch.items {
        let earlier = existing.items.iter().find(|earlier| earlier.credential_id == item.credential_id);
        match earlier {
            Some(earlier) if is_same(app, earlier, item.credential_type, &item.payload()).await? => {}
            _ => return Ok(true),
        }
    }
    Ok(false)
}
