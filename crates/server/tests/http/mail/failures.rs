//! A relay that fails in each phase of the session.

use std::time::Duration;

use tenure::flows::outbox::send_due;

use super::support::{ask_for_code, fresh_token, plain, push_link, server, waiting};
use crate::support::app::TestApp;
use crate::support::relay::{Relay, Step, Tls};

const FAULTS: [(Step, Option<&str>); 35] = [
    (Step::Greeting, None),
    (Step::Greeting, Some("554 5.3.2 no service for you")),
    (Step::Greeting, Some("421 busy")),
    (Step::Greeting, Some("this is not SMTP")),
    (Step::Ehlo, None),
    (Step::Ehlo, Some("550 5.7.1 go away")),
    (Step::Ehlo, Some("502 what?")),
    (Step::Auth, None),
    (Step::Auth, Some("535 5.7.8 wrong password")),
    (Step::Auth, Some("454 4.7.0 later")),
    (Step::MailFrom, None),
    (Step::MailFrom, Some("550 5.1.8 unknown sender")),
    (Step::MailFrom, Some("553 5.7.1 not your address")),
    (Step::MailFrom, Some("451 4.7.1 too much")),
    (Step::RcptTo, None),
    (Step::RcptTo, Some("450 4.2.0 greylisted")),
    (Step::RcptTo, Some("554 5.7.1 relay access denied")),
    (Step::RcptTo, Some("550 relay not permitted")),
    (Step::RcptTo, Some("421 4.3.0 closing")),
    (Step::RcptTo, Some("550 5.1.0 sender rejected")),
    (Step::RcptTo, Some("550 Sender verify failed")),
    (Step::RcptTo, Some("550 Administrative prohibition")),
    (Step::RcptTo, Some("550 Access denied - Invalid HELO name")),
    (Step::RcptTo, Some("550 authentication required")),
    (Step::RcptTo, Some("550 JunkMail rejected - host is in an RBL")),
    (Step::RcptTo, Some("553 sorry, your envelope sender is in my badmailfrom list")),
    (Step::RcptTo, Some("550 Too many messages")),
    (Step::RcptTo, Some("550 Your IP address is blocked")),
    (Step::Data, None),
    (Step::Data, Some("451 4.3.0 later")),
    (Step::Data, Some("554 5.5.1 no valid recipients")),
    (Step::Content, None),
    (Step::Content, Some("452 4.3.1 disk full")),
    (Step::Content, Some("552 5.3.4 too big")),
    (Step::Content, Some("554 5.7.1 spam")),
];

/// Sends mails until none is pending, advancing the clock as between retries.
async fn recover(test: &TestApp) {
    for _ in 0..10 {
        test.advance(Duration::from_secs(20));
        send_due(&test.app).await.expect("sent");
        if waiting(test).await == 0 {
            return;
        }
    }
}

#[tokio::test]
async fn no_mail_is_lost_whatever_phase_of_the_session_fails() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let partner = test.partner().await;
    let token = fresh_token(&test, &partner).await;
    for (number, fault) in FAULTS.into_iter().enumerate() {
        let (ada, bea) = (format!("ada{number}@example.org"), format!("bea{number}@example.org"));
        relay.fail(Some(fault));
        ask_for_code(&test, &ada).await;
        push_link(&test, &token, &number.to_string(), &bea).await;
        for _ in 0..3 {
            send_due(&test.app).await.expect("tried");
            test.advance(Duration::from_secs(20));
        }
        assert_eq!((relay.accepted(), waiting(&test).await), (vec![], 2), "{fault:?}");
        assert_eq!(test.status(&token, &number.to_string()).await.get("notify"), None, "{fault:?}");
        relay.fail(None);
        recover(&test).await;
        let mut accepted: Vec<String> = relay.accepted().into_iter().map(|(recipient, _)| recipient).collect();
        accepted.sort();
        assert_eq!(accepted, [ada, bea], "{fault:?}");
    }
    let metrics = test.app.metrics().encode();
    for line in [
        r#"tenure_mail_errors_total{phase="auth",code="535"}"#,
        r#"tenure_mail_errors_total{phase="connect",code="554"}"#,
        r#"tenure_mail_errors_total{phase="rcpt_to",code="450"}"#,
        r#"tenure_outbox_messages_total{outcome="sent"} 70"#,
        "tenure_mail_failing 0",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(!metrics.contains("given_up") && !metrics.contains("example.org"), "{metrics}");
}

#[tokio::test]
async fn mail_waits_for_a_relay_that_is_not_there() {
    let port = Relay::start(Tls::None).await.port + 1;
    let test = server(&format!("smtp://127.0.0.1:{port}"), &[]).await;
    ask_for_code(&test, "ada@example.org").await;
    send_due(&test.app).await.expect("tried");
    assert_eq!(waiting(&test).await, 1);
    let relay = Relay::listen(port, Tls::None).await;
    recover(&test).await;
    assert_eq!(relay.accepted().len(), 1);
}

#[tokio::test]
async fn relay_that_ends_sessions_between_mails_loses_none() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    relay.fail(Some((Step::Afterwards, None)));
    for number in 0..3 {
        ask_for_code(&test, &format!("ada{number}@example.org")).await;
        send_due(&test.app).await.expect("sent");
        assert_eq!(relay.accepted().len(), 1, "at the first attempt");
    }
    assert_eq!(relay.sessions(), 3);
    relay.fail(None);
    for number in 3..6 {
        ask_for_code(&test, &format!("ada{number}@example.org")).await;
        send_due(&test.app).await.expect("sent");
    }
    assert_eq!((relay.accepted().len(), relay.sessions()), (3, 3), "one session for all");
}

#[tokio::test]
async fn failing_relay_is_tried_with_one_mail_at_a_time() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    for number in 0..40 {
        ask_for_code(&test, &format!("ada{number}@example.org")).await;
    }
    relay.fail(Some((Step::Auth, Some("535 5.7.8 wrong password"))));
    send_due(&test.app).await.expect("tried");
    let first = relay.sessions();
    assert!(first <= 18, "as many as there are places: {first}");
    for _ in 0..10 {
        test.advance(Duration::from_secs(15));
        send_due(&test.app).await.expect("tried");
    }
    assert_eq!(relay.sessions(), first + 10);
    assert!(test.app.metrics().encode().contains("tenure_mail_failing 1"));
    relay.fail(None);
    recover(&test).await;
    assert_eq!(relay.accepted().len(), 40);
}

/// Any visitor can request codes for addresses that a relay rejects by policy.
#[tokio::test]
async fn mails_that_the_relay_refuses_delay_no_others() {
    for response in
        [Some("550 5.7.1 blocked"), Some("554 5.7.1 relay access denied"), Some("450 4.2.0 greylisted"), None]
    {
        let relay = Relay::start(Tls::None).await;
        let test = server(&plain(&relay), &[]).await;
        relay.fail(Some((Step::RcptTo, response)));
        for number in 0..25 {
            ask_for_code(&test, &format!("policy{number}@example.org")).await;
        }
        send_due(&test.app).await.expect("tried");
        relay.fail(None);
        ask_for_code(&test, "ada@example.org").await;
        send_due(&test.app).await.expect("sent");
        let accepted: Vec<String> = relay.accepted().into_iter().map(|(recipient, _)| recipient).collect();
        assert_eq!(accepted, ["ada@example.org"], "{response:?}");
    }
}

#[tokio::test]
async fn link_is_retried_until_its_request_expires() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    let partner = test.partner().await;
    let token = fresh_token(&test, &partner).await;
    push_link(&test, &token, "late", "ada@example.org").await;
    relay.fail(Some((Step::Greeting, Some("554 no"))));
    for _ in 0..47 {
        send_due(&test.app).await.expect("tried");
        test.advance(Duration::from_secs(3600));
    }
    relay.fail(None);
    recover(&test).await;
    assert_eq!(relay.accepted().len(), 1, "47 hours later");
}

#[tokio::test]
async fn expired_code_is_not_sent() {
    let relay = Relay::start(Tls::None).await;
    let test = server(&plain(&relay), &[]).await;
    relay.fail(Some((Step::MailFrom, Some("451 later"))));
    ask_for_code(&test, "ada@example.org").await;
    send_due(&test.app).await.expect("tried");
    relay.fail(None);
    test.advance(Duration::from_secs(600));
    recover(&test).await;
    assert_eq!((relay.accepted(), waiting(&test).await), (vec![], 0));
    assert!(test.app.metrics().encode().contains(r#"tenure_outbox_messages_total{outcome="expired"} 1"#));
}
