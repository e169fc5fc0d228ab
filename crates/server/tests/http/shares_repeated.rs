//! Forms that create something: repeats have no effect, and an update between page and form loses
//! no choices.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, career};
use crate::support::browser::Browser;
use crate::support::response::content;

/// Returns the token in a page's form.
fn token_of(page: &str) -> String {
    let value = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.expect("a token").to_owned()
}

/// Accepts a career with these jobs, replacing `older` if given.
async fn accept(test: &TestApp, person: &mut Browser<'_>, token: &str, jobs: &[Value], older: Option<Uuid>) -> Uuid {
    test.advance(std::time::Duration::from_secs(2));
    let mut body = career(if older.is_some() { "2" } else { "1" });
    body["fields"]["employment"] = json!(jobs);
    if older.is_some() {
        body["replaces"] = json!("1");
    }
    let id = content(&test.post(PUSH, token, &body).await.assert_status(201).json());
    let replaced = format!("version-{id}-{}", older.unwrap_or_default());
    person.accept_with(id, &[(&replaced, "replace")]).await;
    id
}

fn job(organisation: &str, start: &str) -> Value {
    json!({ "organisation": organisation, "role_title": "Engineer", "start_date": start, "end_date": null, "last_processed_month": "2026-08" })
}

async fn count(person: &mut Browser<'_>) -> usize {
    person.text("/wallet/shares").await.matches("href=\"/wallet/shares/").count()
}

#[tokio::test]
async fn one_rendering_of_the_form_makes_one_link() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], None).await;
    let path = format!("/wallet/credentials/{id}/share");
    let token = token_of(&person.text(&path).await);
    let part = format!("{id}/employment");
    let form = [("form", token.as_str()), ("part", part.as_str()), ("days", "14"), ("purpose", "First")];
    let first = person.post(&path, &form).await.redirect().to_owned();
    for _ in 0..3 {
        assert_eq!(person.post(&path, &form).await.redirect(), first, "a repeat leads to the same link");
    }
    assert_eq!(count(&mut person).await, 1);
    let changed = [form[0], form[1], form[2], ("purpose", "Second")];
    let again = person.post(&path, &changed).await.assert_status(422).text;
    assert!(again.contains("already created a link") && again.contains("Second"), "{again}");
    assert_eq!(count(&mut person).await, 1, "another choice is no repeat, and is asked about");
    let token = token_of(&again);
    let other = person.post(&path, &[("form", &token), changed[1], changed[2], changed[3]]).await.redirect().to_owned();
    assert_ne!(other, first);
    assert_eq!(count(&mut person).await, 2, "another rendering makes another link");
}

#[tokio::test]
async fn equal_forms_at_once_make_one_link() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], None).await;
    let mut other = test.signed_in("ada@example.org").await;
    let path = format!("/wallet/credentials/{id}/share");
    let token = token_of(&person.text(&path).await);
    let part = format!("{id}/employment");
    let form = [("form", token.as_str()), ("part", part.as_str()), ("days", "14")];
    let (first, second) = tokio::join!(person.post(&path, &form), other.post(&path, &form));
    assert_eq!(first.redirect(), second.redirect());
    assert_eq!(count(&mut person).await, 1);
}

#[tokio::test]
async fn different_choices_at_once_make_one_link_and_an_explanation() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], None).await;
    let mut other = test.signed_in("ada@example.org").await;
    let path = format!("/wallet/credentials/{id}/share");
    let part = format!("{id}/employment");
    for round in 1..=4 {
        let token = token_of(&person.text(&path).await);
        let form = |purpose| [("form", token.as_str()), ("part", part.as_str()), ("days", "14"), ("purpose", purpose)];
        let forms = [form("First"), form("Second")];
        let (first, second) = tokio::join!(person.post(&path, &forms[0]), other.post(&path, &forms[1]));
        let (made, refused) = if first.status == 303 { (first, second) } else { (second, first) };
        made.redirect();
        let refused = refused.assert_status(422).text;
        assert!(refused.contains("already created a link, with other choices"), "{refused}");
        assert_eq!(count(&mut person).await, round, "one link in each round");
    }
}

#[tokio::test]
async fn token_of_another_person_makes_a_link_of_its_own() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let (mut ada, mut eve) = (test.signed_in("ada@example.org").await, test.signed_in("eve@example.org").await);
    let id = accept(&test, &mut ada, &partner, &[job("Company A", "2020-01")], None).await;
    let partner = test.token(&test.partner().await).await;
    let hers = accept(&test, &mut eve, &partner, &[job("Company B", "2020-01")], None).await;
    let token = token_of(&ada.text("/wallet/share").await);
    let mut made = Vec::new();
    for (person, id) in [(&mut ada, id), (&mut eve, hers)] {
        let part = format!("{id}/employment");
        let form = [("form", token.as_str()), ("part", part.as_str()), ("days", "14")];
        made.push(person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned());
    }
    assert_ne!(made[0], made[1]);
}

#[tokio::test]
async fn update_while_the_form_is_open_keeps_the_choices() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let [a, b, c] = [job("Company A", "2020-01"), job("Company B", "2022-01"), job("Company C", "2024-01")];
    let older = accept(&test, &mut person, &partner, &[a, b.clone()], None).await;
    let path = format!("/wallet/credentials/{older}/share");
    let token = token_of(&person.text(&path).await);
    let newer = accept(&test, &mut person, &partner, &[c, b], Some(older)).await;
    let (list, part, id) = (format!("{older}/employment"), format!("{older}/employment/1"), older.to_string());
    let form = [
        ("form", token.as_str()),
        ("credential", id.as_str()),
        (list.as_str(), "some"),
        ("part", part.as_str()),
        ("days", "30"),
        ("purpose", "Post"),
    ];
    for path in [path.as_str(), "/wallet/share"] {
        let page = person.post(path, &form).await.assert_status(422).text;
        for said in [
            "was updated after you opened this page",
            "This is the newer version.",
            "value=\"Post\"",
            "<option value=\"30\" selected>",
            &format!("name=\"part\" value=\"{newer}/employment/1\" checked"),
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(!page.contains(&format!("value=\"{newer}/employment/0\" checked")), "a job that is new is not chosen");
        assert_eq!(count(&mut person).await, 0);
    }
}

#[tokio::test]
async fn deletion_while_the_form_is_open_is_explained() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], None).await;
    let path = format!("/wallet/credentials/{id}/share");
    let token = token_of(&person.text(&path).await);
    let part = format!("{id}/employment");
    let form = [("form", token.as_str()), ("part", part.as_str()), ("days", "14")];
    let made = person.post(&path, &form).await.redirect().to_owned();
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    assert_eq!(person.post(&path, &form).await.redirect(), made, "a repeat still leads to the link");
    let page = person.post(&path, &form[1..]).await.assert_status(422).text;
    assert!(page.contains("no longer in your wallet") && page.contains("nothing in your wallet"), "{page}");
}

#[tokio::test]
async fn repeated_webhook_form_registers_one_webhook() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = test.browser();
    let id = partner.id.to_string();
    let sign_in = [("client_id", id.as_str()), ("client_secret", partner.secret.as_str())];
    browser.post("/console/sign-in", &sign_in).await.assert_status(303);
    let token = token_of(&browser.text("/console/webhooks/new").await);
    let form = [("form", token.as_str()), ("url", "https://hooks.example.com/a"), ("event", "atsp_request.created")];
    let first = browser.post("/console/webhooks/new", &form).await.assert_status(200).text;
    let second = browser.post("/console/webhooks/new", &form).await.assert_status(200).text;
    let secret = |page: &str| page.split("whsec_").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned);
    assert_eq!(secret(&first), secret(&second), "the first response may have been lost");
    let other = [form[0], ("url", "https://hooks.example.com/b"), form[2]];
    let refused = browser.post("/console/webhooks/new", &other).await.assert_status(422).text;
    assert!(refused.contains("has already created a webhook"), "{refused}");
    let list = browser.text("/console/webhooks").await;
    assert_eq!(list.matches("hooks.example.com/a").count(), 1, "{list}");
    assert!(!list.contains("hooks.example.com/b"));
}

#[tokio::test]
async fn repeated_offer_form_makes_one_offer() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let id = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], None).await;
    let page = format!("/wallet/credentials/{id}");
    let token = token_of(&person.text(&page).await);
    let offer = format!("{page}/offer");
    let first = person.post(&offer, &[("form", &token)]).await.redirect().to_owned();
    assert_eq!(person.post(&offer, &[("form", &token)]).await.redirect(), first);
    let token = token_of(&person.text(&page).await);
    assert_ne!(person.post(&offer, &[("form", &token)]).await.redirect(), first);
}

#[tokio::test]
async fn offer_of_a_changed_credential_says_what_happened() {
    let test = TestApp::new().await;
    let partner = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], None).await;
    let offer = |id: Uuid| format!("/wallet/credentials/{id}/offer");
    let token = token_of(&person.text(&format!("/wallet/credentials/{older}")).await);
    let newer = accept(&test, &mut person, &partner, &[job("Company A", "2020-01")], Some(older)).await;
    let page = format!("/wallet/credentials/{newer}");
    assert_eq!(person.post(&offer(older), &[("form", &token)]).await.redirect(), page);
    let shown = person.text(&page).await;
    assert!(shown.contains("was updated after you opened the page") && shown.contains(&offer(newer)), "{shown}");
    let withdrawal = test.api(Method::DELETE, &format!("{PUSH}/2"), &partner, r#"{"reason":"A mistake."}"#);
    test.send(withdrawal).await.assert_status(204);
    assert_eq!(person.post(&offer(newer), &[("form", &token)]).await.redirect(), page);
    let shown = person.text(&page).await;
    assert!(shown.contains("was withdrawn or deleted after you opened the page"), "{shown}");
    person.post(&format!("{page}/delete"), &[]).await.assert_status(303);
    assert_eq!(person.post(&offer(newer), &[("form", &token)]).await.redirect(), "/wallet");
    assert!(person.text("/wallet").await.contains("was withdrawn or deleted after you opened the page"));
    test.signed_in("eve@example.org").await.post(&offer(newer), &[]).await.assert_status(404);
}
