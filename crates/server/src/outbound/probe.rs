//! Probes a server from outside, for `tenure doctor`.

use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use http_body_util::BodyExt as _;
use hyper::header::HeaderMap;
use hyper::{Method, Response};
use url::{Host, Url};

use super::{Outbound, may_reach};
use transport::{PeerCertificate, SendError, TimedBody};

/// Maximum number of bytes read from a response.
const MAX: usize = 4 * 1024 * 1024;

/// A response.
#[derive(Clone, Debug)]
pub struct Seen {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body, cut off after 4 MiB.
    pub body: Bytes,
    /// The server's certificate, DER, for https. Its chain and its name are already verified.
    pub certificate: Option<Vec<u8>>,
}

/// There is no response.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is not public, or its host or port is not allowed.
    #[error("its address is not public")]
    AddressRefused,
    /// TLS failed.
    #[error("{0}")]
    Tls(String),
    /// The request timed out.
    #[error("timed out")]
    TimedOut,
    /// The connection failed.
    #[error("{0}")]
    Unreachable(String),
}

impl Outbound {
    /// Requests an address. Redirects are returned, not followed.
    ///
    /// # Errors
    /// Why there is no response.
    pub async fn look(&self, address: &Url) -> Result<Seen, FetchError> {
        if !self.is_allowed(address) {
            return Err(FetchError::AddressRefused);
        }
        read(self.send(Method::GET, address, HeaderMap::new(), Bytes::new()).await).await
    }

    /// Returns the number of addresses of a host, and how many of them are allowed.
    ///
    /// # Errors
    /// The name cannot be resolved.
    pub async fn addresses(&self, address: &Url) -> io::Result<(usize, usize)> {
        let found: Vec<IpAddr> = match address.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect(),
            None => Vec::new(),
        };
        let reachable = found.iter().filter(|address| may_reach(**address, &self.allowed)).count();
        Ok((found.len(), reachable))
    }
}

/// Reads a response, or its beginning.
async fn read(sent: Result<Response<TimedBody>, SendError>) -> Result<Seen, FetchError> {
    let answer = sent.map_err(|error| fetch_error(&error))?;
    let certificate = answer.extensions().get().map(|PeerCertificate(certificate)| certificate.to_vec());
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let (mut chunks, mut body) = (answer.into_body().into_data_stream(), BytesMut::new());
    while body.len() < MAX
        && let Some(chunk) = chunks.try_next().await.map_err(|error| fetch_error(&error))?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(Seen { status, headers, body: body.freeze(), certificate })
}

/// Returns the TLS error in `error`. An I/O error does not report the error that it wraps as its
/// source, so it is unwrapped here.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| tls(inner?))
}

fn fetch_error(error: &SendError) -> FetchError {
    if error.is_not_public() {
        return FetchError::AddressRefused;
    }
    if let Some(tls) = error.causes().find_map(tls) {
        return FetchError::Tls(tls.to_string());
    }
    if error.is_timeout() {
        return FetchError::TimedOut;
    }
    FetchError::Unreachable(error.causes().last().map(ToString::to_string).unwrap_or_default())
}
