//! The HTTP client for the one server that the person names. It follows no redirect and uses no proxy, so that credentials go
//! nowhere else.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;

/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept for the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Most bytes of a response that are read.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Sends requests; the base of their addresses was checked to use https, or http on this machine.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
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
    ///
    /// # Errors
    /// The TLS configuration cannot be used.
    pub fn new(tls: rustls::ClientConfig, timeout: Duration, connections: usize) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .pool_max_idle_per_host(connections)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("Tenure/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(|client| Self { client }).map_err(|error| error.to_string())
    }

    /// Posts `body`; every status, redirects included, is a response.
    ///
    /// # Errors
    /// Why there is no response.
    pub async fn post(&self, address: &str, headers: HeaderMap, body: Bytes) -> Result<Response, RequestError> {
        let sent = self.client.post(address).headers(headers).body(body).send().await;
        let mut response = sent.map_err(|error| request_error(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        while body.len() < MAX_BODY
            && let Some(chunk) = response.chunk().await.map_err(|error| request_error(&error))?
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body: body.freeze() })
    }
}

/// The TLS error in `error`. An I/O error does not return the error that it wraps as its source.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| tls(inner?))
}

fn request_error(error: &reqwest::Error) -> RequestError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(error) = cause {
        if let Some(tls) = tls(error) {
            return RequestError::Tls(tls.clone());
        }
        last = error.to_string();
        cause = error.source();
    }
    if error.is_timeout() { RequestError::TimedOut } else { RequestError::Unreachable(last) }
}
