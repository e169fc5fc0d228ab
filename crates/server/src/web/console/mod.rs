//! `/console`: the pages of a partner, one file for each page.
//!
//! Every page takes [`SignedInPartner`](crate::http::session::SignedInPartner), and every query
//! filters by its partner. The console decrypts no personal data: a partner sees the state of its
//! submissions only.

mod chart;
mod credentials;
mod deliveries;
pub mod error;
mod explorer;
mod frame;
mod listing;
mod overview;
mod passkey;
mod requests;
mod sign_in;
mod submissions;
mod verifications;
mod webhooks;

use axum::Router;
use axum::routing::any;

use super::PartnerApi;
use crate::app::App;
use crate::error::Error;

use frame::{Frame, Section, audit, layout};

/// Returns the routes of the console.
pub(super) fn routes(api: PartnerApi) -> Router<App> {
    Router::new()
        .merge(credentials::routes())
        .merge(deliveries::routes())
        .merge(explorer::routes(api))
        .merge(overview::routes())
        .merge(passkey::routes())
        .merge(requests::routes())
        .merge(sign_in::routes())
        .merge(submissions::routes())
        .merge(verifications::routes())
        .merge(webhooks::routes())
        .route("/console/{*path}", any(|| async { Error::not_found() }))
}
