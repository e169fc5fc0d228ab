//! Signed-in browsers of the console.

use std::time::Duration;

use axum::http::Method;
use uuid::Uuid;

use crate::support::app::{TestApp, TestPartner};
use crate::support::browser::Browser;
use crate::support::response::TestResponse;

pub const HOUR: Duration = Duration::from_secs(3600);

/// Values of [`career`] that the console must never show.
pub const SECRETS: [&str; 3] = ["Marker-Lovelace", "Company A", "Software Engineer"];

pub async fn sign_in(browser: &mut Browser<'_>, id: &str, secret: &str) -> TestResponse {
    browser.post("/console/sign-in", &[("client_id", id), ("client_secret", secret)]).await
}

/// Returns a browser that is signed in to the console of `partner`.
pub async fn console<'a>(test: &'a TestApp, partner: &TestPartner) -> Browser<'a> {
    let mut browser = test.browser();
    let sent = sign_in(&mut browser, &partner.id.to_string(), &partner.secret).await.redirect().to_owned();
    assert_eq!(browser.get(&sent).await.redirect(), "/console");
    browser
}

pub async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/console").await.status == 200
}

/// Returns every page and every form of the console, with `id` as the id of a submission or
/// webhook.
pub fn pages(id: Uuid) -> Vec<(Method, String)> {
    let get = [
        "",
        "/submissions",
        "/verifications",
        "/requests",
        "/credentials",
        "/credentials/rotate",
        "/webhooks",
        "/webhooks/new",
        "/explorer",
    ];
    let get_one = [
        "/submissions/ID",
        "/verifications/ID",
        "/webhooks/ID",
        "/webhooks/ID/edit",
        "/webhooks/ID/delete",
        "/webhooks/ID/rotate",
    ];
    let post = [
        "/sign-out-others",
        "/credentials/rotate",
        "/credentials/revoke-old",
        "/passkeys/remove",
        "/passkey/register/start",
        "/passkey/register/finish",
        "/submissions/find",
        "/verifications/find",
        "/webhooks/new",
        "/explorer",
    ];
    let post_one = [
        "/webhooks/ID/edit",
        "/webhooks/ID/delete",
        "/webhooks/ID/rotate",
        "/webhooks/ID/test",
        "/webhooks/ID/replay",
        "/webhooks/ID/deliveries/ID/replay",
    ];
    let path = |path: &&str| format!("/console{}", path.replace("ID", &id.to_string()));
    let get = get.iter().chain(&get_one).map(|found| (Method::GET, path(found)));
    get.chain(post.iter().chain(&post_one).map(|found| (Method::POST, path(found)))).collect()
}

/// Registers a webhook with the form; returns its id.
pub async fn make_webhook(browser: &mut Browser<'_>, url: &str) -> Uuid {
    let form = [("url", url), ("name", ""), ("description", ""), ("event", "atsp_request.created")];
    let made = browser.post("/console/webhooks/new", &form).await.assert_status(200).text;
    let id = made
        .split("href=\"/console/webhooks/")
        .filter_map(|rest| rest.split('"').next())
        .find_map(|id| id.parse().ok());
    id.expect("the webhook's page")
}
