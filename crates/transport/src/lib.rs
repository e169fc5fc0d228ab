//! HTTP/1.1 over TCP or TLS for the filtering client and the object store.
//!
//! Resolves names, opens connections and enforces the timeout of an exchange. Proxies are not used
//! and redirects are not followed.

mod address;
mod lookup;

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::http::uri::Scheme;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use ipnet::IpNet;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower::Service;

pub use address::{is_public, may_name, may_reach};
pub use lookup::Lookup;

/// Connect timeout, from resolving the name to the end of the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection stays in the pool. It keeps the address that was checked when it was
/// opened, whatever the name resolves to later.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

type BoxError = Box<dyn StdError + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Allowed destinations and timeouts.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Networks that may be reached although they are not public.
    pub allowed: Arc<[IpNet]>,
    /// Whether plain http is allowed besides https.
    pub with_plain_http: bool,
    /// Timeout from the start of a request to the end of its response.
    pub timeout: Duration,
    /// Maximum number of idle connections for each host.
    pub idle_connections: usize,
}

/// The reason why there is no response, or no complete one.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The request timed out.
    #[error("timed out")]
    TimedOut,
    /// The URL cannot be used in a request.
    #[error("the URL cannot be requested")]
    Address(#[from] hyper::http::Error),
    /// The connection failed, or broke before the response began.
    #[error("the request failed")]
    Request(#[from] legacy::Error),
    /// The connection broke while the response body was read.
    #[error("the response was cut off")]
    Response(#[from] hyper::Error),
}

impl SendError {
    /// Returns the error and its causes, outermost first.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first: &(dyn StdError + 'static) = self;
        std::iter::successors(Some(first), |error| (**error).source())
    }

    /// Returns whether the filter removed every address of the name.
    pub fn is_not_public(&self) -> bool {
        self.causes().any(|cause| cause.is::<NotPublicError>())
    }

    /// Returns whether the request, the connection or the response timed out.
    pub fn is_timeout(&self) -> bool {
        let timed_out = |cause: &io::Error| cause.kind() == io::ErrorKind::TimedOut;
        matches!(self, Self::TimedOut) || self.causes().any(|cause| cause.downcast_ref().is_some_and(timed_out))
    }
}

/// None of the name's addresses may be reached.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the address is not public")]
struct NotPublicError;

/// The server's leaf certificate in DER: an extension of responses over TLS.
#[derive(Clone, Debug)]
pub struct PeerCertificate(pub Arc<[u8]>);

/// An HTTP client for requests with bodies of type `B`; cheap to clone.
#[derive(Clone, Debug)]
pub struct Transport<B> {
    client: legacy::Client<Connector, B>,
    timeout: Duration,
}

impl<B> Transport<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    /// Creates a client that trusts the certificate authorities of `tls`.
    pub fn new(tls: rustls::ClientConfig, lookup: Lookup, limits: &Limits) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Filter { lookup, allowed: limits.allowed.clone() });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(IDLE_TIMEOUT));
        let connector =
            Connector { tcp, tls: TlsConnector::from(Arc::new(tls)), with_plain_http: limits.with_plain_http };
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(limits.idle_connections)
            .build(connector);
        Self { client, timeout: limits.timeout }
    }

    /// Sends a request and returns the response with its body as a stream.
    ///
    /// # Errors
    /// [`SendError::TimedOut`], or [`SendError::Request`] if the connection failed before the
    /// response.
    pub async fn send(&self, request: Request<B>) -> Result<Response<TimedBody>, SendError> {
        let mut expiry = Box::pin(tokio::time::sleep(self.timeout));
        let response = tokio::select! {
            response = self.client.request(request) => response?,
            () = &mut expiry => return Err(SendError::TimedOut),
        };
        Ok(response.map(|body| TimedBody { body, expiry }))
    }
}

/// A response body that fails when the timeout of the exchange expires.
#[derive(Debug)]
pub struct TimedBody {
    body: Incoming,
    expiry: Pin<Box<Sleep>>,
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = SendError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SendError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(SendError::from)));
        }
        self.expiry.as_mut().poll(context).map(|()| Some(Err(SendError::TimedOut)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Resolves names and removes the addresses that may not be reached.
#[derive(Clone, Debug)]
struct Filter {
    lookup: Lookup,
    allowed: Arc<[IpNet]>,
}

impl Service<Name> for Filter {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { lookup, allowed } = self.clone();
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            let reachable: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| may_reach(*address, &allowed))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if reachable.is_empty() { Err(NotPublicError.into()) } else { Ok(reachable.into_iter()) }
        })
    }
}

/// Opens TCP and TLS connections.
#[derive(Clone)]
struct Connector {
    tcp: HttpConnector<Filter>,
    tls: TlsConnector,
    with_plain_http: bool,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("with_plain_http", &self.with_plain_http).finish_non_exhaustive()
    }
}

impl Connector {
    async fn connect(mut self, uri: Uri) -> Result<TokioIo<Stream>, BoxError> {
        let is_plain = uri.scheme() == Some(&Scheme::HTTP);
        if is_plain && !self.with_plain_http {
            return Err("only https is supported".into());
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let tcp = self.tcp.call(uri).await?.into_inner();
        let stream = if is_plain {
            Either::Left(tcp)
        } else {
            Either::Right(Box::new(self.tls.connect(ServerName::try_from(host)?, tcp).await?))
        };
        Ok(TokioIo::new(Stream(stream)))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.clone().connect(uri);
        Box::pin(async move {
            match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}

#[derive(Debug)]
struct Stream(Either<TcpStream, Box<TlsStream<TcpStream>>>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let Either::Right(tls) = &self.0 else { return Connected::new() };
        let chain = tls.get_ref().1.peer_certificates().unwrap_or_default();
        match chain.first() {
            Some(certificate) => Connected::new().extra(PeerCertificate(certificate.as_ref().into())),
            None => Connected::new(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
