//! Credentials that become invalid between the wallet's response and its effect.

use axum::http::Method;

use super::support::{scene, sent_to};
use crate::support::app::{PUSH, TestApp};

#[tokio::test]
async fn credential_withdrawn_after_the_response_is_not_shared() {
    for flow in ["same_device", "cross_device"] {
        let test = TestApp::new().await;
        let scene = scene(&test).await;
        let (request_id, content) = scene.ask_for_all().await;
        let (mut browser, mut phone) = (test.browser(), test.browser());
        let asked = scene.begin(&mut browser, content, flow).await;
        let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
        let withdrawal = test.api(Method::DELETE, &format!("{PUSH}/held"), &scene.token, r#"{"reason":"A mistake."}"#);
        test.send(withdrawal).await.assert_status(204);
        let own = format!("/presentations/{}", asked.id);
        let back = if flow == "same_device" {
            browser.get(&sent_to(&test, &answer)).await
        } else {
            let page = phone.get(&sent_to(&test, &answer)).await.assert_status(200);
            let digits = page.text.split("id=\"carried-code\">").nth(1).expect("a code")[..6].to_owned();
            browser.post(&format!("{own}/code"), &[("code", &digits)]).await
        };
        assert_eq!(back.redirect(), own, "{flow}: not the partner's page");
        let page = browser.text(&own).await;
        assert!(page.contains("Nothing was shared, because this credential was revoked"), "{flow}: {page}");
        assert!(!page.contains("Done.") && page.contains("Try again"), "{flow}: {page}");
        assert_eq!(scene.result(&request_id).await["status"], "incomplete", "{flow}: the request is still open");
    }
}
