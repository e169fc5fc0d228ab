//! Responses that a wallet sends again because it did not receive the reply.

use std::time::Duration;

use super::support::{refused, scene, sent_to};
use crate::support::app::TestApp;

// Conforms: OpenID4VP 8.2
#[tokio::test]
async fn repeated_response_gets_the_same_redirect() {
    for mode in ["direct_post", "direct_post.jwt"] {
        let test = TestApp::builder().setting("openid4vp.response_mode", mode).start().await;
        let scene = scene(&test).await;
        let (request_id, content) = scene.ask_for_all().await;
        let mut browser = test.browser();
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let form = asked.response_form(&asked.response_body(&scene.presentation(&asked)));
        // The wallet retries while its first attempt is still in progress, and once more later.
        let (first, second) = tokio::join!(scene.send(&asked, &form), scene.send(&asked, &form));
        let redirect = sent_to(&test, &first.assert_status(200));
        assert_eq!(sent_to(&test, &second.assert_status(200)), redirect, "{mode}");
        test.advance(Duration::from_secs(1));
        assert_eq!(sent_to(&test, &scene.send(&asked, &form).await.assert_status(200)), redirect, "{mode}");
        // A different response is refused, although it would have been accepted first.
        refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
        browser.get(&redirect).await.assert_status(303);
        let finished = scene.result(&request_id).await;
        assert_eq!(finished["status"], "verified", "{mode}");
        // The repeat has no further effect after the end, and leads to the page that says so.
        assert_eq!(sent_to(&test, &scene.send(&asked, &form).await.assert_status(200)), redirect, "{mode}");
        assert_eq!(browser.get(&redirect).await.redirect(), format!("/presentations/{}", asked.id));
        assert_eq!(scene.result(&request_id).await["finalized_at"], finished["finalized_at"], "{mode}");
        refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
    }
}

// Conforms: OpenID4VP 8.2; OpenID4VP 8.3.1
#[tokio::test]
async fn response_encrypted_again_gets_the_same_redirect() {
    let test = TestApp::builder().setting("openid4vp.response_mode", "direct_post.jwt").start().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let body = asked.response_body(&scene.presentation(&asked));
    let (first, second) = (asked.response_form(&body), asked.response_form(&body));
    assert_ne!(first, second, "each has a key of its own");
    let (one, other) = tokio::join!(scene.send(&asked, &first), scene.send(&asked, &second));
    let redirect = sent_to(&test, &one.assert_status(200));
    assert_eq!(sent_to(&test, &other.assert_status(200)), redirect);
    let again = scene.send(&asked, &asked.response_form(&body)).await;
    assert_eq!(sent_to(&test, &again.assert_status(200)), redirect);
    // Another response stays refused, and so does one that cannot be decrypted.
    test.advance(Duration::from_secs(1));
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
    let declined = serde_json::json!({ "error": "access_denied", "state": asked.text("state") });
    refused(&scene.answer_with(&asked, declined).await, "answered");
    refused(&scene.send(&asked, &[("response", "x".to_owned())]).await, "answered");
    browser.get(&redirect).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "verified");
    // The key is deleted at the end, so only an exact repeat is recognized then. The response that
    // was stored is one of the two.
    refused(&scene.send(&asked, &asked.response_form(&body)).await, "answered");
    let (one, other) = (scene.send(&asked, &first).await, scene.send(&asked, &second).await);
    let recognized = [one, other].into_iter().filter(|answer| answer.status == 200).count();
    assert_eq!(recognized, 1);
}

#[tokio::test]
async fn repeated_error_response_gets_the_same_redirect() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    let form = [("error", "access_denied".to_owned()), ("state", asked.text("state").to_owned())];
    let page = format!("/presentations/{}", asked.id);
    for _ in 0..2 {
        assert_eq!(sent_to(&test, &scene.send(&asked, &form).await.assert_status(200)), page);
    }
    let other = [("error", "wallet_unavailable".to_owned()), ("state", asked.text("state").to_owned())];
    refused(&scene.send(&asked, &other).await, "answered");
}

#[tokio::test]
async fn response_code_belongs_to_one_presentation() {
    let test = TestApp::builder().setting("openid4vp.response_mode", "direct_post").start().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let (one, other) = (
        scene.begin(&mut browser, content, "same_device").await,
        scene.begin(&mut browser, content, "same_device").await,
    );
    let form = one.response_form(&one.response_body(&scene.presentation(&one)));
    let redirect = sent_to(&test, &scene.send(&one, &form).await.assert_status(200));
    let code = redirect.split_once("response_code=").expect("a code").1;
    assert_eq!(code.len(), 43, "256 bits");
    refused(&scene.send(&other, &form).await, "state");
    // The code of one does not finish the other.
    scene.answer(&other, &scene.presentation(&other)).await.assert_status(200);
    let wrong = format!("/presentations/{}/return?response_code={code}", other.id);
    assert_eq!(browser.get(&wrong).await.redirect(), format!("/presentations/{}", other.id));
    assert!(!browser.text(&format!("/presentations/{}", other.id)).await.contains("You shared this"));
}
