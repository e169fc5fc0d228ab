//! The HTTP server: router, listeners and graceful shutdown.

mod connections;
mod json_suffix;
mod missing_routes;
mod unread_body;
mod wrong_method;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

use crate::app::{App, StartError};
use crate::config::Server;
use crate::flows::request_log;
use crate::http::cors::{SharedRoutes, share_with_all_origins};
use crate::http::middleware::MiddlewareLayer;
use crate::http::{Outermost, Readers};
use crate::web::PartnerApi;
use crate::{api, jobs, oid4vci, openid4vp, web};
use connections::{ConnectionLimits, Stages, accept};
use missing_routes::share_missing_documents;
use store::StoreError;
use wrong_method::name_methods;

pub use json_suffix::without_json_suffix;

/// Returns the complete router with all its layers.
pub fn router(app: &App) -> Router {
    let (timeout, upload_timeout) = (app.config().server.timeout, app.config().object_storage.upload_timeout);
    let routed = |router, readers, timeout| layered(app, router, Outermost { app: app.clone(), readers, timeout });
    let shared = |routes: SharedRoutes, readers| {
        routed(routes.into_router(), readers, timeout).layer(from_fn(share_with_all_origins))
    };
    let page = Readers::People(web::error::page);
    let described = PartnerApi { document: &api::openapi::DOCUMENT, router: router_for_pages };
    let unmatched = routed(Router::new().fallback(api::unmatched), Readers::Unknown(web::error::page), timeout);
    Router::new()
        .merge(routed(api::routes(app), Readers::Programs, timeout))
        .merge(routed(api::token(), Readers::OAuthClients(api::token_error), timeout))
        .merge(routed(api::uploads(), Readers::Programs, upload_timeout))
        .merge(shared(api::documents(), Readers::Programs))
        .merge(shared(oid4vci::routes(), Readers::Wallets))
        .merge(shared(openid4vp::routes(), Readers::Wallets))
        .merge(routed(web::routes(app, described), page, timeout))
        .merge(routed(web::authorization_routes(), Readers::People(web::authorize::error_page), timeout))
        .merge(routed(web::console_routes(described), Readers::Partners(web::console::error::page), timeout))
        .merge(unmatched.layer(from_fn(share_missing_documents)))
        .with_state(app.clone())
}

/// Returns the router for requests that a page sends to its own server. It removes the suffix
/// `.json` first, as [`serve`] does.
fn router_for_pages(app: &App) -> Router {
    let routed = ServiceBuilder::new().map_request(without_json_suffix::<Body>).service(router(app));
    Router::new().fallback_service(routed)
}

/// Adds the layers to `router`. They are one stack: a separate `layer` call for each would box
/// every request and response as many times.
fn layered(app: &App, router: Router<App>, outermost: Outermost) -> Router<App> {
    let router = name_methods(app, router, outermost.readers);
    let layers = ServiceBuilder::new()
        .layer(MiddlewareLayer(outermost))
        .layer(DefaultBodyLimit::max(app.config().server.body_limit));
    router.layer(layers)
}

/// How often a broken store is opened before giving up. Another process may be migrating the same
/// database at this moment; an error that persists needs the operator.
const MAX_ATTEMPTS: u32 = 3;

/// How long the store may take to open before requests are answered with 503.
const STARTING_UNANSWERED: Duration = Duration::from_secs(2);

/// Opens the application with `open`, and serves on `listener` until `stop` and for
/// `settings.shutdown_delay` after it. While the store cannot be opened, requests get 503 and
/// opening is retried every second.
///
/// # Errors
/// Only the operator can fix the problem.
pub async fn serve<F>(
    listener: TcpListener,
    settings: &Server,
    open: impl Fn() -> F,
    ready: impl FnOnce(&App),
    stop: CancellationToken,
) -> Result<(), StartError>
where
    F: Future<Output = Result<App, StartError>>,
{
    let router: Arc<OnceLock<Router>> = Arc::default();
    let limits = ConnectionLimits {
        header_read_timeout: settings.header_read_timeout,
        max_connections: settings.max_connections,
    };
    let closing = CancellationToken::new();
    let stages = Stages { stopping: stop.clone(), closing: closing.clone() };
    let mut opening = pin!(open_when_possible(open));
    // Until then connections wait in the listener's queue, because a load balancer would pass a 503
    // on to its client.
    let early = tokio::select! {
        opened = &mut opening => Some(opened),
        () = tokio::time::sleep(STARTING_UNANSWERED) => None,
        () = stop.cancelled() => return Ok(()),
    };
    let serve_with = |app: App| {
        let _ = router.set(self::router(&app));
        app
    };
    let early = early.transpose()?.map(serve_with);
    let serving = tokio::spawn(accept(listener, limits, router.clone(), stages));
    let app = match early {
        Some(app) => app,
        None => tokio::select! {
            opened = opening => serve_with(opened?),
            () = stop.cancelled() => return Ok(()),
        },
    };
    let mut jobs = jobs::start(&app, &closing);
    ready(&app);
    let (delay, grace) = (app.config().server.shutdown_delay, app.config().server.shutdown_grace);
    stop.cancelled().await;
    if !delay.is_zero() {
        tracing::info!(seconds = delay.as_secs(), "stopping: /readyz returns 503, and requests are still accepted");
        tokio::time::sleep(delay).await;
    }
    closing.cancel();
    tracing::info!("stopping: finishing accepted requests");
    if tokio::time::timeout(grace, serving).await.is_err() {
        tracing::warn!("some requests were still in progress when the grace period ended");
    }
    let ended = async { while jobs.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), ended).await;
    // An unresponsive database must not block the shutdown.
    let _ = tokio::time::timeout(Duration::from_secs(5), request_log::write(&app)).await;
    let _ = tokio::time::timeout(Duration::from_secs(5), app.close()).await;
    tracing::info!("stopped");
    Ok(())
}

async fn open_when_possible<F>(open: impl Fn() -> F) -> Result<App, StartError>
where
    F: Future<Output = Result<App, StartError>>,
{
    let mut broken = 0;
    loop {
        match open().await {
            Err(StartError::Store(error)) => {
                broken = if matches!(error, StoreError::Broken(_)) { broken + 1 } else { 0 };
                if broken == MAX_ATTEMPTS {
                    return Err(StartError::Store(error));
                }
                tracing::error!(%error, "the store is unavailable; requests are answered with 503 until it is back");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other,
        }
    }
}
