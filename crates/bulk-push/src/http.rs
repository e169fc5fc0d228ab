//! The HTTP client for the one server that the person names. It follows no redirect and uses no proxy, so that credentials go
//! nowhere else.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use ipnet::IpNet;
use transport::{Limits, Lookup, SendError, Transport};

/// Most bytes of a response that are read.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Sends requests; the base of their addresses was checked to use https, or http on this machine.
#[derive(Debug)]
pub struct Http {
    transport: Transport<Full<Bytes>>,
}

/// What a server returned.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its first [`MAX_BODY`] bytes.
    pub body: Bytes,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(rustls::Error),
    /// The request timed out.
    #[error("no answer in time")]
    TimedOut,
    /// The server could not be reached, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
}

impl Http {
    /// A client that keeps at most `connections` idle connections and waits at most `timeout` for a whole response.
    pub fn new(tls: rustls::ClientConfig, timeout: Duration, connections: usize) -> Self {
        // The person's own word decides where the server is; http was refused for all but this machine.
        let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|network| network.parse::<IpNet>().ok());
        let limits =
            Limits { allowed: everywhere.collect(), with_plain_http: true, timeout, idle_connections: connections };
        Self { transport: Transport::new(tls, Lookup::System, &limits) }
    }

    /// Posts `body`; every status, redirects included, is a response.
    ///
    /// # Errors
    /// Why there is no response.
    pub async fn post(&self, address: &str, headers: HeaderMap, body: Bytes) -> Result<Response, RequestError> {
        self.exchange(address, headers, body).await.map_err(|error| request_error(&error))
    }

    async fn exchange(&self, address: &str, headers: HeaderMap, body: Bytes) -> Result<Response, SendError> {
        let mut request = Request::builder().method(Method::POST).uri(address).body(Full::new(body))?;
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

/// The TLS error in `error`. An I/O error does not return the error that it wraps as its source.
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
