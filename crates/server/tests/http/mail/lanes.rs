//! Lanes of the outbox: which mail waits for which.

use std::time::Duration;

use tenure::flows::outbox::{LaneSender, send_due};
use tenure::outbox::Lane;
use tokio::time::timeout;

use super::support::{ask_for_code, fresh_token, plain, push_link, server, waiting};
use crate::support::app::TestApp;
use crate::support::relay::{Relay, Tls};

#[tokio::test]
async fn codes_do_not_wait_for_links_that_the_relay_holds() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let token = fresh_token(&test, &test.partner().await).await;
    for number in 0..30 {
        push_link(&test, &token, &number.to_string(), &format!("held{number}@example.org")).await;
    }
    let mut links = LaneSender::new(&test.app, Lane::Mail);
    assert_eq!(links.step(true).await.expect("begun"), 6, "a quarter of the sessions");
    assert_eq!(links.step(true).await.expect("begun"), 0, "no place is free");
    for number in 0..18 {
        ask_for_code(&test, &format!("ada{number}@example.org")).await;
    }
    let mut codes = LaneSender::new(&test.app, Lane::Code);
    assert_eq!(codes.step(true).await.expect("begun"), 18, "all at once");
    while !codes.is_idle() {
        codes.attempt_ended().await;
    }
    assert_eq!(relay.accepted().len(), 18);
    codes.step(true).await.expect("written");
    relay.release();
    while !links.is_idle() {
        links.attempt_ended().await;
    }
    links.step(false).await.expect("written");
    send_due(&test.app).await.expect("sent");
    assert_eq!((relay.accepted().len(), waiting(&test).await), (30, 0));
}

#[tokio::test]
async fn slow_mail_does_not_hold_up_the_next() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[("mail.connections", "3")]).await;
    ask_for_code(&test, "held@example.org").await;
    let mut codes = LaneSender::new(&test.app, Lane::Code);
    for number in 0..10 {
        ask_for_code(&test, &format!("ada{number}@example.org")).await;
        codes.step(true).await.expect("begun");
        if number > 0 {
            codes.attempt_ended().await;
        }
    }
    while relay.accepted().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!codes.is_idle(), "one is still being sent");
}

#[tokio::test]
async fn one_link_does_not_wait_for_another_partners_thousands() {
    let relay = Relay::start(Tls::None).await;
    // Leaves one connection for links, so that their order is deterministic.
    let test = server(&plain(&relay), &[("mail.connections", "4")]).await;
    let large = fresh_token(&test, &test.partner().await).await;
    for number in 0..60 {
        push_link(&test, &large, &number.to_string(), &format!("large{number}@example.org")).await;
    }
    let small = fresh_token(&test, &test.partner().await).await;
    push_link(&test, &small, "1", "small@example.org").await;
    send_due(&test.app).await.expect("sent");
    let order: Vec<String> = relay.accepted().into_iter().map(|(recipient, _)| recipient).collect();
    let place = order.iter().position(|recipient| recipient.starts_with("small")).expect("sent");
    assert!(place <= 1, "it was number {place} of {}", order.len());
}

#[tokio::test]
async fn sandbox_actions_are_bounded_and_delay_no_mail() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let token = fresh_token(&test, &test.sandbox_partner().await).await;
    for number in 0..20 {
        push_link(&test, &token, &number.to_string(), "consents@sandbox.invalid").await;
    }
    let mut actions = LaneSender::new(&test.app, Lane::Sandbox);
    assert_eq!(actions.step(true).await.expect("begun"), 2);
    ask_for_code(&test, "ada@example.org").await;
    let mut codes = LaneSender::new(&test.app, Lane::Code);
    assert_eq!(codes.step(true).await.expect("begun"), 1);
    codes.attempt_ended().await;
    assert_eq!(relay.accepted().len(), 1);
}

/// A relay that takes 200 ms a mail accepts sixty a second if it has twelve at once. It holds them
/// here, so that the speed of the machine does not count.
#[tokio::test]
async fn sixty_codes_a_second_pass_a_relay_of_200_ms() {
    const AT_ONCE: usize = 60 / 5;
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    for number in 0..120 {
        ask_for_code(&test, &format!("held{number}@example.org")).await;
    }
    let mut codes = LaneSender::new(&test.app, Lane::Code);
    codes.step(true).await.expect("begun");
    let all_held = async {
        while relay.held() < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), all_held).await.expect("twelve at once");
    assert!(relay.accepted().is_empty());
    relay.release();
    loop {
        codes.step(true).await.expect("begun");
        if codes.is_idle() {
            break;
        }
        codes.attempt_ended().await;
    }
    assert_eq!(relay.accepted().len(), 120);
}

/// Starts due mails, which the relay holds until `held` have been so far. The clock then shows that
/// their domain is slow.
async fn start_held(test: &TestApp, relay: &Relay, lane: &mut LaneSender, held: usize) {
    lane.step(true).await.expect("begun");
    let all_held = async {
        while relay.held() < held {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), all_held).await.expect("held");
    test.advance(Duration::from_secs(1));
}

/// Runs a lane while the clock advances until the relay has accepted `count` mails; returns their
/// recipients in alphabetical order.
async fn accepted_of(test: &TestApp, relay: &Relay, lane: &mut LaneSender, count: usize) -> Vec<String> {
    let mut recipients = Vec::new();
    let all_accepted = async {
        while recipients.len() < count {
            lane.step(true).await.expect("begun");
            tokio::time::sleep(Duration::from_millis(10)).await;
            test.advance(Duration::from_millis(50));
            recipients.extend(relay.accepted().into_iter().map(|(recipient, _)| recipient));
        }
    };
    timeout(Duration::from_secs(60), all_accepted).await.expect("accepted");
    recipients.sort();
    recipients
}

/// Releases the mails that are held, and sends those that were put back; returns the number of
/// mails that the relay has accepted since.
async fn release_all(test: &TestApp, relay: &Relay, lane: &mut LaneSender) -> usize {
    relay.release();
    while !lane.is_idle() {
        lane.attempt_ended().await;
    }
    lane.step(false).await.expect("written");
    test.advance(Duration::from_secs(120));
    send_due(&test.app).await.expect("sent");
    relay.accepted().len()
}

#[tokio::test]
async fn slow_domain_leaves_code_sessions_to_others() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    for number in 0..40 {
        ask_for_code(&test, &format!("held{number}@slow.example.net")).await;
    }
    let mut codes = LaneSender::new(&test.app, Lane::Code);
    start_held(&test, &relay, &mut codes, 12).await;
    ask_for_code(&test, "ada@example.org").await;
    ask_for_code(&test, "bea@example.com").await;
    assert_eq!(accepted_of(&test, &relay, &mut codes, 2).await, ["ada@example.org", "bea@example.com"]);
    assert_eq!(relay.held(), 12, "and no more sessions for the slow domain");
    assert_eq!(release_all(&test, &relay, &mut codes).await, 40, "none is lost, and none counts as a retry");
    assert_eq!(waiting(&test).await, 0);
}

#[tokio::test]
async fn slow_domain_delays_links_to_no_other() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let (own, other) = (test.partner().await, test.partner().await);
    let token = fresh_token(&test, &own).await;
    for number in 0..20 {
        push_link(&test, &token, &number.to_string(), &format!("held{number}@slow.example.net")).await;
    }
    let mut links = LaneSender::new(&test.app, Lane::Mail);
    start_held(&test, &relay, &mut links, 4).await;
    push_link(&test, &token, "own", "ada@example.org").await;
    push_link(&test, &fresh_token(&test, &other).await, "1", "bea@example.org").await;
    assert_eq!(accepted_of(&test, &relay, &mut links, 2).await, ["ada@example.org", "bea@example.org"]);
    assert_eq!(relay.held(), 4, "and no more sessions for the slow domain");
    assert_eq!(release_all(&test, &relay, &mut links).await, 20, "none is lost, and none counts as a retry");
    assert_eq!(waiting(&test).await, 0);
}
