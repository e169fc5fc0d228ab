//! Connections of clients: how many are accepted, how long they may be idle, and how they end when the server stops.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum::http::{HeaderValue, Method, Request, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::http;

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    /// Longest time without the whole head of a request.
    pub head_timeout: Duration,
    /// Most connections at once, but for probes.
    pub max_connections: usize,
}

/// How far the end has come.
#[derive(Clone, Debug)]
pub(super) struct Stages {
    /// The server still takes requests, but a load balancer should send no more here.
    pub stopping: CancellationToken,
    /// The server takes no more connections.
    pub closing: CancellationToken,
}

/// Takes connections until `closing`, and ends once what they had under way is answered. One on which no head of a request has
/// arrived whole for `head_timeout` is closed, since each of those that say nothing is one less for others. Beyond
/// `max_connections` a few are taken for probes of the server's health, and answered 503 otherwise; the oldest of them makes way
/// for the next, so that clients that say nothing keep no probe out.
pub(super) async fn accept(
    listener: TcpListener,
    limits: ConnectionLimits,
    router: Arc<OnceLock<Router>>,
    stages: Stages,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_timeout);
    let mut reserved_http = http.clone();
    reserved_http.keep_alive(false).header_read_timeout(RESERVED_HEAD_TIMEOUT);
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let mut reserved: VecDeque<AbortHandle> = VecDeque::with_capacity(RESERVED_CONNECTIONS);
    let connections = GracefulShutdown::new();
    let mut late = 0;
    loop {
        // Connections that are made already are taken first, also at the end: closing the listener would reset them, and a
        // load balancer does not send a request twice.
        let (stream, peer) = tokio::select! {
            biased;
            accepted = next(&listener), if late < MAX_LATE => accepted,
            () = stages.closing.cancelled() => break,
        };
        late += usize::from(stages.closing.is_cancelled());
        let place = places.clone().try_acquire_owned().ok();
        let is_reserved = place.is_none();
        let (router, stopping) = (router.clone(), stages.stopping.clone());
        let service =
            service_fn(move |request| answer(router.get(), request, peer, is_reserved, stopping.is_cancelled()));
        let http = if is_reserved { &reserved_http } else { &http };
        let serving = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        // What becomes of a connection is its peer's affair: requests have their own log lines.
        let task = tokio::spawn(async move {
            drop(serving.await);
            drop(place);
        });
        if is_reserved {
            reserved.retain(|task| !task.is_finished());
            if reserved.len() == RESERVED_CONNECTIONS
                && let Some(oldest) = reserved.pop_front()
            {
                oldest.abort();
            }
            reserved.push_back(task.abort_handle());
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// The next connection. While this machine has no room for more, it is tried again each second.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // It was gone before it was taken.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken for a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Most connections that are taken after the end has come: as many as the listener's queue holds.
const MAX_LATE: usize = 1024;

/// Paths that are answered although there are too many connections.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Connections taken beyond the most, for [`PROBES`].
const RESERVED_CONNECTIONS: usize = 32;

/// How long one of those may take to send its request.
const RESERVED_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether a request says which host it is for, as HTTP/1.1 demands (RFC 9112, section 3.2): one `Host`, or the whole URL.
fn has_one_host<B>(request: &Request<B>) -> bool {
    match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() < Version::HTTP_11,
        1 => true,
        _ => false,
    }
}

/// The request is handed on before anything waits, so that it is moved once; so the future borrows nothing.
fn answer(
    router: Option<&Router>,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    is_reserved: bool,
    is_stopping: bool,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    let refused = if !has_one_host(&request) {
        Some((StatusCode::BAD_REQUEST, "the request needs exactly one Host header\n"))
    } else if is_reserved && !PROBES.contains(&request.uri().path()) {
        Some((StatusCode::SERVICE_UNAVAILABLE, "too many connections\n"))
    } else if is_stopping && request.uri().path() == "/readyz" {
        Some((StatusCode::SERVICE_UNAVAILABLE, "stopping\n"))
    } else {
        None
    };
    let is_probe_of_life =
        request.uri().path() == "/healthz" && matches!(*request.method(), Method::GET | Method::HEAD);
    request.extensions_mut().insert(ConnectInfo(peer));
    let is_refused = refused.is_some();
    let router = router.filter(|_| !is_refused);
    let routed = router.map(|router| router.clone().call(http::without_json_suffix(request)));
    async move {
        let mut response = match routed {
            Some(routed) => routed.await?,
            None => {
                // The process lives, though it is not ready: a restart would not mend the database.
                let starting = if is_probe_of_life {
                    (StatusCode::OK, "ok\n")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "starting: the store cannot be used yet\n")
                };
                let (status, text) = refused.unwrap_or(starting);
                let mut response = (status, text).into_response();
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                response
            }
        };
        if is_stopping || is_reserved || is_refused {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

/// Time stands still in these until everybody waits, and then goes on at once.
#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    use super::*;

    const HEAD: Duration = Duration::from_secs(75);
    const REQUEST: &[u8] = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";

    /// A connection, and what ends when the server does.
    async fn connected(stop: &CancellationToken) -> (TcpStream, JoinHandle<()>) {
        let slow = || async { sleep(Duration::from_secs(200)).await };
        let router = Router::new().route("/slow", get(slow)).route("/echo", post(|body: String| async { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let limits = ConnectionLimits { head_timeout: HEAD, max_connections: 2 };
        let stages = Stages { stopping: CancellationToken::new(), closing: stop.clone() };
        let serving = tokio::spawn(accept(listener, limits, Arc::new(OnceLock::from(router)), stages));
        (TcpStream::connect(address).await.expect("a connection"), serving)
    }

    /// What arrives until the server closes the connection.
    async fn rest(client: &mut TcpStream) -> String {
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("the end");
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn incomplete_request_headers_time_out() {
        let (mut client, _) = connected(&CancellationToken::new()).await;
        let started = Instant::now();
        client.write_all(&REQUEST[..20]).await.expect("it is sent");
        sleep(HEAD / 2).await;
        client.write_all(&REQUEST[20..25]).await.expect("it is sent");
        assert_eq!(rest(&mut client).await, "");
        assert_eq!(started.elapsed().as_secs(), HEAD.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn active_requests_continue_and_idle_connections_time_out() {
        let (mut client, _) = connected(&CancellationToken::new()).await;
        let started = Instant::now();
        client.write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n").await.expect("it is sent");
        for byte in [b"a", b"b", b"c"] {
            sleep(HEAD - Duration::from_secs(1)).await;
            client.write_all(byte).await.expect("it is sent");
        }
        client.write_all(REQUEST).await.expect("it is sent");
        let answers = rest(&mut client).await;
        assert!(answers.contains("\r\n\r\nabcHTTP/1.1 200 OK\r\n"), "{answers}");
        assert_eq!(started.elapsed().as_secs(), 3 * (HEAD.as_secs() - 1) + 200 + HEAD.as_secs());
    }

    /// Sends `request` over its own connection, and reads until the server closes it.
    async fn exchanged(address: SocketAddr, request: &str) -> String {
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(request.as_bytes()).await.expect("it is sent");
        rest(&mut client).await
    }

    #[tokio::test(start_paused = true)]
    async fn probes_are_answered_beyond_the_most_connections() {
        let (first, _) = connected(&CancellationToken::new()).await;
        let address = first.peer_addr().expect("an address");
        let second = TcpStream::connect(address).await.expect("a connection");
        sleep(Duration::from_millis(1)).await;
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = exchanged(address, &get("/slow")).await;
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close"), "{answer}");
        assert!(exchanged(address, &get("/healthz")).await.starts_with("HTTP/1.1 404 "), "it reaches the router");
        // Clients that say nothing cannot take the places of probes.
        let mut silent = Vec::new();
        for _ in 0..3 * RESERVED_CONNECTIONS {
            silent.push(TcpStream::connect(address).await.expect("a connection"));
        }
        assert!(exchanged(address, &get("/healthz")).await.starts_with("HTTP/1.1 404 "), "it reaches the router");
        drop((first, second, silent));
        sleep(Duration::from_millis(1)).await;
        assert!(exchanged(address, &get("/slow")).await.starts_with("HTTP/1.1 200 "), "there is room again");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_need_exactly_one_host() {
        for head in ["GET /slow HTTP/1.1\r\n", "GET /slow HTTP/1.1\r\nHost: x\r\nHost: x\r\n"] {
            let (mut client, _) = connected(&CancellationToken::new()).await;
            client.write_all(format!("{head}\r\n").as_bytes()).await.expect("it is sent");
            let answer = rest(&mut client).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
        let (mut client, _) = connected(&CancellationToken::new()).await;
        client.write_all(b"GET /slow HTTP/1.0\r\n\r\n").await.expect("it is sent");
        assert!(rest(&mut client).await.starts_with("HTTP/1.0 200 "));
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_server_answers_and_says_that_it_is_not_ready() {
        let router = Router::new().route("/readyz", get(|| async { "ready" })).route("/echo", get(|| async { "here" }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let limits = ConnectionLimits { head_timeout: HEAD, max_connections: 9 };
        let stages = Stages { stopping: CancellationToken::new(), closing: CancellationToken::new() };
        let serving = tokio::spawn(accept(listener, limits, Arc::new(OnceLock::from(router)), stages.clone()));
        stages.stopping.cancel();
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = exchanged(address, &get("/readyz")).await;
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("stopping\n"), "{answer}");
        let answer = exchanged(address, &get("/echo")).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
        stages.closing.cancel();
        serving.await.expect("it ends");
        assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
    }

    #[tokio::test(start_paused = true)]
    async fn starting_server_is_alive_and_not_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let limits = ConnectionLimits { head_timeout: HEAD, max_connections: 9 };
        let stages = Stages { stopping: CancellationToken::new(), closing: CancellationToken::new() };
        tokio::spawn(accept(listener, limits, Arc::default(), stages));
        for (line, status) in
            [("GET /healthz", 200), ("HEAD /healthz", 200), ("POST /healthz", 503), ("GET /readyz", 503)]
        {
            let answer = exchanged(address, &format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_waits_for_requests_in_flight() {
        let stop = CancellationToken::new();
        let ((mut client, serving), started) = (connected(&stop).await, Instant::now());
        client.write_all(REQUEST).await.expect("it is sent");
        sleep(Duration::from_secs(1)).await;
        stop.cancel();
        serving.await.expect("it ends");
        assert_eq!(started.elapsed().as_secs(), 200);
        assert!(rest(&mut client).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}
