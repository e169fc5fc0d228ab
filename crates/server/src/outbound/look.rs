//! Looking at a server as a stranger would: what `tenure doctor` asks.

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

/// Most bytes of an answer that are read.
const MOST: usize = 4 * 1024 * 1024;

/// What was answered.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// The server's own certificate, DER, if it was asked by https. Its chain and its name were checked by then.
    pub certificate: Option<Vec<u8>>,
}

/// Why nothing was to be seen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unseen {
    /// The address is not public, or not one that is asked.
    #[error("its address is not public")]
    AddressRefused,
    /// TLS failed.
    #[error("{0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// Nobody answers.
    #[error("{0}")]
    Unreachable(String),
}

impl Outbound {
    /// Looks at an address; a redirect is an answer like any other.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn look(&self, address: &Url) -> Result<Seen, Unseen> {
        if !self.may_ask(address) {
            return Err(Unseen::AddressRefused);
        }
        read(self.send(Method::GET, address, HeaderMap::new(), Bytes::new()).await).await
    }

    /// How many addresses a host has, and how many of those may be reached.
    ///
    /// # Errors
    /// The name means nothing.
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
async fn read(sent: Result<Response<TimedBody>, SendError>) -> Result<Seen, Unseen> {
    let answer = sent.map_err(|error| unseen(&error))?;
    let certificate = answer.extensions().get().map(|PeerCertificate(certificate)| certificate.to_vec());
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let (mut chunks, mut body) = (answer.into_body().into_data_stream(), BytesMut::new());
    while body.len() < MOST
        && let Some(chunk) = chunks.try_next().await.map_err(|error| unseen(&error))?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(Seen { status, headers, body: body.freeze(), certificate })
}

/// The error of TLS in `error`. What an I/O error wraps is not its source, but what is said in its place.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| tls(inner?))
}

fn unseen(error: &SendError) -> Unseen {
    if error.is_not_public() {
        return Unseen::AddressRefused;
    }
    if let Some(tls) = error.causes().find_map(tls) {
        return Unseen::Tls(tls.to_string());
    }
    if error.is_timeout() {
        return Unseen::TimedOut;
    }
    Unseen::Unreachable(error.causes().last().map(ToString::to_string).unwrap_or_default())
}
