//! OpenID for Verifiable Presentations 1.0: the endpoints that outside wallets use, one file each.
//!
//! The use cases are in [`crate::flows::presentation`], the pages in [`crate::web`].

mod ended;
mod request;
mod response;

use crate::http::cors::SharedRoutes;

/// Returns all routes for wallets. Wallets in browsers may use them from any origin, since nothing
/// here depends on cookies.
pub fn routes() -> SharedRoutes {
    request::routes().merge(response::routes())
}
