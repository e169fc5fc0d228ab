//! Webhooks and their deliveries.

use uuid::Uuid;

use super::support::{HOUR, console, make_webhook};
use crate::support::app::TestApp;

#[tokio::test]
async fn console_creates_edits_tests_and_deletes_a_webhook() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    for (url, said) in
        [("http://hooks.example.com", "must start with https://"), ("https://127.0.0.1/x", "not public"), ("", "")]
    {
        let refused = browser
            .post("/console/webhooks/new", &[("url", url), ("event", "atsp_request.created")])
            .await
            .assert_status(422);
        assert!(refused.text.contains(said) && refused.text.contains(r#"id="url-problem""#), "{url}: {}", refused.text);
    }
    let none =
        browser.post("/console/webhooks/new", &[("url", "https://hooks.example.com/a")]).await.assert_status(422).text;
    assert!(none.contains(r#"id="events-problem""#), "at least one event");
    let form = [
        ("url", "https://hooks.example.com/a"),
        ("name", "Production"),
        ("event", "atsp_request.created"),
        ("event", "vwsp_request.verified"),
    ];
    let made = browser.post("/console/webhooks/new", &form).await.assert_status(200).text;
    let secret = made
        .split("id=\"hook-secret\"")
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1))
        .and_then(|rest| rest.split('<').next())
        .expect("a secret");
    assert!(secret.len() == 64 && made.contains("whsec_"));
    let id = made
        .split("href=\"/console/webhooks/")
        .filter_map(|rest| rest.split('"').next())
        .find_map(|id| id.parse::<Uuid>().ok())
        .expect("its page");
    let page = format!("/console/webhooks/{id}");
    let shown = browser.text(&page).await;
    assert!(shown.contains("Production") && !shown.contains(secret), "the secret is shown once");
    let cleared = [("url", "https://hooks.example.com/b"), ("name", ""), ("event", "atsp_request.verified")];
    assert_eq!(browser.post(&format!("{page}/edit"), &cleared).await.redirect(), page);
    let shown = browser.text(&page).await;
    assert!(shown.contains("Saved.") && shown.contains("hooks.example.com/b") && !shown.contains("Production"));
    browser.post(&format!("{page}/test"), &[]).await.assert_status(303);
    let log = browser.text(&page).await;
    assert!(log.contains("tenure.test") && log.contains("No attempts yet") && log.contains("Queued"), "{log}");
    let rotated = browser.post(&format!("{page}/rotate"), &[]).await.assert_status(200).text;
    assert!(rotated.contains("whsec_") && !rotated.contains(secret));
    assert!(
        browser.text(&page).await.contains(
            "also signed with the previous secret until <time datetime=\"2026-11-24T09:00:00Z\" data-local>24 November 2026, 09:00 UTC</time>"
        )
    );
    assert_eq!(browser.post(&format!("{page}/delete"), &[]).await.redirect(), "/console/webhooks");
    browser.get(&page).await.assert_status(404);
}

#[tokio::test]
async fn console_replays_deliveries_singly_or_by_time_range() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let id = make_webhook(&mut browser, "https://hooks.example.com/a").await;
    let token = test.token(&partner).await;
    test.push(&token, "told").await;
    let page = format!("/console/webhooks/{id}");
    let log = browser.text(&page).await;
    assert!(log.contains("You pushed a credential") && log.contains("told"));
    let again = log
        .split(&format!("action=\"{page}/deliveries/"))
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a button");
    browser.post(&format!("{page}/deliveries/{again}"), &[]).await.assert_status(303);
    assert!(browser.get(&page).await.text.contains("Queued for resending."));
    browser.post(&format!("{page}/deliveries/{}/replay", Uuid::nil()), &[]).await.assert_status(404);
    // After three days the delivery is abandoned; a replay by time range sends it again.
    test.advance(73 * HOUR);
    let mut tx = test.app.store().write().await.expect("a transaction");
    assert_eq!(tx.give_up_deliveries(test.app.now(), 10).await.expect("given up"), 1);
    tx.commit().await.expect("committed");
    let mut browser = console(&test, &partner).await;
    assert!(browser.get(&format!("{page}?state=failed")).await.text.contains("Failed. You can resend it."));
    let range = [("from", "2026-11-23T00:00"), ("to", "2026-11-24T00:00"), ("state", "failed")];
    browser.post(&format!("{page}/replay"), &range).await.assert_status(303);
    assert!(browser.get(&page).await.text.contains("Queued for resending."));
    browser.post(&format!("{page}/replay"), &range).await.assert_status(303);
    assert!(browser.get(&page).await.text.contains("nothing to resend"));
    let wrong = [("from", "2026-11-24T00:00"), ("to", "2026-11-23T00:00")];
    assert!(browser.post(&format!("{page}/replay"), &wrong).await.assert_status(422).text.contains("later than from"));
}

#[tokio::test]
async fn console_shows_a_disabled_webhook_and_enables_it_on_save() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = console(&test, &partner).await;
    let id = make_webhook(&mut browser, "https://hooks.example.com/a").await;
    let page = format!("/console/webhooks/{id}");
    let test_form = format!("action=\"{page}/test\"");
    assert!(browser.text(&page).await.contains(&test_form));
    let mut tx = test.app.store().write().await.expect("a transaction");
    tx.disable_webhook(id, test.app.now()).await.expect("disabled");
    tx.commit().await.expect("committed");
    let shown = browser.text(&page).await;
    let since = "Disabled since <time datetime=\"2026-11-23T09:00:00Z\" data-local>23 November 2026, 09:00 UTC</time>";
    assert!(shown.contains(since), "{shown}");
    assert!(shown.contains("select “Edit” and save it") && !shown.contains(&test_form), "{shown}");
    assert!(browser.text("/console/webhooks").await.contains("410 (Gone)"));
    browser.post(&format!("{page}/test"), &[]).await.assert_status(409);
    let same = [("url", "https://hooks.example.com/a"), ("name", ""), ("event", "atsp_request.created")];
    assert_eq!(browser.post(&format!("{page}/edit"), &same).await.redirect(), page);
    let shown = browser.text(&page).await;
    assert!(shown.contains(&test_form) && !shown.contains("410 (Gone)"), "{shown}");
}
