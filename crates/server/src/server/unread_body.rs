//! Request bodies that a response did not need.
//!
//! hyper closes a connection whose request was not read to its end, but announces that only if the
//! response has `Connection: close` (RFC 9112, section 9.6). Without it, a client sends its next
//! request on the connection, and cannot know whether that request was processed.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// Maximum number of bytes that are read and discarded to keep a connection open.
const MAX_DISCARDED: u64 = 64 * 1024;

/// How long a response waits for these bytes.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The unread rest of a request body.
#[derive(Debug, Default)]
enum Rest {
    /// It was read to its end.
    #[default]
    Nothing,
    /// It is still being read, or it could not be read.
    Unknown,
    /// It was dropped before its end.
    Unread(Incoming),
    /// The response is decided, so the rest is dropped.
    Decided,
}

/// The body of the present request of a connection. HTTP/1.1 serves one request at a time, so one
/// value is enough for all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct PresentBody(Arc<Mutex<Rest>>);

impl PresentBody {
    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the body of a new request, which hands its unread rest over to this value.
    pub(super) fn watch(&self, body: Incoming) -> WatchedBody {
        let body = Some(body).filter(|body| !body.is_end_stream());
        *self.rest() = if body.is_some() { Rest::Unknown } else { Rest::Nothing };
        WatchedBody { body, present: self.clone() }
    }

    /// Returns whether the connection can serve another request: the body was read to its end. If
    /// `may_read`, the rest of a small body is read now.
    pub(super) async fn is_finished(&self, may_read: bool) -> bool {
        let rest = mem::replace(&mut *self.rest(), Rest::Decided);
        match rest {
            Rest::Nothing => true,
            Rest::Unknown | Rest::Decided => false,
            Rest::Unread(mut body) => may_read && timeout(MAX_WAIT, discard(&mut body)).await.unwrap_or(false),
        }
    }
}

/// Reads `body` to its end. Returns false if it is too large or cannot be read.
async fn discard(body: &mut Incoming) -> bool {
    let mut allowed = MAX_DISCARDED;
    while !body.is_end_stream() {
        if body.size_hint().lower() > allowed {
            return false;
        }
        let frame = match body.frame().await {
            Some(Ok(frame)) => frame,
            Some(Err(_)) => return false,
            None => return true,
        };
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(left) = u64::try_from(length).ok().and_then(|length| allowed.checked_sub(length)) else {
            return false;
        };
        allowed = left;
    }
    true
}

/// A request body that is handed over to [`PresentBody`] if it is dropped before its end.
#[derive(Debug)]
pub(super) struct WatchedBody {
    /// `None` after its end, or if it cannot be read.
    body: Option<Incoming>,
    present: PresentBody,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        let is_failed = matches!(frame, Some(Err(_)));
        let is_ended = frame.is_none() || body.is_end_stream();
        if is_failed || is_ended {
            this.body = None;
        }
        if is_ended && !is_failed {
            *this.present.rest() = Rest::Nothing;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        let mut rest = self.present.rest();
        // hyper ends the connection only after the body is dropped.
        if matches!(*rest, Rest::Unknown) {
            *rest = Rest::Unread(body);
        }
    }
}

/// These tests use paused time, which advances as soon as every task is waiting.
#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::http::{HeaderValue, Request, StatusCode, header};
    use axum::response::{IntoResponse as _, Response};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio::time::Instant;

    use super::*;

    const HEAD: &str = "POST / HTTP/1.1\r\nHost: x\r\n";

    /// Refuses a request without reading its body, unless the path is `/read`.
    async fn respond(present: PresentBody, request: Request<Incoming>) -> Result<Response, Infallible> {
        let is_read = request.uri().path() == "/read";
        let body = present.watch(request.into_body());
        if is_read {
            drop(body.collect().await);
        } else {
            drop(body);
        }
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        if !present.is_finished(true).await {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    fn connected() -> DuplexStream {
        let (client, server) = tokio::io::duplex(1024 * 1024);
        let present = PresentBody::default();
        let service = service_fn(move |request| respond(present.clone(), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service));
        client
    }

    /// Sends `parts` 100 ms apart and then a last request; returns the responses until the
    /// connection ends.
    async fn exchanged(parts: &[&str]) -> String {
        let mut client = connected();
        for part in parts {
            // Writing fails on a connection that the server has closed.
            drop(client.write_all(part.as_bytes()).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(client.write_all(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await);
        let mut responses = String::new();
        client.read_to_string(&mut responses).await.expect("the end");
        responses
    }

    #[tokio::test(start_paused = true)]
    async fn connections_with_small_unread_bodies_stay_open() {
        let large = "x".repeat(64 * 1024);
        let length = format!("{HEAD}Content-Length: {}\r\n\r\n", large.len());
        for parts in [
            [&*format!("{HEAD}Content-Length: 2\r\n\r\n"), "{}"],
            [&*length, &*large],
            [&*format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n"), "{}\r\n0\r\n\r\n"],
            [&*format!("{HEAD}\r\n"), ""],
            ["POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", "{}"],
        ] {
            let responses = exchanged(&parts).await;
            assert_eq!(responses.matches("HTTP/1.1 401 ").count(), 2, "{}: {responses}", parts[0]);
            let (first, _) = responses.rsplit_once("HTTP/1.1 401 ").expect("two responses");
            assert!(!first.contains("connection: close"), "{}: {responses}", parts[0]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn closed_connections_are_announced() {
        let chunk = format!("fff0\r\n{}\r\n", "x".repeat(0xfff0)).repeat(2);
        for parts in [
            [&*format!("{HEAD}Content-Length: 65537\r\n\r\n"), "{"],
            [&*format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"), &*chunk],
            [&*format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"), "no length\r\n"],
        ] {
            let responses = exchanged(&parts).await;
            assert_eq!(responses.matches("HTTP/1.1 ").count(), 1, "{}: {responses}", parts[0]);
            assert!(responses.contains("connection: close"), "{}: {responses}", parts[0]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn unread_bodies_delay_a_response_by_a_second_at_most() {
        let (mut client, started) = (connected(), Instant::now());
        client.write_all(format!("{HEAD}Content-Length: 2\r\n\r\n{{").as_bytes()).await.expect("it is sent");
        let mut response = String::new();
        client.read_to_string(&mut response).await.expect("the end");
        assert!(response.contains("connection: close"), "{response}");
        assert_eq!(started.elapsed().as_secs(), 1);
    }
}
