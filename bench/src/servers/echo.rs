//! The echo: what the HTTP stack alone costs.

use axum::Router;
use axum::routing::post;
use bytes::Bytes;

use super::{Serve, answer, created, serve};

/// Serves the echo: reads the body, returns a response of the size of a push response, stores
/// nothing.
///
/// # Errors
/// The address is in use.
pub fn run(serve_at: &Serve) -> Result<(), String> {
    let push = |body: Bytes| async move { created(answer("00000000-0000-4000-8000-000000000000", body.len() as u64)) };
    serve(serve_at.listen, async move { Ok(Router::new().route("/push", post(push))) })
}
