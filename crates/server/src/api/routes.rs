//! The list of documented routes, from which the router and the OpenAPI document are built.

use utoipa_axum::router::OpenApiRouter;

use super::{
    batch, deliveries, jwks, listeners, metadata, operations, push, sandbox, status, submissions, verify, verify_token,
    webhooks, withdraw,
};
use crate::app::App;

/// Returns the documented routes that need an access token.
pub(super) fn protected() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(push::routes())
        .merge(batch::routes())
        .merge(withdraw::routes())
        .merge(status::routes())
        .merge(submissions::routes())
        .merge(verify::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
        .merge(sandbox::routes())
}

/// Returns the documented routes that need an access token and ignore an `Idempotency-Key`.
pub(super) fn fresh() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(verify_token::routes()).merge(listeners::routes())
}

/// Returns the documented routes that need no access token, except for the token endpoint, uploads
/// and public documents, which have layers of their own.
pub(super) fn open() -> OpenApiRouter<App> {
    operations::routes()
}

/// Returns the documented routes of public documents, which scripts of every origin may read.
pub(super) fn documents() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(jwks::routes()).merge(metadata::routes())
}
