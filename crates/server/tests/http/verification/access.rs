//! Who may open and respond to a request, and who may read its result.

use std::time::Duration;

use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::support::{ASK, CALLBACK, ask, asker, form, holder, result, send, share_all};
use crate::support::app::TestApp;
use crate::support::response::content;

#[tokio::test]
async fn sign_in_returns_to_the_request() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    holder(&test, "ada@example.org").await;
    let (_, content) = ask(&test, &token, &json!({})).await;
    let mut stranger = test.browser();
    assert_eq!(stranger.open_verification(content).await, "/sign-in");
    let sign_in = stranger.plain("/sign-in").await;
    assert!(
        sign_in.contains("Harbour Hiring would like to see something from your wallet: Career history."),
        "{sign_in}"
    );
    let page = format!("/verifications/{content}");
    assert_eq!(stranger.sign_in("ada@example.org").await, page);
    assert!(stranger.text(&page).await.contains("Company A"));
    stranger.post("/sign-out", &[]).await.assert_status(303);
    assert_eq!(stranger.get(&page).await.redirect(), "/sign-in");
    assert!(!stranger.get("/sign-in").await.text.contains("Harbour Hiring"), "it is somebody's now");
    assert_eq!(stranger.sign_in("ada@example.org").await, page);
    for action in ["share", "cancel"] {
        let answer = test.browser().post(&format!("{page}/{action}"), &[]).await.assert_status(303);
        assert_eq!(answer.header("location"), "/sign-in", "{action}");
    }
}

#[tokio::test]
async fn other_account_cannot_see_or_decide_the_request() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (mut ada, id) = holder(&test, "ada@example.org").await;
    let (mut eve, hers) = holder(&test, "eve@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({ "callback_url": CALLBACK, "purpose": "For ada" })).await;
    let page = format!("/verifications/{content}");
    eve.get(&page).await.assert_status(404);
    eve.post(&format!("{page}/cancel"), &[]).await.assert_status(404);
    ada.open_verification(content).await;
    let path = eve.open_verification(content).await;
    for answer in [
        eve.get(&path).await,
        eve.post(
            &format!("{page}/share"),
            &[("credential", &hers.to_string()), ("part", &format!("{hers}/full_name"))],
        )
        .await,
        eve.post(&format!("{page}/cancel"), &[]).await,
    ] {
        let answer = answer.assert_status(403);
        for told in ["Harbour", "For ada", "hr.example", "Company A"] {
            assert!(!answer.text.contains(told), "{told}: {}", answer.text);
        }
    }
    assert_eq!(result(&test, &token, &request_id).await["status"], "incomplete");
    // Nor can she share Ada's credential: only credentials of her own wallet can be selected.
    let (_, another) = ask(&test, &token, &json!({})).await;
    let page = eve.open_verification(another).await;
    let stolen = [("credential", id.to_string()), ("part", format!("{id}/full_name"))]
        .map(|(name, value)| (name.to_owned(), value));
    let answer = send(&mut eve, &format!("{page}/share"), &stolen).await.assert_status(422);
    assert!(answer.text.contains("Choose one of your credentials"), "{}", answer.text);
    eve.get(&format!("/verifications/{}", Uuid::nil())).await.assert_status(404);
}

#[tokio::test]
async fn results_require_the_requesting_partner_and_scope() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (_, other) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (request_id, content) = ask(&test, &token, &json!({ "request_id": "a b/ü" })).await;
    share_all(&mut person, content).await;
    let path = "/api/partner/v2/verify/requests/a%20b%2F%C3%BC";
    assert_eq!(test.get_with(path, &token).await.assert_status(200).json()["request_id"], request_id);
    // The suffix is never cut off a partner's own id.
    test.get_with(&format!("{path}.json"), &token).await.assert_status(404);
    test.get_with(path, &other).await.assert_status(404);
    test.get_with("/api/partner/v2/verify/requests/unknown", &token).await.assert_status(404);
    test.get_with(&format!("/api/partner/v2/verify/requests/{content}"), &token).await.assert_status(404);
    let form = |scope| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", partner.id.to_string()),
            ("client_secret", partner.secret.clone()),
            ("scope", scope),
        ]
    };
    for (scope, read, write) in [
        ("write.career_history", 403, 201),
        ("read.career_history", 200, 403),
        ("read.education write.education", 403, 403),
    ] {
        let form = form(scope.to_owned());
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let narrow = test.token_form(&form, None).await.assert_status(200).json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        let answer = test.get_with(path, &narrow).await.assert_status(read);
        if read == 403 {
            let expected = r#"Bearer realm="tenure", error="insufficient_scope", scope="read.career_history""#;
            assert_eq!(answer.header("www-authenticate"), expected);
        }
        test.post(ASK, &narrow, &json!({})).await.assert_status(write);
    }
    test.post("/api/partner/v2/verify/requests/salary", &token, &json!({})).await.assert_status(404);
    test.disable(&partner).await;
    test.advance(Duration::from_secs(1));
    test.get_with(path, &token).await.assert_status(401);
}

#[tokio::test]
async fn disabled_partner_receives_no_presentation() {
    let test = TestApp::new().await;
    let (partner, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let (_, content) = ask(&test, &token, &json!({})).await;
    let page = person.open_verification(content).await;
    let parts = form(&person.text(&page).await);
    test.disable(&partner).await;
    assert!(person.get(&page).await.assert_status(410).text.contains("This request has expired"));
    send(&mut person, &format!("{page}/share"), &parts).await.assert_status(410);
    let found =
        test.app.store().read().await.expect("a transaction").linked_verification(content, test.app.now()).await;
    assert!(found.expect("read").expect("known").is_open(), "and nothing was shown");
}

#[tokio::test]
async fn link_can_be_pasted_and_a_broken_one_is_rejected() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (mut person, _) = holder(&test, "ada@example.org").await;
    let answer = test.post(ASK, &token, &json!({})).await.assert_status(201).json();
    let path = "/partner/verify/careerHistory";
    assert!(person.text(path).await.contains("Paste it here instead"));
    let link = answer["redirect_uri"].as_str().expect("a link");
    let page = person.post(path, &[("link", link)]).await.redirect().to_owned();
    assert_eq!(page, format!("/verifications/{}", content(&answer)));
    person.post(path, &[("link", "https://passport.example/partner/verify/careerHistory")]).await.assert_status(422);
    let foreign = Url::parse(link).expect("a URL");
    assert!(foreign.query().is_none(), "nothing of a request is in what a browser sends");
}

#[tokio::test]
async fn expired_request_says_so_before_sign_in() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let (_, content) = ask(&test, &token, &json!({})).await;
    test.advance(Duration::from_secs(15 * 60));
    let form = [("content", &*content.to_string())];
    let page = test.browser().post("/partner/verify/careerHistory", &form).await.assert_status(410);
    assert!(page.text.contains("This request has expired") && !page.text.contains("name=\"email\""), "{}", page.text);
}
