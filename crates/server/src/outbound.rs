//! Outbound requests: the client that only connects to public addresses.
//!
//! Owns the filter. A host name is resolved here, addresses that are not public are dropped, and
//! the connection uses one of the remaining addresses of that same lookup. This prevents
//! server-side request forgery (SSRF), also by DNS rebinding. Redirects are not followed, proxies are not used, and only https is
//! allowed.

pub mod probe;

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body as _;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::{Host, Url};

use crate::config::{Outbound as Settings, PortRange, Webhooks};
use store::domain::asset::Failure;
use store::domain::webhook::DeliveryError;
use transport::{Limits, SendError, TimedBody, Transport, may_name, may_reach};

pub use transport::Lookup;

/// Maximum number of bytes read from a webhook receiver's response body. The body is discarded, but
/// has to be read before the connection can be reused.
const ANSWER: usize = 16 * 1024;

/// The filtering client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    transport: Transport<Full<Bytes>>,
    allowed: Arc<[IpNet]>,
    /// Whether requests to this machine are allowed, also over http.
    allow_loopback: bool,
    /// Allowed ports in addition to 443.
    ports: Arc<[PortRange]>,
}

impl Outbound {
    /// Creates the client described by `settings`.
    ///
    /// # Errors
    /// The extra certificate authorities cannot be read; the message is for the operator.
    pub fn new(settings: &Settings, lookup: Lookup) -> Result<Self, String> {
        Self::build(settings, lookup, false, 0)
    }

    /// Creates the client for webhook deliveries.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn for_webhooks(settings: &Settings, webhooks: &Webhooks, lookup: Lookup) -> Result<Self, String> {
        let mut settings = settings.clone();
        settings.timeout = webhooks.timeout;
        settings.allowed_ports.clone_from(&webhooks.allowed_ports);
        if webhooks.allow_loopback {
            settings.allow_this_machine();
        }
        let kept = usize::try_from(webhooks.concurrency).unwrap_or(1);
        Self::build(&settings, lookup, webhooks.allow_loopback, kept)
    }

    /// Creates a client that may also connect to this machine, over http and on any port. For a
    /// person trying things out at a terminal, never for the server.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn allow_loopback(settings: &Settings) -> Result<Self, String> {
        let mut settings = settings.clone();
        settings.allow_this_machine();
        settings.allowed_ports = vec![PortRange::ALL];
        Self::build(&settings, Lookup::System, true, 0)
    }

    fn build(settings: &Settings, lookup: Lookup, allow_loopback: bool, kept: usize) -> Result<Self, String> {
        let limits = Limits {
            allowed: settings.allowed_networks.clone().into(),
            with_plain_http: allow_loopback,
            timeout: settings.timeout,
            // Idle connections are limited, because the addresses of a reused connection are not
            // resolved and filtered again.
            idle_connections: kept,
        };
        let transport = Transport::new(tls(settings)?, lookup, &limits);
        let ports = settings.allowed_ports.clone().into();
        Ok(Self { transport, allowed: limits.allowed, allow_loopback, ports })
    }

    async fn send(
        &self,
        method: Method,
        address: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<hyper::Response<TimedBody>, SendError> {
        let mut request = Request::builder().method(method).uri(address.as_str()).body(Full::new(body))?;
        *request.headers_mut() = headers;
        let user_agent = HeaderValue::from_static(concat!("Tenure/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().entry(USER_AGENT).or_insert(user_agent);
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        self.transport.send(request).await
    }

    /// Fetches a document of at most `most` bytes, as a stream.
    ///
    /// # Errors
    /// Why the document could not be fetched.
    pub async fn fetch(
        &self,
        address: &Url,
        most: u64,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, Failure> {
        if !self.is_allowed(address) {
            return Err(Failure::AddressRefused);
        }
        // A compressed document would be inspected and stored without being decompressed.
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        let sent = self.send(Method::GET, address, headers, Bytes::new()).await;
        let answer = sent.map_err(|error| failure(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(Failure::Unreachable);
        }
        if answer.body().size_hint().exact().is_some_and(|length| length > most) {
            return Err(Failure::TooLarge);
        }
        Ok(answer.into_body().into_data_stream().map_err(|error| failure(&error)))
    }

    /// Posts `body` and returns the status of the response. Redirects are returned, not followed.
    ///
    /// # Errors
    /// Why there was no response.
    pub async fn post(&self, address: &Url, headers: HeaderMap, body: Bytes) -> Result<u16, DeliveryError> {
        if !self.is_allowed(address) {
            return Err(DeliveryError::AddressRefused);
        }
        let sent = self.send(Method::POST, address, headers, body).await;
        let answer = sent.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        let (mut body, mut read) = (answer.into_body().into_data_stream(), 0);
        while read < ANSWER {
            match body.try_next().await {
                Ok(Some(chunk)) => read += chunk.len(),
                _ => break,
            }
        }
        Ok(status)
    }

    /// Whether the port of an address is allowed.
    pub fn may_ask_port(&self, address: &Url) -> bool {
        let port = address.port_or_known_default().unwrap_or_default();
        port == 443 || self.ports.iter().any(|range| range.contains(port))
    }

    /// Whether an address is allowed, as far as can be determined without resolving its host name.
    pub fn is_allowed(&self, address: &Url) -> bool {
        let is_reachable = match address.host() {
            Some(Host::Domain(name)) => may_name(name, &self.allowed),
            // A literal IP address is connected to without being resolved, so the filter would not
            // see it.
            Some(Host::Ipv4(address)) => may_reach(address.into(), &self.allowed),
            Some(Host::Ipv6(address)) => may_reach(address.into(), &self.allowed),
            None => false,
        };
        let is_here = matches!(address.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_tried_out = self.allow_loopback && is_here;
        let is_spoken = address.scheme() == "https" || (is_tried_out && address.scheme() == "http");
        is_spoken && (is_tried_out || self.may_ask_port(address)) && is_reachable
    }
}

/// Returns the TLS configuration with the public certificate authorities and those of the settings.
///
/// # Errors
/// The extra certificate authorities cannot be read; the message is for the operator.
pub fn tls(settings: &Settings) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for authority in extra_authorities(settings)? {
        roots.add(authority).map_err(|error| format!("outbound.ca_file: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Returns the certificate authorities that are trusted in addition to the public ones.
///
/// # Errors
/// They cannot be read, or the file contains none; the message is for the operator.
pub fn extra_authorities(settings: &Settings) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(path) = &settings.ca_file else { return Ok(Vec::new()) };
    let refuse = |error: &dyn std::fmt::Display| format!("outbound.ca_file, {}: {error}", path.display());
    let authorities: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| refuse(&error))?.collect();
    match authorities {
        Ok(authorities) if authorities.is_empty() => Err(refuse(&"the file has no certificate")),
        Ok(authorities) => Ok(authorities),
        Err(error) => Err(refuse(&error)),
    }
}

fn failure(error: &SendError) -> Failure {
    if error.is_not_public() { Failure::AddressRefused } else { Failure::Unreachable }
}

fn no_answer(error: &SendError) -> DeliveryError {
    if error.is_not_public() {
        DeliveryError::AddressRefused
    } else if error.is_timeout() {
        DeliveryError::TimedOut
    } else {
        DeliveryError::Unreachable
    }
}
