//! A webhook receiver on this machine: it keeps requests and responds as configured.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::tls::server_config;

/// A received request.
#[derive(Clone, Debug)]
pub struct Received {
    headers: HashMap<String, String>,
    pub body: Bytes,
}

impl Received {
    /// Returns the value of a header, or an empty string if the header is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

#[derive(Debug, Default)]
struct Kept {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
    said: Mutex<String>,
    connections: AtomicUsize,
}

#[derive(Debug)]
pub struct Receiver {
    /// The port that it listens on.
    pub port: u16,
    /// The path of its certificate, if it has one.
    pub roots: PathBuf,
    kept: Arc<Kept>,
    _folder: tempfile::TempDir,
}

impl Receiver {
    /// A response that is never sent.
    pub const NEVER: u16 = 0;

    /// Starts with http.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// Starts with https as `host`.
    pub async fn start_tls(host: &str) -> Self {
        Self::listen(Some(host)).await
    }

    async fn listen(host: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let roots = folder.path().join("roots.pem");
        let acceptor = host.map(|host| {
            let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).expect("a certificate");
            std::fs::write(&roots, made.cert.pem()).expect("written");
            TlsAcceptor::from(server_config(made.cert.der().clone(), made.signing_key.serialize_der()))
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let kept = Arc::<Kept>::default();
        let shared = kept.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (kept, acceptor) = (shared.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, kept, port).await;
                            }
                        }
                        None => serve(stream, kept, port).await,
                    }
                });
            }
        });
        Self { port, roots, kept, _folder: folder }
    }

    /// Returns its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Sets the statuses of the next responses, in order; 204 afterwards.
    pub fn answer(&self, statuses: &[u16]) {
        *self.kept.answers.lock().expect("no panic") = statuses.iter().copied().collect();
    }

    /// Sets the body of the next responses.
    pub fn say(&self, body: &str) {
        body.clone_into(&mut self.kept.said.lock().expect("no panic"));
    }

    /// Returns the requests received so far.
    pub fn received(&self) -> Vec<Received> {
        self.kept.received.lock().expect("no panic").clone()
    }

    /// Returns the number of connections.
    pub fn connections(&self) -> usize {
        self.kept.connections.load(Ordering::SeqCst)
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, kept: Arc<Kept>, port: u16) {
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let kept = kept.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            kept.received.lock().expect("no panic").push(Received { headers: readable(&parts.headers), body });
            let status = kept.answers.lock().expect("no panic").pop_front().unwrap_or(204);
            let said = kept.said.lock().expect("no panic").clone();
            if status == Receiver::NEVER {
                std::future::pending::<()>().await;
            }
            let answer = Response::builder().status(status);
            let answer = answer.header("location", format!("http://127.0.0.1:{port}/elsewhere"));
            Ok::<_, hyper::Error>(answer.body(Body::from(said)).expect("an answer"))
        }
    });
    let io = hyper_util::rt::TokioIo::new(stream);
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
}

fn readable(headers: &HeaderMap) -> HashMap<String, String> {
    let text = |value: &axum::http::HeaderValue| value.to_str().expect("readable").to_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
