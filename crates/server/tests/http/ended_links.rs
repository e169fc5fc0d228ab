//! Links that lead nowhere say so before they ask for an email address.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp};
use crate::verification::support::{ask, asker, holder, share_all};

/// Opens `link` in a browser without a session, and asserts that it has ended.
async fn assert_ended(test: &TestApp, link: Uuid, status: u16, said: &str) {
    let mut visitor = test.browser();
    let page = visitor.open(link).await.assert_status(status);
    assert!(page.text.contains(said) && !page.text.contains("name=\"email\""), "{said}: {}", page.text);
    assert!(visitor.cookies.is_empty(), "the next sign-in does not lead to it: {:?}", visitor.cookies);
}

#[tokio::test]
async fn ended_links_say_so_before_sign_in() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let [declined, withdrawn, expired] =
        [test.push(&token, "1").await, test.push(&token, "2").await, test.push(&token, "3").await];
    let page = person.open(declined).await.redirect().to_owned();
    person.post(&format!("{page}/decline"), &[]).await.assert_status(303);
    let reason = json!({ "reason": "It was sent twice." }).to_string();
    let withdraw = test.api(Method::DELETE, &format!("{PUSH}/2"), &token, &reason);
    test.send(withdraw).await.assert_status(204);
    assert_ended(&test, declined, 410, "This was declined").await;
    assert_ended(&test, withdrawn, 410, "This was withdrawn").await;
    assert_ended(&test, Uuid::nil(), 404, "We can’t find this link").await;
    assert_eq!(test.browser().open(expired).await.redirect(), "/sign-in", "it is still pending");
    test.advance(Duration::from_secs(48 * 3600));
    assert_ended(&test, expired, 410, "This link has expired").await;
}

#[tokio::test]
async fn opened_links_say_so_and_nothing_else_before_sign_in() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let (_, verifier) = asker(&test).await;
    let (_, request) = ask(&test, &verifier, &json!({})).await;
    let links = [test.push(&token, "1").await, request];
    let mut owner = test.signed_in("ada@example.org").await;
    for link in links {
        let said = "This link was already opened. Sign in with the email address you used then.";
        let mut early = test.browser();
        early.open(link).await.assert_status(303);
        assert!(!early.text("/sign-in").await.contains(said));
        owner.open(link).await.assert_status(303);
        let mut other = test.browser();
        assert_eq!(other.open(link).await.redirect(), "/sign-in");
        let page = other.text("/sign-in").await;
        assert!(page.contains(said) && !page.contains("also creates your wallet"), "{page}");
        for told in ["Acme Payroll", "Harbour Hiring", "has sent", "would like to see", "ada@"] {
            assert!(!page.contains(told), "{told}: {page}");
        }
    }
    assert!(!test.browser().text("/sign-in").await.contains("already opened"));
}

#[tokio::test]
async fn answered_requests_say_so_before_sign_in() {
    let test = TestApp::new().await;
    let (_, verifier) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (_, shared) = ask(&test, &verifier, &json!({})).await;
    let (_, declined) = ask(&test, &verifier, &json!({})).await;
    share_all(&mut person, shared).await;
    let page = person.open_verification(declined).await;
    person.post(&format!("{page}/cancel"), &[]).await.assert_status(303);
    let mut pages = Vec::new();
    for link in [shared, declined] {
        assert_ended(&test, link, 410, "This request was already answered").await;
        let page = test.browser().open(link).await.assert_status(410).text;
        assert!(page.contains("If it was you, sign in to see your answer"), "{page}");
        assert!(!page.contains("Harbour Hiring") && !page.contains("also creates your wallet"), "{page}");
        pages.push(page.split("<main").nth(1).expect("a main part").split("</main>").next().map(str::to_owned));
        let title = if link == shared { "<h1>You shared this</h1>" } else { "<h1>You declined</h1>" };
        assert!(person.text(&format!("/verifications/{link}")).await.contains(title), "{title}");
    }
    assert_eq!(pages[0], pages[1], "a stranger does not learn how");
}

#[tokio::test]
async fn link_that_ends_during_sign_in_names_no_sender() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let link = test.push(&token, "1").await;
    let mut visitor = test.browser();
    visitor.open(link).await.assert_status(303);
    assert!(visitor.text("/sign-in").await.contains("<bdi>Acme Payroll</bdi> has sent your career history."));
    test.advance(Duration::from_secs(48 * 3600));
    assert!(!visitor.text("/sign-in").await.contains("Acme Payroll"));
}

#[tokio::test]
async fn ended_requests_say_so_without_a_script() {
    let test = TestApp::new().await;
    let (_, verifier) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (_, shared) = ask(&test, &verifier, &json!({})).await;
    let (_, declined) = ask(&test, &verifier, &json!({})).await;
    let (_, unopened) = ask(&test, &verifier, &json!({})).await;
    share_all(&mut person, shared).await;
    let page = person.open_verification(declined).await;
    person.post(&format!("{page}/cancel"), &[]).await.assert_status(303);
    let own_address = |id: Uuid| format!("/verifications/{id}");
    assert_eq!(test.browser().get(&own_address(unopened)).await.redirect(), "/sign-in", "it is still open");
    test.advance(Duration::from_secs(48 * 3600));
    let (answered, expired) = ("This request was already answered", "This request has expired");
    for (id, said) in [(shared, answered), (declined, answered), (unopened, expired)] {
        let mut visitor = test.browser();
        let pasted = format!("{}/partner/verify/careerHistory#clientId=x&content={id}", test.app.config().base());
        for response in [
            visitor.post("/partner/verify/careerHistory", &[("content", ""), ("link", &pasted)]).await,
            visitor.get(&own_address(id)).await,
        ] {
            let page = response.assert_status(410).text;
            assert!(page.contains(said) && !page.contains("name=\"email\""), "{said}: {page}");
        }
        assert!(visitor.cookies.is_empty(), "the next sign-in does not lead to it: {:?}", visitor.cookies);
    }
    test.browser().get(&own_address(Uuid::nil())).await.assert_status(404);
}
