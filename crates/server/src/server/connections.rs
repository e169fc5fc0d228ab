//! Client connections: their maximum number, idle timeout and graceful shutdown.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum::http::uri::Authority;
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

use super::json_suffix::without_json_suffix;
use super::unread_body::PresentBody;
use crate::http::cors;

#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    /// Timeout for receiving the complete head of a request.
    pub header_read_timeout: Duration,
    /// Maximum number of concurrent connections, without those reserved for probes.
    pub max_connections: usize,
}

/// The stages of a shutdown.
#[derive(Clone, Debug)]
pub(super) struct Stages {
    /// Requests are still served, but load balancers should stop sending new ones to this node.
    pub stopping: CancellationToken,
    /// No new connections are accepted.
    pub closing: CancellationToken,
}

/// Accepts connections until `closing`, then waits for the requests in progress.
///
/// A connection that sends no complete request head within `header_read_timeout` is closed, because
/// idle connections count towards the limit. Beyond `max_connections` some connections are reserved
/// for health probes; other requests on them get 503. A new reserved connection replaces the oldest
/// one, so that idle clients cannot block probes.
pub(super) async fn accept(
    listener: TcpListener,
    limits: ConnectionLimits,
    router: Arc<OnceLock<Router>>,
    stages: Stages,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_read_timeout);
    let mut reserved_http = http.clone();
    reserved_http.keep_alive(false).header_read_timeout(RESERVED_HEAD_TIMEOUT);
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let mut reserved: VecDeque<AbortHandle> = VecDeque::with_capacity(RESERVED_CONNECTIONS);
    let connections = GracefulShutdown::new();
    let mut late = 0;
    loop {
        // Accept established connections first, even when closing: dropping the listener would
        // reset them, and load balancers do not retry such requests.
        let (stream, peer) = tokio::select! {
            biased;
            accepted = next(&listener), if late < MAX_LATE => accepted,
            () = stages.closing.cancelled() => break,
        };
        late += usize::from(stages.closing.is_cancelled());
        let place = places.clone().try_acquire_owned().ok();
        let is_reserved = place.is_none();
        let (router, stopping, body) = (router.clone(), stages.stopping.clone(), PresentBody::default());
        let service =
            service_fn(move |request| answer(router.get(), request, &body, peer, is_reserved, stopping.is_cancelled()));
        let http = if is_reserved { &reserved_http } else { &http };
        let serving = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        // Connection errors are caused by the peer and not logged. Requests have their own log
        // lines.
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

/// Accepts the next connection. If the system is out of resources, retries every second.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The peer closed the connection before it was accepted.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                tracing::error!(%error, "accepting connections failed; retrying in a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Maximum number of connections accepted after closing has begun: the length of the listener's
/// queue.
const MAX_LATE: usize = 1024;

/// Paths that are served even on reserved connections.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Number of connections beyond the maximum that are reserved for [`PROBES`].
const RESERVED_CONNECTIONS: usize = 32;

/// Timeout for the request head on a reserved connection.
const RESERVED_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether a request has exactly one valid `Host` header, as HTTP/1.1 requires (RFC 9112, section
/// 3.2). HTTP/1.0 requests may omit it, and it may be empty.
fn has_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => host.is_empty() || Authority::try_from(host.as_bytes()).is_ok(),
        (Some(_), Some(_)) => false,
    }
}

/// Whether the body has another transfer coding than `chunked`, such as gzip (RFC 9112, section
/// 6.1). hyper would pass it on as it is.
fn has_unknown_coding<B>(request: &Request<B>) -> bool {
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// Calls the router before the first await point, so that the request is moved only once and the
/// future borrows nothing.
fn answer(
    router: Option<&Router>,
    mut request: Request<Incoming>,
    body: &PresentBody,
    peer: SocketAddr,
    is_reserved: bool,
    is_stopping: bool,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    let refused = if !has_one_host(&request) {
        Some((StatusCode::BAD_REQUEST, "the request must have exactly one valid Host header\n"))
    } else if has_unknown_coding(&request) {
        Some((StatusCode::NOT_IMPLEMENTED, "the only transfer coding is chunked; send the body as it is\n"))
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
    let closes = is_stopping || is_reserved || is_refused;
    // A client that waits for 100 (Continue) sends no body after another response.
    let may_read = !request.headers().contains_key(header::EXPECT);
    let body = body.clone();
    let request = request.map(|incoming| body.watch(incoming));
    let router = router.filter(|_| !is_refused);
    let routed = router.map(|router| router.clone().call(without_json_suffix(request)));
    async move {
        let mut response = match routed {
            Some(routed) => routed.await?,
            None => {
                // The process is alive although it is not ready: restarting it would not fix the
                // database.
                let starting = if is_probe_of_life {
                    (StatusCode::OK, "ok\n")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "starting: the store is not available yet\n")
                };
                let (status, text) = refused.unwrap_or(starting);
                let mut response = (status, text).into_response();
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                    // The same for every path, so wallets in browsers may read it too.
                    cors::share(response.headers_mut());
                }
                response
            }
        };
        if !body.is_finished(may_read && !closes).await || closes {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

/// These tests use paused time, which advances as soon as every task is waiting.
#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, sleep};

    use super::*;

    const HEAD: Duration = Duration::from_secs(75);
    const REQUEST: &[u8] = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Returns a connection, and a task that ends when the server does.
    async fn connected(stop: &CancellationToken) -> (TcpStream, JoinHandle<()>) {
        let slow = || async { sleep(Duration::from_secs(200)).await };
        let router = Router::new().route("/slow", get(slow)).route("/echo", post(|body: String| async { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let limits = ConnectionLimits { header_read_timeout: HEAD, max_connections: 2 };
        let stages = Stages { stopping: CancellationToken::new(), closing: stop.clone() };
        let serving = tokio::spawn(accept(listener, limits, Arc::new(OnceLock::from(router)), stages));
        (TcpStream::connect(address).await.expect("a connection"), serving)
    }

    /// Reads until the server closes the connection.
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

    /// Sends `request` on a new connection, and reads until the server closes it.
    async fn exchanged(address: SocketAddr, request: &str) -> String {
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(request.as_bytes()).await.expect("it is sent");
        rest(&mut client).await
    }

    #[tokio::test(start_paused = true)]
    async fn probes_get_responses_beyond_max_connections() {
        let (first, _) = connected(&CancellationToken::new()).await;
        let address = first.peer_addr().expect("an address");
        let second = TcpStream::connect(address).await.expect("a connection");
        sleep(Duration::from_millis(1)).await;
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = exchanged(address, &get("/slow")).await;
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close"), "{answer}");
        assert!(exchanged(address, &get("/healthz")).await.starts_with("HTTP/1.1 404 "), "it reaches the router");
        // Idle clients cannot take the connections reserved for probes.
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
        for headers in ["", "Host: x\r\nHost: x\r\n", "Host: a b/c?\r\n", "Host: x/y\r\n"] {
            let head = format!("GET /slow HTTP/1.1\r\n{headers}");
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
    async fn coded_bodies_are_not_taken_as_plain() {
        let body = "Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for (coding, status) in
            [("chunked", 200), ("Chunked", 200), ("gzip, chunked", 501), ("gzip\r\nTransfer-Encoding: chunked", 501)]
        {
            let (client, _) = connected(&CancellationToken::new()).await;
            let address = client.peer_addr().expect("an address");
            let head = format!("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {coding}\r\n");
            let answer = exchanged(address, &format!("{head}{body}")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{coding}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connections_close_only_if_they_say_so() {
        for (headers, body, closes) in [
            ("Content-Length: 2", "{}", false),
            ("Content-Length: 99999", "", true),
            ("Content-Length: 2\r\nExpect: 100-continue", "", true),
        ] {
            let (mut client, _) = connected(&CancellationToken::new()).await;
            // It has no POST.
            let head = format!("POST /slow HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n");
            client.write_all(head.as_bytes()).await.expect("it is sent");
            sleep(Duration::from_millis(100)).await;
            if !closes {
                client.write_all(&[body.as_bytes(), REQUEST].concat()).await.expect("it is sent");
            }
            let answers = rest(&mut client).await;
            assert!(answers.starts_with("HTTP/1.1 405 "), "{answers}");
            assert_eq!(answers.contains("HTTP/1.1 200 "), !closes, "{headers}: {answers}");
            assert_eq!(answers.contains("connection: close"), closes, "{headers}: {answers}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_server_responds_and_is_not_ready() {
        let router = Router::new().route("/readyz", get(|| async { "ready" })).route("/echo", get(|| async { "here" }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let limits = ConnectionLimits { header_read_timeout: HEAD, max_connections: 9 };
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
        let limits = ConnectionLimits { header_read_timeout: HEAD, max_connections: 9 };
        let stages = Stages { stopping: CancellationToken::new(), closing: CancellationToken::new() };
        tokio::spawn(accept(listener, limits, Arc::default(), stages));
        for (line, status) in
            [("GET /healthz", 200), ("HEAD /healthz", 200), ("POST /healthz", 503), ("GET /readyz", 503)]
        {
            let answer = exchanged(address, &format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
            assert_eq!(answer.contains("access-control-allow-origin: *"), status == 503, "{line}: {answer}");
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
