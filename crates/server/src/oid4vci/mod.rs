//! OpenID for Verifiable Credential Issuance 1.0: the endpoints for wallets, one file each.
//!
//! Owns the protocol: URLs, parameters and errors. The rules for who may fetch which credential are
//! in [`store::domain::issuance`], keys and proofs in [`crate::issuing`]. All routes here are for
//! programs; the pages where a holder decides are in [`crate::web`].

mod authorization;
mod body;
mod credential;
mod deferred;
mod details;
mod documents;
mod metadata;
mod nonce;
mod notification;
pub mod offer;
mod status;
mod token;
mod wallet;

use axum::Router;
use axum::middleware;

use crate::app::App;
use crate::http::cors::share_with_all_origins;

/// Returns all routes for wallets and verifiers. Browser-based wallets may call them from any
/// origin, since nothing here depends on cookies.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(metadata::routes())
        .merge(documents::routes())
        .merge(status::routes())
        .merge(offer::routes())
        .merge(authorization::routes())
        .merge(token::routes())
        .merge(nonce::routes())
        .merge(credential::routes())
        .merge(deferred::routes())
        .merge(notification::routes())
        .layer(middleware::from_fn(share_with_all_origins))
}
