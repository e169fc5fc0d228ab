//! S3 over our own transport, which trusts the same authorities as all outgoing requests and uses
//! no proxy.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use ipnet::IpNet;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsAuthorizer};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path;
use object_store::{ClientOptions, RetryConfig};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::name::{made_at, place};
use crate::config::{ObjectStorage as Settings, Outbound};
use crate::outbound::tls;
use ambient::Timestamp;
use transport::{Limits, Lookup, SendError, Transport};

/// Timeout of one request: a part, or a listing.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of idle connections in the pool.
const IDLE_CONNECTIONS: usize = 32;

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) store: AmazonS3,
    /// Sends the requests that `store` has no method for.
    transport: S3Transport,
    /// The bucket's address, without a slash at its end.
    url: String,
    region: String,
}

impl Bucket {
    /// Returns the keys and ids of unfinished uploads of an instance: at most 1,000, sorted by key
    /// and so by age. `None` if the bucket does not list them for this access key.
    pub(super) async fn unfinished(&self, instance: &str) -> object_store::Result<Option<Vec<(String, String)>>> {
        let address = format!("{}?prefix={instance}%2F&uploads=", self.url);
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = address.parse::<hyper::Uri>().map_err(failed)?;
        let credential = self.store.credentials().get_credential().await?;
        AwsAuthorizer::new(&credential, "s3", &self.region).try_authorize(&mut request, None)?;
        let response = self.transport.call(request).await.map_err(failed)?;
        let status = response.status();
        if status.is_client_error() || status.as_u16() == 501 {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(failed(format!("listing unfinished uploads failed with status {status}")));
        }
        let listing = response.into_body().bytes().await.map_err(failed)?;
        Ok(Some(uploads(&String::from_utf8_lossy(&listing))))
    }

    /// Aborts unfinished uploads of an instance that were begun before `before`. Returns their
    /// number.
    pub(super) async fn abort_unfinished(&self, instance: &str, before: Timestamp) -> object_store::Result<usize> {
        let mut aborted = 0;
        for (key, id) in self.unfinished(instance).await?.unwrap_or_default() {
            let name = key.rsplit('/').next().and_then(|name| Uuid::try_parse(name).ok());
            let Some(name) = name.filter(|name| made_at(*name) < before) else { continue };
            let path = Path::from_iter(place(instance, name));
            if path.as_ref() != key {
                continue;
            }
            match self.store.abort_multipart(&path, &id).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => aborted += 1,
                Err(error) => tracing::warn!(%error, "aborting an unfinished upload failed; it will be retried"),
            }
        }
        Ok(aborted)
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: error.into() }
}

/// Returns the keys and ids in a `ListMultipartUploadsResult`. Its elements are flat and have no
/// attributes, so this needs no XML parser.
fn uploads(listing: &str) -> Vec<(String, String)> {
    let text = |upload: &str, element: &str| {
        let (_, rest) = upload.split_once(&format!("<{element}>"))?;
        let (text, _) = rest.split_once(&format!("</{element}>"))?;
        Some(unescaped(text.trim()))
    };
    let uploads = listing.split("<Upload>").skip(1);
    uploads.filter_map(|upload| Some((text(upload, "Key")?, text(upload, "UploadId")?))).collect()
}

fn unescaped(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// Opens the bucket of `settings`.
///
/// # Errors
/// A setting is missing or invalid; the message is for the operator.
pub(super) fn bucket(settings: &Settings, outbound: &Outbound) -> Result<Bucket, String> {
    let with_plain_http = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    // The endpoint is configured by the operator, so it may have a private address.
    let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|network| network.parse::<IpNet>().ok());
    let limits =
        Limits { allowed: everywhere.collect(), with_plain_http, timeout: TIMEOUT, idle_connections: IDLE_CONNECTIONS };
    let transport = S3Transport(Transport::new(tls(outbound)?, Lookup::System, &limits));
    let mut builder = AmazonS3Builder::new()
        .with_http_connector(transport.clone())
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_access_key_id(&settings.access_key)
        .with_secret_access_key(settings.secret_key.expose_secret())
        .with_retry(RetryConfig { max_retries: 3, ..RetryConfig::default() })
        .with_allow_http(with_plain_http);
    let mut address = format!("https://s3.{}.amazonaws.com", settings.region);
    if let Some(endpoint) = &settings.endpoint {
        address = endpoint.as_str().trim_end_matches('/').to_owned();
        builder = builder.with_endpoint(&address);
    }
    let store = builder.build().map_err(|error| format!("the object store cannot be used: {error}"))?;
    Ok(Bucket { store, transport, url: format!("{address}/{}", settings.bucket), region: settings.region.clone() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_are_read_from_a_listing() {
        let listing = "<?xml version=\"1.0\"?><ListMultipartUploadsResult><Bucket>b</Bucket><UploadIdMarker/>\
                       <Upload><Key>a/b/c</Key><UploadId>x&amp;lt;y&lt;</UploadId><Initiated>2026</Initiated></Upload>\
                       <Upload>\n  <Key>d</Key>\n  <UploadId>\n2\n</UploadId></Upload><Upload><Key>e</Key></Upload>\
                       </ListMultipartUploadsResult>";
        let expected = [("a/b/c", "x&lt;y<"), ("d", "2")].map(|(key, id)| (key.to_owned(), id.to_owned()));
        assert_eq!(uploads(listing), expected);
        assert!(uploads("<html>no listing</html>").is_empty());
    }
}
