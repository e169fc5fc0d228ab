//! Only the browser that began a presentation can finish it, on the same device or with a code.

use serde_json::json;

use super::support::{CALLBACK, refused, scene, sent_to};
use crate::support::app::TestApp;

// Conforms: OpenID4VP 8.2; OpenID4VP 13.3; HAIP 5.1; OIDF verifier: happy flow
#[tokio::test]
async fn same_device_flow_finishes_in_the_starting_browser() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let page = browser.get(&format!("/verifications/{content}/other-wallet")).await.assert_status(200);
    for said in ["Harbour Hiring", "To check your &#60;experience&#62;", "would like to see your career history."] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let asked = scene.begin(&mut browser, content, "same_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "an answer alone does not count");
    let back = browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(back.header("location"), format!("{CALLBACK}&request_id={request_id}&status=verified"));
    let result = scene.result(&request_id).await;
    assert_eq!((&result["status"], &result["verification"]["valid"]), (&json!("verified"), &json!(true)));
    assert_eq!(result["credential"]["full_name"], "Ada Marker-Lovelace");
    assert_eq!(result["credential"]["employment"].as_array().map(Vec::len), Some(2));
    let checks = result["verification"]["checks"].as_array().expect("checks");
    assert!(checks.iter().all(|check| check["outcome"] == "passed"), "{checks:?}");
    let presented = &result["verification"]["presentation"];
    assert_eq!(presented["audience"], asked.request["client_id"]);
    assert_eq!(presented["nonce"], asked.request["nonce"]);
    // Neither the response nor the request can be used again.
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "answered");
    assert_eq!(test.get(&format!("/openid4vp/requests/{}", asked.id)).await.status, 400);
    let again = browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(again.header("location"), format!("/presentations/{}", asked.id));
    assert!(browser.text(again.header("location")).await.contains("You shared this with <bdi>Harbour Hiring</bdi>"));
}

// Conforms: OpenID4VP 13.3; OpenID4VP 14.2; HAIP 5.1
#[tokio::test]
async fn response_returned_to_another_browser_does_not_count() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    // An attacker begins the flow and gets the victim's wallet to respond.
    let (mut attacker, mut victim) = (test.browser(), test.browser());
    let asked = scene.begin(&mut attacker, content, "same_device").await;
    assert_eq!(victim.get(&format!("/presentations/{}", asked.id)).await.status, 404, "not theirs to look at");
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    // Without the response code, which only the wallet received, the attacker cannot finish.
    let guess = format!("/presentations/{}/return?response_code={}", asked.id, "a".repeat(43));
    assert_eq!(attacker.get(&guess).await.redirect(), format!("/presentations/{}", asked.id));
    assert_eq!(attacker.post(&format!("/presentations/{}/code", asked.id), &[("code", "000000")]).await.status, 404);
    let page = victim.get(&sent_to(&test, &answer)).await.assert_status(403);
    assert!(page.text.contains("<h1>Nothing was shared</h1>"), "{}", page.text);
    // The browser that began cannot finish afterwards either.
    attacker.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert!(attacker.text(&format!("/presentations/{}", asked.id)).await.contains("nothing was shared"));
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    // A session secret of another request is not accepted.
    let (_, other) = scene.ask_for_all().await;
    let begun = scene.begin(&mut attacker, other, "same_device").await;
    let answer = scene.answer(&begun, &scene.presentation(&begun)).await.assert_status(200);
    scene.begin(&mut victim, other, "same_device").await;
    victim.get(&sent_to(&test, &answer)).await.assert_status(403);
}

// Conforms: OpenID4VP 14.2
#[tokio::test]
async fn cross_device_flow_finishes_with_the_displayed_code() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, content, "cross_device").await;
    let page = format!("/presentations/{}", asked.id);
    let shown = browser.get(&page).await.assert_status(200);
    assert!(shown.text.contains("<svg") && shown.text.contains("<code id=\"presentation-link\">openid4vp://"));
    assert!(shown.header("content-security-policy").ends_with("form-action 'self' https://hr.example"));
    let early = browser.post(&format!("{page}/code"), &[("code", "123456")]).await.assert_status(422);
    assert!(early.text.contains("has not responded yet"));
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let phone = test.browser().get(&sent_to(&test, &answer)).await.assert_status(200);
    assert!(phone.text.contains("Harbour Hiring") && !phone.text.contains("Marker-Lovelace"), "{}", phone.text);
    let digits = phone.text.split("id=\"carried-code\">").nth(1).expect("a code").split('<').next().expect("digits");
    assert_eq!(digits.len(), 6);
    // The code is not accepted in another browser.
    assert_eq!(test.browser().post(&format!("{page}/code"), &[("code", digits)]).await.status, 404);
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    browser.post(&format!("{page}/code"), &[("code", wrong)]).await.assert_status(422);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    let spaced = format!("{} {}", &digits[..3], &digits[3..]);
    let done = browser.post(&format!("{page}/code"), &[("code", &spaced)]).await.assert_status(303);
    assert_eq!(done.header("location"), format!("{CALLBACK}&request_id={request_id}&status=verified"));
    assert_eq!(scene.result(&request_id).await["status"], "verified");
    test.browser().get(&sent_to(&test, &answer)).await.assert_status(410);
}

#[tokio::test]
async fn wrong_codes_and_not_me_discard_the_response() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut attacker = test.browser();
    let asked = scene.begin(&mut attacker, content, "cross_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let page = test.get(&sent_to(&test, &answer)).await.assert_status(200);
    let digits = page.text.split("id=\"carried-code\">").nth(1).expect("a code")[..6].to_owned();
    let path = format!("/presentations/{}/code", asked.id);
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    for attempt in 0..5 {
        // An incomplete code is no attempt.
        let incomplete = attacker.post(&path, &[("code", &digits[..5])]).await.assert_status(422);
        assert!(incomplete.text.contains("Enter all 6 digits"), "{attempt}: {}", incomplete.text);
        let refused = attacker.post(&path, &[("code", wrong)]).await.assert_status(422);
        assert!(refused.text.contains("This is not the code on your other device"), "{attempt}: {}", refused.text);
        let before = refused.text.split("<label for=\"code\">").next().expect("a text").trim_end();
        assert!(before.lines().last().is_some_and(|line| line.contains("id=\"problem\"")), "at the field: {before}");
    }
    attacker.post(&path, &[("code", &digits)]).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "the sixth try is none");
    // The victim notices and reports it with "not me".
    let asked = scene.begin(&mut attacker, content, "cross_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let came = sent_to(&test, &answer);
    let (path, secret) = came.split_once("/return?response_code=").expect("a code");
    let mut victim = test.browser();
    let page = victim.get(&came).await.assert_status(200);
    let digits = page.text.split("id=\"carried-code\">").nth(1).expect("a code")[..6].to_owned();
    assert_eq!(victim.post(&format!("{path}/not-me"), &[("response_code", "wrong")]).await.status, 410);
    let said = victim.post(&format!("{path}/not-me"), &[("response_code", secret)]).await.assert_status(403).text;
    assert!(said.contains("<h1>Nothing was shared</h1>") && said.contains("You selected “This was not me”"), "{said}");
    assert!(!said.contains("One more step") && !said.contains("another browser"), "{said}");
    attacker.post(&format!("{path}/code"), &[("code", &digits)]).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
}

#[tokio::test]
async fn bound_request_is_completed_once_by_its_holder() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    // The flow began before the request was bound to an account.
    let mut stranger = test.browser();
    let asked = scene.begin(&mut stranger, content, "same_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    let mut person = test.signed_in("ada@example.org").await;
    let page = person.open_verification(content).await;
    assert!(person.text(&page).await.contains(&format!("/verifications/{content}/other-wallet")));
    stranger.get(&sent_to(&test, &answer)).await.assert_status(303);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete", "it is somebody's now");
    assert_eq!(stranger.get(&format!("/verifications/{content}/other-wallet")).await.status, 404);
    assert_eq!(
        stranger.post(&format!("/verifications/{content}/other-wallet"), &[("flow", "same_device")]).await.status,
        404
    );
    // The holder responds from two wallets; only one response is used.
    let (first, second) = (
        scene.begin(&mut person, content, "same_device").await,
        scene.begin(&mut person, content, "same_device").await,
    );
    let first = scene.answer(&first, &scene.presentation(&first)).await.assert_status(200);
    let second = scene.answer(&second, &scene.presentation(&second)).await.assert_status(200);
    assert!(person.get(&sent_to(&test, &first)).await.redirect().starts_with("https://hr.example/"));
    assert!(person.get(&sent_to(&test, &second)).await.redirect().starts_with("/presentations/"));
    assert_eq!(scene.result(&request_id).await["status"], "verified");
    assert_eq!(person.get(&format!("/verifications/{content}/other-wallet")).await.status, 410);
}

#[tokio::test]
async fn request_page_links_to_other_wallets_without_sign_in() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (_, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let page = browser.open_verification(content).await;
    let shown = browser.get(&page).await.assert_status(200);
    assert!(shown.text.contains(&format!("href=\"/verifications/{content}/other-wallet\"")), "{}", shown.text);
}
