//! A partner that requests a verification, and a holder who responds on our page.

use std::time::Duration;

use serde_json::Value;
use store::domain::webhook::Webhook;
use uuid::Uuid;

use crate::support::app::{PUSH, TestApp, TestPartner, all_scopes, career};
use crate::support::browser::Browser;
use crate::support::response::{TestResponse, content};

pub const ASK: &str = "/api/partner/v2/verify/requests/career_history";

pub const CALLBACK: &str = "https://hr.example/back?case=7";

pub const HOUR: Duration = Duration::from_secs(3600);

/// Adds a partner with callback URLs; returns it and its token.
pub async fn asker(test: &TestApp) -> (TestPartner, String) {
    let partner = test.partner_named("Harbour Hiring", &all_scopes()).await;
    test.allow_callbacks(&partner, &format!("https://hr.example/other {CALLBACK}")).await;
    let token = test.token(&partner).await;
    (partner, token)
}

/// Signs in a holder who has the sample career; returns the browser and the credential's id.
pub async fn holder<'a>(test: &'a TestApp, email: &str) -> (Browser<'a>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in(email).await;
    let id = accept(test, &mut person, &token, PUSH, &career(email)).await;
    (person, id)
}

pub async fn accept(test: &TestApp, person: &mut Browser<'_>, token: &str, path: &str, body: &Value) -> Uuid {
    let answer = test.post(path, token, body).await.assert_status(201).json();
    let id = content(&answer);
    person.accept(id).await;
    id
}

/// Creates a request; returns its id and the content of its link.
pub async fn ask(test: &TestApp, token: &str, body: &Value) -> (String, Uuid) {
    let answer = test.post(ASK, token, body).await.assert_status(201).json();
    (answer["request_id"].as_str().expect("an id").to_owned(), content(&answer))
}

pub async fn result(test: &TestApp, token: &str, request_id: &str) -> Value {
    test.get_with(&format!("/api/partner/v2/verify/requests/{request_id}"), token).await.assert_status(200).json()
}

/// Returns the form of a page as a browser sends it: hidden fields, ticked boxes and selected
/// options.
pub fn form(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.to_owned())
    };
    let inputs = page.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let is_sent = |tag: &&str| tag.contains("type=\"hidden\"") || tag.ends_with(" checked");
    inputs.filter(is_sent).filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
}

pub async fn send(person: &mut Browser<'_>, path: &str, form: &[(String, String)]) -> TestResponse {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    person.post(path, &form).await
}

/// Opens a request and shares everything that is ticked; returns the location of the redirect.
pub async fn share_all(person: &mut Browser<'_>, content: Uuid) -> String {
    let page = person.open_verification(content).await;
    let form = form(&person.text(&page).await);
    send(person, &format!("{page}/share"), &form).await.redirect().to_owned()
}

/// Registers a webhook of `partner`; returns its id.
pub async fn listen(test: &TestApp, partner: Uuid) -> Uuid {
    let webhook = Webhook {
        id: test.app.id(),
        partner_id: partner,
        url: "https://hr.example/hooks".to_owned(),
        name: None,
        description: None,
        events: "vwsp_request.verified vwsp_request.canceled".to_owned(),
        secret_sealed: vec![1],
        previous_secret_sealed: None,
        previous_until: None,
        created_at: test.app.now(),
        updated_at: test.app.now(),
        failures: 0,
        paused_until: None,
        disabled_at: None,
        listens_until: None,
    };
    let mut tx = test.app.store().write().await.expect("a transaction");
    tx.add_webhook(&webhook).await.expect("added");
    tx.commit().await.expect("committed");
    webhook.id
}

pub async fn told(test: &TestApp, partner: Uuid, webhook: Uuid) -> Vec<(String, String)> {
    let mut tx = test.app.store().read().await.expect("a transaction");
    let mut told = tx.deliveries(webhook, partner, None, None, 100).await.expect("read");
    told.reverse();
    told.into_iter().map(|told| (told.kind, told.request_id)).collect()
}
