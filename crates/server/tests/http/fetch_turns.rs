//! A partner's first document is fetched before the further documents of others, and documents of
//! silent hosts wait.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use credential::Type;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::flows::document_fetch::{Fetcher, fetch_due};
use tenure::outbound::Lookup;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::https::{HttpsServer, serve};
use crate::support::names::{addresses, table};
use crate::support::samples;

const FAST: &str = "fast.example.net";
/// A host that responds to its first request only.
const BUSY: &str = "busy.example.net";
/// Hosts that accept connections and never respond.
const SILENT: usize = 40;

/// Maximum time between the start of a fetch and its request, on a busy machine.
const STARTED: Duration = Duration::from_secs(60);

/// Starts the hosts that respond. Each request to the fast one notifies `requested`.
async fn fast_host(requested: &Arc<Notify>) -> HttpsServer {
    let requested = requested.clone();
    let pdf = async move || {
        requested.notify_one();
        samples::bytes(&mut samples::pdf(|_, _| {}))
    };
    let first = async || samples::bytes(&mut samples::pdf(|_, _| {}));
    let routes = Router::new()
        .route("/transcript.pdf", get(pdf))
        .route("/first.pdf", get(first))
        .route("/held.pdf", get(std::future::pending::<StatusCode>));
    serve(&[FAST, BUSY], routes).await
}

fn body(id: &str, address: &str) -> Value {
    let mut body = ("education".parse::<Type>().expect("a type").sample)();
    body["credential_id"] = json!(id);
    body["assets"] = json!([{ "asset_id": "transcript", "asset_type": "pdf", "asset_data": address }]);
    body
}

#[tokio::test]
async fn many_partners_with_silent_hosts_delay_no_newcomer() {
    let requested = Arc::default();
    let fast = fast_host(&requested).await;
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, &fast.certificate).expect("written");
    // The kernel completes the connections, and nothing reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent_port = silent.local_addr().expect("an address").port();
    let names: Vec<String> = (0..SILENT).map(|number| format!("silent{number}.example.net")).collect();
    let here = || vec![addresses(&["127.0.0.1"])];
    let mut known: Vec<_> = names.iter().map(|name| (name.as_str(), here())).collect();
    known.push((FAST, here()));
    let roots = roots.display().to_string();
    let settings = [
        ("outbound.allowed_networks", "127.0.0.0/8"),
        ("outbound.allowed_ports", "1-65535"),
        ("outbound.ca_file", &*roots),
        ("outbound.timeout", "2s"),
    ];
    let test = TestApp::builder().settings(&settings).lookup(Lookup::Table(table(&known))).start().await;
    let push = async |token: &str, id: &str, address: String| {
        test.post("/api/partner/v2/add/requests/education", token, &body(id, &address)).await.assert_status(201);
    };
    for names in names.chunks(2) {
        let token = test.token(&test.partner().await).await;
        for number in 0..4 {
            let address = format!("https://{}:{silent_port}/{number}.pdf", names[number % 2]);
            push(&token, &number.to_string(), address).await;
        }
    }
    let mut fetcher = Fetcher::new(&test.app);
    while fetcher.step().await.expect("taken") > 0 {}
    let token = test.token(&test.partner().await).await;
    push(&token, "1", format!("https://{FAST}:{}/transcript.pdf", fast.port)).await;
    // 80 documents are older than this one. It is fetched before most of them.
    for _ in 0..39 {
        fetcher.fetch_ended().await;
        while fetcher.step().await.expect("taken") > 0 {}
    }
    timeout(STARTED, requested.notified()).await.expect("it is fetched before most of the others");
}

#[tokio::test]
async fn skipped_documents_of_a_silent_host_keep_their_attempts() {
    const HOST: &str = "silent.example.net";
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let names = table(&[(HOST, vec![addresses(&["127.0.0.1"])])]);
    let settings = [
        ("outbound.allowed_networks", "127.0.0.0/8"),
        ("outbound.allowed_ports", "1-65535"),
        ("outbound.timeout", "2s"),
    ];
    let test = TestApp::builder().settings(&settings).lookup(Lookup::Table(names)).start().await;
    let token = test.token(&test.partner().await).await;
    for number in 0..10 {
        let address = format!("https://{HOST}:{port}/{number}.pdf");
        let body = body(&number.to_string(), &address);
        test.post("/api/partner/v2/add/requests/education", &token, &body).await.assert_status(201);
    }
    let mut fetcher = Fetcher::new(&test.app);
    for _ in 0..2 {
        while fetcher.step().await.expect("taken") > 0 {}
        fetcher.fetch_ended().await;
    }
    // The host counts as silent: one document is tried at a time, and the others are skipped.
    for _ in 0..9 {
        test.advance(Duration::from_secs(125));
        while fetcher.step().await.expect("taken") > 0 {}
    }
    for number in 0..10 {
        assert_eq!(test.status(&token, &number.to_string()).await["assets"][0]["state"], "fetching", "{number}");
    }
}

/// A partner with documents at hosts that never respond, and at one that does.
struct Hosts {
    test: TestApp,
    token: String,
    silent: TcpListener,
    fast: HttpsServer,
    /// Notified of each request to the host that responds.
    requested: Arc<Notify>,
    _roots: TempDir,
}

impl Hosts {
    async fn start(silent_hosts: &[&str], timeout: &str) -> Self {
        let requested = Arc::default();
        let fast = fast_host(&requested).await;
        let folder = tempfile::tempdir().expect("a folder");
        let roots = folder.path().join("roots.pem");
        std::fs::write(&roots, &fast.certificate).expect("written");
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let hosts = silent_hosts.iter().chain(&[FAST, BUSY]);
        let known: Vec<_> = hosts.map(|name| (*name, vec![addresses(&["127.0.0.1"])])).collect();
        let roots = roots.display().to_string();
        let settings = [
            ("outbound.allowed_networks", "127.0.0.0/8"),
            ("outbound.allowed_ports", "1-65535"),
            ("outbound.ca_file", &*roots),
            ("outbound.timeout", timeout),
        ];
        let test = TestApp::builder().settings(&settings).lookup(Lookup::Table(table(&known))).start().await;
        let token = test.token(&test.partner().await).await;
        Self { test, token, silent, fast, requested, _roots: folder }
    }

    async fn push(&self, id: &str, address: &str) {
        self.push_by(&self.token, id, address).await;
    }

    async fn push_by(&self, token: &str, id: &str, address: &str) {
        let body = body(id, address);
        self.test.post("/api/partner/v2/add/requests/education", token, &body).await.assert_status(201);
    }

    async fn push_silent(&self, id: &str, host: &str) {
        let port = self.silent.local_addr().expect("an address").port();
        self.push(id, &format!("https://{host}:{port}/{id}.pdf")).await;
    }

    /// Pushes a document of the host that responds, and expects that it is fetched before another
    /// fetch has ended.
    async fn push_fast(&self, fetcher: &mut Fetcher) {
        self.push("fast", &format!("https://{FAST}:{}/transcript.pdf", self.fast.port)).await;
        while fetcher.step().await.expect("taken") > 0 {}
        timeout(STARTED, self.requested.notified()).await.expect("a request");
        while self.test.status(&self.token, "fast").await["assets"][0]["state"] != "stored" {
            assert!(!fetcher.is_idle(), "it is stored");
            fetcher.fetch_ended().await;
        }
    }
}

#[tokio::test]
async fn documents_of_other_hosts_pass_those_of_a_slow_host() {
    let hosts = Hosts::start(&["silent.example.net"], "30s").await;
    for number in 0..30 {
        hosts.push_silent(&number.to_string(), "silent.example.net").await;
    }
    let mut fetcher = Fetcher::new(&hosts.test.app);
    while fetcher.step().await.expect("taken") > 0 {}
    // A fetch is running, which waits five seconds for a response.
    hosts.push_fast(&mut fetcher).await;
}

#[tokio::test]
async fn busy_host_does_not_delay_its_partners_other_hosts() {
    let hosts = Hosts::start(&[], "30s").await;
    let mut fetcher = Fetcher::new(&hosts.test.app);
    hosts.push("first", &format!("https://{BUSY}:{}/first.pdf", hosts.fast.port)).await;
    while fetcher.step().await.expect("taken") > 0 {}
    fetcher.fetch_ended().await;
    for number in 0..30 {
        hosts.push(&number.to_string(), &format!("https://{BUSY}:{}/held.pdf", hosts.fast.port)).await;
    }
    let mut taken = 0;
    while let count @ 1.. = fetcher.step().await.expect("taken") {
        taken += count;
    }
    assert_eq!(taken, 2, "two at once from a host that responds, and the others are not claimed");
    hosts.push_fast(&mut fetcher).await;
}

#[tokio::test]
async fn nine_partners_with_silent_hosts_delay_no_tenth() {
    let names = silent_names(8);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let hosts = Hosts::start(&names, "30s").await;
    let port = hosts.silent.local_addr().expect("an address").port();
    let mut fetcher = Fetcher::new(&hosts.test.app);
    // Each takes as many places as it can get before the next one comes.
    for _ in 0..9 {
        let token = hosts.test.token(&hosts.test.partner().await).await;
        for (number, name) in names.iter().enumerate() {
            hosts.push_by(&token, &number.to_string(), &format!("https://{name}:{port}/{number}.pdf")).await;
        }
        while fetcher.step().await.expect("taken") > 0 {}
    }
    hosts.push("fast", &format!("https://{FAST}:{}/transcript.pdf", hosts.fast.port)).await;
    while fetcher.step().await.expect("taken") > 0 {}
    timeout(STARTED, hosts.requested.notified()).await.expect("a request before another fetch has ended");
}

#[tokio::test]
async fn silent_hosts_have_half_of_their_partners_fetches() {
    let names = ["one.example.net", "two.example.net", "three.example.net", "four.example.net"];
    let hosts = Hosts::start(&names, "2s").await;
    let mut fetcher = Fetcher::new(&hosts.test.app);
    // Each host is silent twice. In the second round only two of them are tried.
    for round in 0..3 {
        for (number, name) in names.iter().enumerate() {
            hosts.push_silent(&format!("{round}-{number}"), name).await;
        }
        while fetcher.step().await.expect("taken") > 0 {}
        while !fetcher.is_idle() {
            fetcher.fetch_ended().await;
        }
    }
    // All documents are due, and no host rests.
    hosts.test.advance(Duration::from_secs(125));
    while fetcher.step().await.expect("taken") > 0 {}
    hosts.push_fast(&mut fetcher).await;
}

/// Names of hosts that never respond.
fn silent_names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("silent{number}.example.net")).collect()
}

#[tokio::test]
async fn many_silent_hosts_do_not_delay_their_partner() {
    let names = silent_names(6);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for is_by_host in [false, true] {
        let hosts = Hosts::start(&names, "30s").await;
        for number in 0..60 {
            let name = names[if is_by_host { number / 10 } else { number % 6 }];
            hosts.push_silent(&number.to_string(), name).await;
        }
        hosts.push("fast", &format!("https://{FAST}:{}/transcript.pdf", hosts.fast.port)).await;
        // No fetch ends: each host has one, and all of them fit beside each other.
        let mut fetcher = Fetcher::new(&hosts.test.app);
        while fetcher.step().await.expect("taken") > 0 {}
        timeout(STARTED, hosts.requested.notified()).await.expect("a request");
    }
}

#[tokio::test]
async fn hosts_that_respond_keep_a_slot_beside_silent_ones() {
    let names = silent_names(20);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let hosts = Hosts::start(&names, "30s").await;
    let mut fetcher = Fetcher::new(&hosts.test.app);
    hosts.push_fast(&mut fetcher).await;
    while !fetcher.is_idle() {
        fetcher.fetch_ended().await;
    }
    for (number, name) in names.iter().enumerate() {
        hosts.push_silent(&number.to_string(), name).await;
    }
    // The silent hosts get places up to their limit.
    while fetcher.step().await.expect("taken") > 0 {}
    hosts.push("again", &format!("https://{FAST}:{}/transcript.pdf", hosts.fast.port)).await;
    while fetcher.step().await.expect("taken") > 0 {}
    timeout(STARTED, hosts.requested.notified()).await.expect("a request");
}

#[tokio::test]
async fn documents_without_a_stored_host_are_fetched() {
    let hosts = Hosts::start(&[], "30s").await;
    let (test, address) = (&hosts.test, format!("https://{FAST}:{}/transcript.pdf", hosts.fast.port));
    let ids = ["1", "2", "3"];
    for id in ids {
        let path = "/api/partner/v2/add/requests/education";
        let answer = test.post(path, &hosts.token, &body(id, &address)).await.assert_status(201).json();
        let submission = answer["request_id"].as_str().expect("an id").parse().expect("a UUID");
        // As an earlier release stored it.
        let mut tx = test.app.store().write().await.expect("a transaction");
        let asset = tx.assets(&[submission]).await.expect("read")[0].id;
        tx.set_asset_host(asset, 0, test.app.now()).await.expect("stored");
        tx.commit().await.expect("committed");
    }
    fetch_due(&test.app).await.expect("fetched");
    for id in ids {
        assert_eq!(test.status(&hosts.token, id).await["assets"][0]["state"], "stored", "{id}");
    }
}

#[tokio::test]
async fn stored_hosts_differ_between_partners_and_hosts() {
    let test = TestApp::builder().start().await;
    let host = |partner: u128, address: &str| {
        let address = address.parse().expect("an address");
        test.app.documents().host_tag(Uuid::from_u128(partner), Some(&address))
    };
    let first = host(1, "https://one.example.net/a.pdf");
    assert_eq!(host(1, "https://ONE.example.net/b.pdf"), first);
    assert_ne!(host(1, "https://two.example.net/a.pdf"), first);
    assert_ne!(host(2, "https://one.example.net/a.pdf"), first, "partners cannot be compared");
}
