//! Addresses that webhooks may not use. An IP address is checked at registration and at delivery, a
//! host name at delivery.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tenure::outbound::Lookup;

use super::support::{ALL, WEBHOOKS, deliver, log, put, register, tell};
use crate::support::app::{TestApp, TestPartner};
use crate::support::names::{Table, addresses, table};
use crate::support::receiver::Receiver;

const PRIVATE: [&str; 5] = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd00::1]"];

const LOOPBACK: [&str; 4] = ["127.0.0.1", "127.8.9.1", "0.0.0.0", "[::1]"];

const LINK_LOCAL: [&str; 2] = ["169.254.1.1", "[fe80::1]"];

const METADATA: [&str; 2] = ["169.254.169.254", "[fd00:ec2::254]"];

const MAPPED: [&str; 4] = ["[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"];

const SPELLED: [&str; 8] =
    ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0x7f000001", "017700000001", "2852039166", "0xa9.0xfe.0xa9.0xfe"];

async fn refuses(hosts: &[&str]) {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for host in hosts {
        let answer =
            test.post(WEBHOOKS, &token, &json!({ "url": format!("https://{host}/hook") })).await.assert_status(422);
        assert_eq!(answer.errors(), [("url.address".to_owned(), "/url".to_owned())], "{host}");
    }
}

#[tokio::test]
async fn private_addresses_are_rejected() {
    refuses(&PRIVATE).await;
}

#[tokio::test]
async fn loopback_addresses_are_rejected() {
    refuses(&LOOPBACK).await;
}

#[tokio::test]
async fn link_local_addresses_are_rejected() {
    refuses(&LINK_LOCAL).await;
}

#[tokio::test]
async fn metadata_service_addresses_are_rejected() {
    refuses(&METADATA).await;
}

#[tokio::test]
async fn ipv4_mapped_addresses_are_rejected() {
    refuses(&MAPPED).await;
}

#[tokio::test]
async fn decimal_octal_and_hexadecimal_addresses_are_rejected() {
    refuses(&SPELLED).await;
}

#[tokio::test]
async fn ports_other_than_443_need_to_be_allowed() {
    for (allowed, port, is_allowed) in [("", 443, true), ("", 8443, false), ("8443", 8443, true), ("8443", 25, false)] {
        let test = TestApp::builder().setting("webhooks.allowed_ports", allowed).start().await;
        let token = test.token(&test.partner().await).await;
        let url = format!("https://hooks.example.com:{port}/");
        let answer = test.post(WEBHOOKS, &token, &json!({ "url": url })).await;
        if is_allowed {
            answer.assert_status(201);
        } else {
            let answer = answer.assert_status(422);
            assert_eq!(answer.errors(), [("url.address".to_owned(), "/url".to_owned())], "{allowed} {port}");
        }
    }
}

/// Starts the application with a webhook to a name that is resolved from a table.
async fn named(receiver: &Receiver, answers: Vec<Vec<IpAddr>>, allowed: &str) -> (TestApp, Table, TestPartner, String) {
    let table = table(&[("hooks.example.com", answers)]);
    let roots = receiver.roots.display().to_string();
    let settings = [
        ("outbound.ca_file", &*roots),
        ("outbound.allowed_networks", allowed),
        ("webhooks.timeout", "2s"),
        ("webhooks.allowed_ports", "1-65535"),
    ];
    let test = TestApp::builder().settings(&settings).lookup(Lookup::Table(table.clone())).start().await;
    let partner = test.partner().await;
    let url = format!("https://hooks.example.com:{}/", receiver.port);
    let (id, _) = register(&test, &test.token(&partner).await, &url, &ALL).await;
    (test, table, partner, id)
}

async fn error_of_newest(test: &TestApp, partner: &TestPartner, id: &str) -> Value {
    log(test, &test.token(partner).await, id).await[0]["attempts"][0]["error"].clone()
}

#[tokio::test]
async fn host_resolving_to_an_internal_address_is_not_contacted() {
    let receiver = Receiver::start_tls("hooks.example.com").await;
    for host in PRIVATE.iter().chain(&LOOPBACK).chain(&LINK_LOCAL).chain(&METADATA).chain(&MAPPED) {
        let (test, _, partner, id) = named(&receiver, vec![addresses(&[host])], "").await;
        tell(&test, &partner, &["r1"]).await;
        assert_eq!(deliver(&test).await, 1);
        assert_eq!(error_of_newest(&test, &partner, &id).await, "address_refused", "{host}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn dns_rebinding_does_not_bypass_the_webhook_filter() {
    let receiver = Receiver::start_tls("hooks.example.com").await;
    // Nothing listens at the only allowed address.
    let answers = vec![addresses(&["127.0.0.2"]), addresses(&["127.0.0.1"])];
    let (test, table, partner, id) = named(&receiver, answers, "127.0.0.2/32").await;
    tell(&test, &partner, &["r1"]).await;
    deliver(&test).await;
    assert_eq!(error_of_newest(&test, &partner, &id).await, "unreachable", "the first answer is the one connected to");
    assert_eq!(
        table.lock().expect("a table")["hooks.example.com"],
        [addresses(&["127.0.0.1"])],
        "it was asked for once"
    );
    test.advance(Duration::from_secs(60));
    tell(&test, &partner, &["r2"]).await;
    deliver(&test).await;
    assert_eq!(error_of_newest(&test, &partner, &id).await, "address_refused");
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn https_receiver_is_called_and_redirects_are_not_followed() {
    let receiver = Receiver::start_tls("hooks.example.com").await;
    let (test, _, partner, id) = named(&receiver, vec![addresses(&["127.0.0.1"])], "127.0.0.0/8").await;
    receiver.answer(&[204, 307]);
    tell(&test, &partner, &["r1"]).await;
    deliver(&test).await;
    tell(&test, &partner, &["r2"]).await;
    deliver(&test).await;
    assert_eq!(receiver.received().len(), 2, "the redirect leads to the receiver itself, and nobody goes there");
    let newest = log(&test, &test.token(&partner).await, &id).await.remove(0);
    assert_eq!((&newest["attempts"][0]["status"], &newest["state"]), (&json!(307), &json!("waiting")));
}

#[tokio::test]
async fn urls_are_stored_in_canonical_form() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for (typed, stored) in [
        ("HTTPS://Hooks.Example.com:443/a/../b", "https://hooks.example.com/b"),
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("https://bücher.example.com/ü", "https://xn--bcher-kva.example.com/%C3%BC"),
        ("https://hooks.example.com/?to=https://a@b.example", "https://hooks.example.com/?to=https://a@b.example"),
    ] {
        let made = test.post(WEBHOOKS, &token, &json!({ "url": typed })).await.assert_status(201).json();
        assert_eq!(made["url"], stored, "{typed}");
        let path = format!("{WEBHOOKS}/{}", made["id"].as_str().expect("an id"));
        put(&test, &token, &path, &json!({ "url": "https://hooks.example.com/other" })).await.assert_status(200);
        let changed = put(&test, &token, &path, &json!({ "url": typed })).await.assert_status(200).json();
        assert_eq!(changed["url"], stored, "{typed}");
    }
}

/// Asserts that registering a webhook with `url` and changing another one to it are both rejected
/// with `code`.
async fn assert_refused(test: &TestApp, token: &str, id: &str, url: &str, code: &str) {
    let (body, expected) = (json!({ "url": url }), [(code.to_owned(), "/url".to_owned())]);
    let created = test.post(WEBHOOKS, token, &body).await.assert_status(422);
    assert_eq!(created.errors(), expected, "{url}");
    let changed = put(test, token, &format!("{WEBHOOKS}/{id}"), &body).await.assert_status(422);
    assert_eq!(changed.errors(), expected, "{url}");
}

#[tokio::test]
async fn urls_that_do_not_read_as_they_are_parsed_are_rejected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (id, _) = register(&test, &token, "https://hooks.example.com/", &ALL).await;
    for url in [
        r"https:\\hooks.example.com/",
        r"https://hooks.example.com\a",
        r"https://hooks.example.com/a\b",
        "https:hooks.example.com/",
        "https:/hooks.example.com/",
        "https:///hooks.example.com/",
        " https://hooks.example.com/",
        "https://hooks.example.com/ ",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\u{a0}",
        "https://@hooks.example.com/",
        "https://:@hooks.example.com/",
        "https://hooks.example.com/#",
        "https://hooks.example.com./",
    ] {
        assert_refused(&test, &token, &id, url, "url.format").await;
    }
    for url in ["https://hooks.example.com/\ta", "ht\ntps://hooks.example.com/", "https://hooks.example.com/\u{7f}"] {
        assert_refused(&test, &token, &id, url, "text.control").await;
    }
}

#[tokio::test]
async fn names_outside_the_public_dns_are_rejected_unless_allowed() {
    const LOCAL: [&str; 4] = ["localhost", "LOCALHOST.", "hooks.localhost", "a.hooks.localhost"];
    const INTERNAL: [&str; 7] =
        ["hooks", "hooks.", "printer.local", "a.hooks.internal", "Hooks.INTERNAL.", "nas.lan", "hooks.default.svc"];
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (id, _) = register(&test, &token, "https://hooks.example.com/", &ALL).await;
    for host in LOCAL.iter().chain(&INTERNAL) {
        assert_refused(&test, &token, &id, &format!("https://{host}/hook"), "url.address").await;
    }
    for (setting, value, taken, refused) in [
        ("webhooks.allow_loopback", "true", "hooks.localhost", "hooks.internal"),
        ("outbound.allowed_networks", "10.0.0.0/8", "hooks.internal", "hooks.localhost"),
    ] {
        let test = TestApp::builder().setting(setting, value).start().await;
        let token = test.token(&test.partner().await).await;
        let (id, _) = register(&test, &token, &format!("https://{taken}/hook"), &ALL).await;
        assert_refused(&test, &token, &id, &format!("https://{refused}/hook"), "url.address").await;
    }
}
