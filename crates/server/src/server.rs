//! The HTTP server: the whole router, listening, and stopping without dropping what was accepted.

use std::convert::Infallible;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::connect_info::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::{Service as _, ServiceBuilder};
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

/// How long a connection may be silent, or send the head of a request piece by piece, until it is closed. Load balancers keep idle
/// connections for a minute and like to be the ones who close them; without an end, who opens connections and says nothing would
/// take all that there are.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

async fn accept(listener: TcpListener, router: Arc<OnceLock<Router>>, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let router = router.clone();
                let service = service_fn(move |request| answer(router.get(), request, peer));
                let serving = connections.watch(http.serve_connection(TokioIo::new(stream), service));
                // What becomes of a connection is its peer's affair: requests have their own log lines.
                tokio::spawn(async move { drop(serving.await) });
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken for a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Whether a connection was gone before it was taken; otherwise this machine has no room for more.
fn is_of_the_peer(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

fn answer(
    router: Option<&Router>,
    mut request: Request<Incoming>,
    peer: SocketAddr,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let routed = router.map(|router| router.clone().call(http::without_json_suffix(request)));
    async move {
        match routed {
            Some(routed) => routed.await,
            None => Ok((
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "1")],
                "starting: the store cannot be used yet\n",
            )
                .into_response()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    use super::*;

    /// Time stands still until everybody waits, and then goes on at once.
    #[tokio::test(start_paused = true)]
    async fn who_does_not_finish_the_head_of_a_request_loses_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(accept(listener, Arc::default(), CancellationToken::new()));
        let (mut client, started) = (TcpStream::connect(address).await.expect("a connection"), Instant::now());
        client.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n").await.expect("it is sent");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("the end");
        assert_eq!(answer, b"");
        assert_eq!(started.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());
    }
}
