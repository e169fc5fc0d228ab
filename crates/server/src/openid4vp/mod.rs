//! OpenID for Verifiable Presentations 1.0: the endpoints that outside wallets use, one file each.
//!
//! The use cases are in [`crate::flows::presentation`], the pages in [`crate::web`].

mod ended;
mod request;
mod response;

use axum::Router;
use axum::middleware;

use crate::app::App;
use crate::http::cors::share_with_all_origins;

/// Returns all routes for wallets. Browser-based wallets may call them from any origin, since
/// nothing here depends on cookies.
pub fn routes() -> Router<App> {
    Router::new().merge(request::routes()).merge(response::routes()).layer(middleware::from_fn(share_with_all_origins))
}
