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
mod drafts;
mod metadata;
mod nonce;
mod notification;
pub mod offer;
mod status;
mod token;
mod wallet;

use crate::http::cors::SharedRoutes;

/// Returns all routes for wallets and verifiers. Wallets in browsers may use them from any origin,
/// since nothing here depends on cookies.
pub fn routes() -> SharedRoutes {
    SharedRoutes::default()
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
}
