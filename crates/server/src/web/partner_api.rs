//! The Partner API, as far as pages describe it and send requests to it.

use axum::Router;
use serde_json::Value;

use crate::app::App;

/// What pages are given of the Partner API, whose routes they do not know.
#[derive(Clone, Copy, Debug)]
pub struct PartnerApi {
    /// The OpenAPI document.
    pub document: &'static Value,
    /// Makes the whole router, for requests that a page sends to its own server.
    pub router: fn(&App) -> Router,
}
