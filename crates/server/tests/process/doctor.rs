//! `tenure doctor`: a healthy server passes, and each problem is reported with its fix.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use ambient::Clock;
use rustls::ServerConfig;
use serde_json::{Value, json};

use crate::database;
use crate::tenure::{Server, binary, ended, free_port, request, shown, until};
use crate::tls::server_config;
use crate::webhooks::SETTINGS;

/// The exit code, the findings and the output of the doctor.
struct Findings(Option<i32>, Value, String);

impl Findings {
    /// Returns the outcome and the fix of the finding `name` in `area`.
    fn of(&self, area: &str, name: &str) -> (&str, &str) {
        let found = self.1["findings"].as_array().expect("a list").iter();
        let mut found = found.filter(|finding| finding["area"] == area && finding["name"] == name);
        let finding = found.next().unwrap_or_else(|| panic!("{area}, {name}: {}", self.2));
        (finding["outcome"].as_str().expect("a word"), finding["fix"].as_str().unwrap_or_default())
    }

    /// Returns the names of the findings with this outcome.
    fn with(&self, outcome: &str) -> Vec<&str> {
        let found = self.1["findings"].as_array().expect("a list").iter();
        found
            .filter(|finding| finding["outcome"] == outcome)
            .map(|finding| finding["name"].as_str().expect("a name"))
            .collect()
    }
}

fn doctor(data: &Path, arguments: &[&str]) -> Findings {
    doctor_that_trusts(Path::new(""), data, arguments)
}

/// Runs the doctor with an additional certificate authority, unless the path is empty.
fn doctor_that_trusts(roots: &Path, data: &Path, arguments: &[&str]) -> Findings {
    let mut command = binary();
    if roots.exists() {
        command.env("TENURE_OUTBOUND__CA_FILE", roots);
    }
    let output = ended(command.args(["doctor", "--json", "--data"]).arg(data).args(arguments));
    let text = shown(&output);
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Findings(output.status.code(), json, text)
}

/// A server, its public address and its mail transport.
fn running(folder: &Path, store: &[&str]) -> (Server, String, String) {
    let data = folder.join("data");
    let arguments = [&["--base-url", "http://127.0.0.1:{port}"], store].concat();
    let server = Server::start(&data, &arguments, &[]);
    let (base, mail) = (format!("http://127.0.0.1:{}", server.port), format!("dir:{}", data.join("mail").display()));
    (server, base, mail)
}

#[test]
fn doctor_passes_a_running_server_and_warns_of_local_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, base, mail) = running(folder.path(), &[]);
    server.add_partner(&[]);
    let settings = ["--base-url", &base, "--mail", &mail];
    let found = doctor(&server.data, &settings);
    assert_eq!((found.0, found.with("failure")), (Some(0), vec![]), "{}", found.2);
    for (area, name) in [
        ("From outside", "base URL"),
        ("From outside", "clock"),
        ("From outside", "readiness"),
        ("From outside", "/.well-known/jwks.json"),
        ("From outside", "/.well-known/openid-credential-issuer"),
        ("From outside", "/.well-known/oauth-authorization-server"),
        ("From outside", "/.well-known/jwt-vc-issuer"),
        ("From outside", "/.well-known/did.json"),
        ("From outside", "/api/partner/openapi.json"),
        ("Database", "data"),
        ("Database", "key ring"),
        ("Database", "durability"),
        ("Database", "outbox"),
        ("Keys", "root key"),
        ("Keys", "key ring"),
        ("Keys", "keys of credentials"),
        ("Documents", "object store"),
        ("Documents", "inspection"),
        ("Mail", "transport"),
        ("Webhooks", "webhooks"),
        ("Settings", "rate limits"),
    ] {
        assert_eq!(found.of(area, name).0, "ok", "{area}, {name}: {}", found.2);
    }
    assert_eq!(found.of("From outside", "TLS").0, "skipped");
    assert_eq!(found.of("Settings", "base URL").0, "warning", "nobody else reaches it");
    let left: Vec<_> = std::fs::read_dir(server.data.join("mail")).expect("a folder").collect();
    assert!(left.is_empty(), "what was tried was taken away again");

    let output = ended(binary().arg("doctor").arg("--data").arg(&server.data).args(settings));
    let text = shown(&output);
    assert!(text.contains("\nKeys\n  warning  data folder") && text.contains(" 0 failures, "), "{text}");
    for file in ["root.key", "tenure.sqlite"] {
        assert!(server.data.join(file).exists());
    }
    // The same server under another name: its base URL does not match.
    let other = doctor(&server.data, &["--base-url", &base.replace("127.0.0.1", "localhost"), "--mail", &mail]);
    assert_eq!(other.0, Some(1), "{}", other.2);
    for path in ["openid-credential-issuer", "oauth-authorization-server", "jwt-vc-issuer", "did.json"] {
        let (outcome, fix) = other.of("From outside", &format!("/.well-known/{path}"));
        assert!(outcome == "failure" && fix.contains("server.base_url"), "{path}: {}", other.2);
    }
}

#[test]
fn doctor_reports_problems_with_fixes_without_passwords() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, base, mail) = running(folder.path(), &[]);
    let data = &server.data;
    let well = ["--base-url", &*base, "--mail", &*mail];

    let root = data.join("root.key");
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o644)).expect("changed");
    let found = doctor(data, &well);
    let (outcome, fix) = found.of("Keys", "root key");
    assert!(found.0 == Some(1) && outcome == "failure" && fix.contains("chmod 600"), "{}", found.2);
    assert_eq!(found.of("Keys", "key ring").0, "skipped");
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o600)).expect("changed");

    let right = std::fs::read(&root).expect("a key");
    std::fs::write(&root, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").expect("written");
    let found = doctor(data, &well);
    let (outcome, fix) = found.of("Keys", "keys of credentials");
    assert!(found.0 == Some(1) && outcome == "failure" && fix.contains("root key that belongs"), "{}", found.2);
    std::fs::write(&root, right).expect("written");

    let found = doctor(data, &["--base-url", &format!("http://127.0.0.1:{}", free_port()), "--mail", &mail]);
    let (outcome, fix) = found.of("From outside", "base URL");
    assert!(found.0 == Some(1) && outcome == "failure" && fix.contains("Start the server"), "{}", found.2);
    assert_eq!(found.of("From outside", "TLS").0, "skipped");
    let found = doctor(data, &["--base-url", "http://passport.example", "--mail", &mail]);
    assert_eq!(found.of("Settings", "base URL").0, "failure", "{}", found.2);

    let port = refusing_mail_server();
    let transport = format!("smtp://tenure:hunter2@127.0.0.1:{port}");
    let found = doctor(data, &["--base-url", &base, "--mail", &transport]);
    assert!(found.0 == Some(1) && found.of("Mail", "transport").0 == "failure", "{}", found.2);
    assert!(found.2.contains("status 554") && !found.2.contains("hunter2"), "{}", found.2);

    let url = format!("postgres://tenure:hunter2@127.0.0.1:{}/tenure", free_port());
    let found = doctor(data, &["--base-url", &base, "--mail", &mail, "--database-url", &url]);
    let (outcome, fix) = found.of("Database", "data");
    assert!(found.0 == Some(1) && outcome == "failure" && fix.contains("--database-url"), "{}", found.2);
    assert_eq!(found.of("Documents", "object store").0, "skipped");
    assert!(!found.2.contains("hunter2"), "{}", found.2);

    assert_eq!(doctor(data, &well).with("failure"), Vec::<&str>::new(), "all is well again");
}

#[test]
fn doctor_advises_on_lost_halves_and_interrupted_restores() {
    let folder = tempfile::tempdir().expect("a folder");
    let fix = |name: &str| doctor(folder.path(), &[]).of("Database", name).1.to_owned();
    assert!(fix("data").contains("Starting a server there creates the database"));
    std::fs::write(folder.path().join("keyring.sqlite"), "").expect("written");
    assert!(fix("data").contains("half of its data"), "{}", fix("data"));
    std::fs::remove_file(folder.path().join("keyring.sqlite")).expect("removed");
    std::fs::create_dir(folder.path().join("restoring")).expect("created");
    assert!(fix("data").contains("Run tenure restore again"), "{}", fix("data"));
}

#[test]
fn missing_bucket_is_named_with_its_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, base, mail) = running(folder.path(), &[]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = (&stream).write_all(answer);
        }
    });
    let mut command = binary();
    for (key, value) in [
        ("KIND", "s3"),
        ("ENDPOINT", &*endpoint),
        ("BUCKET", "nosuch"),
        ("ACCESS_KEY", "key-1"),
        ("SECRET_KEY", "very-secret"),
    ] {
        command.env(format!("TENURE_OBJECT_STORAGE__{key}"), value);
    }
    command.args(["doctor", "--json", "--base-url", &base, "--mail", &mail, "--data"]).arg(&server.data);
    let output = ended(&mut command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = Findings(output.status.code(), serde_json::from_str(&text).expect("JSON"), text);
    let (outcome, fix) = found.of("Documents", "object store");
    assert!(outcome == "failure" && fix.contains("\"nosuch\" (object_storage.bucket)"), "{}", found.2);
    assert!(found.2.contains("does not have the bucket") && !found.2.contains("the database returned"), "{}", found.2);
}

#[test]
fn doctor_leaves_an_empty_folder_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let found =
        doctor(folder.path(), &["--mail", "console", "--base-url", &format!("http://127.0.0.1:{}", free_port())]);
    assert_eq!(found.0, Some(1));
    for (area, name) in [("Database", "data"), ("Database", "key ring"), ("Keys", "root key")] {
        assert_eq!(found.of(area, name).0, "failure", "{}", found.2);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was made");
}

#[test]
fn doctor_warns_of_unsafe_postgres_durability() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = runtime.block_on(database::postgres_url());
    let (server, base, mail) = running(folder.path(), &["--database-url", &url]);
    let found = doctor(&server.data, &["--base-url", &base, "--mail", &mail, "--database-url", &url]);
    for name in ["data", "key ring", "connections", "outbox"] {
        assert_eq!(found.of("Database", name).0, "ok", "{name}: {}", found.2);
    }
    // The test database runs with fsync off.
    let (outcome, fix) = found.of("Database", "durability");
    assert!(outcome == "failure" && fix.contains("fsync and full_page_writes"), "{}", found.2);
    assert_eq!((found.0, found.with("failure")), (Some(1), vec!["durability"]), "{}", found.2);
    assert_eq!(found.of("Keys", "key ring").0, "ok");
}

#[test]
fn doctor_warns_of_disabled_webhooks() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &["--base-url", "http://127.0.0.1:{port}"], &SETTINGS);
    let base = format!("http://127.0.0.1:{}", server.port);
    let mail = format!("dir:{}", server.data.join("mail").display());
    let token = server.token(&[]);
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    let url = format!("http://127.0.0.1:{}/hook/marked-secret", gone_receiver());
    let body = json!({ "url": url, "name": "Production", "events": ["atsp_request.created"] }).to_string();
    let webhooks = "/api/partner/v2/webhooks";
    let made = request(server.port, "POST", webhooks, &headers, &body).expect("an answer").json();
    assert_eq!(server.push(&token, "1").map(|answer| answer.status), Some(201));
    let path = format!("{webhooks}/{}", made["id"].as_str().expect("an id"));
    until("the webhook is disabled", || {
        let shown = request(server.port, "GET", &path, &headers, "")?.json();
        (shown["status"] == "disabled").then_some(())
    });
    let found = doctor(&server.data, &["--base-url", &base, "--mail", &mail]);
    let (outcome, fix) = found.of("Webhooks", "Acme Payroll, Production");
    assert!(outcome == "warning" && fix.contains("410 (Gone)") && found.2.contains("disabled since"), "{}", found.2);
    // A webhook that is not disabled is shown too.
    let url = format!("http://127.0.0.1:{}/hook/marked-secret", gone_receiver());
    let body = json!({ "url": url, "name": "Staging", "events": ["atsp_request.created"] }).to_string();
    assert_eq!(request(server.port, "POST", webhooks, &headers, &body).expect("an answer").status, 201);
    let found = doctor(&server.data, &["--base-url", &base, "--mail", &mail]);
    found.of("Webhooks", "Acme Payroll, Staging");
    assert!(!found.2.contains("marked-secret"), "a path may hold a secret: {}", found.2);
}

#[test]
fn doctor_validates_the_certificate_as_a_client_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, roots) = (Authority::new(), folder.path().join("roots.pem"));
    std::fs::write(&roots, authority.certificate.pem()).expect("written");
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("https://localhost:{}", proxy.local_addr().expect("an address").port());
    let server = Server::start(&folder.path().join("data"), &["--base-url", &base], &[]);
    let mail = format!("dir:{}", server.data.join("mail").display());
    let serve = |proxy: TcpListener, name: &str, days: i64| {
        let base = format!("https://localhost:{}", proxy.local_addr().expect("an address").port());
        speak_tls(proxy, authority.certificate_for(name, days), server.port);
        base
    };
    let look = |roots: &Path, base: &str| {
        let listen = format!("127.0.0.1:{}", server.port);
        doctor_that_trusts(roots, &server.data, &["--base-url", base, "--mail", &mail, "--listen", &listen])
    };
    let another = || TcpListener::bind("127.0.0.1:0").expect("a port");

    serve(proxy, "localhost", 90);
    let found = look(&roots, &base);
    assert_eq!((found.0, found.with("failure")), (Some(0), vec![]), "{}", found.2);
    assert_eq!(found.of("From outside", "TLS").0, "ok", "{}", found.2);
    assert_eq!(found.of("Settings", "proxies").0, "warning", "all clients share the proxy's limits");

    let found = look(Path::new(""), &base);
    let (outcome, fix) = found.of("From outside", "base URL");
    assert!(outcome == "failure" && fix.contains("outbound.ca_file"), "{}", found.2);
    assert_eq!(found.of("From outside", "listening").0, "ok", "the server itself is there");

    let found = look(&roots, &serve(another(), "localhost", 5));
    let (outcome, fix) = found.of("From outside", "TLS");
    assert!(outcome == "warning" && fix.contains("Renew"), "{}", found.2);
    for (name, days, cure) in [("localhost", -1, "Renew the certificate"), ("other.example", 90, "for the host name")] {
        let found = look(&roots, &serve(another(), name, days));
        let (outcome, fix) = found.of("From outside", "base URL");
        assert!(outcome == "failure" && fix.contains(cure), "{name}, {days} days: {}", found.2);
    }
}

/// A certificate authority.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: rcgen::Issuer::new(params, key) }
    }

    /// Issues a certificate for `name` that expires in `days` days.
    fn certificate_for(&self, name: &str, days: i64) -> Arc<ServerConfig> {
        let now = Clock::System.now().to_jiff();
        let on = |days: i64| {
            let date = jiff::tz::Offset::UTC.to_datetime(now + jiff::SignedDuration::from_hours(24 * days)).date();
            rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (on(-400), on(days));
        let key = rcgen::KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        server_config(made.der().clone(), key.serialize_der())
    }
}

/// Starts a TLS-terminating proxy in front of a server.
fn speak_tls(listener: TcpListener, config: Arc<ServerConfig>, port: u16) {
    let acceptor = tokio_rustls::TlsAcceptor::from(config);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("set");
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut outside = acceptor.accept(stream).await.ok()?;
                    let mut inside = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()?;
                    tokio::io::copy_bidirectional(&mut outside, &mut inside).await.ok()
                });
            }
        });
    });
}

/// Starts a mail server that rejects every client (RFC 5321, section 3.1).
fn refusing_mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"554 no mail from you\r\n");
        }
    });
    port
}

/// Starts a webhook receiver that always responds 410; returns its port.
fn gone_receiver() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (mut reader, mut length) = (BufReader::new(&stream), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a header");
                match line.trim_end().to_ascii_lowercase().split_once(": ") {
                    Some(("content-length", value)) => length = value.parse().expect("a number"),
                    None if line.trim_end().is_empty() => break,
                    _ => {}
                }
            }
            // A connection that is closed with unread bytes is reset, and the response may be lost.
            reader.read_exact(&mut vec![0; length]).expect("a body");
            let _ = (&stream).write_all(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    port
}
