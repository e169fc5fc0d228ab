//! Documents that are fetched from https addresses, and rejected addresses (docs/partner-api.md
//! section 4).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::app::TestApp;
use crate::support::delivered::delivered_pdf;
use crate::support::https::serve;
use crate::support::names::{Table, addresses, table};
use crate::support::samples;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use credential::Type;
use serde_json::{Value, json};
use tenure::flows::document_fetch::Fetcher;
use tenure::outbound::Lookup;

const EDUCATION: &str = "/api/partner/v2/add/requests/education";
const HOST: &str = "documents.example.edu";

fn pdf() -> Vec<u8> {
    delivered_pdf(&samples::bytes(&mut samples::pdf(|_, _| {})))
}

/// A university's server with a self-signed certificate.
struct University {
    port: u16,
    roots: std::path::PathBuf,
    folder: tempfile::TempDir,
    asked: Arc<AtomicUsize>,
}

async fn university() -> University {
    let flaky = Arc::new(AtomicUsize::new(0));
    let routes = Router::new()
        .route("/transcript.pdf", get(|| async { pdf() }))
        .route(
            "/encoded.pdf",
            get(|headers: HeaderMap| async move {
                let is_plain = headers.get("accept-encoding").is_some_and(|accepted| accepted == "identity");
                if is_plain { pdf().into_response() } else { StatusCode::NOT_ACCEPTABLE.into_response() }
            }),
        )
        .route("/page.html", get(|| async { "<html><script>alert(1)</script>" }))
        .route("/long.pdf", get(|| async { [b"%PDF-1.7".to_vec(), vec![b' '; 11 * 1024 * 1024]].concat() }))
        .route(
            "/endless.pdf",
            get(|| async {
                let start = Bytes::from_static(b"%PDF-1.7");
                let more = futures::stream::repeat(Bytes::from(vec![b' '; 64 * 1024]));
                let all = futures::StreamExt::chain(futures::stream::iter([start]), more);
                Body::from_stream(futures::StreamExt::map(all, Ok::<_, std::io::Error>))
            }),
        )
        .route("/slow.pdf", get(|| async { Body::from_stream(futures::stream::pending::<std::io::Result<Bytes>>()) }))
        .route("/away", get(|| async { Redirect::temporary("/transcript.pdf") }))
        .route("/missing.pdf", get(|| async { StatusCode::NOT_FOUND }))
        .route(
            "/flaky.pdf",
            get(move || {
                let tries = flaky.fetch_add(1, Ordering::SeqCst);
                async move { if tries < 2 { StatusCode::BAD_GATEWAY.into_response() } else { pdf().into_response() } }
            }),
        );
    let server = serve(&[HOST, "other.example.org"], routes).await;
    let folder = tempfile::tempdir().expect("a folder");
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, server.certificate).expect("written");
    University { port: server.port, roots, folder, asked: server.requests }
}

/// Starts the application with access to `allowed` and names from a table.
async fn server(university: &University, allowed: &str) -> (TestApp, Table) {
    let loopback = vec![addresses(&["127.0.0.1"])];
    let table = table(&[(HOST, loopback.clone()), ("other.example.org", loopback)]);
    let roots = university.roots.display().to_string();
    let settings = [
        ("outbound.allowed_networks", allowed),
        ("outbound.allowed_ports", "1-65535"),
        ("outbound.ca_file", &*roots),
        ("outbound.timeout", "2s"),
    ];
    let folder = tempfile::tempdir_in(university.folder.path()).expect("a folder");
    (TestApp::builder().folder(folder).settings(&settings).lookup(Lookup::Table(table.clone())).start().await, table)
}

fn body(id: &str, address: &str) -> Value {
    let mut body = ("education".parse::<Type>().expect("a type").sample)();
    body["credential_id"] = json!(id);
    body["assets"] = json!([{ "asset_id": "transcript", "asset_type": "pdf", "asset_data": address }]);
    body
}

async fn fetched(test: &TestApp, token: &str, id: &str) -> Value {
    tenure::flows::document_fetch::fetch_due(&test.app).await.expect("fetched");
    test.status(token, id).await["assets"][0].clone()
}

#[tokio::test]
async fn document_is_fetched_after_the_push() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let token = test.token(&test.partner().await).await;
    let address = format!("https://{HOST}:{}/transcript.pdf", university.port);
    let answer = test.post(EDUCATION, &token, &body("1", &address)).await.assert_status(201).json();
    assert!(answer.get("assets").is_none());
    assert!(answer["redirect_uri"].as_str().expect("a link").contains("&documentType=pdf&"));
    assert_eq!(test.status(&token, "1").await["assets"][0]["state"], "fetching");
    assert_eq!(university.asked.load(Ordering::SeqCst), 0, "the push does not wait for it");
    assert_eq!(fetched(&test, &token, "1").await, json!({ "asset_id": "transcript", "state": "stored" }));
    let mut person = test.signed_in("ada@example.org").await;
    let id = answer["request_id"].as_str().expect("an id");
    person.open(id.parse().expect("a UUID")).await.assert_status(303);
    let page = person.text(&format!("/requests/{id}")).await;
    let path = page.split("href=\"").find(|part| part.starts_with("/documents/")).expect("a document");
    assert_eq!(person.get(path.split('"').next().expect("a path")).await.assert_status(200).bytes, pdf());
    assert_eq!(tenure::flows::document_fetch::fetch_due(&test.app).await.expect("fetched"), 0);
    assert_eq!(university.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn failed_fetch_reports_its_reason() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let token = test.token(&test.partner().await).await;
    for (path, reason) in [("page.html", "content_refused"), ("long.pdf", "too_large"), ("endless.pdf", "too_large")] {
        let address = format!("https://{HOST}:{}/{path}", university.port);
        test.post(EDUCATION, &token, &body(path, &address)).await.assert_status(201);
        let found = fetched(&test, &token, path).await;
        assert_eq!((&found["state"], &found["reason"]), (&json!("failed"), &json!(reason)), "{path}");
    }
    // Documents are requested without compression.
    let address = format!("https://{HOST}:{}/encoded.pdf", university.port);
    test.post(EDUCATION, &token, &body("encoded.pdf", &address)).await.assert_status(201);
    assert_eq!(fetched(&test, &token, "encoded.pdf").await["state"], "stored");
    // Redirects are not followed and slow responses time out; both are retried.
    for path in ["away", "missing.pdf", "slow.pdf"] {
        let address = format!("https://{HOST}:{}/{path}", university.port);
        test.post(EDUCATION, &token, &body(path, &address)).await.assert_status(201);
        assert_eq!(fetched(&test, &token, path).await["state"], "fetching", "{path}");
    }
}

#[tokio::test]
async fn failed_fetch_is_retried_and_then_abandoned() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let partner = test.partner().await;
    let mut token = test.token(&partner).await;
    for path in ["flaky.pdf", "missing.pdf"] {
        let address = format!("https://{HOST}:{}/{path}", university.port);
        test.post(EDUCATION, &token, &body(path, &address)).await.assert_status(201);
    }
    tenure::flows::document_fetch::fetch_due(&test.app).await.expect("fetched");
    assert_eq!(tenure::flows::document_fetch::fetch_due(&test.app).await.expect("fetched"), 0, "not at once");
    for _ in 0..8 {
        test.advance(Duration::from_secs(2000));
        tenure::flows::document_fetch::fetch_due(&test.app).await.expect("fetched");
    }
    token.clone_from(&test.token(&partner).await);
    assert_eq!(test.status(&token, "flaky.pdf").await["assets"][0]["state"], "stored");
    let missing = test.status(&token, "missing.pdf").await["assets"][0].clone();
    assert_eq!((&missing["state"], &missing["reason"]), (&json!("failed"), &json!("unreachable")));
    assert_eq!(university.asked.load(Ordering::SeqCst), 3 + 7);
}

#[tokio::test]
async fn silent_hosts_of_one_partner_delay_no_other_partner() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let (silent, other) = (test.token(&test.partner().await).await, test.token(&test.partner().await).await);
    let push = async |token: &str, id: &str, host: &str, path: &str| {
        let address = format!("https://{host}:{}/{path}", university.port);
        test.post(EDUCATION, token, &body(id, &address)).await.assert_status(201);
    };
    for number in 0..40 {
        push(&silent, &number.to_string(), HOST, "slow.pdf").await;
    }
    push(&other, "1", "other.example.org", "transcript.pdf").await;
    let mut fetcher = Fetcher::new(&test.app);
    let mut taken = 0;
    for _ in 0..4 {
        taken += fetcher.step().await.expect("taken");
    }
    assert_eq!(taken, 1 + 1, "one from a host of which nothing is known, and the other's only one");
    while test.status(&other, "1").await["assets"][0]["state"] != "stored" {
        fetcher.fetch_ended().await;
    }
    let asked = university.asked.load(Ordering::SeqCst);
    assert!(asked <= 2 + 1, "two at once from one host: {asked}");
}

#[tokio::test]
async fn silent_host_delays_other_hosts_of_its_partner_once() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let token = test.token(&test.partner().await).await;
    for number in 0..30 {
        let address = format!("https://{HOST}:{}/slow.pdf", university.port);
        test.post(EDUCATION, &token, &body(&number.to_string(), &address)).await.assert_status(201);
    }
    let address = format!("https://other.example.org:{}/transcript.pdf", university.port);
    test.post(EDUCATION, &token, &body("fast", &address)).await.assert_status(201);
    let mut fetcher = Fetcher::new(&test.app);
    for _ in 0..5 {
        while fetcher.step().await.expect("taken") > 0 {}
        fetcher.fetch_ended().await;
        if test.status(&token, "fast").await["assets"][0]["state"] == "stored" {
            break;
        }
    }
    assert_eq!(test.status(&token, "fast").await["assets"][0]["state"], "stored");
    let asked = university.asked.load(Ordering::SeqCst);
    assert!(asked <= 4, "two fetches show that a host is silent, and a third may have begun: {asked}");
    // The others are retried, and none of them has failed.
    assert_eq!(test.status(&token, "29").await["assets"][0]["state"], "fetching");
}

#[tokio::test]
async fn non_public_document_address_is_not_contacted() {
    let university = university().await;
    let (test, table) = server(&university, "").await;
    let token = test.token(&test.partner().await).await;
    for (at, target) in [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "::1",
        "fd00:ec2::254",
        "fe80::1",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ]
    .iter()
    .enumerate()
    {
        table.lock().expect("a table").insert(HOST.to_owned(), vec![addresses(&[target])]);
        let id = at.to_string();
        let address = format!("https://{HOST}:{}/transcript.pdf", university.port);
        test.post(EDUCATION, &token, &body(&id, &address)).await.assert_status(201);
        let found = fetched(&test, &token, &id).await;
        assert_eq!((&found["state"], &found["reason"]), (&json!("failed"), &json!("address_refused")), "{target}");
    }
    for spelling in ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "127.1"] {
        let address = format!("https://{spelling}:{}/transcript.pdf", university.port);
        let answer = test.post(EDUCATION, &token, &body("literal", &address)).await.assert_status(422);
        assert_eq!(
            answer.errors(),
            [("asset_data.address".to_owned(), "/assets/0/asset_data".to_owned())],
            "{spelling}"
        );
    }
    for name in ["localhost", "printer.local", "files.internal", "files.lan", "files", "files.svc.cluster.local"] {
        let address = format!("https://{name}:{}/transcript.pdf", university.port);
        let answer = test.post(EDUCATION, &token, &body("local", &address)).await.assert_status(422);
        let expected = [("asset_data.address".to_owned(), "/assets/0/asset_data".to_owned())];
        assert_eq!(answer.errors(), expected, "{name}");
        assert!(answer.text.contains("must have a public host"), "{}", answer.text);
    }
    assert_eq!(university.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn documents_on_other_ports_than_443_need_permission() {
    for (allowed, port, is_allowed) in [
        ("", "", true),
        ("", ":443", true),
        ("", ":8443", false),
        ("", ":22", false),
        ("8443", ":8443", true),
        ("8443", ":25", false),
    ] {
        let test = TestApp::builder().setting("outbound.allowed_ports", allowed).start().await;
        let token = test.token(&test.partner().await).await;
        let address = format!("https://{HOST}{port}/transcript.pdf");
        let answer = test.post(EDUCATION, &token, &body("1", &address)).await;
        if is_allowed {
            answer.assert_status(201);
        } else {
            let answer = answer.assert_status(422);
            let expected = [("asset_data.address".to_owned(), "/assets/0/asset_data".to_owned())];
            assert_eq!(answer.errors(), expected, "{allowed} {port}");
            assert!(answer.text.contains("from port 443 only"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn port_that_is_allowed_no_more_is_not_contacted() {
    let university = university().await;
    let (test, table) = server(&university, "127.0.0.0/8").await;
    let token = test.token(&test.partner().await).await;
    let address = format!("https://{HOST}:{}/transcript.pdf", university.port);
    test.post(EDUCATION, &token, &body("1", &address)).await.assert_status(201);
    let roots = university.roots.display().to_string();
    let settings = [("outbound.allowed_networks", "127.0.0.0/8"), ("outbound.ca_file", &*roots)];
    let again = TestApp::builder().folder(test.folder).settings(&settings).lookup(Lookup::Table(table)).start().await;
    assert_eq!(fetched(&again, &token, "1").await["reason"], "address_refused");
    assert_eq!(university.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn dns_rebinding_does_not_bypass_the_fetch_filter() {
    let university = university().await;
    // No server listens at the only allowed address.
    let (test, table) = server(&university, "127.0.0.2/32").await;
    let token = test.token(&test.partner().await).await;
    let address = format!("https://{HOST}:{}/transcript.pdf", university.port);
    let look = |answers: &[&[&str]]| {
        let answers = answers.iter().map(|answer| addresses(answer)).collect();
        table.lock().expect("a table").insert(HOST.to_owned(), answers);
    };
    look(&[&["127.0.0.2"], &["127.0.0.1"]]);
    test.post(EDUCATION, &token, &body("1", &address)).await.assert_status(201);
    assert_eq!(fetched(&test, &token, "1").await["state"], "fetching", "the first answer is the one connected to");
    assert_eq!(table.lock().expect("a table")[HOST], [addresses(&["127.0.0.1"])], "it was asked for once");
    test.advance(Duration::from_secs(60));
    assert_eq!(fetched(&test, &token, "1").await["reason"], "address_refused");
    // If a name resolves to internal and public addresses, only the public ones are tried.
    look(&[&["127.0.0.1", "127.0.0.2", "::ffff:127.0.0.1"]]);
    test.post(EDUCATION, &token, &body("2", &address)).await.assert_status(201);
    assert_eq!(fetched(&test, &token, "2").await["state"], "fetching");
    assert_eq!(university.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn document_hosts_are_limited_to_the_partners_list() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let list = |hosts: &'static str| {
        let test = &test;
        let id = partner.id;
        async move {
            let mut tx = test.app.store().write().await.expect("a transaction");
            assert!(tx.set_document_hosts(id, hosts).await.expect("set"));
            tx.commit().await.expect("committed");
        }
    };
    list("example.edu").await;
    let at = |host: &str| format!("https://{host}:{}/transcript.pdf", university.port);
    let answer = test.post(EDUCATION, &token, &body("1", &at("other.example.org"))).await.assert_status(422);
    assert_eq!(answer.errors(), [("asset_data.address".to_owned(), "/assets/0/asset_data".to_owned())]);
    test.post(EDUCATION, &token, &body("1", &at("notexample.edu"))).await.assert_status(422);
    test.post(EDUCATION, &token, &body("1", &at(HOST))).await.assert_status(201);
    assert_eq!(fetched(&test, &token, "1").await["state"], "stored");
    // The list is also checked when the document is fetched.
    test.post(EDUCATION, &token, &body("2", &at(HOST))).await.assert_status(201);
    list("elsewhere.example").await;
    assert_eq!(fetched(&test, &token, "2").await["reason"], "address_refused");
}

#[tokio::test]
async fn document_fetched_after_the_decision_is_not_added() {
    let university = university().await;
    let (test, _) = server(&university, "127.0.0.0/8").await;
    let token = test.token(&test.partner().await).await;
    let address = format!("https://{HOST}:{}/transcript.pdf", university.port);
    let answer = test.post(EDUCATION, &token, &body("1", &address)).await.assert_status(201).json();
    let id = answer["request_id"].as_str().expect("an id");
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id.parse().expect("a UUID")).await;
    assert_eq!(
        fetched(&test, &token, "1").await,
        json!({ "asset_id": "transcript", "state": "failed", "reason": "late" })
    );
    assert_eq!(university.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn untrusted_certificate_is_rejected() {
    let university = university().await;
    let table = table(&[(HOST, vec![addresses(&["127.0.0.1"])])]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [("outbound.allowed_networks", "127.0.0.0/8"), ("outbound.allowed_ports", "1-65535")];
    let test = TestApp::builder().folder(folder).settings(&settings).lookup(Lookup::Table(table)).start().await;
    let token = test.token(&test.partner().await).await;
    let address = format!("https://{HOST}:{}/transcript.pdf", university.port);
    test.post(EDUCATION, &token, &body("1", &address)).await.assert_status(201);
    assert_eq!(fetched(&test, &token, "1").await["state"], "fetching");
    assert_eq!(university.asked.load(Ordering::SeqCst), 0);
}
