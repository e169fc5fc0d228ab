//! The HTTP server: the whole router, listening, and stopping without dropping what was accepted.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::{App, StartError};
use crate::store::StoreError;
use crate::{api, http, jobs, oid4vci, openid4vp, web};

/// The whole router, with everything that a request passes through.
pub fn router(app: &App) -> Router {
    // One stack: a Router's own `layer`, called once a layer, would box every request and answer as often.
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), http::respond))
        .layer(CatchPanicLayer::custom(http::panicked))
        .layer(DefaultBodyLimit::max(app.config.server.body_limit));
    Router::new()
        .merge(api::routes(app))
        .merge(oid4vci::routes())
        .merge(openid4vp::routes())
        .merge(web::routes(app))
        .fallback(http::not_found)
        .method_not_allowed_fallback(http::method_not_allowed)
        .layer(layers)
        .with_state(app.clone())
}

/// What is broken when the store is opened is tried so often: another process may be bringing the same database up to date at
/// this very moment. What is still broken then, only the operator can mend.
const TRIES: u32 = 3;

/// Serves on `listener` until `stop`, opening the application by `open` first. While the store cannot be used at the
/// start, every request is answered 503, and opening is tried again each second.
///
/// # Errors
/// Something that only the operator can mend.
pub async fn serve<F>(
    listener: TcpListener,
    open: impl Fn() -> F,
    ready: impl FnOnce(&App),
    stop: CancellationToken,
) -> Result<(), StartError>
where
    F: Future<Output = Result<App, StartError>>,
{
    let router: Arc<OnceLock<Router>> = Arc::default();
    let serving = tokio::spawn(accept(listener, router.clone(), stop.clone()));
    let opened = tokio::select! {
        opened = open_when_possible(open) => Some(opened),
        () = stop.cancelled() => None,
    };
    let Some(opened) = opened else { return Ok(()) };
    let app = opened?;
    let _ = router.set(self::router(&app));
    let mut jobs = jobs::start(&app, &stop);
    ready(&app);
    let grace = app.config.server.shutdown_grace;
    stop.cancelled().await;
    tracing::info!("stopping: answering what was accepted");
    if tokio::time::timeout(grace, serving).await.is_err() {
        tracing::warn!("some requests were still under way when the grace period ended");
    }
    let ended = async { while jobs.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), ended).await;
    // A database that has fallen silent keeps nobody here.
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
                if broken == TRIES {
                    return Err(StartError::Store(error));
                }
                tracing::error!(%error, "the store cannot be used; requests are answered 503 until it can");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other,
        }
    }
}

async fn accept(listener: TcpListener, router: Arc<OnceLock<Router>>, stop: CancellationToken) {
    let service = tower::service_fn(move |request: Request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router.get(), request).await) }
    });
    let make = tower::service_fn(move |stream: axum::serve::IncomingStream<'_, TcpListener>| {
        let (service, peer): (_, SocketAddr) = (service.clone(), *stream.remote_addr());
        let connected = service.map_request(move |mut request: Request| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        std::future::ready(Ok::<_, Infallible>(connected))
    });
    let served = axum::serve(listener, make).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "listening ended");
    }
}

async fn answer(router: Option<&Router>, request: Request) -> Response<Body> {
    match router {
        Some(router) => router.clone().oneshot(http::without_json_suffix(request)).await.into_response(),
        None => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "starting: the store cannot be used yet\n")
                .into_response()
        }
    }
}
