//! An https server with a self-signed certificate, from which the application fetches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::tls::server_config;

/// A server on 127.0.0.1.
#[derive(Debug)]
pub struct HttpsServer {
    pub port: u16,
    /// Its certificate, PEM.
    pub certificate: String,
    /// Number of requests received.
    pub requests: Arc<AtomicUsize>,
}

/// Serves `routes` under `names`.
pub async fn serve(names: &[&str], routes: Router) -> HttpsServer {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let acceptor = TlsAcceptor::from(server_config(made.cert.der().clone(), made.signing_key.serialize_der()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let (acceptor, routes, counted) = (acceptor.clone(), routes.clone(), counted.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    routes.clone().oneshot(request.map(Body::new))
                });
                let io = hyper_util::rt::TokioIo::new(stream);
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
            });
        }
    });
    HttpsServer { port, certificate: made.cert.pem(), requests }
}
