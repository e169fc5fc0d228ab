//! Servers with a certificate from a private authority: mail and object storage
//! (`outbound.ca_file`).

use std::sync::Arc;

use rustls::ServerConfig;
use tenure::flows::outbox::send_due;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::support::{ask_for_code, server, waiting};
use crate::support::app::TestApp;
use crate::support::relay::{Relay, Step, Tls};
use crate::support::tls::server_config;

/// A private authority: the file with its certificate, and a server's certificate.
struct Authority {
    folder: tempfile::TempDir,
    config: Arc<ServerConfig>,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("written");
        let issuer = rcgen::Issuer::new(parameters, key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = rcgen::CertificateParams::new(names).expect("parameters").signed_by(&key, &issuer).expect("signed");
        let config = server_config(leaf.der().clone(), key.serialize_der());
        Self { folder, config }
    }

    fn file(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }
}

async fn sends_a_code(test: &TestApp, relay: &Relay) -> bool {
    ask_for_code(test, "ada@example.org").await;
    send_due(&test.app).await.expect("tried");
    let is_sent = !relay.accepted().is_empty();
    assert_eq!(is_sent, waiting(test).await == 0, "sent or kept");
    is_sent
}

#[tokio::test]
async fn mail_server_with_a_private_authority_is_trusted_by_ca_file() {
    let authority = Authority::new();
    for (tls, scheme, query) in [
        (Tls::Upgrade(authority.config.clone()), "smtp", "?tls=required"),
        (Tls::Upgrade(authority.config.clone()), "smtp", "?tls=opportunistic"),
        (Tls::Implicit(authority.config.clone()), "smtps", ""),
    ] {
        let relay = Relay::start(tls).await;
        for host in ["localhost", "127.0.0.1"] {
            let transport = format!("{scheme}://tenure:secret@{host}:{}{query}", relay.port);
            let trusting = server(&transport, &[("outbound.ca_file", &authority.file())]).await;
            assert!(sends_a_code(&trusting, &relay).await, "{transport}");
            assert!(trusting.app.mailer().probe().await.is_ok(), "{transport}");
            let other = server(&transport, &[]).await;
            assert!(!sends_a_code(&other, &relay).await, "{transport}");
            assert!(other.app.mailer().probe().await.is_err(), "{transport}");
        }
    }
}

#[tokio::test]
async fn mail_waits_while_starttls_fails() {
    let authority = Authority::new();
    for fault in [
        (Step::StartTls, Some("454 4.7.0 TLS not available")),
        (Step::StartTls, Some("501 5.5.4 no")),
        (Step::StartTls, None),
        (Step::Handshake, None),
    ] {
        let relay = Relay::start(Tls::Upgrade(authority.config.clone())).await;
        let transport = format!("smtp://localhost:{}?tls=required", relay.port);
        let test = server(&transport, &[("outbound.ca_file", &authority.file())]).await;
        relay.fail(Some(fault));
        assert!(!sends_a_code(&test, &relay).await, "{fault:?}");
        relay.fail(None);
        test.advance(std::time::Duration::from_secs(20));
        send_due(&test.app).await.expect("sent");
        assert_eq!((relay.accepted().len(), waiting(&test).await), (1, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn unreadable_ca_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "not a certificate").expect("written");
    let settings = tenure::config::Config::load(None, [], &[("outbound.ca_file", path.display().to_string())]);
    let outbound = settings.expect("valid settings").outbound;
    let refused = tenure::mail::Mailer::new("smtps://localhost", "a@b.example", &outbound, true).expect_err("refused");
    assert!(refused.contains("outbound.ca_file") && refused.contains("no certificate"), "{refused}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
async fn object_storage_of_a_private_authority_is_trusted_by_ca_file() {
    let authority = Authority::new();
    let bucket = std::env::var("TENURE_TEST_S3_BUCKET").expect("run under scripts/s3");
    let plain = std::env::var("TENURE_TEST_S3").expect("run under scripts/s3");
    let target = plain.strip_prefix("http://").expect("http").to_owned();
    // A TLS proxy in front of the object store.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = TlsAcceptor::from(authority.config.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, target) = (acceptor.clone(), target.clone());
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = TcpStream::connect(target).await.expect("the bucket's server");
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    let endpoint = format!("https://localhost:{port}");
    let settings = [
        ("object_storage.kind", "s3"),
        ("object_storage.endpoint", &*endpoint),
        ("object_storage.bucket", &*bucket),
        ("object_storage.access_key", "test"),
        ("object_storage.secret_key", "test"),
    ];
    for is_trusted in [true, false] {
        let file = authority.file();
        let builder = TestApp::builder().settings(&settings);
        let test = if is_trusted { builder.setting("outbound.ca_file", &file) } else { builder }.start().await;
        let (name, key) = (test.app.id(), tenure::keys::Key::random(test.app.rng()));
        let objects = &test.app.documents().objects;
        assert_eq!(objects.put(name, &key, b"a document").await.is_ok(), is_trusted);
        assert_eq!(objects.read_whole(name, &key, 10).await.ok(), is_trusted.then(|| b"a document".to_vec()));
    }
}
