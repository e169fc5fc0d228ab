//! Limits for wallets and holders.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::json;
use tenure::rate_limit::ALL;

use super::authorization::{VERIFIER, authorization, push};
use super::support::{SD_JWT, holder, offered};
use crate::support::app::TestApp;
use crate::support::wallet::{TestWallet, key};

#[tokio::test]
async fn authorization_requests_are_rate_limited_by_ip() {
    let test = TestApp::new().await;
    let wallet = TestWallet::new(&test);
    for _ in 0..60 {
        push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
    }
    push(&wallet, &authorization(VERIFIER)).await.assert_status(429);
    test.advance(Duration::from_secs(1));
    push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
}

#[tokio::test]
async fn authorization_requests_are_rate_limited_in_all() {
    let test = TestApp::new().await;
    let wallet = TestWallet::new(&test);
    test.app.limits().authorization_requests.spend(&ALL, 5_999).expect("other addresses push as many");
    push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
    push(&wallet, &authorization(VERIFIER)).await.assert_status(429);
    test.advance(Duration::from_secs(1));
    push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
}

/// 100 addresses push as fast as each of them may, which was the whole of the common limit.
#[tokio::test]
async fn busy_addresses_leave_authorization_requests_to_others() {
    let test = TestApp::new().await;
    let wallet = TestWallet::new(&test);
    let limits = test.app.limits();
    let through = |address: IpAddr, tries: usize| {
        (0..tries).filter(|_| limits.check_authorization_request(&address).is_ok()).count()
    };
    for _ in 0..3 {
        let counted: usize = (0..100).map(|last| through(Ipv4Addr::new(192, 0, 2, last).into(), 60)).sum();
        assert_eq!(counted, 100 * 3 + 3_000);
        let newcomers: usize = (0..200).map(|last| through(Ipv4Addr::new(198, 51, 100, last).into(), 3)).sum();
        assert_eq!(newcomers, 200 * 3);
        push(&wallet, &authorization(VERIFIER)).await.assert_status(201);
        test.advance(Duration::from_secs(60));
    }
}

/// The requests of addresses that push few are bounded too.
#[tokio::test]
async fn first_authorization_requests_are_limited_in_all() {
    let test = TestApp::new().await;
    let limits = test.app.limits();
    let address = |number: u32| IpAddr::from(Ipv4Addr::from(0x0a00_0000 + number));
    let counted = (0..7_000).filter(|number| limits.check_authorization_request(&address(*number)).is_ok()).count();
    assert_eq!(counted, 6_000);
}

#[tokio::test]
async fn offers_are_limited_by_holder() {
    let test = TestApp::new().await;
    let (mut person, id) = holder(&test).await;
    let path = format!("/wallet/credentials/{id}/offer");
    for _ in 0..60 {
        person.post(&path, &[]).await.assert_status(303);
    }
    person.post(&path, &[]).await.assert_status(429);
}

/// Each credential uses a status list index, also if the same one is fetched repeatedly.
#[tokio::test]
async fn fetched_credentials_are_limited_by_holder() {
    let test = TestApp::builder().setting("rate_limit.wallet_requests_per_ip_per_minute", "10000").start().await;
    let (_person, _, offer) = offered(&test).await;
    let wallet = TestWallet::new(&test);
    let token = wallet.token(&offer).await;
    let mut fetched = 0;
    let last = loop {
        let nonce = wallet.nonce().await;
        let proofs: Vec<String> = (1..=10).map(|number| wallet.proof(&key(number), &nonce)).collect();
        let request = json!({ "credential_configuration_id": SD_JWT, "proofs": { "jwt": proofs } });
        let answer = wallet.post("/oid4vci/credential", &token, &request).await;
        if answer.status != 200 {
            break answer;
        }
        fetched += 10;
        assert!(fetched <= 1_000, "there is a limit");
    };
    assert_eq!(fetched, 1_000);
    last.assert_status(429);
}
