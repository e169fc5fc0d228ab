//! OpenID for Verifiable Credential Issuance 1.0: the endpoints for wallets, one file each.
//!
//! Owns the wire: addresses, parameters, errors. Who may fetch what is in [`store::domain::issuance`], keys and proofs in
//! [`crate::issuing`]. Every route here is for programs; the pages where a person answers are in [`crate::web`].

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

/// All routes for wallets and verifiers. Wallets in a browser may call them from wherever they are: nothing here goes by
/// cookies.
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
