//! The HTTP client for the one configured server. It follows no redirects and uses no proxy, so
//! that credentials are sent to that server only.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use ipnet::IpNet;
use transport::{Limits, Lookup, SendError, Transport};

/// Maximum size of a response body that is read, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Sends requests. Their base URL was validated to use https, or http on this machine.
#[derive(Debug)]
pub struct Http {
    transport: Transport<Full<Bytes>>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body, or its first [`MAX_BODY`] bytes.
    pub body: Bytes,
}

/// The reason why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(rustls::Error),
    #[error("timed out")]
    TimedOut,
    /// The server could not be reached, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
}

impl Http {
    /// Creates a client that keeps at most `connections` idle connections. `timeout` limits a whole
    /// request.
    pub fn new(tls: rustls::ClientConfig, timeout: Duration, connections: usize) -> Self {
        // The caller chose the server, so private networks are allowed. http was rejected for all
        // but this machine.
        let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|network| network.parse::<IpNet>().ok());
        let limits =
            Limits { allowed: everywhere.collect(), with_plain_http: true, timeout, idle_connections: connections };
        Self { transport: Transport::new(tls, Lookup::System, &limits) }
    }

    /// Posts `body`. Every status, including redirects, is a response.
    ///
    /// # Errors
    /// [`RequestError`], if there is no response.
    pub async fn post(&self, address: &str, headers: HeaderMap, body: Bytes) -> Result<Response, RequestError> {
        self.send(Method::POST, address, headers, body).await
    }

    /// Sends `body` with `method`. Every status, including redirects, is a response.
    ///
    /// # Errors
    /// [`RequestError`], if there is no response.
    pub async fn send(
        &self,
        method: Method,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, RequestError> {
        self.exchange(method, address, headers, body).await.map_err(|error| request_error(&error))
    }

    async fn exchange(
        &self,
        method: Method,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, SendError> {
        let mut request = Request::builder().method(method).uri(address).body(Full::new(body))?;
        *request.headers_mut() = headers;
        let user_agent = HeaderValue::from_static(concat!("Tenure/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, user_agent);
        let response = self.transport.send(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut content, mut body) = (response.into_body(), BytesMut::new());
        while body.len() < MAX_BODY
            && let Some(frame) = content.frame().await
        {
            if let Ok(chunk) = frame?.into_data() {
                body.extend_from_slice(&chunk);
            }
        }
        Ok(Response { status, headers, body: body.freeze() })
    }
}

/// Finds the TLS error in `error`. An I/O error does not return the error that it wraps as its
/// source.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| tls(inner?))
}

fn request_error(error: &SendError) -> RequestError {
    if let Some(tls) = error.causes().find_map(tls) {
        return RequestError::Tls(tls.clone());
    }
    if error.is_timeout() {
        return RequestError::TimedOut;
    }
    RequestError::Unreachable(error.causes().last().map(ToString::to_string).unwrap_or_default())
}
