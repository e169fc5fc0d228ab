//! A partner's first document is fetched before the further documents of others, and documents of
//! silent hosts wait.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use credential::Type;
use serde_json::{Value, json};
use tenure::flows::document_fetch::Fetcher;
use tenure::outbound::Lookup;
use tokio::net::TcpListener;

use crate::support::app::TestApp;
use crate::support::https::serve;
use crate::support::names::{addresses, table};
use crate::support::samples;

const FAST: &str = "fast.example.net";
/// Hosts that accept connections and never respond.
const SILENT: usize = 40;

fn body(id: &str, address: &str) -> Value {
    let mut body = ("education".parse::<Type>().expect("a type").sample)();
    body["credential_id"] = json!(id);
    body["assets"] = json!([{ "asset_id": "transcript", "asset_type": "pdf", "asset_data": address }]);
    body
}

#[tokio::test]
async fn many_partners_with_silent_hosts_delay_no_newcomer() {
    let pdf = || async { samples::bytes(&mut samples::pdf(|_, _| {})) };
    let fast = serve(&[FAST], Router::new().route("/transcript.pdf", get(pdf))).await;
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
    // 32 fetches are running and 48 documents are older than this one.
    let mut ended = 0;
    while test.status(&token, "1").await["assets"][0]["state"] != "stored" {
        fetcher.fetch_ended().await;
        fetcher.step().await.expect("taken");
        ended += 1;
        assert!(ended < 40, "it is fetched once a fetch has ended");
    }
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
