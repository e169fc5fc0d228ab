//! `POST /api/partner/v2/sandbox/events`: a sandbox partner has an event sent to its webhooks that nothing has made happen.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::auth::partner::{Own, Partner};
use crate::error::{Error, Kind, Problem};
use crate::http::JsonBody;
use store::{Announcement, AnnouncementKind};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(simulate))
}

/// An event to try out.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct Simulation {
    /// The type of the event.
    #[schema(example = "vwsp_request.verified")]
    r#type: String,
    /// The request that it is about; a new id unless you name one.
    #[schema(required = false, nullable = false, max_length = 255)]
    request_id: Option<String>,
    /// Your id of the credential, for an event of `atsp_request`.
    #[schema(required = false, nullable = false, max_length = 255)]
    credential_id: Option<String>,
}

/// An event that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Simulated {
    /// The event's id, the same at every webhook.
    event_id: Uuid,
    /// The request that it is about.
    #[schema(example = "0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    request_id: String,
    /// How many of your webhooks want it.
    #[schema(example = 1)]
    webhooks: usize,
}

/// Send yourself an event
///
/// For sandbox partners: sends an event to those of your webhooks that want its type, signed and repeated as any other,
/// although nothing has happened. No request is looked up or changed.
#[utoipa::path(
    post,
    path = "/api/partner/v2/sandbox/events",
    params(super::idempotency::IdempotencyHeader),
    request_body(content = Simulation, content_type = "application/json"),
    responses(
        (status = 202, description = "It is on its way", body = Simulated),
        (status = 400, description = "The body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "You are not a sandbox partner", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request, or its first request is still under way", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/json`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body has faults", body = Problem, content_type = "application/problem+json"),
    ),
    tag = "Sandbox"
)]
async fn simulate(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Simulated>), Error> {
    let known = app.store().read().await?.partner(partner.id).await?;
    if !known.is_some_and(|known| known.sandbox) {
        let detail =
            "Events are simulated for sandbox partners alone; ask the operator for one (tenure partner add --sandbox).";
        return Err(Error::new(Kind::Forbidden, detail));
    }
    let asked = credential::parse_simulation(&body)?;
    let kind = AnnouncementKind::ALL.into_iter().find(|kind| kind.name() == asked.kind);
    let kind = kind.ok_or_else(|| Error::internal("an event type that was checked is none"))?;
    let request_id = asked.request_id.unwrap_or_else(|| app.id().to_string());
    let now = app.now();
    let announcement = Announcement {
        partner: partner.id,
        kind,
        request_id: &request_id,
        credential_id: asked.credential_id.as_deref(),
        at: now,
        told_at: now,
    };
    let event_id = announcement.event_id();
    let mut tx = app.store().write().await?;
    let wanting = tx.webhooks(partner.id).await?;
    let webhooks =
        wanting.iter().filter(|webhook| webhook.events.split(' ').any(|wanted| wanted == kind.name())).count();
    tx.announce(&[announcement]).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok((StatusCode::ACCEPTED, Json(Simulated { event_id, request_id, webhooks })))
}
