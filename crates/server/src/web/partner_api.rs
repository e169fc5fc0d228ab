//! The parts of the Partner API that pages need to describe it and send requests to it.

use std::sync::LazyLock;

use axum::Router;
use serde_json::Value;

use crate::app::App;

/// The Partner API as passed to pages, which cannot import its routes.
#[derive(Clone, Copy, Debug)]
pub struct PartnerApi {
    /// The OpenAPI document, which is generated when a page first needs it.
    pub document: &'static LazyLock<Value>,
    /// Builds the whole router, for requests that a page sends to its own server.
    pub router: fn(&App) -> Router,
}
