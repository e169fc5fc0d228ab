//! Which missing paths scripts of every origin may see.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::http::cors::share;

/// Where the routes for wallets are.
const FOR_WALLETS: [&str; 2] = ["/.well-known/", "/oid4vci/"];

/// Lets scripts of every origin see that a well-known document or a route for wallets does not
/// exist. Wallets look for several, and a browser does not tell a script a refused status from a
/// broken connection.
pub(super) async fn share_missing_documents(request: Request, next: Next) -> Response {
    let is_for_wallets = FOR_WALLETS.iter().any(|start| request.uri().path().starts_with(start));
    let mut response = next.run(request).await;
    if is_for_wallets {
        share(response.headers_mut());
    }
    response
}
