//! Outbound requests: the client that only connects to public addresses.
//!
//! Owns the filter. A host name is resolved here, addresses that are not public are dropped, and
//! the connection uses one of the remaining addresses of that same lookup. This prevents
//! server-side request forgery (SSRF), also by DNS rebinding. Redirects are not followed, proxies
//! are not used, and only https is allowed.

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

/// Maximum number of bytes read from a webhook receiver's response body. It has to be read before
/// the connection can be reused.
const ANSWER: usize = 16 * 1024;

/// Maximum number of bytes that are kept of it, for the delivery log.
const KEPT_ANSWER: usize = 1024;

/// The response of a webhook receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// HTTP status.
    pub status: u16,
    /// The first bytes of the body, at most 1 KiB; empty if the operator has opened internal
    /// networks.
    pub start: Vec<u8>,
}

impl Received {
    /// Returns the start of the body as text; `None` if it is empty. Control characters are
    /// removed, except line breaks and tabs, and so are those that change the direction of text:
    /// the console must show the characters in the order in which they were sent.
    pub fn text(&self) -> Option<String> {
        let is_shown = |c: &char| match c {
            '\n' | '\t' => true,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
            c => !c.is_control(),
        };
        let text: String = String::from_utf8_lossy(&self.start).chars().filter(is_shown).collect();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// The responses that contain a document.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// The header `Accept` of the request.
    pub accept: &'static str,
    /// Whether a response may have any status of success, and not only 200.
    pub any_success: bool,
}

impl Expected {
    /// Any media type, with the status 200.
    pub const ANY_TYPE: Self = Self { accept: "*/*", any_success: false };

    fn contains(self, status: StatusCode) -> bool {
        status == StatusCode::OK || self.any_success && status.is_success()
    }
}

/// The reason why a document was not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// The response has this HTTP status, which is not one of those expected.
    Status(u16),
    /// There is no response, or it is not read.
    Failed(Failure),
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Status(_) => Self::Unreachable,
            DocumentError::Failed(failure) => failure,
        }
    }
}

/// The filtering client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    transport: Transport<Full<Bytes>>,
    allowed: Arc<[IpNet]>,
    /// Whether requests to this machine are allowed, also over http.
    allow_loopback: bool,
    /// Allowed ports in addition to 443.
    ports: Arc<[PortRange]>,
    /// Whether the bodies of responses to webhooks are kept.
    keeps_answers: bool,
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
        // In networks that the operator has opened, a partner must not read responses of services
        // that only the server can reach (D-235).
        let keeps_answers = settings.allowed_networks.is_empty();
        let mut settings = settings.clone();
        settings.timeout = webhooks.timeout;
        settings.allowed_ports.clone_from(&webhooks.allowed_ports);
        if webhooks.allow_loopback {
            settings.allow_this_machine();
        }
        let kept = usize::try_from(webhooks.concurrency).unwrap_or(1);
        let client = Self::build(&settings, lookup, webhooks.allow_loopback, kept)?;
        Ok(Self { keeps_answers, ..client })
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
        Ok(Self { transport, allowed: limits.allowed, allow_loopback, ports, keeps_answers: false })
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
        self.fetch_as(address, Expected::ANY_TYPE, most).await.map_err(Failure::from)
    }

    /// Fetches a document of at most `most` bytes from an expected response, as a stream.
    ///
    /// # Errors
    /// Why the document could not be fetched.
    pub async fn fetch_as(
        &self,
        address: &Url,
        expected: Expected,
        most: u64,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, DocumentError> {
        if !self.is_allowed(address) {
            return Err(DocumentError::Failed(Failure::AddressRefused));
        }
        // A compressed document would be inspected and stored without being decompressed.
        let headers = [(ACCEPT_ENCODING, "identity"), (ACCEPT, expected.accept)];
        let headers = HeaderMap::from_iter(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
        let sent = self.send(Method::GET, address, headers, Bytes::new()).await;
        let answer = sent.map_err(|error| DocumentError::Failed(failure(&error)))?;
        if !expected.contains(answer.status()) {
            return Err(DocumentError::Status(answer.status().as_u16()));
        }
        if answer.body().size_hint().exact().is_some_and(|length| length > most) {
            return Err(DocumentError::Failed(Failure::TooLarge));
        }
        Ok(answer.into_body().into_data_stream().map_err(|error| failure(&error)))
    }

    /// Posts `body` and returns the response. Redirects are returned, not followed.
    ///
    /// # Errors
    /// Why there was no response.
    pub async fn post(&self, address: &Url, headers: HeaderMap, body: Bytes) -> Result<Received, DeliveryError> {
        if !self.is_allowed(address) {
            return Err(DeliveryError::AddressRefused);
        }
        let sent = self.send(Method::POST, address, headers, body).await;
        let answer = sent.map_err(|error| no_answer(&error))?;
        let status = answer.status().as_u16();
        let most = if self.keeps_answers { KEPT_ANSWER } else { 0 };
        let (mut body, mut read, mut start) = (answer.into_body().into_data_stream(), 0, Vec::new());
        while read < ANSWER {
            match body.try_next().await {
                Ok(Some(chunk)) => {
                    read += chunk.len();
                    start.extend(chunk.iter().take(most.saturating_sub(start.len())));
                }
                _ => break,
            }
        }
        Ok(Received { status, start })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_text_has_no_control_characters() {
        let text = |start: &[u8]| Received { status: 200, start: start.to_vec() }.text();
        assert_eq!(text(b" \r\n\0"), None);
        assert_eq!(text(b"{\"a\":\t1}\r\n\x1b[31mred\x07").as_deref(), Some("{\"a\":\t1}\n[31mred"));
        assert_eq!(text("a\u{202e}b\u{2066}c".as_bytes()).as_deref(), Some("abc"));
        assert_eq!(text(&[b'a', 0xff, 0xc3]).as_deref(), Some("a\u{fffd}\u{fffd}"), "not UTF-8, or cut off");
    }
}
