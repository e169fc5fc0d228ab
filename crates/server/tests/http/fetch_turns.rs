//! A partner's first document is fetched before the further documents of others, and documents of
//! silent hosts wait.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use credential::Type;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenure::flows::document_fetch::Fetcher;
use tenure::outbound::Lookup;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::support::app::TestApp;
use crate::support::https::{HttpsServer, serve};
use crate::support::names::{addresses, table};
use crate::support::samples;

const FAST: &str = "fast.example.net";
/// Hosts that accept connections and never respond.
const SILENT: usize = 40;

/// Maximum time between the start of a fetch and its request, on a busy machine.
const STARTED: Duration = Duration::from_secs(60);

/// Starts the host that responds. Each request notifies `requested`.
async fn fast_host(requested: &Arc<Notify>) -> HttpsServer {
    let requested = requested.clone();
    let pdf = async move || {
        requested.notify_one();
        samples::bytes(&mut samples::pdf(|_, _| {}))
    };
    serve(&[FAST], Router::new().route("/transcript.pdf", get(pdf))).await
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
    // 32 fetches are running and 48 documents are older than this one. It is fetched after a few of
    // them, whose order is random.
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
        let hosts = silent_hosts.iter().chain(&[FAST]);
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
        let body = body(id, address);
        self.test.post("/api/partner/v2/add/requests/education", &self.token, &body).await.assert_status(201);
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
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    hosts.push_fast(&mut fetcher).await;
    // Those that were put aside are due one by one.
    while fetcher.step().await.expect("taken") > 0 {}
    hosts.test.advance(Duration::from_secs(4));
    let mut taken = 0;
    while let count @ 1.. = fetcher.step().await.expect("taken") {
        taken += count;
    }
    assert!((1..10).contains(&taken), "{taken}");
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
async fn many_silent_hosts_delay_their_partner_for_seconds() {
    let names = silent_names(6);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for is_by_host in [false, true] {
        let hosts = Hosts::start(&names, "30s").await;
        for number in 0..60 {
            let name = names[if is_by_host { number / 10 } else { number % 6 }];
            hosts.push_silent(&number.to_string(), name).await;
        }
        hosts.push("fast", &format!("https://{FAST}:{}/transcript.pdf", hosts.fast.port)).await;
        let mut fetcher = Fetcher::new(&hosts.test.app);
        // No fetch ends: the slow ones leave their slots to others, two seconds after they began.
        for _ in 0..2 {
            while fetcher.step().await.expect("taken") > 0 {}
            tokio::time::sleep(Duration::from_millis(2_100)).await;
            // Documents that were put aside are due.
            hosts.test.advance(Duration::from_secs(3));
        }
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
    // The silent hosts get the slots that slow fetches leave, up to their limit.
    for _ in 0..3 {
        while fetcher.step().await.expect("taken") > 0 {}
        tokio::time::sleep(Duration::from_millis(2_100)).await;
    }
    hosts.push("again", &format!("https://{FAST}:{}/transcript.pdf", hosts.fast.port)).await;
    while fetcher.step().await.expect("taken") > 0 {}
    timeout(STARTED, hosts.requested.notified()).await.expect("a request");
}
