//! S3 over our own transport, which trusts the same authorities as all outgoing requests and uses
//! no proxy.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use ipnet::IpNet;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::{ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;

use crate::config::{ObjectStorage as Settings, Outbound};
use crate::outbound::tls;
use transport::{Limits, Lookup, SendError, Transport};

/// Timeout of one request: a part, or a listing.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of idle connections in the pool.
const IDLE_CONNECTIONS: usize = 32;

/// Opens the bucket of `settings`.
///
/// # Errors
/// A setting is missing or invalid; the message is for the operator.
pub(super) fn bucket(settings: &Settings, outbound: &Outbound) -> Result<AmazonS3, String> {
    let with_plain_http = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    // The endpoint is configured by the operator, so it may have a private address.
    let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|network| network.parse::<IpNet>().ok());
    let limits =
        Limits { allowed: everywhere.collect(), with_plain_http, timeout: TIMEOUT, idle_connections: IDLE_CONNECTIONS };
    let transport = Transport::new(tls(outbound)?, Lookup::System, &limits);
    let mut builder = AmazonS3Builder::new()
        .with_http_connector(S3Transport(transport))
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_access_key_id(&settings.access_key)
        .with_secret_access_key(settings.secret_key.expose_secret())
        .with_retry(RetryConfig { max_retries: 3, ..RetryConfig::default() })
        .with_allow_http(with_plain_http);
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    builder.build().map_err(|error| format!("the object store cannot be used: {error}"))
}

#[derive(Clone, Debug)]
struct S3Transport(Transport<HttpRequestBody>);

impl HttpConnector for S3Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for S3Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = self.0.send(request).await.map_err(http_error)?;
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(http_error))))
    }
}

/// Converts an error. Its kind decides whether the request is retried.
fn http_error(error: SendError) -> HttpError {
    let kind = match &error {
        SendError::TimedOut => HttpErrorKind::Timeout,
        SendError::Request(error) if error.is_connect() => HttpErrorKind::Connect,
        SendError::Request(_) | SendError::Response(_) => broken(&error),
        SendError::Address(_) => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}

/// Classifies an interrupted exchange.
fn broken(error: &SendError) -> HttpErrorKind {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            let is_cut = error.is_closed() || error.is_incomplete_message() || error.is_body_write_aborted();
            return is_cut.then_some(HttpErrorKind::Request);
        }
        match cause.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::TimedOut => Some(HttpErrorKind::Timeout),
            io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(HttpErrorKind::Interrupted),
            _ => None,
        }
    };
    error.causes().find_map(kind).unwrap_or(HttpErrorKind::Unknown)
}
